"""Only `init` raises, and says what to do instead."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import watchpost
from watchpost import testing

DSN = "https://key@errors.example.com/42"


@pytest.mark.parametrize(
    ("options", "kind", "parts"),
    [
        ({"dsn": "nonsense"}, ValueError, ["`dsn`", "https://public_key@"]),
        ({"dsn": 5}, ValueError, ["`dsn`", "https://public_key@"]),
        ({"sample_rate": 2}, ValueError, ["`sample_rate`", "0.25"]),
        ({"sample_rate": "x"}, ValueError, ["`sample_rate`", "0.25"]),
        ({"sampel_rate": 1}, TypeError, ["`sampel_rate`", "did you mean `sample_rate`"]),
        ({"max_breadcrumbs": -1}, ValueError, ["`max_breadcrumbs`", "100"]),
        ({"before_send": "x"}, TypeError, ["`before_send`", "function"]),
        ({"before_breadcrumb": 1}, TypeError, ["`before_breadcrumb`", "function"]),
        ({"in_app_include": "shop"}, ValueError, ["`in_app_include`"]),
        ({"ignore_errors": [object()]}, ValueError, ["`ignore_errors`", "is neither text nor"]),
        ({"release": object()}, TypeError, ["`release`", "<object object>"]),
        ({"shutdown_timeout": -1}, ValueError, ["`shutdown_timeout`", "seconds"]),
        ({"debug": "perhaps"}, ValueError, ["`debug`", "true or false"]),
        # A dictionary that is right takes no part in the complaint about another option.
        ({"data_collection": {"cookies": False}, "sample_rate": 3}, ValueError, ["`sample_rate`", "3 is not"]),
    ],
)
def test_bad_options(options, kind, parts):
    for init in (watchpost.init, testing.init):
        with pytest.raises(kind) as error:
            init(**{"dsn": DSN, **options})
        for part in parts:
            assert part in str(error.value)


def test_a_bad_option_leaves_the_client_alone():
    testing.init()
    with pytest.raises(ValueError, match="sample_rate"):
        watchpost.init(DSN, sample_rate=9)
    assert watchpost.capture_message("still here")
    assert len(testing.events()) == 1


def test_ignored_errors_by_class_and_name():
    testing.init(ignore_errors=[ZeroDivisionError, "KeyError"])
    for error in (ZeroDivisionError("a"), KeyError("b"), ValueError("c")):
        watchpost.capture_exception(error)
    assert [event["exception"]["values"][0]["type"] for event in testing.events()] == ["ValueError"]


def test_before_init_everything_is_silent():
    script = """
import watchpost
watchpost.set_tag("a", "b"); watchpost.add_breadcrumb(message="m"); watchpost.set_user({"id": 1})
with watchpost.new_scope() as scope: scope.set_tag("c", "d")
assert watchpost.capture_message("m") is None and watchpost.capture_exception(ValueError()) is None
assert watchpost.capture_event({}) is None and watchpost.last_event_id() is None
assert not watchpost.is_initialized() and watchpost.flush() and watchpost.close()
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, env=clean(), timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_environment_and_paths(tmp_path):
    script = f"""
import watchpost, pathlib
watchpost.init(storage_dir=pathlib.Path({str(tmp_path)!r}), shutdown_timeout=0)
assert watchpost.is_initialized()
watchpost.close()
assert not watchpost.is_initialized()
watchpost.init(dsn="")
assert not watchpost.is_initialized()
"""
    env = {**clean(), "SENTRY_DSN": "http://key@127.0.0.1:1/42"}
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, env=env, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_import_is_light():
    script = "import sys, watchpost; print(*sorted(set(sys.modules) & {'logging', 'asyncio', 'flask', 'socket', 'ssl'}))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, env=clean(), timeout=60)
    assert done.stdout.strip() == ""


def clean():
    env = {name: value for name, value in os.environ.items() if not name.startswith("SENTRY_")}
    return {**env, "PYTHONPATH": os.pathsep.join(sys.path + [str(Path(watchpost.__file__).parents[1])])}
