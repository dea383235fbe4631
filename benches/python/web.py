"""A small Flask application for gunicorn: SIDE is `plain`, `ours` or `peer`, TRACES the rate of its traces."""

import gc
import os
import time

from flask import Flask, request

side = os.environ["SIDE"]
rate = float(os.environ["TRACES"]) or None


def flush(_timeout):
    """Without an SDK there is nothing to wait for."""
    return True


if side == "ours":
    import watchpost

    flush = watchpost.flush
    watchpost.init(os.environ["DSN"], release="bench@1", traces_sample_rate=rate, storage_dir=os.environ["SPOOL"])
elif side == "peer":
    import sentry_sdk

    flush = sentry_sdk.flush
    sentry_sdk.init(os.environ["DSN"], release="bench@1", traces_sample_rate=rate)

app = Flask(__name__)


@app.get("/orders/<int:number>")
def order(number):
    return f"order {number}"


@app.get("/broken/<int:number>")
def broken(number):
    return book({"number": number})


def book(order):
    raise ValueError(f"order {order['number']} could not be booked")


@app.get("/cpu")
def cpu():
    """What the process has spent so far, in seconds, all threads together."""
    return str(time.process_time())


@app.get("/delivered")
def delivered():
    """The same, once everything has been delivered."""
    flush(30)
    return cpu()


@app.get("/cost")
def cost():
    """The same in microseconds, and what is resident in kB; with `rest` once garbage has been collected."""
    flushed = flush(30)
    if request.args.get("rest"):
        gc.collect()
    with open("/proc/self/statm") as pages:
        resident = int(pages.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") // 1024
    return {"flushed": flushed, "cpu": time.process_time() * 1e6, "resident": resident}
