"""The built wheel, installed as a user does: into a new environment, with nothing on the PATH that could build it.

`WATCHPOST_WHEEL` names the file. Nothing here imports the SDK, so that it also runs where only the wheel is.
"""

import gzip
import json
import os
import subprocess
import sys
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

WHEEL = os.environ.get("WATCHPOST_WHEEL")
pytestmark = pytest.mark.skipif(not WHEEL, reason="WATCHPOST_WHEEL names no wheel")

PROGRAM = """
import os, sys
import watchpost
from watchpost import testing

assert watchpost.__file__.startswith(sys.prefix), watchpost.__file__
with testing.captured() as seen:
    watchpost.capture_message("for the test alone")
assert len(seen.events) == 1, seen.events
watchpost.init(dsn=os.environ["DSN"], release="shop@1.0.0")
try:
    1 / 0
except ZeroDivisionError as error:
    watchpost.capture_exception(error)
watchpost.close(20)
"""


class Sink(HTTPServer):
    """Keeps the events that it gets."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Taking)
        self.events = []
        self.dsn = f"http://key@127.0.0.1:{self.server_port}/42"

    def __enter__(self):
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()


class Taking(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        lines = body.splitlines()[1:]
        for header, payload in zip(lines[::2], lines[1::2]):
            if json.loads(header)["type"] == "event":
                self.server.events.append(json.loads(payload))
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def environment(tmp_path_factory):
    """The interpreter and the variables of an environment that holds the wheel alone."""
    folder = tmp_path_factory.mktemp("installed")
    quiet = {name: value for name, value in os.environ.items() if not name.startswith(("SENTRY_", "PYTHON", "PIP_"))}
    quiet.update(PATH=without_rust(), HOME=str(folder), USERPROFILE=str(folder))
    subprocess.run([sys.executable, "-m", "venv", folder / "venv"], check=True, timeout=300, env=quiet)
    python = folder / "venv" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    install = [python, "-m", "pip", "install", "-q", "--disable-pip-version-check", "--no-index", WHEEL]
    subprocess.run(install, check=True, timeout=300, env=quiet, cwd=folder)
    return python, quiet, folder


def without_rust():
    """The PATH without the folders that hold a compiler."""
    tools = [tool + (".exe" if os.name == "nt" else "") for tool in ("cargo", "rustc", "maturin")]
    folders = os.environ["PATH"].split(os.pathsep)
    return os.pathsep.join(each for each in folders if not any((Path(each) / tool).exists() for tool in tools))


def test_the_wheel_serves_every_python_and_holds_its_types():
    assert "-cp39-abi3-" in Path(WHEEL).name
    with zipfile.ZipFile(WHEEL) as wheel:
        names = wheel.namelist()
    assert "watchpost/py.typed" in names
    assert "watchpost/testing.py" in names or "watchpost/testing/__init__.py" in names
    assert any(name.startswith("watchpost/_watchpost") and name.endswith((".so", ".pyd")) for name in names)
    assert not [name for name in names if name.endswith((".rs", ".toml")) or name.startswith("tests/")]


def test_the_wheel_installs_and_reports_where_nothing_can_be_built(environment):
    python, variables, folder = environment
    program = folder / "app.py"
    program.write_text(PROGRAM)
    with Sink() as sink:
        ended = subprocess.run(
            [python, program],
            env={**variables, "DSN": sink.dsn},
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert (ended.returncode, ended.stderr) == (0, "")
        (event,) = sink.events
    error = event["exception"]["values"][0]
    assert error["type"] == "ZeroDivisionError"
    assert event["release"] == "shop@1.0.0"
    assert error["stacktrace"]["frames"][-1]["filename"].endswith("app.py")
