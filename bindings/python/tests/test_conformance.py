"""Runs the vectors that every language runs, through the public API."""

import json
import re
from pathlib import Path

import pytest

import watchpost
import vector_signals
import vector_traces
from vectors import as_texts, expand, hook_of, option_of
from watchpost import testing

FOLDER = Path(__file__).resolve().parents[3] / "tests" / "conformance"
FILES = sorted((FOLDER / "sdk").rglob("*.json"))
NAMES = [str(file.relative_to(FOLDER)) for file in FILES]
NOW = 1_767_323_045
OWN_DSN = "https://key@errors.example.com/42"


def skips():
    """The files of `skips.toml` for Python. Read by hand: `tomllib` is newer than the oldest Python we run on."""
    blocks = (FOLDER / "skips.toml").read_text().split("[[skip]]")[1:]
    found = [dict(re.findall(r'^(\w+)\s*=\s*"(.*)"\s*$', block, re.M)) for block in blocks]
    reasons = {}
    for skip in found:
        assert skip.get("reason"), skip
        wanted = skip["file"]
        # A name that ends in `/*` stands for all files of a folder.
        hits = [name for name in NAMES if name == wanted or (wanted.endswith("/*") and name.startswith(wanted[:-1]))]
        assert hits, f"stale skip: {wanted}"
        if skip["language"] == "python":
            reasons.update(dict.fromkeys(hits, skip["reason"]))
    return reasons


SKIPS = skips()
ran = []


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(FOLDER)))
def test_vector(file, monkeypatch, tmp_path, capfd):
    name = str(file.relative_to(FOLDER))
    ran.append(name)
    if name in SKIPS:
        pytest.skip(SKIPS[name])
    vector = expand(json.loads(file.read_text()))
    given, expect = vector["given"], vector["expect"]
    for variable, text in given.get("env", {}).items():
        monkeypatch.setenv(variable, text)
    options = as_texts(given.get("options", {}))
    options.setdefault("dsn", OWN_DSN)
    options.update({hook: option_of(hook, kind) for hook, kind in vector.get("hooks", {}).items()})
    monkeypatch.setattr(vector_signals, "folder", tmp_path)
    if '"refused"' in file.read_text():
        # The only way to hear what was wrong: nothing raises.
        options.setdefault("debug", True)
    monkeypatch.setattr(vector_signals, "said", lambda: capfd.readouterr().err)
    start = {"now": given.get("now", NOW), "seed": given.get("seed", 1), **options}
    if "init_error" in expect:
        with pytest.raises((ValueError, TypeError)) as error:
            testing.init(**start)
        assert expect["init_error"]["option"] in str(error.value)
        assert expect["init_error"]["contains"] in str(error.value)
        return
    testing.init(**start)
    vector_traces.reset()
    bound.clear()
    captured, envelopes = [], []
    for number, (calls, end) in enumerate(vector_signals.dying(vector["calls"])):
        call_all(calls, captured)
        envelopes += testing.envelopes()
        if end is not None:
            again = {**options, **as_texts(end.get("options", {}))}
            seed = given.get("seed", 1) + 1 + number
            testing.restart(end["how"], seconds=end.get("seconds", 0), event=end.get("event"), seed=seed, **again)
    if "headers" in expect:
        match(expect["headers"], vector_traces.headers, "headers")
    if "captured" in expect:
        assert captured == expect["captured"]
    if "dsn" in expect:
        match(expect["dsn"], testing.dsn_facts(), "dsn")
    if "envelopes" in expect:
        match(expect["envelopes"], envelopes, "envelopes")
    if "dropped" in expect:
        order = lambda count: (count["reason"], count["category"])  # noqa: E731
        assert sorted(testing.discarded(), key=order) == sorted(expect["dropped"], key=order)
    if "bytes" in expect:
        assert envelopes[0]["bytes"] == expect["bytes"]


def test_every_vector_ran():
    assert len(ran) == len(list((FOLDER / "sdk").rglob("*.json"))) > 40


#: What `<same:name>` has stood for in this vector.
bound = {}


def match(expected, found, path):
    if expected == "<any>":
        assert found is not None, f"{path} is absent"
    elif isinstance(expected, str) and expected.startswith("<same:"):
        assert bound.setdefault(expected[6:-1], found) == found, path
    elif isinstance(expected, str) and expected.startswith("<not:"):
        assert bound[expected[5:-1]] != found, path
    elif isinstance(expected, dict):
        assert isinstance(found, dict), f"{path} is {found!r}"
        for key, value in expected.items():
            if value is None:
                assert found.get(key) is None, f"{path}.{key} is {found[key]!r}"
            else:
                assert key in found, f"{path}.{key} is absent from {found!r}"
                match(value, found[key], f"{path}.{key}")
    elif isinstance(expected, list):
        assert isinstance(found, list) and len(found) == len(expected), f"{path} is {found!r}"
        for index, value in enumerate(expected):
            match(value, found[index], f"{path}[{index}]")
    else:
        assert found == expected and isinstance(found, bool) == isinstance(expected, bool), path


SCOPES = {
    "global": watchpost.get_global_scope,
    "isolation": watchpost.get_isolation_scope,
    "current": watchpost.get_current_scope,
}
FIELDS = {
    "set_tag": ("key", "value"),
    "remove_tag": ("key",),
    "set_extra": ("key", "value"),
    "set_context": ("key", "value"),
    "set_user": ("user",),
    "set_level": ("level",),
    "set_fingerprint": ("fingerprint",),
    "set_transaction_name": ("value",),
    "clear": (),
    "clear_breadcrumbs": (),
}


def call_all(calls, captured):
    for call in calls:
        do_call(call, captured)


def do_call(call, captured):
    do = call["do"]
    if do == "capture_event" and "attachments" in call:
        vector_signals.capture_event(call, None, captured)
    elif do in ("capture_event", "capture_message"):
        given = (call["event"],) if do == "capture_event" else (call["message"], call.get("level"))
        captured.append(getattr(watchpost, do)(*given) is not None)
    elif do in ("new_scope", "isolation_scope"):
        with getattr(watchpost, do)():
            call_all(call["calls"], captured)
    elif do == "repeat":
        for index in range(call["times"]):
            text = json.dumps(call["calls"]).replace("{i}", str(index))
            call_all(json.loads(text), captured)
    elif do == "add_breadcrumb":
        watchpost.add_breadcrumb(call["breadcrumb"])
    elif do == "add_event_processor":
        SCOPES[call["scope"]]().add_event_processor(hook_of(call["hook"]))
    elif do == "advance_clock":
        testing.advance_clock(call["seconds"])
    elif do == "set_consent":
        watchpost.set_consent(call["given"])
    elif do in ("flush", "close"):
        assert getattr(watchpost, do)()
    elif do in FIELDS:
        # `remove_tag` exists on scopes only.
        on = SCOPES[call.get("scope", "isolation")]() if "scope" in call or do == "remove_tag" else watchpost
        getattr(on, do)(*(call.get(field) for field in FIELDS[do]))
    else:
        run = lambda calls: call_all(calls, captured)  # noqa: E731
        assert vector_traces.call(call, run) or vector_signals.call(call, run, captured), f"unknown verb {do!r}"
