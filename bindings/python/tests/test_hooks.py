"""Functions of the application that see events and breadcrumbs."""

import gc
import signal
import threading

import pytest

import watchpost
from watchpost import testing


def test_before_send_sees_event_and_exception():
    seen = []

    def before_send(event, hint):
        seen.append((event, hint))
        event["tags"]["hooked"] = "yes"
        event["extra"] = {"set": {1}, "when": object()}
        return event

    testing.init(before_send=before_send)
    watchpost.set_tag("a", "b")
    try:
        1 / 0
    except ZeroDivisionError as caught:
        error = caught
        id = watchpost.capture_exception(hint={"mine": 1})
    event, hint = seen[0]
    assert event["event_id"] == id and event["exception"]["values"][0]["type"] == "ZeroDivisionError"
    assert hint["original_exception"] is error and hint["exc_info"][1] is error and hint["mine"] == 1
    assert hint["exc_info"][2] is error.__traceback__
    (sent,) = testing.events()
    assert sent["tags"] == {"a": "b", "hooked": "yes"} and sent["extra"] == {"set": [1], "when": "<object object>"}


@pytest.mark.parametrize(
    "hook",
    [
        lambda event, hint: None,
        lambda event, hint: 1 / 0,
        lambda event: event,
        lambda event, hint: 42,
        lambda event, hint: {**event, "exception": 42},
        lambda event, hint: (_ for _ in ()).throw(SystemExit(3)),
    ],
)
def test_a_hook_that_drops_or_fails(hook):
    testing.init(before_send=hook)
    assert watchpost.capture_message("m") is None
    assert testing.events() == []
    assert testing.discarded() == [{"reason": "before_send", "category": "error", "quantity": 1}]


def test_one_diagnostic_line(capfd):
    testing.init(before_send=lambda event, hint: 1 / 0, debug=True)
    watchpost.capture_message("m")
    lines = capfd.readouterr().err.splitlines()
    assert len(lines) == 1 and "before_send" in lines[0] and "ZeroDivisionError" in lines[0]
    testing.init(before_send=lambda event, hint: 1 / 0)
    watchpost.capture_message("m")
    assert capfd.readouterr() == ("", "")


def test_interrupts_are_not_swallowed():
    def before_send(event, hint):
        raise KeyboardInterrupt

    testing.init(before_send=before_send)
    # A job in the background starts with interrupts ignored; then nobody can interrupt, and nothing is to be seen.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            watchpost.capture_message("m")
            for _ in range(1000):
                pass
    finally:
        signal.signal(signal.SIGINT, before)
    assert testing.discarded()[0]["reason"] == "before_send"


def test_before_breadcrumb():
    def before_breadcrumb(crumb, hint):
        if crumb["category"] == "noise":
            return None
        crumb["data"] = {**crumb.get("data", {}), "hint": hint.get("mine")}
        return crumb

    testing.init(before_breadcrumb=before_breadcrumb)
    watchpost.add_breadcrumb(category="noise")
    watchpost.add_breadcrumb({"category": "kept", "message": "m"}, hint={"mine": 1})
    watchpost.capture_message("m")
    (event,) = testing.events()
    (crumb,) = event["breadcrumbs"]["values"]
    assert crumb["message"] == "m" and crumb["data"] == {"hint": 1}


def test_processors_run_in_order():
    def adds(text):
        return lambda event, hint: {**event, "message": event["message"] + text}

    testing.init()
    watchpost.get_current_scope().add_event_processor(adds(" current"))
    watchpost.get_global_scope().add_event_processor(adds(" global"))
    watchpost.get_isolation_scope().add_event_processor(adds(" isolation"))
    watchpost.capture_message("order:")
    (event,) = testing.events()
    assert event["logentry"]["formatted"] == "order: global isolation current"
    with watchpost.new_scope() as scope:
        scope.add_event_processor(lambda event, hint: None)
        assert watchpost.capture_message("dropped") is None
    assert testing.discarded() == [{"reason": "event_processor", "category": "error", "quantity": 1}]


def test_hooks_of_many_threads_at_once():
    threads = 8
    meet = threading.Barrier(threads)

    def before_send(event, hint):
        # Would never end if a lock or the interpreter were held across hooks.
        meet.wait(30)
        return event

    testing.init(before_send=before_send)
    workers = [threading.Thread(target=watchpost.capture_message, args=(str(n),)) for n in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert len(testing.events()) == threads


def test_a_replaced_client_frees_its_hooks():
    import weakref

    class Hook:
        def __call__(self, event, hint):
            return event

    hook = Hook()
    reference = weakref.ref(hook)
    testing.init(before_send=hook)
    watchpost.capture_message("m")
    del hook
    testing.init()
    gc.collect()
    assert reference() is None
