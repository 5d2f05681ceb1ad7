"""The meters that usage can be recorded on, read from Stripe when a designer chooses one: accounts have a few.

https://docs.stripe.com/api/billing/meter/list
"""

from dataclasses import dataclass
from itertools import islice

from connector.errors import StripeError
from connector.models import Connection
from connector.permissions import allows, describe_permission
from connector.stripe_gateway import StripeGateway

METER_READ = "rak_billing_meter_read"
_MOST_PAGES = 10


@dataclass(frozen=True, slots=True)
class Meters:
    """Active meters, display name by event name; ``why_not`` says why there is no list."""

    names: dict[str, str]
    why_not: str = ""


def list_meters(connection: Connection) -> Meters:
    """Up to a thousand of the account's active meters."""
    if not allows(connection, METER_READ):
        wanted = describe_permission(METER_READ)
        return Meters({}, f"To choose from a list, the Stripe key needs {wanted} ({METER_READ}).")
    pages = StripeGateway(connection, priority="click").meters.pages({"status": "active", "limit": 100})
    try:
        meters = [meter for page in islice(pages, _MOST_PAGES) for meter in page.items]
    except StripeError as error:
        return Meters({}, f"The meters could not be listed. {error.user_message}")
    return Meters({meter["event_name"]: meter["display_name"] for meter in meters})
