"""What is given beside a capture: a scope, a function that changes one, a hint; each in the place where it is usual."""

import pytest

import watchpost
from watchpost import testing

CAPTURES = {
    "message": lambda *more, **named: watchpost.capture_message("m", "error", *more, **named),
    "exception": lambda *more, **named: watchpost.capture_exception(ValueError("e"), *more, **named),
    "event": lambda *more, **named: watchpost.capture_event({"message": "m"}, None, *more, **named),
}


@pytest.fixture(autouse=True)
def hints():
    seen = []

    def before_send(event, hint):
        seen.append(hint.get("mine"))
        return event

    testing.init(before_send=before_send)
    return seen


@pytest.fixture(params=CAPTURES.values(), ids=CAPTURES)
def capture(request):
    return request.param


@pytest.mark.parametrize("named", [False, True])
def test_a_scope(capture, named):
    scope = watchpost.get_current_scope().fork()
    scope.set_tag("given", "yes")
    watchpost.get_isolation_scope().set_tag("request", "5")
    with watchpost.new_scope() as current:
        current.set_tag("block", "yes")
        current.set_tag("given", "no")
        assert (capture(scope=scope) if named else capture(scope)) is not None
        assert capture() is not None
    given, plain = testing.events()
    assert given["tags"] == {"request": "5", "block": "yes", "given": "yes"}
    assert plain["tags"] == {"request": "5", "block": "yes", "given": "no"}
    assert given["contexts"]["trace"]["trace_id"] == plain["contexts"]["trace"]["trace_id"]


@pytest.mark.parametrize("named", [False, True])
def test_a_function(capture, named):
    def change(scope):
        scope.set_tag("given", "yes")
        scope.fingerprint = ["mine"]

    assert (capture(scope=change) if named else capture(change)) is not None
    capture()
    given, plain = testing.events()
    assert given["tags"] == {"given": "yes"} and given["fingerprint"] == ["mine"]
    assert "tags" not in plain and "fingerprint" not in plain


def test_a_function_that_fails_costs_no_event(capture):
    assert capture(lambda scope: 1 / 0) is not None
    assert len(testing.events()) == 1


def test_a_scope_is_not_changed_by_what_stands_beside_it(capture):
    scope = watchpost.get_current_scope().fork()
    scope.set_tag("given", "yes")
    capture(scope, tags={"more": "1"}, user={"id": "7"})
    capture(scope)
    first, second = testing.events()
    assert first["tags"] == {"given": "yes", "more": "1"} and second["tags"] == {"given": "yes"}


def test_breadcrumbs_and_processors_of_a_fork_are_there_once(capture):
    calls = []
    with watchpost.new_scope() as current:
        current.add_breadcrumb(message="before")
        current.add_event_processor(lambda event, hint: calls.append(1) or event)
        fork = current.fork()
        fork.add_breadcrumb(message="after")
        capture(fork)
    (event,) = testing.events()
    assert [crumb["message"] for crumb in event["breadcrumbs"]["values"]] == ["before", "after"] and calls == [1]


def test_hints_have_a_name_and_keep_their_place(hints):
    watchpost.capture_message("m", hint={"mine": 1})
    watchpost.capture_message("m", None, {"mine": 2})
    watchpost.capture_exception(ValueError(), {"mine": 3})
    watchpost.capture_exception(ValueError(), hint={"mine": 4})
    watchpost.capture_event({"message": "m"}, {"mine": 5})
    watchpost.capture_event({"message": "m"}, hint={"mine": 6}, scope=lambda scope: scope.set_tag("a", "b"))
    watchpost.capture_event({"message": "m"}, watchpost.get_current_scope())
    assert hints == [1, 2, 3, 4, 5, 6, None]
    assert [event.get("tags") for event in testing.events()] == [None] * 5 + [{"a": "b"}, None]
