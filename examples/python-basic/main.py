"""Books the invoices of invoices.csv. Some of them are broken, and what goes wrong is reported to SENTRY_DSN."""

import csv
import os
import time
from decimal import Decimal, InvalidOperation
from pathlib import Path

import watchpost

RATES = {"EUR": Decimal("1"), "SEK": Decimal("0.087")}


class BookingError(Exception):
    """An invoice that cannot be booked; its cause says why."""


def main():
    watchpost.init(
        dsn=os.environ.get("SENTRY_DSN"),
        release="invoices@1.4.0",
        environment="example",
        storage_dir=os.environ.get("WATCHPOST_STORAGE_DIR"),
    )
    if os.environ.get("WATCHPOST_EXAMPLE_IDLE"):
        # Delivers what an earlier run, killed perhaps, left behind.
        watchpost.flush(20)
        return

    watchpost.set_tag("importer", "nightly")
    watchpost.set_user({"id": "7", "username": "importer"})
    refused = import_invoices(Path(__file__).with_name("invoices.csv"))
    event_id = watchpost.capture_message(f"import ended with {refused} invoices refused", level="warning")
    report(event_id, "summary")
    watchpost.flush(10)


def import_invoices(path):
    watchpost.add_breadcrumb(category="import", message=f"reading {path.name}")
    refused = 0
    with path.open(newline="") as file:
        for row in csv.DictReader(file):
            watchpost.add_breadcrumb(category="import", message=f"invoice {row['number']}", data={"amount": row["amount"]})
            try:
                book(row)
            except BookingError as error:
                report(watchpost.capture_exception(error), "amount")
                refused += 1
            except KeyError as error:
                with watchpost.new_scope() as scope:
                    scope.set_tag("currency", row["currency"])
                    report(watchpost.capture_exception(error), "currency")
                refused += 1
    return refused


def book(row):
    try:
        amount = Decimal(row["amount"])
    except InvalidOperation as error:
        raise BookingError(f"invoice {row['number']} has no usable amount") from error
    return amount * RATES[row["currency"]]


def report(event_id, bug):
    """Tells whoever runs this which event belongs to which bug."""
    print(f"captured {event_id} {bug}", flush=True)
    if os.environ.get("WATCHPOST_EXAMPLE_HOLD"):
        time.sleep(60)


if __name__ == "__main__":
    main()
