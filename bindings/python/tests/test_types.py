"""The stubs are true, and a strict type checker accepts what the README shows."""

import subprocess
import sys

import pytest

pytest.importorskip("mypy")

SAMPLE = '''
from typing import Any, Optional

import watchpost
from watchpost import Event, Hint, Scope


def before_send(event: Event, hint: Hint) -> Optional[Event]:
    event["tags"] = {"a": "b"}
    return event if "exc_info" in hint else None


watchpost.init("https://key@errors.example.com/42", release="shop@1", sample_rate=0.5, before_send=before_send,
               in_app_include=["shop"], shutdown_timeout=1.5, disabled_integrations=["logging"])
watchpost.set_user({"id": "42"})
watchpost.set_tag("a", "b")
watchpost.add_breadcrumb(message="m", category="c", data={"n": 1}, level="warning")
watchpost.add_breadcrumb({"message": "m"})
with watchpost.new_scope() as scope:
    scope.set_context("cart", {"items": 3})
    id: Optional[str] = watchpost.capture_exception(ValueError("x"), tags={"a": 1}, level="fatal")
with watchpost.isolation_scope() as isolation:
    taken: Scope = isolation
    watchpost.capture_message("m", "info")
done: bool = watchpost.flush(timeout=2)
'''
WRONG = {
    "watchpost.init(sampel_rate=1)": "sampel_rate",
    "watchpost.capture_message('m', level='loud')": "level",
    "watchpost.add_breadcrumb(mesage='m')": "mesage",
    "watchpost.init(before_send=lambda event: event)": "before_send",
    "watchpost.set_tag('a')": "value",
}


def mypy(*arguments):
    command = [sys.executable, "-m", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=300)


def test_stubs_match_the_module():
    done = mypy("mypy.stubtest", "watchpost")
    assert done.returncode == 0, done.stdout


def test_strict_sample(tmp_path):
    sample = tmp_path / "sample.py"
    sample.write_text(SAMPLE)
    done = mypy("mypy", "--strict", str(sample))
    assert done.returncode == 0, done.stdout


def test_strict_package():
    done = mypy("mypy", "--strict", "-p", "watchpost")
    assert done.returncode == 0, done.stdout


def test_mistakes_are_found(tmp_path):
    sample = tmp_path / "wrong.py"
    sample.write_text("import watchpost\n" + "\n".join(WRONG))
    done = mypy("mypy", "--strict", str(sample))
    for number, (line, word) in enumerate(WRONG.items(), 2):
        assert any(f"wrong.py:{number}:" in said for said in done.stdout.splitlines()), (line, word, done.stdout)
