"""A storm of refusals ends before Discord bans the address."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import aiohttp
import discord
import pytest
from discord.http import Route

from bot.domain.errors import CallsStopped
from bot.guard import MOST_INVALID, WINDOW, InvalidRequestGuard
from bot.ui.replies import is_gone
from tests.fakes.discord_api import FakeDiscord
from tests.fakes.discord_faults import Fault

ME = "GET /users/@me"


@dataclass(slots=True)
class Watch:
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Storm:
    """discord.py's own client, on the loopback Discord, under the guard's eyes."""

    fake: FakeDiscord
    client: discord.Client
    guard: InvalidRequestGuard
    watch: Watch

    async def refused(self, fault: Fault) -> None:
        """Be refused as *fault* says, in a session that has the same eyes on it."""
        self.fake.faults.on(ME, fault)
        url = self.fake.environment["DISCORD_API_URL"] + "/users/@me"
        bot = {"Authorization": f"Bot {self.fake.token}"}
        async with aiohttp.ClientSession(headers=bot, trace_configs=[self.guard.trace]) as session:
            while not self.fake.faults.is_over:
                async with session.get(url) as answer:
                    assert answer.status == fault.status


@pytest.fixture
async def storm(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Storm]:
    watch = Watch()
    guard = InvalidRequestGuard(seconds=lambda: watch.seconds)
    async with FakeDiscord() as fake:
        monkeypatch.setattr(Route, "BASE", fake.environment["DISCORD_API_URL"])
        fake.limits.usual = (100_000, 1.0)
        client = discord.Client(intents=discord.Intents.none(), http_trace=guard.trace)
        async with client:
            await client.login(fake.token)
            yield Storm(fake, client, guard, watch)


async def test_a_thousand_refusals_stop_the_calls_and_time_lets_them_go_on(storm: Storm) -> None:
    await storm.refused(Fault(status=403, code=50013, times=MOST_INVALID - 1))
    assert await storm.client.application_info()
    storm.watch.seconds = 60.0
    await storm.refused(Fault(status=401))
    before = len(storm.fake.calls)

    with pytest.raises(CallsStopped) as stopped:
        await storm.client.application_info()

    assert storm.guard.stopped
    assert is_gone(stopped.value)
    with pytest.raises(CallsStopped):
        await discord.Webhook.partial(1, "token", client=storm.client).send("hello")
    assert len(storm.fake.calls) == before

    storm.watch.seconds = WINDOW
    assert await storm.client.application_info()
    assert not storm.guard.stopped


async def test_what_others_use_up_does_not_count(storm: Storm) -> None:
    shared = {"X-RateLimit-Scope": "shared"}
    await storm.refused(Fault(status=429, headers=shared, times=MOST_INVALID))

    assert await storm.client.application_info()
