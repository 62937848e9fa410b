"""What RQ's workers run in the bench, and how they say so: a line a handler that began, a line a stored completion."""

import json
import os
import time

BEHAVIOUR = os.environ["BENCH_BEHAVIOUR"]
RESULT = json.loads(os.environ["BENCH_RESULT"])
REPORTS = os.environ["BENCH_REPORTS"].split(",")


class Current:
    """The job that this process runs; the worker sets it, since asking RQ for it costs a look at Redis."""

    id = ""
    first_attempt = True
    stopping = False


def report(kind, line):
    if kind in REPORTS:
        os.write(1, line.encode())


def work(payload):
    report("started", f"s{Current.id}\n")
    if BEHAVIOUR == "fail-once" and Current.first_attempt:
        raise RuntimeError("the first attempt fails")
    while BEHAVIOUR == "hold":
        if Current.stopping:
            raise RuntimeError("the worker stops")
        time.sleep(0.01)
    return RESULT
