"""``python -m engage_stripe.demo [--once]``: bring everything up, do the main job, keep serving."""

import argparse
import os
import signal
import sys
import threading
from pathlib import Path

from engage_stripe import embedded
from engage_stripe.demo.processes import StartError, Supervisor, choose_port
from engage_stripe.demo.screen import Screen
from engage_stripe.sandbox import demo as sandbox_demo

START_WITHIN = 60
"""Seconds that a process gets to answer for the first time."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="make demo", description=__doc__)
    parser.add_argument("--once", action="store_true", help="stop after the last step")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that `with` blocks end their processes
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs start with it ignored
    screen = Screen()
    try:
        return _run(screen, once=arguments.once)
    except StartError as error:
        screen.failed(f"Starting failed: {error}")
        return 1
    except KeyboardInterrupt:
        screen.say("\nStopped.")
        return 130


def _run(screen: Screen, *, once: bool) -> int:
    environment = _environment(screen)
    os.environ.update(environment)
    logs = embedded.LOCAL / "logs"
    with Supervisor(logs=logs, on_restart=screen.notice) as supervisor:
        _start_sandbox(supervisor, environment)
        _set_up_django()
        from engage_stripe.demo.steps import tell  # noqa: PLC0415  needs Django
        from engage_stripe.demo.story import Story  # noqa: PLC0415  the same

        _start_console(supervisor, environment)
        screen.found("running", ", ".join(_addresses(environment, logs)))
        story = Story(
            screen=screen, console_url=environment["PUBLIC_BASE_URL"], stripe_url=environment["STRIPE_API_BASE"]
        )
        if not tell(story):
            return 1
        if not once:
            story.print_addresses()
            threading.Event().wait()
    return 0


def _environment(screen: Screen) -> dict[str, str]:
    """What every process of the demo is started with."""
    web = choose_port(8000, on_taken=screen.notice, purpose="console")
    sandbox = choose_port(12111, on_taken=screen.notice, purpose="sandbox Stripe")
    sandbox_url = f"http://127.0.0.1:{sandbox}"
    return {
        "DEBUG": "1",
        "DJANGO_SETTINGS_MODULE": "engage_stripe.settings",
        "DATABASE_URL": os.environ.get("DATABASE_URL") or embedded.postgres_url(),
        "REDIS_URL": os.environ.get("REDIS_URL") or embedded.redis_url(),
        "PUBLIC_BASE_URL": f"http://127.0.0.1:{web}",
        "STRIPE_API_BASE": sandbox_url,
        "STRIPE_CONNECT_BASE": sandbox_url,
        "STRIPE_CONNECT_CLIENT_ID": sandbox_demo.PLATFORM_CLIENT_ID,
        "STRIPE_PLATFORM_KEY": "sk_test_platform51Engage",
        "LOG_LEVEL": "WARNING",
    }


def _start_sandbox(supervisor: Supervisor, environment: dict[str, str]) -> None:
    url = environment["STRIPE_API_BASE"]
    port = url.rpartition(":")[2]
    supervisor.start(
        "sandbox",
        ["python", "-m", "engage_stripe.sandbox", "--port", port,
         "--snapshot", str(embedded.LOCAL / "sandbox.json"),
         "--redirect-uri", f"{environment['PUBLIC_BASE_URL']}/settings/actions/stripe/connect/callback/"],
        environment=environment,
    )  # fmt: skip
    supervisor.wait_until_served("sandbox", url, seconds=START_WITHIN)


def _set_up_django() -> None:
    import django  # noqa: PLC0415  settings read the environment, which is complete only now
    from django.core.management import call_command  # noqa: PLC0415

    django.setup()
    call_command("migrate", verbosity=0, interactive=False)


def _start_console(supervisor: Supervisor, environment: dict[str, str]) -> None:
    url = environment["PUBLIC_BASE_URL"]
    supervisor.start(
        "web",
        ["granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", url.rpartition(":")[2],
         "--workers", "1", "--blocking-threads", "8", "engage_stripe.wsgi:application"],
        environment=environment,
    )  # fmt: skip
    supervisor.start(
        "worker",
        ["celery", "-A", "engage_stripe", "worker", "--loglevel", "INFO", "--concurrency", "2"],
        environment=environment,
    )
    schedule = str(embedded.LOCAL / "celerybeat-schedule")
    supervisor.start(
        "beat",
        ["celery", "-A", "engage_stripe", "beat", "--loglevel", "INFO", "--schedule", schedule],
        environment=environment,
    )
    supervisor.wait_until_served("web", f"{url}/readyz", seconds=START_WITHIN)


def _addresses(environment: dict[str, str], logs: Path) -> list[str]:
    return [
        f"console {environment['PUBLIC_BASE_URL']}",
        f"sandbox Stripe {environment['STRIPE_API_BASE']}",
        f"logs {logs}",
    ]


if __name__ == "__main__":
    sys.exit(main())
