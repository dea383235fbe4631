"""What an event says about an exception."""

import asyncio
import collections
import datetime
import decimal
import enum
import sys
import textwrap
import time
import uuid

import pytest

import watchpost
from watchpost import testing


@pytest.fixture(autouse=True)
def client():
    testing.init()


def captured(function, *args):
    try:
        function(*args)
    except BaseException:
        watchpost.capture_exception()
    (event,) = testing.events()
    return event["exception"]["values"]


def frames_of(values):
    return values[-1]["stacktrace"]["frames"]


def vars_of(function, *args):
    return frames_of(captured(function, *args))[-1]["vars"]


def test_type_value_and_frames():
    class ShopError(Exception):
        pass

    def fail(basket):
        raise ShopError(f"basket {basket} is gone")

    (value,) = captured(fail, 7)
    assert value["type"].endswith("ShopError") and value["value"] == "basket 7 is gone"
    assert value["module"] == __name__
    assert value["mechanism"] == {"type": "generic", "handled": True}
    first, last = frames_of([value])[0], frames_of([value])[-1]
    assert first["function"] == "captured"
    assert last["function"].endswith("fail") and last["in_app"] is True
    assert last["filename"].endswith("test_exceptions.py") and last["abs_path"] == __file__
    assert last["context_line"].strip() == 'raise ShopError(f"basket {basket} is gone")'
    assert len(last["pre_context"]) == len(last["post_context"]) == 5
    assert last["vars"]["basket"] == 7


def test_standard_library_is_not_in_app():
    import json

    values = captured(json.loads, "{")
    assert [frame["in_app"] for frame in frames_of(values)] == [True, False, False, False]
    assert frames_of(values)[1]["module"] == "json" and frames_of(values)[1]["filename"] == "json/__init__.py"


def test_cause_and_context():
    def fail():
        try:
            try:
                raise KeyError("first")
            except KeyError:
                raise ValueError("second")  # noqa: B904
        except ValueError as error:
            raise RuntimeError("third") from error

    values = captured(fail)
    assert [value["type"] for value in values] == ["KeyError", "ValueError", "RuntimeError"]
    assert [value["mechanism"].get("exception_id") for value in values] == [2, 1, 0]
    assert [value["mechanism"].get("parent_id") for value in values] == [1, 0, None]
    assert [value["mechanism"].get("source") for value in values] == ["__context__", "__cause__", None]
    assert all(value["stacktrace"]["frames"] for value in values)


def test_suppressed_context():
    def fail():
        try:
            raise KeyError("hidden")
        except KeyError:
            raise ValueError("shown") from None

    assert [value["type"] for value in captured(fail)] == ["ValueError"]


def test_cycle_of_causes():
    def fail():
        first, second = ValueError("1"), ValueError("2")
        first.__cause__, second.__cause__ = second, first
        raise first

    assert [value["value"] for value in captured(fail)] == ["2", "1"]


def test_long_chain_is_bounded():
    def fail():
        error = None
        for number in range(500):
            following = ValueError(number)
            following.__cause__ = error
            error = following
        raise error

    assert len(captured(fail)) == 50


@pytest.mark.skipif(sys.version_info < (3, 11), reason="exception groups are newer")
def test_group_and_notes():
    def fail():
        try:
            raise ValueError("one")
        except ValueError as error:
            error.add_note("seen twice")
            group = ExceptionGroup("two at once", [error, TypeError("two")])  # noqa: F821
        raise group

    values = captured(fail)
    assert values[-1]["type"] == "ExceptionGroup" and values[-1]["mechanism"]["is_exception_group"] is True
    assert values[-1]["mechanism"]["exception_id"] == 0
    members = {value["mechanism"]["source"]: value for value in values[:-1]}
    assert members["exceptions[0]"]["value"] == "one\nseen twice"
    assert members["exceptions[1]"]["type"] == "TypeError"
    assert all(value["mechanism"]["parent_id"] == 0 for value in values[:-1])


def test_recursion_loses_its_middle():
    def deeper(level):
        return deeper(level + 1)

    values = captured(deeper, 0)
    assert values[-1]["type"] == "RecursionError"
    assert len(frames_of(values)) == 100
    assert values[-1]["stacktrace"]["frames_omitted"][0] == 50
    assert frames_of(values)[0]["function"] == "captured"


def test_os_error_number():
    (value,) = captured(open, "/nowhere/at/all")
    assert value["type"] == "FileNotFoundError"
    assert value["mechanism"]["meta"] == {"errno": {"number": 2}}


def test_str_that_fails():
    class Bad(Exception):
        def __str__(self):
            raise RuntimeError("no")

    def fail():
        raise Bad

    assert captured(fail)[-1]["value"] == "<its str() failed>"


def test_values_of_variables():
    class Colour(enum.Enum):
        RED = 1

    class Plain:
        pass

    class Spoken:
        def __repr__(self):
            return "<Spoken at 0x7f00aa>"

    def fail():
        text, number, flag, nothing, real = "é" * 3, 2**70, True, None, float("nan")
        nested = {"list": [1, (2, 3)], 4: {5}, "bytes": b"\x00a"}
        when, money = datetime.datetime(2026, 1, 2, 3, 4), decimal.Decimal("1.50")
        key, colour, plain, spoken = uuid.UUID(int=1), Colour.RED, Plain(), Spoken()
        queue = collections.deque(range(10_000))
        raise ValueError

    found = vars_of(fail)
    assert found["text"] == "ééé" and found["number"] == str(2**70) and found["flag"] is True
    assert found["nothing"] is None and found["real"] == "nan"
    assert found["nested"] == {"list": [1, [2, 3]], "4": [5], "bytes": 'b"\\x00a"'}
    assert found["when"] == "2026-01-02 03:04:00" and found["money"] == "1.50"
    assert found["key"] == str(uuid.UUID(int=1)) and "RED" in found["colour"]
    assert found["plain"].endswith("Plain object>") and "0x" not in found["plain"]
    assert found["spoken"] == "<Spoken>"
    assert len(found["queue"]) < 2000


def test_hostile_variables():
    calls = []

    class Raises:
        def __repr__(self):
            calls.append("raises")
            raise SystemExit("no")

    class Slow:
        def __repr__(self):
            calls.append("slow")
            time.sleep(0.01)
            return "slow"

    class Captures:
        def __repr__(self):
            watchpost.capture_message("from a repr")
            return "captured"

    class Recursive:
        def __repr__(self):
            return repr(self)

    class Attributes:
        def __getattribute__(self, name):
            raise RuntimeError(name)

    class Meta(type):
        def __getattribute__(cls, name):
            raise RuntimeError(name)

    class Odd(metaclass=Meta):
        pass

    def fail():
        # First, before the slow ones have used up the time.
        talks = Captures()
        loop = []
        loop.append(loop)
        deep = loop2 = {}
        for _ in range(100):
            loop2["in"] = {}
            loop2 = loop2["in"]
        bad = [Raises() for _ in range(10)]
        slow = [Slow() for _ in range(10)]
        again, attributes, odd, lone = Recursive(), Attributes(), Odd(), "\ud800"
        wide, long = list(range(10_000)), "x" * 1_000_000
        raise ValueError

    found = vars_of(fail)
    assert found["loop"] == ["<contains itself>"]
    assert found["talks"] == "captured" and testing.events() == []
    assert found["bad"][0].endswith("Raises object>") and calls.count("raises") == 1
    assert calls.count("slow") == 1 and found["slow"][1].endswith("Slow object>")
    assert found["again"].endswith("Recursive object>")
    assert found["lone"] == "\ufffd\ufffd\ufffd" or "\ufffd" in found["lone"]
    assert len(found["wide"]) == 17 and found["wide"][-1] == "… 9984 more"
    assert len(found["long"]) < 1100 and "1000000 characters" in found["long"]
    assert {"deep", "attributes", "odd"} <= set(found)


def test_secrets_are_filtered():
    def fail():
        password, api_key, author = "hunter2", "k-123", "kim"
        settings = {"db": {"secret_token": "t-456", "host": "h"}}
        raise ValueError

    found = vars_of(fail)
    assert found["password"] == found["api_key"] == "[Filtered]" and found["author"] == "kim"
    assert found["settings"] == {"db": {"secret_token": "[Filtered]", "host": "h"}}


def test_switched_off():
    testing.init(include_local_variables=False, include_source_context=False)
    frame = frames_of(captured(lambda: 1 / 0))[-1]
    assert "vars" not in frame and "context_line" not in frame and frame["lineno"]


def test_code_without_a_file():
    scope = {"__name__": "made.up"}
    exec(compile("def f():\n  1/0\n", "<made up>", "exec"), scope)  # noqa: S102
    frame = frames_of(captured(scope["f"]))[-1]
    assert frame["filename"] == "<made up>" and frame["module"] == "made.up" and "context_line" not in frame


def test_module_frames_show_no_definitions(tmp_path, monkeypatch):
    (tmp_path / "mod_under_test.py").write_text(
        textwrap.dedent(
            """
            import os
            def helper(): pass
            class Thing: pass
            limit = 3
            1 / 0
            """
        )
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    found = frames_of(captured(__import__, "mod_under_test"))[-1]
    assert found["function"] == "<module>" and found["vars"] == {"limit": 3}


def test_forms_of_the_argument():
    try:
        raise ValueError("x")
    except ValueError as error:
        info = sys.exc_info()
        for given in (error, info, None, True):
            assert watchpost.capture_exception(given)
    del info
    events = testing.events()
    assert len(events) == 4 and all(event["exception"]["values"][0]["stacktrace"] for event in events)
    for given in (None, "text", 5, (1, 2), (None, None, None)):
        assert watchpost.capture_exception(given) is None
    assert watchpost.capture_exception(ValueError("never raised"))
    (event,) = testing.events()
    assert "stacktrace" not in event["exception"]["values"][0]


def test_attach_stacktrace():
    testing.init(attach_stacktrace=True)
    watchpost.capture_message("here")
    watchpost.capture_exception(ValueError("never raised"))
    message, error = testing.events()
    (thread,) = message["threads"]["values"]
    for frames in (thread["stacktrace"]["frames"], frames_of(error["exception"]["values"])):
        assert frames[-1]["function"] == "test_attach_stacktrace"


def test_call_site_wins():
    watchpost.set_tag("a", "scope")
    watchpost.capture_message("m", level="warning", tags={"a": 1, "b": True}, user={"id": 5}, extra={"n": {1: 2}},
                              contexts={"c": {"d": 1}}, fingerprint=["x"], transaction="t", nonsense=1)
    (event,) = testing.events()
    assert event["tags"] == {"a": "1", "b": "true"} and event["user"] == {"id": "5"}
    assert event["extra"] == {"n": {"1": 2}} and event["contexts"]["c"] == {"d": 1}
    assert (event["level"], event["fingerprint"], event["transaction"]) == ("warning", ["x"], "t")


def test_frames_of_coroutines():
    async def inner():
        await asyncio.sleep(0)
        raise ValueError("async")

    values = captured(asyncio.run, inner())
    assert frames_of(values)[-1]["function"].endswith("inner")


def test_nothing_that_is_passed_raises():
    class Hostile(dict):
        def __iter__(self):
            raise RuntimeError
        def items(self):
            raise RuntimeError
        def __len__(self):
            raise RuntimeError

    for odd in (None, 1, "x", object(), Hostile(a=1), [1], b"", {1: {2: 3}}):
        watchpost.set_tag(odd, odd)
        watchpost.set_tags(odd)
        watchpost.set_user(odd)
        watchpost.set_extra(odd, odd)
        watchpost.set_context(odd, odd)
        watchpost.set_level(odd)
        watchpost.set_fingerprint(odd)
        watchpost.set_transaction_name(odd)
        watchpost.add_breadcrumb(odd, level=odd, timestamp=odd, data=odd, nonsense=odd)
        watchpost.get_current_scope().add_event_processor(odd)
        watchpost.capture_message(odd, odd, tags=odd, user=odd)
        watchpost.capture_event(odd)
        watchpost.capture_exception(odd)
        watchpost.flush(odd)
