"""A Flask application as it is written for sentry-sdk: only the imports name another package."""

import os

import watchpost as sentry_sdk
from flask import Flask
from watchpost.integrations.flask import FlaskIntegration
from watchpost.integrations.logging import LoggingIntegration

sentry_sdk.init(
    dsn=os.environ.get("SENTRY_DSN"),
    integrations=[FlaskIntegration(), LoggingIntegration(level=None, event_level=None)],
    traces_sample_rate=0.75,
    environment="staging",
    release="shop@2.3.12",
)

app = Flask(__name__)


@app.route("/")
def hello():
    return "hello"


@app.route("/debug-sentry")
def trigger_error():
    app.logger.error("about to divide")
    return str(1 / 0)


if __name__ == "__main__":
    app.run(port=int(os.environ.get("PORT", "5000")))
