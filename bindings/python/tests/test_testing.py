"""What applications test with."""

import pytest

import watchpost
from watchpost import testing


def test_everything_ends_up_in_lists():
    with testing.captured() as sent:
        watchpost.set_tag("cart", "broken")
        try:
            {}["sku"]
        except KeyError:
            watchpost.capture_exception()
        with watchpost.start_transaction(op="task", name="import"):
            watchpost.logger.info("{n} rows", n=3)
            watchpost.metrics.count("rows", 3)
        watchpost.capture_checkin("nightly", status="ok")
        watchpost.capture_feedback("It is slow")
        assert len(sent.events) == 1
        watchpost.capture_message("second", "warning")
    assert sent.transactions[0]["transaction"] == "import" and sent.logs[0]["body"] == "3 rows"
    assert sent.metrics[0]["value"] == 3 and sent.check_ins[0]["monitor_slug"] == "nightly"
    assert sent.feedback[0]["contexts"]["feedback"]["message"] == "It is slow"
    event = sent.assert_event(exception=KeyError, level="error", tags={"cart": "broken"})
    assert event is sent.assert_event(exception="KeyError")
    assert sent.assert_event(message="second")["level"] == "warning"
    with pytest.raises(AssertionError, match="no event has .*fatal.*KeyError.*second"):
        sent.assert_event(level="fatal")
    sent.clear()
    assert sent.events == []


def test_blocks_do_not_see_each_other():
    with testing.captured() as first:
        watchpost.set_tag("a", "b")
        watchpost.capture_message("first")
    watchpost.capture_message("between")
    with testing.captured(environment="test") as second:
        watchpost.capture_message("second")
    assert [event["logentry"]["formatted"] for event in first.events] == ["first"]
    assert [event["environment"] for event in second.events] == ["test"] and "tags" not in second.events[0]
