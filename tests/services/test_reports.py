"""Reports, from requests that really ran: what adds up, what costs nothing, what nobody knows."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.bootstrap import Services
from bot.domain.asks import Asker, Command, Place
from bot.domain.errors import (
    BadOption,
    ChannelClosed,
    ContentRefused,
    MaybeBilled,
    ProviderFailed,
    QuotaFull,
)
from bot.domain.quota import Rule, Scope, Unit
from bot.domain.usage import Forecast, Outcomes, Share, Tally
from bot.domain.windows import Clocks, Window
from bot.providers.base import Price
from bot.services.admission import ticket_of
from bot.services.books import Shown
from bot.services.stages import Result
from tests.services.clocks import FrozenClock
from tests.services.studio import (
    ANN,
    CHANNEL,
    ESTIMATE,
    GUILD,
    PRICE,
    Told,
    Wall,
    answer,
    ask,
    open_studio,
    picture,
)

pytestmark = pytest.mark.usefixtures("database_kind")

BOB = 31
DECLINED = ContentRefused(stage="input", categories=("violence", "hate"))


@pytest.fixture
def provider() -> Told:
    return Told(answer(picture()))


@pytest.fixture
async def services(tmp_path: Path, clock: FrozenClock, provider: Told) -> AsyncGenerator[Services]:
    limits = {"DEFAULT_MEMBER_PICTURES_PER_DAY": "1000", "DEFAULT_SERVER_DOLLARS_PER_MONTH": "1000"}
    async with open_studio(tmp_path, clock, provider, **limits) as opened:
        yield opened


@dataclass
class Waiting(Wall):
    """A stage on which nothing is shown until *go* is set."""

    asked: asyncio.Event = field(default_factory=asyncio.Event)
    go: asyncio.Event = field(default_factory=asyncio.Event)

    async def show(self, result: Result) -> Shown:
        self.asked.set()
        await self.go.wait()
        return await super().show(result)


@dataclass
class Late(Wall):
    """A stage on which pictures are shown after so many seconds."""

    clock: FrozenClock = field(default_factory=FrozenClock)
    seconds: float = 0.0

    async def show(self, result: Result) -> Shown:
        self.clock.advance(seconds=self.seconds)
        return await super().show(result)


async def _run(
    services: Services,
    by: int = ANN,
    guild: int = GUILD,
    wall: Wall | None = None,
    **options: Any,
) -> None:
    """Ask, and let it end as the provider was told."""
    place = Place(guild_id=guild, channel_id=CHANNEL)
    usual: dict[str, Any] = {"asker": Asker(user_id=by), "place": place}
    ticket = await services.studio.admit(ask(**(usual | options)))
    try:
        await services.studio.perform(ticket, wall or Wall())
    except (ContentRefused, MaybeBilled, ProviderFailed):
        return


async def _end(services: Services, provider: Told, error: BaseException, by: int = ANN) -> None:
    made, provider.outcome = provider.outcome, error
    await _run(services, by)
    provider.outcome = made


async def test_an_empty_server_has_an_empty_report(services: Services) -> None:
    report = await services.reports.server(GUILD, Clocks(), 30)

    assert (report.total, report.outcomes) == (Tally(), Outcomes())
    assert (report.by_member, report.by_command, report.by_model) == ((), (), ())
    assert (report.by_role, report.by_channel, report.categories, report.causes) == ((), (), (), ())
    assert (report.waits, report.before, report.forecast) == (None, None, None)


async def test_what_was_made_adds_up_by_member_command_and_model(
    services: Services, provider: Told
) -> None:
    provider.outcome = answer(picture(), picture(colour="red"))
    await _run(services, count=2)
    await _run(services, by=BOB, count=2)
    provider.outcome = answer(picture())
    await _run(services, by=BOB, model="told-draw")
    await _run(services, by=BOB, guild=GUILD + 1)

    report = await services.reports.server(GUILD, Clocks(), 30)

    assert report.total == Tally(requests=3, pictures=5, micros=3 * PRICE)
    assert report.outcomes == Outcomes(done=3)
    assert report.by_member == (
        Share(
            of=BOB,
            tally=Tally(requests=2, pictures=3, micros=2 * PRICE),
            outcomes=Outcomes(done=2),
        ),
        Share(of=ANN, tally=Tally(requests=1, pictures=2, micros=PRICE), outcomes=Outcomes(done=1)),
    )
    assert report.by_command == (
        Share(of="imagine", tally=report.total, outcomes=Outcomes(done=3)),
    )
    assert [(share.of, share.tally.pictures) for share in report.by_model] == [
        ("told-1", 4),
        ("told-draw", 1),
    ]


async def test_commands_are_told_apart(services: Services) -> None:
    await _run(services)
    await _run(services, command=Command.EDIT)
    await _run(services, command=Command.EDIT)

    report = await services.reports.server(GUILD, Clocks(), 30)

    assert [(share.of, share.tally.requests) for share in report.by_command] == [
        ("edit", 2),
        ("imagine", 1),
    ]


async def test_what_was_declined_costs_nothing_and_is_counted_by_reason(
    services: Services, provider: Told
) -> None:
    await _end(services, provider, DECLINED)
    await _end(services, provider, ContentRefused(stage="output", categories=("hate",)))
    await _end(services, provider, ContentRefused(stage="unknown"))

    report = await services.reports.server(GUILD, Clocks(), 30)
    mine = await services.reports.mine(GUILD, ANN, Clocks())

    assert report.total == mine.ever == Tally()
    assert report.outcomes == mine.outcomes == Outcomes(refused=3)
    assert report.categories == (("hate", 2), ("violence", 1))
    assert report.causes == (("ContentRefused", 3),)


async def test_a_failure_that_is_not_billed_costs_nothing(
    services: Services, provider: Told
) -> None:
    await _end(services, provider, ProviderFailed())

    report = await services.reports.server(GUILD, Clocks(), 30)

    assert (report.total, report.outcomes) == (Tally(), Outcomes(failed=1))


async def test_a_call_without_an_answer_counts_as_spent_at_its_estimate(
    services: Services, provider: Told
) -> None:
    await _run(services)
    await _end(services, provider, MaybeBilled())

    report = await services.reports.server(GUILD, Clocks(), 30)

    assert report.total == Tally(
        requests=2, pictures=1, micros=PRICE + ESTIMATE, unsure_micros=ESTIMATE
    )
    assert report.outcomes == Outcomes(done=1, unknown=1)


async def test_an_unknown_price_counts_as_spent_at_its_estimate(
    services: Services, provider: Told
) -> None:
    provider.outcome = replace(answer(picture()), price=Price(micros=0, known=False))
    await _run(services)

    report = await services.reports.server(GUILD, Clocks(), 30)

    assert report.total == Tally(requests=1, pictures=1, micros=ESTIMATE, unsure_micros=ESTIMATE)


async def test_what_is_running_is_told_apart_and_not_spent(services: Services) -> None:
    wall = Waiting()
    running = asyncio.create_task(_run(services, wall=wall))
    await wall.asked.wait()

    report = await services.reports.server(GUILD, Clocks(), 30)
    mine = await services.reports.mine(GUILD, ANN, Clocks())
    wall.go.set()
    await running

    assert (report.total, report.outcomes) == (Tally(), Outcomes(running=1))
    assert (mine.ever, mine.outcomes) == (Tally(), Outcomes(running=1))


async def test_everyone_is_in_the_report_most_spent_first(services: Services) -> None:
    for member in range(12):
        for _ in range(2 if member < 10 else 1):
            await _run(services, by=100 + member)

    report = await services.reports.server(GUILD, Clocks(), 30)

    assert [share.of for share in report.by_member] == list(range(100, 112))
    assert report.total.requests == 22


async def test_a_report_starts_at_midnight_of_the_servers_clocks(
    services: Services, clock: FrozenClock
) -> None:
    await services.guilds.change(GUILD, ANN, timezone="Asia/Tokyo")
    await _run(services)  # Wednesday noon in UTC, 21 o'clock in Tokyo
    clock.advance(hours=4)  # Thursday in Tokyo

    assert (await services.reports.server(GUILD, Clocks("Asia/Tokyo"), 1)).total.requests == 0
    two_days = await services.reports.server(GUILD, Clocks("Asia/Tokyo"), 2)
    assert two_days.total.requests == two_days.outcomes.done == 1
    assert two_days.since.isoformat() == "2026-11-17T15:00:00+00:00"


async def test_a_change_of_the_time_zone_counts_nothing_twice_and_loses_nothing(
    services: Services, clock: FrozenClock
) -> None:
    for zone in ("UTC", "Pacific/Kiritimati", "Pacific/Niue", "Asia/Kathmandu", "UTC"):
        await services.guilds.change(GUILD, ANN, timezone=zone)
        for _ in range(3):
            await _run(services)
            clock.advance(hours=7)

    report = await services.reports.server(GUILD, Clocks(), 30)

    assert report.total == Tally(requests=15, pictures=15, micros=15 * PRICE)
    assert sum(stretch.tally.requests for stretch in report.trend) == 15


async def test_a_request_counts_for_every_role_of_its_asker(services: Services) -> None:
    await _run(services, asker=Asker(user_id=ANN, role_ids=frozenset({71, 72})))
    await _run(services, asker=Asker(user_id=BOB, role_ids=frozenset({72})))
    await _run(services, asker=Asker(user_id=BOB))

    report = await services.reports.server(GUILD, Clocks(), 30)

    assert [(share.of, share.tally.requests) for share in report.by_role] == [(72, 2), (71, 1)]
    assert report.total.requests == 3


async def test_a_thread_counts_for_its_channel(services: Services) -> None:
    await _run(services)
    thread = Place(guild_id=GUILD, channel_id=CHANNEL + 1, parent_id=CHANNEL)
    await _run(services, place=thread)

    report = await services.reports.server(GUILD, Clocks(), 30)

    assert [(share.of, share.tally.requests) for share in report.by_channel] == [(CHANNEL, 2)]


async def test_what_limits_and_rules_turned_away_is_counted_by_cause(services: Services) -> None:
    await services.guilds.change(GUILD, ANN, channels=frozenset({CHANNEL}))
    rule = Rule(scope=Scope.EVERYONE, unit=Unit.PICTURES, window=Window.DAY, amount=1)
    await services.quotas.set_rule(GUILD, rule, by=ANN)
    await _run(services)
    with pytest.raises(QuotaFull):
        await _run(services)
    for _ in range(2):
        with pytest.raises(ChannelClosed):
            await _run(services, place=Place(guild_id=GUILD, channel_id=CHANNEL + 1))
    with pytest.raises(BadOption):
        await _run(services, model="no such model")

    report = await services.reports.server(GUILD, Clocks(), 30)

    assert report.outcomes == Outcomes(done=1, turned_away=3)
    assert report.causes == (("ChannelClosed", 2), ("QuotaFull", 1))
    assert [share.outcomes.turned_away for share in report.by_channel] == [1, 2]


async def test_waits_are_told_by_what_was_shown(
    services: Services, clock: FrozenClock, provider: Told
) -> None:
    for seconds in (*(10,) * 15, *(60,) * 5):
        await _run(services, wall=Late(clock=clock, seconds=seconds))
    await _end(services, provider, ProviderFailed())

    waits = (await services.reports.server(GUILD, Clocks(), 30)).waits

    assert waits is not None
    assert waits.median == pytest.approx(10, rel=0.25)
    assert waits.slow == pytest.approx(60, rel=0.25)


async def test_the_time_before_is_told_once_all_of_it_is_known(
    services: Services, clock: FrozenClock
) -> None:
    await _run(services)
    clock.advance(days=3)
    await _run(services)
    await _run(services)

    two = await services.reports.server(GUILD, Clocks(), 2)
    three = await services.reports.server(GUILD, Clocks(), 3)

    assert two.before is not None
    assert (two.before.tally.requests, two.total.requests) == (1, 2)
    assert three.before is None


async def test_a_forecast_needs_days_enough_and_a_budget_that_will_not_last(
    services: Services, clock: FrozenClock
) -> None:
    budget = Rule(scope=Scope.SERVER, unit=Unit.DOLLARS, window=Window.MONTH, amount=12 * PRICE)
    await services.quotas.set_rule(GUILD, budget, by=ANN)
    for _ in range(5):
        assert (await services.reports.server(GUILD, Clocks(), 30)).forecast is None
        await _run(services)
        clock.advance(days=1)

    soon = await services.reports.server(GUILD, Clocks(), 1)
    await services.quotas.set_rule(GUILD, replace(budget, amount=1000 * PRICE), by=ANN)
    lasting = await services.reports.server(GUILD, Clocks(), 1)

    resets = datetime(2026, 12, 1, tzinfo=UTC)
    assert soon.forecast == Forecast(ends_at=clock.now() + timedelta(days=7), resets_at=resets)
    assert lasting.forecast == Forecast(ends_at=None, resets_at=resets)


async def test_a_request_of_an_earlier_process_counts_once_and_with_its_roles(
    services: Services,
) -> None:
    asker = Asker(user_id=ANN, role_ids=frozenset({71}))
    place = Place(guild_id=GUILD, channel_id=CHANNEL)
    ticket = await services.studio.admit(ask(asker=asker, place=place))
    (job,) = await services.studio.books.unfinished()
    again = ticket_of(job, ticket.choices)

    await services.studio.books.interrupted(again, None)
    await services.studio.books.interrupted(ticket, None)

    report = await services.reports.server(GUILD, Clocks(), 30)
    assert report.outcomes == Outcomes(unknown=1)
    assert [share.of for share in report.by_role] == [71]


async def test_a_member_sees_each_window_and_everything(
    services: Services, clock: FrozenClock
) -> None:
    for days in (0, 60, 8, 1, 1):  # Sunday 17 January, then Monday 25 to Wednesday 27
        clock.advance(days=days)
        await _run(services)
    await _run(services, by=BOB)

    mine = await services.reports.mine(GUILD, ANN, Clocks("Europe/Berlin"))

    assert {span.window: span.tally.requests for span in mine.spans} == {
        Window.DAY: 1,
        Window.WEEK: 3,
        Window.MONTH: 4,
    }
    assert mine.ever == Tally(requests=5, pictures=5, micros=5 * PRICE)
    assert mine.outcomes == Outcomes(done=4)
    day, week, month = mine.spans
    assert day.resets_at.isoformat() == "2027-01-27T23:00:00+00:00"
    assert week.starts_at.isoformat() == "2027-01-24T23:00:00+00:00"
    assert month.resets_at.isoformat() == "2027-01-31T23:00:00+00:00"


async def test_a_member_who_made_nothing_has_an_empty_report(services: Services) -> None:
    await _run(services, by=BOB)

    mine = await services.reports.mine(GUILD, ANN, Clocks())

    assert [span.tally for span in mine.spans] == [Tally()] * 3
    assert (mine.ever, mine.outcomes) == (Tally(), Outcomes())
