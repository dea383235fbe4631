"""What arrives, when things go wrong."""

import os
import signal
import sys
import time

CHILDREN = 4


def kill(side, count):
    """Captures, and is killed straight after."""
    capture(side, count)
    os.kill(os.getpid(), signal.SIGKILL)


def resume(side, _):
    """The next start: whatever is left goes out."""
    time.sleep(0.5)  # The first look for what others left takes place in the background.
    side.flush(30)


def end(side, count):
    """Captures quickly, and comes to its end."""
    capture(side, count)


def outage(side, count):
    """Ten captures a second."""
    for number in range(count):
        capture(side, 1, number)
        time.sleep(0.1)
    side.flush(30)


def fork(side, count):
    """Children and their parent capture at once; each comes to its end as processes do."""
    children = []
    for child in range(CHILDREN):
        pid = os.fork()
        if pid == 0:
            capture(side, count, child * count)
            sys.exit()
        children.append(pid)
    capture(side, count, CHILDREN * count)
    for pid in children:
        if os.waitpid(pid, 0)[1]:
            raise RuntimeError("a child failed")


def capture(side, count, first=0):
    from case import crumbs, fail

    crumbs(side, first)
    for number in range(first, first + count):
        fail(side, number)


TASKS = {"kill": kill, "resume": resume, "exit": end, "outage": outage, "fork": fork}
