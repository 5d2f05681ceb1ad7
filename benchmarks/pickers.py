"""Whether ten thousand prices slow the pickers of the Add action dialog.

    python -m benchmarks.pickers [--prices 10000]

Times the dialog and one search, as the console serves them, for an App with a hundred prices and one with many; the
ratio is of the fastest of several requests each, in CPU time of this process and in time on the clock. It works in a
scratch database of the server that DATABASE_URL names and drops it.
"""

import argparse
import os
import time
import uuid
from typing import TYPE_CHECKING

from benchmarks.scratch import product_database

if TYPE_CHECKING:
    from django.test import Client

DIALOG = "/prompts/upsell/accept/add/update_subscription/"
REQUESTS = {
    "dialog": DIALOG,
    "search by name": f"{DIALOG}options/price/?price_search=plan+42",
    "search by amount": f"{DIALOG}options/price/?price_search=1.42+month",
    "search in vain": f"{DIALOG}options/price/?price_search=nothing",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--prices", type=int, default=10_000)
    options = parser.parse_args()
    os.environ |= {"LOG_LEVEL": "WARNING", "ALLOWED_HOSTS": "testserver"}
    with product_database():
        measure(options.prices)


def measure(prices: int) -> None:
    few, many = open_console(100), open_console(prices)
    print(f"{'':20}{'100 prices':>14}{f'{prices:,} prices':>18}{'ratio':>9}{'CPU ratio':>12}")
    for name, address in REQUESTS.items():
        few_wall, few_cpu = fastest(few, address)
        many_wall, many_cpu = fastest(many, address)
        figures = f"{few_wall * 1000:>11.1f} ms{many_wall * 1000:>15.1f} ms"
        print(f"{name:20}{figures}{many_wall / few_wall:>9.2f}{many_cpu / few_cpu:>12.2f}")


def fastest(console: "Client", address: str, times: int = 15) -> tuple[float, float]:
    """Seconds on the clock and of this process's CPU, each the least of several."""
    walls, cpus = [], []
    for _ in range(times):
        wall, cpu = time.perf_counter(), time.process_time()
        assert console.get(address).status_code == 200
        walls.append(time.perf_counter() - wall)
        cpus.append(time.process_time() - cpu)
    return min(walls), min(cpus)


def open_console(prices: int) -> "Client":
    """A signed-in designer of an App whose account has so many prices, five to a product."""
    from django.db import connection as database
    from django.test import Client

    from connector.crypto import Secret
    from connector.host import Role
    from connector.models import Connection
    from engage_stripe.standalone import services
    from engage_stripe.standalone.models import ConsoleUser
    from sync.models import Price, Product

    app, _ = services.create_app(company_name=uuid.uuid4().hex, name="Shop")
    services.create_prompt(app=app, key="upsell", name="Upsell")
    connection = Connection.objects.create(
        app_id=app.id, method="api_key", livemode=False, status="active", stripe_account_id=uuid.uuid4().hex,
        api_key=Secret("sk_test_benchmark"), permissions={"rak_subscription_write": {"state": "granted"}},
    )  # fmt: skip
    products = prices // 5
    Product.objects.bulk_create(
        Product(connection=connection, stripe_id=f"prod_{n}", name=f"Plan {n}", rank=1) for n in range(products)
    )
    Price.objects.bulk_create(
        Price(connection=connection, stripe_id=f"price_{n}", product=f"prod_{n % products}", currency="usd",
              unit_amount=100 + n % 97, interval="month", interval_count=1, rank=1)
        for n in range(prices)
    )  # fmt: skip
    with database.cursor() as cursor:
        cursor.execute("ANALYZE")
    user = ConsoleUser.objects.create(email=f"{uuid.uuid4().hex}@example.com", name="Designer")
    services.grant_role(user=user, app=app, role=Role.APP_MEMBER)
    client = Client()
    client.force_login(user)
    return client


if __name__ == "__main__":
    main()
