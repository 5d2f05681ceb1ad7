"""The embedded servers: started once, shared, stopped by the last process out. Each test has its own."""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest
import redis

from engage_stripe.embedded import MEMORY

PROGRAM = """
import sys
from pathlib import Path
from engage_stripe import embedded
embedded.LOCAL = Path(sys.argv[1])
print(embedded.postgres_url(), flush=True)
print(embedded.redis_url(), flush=True)
sys.stdin.read()
"""

STOP = """
import sys
from pathlib import Path
from engage_stripe import embedded
embedded.LOCAL = Path(sys.argv[1])
sys.argv = ["embedded", "stop"]
sys.exit(embedded.main())
"""


class User:
    """A process that uses both servers until it is told to end."""

    def __init__(self, folder: Path) -> None:
        environment = {name: value for name, value in os.environ.items() if not name.endswith("_URL")}
        self._process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, str(folder)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment,
        )  # fmt: skip
        assert self._process.stdout is not None
        self.postgres, self.redis = (self._process.stdout.readline().strip() for _ in range(2))

    def leave(self) -> None:
        self._process.communicate(timeout=30)

    def kill(self) -> None:
        self._process.send_signal(signal.SIGKILL)
        self._process.communicate(timeout=30)


@pytest.fixture
def folder() -> Iterator[Path]:
    # A socket's path may have 107 characters: pytest's own folders are too deep.
    with tempfile.TemporaryDirectory(prefix="engage-", ignore_cleanup_errors=True) as path:
        Path(path).chmod(0o755)  # as root, PostgreSQL runs as a user of its own and must get in
        yield Path(path) / "local"


def answering(user: User) -> set[str]:
    """Which of the two servers answer."""
    found = set()
    with suppress(psycopg.OperationalError), psycopg.connect(user.postgres) as connection:
        connection.execute("SELECT 1")
        found.add("postgres")
    with suppress(redis.ConnectionError):
        redis.Redis.from_url(user.redis).ping()
        found.add("redis")
    return found


def test_it_shares_the_servers_and_stops_them_with_the_last_user(folder: Path) -> None:
    first, second = User(folder), User(folder)
    assert (first.postgres, first.redis) == (second.postgres, second.redis)

    first.leave()
    assert answering(second) == {"postgres", "redis"}

    second.leave()
    assert answering(second) == set()


def test_it_starts_again_after_its_user_was_killed(folder: Path) -> None:
    killed = User(folder)
    killed.kill()

    next_user = User(folder)
    assert answering(next_user) == {"postgres", "redis"}

    next_user.leave()
    assert answering(next_user) == set()


def test_it_stops_them_on_command_without_a_word(folder: Path) -> None:
    left_behind = User(folder)
    left_behind.kill()

    stop = subprocess.run([sys.executable, "-c", STOP, str(folder)], capture_output=True, text=True, check=False)

    assert (stop.returncode, stop.stdout, stop.stderr) == (0, "", "")
    assert answering(left_behind) == set()


def test_it_stops_nothing_on_command_that_another_process_uses(folder: Path) -> None:
    user = User(folder)

    stop = subprocess.run([sys.executable, "-c", STOP, str(folder)], capture_output=True, text=True, check=False)

    assert stop.returncode == 1
    assert "Stop it (Ctrl-C)" in stop.stderr
    assert answering(user) == {"postgres", "redis"}
    user.leave()


def test_it_gives_postgresql_the_memory_that_it_has_in_production(folder: Path) -> None:
    user = User(folder)
    compose = (Path(__file__).parents[2] / "docker-compose.yml").read_text()

    with psycopg.connect(user.postgres) as connection:
        for name, value in MEMORY.items():
            assert connection.execute(f"SHOW {name}").fetchone() == (value,)
            assert f'"{name}={value}"' in compose
    user.leave()
