"""Background doors to the connector's services. Arguments are ids only: a Celery message holds no secret."""

from celery import shared_task
from django.db.models import QuerySet

from connector import notices, oauth, services
from connector.audit import NIGHTLY_CHECK
from connector.errors import ConnectorError
from connector.models import Connection, PlatformEndpoint
from connector.platform_endpoint import ensure_platform_endpoint


@shared_task(name="stripe_connector.email_trouble")
def email_trouble(connection_id: str) -> None:
    """Once per breakdown, and not for a connection that was repaired meanwhile."""
    connection = _unreported().filter(pk=connection_id).first()
    if connection:
        notices.email_trouble(connection)


@shared_task(
    name="stripe_connector.recheck_connection",
    autoretry_for=(ConnectorError,),
    retry_backoff=60,
    max_retries=5,
)
def recheck_connection(connection_id: str) -> None:
    """After a 403, and every night."""
    connection = Connection.objects.filter(pk=connection_id).exclude(status=Connection.Status.REVOKED).first()
    if connection:
        services.recheck_connection(connection=connection, actor=NIGHTLY_CHECK)


@shared_task(name="stripe_connector.check_everything")
def check_everything() -> None:
    """Every night: each credential, emails that were lost, and what is no longer needed."""
    oauth.forget_old_attempts()
    for connection_id in _unreported().values_list("pk", flat=True):
        email_trouble.delay(str(connection_id))
    for connection_id in Connection.objects.exclude(status=Connection.Status.REVOKED).values_list("pk", flat=True):
        recheck_connection.delay(str(connection_id))


@shared_task(name="stripe_connector.check_platform_endpoints")
def check_platform_endpoints() -> None:
    """Every hour: while an endpoint is wrong, events of all connected accounts are lost."""
    for livemode in PlatformEndpoint.objects.values_list("livemode", flat=True):
        check_platform_endpoint.delay(livemode=livemode)


@shared_task(
    name="stripe_connector.check_platform_endpoint",
    autoretry_for=(ConnectorError,),
    retry_backoff=60,
    max_retries=5,
)
def check_platform_endpoint(*, livemode: bool) -> None:
    ensure_platform_endpoint(livemode=livemode)


def _unreported() -> QuerySet[Connection]:
    return Connection.objects.filter(status=Connection.Status.ERROR, trouble_reported_at=None)
