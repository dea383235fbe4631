"""The menu of hooks of the vectors, and their values that are too long to be written down."""

import json

import vector_signals
import vector_traces
import watchpost


def expand(value):
    """`{"$repeat": x, "times": n, "from": 0, "then": y}` stands for `n` times `x` and then `y`; `{i}` is the round."""
    if isinstance(value, list):
        return [expand(item) for item in value]
    if not isinstance(value, dict):
        return value
    if "$repeat" not in value:
        return {key: expand(item) for key, item in value.items()}
    if isinstance(value["$repeat"], str) and "{i}" not in value["$repeat"]:
        return value["$repeat"] * value["times"] + expand(value.get("then", ""))
    text, start = json.dumps(value["$repeat"]), value.get("from", 0)
    rounds = [expand(json.loads(text.replace("{i}", str(start + at)))) for at in range(value["times"])]
    rounds += [expand(value["then"])] if "then" in value else []
    if isinstance(rounds[0], str):
        return "".join(rounds)
    if isinstance(rounds[0], list):
        return [item for part in rounds for item in part]
    return {key: item for part in rounds for key, item in part.items()}


def as_texts(options):
    """Options in which a bare text is one that must occur, as everywhere but in Python."""
    options = dict(options)
    for name in ("ignore_errors", "trace_propagation_targets"):
        if isinstance(options.get(name), list):
            options[name] = [{"text": rule} if isinstance(rule, str) else rule for rule in options[name]]
    return options


def fail(item, hint):
    raise RuntimeError("hook failed")


def set_tag(item, hint):
    # An event has no category; a breadcrumb keeps what it has in `data`.
    is_event = "event_id" in item
    item.setdefault("tags" if is_event else "data", {})["hook"] = "ran"
    return item


def set_fingerprint(item, hint):
    return {**item, "fingerprint": ["hooked", "{{ default }}"]}


def shout(item, hint):
    return {**item, "message": item["message"].upper()}


def set_message(item, hint):
    return {**item, "message": "hooked"}


def capture(item, hint):
    watchpost.capture_message("from the hook")
    return item


def add_breadcrumb(item, hint):
    watchpost.add_breadcrumb(message="from the hook")
    return item


def add_secret(item, hint):
    item.setdefault("extra" if "event_id" in item else "data", {})["password"] = "hush"
    return item


def hook_of(kind):
    if not kind.startswith("mark:"):
        return HOOKS[kind]

    def mark(event, hint):
        tags = event.setdefault("tags", {})
        tags["order"] = tags.get("order", "") + kind[len("mark:") :]
        return event

    return mark


def option_of(name, kind):
    """The function that an option is set to."""
    if name == "traces_sampler":
        return vector_traces.sampler(kind)
    if name == "before_send_span" and kind == "set_tag":
        return vector_traces.set_attribute
    if name == "error_sampler":
        return vector_signals.error_sampler(kind)
    if name in ("before_send_log", "before_send_metric", "before_send_check_in") and kind in vector_signals.HOOKS:
        return vector_signals.HOOKS[kind]
    return hook_of(kind)


HOOKS = {
    "echo": lambda item, hint: item,
    "drop": lambda item, hint: None,
    "throw": fail,
    "bad_type": lambda item, hint: 42,
    "set_tag": set_tag,
    "set_fingerprint": set_fingerprint,
    "set_message": set_message,
    "shout": shout,
    "capture": capture,
    "add_breadcrumb": add_breadcrumb,
    "add_secret": add_secret,
    "drop_spans": vector_traces.drop_spans,
}
