"""Cells of IPython."""

from support import framework

import watchpost
from watchpost import testing


def test_cells_are_seen_where_it_is_named():
    framework("IPython")
    from IPython.core.interactiveshell import InteractiveShell

    from watchpost.integrations.ipython import IPythonIntegration

    shell = InteractiveShell.instance()
    try:
        testing.init(integrations=[IPythonIntegration()])
        shell.run_cell("def fail():\n    amount = 5\n    raise ValueError(amount)")
        shell.run_cell("fail()")
        (event,) = testing.events()
        (value,) = event["exception"]["values"]
        assert value["mechanism"] == {"type": "auto.ipython", "handled": False}
        frame = value["stacktrace"]["frames"][-1]
        assert frame["function"] == "fail" and frame["context_line"].strip() == "raise ValueError(amount)"
        testing.init()
        shell.run_cell("fail()")
        assert testing.events() == []
        assert watchpost.is_initialized()
    finally:
        InteractiveShell.clear_instance()
