"""A job that does everything an application without a framework can report."""

import logging
import threading
import time

import sentry_sdk
from sentry_sdk import metrics
from sentry_sdk.crons import monitor

logger = logging.getLogger("shop.job")


class ChargeError(Exception):
    pass


def parse(amount):
    return int(amount)


def charge(cart, amount):
    password = "hunter2"
    try:
        return parse(amount)
    except ValueError as error:
        raise ChargeError(f"cart {cart} cannot be charged") from error


def errors():
    sentry_sdk.set_user({"id": "42", "email": "ada@shop.test"})
    sentry_sdk.set_tag("tenant", "acme")
    sentry_sdk.set_context("cart", {"items": 3})
    sentry_sdk.add_breadcrumb(category="cart", message="item added", level="info", data={"sku": "A-1"})
    logger.info("charging %s", "cart 7")
    ids = []
    for user in ("42", "43"):
        sentry_sdk.set_user({"id": user, "email": f"u{user}@shop.test"})
        try:
            charge(7, "12,90")
        except ChargeError as error:
            with sentry_sdk.new_scope() as scope:
                scope.add_attachment(bytes=b"sku;count\nA-1;3\n", filename="cart.csv", content_type="text/csv")
                ids.append(sentry_sdk.capture_exception(error))
    print("error:", ids[0])
    print("message:", sentry_sdk.capture_message("stock is low", level="warning"))
    logger.error("the queue %s is stuck", "mail")
    thread = threading.Thread(target=charge, args=(8, "x"), name="worker")
    thread.start()
    thread.join()


def sessions():
    for fails in (False, False, False, True):
        with sentry_sdk.isolation_scope():
            sentry_sdk.start_session()
            if fails:
                sentry_sdk.capture_exception(ChargeError("in a session"))
            sentry_sdk.end_session()


@monitor(monitor_slug="nightly", monitor_config={"schedule": {"type": "crontab", "value": "0 3 * * *"}})
def nightly():
    time.sleep(0.01)


@monitor(monitor_slug="weekly")
def weekly():
    raise RuntimeError("the weekly report has no data")


def busy(seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        sum(range(1000))


def traced():
    with sentry_sdk.start_transaction(op="task", name="import ledger") as transaction:
        transaction.set_tag("tenant", "acme")
        with sentry_sdk.start_span(op="db.query", name="SELECT balance FROM ledger") as span:
            span.set_data("db.system", "postgresql")
            busy(0.1)
        with sentry_sdk.start_span(op="cache.put", name="balances"):
            busy(0.05)
        print("trace:", transaction.trace_id)
        print("in trace:", sentry_sdk.capture_message("ledger imported"))
        sentry_sdk.set_measurement("ledger.rows", 120)


def telemetry():
    sentry_sdk.logger.warning("stock of {sku} is {count}", sku="A-1", count=2)
    sentry_sdk.logger.info("checkout finished", attributes={"cart.items": 3, "paid": True})
    metrics.count("checkouts", 1, attributes={"tenant": "acme"})
    metrics.distribution("checkout.time", 12.5, unit="millisecond")
    metrics.gauge("queue.depth", 4)


sentry_sdk.init(
    debug=True,
    traces_sample_rate=1.0,
    profiles_sample_rate=1.0,
    send_default_pii=True,
    enable_logs=True,
    auto_session_tracking=True,
    project_root="/nowhere",
    in_app_include=["__main__"],
)
errors()
sessions()
nightly()
try:
    weekly()
except RuntimeError as error:
    sentry_sdk.capture_exception(error)
traced()
telemetry()
sentry_sdk.flush(timeout=20)
sentry_sdk.get_client().close(timeout=20)
