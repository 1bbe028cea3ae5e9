"""Scripted trouble, and the rate limits that every answer carries."""

import asyncio
import time
from collections import deque
from dataclasses import dataclass, field

from tests.fakes.discord_schema import Json


@dataclass(slots=True, kw_only=True)
class Fault:
    """What befalls the next calls of one route.

    Attributes:
        status, code, message: the answer; status 0 answers as usual (after *delay*).
        body: the whole answer instead, as text (an HTML page of a proxy, say).
        headers: further headers of the answer.
        delay: real seconds before anything happens.
        after: whether the call takes effect first, and only its answer is replaced.
        drop: cut the connection without an answer.
        hold: waited for before the answer, and after the effect where there is one.
        times: how many calls are hit.
    """

    status: int = 0
    code: int = 0
    message: str = "scripted"
    body: str | None = None
    headers: dict[str, str] = field(default_factory=dict[str, str])
    delay: float = 0.0
    after: bool = False
    drop: bool = False
    hold: asyncio.Event | None = None
    times: int = 1

    def json(self) -> Json:
        if self.status == 429:
            wait = float(self.headers.get("Retry-After", "0.05"))
            return {"message": "You are being rate limited.", "retry_after": wait, "global": False}
        return {"message": self.message, "code": self.code}


class Faults:
    """The script: `on("PATCH /webhooks/…/@original", status=500, after=True)`."""

    def __init__(self) -> None:
        self._planned: dict[str, deque[Fault]] = {}
        self.hit: list[str] = []

    def on(self, route: str, fault: Fault) -> Fault:
        """Plan *fault* for the next call of *route*, after those planned before."""
        self._planned.setdefault(route, deque()).append(fault)
        return fault

    def take(self, route: str) -> Fault | None:
        planned = self._planned.get(route)
        if not planned:
            return None
        fault = planned[0]
        fault.times -= 1
        if fault.times <= 0:
            planned.popleft()
        self.hit.append(route)
        return fault

    @property
    def is_over(self) -> bool:
        """Whether everything that was planned has happened."""
        return not any(self._planned.values())

    def clear(self) -> None:
        self._planned.clear()


@dataclass(slots=True)
class Bucket:
    """At most *limit* calls in *seconds*, from the first one on."""

    limit: int
    seconds: float
    used: int = 0
    ends: float = 0.0

    def take(self) -> tuple[bool, dict[str, str]]:
        """Count one call: whether it is allowed, and the headers that tell of it."""
        now = time.time()
        if now >= self.ends:
            self.used, self.ends = 0, now + self.seconds
        allowed = self.used < self.limit
        self.used += allowed
        left = self.ends - now
        return allowed, {
            "X-RateLimit-Limit": str(self.limit),
            "X-RateLimit-Remaining": str(self.limit - self.used),
            "X-RateLimit-Reset": f"{self.ends:.3f}",
            "X-RateLimit-Reset-After": f"{left:.3f}",
        }


class RateLimits:
    """Buckets by route and major parameter, as Discord's: the callback of interactions has none."""

    def __init__(self) -> None:
        self.rules: dict[str, tuple[int, float]] = {
            "POST /channels/{channel_id}/messages": (5, 5.0),
            "PATCH /channels/{channel_id}/messages/{message_id}": (5, 5.0),
            "DELETE /channels/{channel_id}/messages/{message_id}": (5, 1.0),
            "POST /webhooks/{application_id}/{token}": (5, 2.0),
            "PATCH /webhooks/{application_id}/{token}/messages/@original": (5, 2.0),
        }
        self.usual: tuple[int, float] = (50, 1.0)
        self.refused = 0
        self._buckets: dict[tuple[str, str], Bucket] = {}

    def take(self, route: str, major: str) -> tuple[bool, dict[str, str]]:
        if route.endswith("/callback"):
            return True, {}
        key = (route, major)
        if key not in self._buckets:
            self._buckets[key] = Bucket(*self.rules.get(route, self.usual))
        allowed, headers = self._buckets[key].take()
        headers["X-RateLimit-Bucket"] = f"{hash(route) & 0xFFFFFFFF:08x}"
        if not allowed:
            self.refused += 1
            headers |= {
                "Retry-After": headers["X-RateLimit-Reset-After"],
                "X-RateLimit-Scope": "user",
            }
        return allowed, headers
