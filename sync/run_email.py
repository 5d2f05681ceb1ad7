"""What the admins are told by email when a night or an uploaded file is done."""

import logging
from collections.abc import Iterable
from uuid import UUID

from django.urls import reverse

from connector.configuration import public_address
from connector.host import get_host
from connector.notices import email_admins
from sync.models import IdentitySource, Night, SyncRun

logger = logging.getLogger(__name__)

TROUBLE = (SyncRun.State.FAILED, SyncRun.State.PARTIAL, SyncRun.State.STOPPED)


def tell_admins(*, app_id: UUID, subject: str, body: str) -> None:
    """Email them. A mail server that does not answer undoes nothing and stops nothing: it is logged."""
    try:
        email_admins(app_id=app_id, subject=subject, body=body)
    except OSError:  # the errors of smtplib are of this kind
        logger.exception("The admins of App %s could not be emailed", app_id)


def describe_night(night: Night) -> tuple[str, str, bool]:
    """``(subject, body, whether there was trouble)``."""
    runs = list(night.runs.order_by("created_at"))
    sources = list(IdentitySource.objects.filter(connection=night.connection).exclude(error=""))
    trouble = bool(sources) or any(run.state in TROUBLE for run in runs)
    name = _app_name(night.connection.app_id)
    verdict = "needs your attention" if trouble else "is done"
    lines = [
        f"The nightly Stripe sync of {name} ({night.connection.mode} mode, {night.local_date}) {verdict}.",
        "",
    ]
    lines += _describe(runs)
    lines += [f"Source {source.url}: {source.error}" for source in sources]
    return f"Stripe sync of {name} {verdict}", _with_link(lines), trouble


def describe_import(run: SyncRun) -> tuple[str, str]:
    """``(subject, body)`` about a file that somebody uploaded."""
    name = _app_name(run.app_id)
    subject = f"Identity import of {name}: {run.get_state_display().lower()}"
    return subject, _with_link(
        [f"The identity file uploaded by {run.started_by} was processed.", "", *_describe([run])]
    )


def _describe(runs: Iterable[SyncRun]) -> list[str]:
    lines = []
    for run in runs:
        told = ", ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in run.counts.items() if count)
        lines.append(
            f"{run.get_kind_display()}: {run.get_state_display().lower()}" + (f" ({told})" if told else "")
        )
        if run.source:
            lines.append(f"  file {run.source.rpartition('/')[2]}")
        if run.error:
            lines.append(f"  {run.error}")
    return lines


def _app_name(app_id: UUID) -> str:
    app = get_host().app(app_id)
    return app.name if app else "your App"


def _with_link(lines: list[str]) -> str:
    url = public_address(reverse("stripe_sync:data_sync"))
    return "\n".join([*lines, "", f"Details: {url}", ""])
