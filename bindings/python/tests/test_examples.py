"""Programs as they are written for sentry-sdk, but for their imports: run as they are, against a server."""

import contextlib
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from support import environment, framework, free_port, items

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"


@contextlib.contextmanager
def program(sink, tmp_path, *command, folder):
    """The program at work, with the address that it serves."""
    port = free_port()
    env = environment(SENTRY_DSN=sink.dsn, PORT=port, XDG_CACHE_HOME=tmp_path, SHOP_DATA=tmp_path)
    command = [sys.executable, *(str(part).replace("PORT", str(port)) for part in command)]
    process = subprocess.Popen(command, env=env, cwd=EXAMPLES / folder, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(60)


def ask(address, data=None, **headers):
    """The status and the cookie of the answer; waits until somebody answers."""
    for _ in range(600):
        try:
            request = urllib.request.Request(address, data=data, headers=headers)
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, answer.headers.get("Set-Cookie")
        except urllib.error.HTTPError as error:
            error.close()
            return error.code, None
        except urllib.error.URLError:
            time.sleep(0.1)
    raise AssertionError(f"nobody answers at {address}")


def test_a_flask_application(sink, tmp_path):
    framework("flask")
    with program(sink, tmp_path, "main.py", folder="python-flask-migrated") as url:
        assert ask(f"{url}/")[0] == 200
        for _ in range(40):
            assert ask(f"{url}/debug-sentry")[0] == 500
        found = sink.wait_until(lambda: len(items(sink, "event")) >= 40 and items(sink, "transaction"))
    assert found
    events = items(sink, "event")
    assert len(events) == 40 and {event["exception"]["values"][-1]["type"] for event in events} == {"ZeroDivisionError"}
    event = events[0]
    assert (event["environment"], event["release"]) == ("staging", "shop@2.3.12")
    assert event["transaction"] == "/debug-sentry" and event["request"]["url"] == f"{url}/debug-sentry"
    assert "breadcrumbs" not in event and {"flask", "logging"} <= set(event["sdk"]["integrations"])
    # Three of four are sampled: all or none of 41 would be less likely than one in 100,000.
    transactions = items(sink, "transaction")
    assert 0 < len(transactions) < 41


def test_a_sampler_by_user(sink, tmp_path):
    with program(sink, tmp_path, "sampler.py", folder="python-flask-migrated"):
        assert sink.wait_until(lambda: len(items(sink, "transaction")) >= 2)
    names = sorted(transaction["transaction"] for transaction in items(sink, "transaction"))
    assert names == ["export of user 1", "export of user 7"]


def test_fingerprints_by_address_and_fields_that_are_masked(sink, tmp_path):
    framework("flask")
    with program(sink, tmp_path, "fingerprints.py", folder="python-flask-migrated") as url:
        assert ask(f"{url}/about")[0] == 500
        assert ask(f"{url}/api/v1/orders", b"{}")[0] == 500
        assert sink.wait_until(lambda: len(items(sink, "event")) >= 2)
    about, orders = items(sink, "event")
    assert "fingerprint" not in about and orders["fingerprint"] == ["api-v1", "{{ default }}"]
    assert orders["extra"]["payment"] == {"credit_card": "[Filtered]", "holder": {"SSN": "[Filtered]"}}
    frame = orders["exception"]["values"][-1]["stacktrace"]["frames"][-1]
    assert frame["vars"]["new_password"] == "[Filtered]"
    assert not any(secret in str(frame["vars"]) + str(orders["extra"]) for secret in ("hunter2", "4111", "078-05"))


@pytest.mark.skipif(not os.environ.get("WATCHPOST_FRAMEWORKS"), reason="runs with `cargo xtask soak frameworks`")
def test_a_django_project(sink, tmp_path):
    framework("django")
    folder = "python-django-migrated"
    migrate = [sys.executable, "manage.py", "migrate", "-v", "0"]
    subprocess.run(migrate, env=environment(SHOP_DATA=tmp_path), cwd=EXAMPLES / folder, check=True, timeout=120)
    with program(sink, tmp_path, "manage.py", "runserver", "--noreload", "PORT", folder=folder) as url:
        status, cookie = ask(f"{url}/login/ada/")
        assert status == 200
        assert ask(f"{url}/sentry-debug/", Cookie=cookie.split(";")[0])[0] == 500
        assert sink.wait_until(lambda: items(sink, "event"))
    (event,) = items(sink, "event")
    assert event["exception"]["values"][-1]["type"] == "ZeroDivisionError"
    user = {"id": "1", "username": "ada", "email": "ada@example.com", "ip_address": "127.0.0.1"}
    assert event["user"] == user and event["transaction"] == "/sentry-debug/"
    assert "django" in event["sdk"]["integrations"]
