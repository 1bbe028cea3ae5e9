"""Two processes with one database: each does what concerns its own servers, and nothing else."""

from collections.abc import AsyncGenerator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.bootstrap import Services
from bot.domain.asks import Place
from bot.domain.errors import StorageBusy
from bot.domain.quota import Rule, Scope, Unit
from bot.domain.shards import Shards, shard_of
from bot.domain.windows import Weekday, Window
from bot.domain.wishes import Wish, WishState
from bot.providers.base import Ending, Stop
from bot.services.recovery import Recovery
from tests.services.clocks import FrozenClock
from tests.services.studio import ANN, CHANNEL, Told, answer, ask, open_studio, picture

ONE, OTHER = 4 << 22, 5 << 22  # on the first and on the second of two shards
LOG, BOSS = 60, 7
SOON = Ending(model="told-1", day=FrozenClock().now().date() + timedelta(days=9), successor=None)
MONEY = Stop(cause="money", since=5)


class Stops(Told):
    """A picture maker that stops."""

    stopping: tuple[Stop, ...] = ()

    @property
    def stops(self) -> tuple[Stop, ...]:
        return self.stopping


@pytest.fixture
def told() -> Stops:
    return Stops(answer(picture()), ends=(SOON,))


@pytest.fixture
async def services(
    tmp_path: Path, clock: FrozenClock, told: Stops, database_kind: str
) -> AsyncGenerator[Services]:
    async with open_studio(tmp_path, clock, told, OPERATOR_CHANNEL_ID="9") as opened:
        yield opened


def be(services: Services, shard: int | None) -> None:
    """Be the process that has this shard of two; None: both."""
    services.ownership.shards = Shards(2, (0, 1) if shard is None else (shard,))


def test_the_servers_of_these_tests_are_apart() -> None:
    assert [shard_of(each, 2) for each in (ONE, OTHER)] == [0, 1]


async def test_unfinished_requests(services: Services) -> None:
    for guild_id in (ONE, OTHER):
        await services.studio.admit(ask(place=Place(guild_id=guild_id, channel_id=CHANNEL)))

    found: list[list[int]] = []
    for shard in (0, 1, None):
        be(services, shard)
        assert isinstance(services.recovery, Recovery)
        found.append([job.guild_id for job in await services.recovery.left()])

    assert found == [[ONE], [OTHER], [ONE, OTHER]]


async def test_what_expires(services: Services, clock: FrozenClock) -> None:
    for guild_id in (ONE, OTHER):
        quote = await services.studio.quote(ask(place=Place(guild_id=guild_id, channel_id=CHANNEL)))
        await services.confirmations.keep(quote)
        await services.wishes.ask(wish(guild_id, clock))
    clock.advance(days=4)

    be(services, 1)
    assert [each.guild_id for each in await services.confirmations.expire()] == [OTHER]
    assert [each.guild_id for each in await services.wishes.expire()] == [OTHER]
    assert await services.confirmations.expire() == []
    be(services, 0)
    assert [each.guild_id for each in await services.confirmations.expire()] == [ONE]
    assert [each.guild_id for each in await services.wishes.expire()] == [ONE]


async def test_what_log_channels_are_told(
    services: Services, clock: FrozenClock, told: Stops
) -> None:
    limit = Rule(scope=Scope.SERVER, unit=Unit.DOLLARS, window=Window.MONTH, amount=60_000)
    for guild_id in (ONE, OTHER):
        await services.guilds.change(
            guild_id, BOSS, models=told.models, log_channel=LOG, digest=Weekday.THURSDAY,
            model="told-1",
        )  # fmt: skip
        await services.quotas.set_rule(guild_id, limit, by=BOSS)
        ticket = await services.studio.admit(ask(place=Place(guild_id=guild_id, channel_id=LOG)))
        await services.studio.books.failed(ticket, RuntimeError(), called=True, price=None)
    clock.advance(days=2)

    be(services, 1)
    assert [each.guild_id for each in await services.budget_alerts.new()] == [OTHER]
    assert [each.guild_id for each in await services.digests.due()] == [OTHER]
    ends = await services.alerts.endings()
    assert [each.guild_id for each in ends.servers] == [OTHER]
    assert [each.servers for each in ends.operator] == [2]  # the operator is told of all


async def test_the_operator_is_told_of_a_stop_by_one_of_them(
    tmp_path: Path, clock: FrozenClock, postgresql_url: str
) -> None:
    first, second = Stops(answer(picture())), Stops(answer(picture()))
    settings = {"DATABASE_URL": postgresql_url}
    async with (
        open_studio(tmp_path, clock, first, **settings) as one,
        open_studio(tmp_path, clock, second, **settings) as other,
    ):
        be(one, 0)
        be(other, 1)
        first.stopping = second.stopping = (MONEY,)
        opened = [[c.is_open for c in await each.alerts.new_stops()] for each in (one, other)]
        assert opened == [[True], []]
        second.stopping = ()
        assert await other.alerts.new_stops() == ()
        first.stopping = ()
        assert [change.is_open for change in await one.alerts.new_stops()] == [False]

        second.stopping = (MONEY,)  # again: now it is the other one that meets it
        assert [change.is_open for change in await other.alerts.new_stops()] == [True]
        clock.advance(hours=2)  # that one dies, and nobody says that it goes on
        first.stopping = (MONEY,)
        assert [change.is_open for change in await one.alerts.new_stops()] == [True]


async def test_a_busy_database_tells_of_a_stop_all_the_same(
    services: Services, told: Stops, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def busy(work: object) -> None:
        raise StorageBusy

    be(services, 0)
    monkeypatch.setattr(services.database, "write", busy)
    told.stopping = (MONEY,)
    assert [change.is_open for change in await services.alerts.new_stops()] == [True]


def wish(guild_id: int, clock: FrozenClock) -> Wish:
    none = {"answered_at": None, "answered_by": None, "granted": None, "grant_until": None}
    return Wish(
        id=0,
        guild_id=guild_id,
        channel_id=CHANNEL,
        user_id=ANN,
        locale="de",
        scope=Scope.MEMBER,
        unit=Unit.PICTURES,
        window="day",
        amount=1,
        command="imagine",
        pictures=1,
        quality=None,
        micros=1,
        state=WishState.OPEN,
        card_channel_id=None,
        card_message_id=None,
        created_at=clock.now(),
        expires_at=clock.now(),
        reason="",
        is_told=False,
        **none,
    )
