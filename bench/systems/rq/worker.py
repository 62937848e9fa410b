"""A worker of RQ in the bench. It ends in good order, as on SIGTERM, when its input is closed."""

import os
import signal
import sys
import threading

from redis import Redis
from rq import SimpleWorker

import jobs


class BenchWorker(SimpleWorker):
    def register_birth(self):
        super().register_birth()
        os.write(1, b"ready\n")

    def perform_job(self, job, queue):
        jobs.Current.id = job.id
        jobs.Current.first_attempt = job.retries_left == 2
        return super().perform_job(job, queue)

    def handle_job_success(self, job, *rest, **named):
        super().handle_job_success(job, *rest, **named)
        jobs.report("done", f"d{job.id}\n")


def stop_at_end_of_input():
    sys.stdin.read()
    jobs.Current.stopping = True
    # To the main thread, so that it interrupts the wait for a job.
    signal.pthread_kill(threading.main_thread().ident, signal.SIGTERM)


threading.Thread(target=stop_at_end_of_input, daemon=True).start()
worker = BenchWorker(
    [os.environ["BENCH_QUEUE"]],
    connection=Redis.from_url(os.environ["BENCH_REDIS_URL"]),
    log_job_description=False,
)
worker.work(logging_level="CRITICAL")
