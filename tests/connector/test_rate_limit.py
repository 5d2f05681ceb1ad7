"""The budget that all processes share in Redis. Time is Redis's, so the bucket is set rather than waited for."""

import uuid
from collections.abc import Iterator
from typing import Any

import pytest
import redis
from django.conf import settings as django_settings

from connector import rate_limit
from connector.rate_limit import RateBudget


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[float]]:
    """Every pause that was asked for, instead of pausing."""
    asked: list[float] = []

    def note(seconds: float) -> None:
        asked.append(seconds)
        if len(asked) > 3:
            raise TimeoutError

    monkeypatch.setattr(rate_limit.time, "sleep", note)
    script = rate_limit._script
    yield asked
    script.cache_clear()


@pytest.fixture
def account() -> str:
    return f"acct_{uuid.uuid4().hex}"


def fill(account: str, tokens: float) -> None:
    with redis.Redis.from_url(django_settings.REDIS_URL) as client:
        seconds, microseconds = client.time()
        key = f"stripe-rate:{account}"
        client.hset(key, mapping={"tokens": tokens, "at": f"{seconds}.{microseconds:06}"})


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many tokens each question to Redis brought."""
    brought: list[int] = []
    ask = rate_limit._script()

    def note(**question: Any) -> Any:
        answer = ask(**question)
        brought.append(int(answer[0]))
        return answer

    monkeypatch.setattr(rate_limit, "_script", lambda: note)
    return brought


def test_it_lets_requests_through_while_there_are_tokens(waits: list[float], account: str) -> None:
    for _ in range(20):
        RateBudget(account, 25, "background").take()
    assert waits == []


def test_it_holds_background_work_back_for_clicks(waits: list[float], account: str) -> None:
    fill(account, 4)
    RateBudget(account, 25, "click").take()
    assert waits == []
    with pytest.raises(TimeoutError):
        RateBudget(account, 25, "background").take()
    assert all(wait > 0 for wait in waits)


def test_it_makes_a_click_wait_for_its_own_token_only(waits: list[float], account: str) -> None:
    fill(account, 0)
    RateBudget(account, 25, "click").take()
    RateBudget(account, 25, "click").take()
    first, second = waits
    assert 0 < first <= 1 / 25
    assert first < second <= 2 / 25


def test_it_takes_no_token_that_comes_after_the_clicks_time(waits: list[float], account: str) -> None:
    fill(account, -100)
    assert not RateBudget(account, 25, "click").take(within=3)
    assert waits == []
    assert RateBudget(account, 25, "click").take(within=10)
    (wait,) = waits
    assert 3 < wait < 10


def test_it_keeps_accounts_apart(waits: list[float], account: str) -> None:
    fill(account, -10)
    RateBudget(f"{account}-other", 25, "background").take()
    assert waits == []


def test_it_goes_on_without_redis(settings: object, waits: list[float], account: str) -> None:
    rate_limit._script.cache_clear()
    settings.REDIS_URL = "redis://127.0.0.1:9/0"  # type: ignore[attr-defined]
    RateBudget(account, 25, "background").take()
    assert waits == []


def test_it_takes_tokens_ahead_for_click_after_click(
    asked: list[int], account: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    clicks = RateBudget(account, 100, "click")

    for _ in range(9):
        clicks.take(2)
    assert asked == [2, 8, 8]

    later = rate_limit.time.monotonic() + 2
    monkeypatch.setattr(rate_limit.time, "monotonic", lambda: later)
    clicks.take(2)
    assert asked == [2, 8, 8, 2]


def test_it_takes_none_ahead_for_others(asked: list[int], account: str) -> None:
    for _ in range(3):
        RateBudget(account, 25, "click").take(2)  # a twelfth of so few is no more than one click's
        RateBudget(f"{account}-other", 100, "background").take()
    assert asked == [2, 1] * 3


def test_it_takes_none_ahead_that_are_not_there(waits: list[float], asked: list[int], account: str) -> None:
    clicks = RateBudget(account, 100, "click")
    clicks.take(2)
    fill(account, 3)
    clicks.take(2)
    clicks.take(2)
    assert asked[:2] == [2, 3]
    fill(account, -5)

    clicks.take(2)

    assert asked[-1] == 2
    assert 0.06 < waits[-1] <= 0.07
