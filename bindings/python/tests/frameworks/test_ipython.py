"""Cells of IPython, and of a notebook's kernel in this process."""

import pytest

from support import Sink, environment, framework

import watchpost
from watchpost import testing
from watchpost.integrations.ipython import IPythonIntegration

FAIL = "def fail():\n    amount = 5\n    raise ValueError(amount)"


@pytest.fixture
def shell():
    framework("IPython")
    from IPython.core.interactiveshell import InteractiveShell

    testing.init(integrations=[IPythonIntegration()])
    yield InteractiveShell.instance()
    InteractiveShell.clear_instance()


def check(event):
    (value,) = event["exception"]["values"]
    assert value["mechanism"] == {"type": "auto.ipython", "handled": False}
    frame = value["stacktrace"]["frames"][-1]
    assert frame["function"] == "fail" and frame["context_line"].strip() == "raise ValueError(amount)"


def test_cells_are_seen_where_it_is_named(shell):
    shell.run_cell(FAIL)
    shell.run_cell("fail()")
    (event,) = testing.events()
    check(event)
    shell.run_cell("%tb")  # Shows it once more.
    assert testing.events() == []
    testing.init()
    shell.run_cell("fail()")
    assert testing.events() == []
    assert watchpost.is_initialized()


def test_what_magic_commands_run_is_seen_as_well(shell, tmp_path):
    script = tmp_path / "nightly.py"
    script.write_text(FAIL + "\nfail()")
    shell.run_cell(f"%run {script}")
    (event,) = testing.events()
    check(event)
    shell.run_cell(FAIL)
    shell.run_cell("%%time\nfail()")
    (event,) = testing.events()
    check(event)


def test_what_is_mistyped_is_no_error(shell):
    for cell in ("1 +", "%no_such_magic", "raise KeyboardInterrupt"):
        shell.run_cell(cell)
    assert testing.events() == []


def test_a_kernel_of_jupyter(tmp_path):
    framework("ipykernel")
    from jupyter_client.manager import start_new_kernel

    sink = Sink()
    manager, client = start_new_kernel(startup_timeout=180, env=environment(), cwd=str(tmp_path))

    def run(cell):
        asked = client.execute(cell)
        while True:
            answer = client.get_shell_msg(timeout=120)
            if answer["parent_header"].get("msg_id") == asked:
                return answer["content"]["status"]

    try:
        start = f"import watchpost\nfrom watchpost.integrations.ipython import IPythonIntegration\n" \
                f"watchpost.init({sink.dsn!r}, integrations=[IPythonIntegration()], storage_dir={str(tmp_path)!r})"
        later = "async def later():\n    import asyncio\n    await asyncio.sleep(0)\n    fail()\nawait later()"
        cells = [start, FAIL, "fail()", later, "watchpost.flush(30)"]
        assert [run(cell) for cell in cells] == ["ok", "ok", "error", "error", "ok"]
        events = sink.events()
        assert len(events) == 2  # One for each cell that failed.
        for event in events:
            check(event)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
        sink.close()
