"""A World on disk: one JSON line for the world, then one for each account followed by its objects.

Kept: clock, keys, platforms, connections, accounts and their objects, what ids come next. Not kept:
idempotency keys, the request log, deliveries under way, faults.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from engage_stripe.sandbox.connect import Platform
from engage_stripe.sandbox.keys import Key
from engage_stripe.sandbox.state import Account, World

FORMAT = 1


def save(world: World, path: Path) -> None:
    """Write the world; the file appears whole or not at all."""
    unfinished = path.with_suffix(f"{path.suffix}.part")
    with unfinished.open("w") as file:
        file.writelines(f"{json.dumps(line)}\n" for line in _lines(world))
    unfinished.replace(path)


def load(world: World, path: Path) -> None:
    """Put everything from the file into the world; ValueError for a file of another format."""
    with path.open() as file:
        lines = (json.loads(line) for line in file)
        head: dict[str, Any] = next(lines, {})
        if head.get("sandbox_snapshot") != FORMAT:
            raise ValueError(f"{path} is not a snapshot of this sandbox (format {FORMAT}).")
        _load_world(world, head)
        account: Account | None = None
        for line in lines:
            if "account" in line and "object" not in line:
                account = _load_account(world, line)
            elif account is not None:
                account.add(line)


def _lines(world: World) -> Iterator[dict[str, Any]]:
    yield {
        "sandbox_snapshot": FORMAT,
        "clock": vars(world.clock),
        "ids": world.ids.state(),
        "keys": [{**asdict(key), "permissions": sorted(key.permissions)} for key in world.keys.values()],
        "platforms": [asdict(platform) for platform in world.platforms.values()],
        "connections": sorted(world.connections),
    }
    for account in world.accounts.values():
        yield {
            "account": account.id,
            "livemode": account.livemode,
            "name": account.name,
            "created": account.created,
            "after_dunning": account.after_dunning,
            "deleted": account.deleted,
            "ids": account.ids.state(),
        }
        for collection in account.objects.values():
            yield from collection


def _load_world(world: World, head: dict[str, Any]) -> None:
    vars(world.clock).update(head["clock"])
    world.ids.restore(head["ids"])
    for key in head["keys"]:
        world.keys[key["value"]] = Key(**{**key, "permissions": frozenset(key["permissions"])})
    for platform in head["platforms"]:
        world.platforms[platform["client_id"]] = Platform(**platform)
    world.connections.update((platform, account, live) for platform, account, live in head["connections"])


def _load_account(world: World, line: dict[str, Any]) -> Account:
    account = world.account(line["account"], livemode=line["livemode"])
    for name in ("name", "created", "after_dunning", "deleted"):
        setattr(account, name, line[name])
    account.ids.restore(line["ids"])
    return account
