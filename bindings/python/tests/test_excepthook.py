"""What ends a program or a thread is captured, and the program ends as it would have without us."""

import pytest

from support import run

INIT = """
import os, sys, watchpost
if "DSN" in os.environ:
    watchpost.init(os.environ["DSN"], storage_dir=os.environ["SPOOL"])
"""
CRASH = """
def fail(n):
    raise ValueError("the end")
fail(1)
"""
THREAD = """
import threading
def fail():
    raise ValueError("the end of a thread")
thread = threading.Thread(target=fail, name="worker"); thread.start(); thread.join()
print("goes on")
"""


@pytest.mark.parametrize(
    ("script", "mechanism", "level"),
    [(CRASH, "auto.excepthook", "fatal"), (THREAD, "auto.threading", "error")],
)
def test_captured_and_otherwise_the_same(sink, tmp_path, script, mechanism, level):
    without = run(INIT + script)
    done = run(INIT + script, DSN=sink.dsn, SPOOL=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (without.returncode, without.stdout, without.stderr)
    assert "ValueError: the end" in done.stderr
    (event,) = sink.wait_for(1)
    value = event["exception"]["values"][-1]
    assert value["mechanism"] == {"type": mechanism, "handled": False} and event["level"] == level
    assert value["stacktrace"]["frames"][-1]["function"] == "fail"


@pytest.mark.parametrize("script", ["raise KeyboardInterrupt", "sys.exit(3)", "raise SystemExit('bye')"])
def test_no_errors(sink, tmp_path, script):
    without = run(INIT + script)
    done = run(INIT + script, DSN=sink.dsn, SPOOL=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (without.returncode, without.stdout, without.stderr)
    assert sink.events() == []


def test_other_hooks_still_run(sink, tmp_path):
    script = """
def mine(*info): print("mine", info[0].__name__)
sys.excepthook = mine
""" + INIT + CRASH
    done = run("import sys" + script, DSN=sink.dsn, SPOOL=tmp_path)
    assert done.stdout == "mine ValueError\n" and done.returncode == 1
    assert len(sink.wait_for(1)) == 1


def test_what_was_captured_is_not_captured_again(sink, tmp_path):
    script = INIT + """
import logging
try: 1 / 0
except ZeroDivisionError as error:
    watchpost.capture_exception(error)
    logging.getLogger("shop").exception("again")
    raise
"""
    run(script, DSN=sink.dsn, SPOOL=tmp_path)
    assert len(sink.wait_for(1)) == 1


def test_switched_off(sink, tmp_path):
    script = INIT.replace("SPOOL\"]", "SPOOL\"], disabled_integrations=['excepthook', 'logging']") + CRASH
    run(script, DSN=sink.dsn, SPOOL=tmp_path)
    assert sink.events() == []


def test_logging(sink, tmp_path):
    script = INIT + """
import logging
log = logging.getLogger("shop.cart")
log.setLevel(logging.INFO)
log.debug("not seen"); log.info("item %s added", 5); log.warning("odd")
log.error("cart %s is gone", 7)
try: 1 / 0
except ZeroDivisionError: log.exception("failed")
log.info("bad %s %s", 1)
"""
    without = run(script)
    done = run(script, DSN=sink.dsn, SPOOL=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (without.returncode, without.stdout, without.stderr)
    message, error = sink.wait_for(2)
    assert message["logentry"] == {"formatted": "cart 7 is gone", "message": "cart %s is gone", "params": [7]}
    assert message["logger"] == "shop.cart" and message["level"] == "error" and "exception" not in message
    crumbs = message["breadcrumbs"]["values"]
    assert [(crumb["message"], crumb["level"]) for crumb in crumbs] == [("item 5 added", "info"), ("odd", "warning")]
    assert crumbs[0]["category"] == "shop.cart"
    assert error["exception"]["values"][0]["mechanism"] == {"type": "auto.logging", "handled": True}
