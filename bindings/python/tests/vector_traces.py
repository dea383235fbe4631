"""The verbs and hooks of traces."""

import watchpost

named = {}
headers = []


def reset():
    """Forgets what the last vector left."""
    named.clear()
    headers.clear()


def call(call, run):
    """Runs a call if it is one of traces; `run` runs the calls inside of it."""
    verb = VERBS.get(call["do"])
    if verb is None:
        return False
    verb(call, run)
    return True


def start_transaction(call, run):
    given = {key: call[key] for key in ("name", "op", "source", "origin", "sampled", "attributes") if key in call}
    span = watchpost.start_transaction(
        **given,
        start_timestamp=call.get("start"),
        links=[link_of(link) for link in call.get("links", [])],
        custom_sampling_context=call.get("sampling_context"),
    )
    named[call.get("as")] = span
    if "calls" in call:
        with span:
            run(call["calls"])


def start_span(call, run):
    given = {key: call[key] for key in ("op", "description", "origin", "attributes") if key in call}
    given.update(start_timestamp=call.get("start"), links=[link_of(link) for link in call.get("links", [])])
    if "in" in call:
        named[call.get("as")] = named[call["in"]].start_child(**given)
        return
    with watchpost.start_span(**given) as span:
        named[call.get("as")] = span
        run(call["calls"])


def target(call):
    return named[call["span"]] if "span" in call else watchpost.get_current_span()


def set_span(call, run):
    span = target(call)
    for field in ("name", "source", "op", "description", "origin"):
        if field in call:
            setattr(span, field, call[field])
    if "status" in call:
        span.set_status(call["status"])
    if "http_status" in call:
        span.set_http_status(call["http_status"])
    for key, value in call.get("tags", {}).items():
        span.set_tag(key, value)
    for key, value in call.get("data", {}).items():
        span.set_data(key, value)
    for key, value in call.get("measurements", {}).items():
        span.set_measurement(key, value["value"], value.get("unit"))


def link_of(link):
    return (named[link["to"]], link.get("attributes")) if "to" in link else link


def add_link(call, run):
    link = link_of(call["link"])
    target(call).add_link(*(link if isinstance(link, tuple) else (link,)))


def finish_span(call, run):
    target(call).finish(end_timestamp=call.get("at"))


def with_span(call, run):
    with watchpost.use_span(named[call["span"]]):
        run(call["calls"])


def continue_trace(call, run):
    watchpost.continue_trace(call["headers"])


def start_new_trace(call, run):
    with watchpost.start_new_trace():
        run(call["calls"])


def get_trace_data(call, run):
    note(watchpost.get_trace_headers())


def outgoing_headers(call, run):
    note(watchpost.get_trace_headers(call["url"], call.get("baggage")))


def note(found):
    if not found:
        headers.append(None)
        return
    parts = dict(zip(("trace_id", "span_id", "sampled"), found["sentry-trace"].split("-")))
    baggage = found.get("baggage", "")
    members = dict(member.split("=", 1) for member in baggage.split(",") if "=" in member)
    headers.append({**parts, "baggage": baggage, "members": members, "traceparent": found.get("traceparent")})


VERBS = {
    verb.__name__: verb
    for verb in (
        start_transaction,
        start_span,
        set_span,
        add_link,
        finish_span,
        with_span,
        continue_trace,
        start_new_trace,
        get_trace_data,
        outgoing_headers,
    )
}


def sampler(rule):
    """The menu of `traces_sampler`."""

    def sample(context):
        if rule == "throw":
            raise RuntimeError("hook failed")
        if rule == "bad_type":
            return "yes"
        if rule == "parent_rate":
            return context["parent_sample_rate"] or 0
        if rule == "parent_sampled":
            return context["parent_sampled"] is True
        if not isinstance(rule, dict):
            return rule
        ((field, rates),) = rule.items()
        if field == "custom":
            return context[rates]
        if field == "attribute":
            return context["attributes"][rates]
        value = context["transaction_context"][field]
        return rates.get(value, rates["*"])

    return sample


def drop_spans(event, hint):
    event["spans"] = []
    return event


def set_attribute(span, hint):
    span["attributes"]["hook"] = {"type": "string", "value": "ran"}
    return span
