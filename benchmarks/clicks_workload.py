"""The App, its users, and what their clicks took, once Django is set up; see ``clicks.py``."""

import json
import os
import statistics
import subprocess
import sys
from argparse import Namespace
from base64 import b64encode
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import redis
from django.apps import apps
from django.conf import settings
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext

from actions.configuration import replace_actions
from actions.models import ActionExecution
from connector.crypto import Secret
from connector.models import Connection
from connector.stripe_gateway import StripeGateway
from engage_stripe.standalone import services
from sync.catalogue import sync_catalogue
from sync.models import Identity, Price
from sync.projection import project_users
from sync.reconciliation import reconcile

LOAD = Path(__file__).with_name("clicks_load.py")


@dataclass(frozen=True)
class Shop:
    """``users`` have a monthly plan, and the prompt switches them to another one."""

    stripe: str
    headers: dict[str, str]
    path: str
    users: list[str]


def open_shop(base: str, *, users: int) -> Shop:
    account = httpx.post(f"{base}/_sandbox/accounts", json={}).json()
    body = {"account": account["account"], "subscriptions": users * 4}  # 0.4 are active on one of the two plans
    httpx.post(f"{base}/_sandbox/generate", json=body, timeout=600).raise_for_status()
    app, api_key = services.create_app(company_name="Benchmark", name="Shop")
    prompt = services.create_prompt(app=app, key="upsell", name="Upsell").key
    connection = Connection.objects.create(
        app_id=app.id, method="api_key", livemode=False, status="active",
        stripe_account_id=account["account"], api_key=Secret(account["secret_key"]),
        permissions={"rak_subscription_write": {"state": "granted"}},
    )  # fmt: skip
    sync_catalogue(connection=connection)
    reconcile(connection=connection)
    target = Price.objects.get(connection=connection, unit_amount=4900)
    customers = _customers_of(connection, Price.objects.filter(connection=connection, unit_amount__in=[900, 1900]))
    linked = [
        Identity(app_id=app.id, user_id=f"user-{number}", stripe_id=customer)
        for number, customer in enumerate(customers[:users])
    ]
    Identity.objects.bulk_create(linked)
    action = {"action": "update_subscription", "parameters": {"price": target.stripe_id}}
    replace_actions(
        app_id=app.id, prompt_id=prompt, interaction="accept", actions=[action], changed_by="benchmark"
    )
    for start in range(0, users, 1000):
        names = [identity.user_id for identity in linked[start : start + 1000]]
        project_users(app_id=app.id, user_ids=names, source={})
    filled = ", ".join(model._meta.db_table for model in apps.get_app_config("stripe_sync").get_models())
    with database.cursor() as cursor:
        cursor.execute(f"ANALYZE {filled}")  # as autovacuum does, a minute after they were filled
        cursor.execute("CHECKPOINT")
    os.sync()  # or the disk is still busy with what filled them
    credentials = b64encode(f"{app.id}:{api_key}".encode()).decode()
    return Shop(
        stripe=base,
        headers={"Authorization": f"Basic {credentials}", "Content-Type": "application/json"},
        path=f"/api/v1/prompts/{prompt}/interactions/accept/execute/",
        users=[identity.user_id for identity in linked],
    )


def _customers_of(connection: Connection, prices: Any) -> list[str]:
    wanted = {price.stripe_id for price in prices}
    pages = StripeGateway(connection).subscriptions.pages({"status": "active"})
    return [
        one["customer"] for page in pages for one in page.items if one["items"]["data"][0]["price"]["id"] in wanted
    ]


def measure(shop: Shop, port: int, options: Namespace, pids: dict[str, int]) -> None:
    users = iter(shop.users)
    statements = count_statements(shop, next(users))
    if options.stripe_takes:
        slow = {"kind": "latency", "seconds": options.stripe_takes, "count": None, "path": "/v1/subscriptions*"}
        httpx.post(f"{shop.stripe}/_sandbox/faults", json=slow).raise_for_status()
    _click_all(shop, port, options.rate, [next(users) for _ in range(options.warm_up)])
    before = cpu(pids)
    result = _click_all(shop, port, options.rate, [next(users) for _ in range(options.clicks)])
    spent = {name: seconds - before.get(name, 0.0) for name, seconds in cpu(pids).items()}
    spent["load generator"] = result["cpu"]
    whole = {json.loads(body)["execution_id"]: milliseconds for _, body, milliseconds in result["answers"]}
    theirs = _at_stripe(shop, whole)
    cores = f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"
    print(f"{options.clicks / result['seconds']:.1f} clicks a second of {options.rate} wanted, on {cores}")
    print_quantiles("ours", [whole[one] - theirs[one] for one in whole], "   (wanted: at most 10 and 30)")
    print_quantiles("Stripe", list(theirs.values()))
    print_quantiles("both", list(whole.values()))
    print(f"{statements} SQL statements a click, and one that checks the kept connection")
    each = ", ".join(f"{name} {seconds / options.clicks * 1000:.1f}" for name, seconds in spent.items())
    print(f"milliseconds of CPU a click: {each}", flush=True)


def _at_stripe(shop: Shop, executions: Collection[str]) -> dict[str, float]:
    """Milliseconds by click: its list of the customer's subscriptions, and its change of one of them."""
    log = httpx.get(f"{shop.stripe}/_sandbox/requests", params={"client": "engage"}, timeout=60).json()["data"]
    spent: Counter[str] = Counter()
    for one in log:
        about = (one["params"] or {}).get("customer") if one["method"] == "GET" else one["path"].rpartition("/")[2]
        spent[about] += one["seconds"] * 1000
    rows = ActionExecution.objects.filter(execution__in=executions)
    return {str(row.execution_id): spent[row.customer] + spent[row.subscription] for row in rows}


def print_quantiles(name: str, milliseconds: Sequence[float], remark: str = "") -> None:
    cuts = statistics.quantiles(milliseconds, n=100)
    print(f"{name:7} p50 {cuts[49]:6.1f} ms  p99 {cuts[98]:6.1f} ms{remark}")


def _click_all(shop: Shop, port: int, rate: int, users: list[str]) -> dict[str, Any]:
    job = {"port": port, "path": shop.path, "headers": shop.headers, "users": users, "rate": rate}
    command = [sys.executable, str(LOAD)]
    done = subprocess.run(command, input=json.dumps(job), capture_output=True, text=True, check=True)
    result: dict[str, Any] = json.loads(done.stdout)
    for status, body, _ in result["answers"]:
        assert status == 200, body
        assert json.loads(body)["outcomes"][0]["status"] == "succeeded", body
    return result


def count_statements(shop: Shop, user: str) -> int:
    """Of one click in this process, after another one: the first of a process words them."""
    headers = {"Authorization": shop.headers["Authorization"]}
    with CaptureQueriesContext(database) as captured:
        answer = Client().post(shop.path, {"user_id": user}, content_type="application/json", headers=headers)
    assert answer.json()["outcomes"][0]["status"] == "succeeded", answer.content
    return len(captured)


def cpu(pids: dict[str, int]) -> dict[str, float]:
    """Seconds of CPU so far: of process groups and processes as Linux tells, of PostgreSQL's sessions, of Redis."""
    with database.cursor() as cursor:
        cursor.execute("SELECT pid FROM pg_stat_activity WHERE datname = current_database()")
        sessions = {pid for (pid,) in cursor.fetchall()}
    spent = dict.fromkeys([*pids, "PostgreSQL"], 0.0)
    for stat in Path("/proc").glob("[0-9]*/stat"):
        pid, group, seconds = _read_stat(stat)
        owner = next((name for name, wanted in pids.items() if wanted in {pid, group}), None)
        owner = owner or ("PostgreSQL" if pid in sessions else None)
        if owner:
            spent[owner] += seconds
    used = redis.Redis.from_url(settings.REDIS_URL).info("cpu")
    return spent | {"Redis": used["used_cpu_sys"] + used["used_cpu_user"]}


def _read_stat(path: Path) -> tuple[int, int, float]:
    """https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html: process, its group, its seconds."""
    try:
        fields = path.read_text().rpartition(")")[2].split()
    except OSError:  # it has ended
        return 0, 0, 0.0
    return int(path.parent.name), int(fields[2]), (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
