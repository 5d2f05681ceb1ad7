"""The main job in six steps. Each does the real thing and reports what the database and Stripe then say."""

from collections.abc import Callable

import httpx

from connector.errors import ConnectorError
from engage_stripe.demo import company, live, nightly, setting_up
from engage_stripe.demo.merchant import Merchant
from engage_stripe.demo.story import StepFailedError, Story, role_name
from engage_stripe.standalone import services
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
    _bring_customers(story)
    app = story.tenant.app
    story.screen.found("App", f"{company.COMPANY} · {app.name} ({app.id})")
    story.screen.found("end users", EndUser.objects.filter(app=app).count())
    story.screen.found("console users", ", ".join(role_name(role) for role in company.PEOPLE))


def _bring_customers(story: Story) -> None:
    """Everybody's customer at Stripe, made where there is none, and a new end user for this run to be about.

    Fills ``story.identities`` with ``[user_id, stripe_id, email_address]``, a quarter of them by email only.
    """
    merchant, prices = story.merchant, list(story.shop.prices.values())
    user_ids = company.end_user_ids()
    known = merchant.customers_by_email()
    with story.screen.progress("customers at Stripe", total=len(user_ids)) as bar:
        for number, user_id in enumerate(user_ids):
            email = f"{user_id}@example.com"
            price = prices[number % len(prices)] if number % 10 else None
            customer = known.get(email) or merchant.add_customer(email=email, price=price)
            by_email = number % 4 == 0
            story.identities.append([user_id, "" if by_email else customer, email if by_email else ""])
            bar.advance()
    story.user_id = f"user-of-run-{max(1, len(known) - len(user_ids) + 1)}"
    story.customer = merchant.add_customer(email=f"{story.user_id}@example.com", price=None)
    story.identities.append([story.user_id, story.customer, ""])
    services.create_end_users(app=story.tenant.app, user_ids=[story.user_id])
