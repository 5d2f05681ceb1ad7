"""What a change saves: clicks of two working trees, one of each in turn.

    python -m benchmarks.clicks_compare ../before [--clicks 500]

``../before`` is a clone in which ``make install`` ran, or which has a link to this tree's ``.venv``. Each tree has its
own database, sandbox and web process; nothing else differs. A machine whose speed changes within minutes changes it for
both, so two runs of ``benchmarks.clicks`` differ by more than two trees do here. Compare this tree with itself first:
what is less than that difference cannot be told.
"""

import argparse
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO

CHILD = Path(__file__).with_name("clicks_one_tree.py")
PAUSE = 0.004  # seconds between two clicks: the pace of the load, nothing waits for anything in it


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("other", type=Path, help="the tree to compare this one with")
    parser.add_argument("--clicks", type=int, default=500, help="of each tree")
    options = parser.parse_args()
    trees = [options.other, Path.cwd()]
    with ExitStack() as stack:
        children = [stack.enter_context(_child(tree, options.clicks)) for tree in trees]
        # Both have been started by now: a web server closes a connection that waits for the other tree.
        for tree, child in zip(trees, children, strict=True):
            _await_ready(tree, child)
        took: list[list[float]] = [[], []]
        for turn in range(options.clicks):
            for which in (0, 1) if turn % 2 else (1, 0):
                took[which].append(_click(children[which]))
                time.sleep(PAUSE)
        cpu = [_ask(child, "cpu") for child in children]
    for tree, milliseconds, spent in zip(trees, took, cpu, strict=True):
        p50, p99 = (statistics.quantiles(milliseconds, n=100)[place] for place in (49, 98))
        print(
            f"{tree!s:40} p50 {p50:6.2f} ms  p99 {p99:6.2f} ms  web {spent / options.clicks * 1000:5.2f} ms of CPU"
        )
    saved = statistics.median(before - after for before, after in zip(*took, strict=True))
    print(f"saved by this tree, median of {options.clicks} pairs: {saved:.2f} ms")


@contextmanager
def _child(tree: Path, clicks: int) -> Iterator[tuple[IO[str], IO[str]]]:
    command = [".venv/bin/python", "-m", "engage_stripe.embedded", "run", ".venv/bin/python", "-W", "ignore"]
    with subprocess.Popen(
        [*command, str(CHILD), str(clicks)],
        cwd=tree, env=os.environ | {"PYTHONPATH": "."}, text=True, bufsize=1,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    ) as process:  # fmt: skip
        assert process.stdin
        assert process.stdout
        yield process.stdin, process.stdout
        process.stdin.close()


def _await_ready(tree: Path, child: tuple[IO[str], IO[str]]) -> None:
    if child[1].readline() != "ready\n":
        sys.exit(f"{tree} did not start.")


def _click(child: tuple[IO[str], IO[str]]) -> float:
    return _ask(child, "click") * 1000


def _ask(child: tuple[IO[str], IO[str]], what: str) -> float:
    """Seconds."""
    asked, answers = child
    asked.write(f"{what}\n")
    return float(answers.readline())


if __name__ == "__main__":
    main()
