"""One worker process: it drains the inbox once for each line of its input and says how that went, in JSON."""

import json
import resource
import sys
import time

import django
from django.conf import settings

django.setup()
settings.DEBUG = False  # with it Django keeps every statement it ever made

from sync import draining  # noqa: E402  needs Django


def resident_megabytes() -> float:
    """Of this process, now."""
    with open("/proc/self/statm") as statm:  # noqa: PTH123
        return int(statm.read().split()[1]) * resource.getpagesize() / 2**20


for _ in sys.stdin:
    started, cpu = time.perf_counter(), time.process_time()
    while draining.drain_for_a_turn():
        pass
    taken = {"seconds": time.perf_counter() - started, "cpu": time.process_time() - cpu}
    print(json.dumps({"resident": resident_megabytes(), **taken}), flush=True)
