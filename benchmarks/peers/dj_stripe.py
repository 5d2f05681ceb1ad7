"""The events of ``benchmarks.events`` through dj-stripe, with Stripe answering from memory in no time.

    DATABASE_URL=… python dj_stripe.py USERS ROUNDS    (an empty database; in the environment of this folder)

Each event goes through ``Event.process``, dj-stripe's own entry once a webhook's signature was checked: in one
transaction it stores the event, reads the subscription again from Stripe and writes it and what belongs to it.
``retrieve`` of every class of the SDK is answered with what the events contain. Unlike in the events themselves a
subscription keeps its latest invoice, so that dj-stripe has none to store after the first round. Prints events per
second of each round, one JSON line per round: ``{"events": …, "seconds": …}``.
"""

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import dj_database_url
import django
import stripe
from django.conf import settings

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))
from benchmarks.stripe_event import subscription_event

KEY = "sk_test_benchmark"
ACCOUNT = {"id": "acct_benchmark", "object": "account", "type": "standard", "settings": {"dashboard": {}}}

settings.configure(
    DATABASES={"default": dj_database_url.parse(os.environ["DATABASE_URL"], conn_max_age=None)},
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "djstripe"],
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    USE_TZ=True,
    STRIPE_TEST_SECRET_KEY=KEY,
    STRIPE_LIVE_MODE=False,
    DJSTRIPE_FOREIGN_KEY_TO_FIELD="id",
)
django.setup()

from django.core.management import call_command  # noqa: E402  needs Django
from djstripe import models  # noqa: E402

answers: dict[str, dict[str, Any]] = {}
"""What Stripe would answer, by id."""


def answer(cls: type[stripe.StripeObject], id: str, **_options: object) -> stripe.StripeObject:
    return cls.construct_from(answers[id], KEY)


def answer_from_memory() -> None:
    """No request leaves this process."""
    for model in django.apps.apps.get_app_config("djstripe").get_models():
        if getattr(model, "stripe_class", None):
            model.stripe_class.retrieve = classmethod(answer)
    account = models.Account.objects.create(id=ACCOUNT["id"], stripe_data=ACCOUNT)
    models.Account.get_or_retrieve_for_api_key = staticmethod(lambda _key: account)


def happen(number: int, users: int) -> str:
    """The body of the ``number``-th event, after it happened at Stripe."""
    event = subscription_event(number, users)
    subscription = event["data"]["object"]
    subscription["latest_invoice"] = f"in_{subscription['id']}"
    item = subscription["items"]["data"][0]
    common = {"livemode": False, "created": subscription["created"], "metadata": {}}
    customer = {**common, "id": subscription["customer"], "object": "customer"}
    product = {**common, "id": item["price"]["product"], "object": "product", "name": "Basic", "type": "service"}
    invoice = {**common, "id": subscription["latest_invoice"], "object": "invoice", "customer": customer["id"]}
    known = (subscription, item, item["price"], item["plan"], customer, product, invoice)
    answers.update({one["id"]: one for one in known})
    return json.dumps(event)


def process(numbers: range, users: int) -> float:
    """Seconds for these events."""
    seconds = 0.0
    for number in numbers:
        body = happen(number, users)
        started = time.perf_counter()
        models.Event.process(json.loads(body), api_key=KEY)
        seconds += time.perf_counter() - started
    return seconds


def main() -> None:
    users, rounds = int(sys.argv[1]), int(sys.argv[2])
    call_command("migrate", verbosity=0)
    answer_from_memory()
    for each in range(rounds):
        seconds = process(range(each * users, (each + 1) * users), users)
        stored = models.Subscription.objects.count(), models.Event.objects.count()
        if stored != (users, (each + 1) * users):
            sys.exit(f"dj-stripe stored {stored} subscriptions and events")
        print(json.dumps({"events": users, "seconds": seconds}), flush=True)


if __name__ == "__main__":
    main()
