"""Frames of all kinds of code, and variables that are not looked at."""

import functools
import json
import operator
import sys
import types

import pytest

import watchpost
from watchpost import testing


@pytest.fixture(autouse=True)
def client():
    testing.init()


def frames(work, *args):
    """The frames of the exception that `work` raises, below that of this function."""
    try:
        work(*args)
    except BaseException as error:  # noqa: BLE001
        assert watchpost.capture_exception(error)
    (event,) = testing.events()
    return event["exception"]["values"][-1]["stacktrace"]["frames"][1:]


def names(found):
    return [frame["function"].rpartition(".")[2] for frame in found]


def test_generators():
    def inner():
        yield 1
        raise ValueError("in a generator")

    def outer():
        yield from inner()

    found = frames(list, outer())
    assert names(found) == ["outer", "inner"] and all(frame["lineno"] for frame in found)


def test_what_is_thrown_into_a_generator_that_has_not_begun():
    def waits():
        yield

    found = frames(waits().throw, ValueError("thrown"))
    assert names(found) == ["waits"]


def test_code_written_in_c_has_no_frames_but_its_callers_and_callbacks_do():
    def key(value):
        raise ValueError(value)

    assert names(frames(lambda: sorted([1, 2], key=key))) == ["<lambda>", "key"]
    assert names(frames(lambda: functools.reduce(operator.truediv, [1, 0]))) == ["<lambda>"]
    assert names(frames(lambda: json.loads('{"a": tru}')))[0] == "<lambda>"
    assert frames(operator.truediv, 1, 0) == []


def test_code_without_source():
    code = compile("def made(): return 1 / 0", "<made>", "exec")
    namespace = {}
    exec(code, namespace)  # noqa: S102
    (found,) = frames(namespace["made"])
    assert found["filename"] == "<made>" and found["lineno"] == 1 and "context_line" not in found
    assert "module" not in found or found["module"] in ("builtins", None)


def test_code_whose_names_and_lines_are_odd():
    def plain():
        raise ValueError("x")

    code = plain.__code__.replace(co_filename="", co_name="", co_firstlineno=1)
    if sys.version_info >= (3, 11):
        code = code.replace(co_qualname="")
    found = frames(types.FunctionType(code, {}))
    assert len(found) == 1 and found[0].get("filename") is None


def test_variables_that_were_deleted_or_never_set():
    def work(gone):
        del gone
        if not watchpost:
            never = 1  # noqa: F841
        there = 2  # noqa: F841
        raise ValueError

    (found,) = frames(work, 1)
    assert found["vars"] == {"there": 2}


def test_types_instead_of_values():
    testing.init(include_local_variables="types")
    called = []

    class Spy:
        def __repr__(self):
            called.append(1)
            return "spied"

        __str__ = __len__ = __iter__ = __repr__

    def work():
        number, text, spy, rows = 5, "planted", Spy(), [Spy()]
        raise ValueError

    (found,) = frames(work)
    shown = found["vars"]
    assert (shown["number"], shown["text"], shown["rows"]) == ("<int object>", "<str object>", "<list object>")
    assert shown["spy"].endswith("Spy object>") and called == [] and "planted" not in str(shown)


def test_wrong_kinds_of_variables_are_refused():
    with pytest.raises(ValueError, match="include_local_variables"):
        watchpost.init(include_local_variables="values")
