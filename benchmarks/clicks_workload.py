"""Clicks and bare requests in turn, and what they took, once Django is set up; see ``clicks.py``."""

import json
import os
import statistics
import subprocess
import sys
from argparse import Namespace
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit
from uuid import UUID, uuid4

import httpx
import redis
from django.conf import settings
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext

from actions.models import ActionExecution
from benchmarks.clicks_shop import Shop
from connector.stripe_gateway import API_VERSION

LOAD = Path(__file__).with_name("clicks_load.py")
BLOCK = 100  # turns of one kind, then as many of the other

Turn = dict[str, Any]
"""One turn of ``clicks_load.py``."""


def measure(shop: Shop, port: int, options: Namespace, pids: dict[str, int]) -> None:
    users, others = iter(shop.users), iter(shop.others)
    statements = count_statements(shop, next(users))
    if options.stripe_takes:
        slow = {"kind": "latency", "seconds": options.stripe_takes, "count": None, "path": "/v1/subscriptions*"}
        httpx.post(f"{shop.stripe}/_sandbox/faults", json=slow).raise_for_status()
    clicks = (_click(shop, port, user) for user in users)
    pairs = (_bare_pair(shop, one) for one in others)
    _take_turns(options, options.warm_up, clicks, pairs)
    before = cpu(pids)
    clicked, bare = _take_turns(options, options.clicks, clicks, pairs)
    spent = {name: seconds - before.get(name, 0.0) for name, seconds in cpu(pids).items()}
    spent["sandbox"] /= 2  # the bare requests are the other half
    whole = {json.loads(body)["execution_id"]: milliseconds for body, milliseconds in clicked}
    theirs = _at_stripe(shop, whole)
    print(f"{options.rate} clicks a second, on {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    clicks_took, bare_took = quantiles(list(whole.values())), quantiles([took for _, took in bare])
    print_quantiles("ours", [a - b for a, b in zip(clicks_took, bare_took, strict=True)], "wanted: at most 10, 30")
    print_quantiles("clicks", clicks_took)
    print_quantiles("bare requests", bare_took)
    inside = quantiles([whole[one] - theirs[one] for one in whole])
    print_quantiles("clicks, less Stripe's time by its log", inside)
    print(f"{statements} SQL statements a click")
    each = ", ".join(f"{name} {seconds / options.clicks * 1000:.1f}" for name, seconds in spent.items())
    print(f"milliseconds of CPU a click: {each}", flush=True)


def _click(shop: Shop, port: int, user: str) -> Turn:
    return {"port": port, "requests": [["POST", shop.path, json.dumps({"user_id": user}), shop.headers]]}


def _bare_pair(shop: Shop, subscription: dict[str, Any]) -> Turn:
    """What a click asks of Stripe."""
    read = {
        "limit": 100,
        "customer": subscription["customer"],
        "status": "all",
        "expand[0]": "data.discounts",
        "expand[1]": "data.discounts.source.coupon",
    }
    change = {
        "expand[0]": "discounts",
        "expand[1]": "discounts.source.coupon",
        "items[0][id]": subscription["items"]["data"][0]["id"],
        "items[0][price]": shop.price,
        "items[0][quantity]": 1,
        "payment_behavior": "error_if_incomplete",
        "proration_behavior": "create_prorations",
    }
    headers = {"Authorization": f"Bearer {shop.key.reveal()}", "Stripe-Version": API_VERSION}
    sent = headers | {"Content-Type": "application/x-www-form-urlencoded", "Idempotency-Key": str(uuid4())}
    requests = [
        ["GET", f"/v1/subscriptions?{urlencode(read)}", None, headers],
        ["POST", f"/v1/subscriptions/{subscription['id']}", urlencode(change), sent],
    ]
    return {"port": urlsplit(shop.stripe).port, "requests": requests}


def _take_turns(options: Namespace, count: int, *kinds: Iterator[Turn]) -> list[list[tuple[str, float]]]:
    """``count`` turns of each kind, in blocks. Body and milliseconds of each, by kind."""
    sizes = [min(BLOCK, count - start) for start in range(0, count, BLOCK)]
    listed = [(kind, turn) for size in sizes for kind, turns in enumerate(kinds) for turn in islice(turns, size)]
    job = {"rate": options.rate, "turns": [turn for _, turn in listed]}
    done = subprocess.run(
        [sys.executable, str(LOAD)], input=json.dumps(job), stdout=subprocess.PIPE, text=True, check=True
    )
    answers: list[list[tuple[str, float]]] = [[] for _ in kinds]
    for (kind, _), answer in zip(listed, json.loads(done.stdout), strict=True):
        answers[kind].append(answer)
    assert all(json.loads(body)["outcomes"][0]["status"] == "succeeded" for body, _ in answers[0])
    return answers


def _at_stripe(shop: Shop, executions: Collection[str]) -> dict[str, float]:
    """Milliseconds by click: its list of the customer's subscriptions, and its change of one of them."""
    log = httpx.get(f"{shop.stripe}/_sandbox/requests", params={"client": "engage"}, timeout=60).json()["data"]
    spent: Counter[str] = Counter()
    for one in log:
        read, changed = (one["params"] or {}).get("customer", ""), one["path"].rpartition("/")[2]
        spent[read if one["method"] == "GET" else changed] += one["seconds"] * 1000
    rows = ActionExecution.objects.filter(execution__in=[UUID(one) for one in executions])
    return {str(row.execution_id): spent[row.customer] + spent[row.subscription] for row in rows}


def quantiles(milliseconds: Sequence[float]) -> tuple[float, float]:
    """p50 and p99."""
    cuts = statistics.quantiles(milliseconds, n=100)
    return cuts[49], cuts[98]


def print_quantiles(name: str, figures: Sequence[float], remark: str = "") -> None:
    p50, p99 = figures
    print(f"{name:38} p50 {p50:6.1f} ms  p99 {p99:6.1f} ms   {remark}")


def count_statements(shop: Shop, user: str) -> int:
    """Of one click in this process. Two more where the user's subscription has a coupon: it and its discount are
    mirrored too.
    """
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
