"""A small invoice service on Flask. It asks itself for five things, most of which go wrong, and ends."""

import os
import threading
import time
import urllib.error
import urllib.request

import flask
import watchpost
from werkzeug.exceptions import HTTPException
from werkzeug.serving import make_server

INVOICES = {1001: "120.50 EUR", 1002: "12,x5 EUR", 1003: "80.00 XTS", 1004: "seventy EUR"}
RATES = {"EUR": 1.0, "SEK": 0.087}

app = flask.Flask(__name__)


class BookingError(Exception):
    """An invoice that cannot be booked; its cause says why."""


@app.before_request
def enter_scope():
    # Each request has a scope of its own: what one sets, another never sees.
    request = flask.g.watchpost = watchpost.isolation_scope()
    scope = request.__enter__()
    scope.set_tag("route", flask.request.endpoint or "none")
    scope.set_user({"id": flask.request.headers.get("X-User", "anonymous")})
    watchpost.add_breadcrumb(category="http", message=f"{flask.request.method} {flask.request.path}")


@app.teardown_request
def leave_scope(_error):
    request = flask.g.pop("watchpost", None)
    if request is not None:
        request.__exit__(None, None, None)


@app.errorhandler(Exception)
def report(error):
    if isinstance(error, HTTPException):
        return error
    captured(watchpost.capture_exception(error), "amount" if isinstance(error, BookingError) else "currency")
    return {"error": str(error)}, 500


@app.post("/invoices/<int:number>/book")
def book(number):
    amount, currency = INVOICES[number].split()
    try:
        value = float(amount)
    except ValueError as error:
        raise BookingError(f"invoice {number} has no usable amount") from error
    return {"booked": value * RATES[currency]}


@app.post("/close")
def close():
    captured(watchpost.capture_message("the day was closed with invoices refused", level="warning"), "close")
    return {"closed": True}


def captured(event_id, bug):
    """Tells whoever runs this which event belongs to which bug."""
    print(f"captured {event_id} {bug}", flush=True)
    if os.environ.get("WATCHPOST_EXAMPLE_HOLD"):
        time.sleep(60)


def main():
    watchpost.init(
        dsn=os.environ.get("SENTRY_DSN"),
        release="invoices@1.4.0",
        environment="example",
        storage_dir=os.environ.get("WATCHPOST_STORAGE_DIR"),
    )
    if os.environ.get("WATCHPOST_EXAMPLE_IDLE"):
        watchpost.flush(20)
        return
    server = make_server("127.0.0.1", 0, app, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    for path in ["invoices/1001/book", "invoices/1002/book", "invoices/1004/book", "invoices/1003/book", "close"]:
        ask(server.port, path)
    server.shutdown()
    watchpost.flush(10)


def ask(port, path):
    request = urllib.request.Request(f"http://127.0.0.1:{port}/{path}", method="POST", headers={"X-User": "7"})
    try:
        urllib.request.urlopen(request, timeout=90).close()
    except urllib.error.HTTPError as error:
        error.close()


if __name__ == "__main__":
    main()
