"""What a start goes on with: shown once, called at most once, and every request ends."""

import asyncio
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from time import perf_counter

import pytest

from bot.bootstrap import Services
from bot.domain.asks import Asker, Command, Place
from bot.domain.errors import (
    ContentRefused,
    DeliveryFailed,
    Interrupted,
    ModelGone,
    NothingKept,
    NotResumed,
    ProviderFailed,
    StorageBusy,
    UserError,
)
from bot.domain.guild import GuildChoices
from bot.domain.jobs import JobState
from bot.domain.quota import Unit
from bot.services.admission import Ticket
from bot.services.books import Shown
from bot.services.keeping import Kept, files_of, notes_of, restored
from bot.storage import jobs
from tests.services.clocks import FrozenClock
from tests.services.studio import (
    ANN,
    CHANNEL,
    ESTIMATE,
    GUILD,
    PRICE,
    Attached,
    Told,
    Wall,
    answer,
    ask,
    open_studio,
    picture,
    used,
)

pytestmark = pytest.mark.usefixtures("database_kind")

MANY = {
    "MEMBER_JOBS_AT_ONCE": "256",
    "DEFAULT_MEMBER_PICTURES_PER_DAY": "100000",
    "DEFAULT_SERVER_DOLLARS_PER_MONTH": "10000",
}


@dataclass
class Post:
    """A courier whose every stage is the same wall, and who remembers what was told."""

    wall: Wall = field(default_factory=Wall)
    told: list[tuple[str, type[UserError]]] = field(
        default_factory=list[tuple[str, type[UserError]]]
    )
    open: bool = True
    replies: list[Shown | None] = field(default_factory=list["Shown | None"])

    def stage(self, ticket: Ticket, reply: Shown | None) -> Wall:
        del ticket
        self.replies.append(reply)
        return self.wall

    async def can_show(self, ticket: Ticket) -> bool:
        del ticket
        return self.open

    async def tell(self, ticket: Ticket, error: UserError) -> Shown | None:
        self.told.append((ticket.code, type(error)))
        return Shown(CHANNEL, 77)


@pytest.fixture
def provider() -> Told:
    return Told(answer(picture()))


@pytest.fixture
def post() -> Post:
    return Post()


@dataclass
class Machine:
    """Starts Easel on one database, again and again; what is not closed is as after kill -9."""

    path: Path
    clock: FrozenClock
    provider: Told

    @asynccontextmanager
    async def start(self, **settings: str) -> AsyncGenerator[Services]:
        async with open_studio(
            self.path, self.clock, self.provider, None, Attached(picture(1024)), **settings
        ) as services:
            yield services


@pytest.fixture
def machine(tmp_path: Path, clock: FrozenClock, provider: Told) -> Machine:
    return Machine(tmp_path, clock, provider)


async def _recover(services: Services, post: Post) -> None:
    await services.recovery.run(await services.recovery.left(), post)


async def _state(services: Services, ticket: Ticket) -> JobState:
    return (await services.studio.books.find(GUILD, ticket.code)).state


def _kept(*pictures: bytes) -> Kept:
    return Kept(answer=answer(*pictures), seconds=1.5, quality="high")


async def test_what_was_never_called_is_made_after_the_start(
    machine: Machine, provider: Told, post: Post
) -> None:
    async with machine.start() as services:
        ticket = await services.studio.admit(ask(Command.EDIT, region="left half"))

    async with machine.start() as services:
        await _recover(services, post)

        (result,) = post.wall.shown
        assert result.ticket == replace(ticket, estimate=result.ticket.estimate, fresh=False)
        assert len(provider.requests) == 1
        assert await used(services, Unit.PICTURES) == (1, 0)
        assert await used(services, Unit.DOLLARS) == (PRICE, 0)
        assert await _state(services, ticket) is JobState.DONE
        assert await services.recovery.left() == []


async def test_what_was_called_is_never_called_again(
    machine: Machine, provider: Told, post: Post
) -> None:
    async with machine.start() as services:
        ticket = await services.studio.admit(ask())
        await services.studio.books.calling(ticket, Shown(CHANNEL, 55))

    async with machine.start() as services:
        await _recover(services, post)

        assert provider.requests == []
        assert post.told == [(ticket.code, Interrupted)]
        assert await used(services, Unit.PICTURES) == (0, 0)
        assert await used(services, Unit.JOBS) == (0, 0)
        assert await used(services, Unit.DOLLARS) == (ESTIMATE, 0)
        job = await services.studio.books.find(GUILD, ticket.code)
        assert (job.state, job.token, job.message_id) == (JobState.UNKNOWN, None, 77)
        assert job.prompt == "a red kite"  # so that it can be asked for again


@pytest.mark.parametrize("ended", [False, True], ids=["calling", "ended"])
async def test_what_another_process_took_up_is_not_called_here(
    machine: Machine, provider: Told, *, ended: bool
) -> None:
    """A process that was frozen for longer than its locks held goes on where it stopped."""
    async with machine.start() as services:
        ticket, wall = await services.studio.admit(ask()), Wall()
        await services.studio.books.calling(ticket)
        if ended:
            await services.studio.books.interrupted(ticket, None)
        before = await services.studio.books.find(GUILD, ticket.code)

        await services.studio.perform(ticket, wall)

        assert provider.requests == []
        assert (wall.shown, wall.put_off) == ([], [])
        assert await services.studio.books.find(GUILD, ticket.code) == before
        assert await used(services, Unit.DOLLARS) == ((ESTIMATE, 0) if ended else (0, ESTIMATE))


async def test_what_was_made_is_shown_after_the_start(
    machine: Machine, provider: Told, post: Post
) -> None:
    async with machine.start() as services:
        ticket = await services.studio.admit(ask(count=2))
        await services.studio.books.calling(ticket, Shown(CHANNEL, 55))
        await services.studio.books.made(ticket, _kept(picture(), picture()))

    async with machine.start() as services:
        await _recover(services, post)

        (result,) = post.wall.shown
        assert (len(result.pictures), result.seconds, result.quality) == (2, 1.5, "high")
        assert result.price.micros == PRICE
        assert post.replies == [Shown(CHANNEL, 55)]
        assert provider.requests == []
        assert await used(services, Unit.PICTURES) == (2, 0)
        assert await used(services, Unit.DOLLARS) == (PRICE, 0)
        assert await services.database.read(lambda c: jobs.kept(c, ticket.job_id)) is None


async def test_an_edit_is_finished_from_what_was_kept(
    machine: Machine, provider: Told, post: Post
) -> None:
    """Outside its mask the member's own picture is seen, also after a restart."""
    provider.outcome = answer(picture(1024, "red"))
    async with machine.start() as services:
        ticket = await services.studio.admit(ask(Command.EDIT, region="left half"))
        failing = Wall(failure=DeliveryFailed())
        with pytest.raises(UserError):
            await services.studio.perform(ticket, failing)

    async with machine.start() as services:
        await _recover(services, post)

    (result,) = post.wall.shown
    changed = result.pictures[0].changed
    assert changed is not None
    assert 0.4 < changed < 0.6


@pytest.mark.parametrize(
    ("failure", "state"),
    [(ContentRefused(stage="input"), JobState.REFUSED), (ProviderFailed(), JobState.FAILED)],
    ids=["refused", "failed"],
)
async def test_what_fails_after_the_start_is_told(
    machine: Machine, provider: Told, post: Post, failure: UserError, state: JobState
) -> None:
    async with machine.start() as services:
        ticket = await services.studio.admit(ask())
    provider.outcome = failure

    async with machine.start() as services:
        await _recover(services, post)

        assert post.told == [(ticket.code, type(failure))]
        assert await _state(services, ticket) is state
        assert await used(services, Unit.PICTURES) == (0, 0)


async def test_what_cannot_be_shown_any_more_is_not_made(
    machine: Machine, provider: Told, post: Post
) -> None:
    post.open = False
    async with machine.start() as services:
        ticket = await services.studio.admit(ask())

    async with machine.start() as services:
        await _recover(services, post)

        assert provider.requests == []
        assert post.told == [(ticket.code, NotResumed)]
        assert await _state(services, ticket) is JobState.FAILED
        assert await used(services, Unit.DOLLARS) == (0, 0)


async def test_a_model_that_is_gone_after_the_start_costs_nothing(
    machine: Machine, provider: Told, post: Post
) -> None:
    async with machine.start() as services:
        ticket = await services.studio.admit(ask(model="told-draw"))
    del provider.models["told-draw"]

    async with machine.start() as services:
        await _recover(services, post)

        assert post.told == [(ticket.code, ModelGone)]
        assert await used(services, Unit.PICTURES) == (0, 0)


async def test_what_cannot_be_shown_for_a_day_is_given_back(
    machine: Machine, clock: FrozenClock, post: Post
) -> None:
    post.wall.failure = DeliveryFailed()
    async with machine.start() as services:
        ticket = await services.studio.admit(ask())
        with pytest.raises(UserError):
            await services.studio.perform(ticket, post.wall)
        clock.advance(hours=23)
        await services.recovery.again(post)
        tried = len(post.replies)
        await services.recovery.again(post, everything=False)
        assert len(post.replies) == tried
        assert await _state(services, ticket) is JobState.MADE
        clock.advance(hours=1)

        await services.recovery.again(post)

        assert await _state(services, ticket) is JobState.FAILED
        spent = await services.studio.books.find(GUILD, ticket.code)
        assert spent.cost_micros == PRICE
        assert await used(services, Unit.JOBS) == (0, 0)
        assert await services.recovery.left() == []


async def test_pictures_are_kept_for_their_asker_only(machine: Machine, post: Post) -> None:
    async with machine.start() as services:
        ticket = await services.studio.admit(ask())
        with pytest.raises(NothingKept):
            await services.recovery.kept(GUILD, ANN, ticket.code)
        with pytest.raises(UserError):
            await services.studio.perform(ticket, Wall(failure=DeliveryFailed()))

        with pytest.raises(NothingKept):
            await services.recovery.kept(GUILD, ANN + 1, ticket.code)
        mine = await services.recovery.kept(GUILD, ANN, ticket.code)
        await services.studio.deliver(mine, post.wall)

        assert len(post.wall.shown) == 1


async def test_a_bug_with_one_keeps_none_of_the_others(machine: Machine, post: Post) -> None:
    async with machine.start() as services:
        tickets = [await services.studio.admit(ask()) for _ in range(2)]
        for ticket in tickets:
            await services.studio.books.calling(ticket)
            await services.studio.books.made(ticket, _kept(picture()))
        strange = tickets[0].job_id
        await services.database.write(
            lambda c: jobs.move(c, strange, JobState.MADE, kept={"of": "another version"})
        )

    async with machine.start() as services:
        await _recover(services, post)

        assert [result.ticket.code for result in post.wall.shown] == [tickets[1].code]


@pytest.mark.parametrize("called", [False, True], ids=["booked", "calling"])
async def test_what_a_busy_database_kept_is_taken_up_later(
    machine: Machine, post: Post, monkeypatch: pytest.MonkeyPatch, *, called: bool
) -> None:
    async with machine.start() as services:
        ticket = await services.studio.admit(ask())
        if called:
            await services.studio.books.calling(ticket)

    async with machine.start() as services:

        async def busy(guild_id: int) -> GuildChoices:
            raise StorageBusy(guild=guild_id)

        with monkeypatch.context() as patch:
            patch.setattr(services.guilds, "choices", busy)
            await _recover(services, post)
        assert (post.told, post.wall.shown) == ([], [])

        await services.recovery.again(post)

        expected = JobState.UNKNOWN if called else JobState.DONE
        assert await _state(services, ticket) is expected


async def test_nothing_is_taken_up_while_easel_ends(machine: Machine, post: Post) -> None:
    async with machine.start() as services:
        ticket = await services.studio.admit(ask())
        await services.studio.close(0)

        await _recover(services, post)

        assert post.wall.shown == []
        assert await _state(services, ticket) is JobState.BOOKED


async def test_a_thousand_are_taken_up_and_the_oldest_is_shown_first(
    machine: Machine, post: Post, capsys: pytest.CaptureFixture[str]
) -> None:
    async with machine.start(**MANY) as services:
        place = Place(guild_id=GUILD, channel_id=CHANNEL)

        def asked(number: int) -> Asker:
            return Asker(user_id=ANN + number // 200)

        tickets = [
            await services.studio.admit(ask(asker=asked(number), place=place))
            for number in range(1000)
        ]
        for ticket in tickets[::2]:
            await services.studio.books.calling(ticket)
            await services.studio.books.made(ticket, _kept(picture(16)))

    async with machine.start(**MANY) as services:
        started, first = perf_counter(), 0.0
        running = asyncio.create_task(_recover(services, post))
        while not running.done():
            await asyncio.sleep(0.005)
            if post.wall.shown and not first:
                first = perf_counter() - started
        await running

        with capsys.disabled():
            sys.stdout.write(f"\n1,000 jobs left: the first shown in {first:.2f} s\n")
        codes = [result.ticket.code for result in post.wall.shown]
        assert sorted(codes) == sorted(ticket.code for ticket in tickets)
        assert first < 5
        assert await services.recovery.left() == []


def test_what_is_kept_comes_back_as_it_was() -> None:
    refused = ContentRefused(stage="output", categories=("violence",))
    told = replace(answer(picture(), picture()), refused=(refused,))
    kept = Kept(answer=told, seconds=2.0, quality=None)

    back = restored(notes_of(kept), files_of(kept))

    assert back.answer.pictures == told.pictures
    assert (back.answer.price, back.answer.request_id) == (told.price, told.request_id)
    assert [(each.stage, each.categories) for each in back.answer.refused] == [
        ("output", ("violence",))
    ]
    assert (back.picture, back.mask, back.source, back.seconds) == (None, None, None, 2.0)


async def test_only_what_a_mask_needs_is_kept(machine: Machine, provider: Told) -> None:
    async with machine.start() as services:
        for options, roles in (
            ({"region": "left half"}, {"answer", "canvas", "mask", "source"}),
            ({}, {"answer"}),
        ):
            ticket = await services.studio.admit(ask(Command.EDIT, **options))
            with pytest.raises(UserError):
                await services.studio.perform(ticket, Wall(failure=DeliveryFailed()))

            found = await services.database.read(lambda c, t=ticket: jobs.kept(c, t.job_id))

            assert found is not None
            assert {each.role for each in found[1]} == roles
