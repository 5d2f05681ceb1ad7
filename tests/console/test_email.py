"""The one layout of every email."""

import pytest
from django.core import mail
from django.core.mail import EmailMultiAlternatives

from connector.host import Role
from connector.notices import email_admins
from tests.factories import make_app

pytestmark = pytest.mark.django_db


def test_it_writes_to_each_admin_as_text_and_as_html() -> None:
    tenant = make_app()
    admin = tenant.user(Role.APP_ADMIN)
    tenant.user(Role.APP_MEMBER)

    email_admins(
        app_id=tenant.id, subject="Import <done>", body="2 rows.\n\nSee http://127.0.0.1/settings/actions/stripe/"
    )

    assert [message.to for message in mail.outbox] == [[admin.email]]
    message = mail.outbox[0]
    assert isinstance(message, EmailMultiAlternatives)
    html = str(message.alternatives[0].content)
    assert message.body.startswith("2 rows.")
    assert "Import &lt;done&gt;" in html
    assert '<a href="http://127.0.0.1/settings/actions/stripe/"' in html
