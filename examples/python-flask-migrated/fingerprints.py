"""A `before_send` as it is written for sentry-sdk: it groups by the address of the request."""

import os

import watchpost as sentry_sdk
from flask import Flask
from watchpost.integrations.flask import FlaskIntegration


def before_send(event, hint):
    url = event.get("request", {}).get("url", "")
    if "/api/v1/" in url:
        event["fingerprint"] = ["api-v1", "{{ default }}"]
    return event


sentry_sdk.init(
    dsn=os.environ.get("SENTRY_DSN"),
    integrations=[FlaskIntegration()],
    before_send=before_send,
    sanitize_fields=["password", "credit_card", "ssn"],
)

app = Flask(__name__)


@app.route("/api/v1/orders", methods=["POST"])
def orders():
    sentry_sdk.set_extra("payment", {"credit_card": "4111 1111 1111 1111", "holder": {"SSN": "078-05-1120"}})
    new_password = "hunter2"  # noqa: S105
    raise ValueError(f"an order without lines ({len(new_password)})")


@app.route("/about")
def about():
    raise KeyError("about")


if __name__ == "__main__":
    app.run(port=int(os.environ.get("PORT", "5000")))
