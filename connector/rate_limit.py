"""A token bucket per Stripe account in Redis, shared by all processes. Clicks are served before background work.

Background work leaves a fifth of the bucket untouched. A click takes its token from the future if need be, as far as
its time reaches, and waits until that token exists; while the bucket is in debt no background request starts.
A process that serves click after click takes some tokens ahead, where they are there, and asks Redis less often.
https://docs.stripe.com/rate-limits
"""

import logging
import threading
import time
from dataclasses import dataclass
from functools import cache
from typing import Literal

import redis
from django.conf import settings

logger = logging.getLogger(__name__)

Priority = Literal["click", "background"]

_RESERVE = 0.2
_DAY = 86_400
_AHEAD = 0.08  # of a second's tokens
_MOST_AHEAD = 8
_KEPT_FOR = 1.0  # second

# KEYS[1] bucket; ARGV rate per second (also its size), tokens that must remain, for how many seconds tokens may be
# borrowed, how many are wanted, how many are welcome. Answers {how many were taken, seconds to wait}. The clock is
# Redis's, one for all processes.
_TAKE = """
local rate, floor, longest = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local wanted, welcome = tonumber(ARGV[4]), tonumber(ARGV[5])
local clock = redis.call('TIME')
local now = clock[1] + clock[2] / 1000000
local bucket = redis.call('HMGET', KEYS[1], 'tokens', 'at')
local tokens = math.min(rate, (tonumber(bucket[1]) or rate) + (now - (tonumber(bucket[2]) or now)) * rate)
local missing = wanted + floor - tokens
local taken = 0
if missing / rate <= longest then
    taken = math.max(wanted, math.min(welcome, math.floor(tokens - floor)))
    tokens = tokens - taken
end
redis.call('HSET', KEYS[1], 'tokens', tostring(tokens), 'at', tostring(now))
redis.call('EXPIRE', KEYS[1], 60)
return {taken, tostring(math.max(0, missing) / rate)}
"""


@dataclass(frozen=True, slots=True)
class RateBudget:
    """The requests that one Stripe account grants, ``per_second``, as one kind of caller may use them."""

    account: str
    per_second: int
    priority: Priority

    def take(self, tokens: int = 1, *, within: float | None = None) -> bool:
        """Wait for as many tokens; a click that would wait for longer than ``within`` seconds takes none: False.

        Without Redis the request goes out at once: Stripe's own limit still answers 429.
        """
        is_click = self.priority == "click"
        if is_click and _ahead.spend(self.account, tokens):
            return True
        welcome = self._welcome(tokens) if is_click else tokens
        floor = 0.0 if is_click else self.per_second * _RESERVE
        borrowed = (_DAY if within is None else max(within, 0)) if is_click else 0
        try:
            while True:
                taken, wait = _script()(
                    keys=[f"stripe-rate:{self.account}"],
                    args=[self.per_second, floor, borrowed, tokens, welcome],
                )
                if is_click and not taken:
                    return False
                if is_click:
                    _ahead.keep(self.account, taken - tokens)
                if float(wait):
                    time.sleep(float(wait))
                if taken:
                    return True
        except redis.RedisError:
            logger.warning("No rate limit for a request to Stripe: Redis did not answer.")
            return True

    def _welcome(self, tokens: int) -> int:
        """More than are wanted only where the last click of the account came just before."""
        ahead = min(_MOST_AHEAD, int(self.per_second * _AHEAD)) if _ahead.is_busy(self.account) else 0
        return max(tokens, ahead)


class _Ahead:
    """Tokens of this process that nobody has spent yet, by account, and until when they count."""

    def __init__(self) -> None:
        self._tokens: dict[str, tuple[int, float]] = {}
        self._lock = threading.Lock()

    def spend(self, account: str, wanted: int) -> bool:
        with self._lock:
            tokens, until = self._tokens.get(account, (0, 0.0))
            if tokens < wanted or until < time.monotonic():
                return False
            self._tokens[account] = tokens - wanted, until
            return True

    def keep(self, account: str, tokens: int) -> None:
        with self._lock:
            others, until = self._tokens.get(account, (0, 0.0))
            now = time.monotonic()
            self._tokens[account] = tokens + (others if until >= now else 0), now + _KEPT_FOR

    def is_busy(self, account: str) -> bool:
        return self._tokens.get(account, (0, 0.0))[1] >= time.monotonic()


_ahead = _Ahead()


@cache
def _script() -> "redis.commands.core.Script":
    client = redis.Redis.from_url(settings.REDIS_URL, socket_timeout=1, socket_connect_timeout=1)
    return client.register_script(_TAKE)
