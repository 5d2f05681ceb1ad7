"""The load generator of ``clicks.py``, a process of its own without Django.

Reads ``{"rate", "blocks": [[{"port", "requests": [[method, path, body, headers], …]}, …], …]}`` from standard input:
blocks of turns. It takes ``rate`` turns a second; the requests of one turn are sent one after the other, over a
kept-alive connection. Between two blocks it waits for all answers and looks at the processors. Writes
``{"probes", "answers"}`` to standard output: the milliseconds of each probe, one more than there are blocks, and by
block ``[[last body, milliseconds], …]``. An answer that is no 200 is an error.
"""

import json
import sys
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from typing import Any

from benchmarks.processors import probe

THREADS = 100  # more than turns are ever under way at once
AHEAD = 0.02  # seconds from a probe to the first turn of the next block

Turn = dict[str, Any]
Answer = tuple[str, float]


def main() -> None:
    job = json.load(sys.stdin)
    kept = threading.local()
    with ThreadPoolExecutor(THREADS) as pool:

        def take_block(turns: Sequence[Turn]) -> list[Answer]:
            started = time.perf_counter() + AHEAD
            due = [started + number / job["rate"] for number in range(len(turns))]
            return list(pool.map(lambda when, turn: _take(kept, when, turn), due, turns))

        json.dump(_probed(take_block, job["blocks"]), sys.stdout)


def _probed(take: Callable[[Sequence[Turn]], list[Answer]], blocks: Sequence[Sequence[Turn]]) -> dict[str, Any]:
    probes, answers = [probe()], []
    for turns in blocks:
        answers.append(take(turns))
        probes.append(probe())
    return {"probes": probes, "answers": answers}


def _take(kept: threading.local, due: float, turn: Turn) -> Answer:
    time.sleep(max(due - time.perf_counter(), 0))
    body = ""
    for request in turn["requests"]:
        body = _send(_connection(kept, turn["port"]), request)
    return body, (time.perf_counter() - due) * 1000


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
