"""The verbs and hooks of logs, metrics, check-ins, feedback, attachments, flags, attributes and sessions."""

import os

import watchpost
from watchpost import sessions
from watchpost.integrations.wsgi import WatchpostWsgiMiddleware

#: Where `write_file` writes, and what was said about a call that was refused; set by the runner.
folder = None
said = None


def answer_request(call, run, captured):
    """A WSGI application answers."""
    name = lambda header: "HTTP_" + header.upper().replace("-", "_")  # noqa: E731
    environ = {
        "REQUEST_METHOD": call["method"],
        "PATH_INFO": call["path"],
        "QUERY_STRING": "",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "80",
        "wsgi.url_scheme": "http",
        **{name(header): value for header, value in call.get("headers", {}).items()},
    }

    def application(environ, start_response):
        run(call.get("calls", []))
        start_response(f"{call['status']} ...", [])
        return [b""]

    body = WatchpostWsgiMiddleware(application)(environ, lambda *_: lambda _: None)
    list(body)
    if hasattr(body, "close"):
        body.close()


class JobFailed(Exception):
    pass


def call(call, run, captured):
    """Runs a call if it is one of this file; `run` runs the calls inside of it."""
    verb = VERBS.get(call["do"])
    if verb is None:
        return False
    verb(call, run, captured)
    return True


def log(call, run, captured):
    level = {"warn": "warning"}.get(call["level"], call["level"])
    write, attributes = getattr(watchpost.logger, level), call.get("attributes")
    if "template" in call:
        write(call["template"], *call["parameters"], attributes=attributes)
    else:
        write(call["message"] * call.get("times", 1), attributes=attributes)


def metric(call, run, captured):
    kind = {"counter": "count"}.get(call["type"], call["type"])
    value = float("nan") if call["value"] is None else call["value"]
    measure = getattr(watchpost.metrics, kind)
    measure(call["name"], value, unit=call.get("unit"), attributes=call.get("attributes"))


def check_in(call, run, captured):
    known = {"monitor_slug", "check_in_id", "status", "duration", "monitor_config"}
    if not call["check_in"].keys() <= known:
        # Not something that the function takes at all.
        assert call["refused"]
        captured.append(False)
        return
    judge(watchpost.capture_checkin(**call["check_in"]), call, captured)


def judge(id, call, captured):
    """Whether an id came back; what was refused is said with the name of what is wrong."""
    lines = said()
    if "refused" in call:
        assert id is None and call["refused"] in lines, lines
    captured.append(id is not None)


def monitor(call, run, captured):
    try:
        with watchpost.monitor(call["slug"], call.get("config")):
            run(call["calls"])
            if "outcome" in call:
                raise JobFailed
    except JobFailed:
        pass


def feedback(call, run, captured):
    id = watchpost.capture_feedback(call["feedback"], attachments=files(call))
    judge(id, call, captured)


def capture_event(call, run, captured):
    id = watchpost.capture_event(call["event"], hint={"attachments": files(call)})
    captured.append(id is not None)


def write_file(call, run, captured):
    with open(os.path.join(folder, call["file"]), "w") as file:
        file.write(call["content"] * call.get("times", 1))


def remove_file(call, run, captured):
    os.remove(os.path.join(folder, call["file"]))


def attachment(given):
    given = dict(given)
    times = given.pop("times", 1)
    if "path" in given:
        given["path"] = os.path.join(folder, given["path"])
    if "bytes" in given:
        given["bytes"] = given["bytes"].encode() * times
    return given


def files(call):
    return [watchpost.Attachment(**attachment(given)) for given in call.get("attachments", [])]


def scope_of(call):
    scopes = {"global": watchpost.get_global_scope, "current": watchpost.get_current_scope}
    return scopes.get(call.get("scope"), watchpost.get_isolation_scope)()


def top_or_scope(call):
    return scope_of(call) if "scope" in call else watchpost


def add_attachment(call, run, captured):
    top_or_scope(call).add_attachment(**attachment(call["attachment"]))


def clear_attachments(call, run, captured):
    scope_of(call).clear_attachments()


def add_feature_flag(call, run, captured):
    if "scope" in call:
        scope_of(call).add_feature_flag(call["flag"], call["result"])
    else:
        watchpost.feature_flags.add_feature_flag(call["flag"], call["result"])


def remove_feature_flag(call, run, captured):
    scope_of(call).remove_feature_flag(call["flag"])


def set_attribute(call, run, captured):
    top_or_scope(call).set_attribute(call["key"], call["value"])


def set_attributes(call, run, captured):
    top_or_scope(call).set_attributes(call["attributes"])


def remove_attribute(call, run, captured):
    top_or_scope(call).remove_attribute(call["key"])


def request_session(call, run, captured):
    with watchpost.isolation_scope(), sessions.track_session() as session:
        run(call["calls"])
        if "mark" in call:
            getattr(session, f"mark_{call['mark']}")()


def of_run(call, run, captured):
    getattr(sessions, call["do"])()


VERBS = {
    verb.__name__: verb
    for verb in (
        log,
        metric,
        check_in,
        monitor,
        feedback,
        write_file,
        remove_file,
        add_attachment,
        clear_attachments,
        add_feature_flag,
        remove_feature_flag,
        set_attribute,
        set_attributes,
        remove_attribute,
        request_session,
        answer_request,
    )
}
VERBS.update(dict.fromkeys(("start_session", "end_session", "pause_session", "resume_session"), of_run))


def change(item, hint):
    """The hook `set_tag` for these items."""
    if "monitor_slug" in item:
        item["environment"] = "hooked"
    else:
        item["attributes"]["hook"] = "ran"
    return item


def add_secret(item, hint):
    item["attributes"]["password"] = "hush"
    return item


def capture(item, hint):
    watchpost.capture_message("from the hook")
    watchpost.logger.info("from the hook")
    return item


HOOKS = {"set_tag": change, "add_secret": add_secret, "capture": capture}


def error_sampler(rule):
    """The menu of `error_sampler`."""

    def sample(event, hint):
        if rule == "throw":
            raise RuntimeError("hook failed")
        if rule == "bad_type":
            return "yes"
        if rule == "capture":
            watchpost.capture_message("from the hook")
            return 1
        if not isinstance(rule, dict):
            return rule
        ((field, rates),) = rule.items()
        if field == "type":
            values = event.get("exception", {}).get("values") or [{}]
            seen = values[-1].get("type")
        elif field == "message":
            seen = event.get("message")
        else:
            seen = event.get("tags", {}).get(field[len("tag.") :])
        return rates.get(seen, rates["*"])

    return sample


def dying(calls):
    """The calls of each start, and the `die` that ends it, if one does."""
    parts, current = [], []
    for call in calls:
        if call["do"] == "die":
            parts.append((current, call))
            current = []
        else:
            current.append(call)
    return [*parts, (current, None)]

