"""A shop on Flask."""

import sentry_sdk
from flask import Flask, abort
from serving import serve

sentry_sdk.init(debug=True, traces_sample_rate=1.0, send_default_pii=True)
app = Flask("shop")


class ChargeError(Exception):
    pass


@app.get("/items")
def items():
    with sentry_sdk.start_span(op="cache.get", name="items") as span:
        span.set_data("cache.hit", True)
    return {"items": 3}


@app.post("/carts/<int:cart>/pay")
def pay(cart):
    sentry_sdk.set_user({"id": "42", "ip_address": "{{auto}}"})
    raise ChargeError(f"cart {cart} cannot be charged")


@app.get("/hidden")
def hidden():
    abort(404)


if __name__ == "__main__":
    serve(app)
