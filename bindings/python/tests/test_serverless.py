"""Functions that are frozen after they return."""

import time

import pytest

from support import Sink, run

import watchpost
from watchpost import testing
from watchpost.integrations.serverless import serverless_function


class Context:
    def __init__(self, left_ms):
        self.left_ms = left_ms

    def get_remaining_time_in_millis(self):
        return self.left_ms


def test_each_call_has_scopes_of_its_own_and_its_error_is_captured():
    testing.init()

    @serverless_function
    def handler(event, context):
        """Handles."""
        watchpost.set_tag("order", event["order"])
        if event["order"] == 5:
            raise ValueError("cannot book")
        return "booked"

    assert handler({"order": 1}, Context(5000)) == "booked" and handler.__doc__ == "Handles."
    with pytest.raises(ValueError, match="cannot book"):
        handler({"order": 5}, Context(5000))
    watchpost.capture_message("after")
    error, after = testing.events()
    assert error["exception"]["values"][0]["mechanism"] == {"type": "auto.function.serverless", "handled": False}
    assert error["tags"] == {"order": "5"} and "tags" not in after


@pytest.mark.parametrize("left", [5000, 60_000, None])
def test_all_is_delivered_before_it_returns(tmp_path, left):
    sink = Sink()
    script = """
import os, watchpost
from watchpost.integrations.serverless import serverless_function
watchpost.init(os.environ["DSN"], storage_dir=os.environ["SPOOL"])
class Context:
    def get_remaining_time_in_millis(self): return LEFT
@serverless_function(flush=True)
def handler(event, context): watchpost.capture_message(event)
handler("first", Context() if LEFT else None)
print("returned", flush=True)
os._exit(0)
""".replace("LEFT", str(left))
    try:
        done = run(script, DSN=sink.dsn, SPOOL=tmp_path)
        assert (done.returncode, done.stdout, done.stderr) == (0, "returned\n", "")
        assert [event["logentry"]["formatted"] for event in sink.events()] == ["first"]
    finally:
        sink.close()


def test_it_keeps_the_deadline(tmp_path, monkeypatch):
    waited = []
    monkeypatch.setattr(watchpost._watchpost, "flush", waited.append)
    for left in (100, 1000, 60_000):
        serverless_function(lambda event, context: time.sleep(0))({}, Context(left))
    serverless_function(lambda event: None)({})
    assert waited == [0.0, 0.75, 2.0, 2.0]
