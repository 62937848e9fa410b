"""The producer of RQ in the bench: answers requests, one JSON object a line, each with one line of JSON."""

import json
import os
import sys

from redis import Redis
from rq import Queue, Retry

# A day, so that no result expires while a round runs.
RESULT_TTL = 86_400
# Saves RQ from spelling out the call of every job.
OPTIONS = {"description": "work", "result_ttl": RESULT_TTL, "retry": Retry(max=2)}

queue = Queue(os.environ["BENCH_QUEUE"], connection=Redis.from_url(os.environ["BENCH_REDIS_URL"]))


def add(payloads):
    return [queue.enqueue("jobs.work", args=(payload,), **OPTIONS).id for payload in payloads]


def add_bulk(payloads):
    prepared = [Queue.prepare_data("jobs.work", (payload,), **OPTIONS) for payload in payloads]
    with queue.connection.pipeline() as pipeline:
        jobs = queue.enqueue_many(prepared, pipeline=pipeline)
        pipeline.execute()
    return [job.id for job in jobs]


def answer(request):
    match request["do"]:
        case "add":
            return add(request["payloads"])
        case "addBulk":
            return add_bulk(request["payloads"])
        case "completed":
            return queue.finished_job_registry.count
        case "waiting":
            return queue.count + queue.scheduled_job_registry.count


queue.connection.ping()
sys.stdout.write("ready\n")
for line in sys.stdin:
    sys.stdout.write(json.dumps(answer(json.loads(line))) + "\n")
