"""The case that both sides are measured with: see benches/rust/case. Prints one line of JSON."""

import json
import time

from delivery import TASKS

WARM_UP, CRUMBS, FORKS, DEPTH = 20, 100, 2_000, 8

TAGS = {f"tag.{n}": f"value of tag {n}" for n in range(10)}
CONTEXTS = {
    name: {f"key_{n}": f"{name} value {n}" for n in range(5)} for name in ("import", "shop", "host")
}
USER = {"id": "42", "email": "a@example.com"}


class BookingError(Exception):
    pass


def measure(side, captures):
    crumbs(side, 0)
    first = cpu(time.thread_time, lambda: fail(side, 0))
    side.flush()
    for number in range(1, WARM_UP):
        crumbs(side, number)
        fail(side, number)
        side.flush()
    thread = process = crumb = 0.0
    for number in range(WARM_UP, WARM_UP + captures):
        # Making the messages is the program's own affair.
        crumb += cpu(time.thread_time, lambda: crumbs(side, number))
        crumb -= cpu(time.thread_time, lambda: crumbs(Nothing, number))
        before = time.process_time()
        thread += cpu(time.thread_time, lambda: fail(side, number))
        side.flush()
        process += (time.process_time() - before) * 1e6
    fork = cpu(time.thread_time, lambda: [side.fork_with_tag() for _ in range(FORKS)])
    print(
        json.dumps(
            {
                "captures": WARM_UP + captures,
                "first": first,
                "thread": thread / captures,
                "process": process / captures,
                "breadcrumb": crumb / captures / CRUMBS,
                "fork": fork / FORKS,
            }
        )
    )


class Nothing:
    """What a breadcrumb costs whoever makes it."""

    @staticmethod
    def breadcrumb(message, number):
        pass


def run(side, task, count):
    """Measures captures, or what the task is about."""
    {"": measure, "spans": spans, "unsampled": unsampled, **TASKS}[task](side, count)


def rate_of(task):
    """The share of traces that is sent; nothing where traces have no part in the task."""
    return {"spans": 1.0, "unsampled": 0.0}.get(task)


def spans(side, count):
    """Each transaction is delivered before the next: what all threads of the process spend on one."""
    for _ in range(WARM_UP):
        transaction(side)
        side.flush()
    thread, before = 0.0, time.process_time()
    for _ in range(count):
        thread += cpu(time.thread_time, lambda: transaction(side))
        side.flush()
    process = (time.process_time() - before) * 1e6
    print(json.dumps({"transaction": process / count, "transaction_thread": thread / count}))


def unsampled(side, count):
    """Nothing is delivered: what the calling thread spends."""
    for _ in range(WARM_UP):
        transaction(side)
    spent = cpu(time.thread_time, lambda: [transaction(side) for _ in range(count)])
    print(json.dumps({"unsampled": spent / count}))


def transaction(side):
    """Ten spans, each with an operation, a name and an attribute."""
    with side.transaction(op="task", name="import ledger"):
        for number in range(10):
            with side.span(op="db.query", name="SELECT balance FROM ledger WHERE id = %s") as span:
                span.set_data("rows", number)


def crumbs(side, number):
    for n in range(CRUMBS):
        side.breadcrumb(f"row {n} of import {number} read from the ledger", number + n)


def fail(side, number):
    """Ten frames: this one, eight of `frame`, and `book`. Only the capture itself is the SDK's."""
    try:
        frame(number, DEPTH)
    except BookingError as error:
        side.capture(error)


def frame(number, depth):
    row = {"invoice": number, "depth": depth}
    if depth == 1:
        return book(row)
    return frame(number, depth - 1)


def book(row):
    try:
        return int("12,x5")
    except ValueError as error:
        raise BookingError(f"invoice {row['invoice']} could not be booked") from error


def cpu(clock, work):
    before = clock()
    work()
    return (clock() - before) * 1e6
