"""The load generator of ``clicks.py``, a process of its own without Django.

Reads ``{"port", "path", "headers", "users", "rate"}`` from standard input and clicks once for each user, ``rate``
times a second. Writes ``{"answers": [[status, body, milliseconds], …], "seconds", "cpu"}`` to standard output.
"""

import json
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from typing import Any

THREADS = 100  # more than clicks are ever under way at once


def main() -> None:
    job = json.load(sys.stdin)
    kept = threading.local()
    started = time.perf_counter() + 1.0

    def click(number: int, user: str) -> tuple[int, str, float]:
        due = started + number / job["rate"]
        time.sleep(max(due - time.perf_counter(), 0))
        if not hasattr(kept, "connection"):
            kept.connection = HTTPConnection("127.0.0.1", job["port"], timeout=30)
        body = json.dumps({"user_id": user})
        kept.connection.request("POST", job["path"], body, job["headers"])
        answer = kept.connection.getresponse()
        read = answer.read().decode()
        return answer.status, read, (time.perf_counter() - due) * 1000

    with ThreadPoolExecutor(THREADS) as pool:
        answers = list(pool.map(click, range(len(job["users"])), job["users"]))
    result: dict[str, Any] = {
        "answers": answers,
        "seconds": time.perf_counter() - started,
        "cpu": time.process_time(),
    }
    json.dump(result, sys.stdout)


if __name__ == "__main__":
    main()
