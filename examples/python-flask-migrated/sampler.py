"""A `traces_sampler` as it is written for sentry-sdk: it samples by who the user is."""

import os

import watchpost as sentry_sdk

VIPS = {"1", "7"}


def traces_sampler(context):
    if context["user"]["id"] in VIPS:
        return 1.0
    return 0.0


def main():
    sentry_sdk.init(dsn=os.environ.get("SENTRY_DSN"), traces_sampler=traces_sampler)
    for user in ("1", "2", "7", "8"):
        with sentry_sdk.start_transaction(
            op="task", name=f"export of user {user}", custom_sampling_context={"user": {"id": user}}
        ):
            pass
    sentry_sdk.flush()


if __name__ == "__main__":
    main()
