"""What is told of models that end and of stops, to whom, and how often."""

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from bot.domain.errors import NotSetUp, OperationMissing, ProviderError, StorageBusy
from bot.domain.shards import Ownership
from bot.providers.base import Ending, Stop
from bot.services.alerts import Alerts, Endings, ModelEnds, ServerModelEnds, StopChange
from bot.services.guilds import Guilds
from bot.storage.database import Database, open_database
from tests.services.clocks import FrozenClock
from tests.services.studio import Told, answer, picture

GRETA, ROOM = 40, 50
TODAY = FrozenClock().now().date()
NEAR = Ending(model="told-1", day=TODAY + timedelta(days=9), successor="told-draw")
OPERATOR = 7
MONEY = Stop(cause="money", since=90)


@dataclass
class Ends(Told):
    """A picture maker that ends, stops, and cannot always say."""

    stopping: tuple[Stop, ...] = ()
    silent: ProviderError | None = None
    looks: int = 0

    @property
    def stops(self) -> tuple[Stop, ...]:
        return self.stopping

    async def endings(self) -> tuple[Ending, ...]:
        self.looks += 1
        if self.silent is not None:
            raise self.silent
        return self.ends


@pytest.fixture
def provider() -> Ends:
    return Ends(answer(picture()), ends=(NEAR,))


@pytest.fixture
def alerts(database: Database, provider: Ends, clock: FrozenClock) -> Alerts:
    return Alerts(database, provider, clock, ownership=Ownership(), operator_channel=OPERATOR)


async def _choose(
    database: Database, clock: FrozenClock, guild_id: int, model: str | None, log: int | None
) -> None:
    models, guilds = Told(answer(picture())).models, Guilds(database, clock)
    await guilds.change(guild_id, GRETA, models=models, model=model, log_channel=log)


async def test_operator_and_server_are_told_once(
    alerts: Alerts, database: Database, clock: FrozenClock
) -> None:
    await _choose(database, clock, 10, "told-1", ROOM)

    first = await alerts.endings()
    clock.advance(days=1)

    assert first == Endings(
        operator=(ModelEnds(ending=NEAR, over=False, default=True, servers=1),),
        servers=(
            ServerModelEnds(
                guild_id=10, channel_id=ROOM, ending=NEAR, over=False, successor="told-draw"
            ),
        ),
    )
    assert await alerts.endings() == Endings()


async def test_a_restart_does_not_tell_again(
    tmp_path: Path, provider: Ends, clock: FrozenClock
) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path}/again.db"
    told: list[int] = []
    for _ in range(3):
        async with open_database(url) as database:
            await _choose(database, clock, 10, "told-1", ROOM)
            found = await Alerts(
                database, provider, clock, ownership=Ownership(), operator_channel=1
            ).endings()
            told.append(len(found.operator) + len(found.servers))

    assert told == [2, 0, 0]


async def test_it_is_looked_once_a_day(alerts: Alerts, provider: Ends, clock: FrozenClock) -> None:
    for _ in range(48):
        await alerts.endings()
        clock.advance(hours=1)

    assert provider.looks == 2


async def test_every_look_stands_in_the_log(alerts: Alerts, clock: FrozenClock) -> None:
    with capture_logs() as logs:
        for _ in range(2):
            await alerts.endings()
            clock.advance(days=1)

    assert logs == 2 * [
        {
            "event": "model_ends",
            "log_level": "warning",
            "model": "told-1",
            "day": "2026-11-27",
            "servers": 0,
            "cure": "Set OPENAI_MODEL to told-draw.",
        }
    ]


async def test_a_new_date_is_told_anew(alerts: Alerts, provider: Ends, clock: FrozenClock) -> None:
    await alerts.endings()
    clock.advance(days=1)
    later = Ending(model="told-1", day=TODAY + timedelta(days=30))
    provider.ends = (later,)

    assert [each.ending for each in (await alerts.endings()).operator] == [later]


async def test_a_channel_that_is_named_later_is_told_then(
    alerts: Alerts, database: Database, clock: FrozenClock
) -> None:
    alerts.operator_channel = None
    await _choose(database, clock, 10, "told-1", None)
    assert await alerts.endings() == Endings()

    clock.advance(days=1)
    alerts.operator_channel = OPERATOR
    await _choose(database, clock, 10, "told-1", ROOM)
    found = await alerts.endings()

    assert (len(found.operator), len(found.servers)) == (1, 1)


@pytest.mark.parametrize(
    ("day", "told"),
    [
        (TODAY + timedelta(days=61), []),
        (TODAY + timedelta(days=60), [False]),
        (TODAY + timedelta(days=1), [False]),
        (TODAY, [True]),
        (TODAY - timedelta(days=400), [True]),
        (None, [True]),
    ],
)
async def test_who_is_told_when(
    alerts: Alerts, provider: Ends, day: date | None, told: list[bool]
) -> None:
    provider.ends = (Ending(model="told-1", day=day),)

    assert [each.over for each in (await alerts.endings()).operator] == told


async def test_only_servers_that_chose_that_model_and_have_a_log_channel_are_told(
    alerts: Alerts, database: Database, provider: Ends, clock: FrozenClock
) -> None:
    provider.ends = (Ending(model="told-draw", day=None, successor="elsewhere"),)
    for guild_id, model, log in ((1, None, 11), (2, "told-1", 12), (3, "told-draw", None)):
        await _choose(database, clock, guild_id, model, log)
    await _choose(database, clock, 4, "told-draw", 14)

    found = await alerts.endings()

    (ends,), (server,) = found.operator, found.servers
    assert (ends.default, ends.servers) == (False, 2)
    assert (server.guild_id, server.channel_id, server.successor) == (4, 14, None)


@pytest.mark.parametrize(
    ("error", "hours"), [(NotSetUp(), 1), (OperationMissing(operation="models"), 24)]
)
async def test_a_service_that_cannot_say_is_asked_again(
    alerts: Alerts, provider: Ends, clock: FrozenClock, error: ProviderError, hours: int
) -> None:
    provider.silent = error
    with capture_logs() as logs:
        assert await alerts.endings() == Endings()
    assert [each["event"] for each in logs] == ["endings_unknown"]

    provider.silent = None
    clock.advance(hours=hours, seconds=-1)
    assert await alerts.endings() == Endings()
    clock.advance(seconds=1)
    assert len((await alerts.endings()).operator) == 1


async def test_a_busy_database_tells_nothing_and_forgets_nothing(
    alerts: Alerts, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def busy(work: object) -> None:
        raise StorageBusy

    with monkeypatch.context() as patch:
        patch.setattr(database, "write", busy)
        with pytest.raises(StorageBusy):
            await alerts.endings()

    assert len((await alerts.endings()).operator) == 1


async def test_two_processes_tell_once_between_them(
    alerts: Alerts, database: Database, provider: Ends, clock: FrozenClock
) -> None:
    other = Alerts(database, provider, clock, ownership=Ownership(), operator_channel=OPERATOR)

    told = [await each.endings() for each in (alerts, other)]

    assert [len(each.operator) for each in told] == [1, 0]


async def test_nothing_near_writes_nothing(
    alerts: Alerts, database: Database, provider: Ends, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def never(work: object) -> None:
        raise AssertionError

    monkeypatch.setattr(database, "write", never)
    provider.ends = ()
    assert await alerts.endings() == Endings()


async def test_an_unaddressed_ending_writes_nothing(
    alerts: Alerts, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def never(work: object) -> None:
        raise AssertionError

    monkeypatch.setattr(database, "write", never)
    alerts.operator_channel = None
    assert await alerts.endings() == Endings()


async def test_a_stop_opens_and_closes_once(
    alerts: Alerts, provider: Ends, clock: FrozenClock
) -> None:
    assert alerts.stop_changes() == ()
    provider.stopping = (MONEY,)
    began = clock.now() - timedelta(seconds=90)

    assert alerts.stop_changes() == (StopChange(stop=MONEY, since=began, is_open=True),)
    clock.advance(minutes=1)
    provider.stopping = (Stop(cause="money", since=150),)
    assert alerts.stop_changes() == ()

    provider.stopping = ()
    assert alerts.stop_changes() == (StopChange(stop=MONEY, since=began, is_open=False),)
    assert alerts.stop_changes() == ()

    provider.stopping = (MONEY,)
    assert [change.is_open for change in alerts.stop_changes()] == [True]


async def test_stops_of_two_models_are_two(alerts: Alerts, provider: Ends) -> None:
    one, two = (Stop(cause="model", model=name) for name in ("told-1", "told-draw"))
    provider.stopping = (one,)
    alerts.stop_changes()
    provider.stopping = (two,)

    changes = alerts.stop_changes()

    assert [(change.stop, change.is_open) for change in changes] == [(one, False), (two, True)]
