"""The demo's supervisor: starts, restarts, stops; and its choice of ports."""

import os
import queue
import signal
import socket
from pathlib import Path

import psutil
import pytest

from engage_stripe.demo.processes import StartError, Supervisor, choose_port

SERVE = """
import http.server, sys
http.server.test(http.server.SimpleHTTPRequestHandler, port=int(sys.argv[1]), bind="127.0.0.1")
"""


def free_port() -> int:
    return choose_port(0, on_taken=lambda _: None, purpose="test")


def serve(supervisor: Supervisor, port: int) -> None:
    supervisor.start("server", ["python", "-c", SERVE, str(port)], environment={})
    supervisor.wait_until_served("server", f"http://127.0.0.1:{port}", seconds=20)


def test_it_stops_what_it_started_and_nothing_else(tmp_path: Path) -> None:
    with Supervisor(logs=tmp_path, on_restart=pytest.fail) as supervisor:
        serve(supervisor, free_port())
        pid = supervisor.pid("server")
    assert not psutil.pid_exists(pid)
    assert psutil.pid_exists(os.getpid())


def test_it_starts_a_killed_process_again_and_says_so(tmp_path: Path) -> None:
    said: queue.Queue[str] = queue.Queue()
    port = free_port()
    with Supervisor(logs=tmp_path, on_restart=said.put) as supervisor:
        serve(supervisor, port)
        os.kill(supervisor.pid("server"), signal.SIGKILL)
        assert said.get(timeout=20) == "server ended (SIGKILL); starting it again"
        supervisor.wait_until_served("server", f"http://127.0.0.1:{port}", seconds=20)


def test_it_shows_why_a_process_ended_at_once(tmp_path: Path) -> None:
    with Supervisor(logs=tmp_path, on_restart=pytest.fail) as supervisor:
        supervisor.start("web", ["python", "-c", "import sys; sys.exit('no such setting')"], environment={})
        with pytest.raises(StartError, match=r"web ended at once \(exit code 1\)") as caught:
            supervisor.wait_until_served("web", "http://127.0.0.1:1", seconds=20)
    assert "no such setting" in str(caught.value)


def test_it_picks_another_port_and_says_which_was_taken() -> None:
    said: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as taken:
        wanted = taken.getsockname()[1]
        chosen = choose_port(wanted, on_taken=said.append, purpose="console")
    assert chosen != wanted
    assert said == [f"port {wanted} is taken; the console uses {chosen}"]
