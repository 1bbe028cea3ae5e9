"""Reports, from requests that really ran: what adds up, what costs nothing, what nobody knows."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from bot.bootstrap import Services
from bot.domain.asks import Asker, Command, Place
from bot.domain.errors import ContentRefused, MaybeBilled, ProviderFailed
from bot.domain.usage import Outcomes, Share, Tally
from bot.domain.windows import Clocks, Window
from bot.providers.base import Price
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


async def _run(
    services: Services,
    by: int = ANN,
    guild: int = GUILD,
    wall: Wall | None = None,
    **options: Any,
) -> None:
    """Ask, and let it end as the provider was told."""
    place = Place(guild_id=guild, channel_id=CHANNEL)
    ticket = await services.studio.admit(ask(asker=Asker(user_id=by), place=place, **options))
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

    assert (report.total, report.others, report.outcomes) == (Tally(), Tally(), Outcomes())
    assert (report.by_member, report.by_command, report.by_model) == ((), (), ())
    assert report.refusals == ()


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
        Share(of=BOB, tally=Tally(requests=2, pictures=3, micros=2 * PRICE)),
        Share(of=ANN, tally=Tally(requests=1, pictures=2, micros=PRICE)),
    )
    assert report.by_command == (Share(of="imagine", tally=report.total),)
    assert [(share.of, share.tally.pictures) for share in report.by_model] == [
        ("told-1", 4),
        ("told-draw", 1),
    ]
    assert report.others == Tally()


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
    assert report.refusals == (("hate", 2), ("violence", 1))


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


async def test_ten_members_are_named_and_the_rest_is_added_up(services: Services) -> None:
    for member in range(12):
        for _ in range(2 if member < 10 else 1):
            await _run(services, by=100 + member)

    report = await services.reports.server(GUILD, Clocks(), 30)

    assert [share.of for share in report.by_member] == list(range(100, 110))
    assert report.others == Tally(requests=2, pictures=2, micros=2 * PRICE)
    assert report.total.requests == 22


async def test_a_report_starts_at_midnight_of_the_servers_clocks(
    services: Services, clock: FrozenClock
) -> None:
    await _run(services)  # Wednesday noon in UTC, 21 o'clock in Tokyo
    clock.advance(hours=4)  # Thursday in Tokyo

    assert (await services.reports.server(GUILD, Clocks(), 1)).total.requests == 1
    assert (await services.reports.server(GUILD, Clocks("Asia/Tokyo"), 1)).total.requests == 0
    two_days = await services.reports.server(GUILD, Clocks("Asia/Tokyo"), 2)
    assert two_days.total.requests == two_days.outcomes.done == 1
    assert two_days.since.isoformat() == "2026-11-17T15:00:00+00:00"


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
