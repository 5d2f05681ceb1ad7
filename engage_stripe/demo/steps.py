"""The main job in six steps. Each does the real thing and reports what the database and Stripe then say."""

from collections.abc import Callable

import httpx

from connector.errors import ConnectorError
from engage_stripe.demo import company, live, nightly, setting_up
from engage_stripe.demo.merchant import Merchant
from engage_stripe.demo.story import StepFailedError, Story, role_name
from engage_stripe.standalone.models import EndUser

STEPS: list[tuple[str, Callable[[Story], None]]] = [
    ("Connect: paste a restricted key", setting_up.connect),
    ("Catalogue: plans, coupons and codes", setting_up.sync_catalogue),
    ("Identities: whose user ids are which customers", setting_up.import_identities),
    ("Real time: webhooks twice, late and out of order", live.follow_events),
    ("Click: update the subscription, once", live.click),
    ("Reconcile: a webhook that never came", nightly.reconcile),
]


def tell(story: Story) -> bool:
    """Run all steps; False, with the step's name on the screen, when one fails."""
    _prepare(story)
    for number, (title, run) in enumerate(STEPS, start=1):
        story.screen.step(number, title)
        try:
            run(story)
        except (StepFailedError, ConnectorError, httpx.HTTPError, RuntimeError) as error:
            story.screen.failed(f"Step {number} ({title}) failed: {error}")
            return False
    return True


def _prepare(story: Story) -> None:
    """The tenant in the console and the merchant's shop at Stripe, made once."""
    story.tenant = company.open_tenant()
    story.merchant = Merchant(story.stripe_url)
    story.shop = story.merchant.open_shop()
    app = story.tenant.app
    story.screen.found("App", f"{company.COMPANY} · {app.name} ({app.id})")
    story.screen.found("end users", EndUser.objects.filter(app=app).count())
    story.screen.found("console users", ", ".join(role_name(role) for role in company.PEOPLE))
