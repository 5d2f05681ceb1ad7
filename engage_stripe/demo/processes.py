"""The demo's processes: started together, restarted when one dies, stopped together.

Each runs in a process group of its own, so that Ctrl-C reaches only this process and it alone decides the order
of the end. Output goes to ``.local/logs/NAME.log``.
"""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Self

import httpx

STOP_WITHIN = 10.0
"""Seconds that a process gets to end by itself after SIGTERM."""


GIVE_UP_BELOW = 5.0
"""Seconds. A process that ends by itself sooner will not do better the next time."""


class StartError(Exception):
    """A process of the demo did not come up."""


class Supervisor:
    """Holds processes for the length of a ``with`` block."""

    def __init__(self, *, logs: Path, on_restart: Callable[[str], None]) -> None:
        self._logs = logs
        self._on_restart = on_restart
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._ended: dict[str, str] = {}
        self._stopping = threading.Event()
        self._launching = threading.Lock()  # held to start one again, so that none starts behind the end's back
        logs.mkdir(parents=True, exist_ok=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with self._launching:
            self._stopping.set()
        for process in self._running.values():
            _signal_group(process, signal.SIGTERM)
        for process in self._running.values():
            try:
                process.wait(STOP_WITHIN)
            except subprocess.TimeoutExpired:
                _signal_group(process, signal.SIGKILL)
                process.wait()

    def start(self, name: str, arguments: list[str], *, environment: Mapping[str, str]) -> None:
        """Start a Python module or console script of this environment and keep it running."""
        command = [str(Path(sys.executable).parent / arguments[0]), *arguments[1:]]

        def launch() -> subprocess.Popen[bytes]:
            with (self._logs / f"{name}.log").open("ab") as log:
                return subprocess.Popen(  # noqa: S603  our own commands
                    command, stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                    env={**os.environ, **environment}, start_new_session=True,
                )  # fmt: skip

        self._running[name] = launch()
        threading.Thread(target=self._keep, args=(name, launch), daemon=True).start()

    def pid(self, name: str) -> int:
        return self._running[name].pid

    def wait_until_served(self, name: str, url: str, *, seconds: float) -> None:
        """Return once ``url`` answers below 500; ``StartError`` says why it never did and shows the log's end."""
        pause = threading.Event()
        with httpx.Client(timeout=2) as client:
            for _ in range(int(seconds / 0.25)):
                if name in self._ended:
                    raise StartError(f"{name} {self._ended[name]}. The end of its log:\n{self._log_end(name)}")
                with suppress(httpx.TransportError):
                    if client.get(url).status_code < 500:
                        return
                pause.wait(0.25)
        raise StartError(f"{name} did not answer at {url} within {seconds:g} s. {self._log_end(name)}")

    def _log_end(self, name: str) -> str:
        lines = (self._logs / f"{name}.log").read_text(errors="replace").splitlines()
        return "\n".join([*lines[-5:], f"(all of it: {self._logs / name}.log)"])

    def _keep(self, name: str, launch: Callable[[], subprocess.Popen[bytes]]) -> None:
        while True:
            started = time.monotonic()
            code = self._running[name].wait()
            if self._stopping.wait(1.0):
                return
            if code > 0 and time.monotonic() - started < GIVE_UP_BELOW:
                self._ended[name] = f"ended at once ({_describe_exit(code)})"
                return
            with self._launching:
                if self._stopping.is_set():
                    return
                self._on_restart(f"{name} ended ({_describe_exit(code)}); starting it again")
                self._running[name] = launch()


def _signal_group(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    if process.poll() is None:
        os.killpg(process.pid, number)


def _describe_exit(code: int) -> str:
    return signal.Signals(-code).name if code < 0 else f"exit code {code}"


def choose_port(wanted: int, *, on_taken: Callable[[str], None], purpose: str) -> int:
    """``wanted`` where it is free, else one that the system picks; ``on_taken`` hears of it."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            chosen = int(probe.getsockname()[1])
        if chosen != wanted:
            on_taken(f"port {wanted} is taken; the {purpose} uses {chosen}")
        return chosen
    raise OSError(f"No free port on 127.0.0.1 for the {purpose}.")
