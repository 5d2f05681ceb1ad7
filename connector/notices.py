"""Emails to the people who may change an App's settings."""

from uuid import UUID

from django.core.mail import send_mail
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from connector.configuration import public_address
from connector.host import get_host
from connector.models import Connection


def email_admins(*, app_id: UUID, subject: str, body: str) -> int:
    """One email to each Company and App admin of the App, as text and as HTML; answers how many were sent."""
    admins = get_host().admins(app_id)
    html = render_to_string("email/message.html", {"subject": subject, "body": body})
    for _, address in admins:
        send_mail(subject, body, None, [address], html_message=html)
    return len(admins)


def settings_url() -> str:
    """The connection's page, for emails."""
    return public_address(reverse("stripe_connector:connection"))


def email_trouble(connection: Connection) -> int:
    """Tell the admins that the connection stopped working and what to do."""
    app = get_host().app(connection.app_id)
    name = app.name if app else "your App"
    sent = email_admins(
        app_id=connection.app_id,
        subject=f"Stripe is not working for {name}",
        body=(
            f"The Stripe connection of {name} ({connection.mode} mode) stopped working.\n\n"
            f"{connection.status_reason}\n\n"
            "1-Click actions are paused and traits are no longer updated. Nothing was deleted.\n"
            f"Open the settings to repair it: {settings_url()}\n"
        ),
    )
    Connection.objects.filter(pk=connection.pk).update(trouble_reported_at=timezone.now())
    return sent
