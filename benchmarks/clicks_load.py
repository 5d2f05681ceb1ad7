"""The load generator of ``clicks.py``, a process of its own without Django.

Reads ``{"rate", "turns": [{"port", "requests": [[method, path, body, headers], …]}, …]}`` from standard input and takes
``rate`` turns a second; the requests of one turn are sent one after the other, over a kept-alive connection. Writes
``[[last body, milliseconds], …]`` to standard output. An answer that is no 200 is an error.
"""

import json
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from typing import Any

THREADS = 100  # more than turns are ever under way at once


def main() -> None:
    job = json.load(sys.stdin)
    kept = threading.local()
    started = time.perf_counter() + 1.0

    def take(number: int, turn: dict[str, Any]) -> tuple[str, float]:
        due = started + number / job["rate"]
        time.sleep(max(due - time.perf_counter(), 0))
        body = ""
        for request in turn["requests"]:
            body = _send(_connection(kept, turn["port"]), request)
        return body, (time.perf_counter() - due) * 1000

    with ThreadPoolExecutor(THREADS) as pool:
        json.dump(list(pool.map(take, range(len(job["turns"])), job["turns"])), sys.stdout)


def _connection(kept: threading.local, port: int) -> HTTPConnection:
    """This thread's own to the port."""
    connections: dict[int, HTTPConnection] = kept.__dict__.setdefault("connections", {})
    if port not in connections:
        connections[port] = HTTPConnection("127.0.0.1", port, timeout=30)
    return connections[port]


def _send(connection: HTTPConnection, request: list[Any]) -> str:
    connection.request(*request)
    answer = connection.getresponse()
    body = answer.read().decode()
    if answer.status != 200:
        raise RuntimeError(answer.status, body)
    return body


if __name__ == "__main__":
    main()
