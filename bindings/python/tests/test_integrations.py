"""When integrations start, and how they are named and switched off."""

import gc
import json
import weakref

import pytest

from support import recorded, run

import watchpost
from watchpost import testing
from watchpost.integrations.flask import FlaskIntegration
from watchpost.integrations.logging import LoggingIntegration
from watchpost.integrations.wsgi import WatchpostWsgiMiddleware

INIT = """
import os, sys, watchpost
watchpost.init(os.environ["DSN"], storage_dir=os.environ["SPOOL"])
"""
STANDARD = {
    "excepthook", "unraisable", "warnings", "threading", "logging", "asyncio", "subprocess", "multiprocessing",
    "http_client", "modules",
}
#: A framework to be imported: a module with the parts that the integration looks for.
LATE = """
import pathlib
folder = pathlib.Path(os.environ["SPOOL"]) / "modules" / "httpx"
folder.mkdir(parents=True)
(folder / "__init__.py").write_text("class Client:\\n    def send(self, request): return 1\\nclass AsyncClient(Client): pass")
sys.path.insert(0, str(folder.parent))
"""


def integrations(sink, tmp_path, script):
    done = run(script + "watchpost.capture_message('m'); watchpost.flush(20)", DSN=sink.dsn, SPOOL=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    (event,) = sink.wait_for(1)
    return set(event["sdk"].get("integrations", ()))


def test_importing_and_starting_imports_no_framework_and_little_else(tmp_path):
    script = """
import sys, json
before = set(sys.modules)
import watchpost
watchpost.init(None, spool=False)
print(json.dumps(sorted(set(sys.modules) - before)))
"""
    added = set(json.loads(run(script).stdout))
    for heavy in ("logging", "asyncio", "subprocess", "http.client", "multiprocessing", "flask", "inspect", "email"):
        assert heavy not in added
    assert len([name for name in added if name.startswith("watchpost.integrations.")]) < 8


def test_a_framework_that_is_imported_later(sink, tmp_path):
    script = LATE.replace("import pathlib", "import os, sys, pathlib") + INIT + """
import httpx, importlib.util
assert httpx.__loader__ is httpx.__spec__.loader and type(httpx.__loader__).__name__ == "SourceFileLoader"
assert httpx.Client.send.__name__ == "send" and hasattr(httpx.Client.send, "__wrapped__")
"""
    assert integrations(sink, tmp_path, script) == STANDARD | {"httpx"}


def test_a_framework_that_was_imported_before(sink, tmp_path):
    script = LATE.replace("import pathlib", "import os, sys, pathlib") + "import httpx\n" + INIT
    assert integrations(sink, tmp_path, script) == STANDARD | {"httpx"}


def test_a_framework_that_we_do_not_know_works_as_without_us(sink, tmp_path):
    script = LATE.replace("import pathlib", "import os, sys, pathlib").replace("class Async", "class Other") + INIT + """
import httpx
assert httpx.Client().send(None) == 1
"""
    assert "httpx" in integrations(sink, tmp_path, script)


@pytest.mark.parametrize(
    ("option", "left"),
    [
        ("disabled_integrations=['logging', 'httpx']", STANDARD - {"logging"}),
        ("auto_enabling_integrations=False", STANDARD),
        ("default_integrations=False", set()),
        ("default_integrations=False, integrations=[LoggingIntegration()]", {"logging"}),
        ("disabled_integrations=[LoggingIntegration, HttpxIntegration()]", STANDARD - {"logging"}),
    ],
)
def test_switching_off(sink, tmp_path, option, left):
    script = LATE.replace("import pathlib", "import os, sys, pathlib") + """
from watchpost.integrations.logging import LoggingIntegration
from watchpost.integrations.httpx import HttpxIntegration
""" + INIT.replace('"SPOOL"]', f'"SPOOL"], {option}') + "import httpx\n"
    assert integrations(sink, tmp_path, script) == left


def test_errors_name_the_option():
    with pytest.raises(TypeError, match="invalid option `integrations`: it takes a list"):
        watchpost.init(integrations=FlaskIntegration())
    with pytest.raises(TypeError, match="invalid option `integrations`: 'flask' is no integration"):
        watchpost.init(integrations=["flask"])
    with pytest.raises(TypeError, match="invalid option `disabled_integrations`"):
        watchpost.init(disabled_integrations="logging")


def test_nothing_is_kept_of_a_request_that_is_over():
    class Environ(dict):
        pass

    def app(environ, start_response):
        watchpost.set_tag("a", "b")
        try:
            raise ValueError("x")
        except ValueError:
            watchpost.capture_exception()
        start_response("200 OK", [])
        return iter([b"x"])

    testing.init(traces_sample_rate=1.0, release="shop@1", auto_session_tracking=True)
    environ = Environ(REQUEST_METHOD="GET", PATH_INFO="/", SERVER_NAME="shop")
    environ["wsgi.url_scheme"] = "http"
    gone = weakref.ref(environ)
    gc.collect()
    gc.disable()
    try:
        body = WatchpostWsgiMiddleware(app)(environ, lambda *_: None)
        assert list(body) == [b"x"]
        body.close()
        del environ, body
        assert gone() is None, gc.get_referrers(gone())
    finally:
        gc.enable()
    assert {"event", "transaction"} <= set(recorded())


def test_the_last_init_decides():
    import logging

    testing.init(integrations=[LoggingIntegration()])
    logging.getLogger("shop").error("one")
    testing.init(integrations=[])
    logging.getLogger("shop").error("two")
    assert testing.events() == []
    testing.init(integrations=[LoggingIntegration(event_level=logging.CRITICAL)])
    logging.getLogger("shop").error("three")
    logging.getLogger("shop").critical("four")
    assert [event["logentry"]["message"] for event in testing.events()] == ["four"]


PACKAGES = """
import os, sys, pathlib, watchpost
shelf = pathlib.Path(os.environ["SPOOL"]) / "shelf"
for name in ("Shop_Tools-2.1.0.dist-info", "old-1.0-py3.11.egg-info", "linked.egg-info", "plain", "watchpost-0.0.0.dist-info"):
    (shelf / name).mkdir(parents=True)
sys.path[1:1] = [str(shelf), str(shelf / "none"), str(shelf) + ".zip"]
watchpost.init(os.environ["DSN"], storage_dir=os.environ["SPOOL"], OPTIONS)
watchpost.capture_message("m")
watchpost.flush(20)
"""


def modules(sink, tmp_path, options=""):
    done = run(PACKAGES.replace("OPTIONS", options), DSN=sink.dsn, SPOOL=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    (event,) = sink.wait_for(1)
    return event.get("modules")


def test_the_packages_that_are_installed_are_on_an_error(sink, tmp_path):
    found = modules(sink, tmp_path)
    assert {name: found.get(name) for name in ("shop-tools", "old", "linked", "plain", "watchpost")} == {
        "shop-tools": "2.1.0", "old": "1.0", "linked": None, "plain": None, "watchpost": "0.0.0"
    }
    assert "pytest" in found, "of all folders"


def test_the_application_may_say_which_packages(sink, tmp_path):
    assert modules(sink, tmp_path, "modules={'shop': '1.2'}") == {"shop": "1.2"}


@pytest.mark.parametrize("options", ["modules={}", "disabled_integrations=['modules']", "default_integrations=False"])
def test_or_that_none_are_named(sink, tmp_path, options):
    assert modules(sink, tmp_path, options) is None


def test_packages_of_another_form_are_refused():
    with pytest.raises(ValueError, match="`modules`.*names and texts"):
        watchpost.init(None, modules={"flask": 3})
