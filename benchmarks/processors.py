"""Whether the machine's processors are ours alone.

A virtual processor is often one of two threads of a real one, and the other belongs to somebody else. While that one
is busy the same work takes 1.6 to 1.8 times as long, and that changes within seconds.
"""

import os
import time

UNDISTURBED = 1.25
"""Times the shortest of all ``probe`` of a run."""


def probe() -> float:
    """Milliseconds that a fixed piece of work takes, some 1.5 when undisturbed: on the slowest of our processors."""
    ours = os.sched_getaffinity(0)
    try:
        return max(_work_on(processor) for processor in ours)
    finally:
        os.sched_setaffinity(0, ours)


def _work_on(processor: int) -> float:
    os.sched_setaffinity(0, {processor})
    return min(_work(), _work())


def _work() -> float:
    started = time.perf_counter()
    kept = {}
    for number in range(5_000):
        kept[number % 1000] = (number, str(number))
    return (time.perf_counter() - started) * 1000
