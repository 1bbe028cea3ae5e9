"""The moderation log: what is written, and what managers find in it."""

from dataclasses import replace

import pytest

from bot.domain.moderation import EventPage, EventQuery, ModerationEvent
from bot.services.fingerprints import Fingerprints
from bot.services.moderation import ModerationLog, record
from bot.storage.database import Database
from tests.services.clocks import FrozenClock

GUILD, ANN, BOB = 10, 30, 31
ALL = EventQuery(guild_id=GUILD, size=4)


@pytest.fixture
def log(database: Database) -> ModerationLog:
    return ModerationLog(database)


async def _happened(database: Database, clock: FrozenClock, **options: object) -> ModerationEvent:
    clock.advance(minutes=1)
    usual = ModerationEvent(
        guild_id=GUILD,
        channel_id=20,
        user_id=ANN,
        job_code="k3f9q2wx",
        command="imagine",
        model="gpt-image-2.5-flare",
        source="vendor",
        stage="input",
        categories=("violence", "sexual/minors"),
        request_id="req_1",
        fingerprint="ab" * 32,
        at=clock.now(),
    )
    event = replace(usual, **options)
    await database.write(lambda c: record(c, event))
    return event


async def _many(database: Database, clock: FrozenClock, number: int) -> list[ModerationEvent]:
    return [await _happened(database, clock, job_code=f"code{n}") for n in range(number)][::-1]


def _codes(page: EventPage) -> list[str | None]:
    return [event.job_code for event in page.events]


async def test_an_event_comes_back_as_it_was_recorded(
    log: ModerationLog, database: Database, clock: FrozenClock
) -> None:
    scores = {"violence": 0.93, "sexual/minors": 0.4}
    full = await _happened(database, clock, source="server", scores=scores)
    bare = await _happened(
        database, clock, job_code=None, request_id=None, categories=(), fingerprint="cd" * 32
    )

    page = await log.page(ALL)

    assert page == EventPage(events=(bare, full), total=2)


async def test_a_page_tells_which_words_were_declined_again(
    log: ModerationLog, database: Database, clock: FrozenClock
) -> None:
    for words in ("old", "again", "once"):
        await _happened(database, clock, fingerprint=words)
    await _happened(database, clock, fingerprint="again", user_id=BOB, command="edit")
    await _happened(database, clock, fingerprint="once", guild_id=GUILD + 1)
    await _happened(database, clock, fingerprint="old")

    newest = await log.page(replace(ALL, size=1))
    everything = await log.page(replace(ALL, size=10))

    assert newest.repeats == {"old": 2}
    assert everything.repeats == {"old": 2, "again": 2}


async def test_a_variation_without_words_repeats_nothing(
    log: ModerationLog, database: Database, clock: FrozenClock
) -> None:
    for _ in range(3):
        await _happened(database, clock, command="vary", fingerprint="no words")

    assert (await log.page(ALL)).repeats == {}


async def test_a_log_without_events_has_one_empty_page(log: ModerationLog) -> None:
    assert await log.page(ALL) == EventPage(events=(), total=0)


async def test_a_server_sees_its_own_events_only(
    log: ModerationLog, database: Database, clock: FrozenClock
) -> None:
    await _happened(database, clock, guild_id=GUILD + 1, categories=("theirs",))

    assert await log.page(ALL) == EventPage(events=(), total=0)
    assert await log.categories(GUILD) == []


async def test_pages_lead_from_the_newest_to_the_oldest_and_back(
    log: ModerationLog, database: Database, clock: FrozenClock
) -> None:
    events = await _many(database, clock, 10)

    first = await log.page(ALL)
    second = await log.page(replace(ALL, before_id=first.older))
    third = await log.page(replace(ALL, before_id=second.older))
    back = await log.page(replace(ALL, after_id=third.newer))
    home = await log.page(replace(ALL, after_id=back.newer))

    assert [*first.events, *second.events, *third.events] == events
    assert [len(page.events) for page in (first, second, third)] == [4, 4, 2]
    assert [page.skipped for page in (first, second, third)] == [0, 4, 8]
    assert {page.total for page in (first, second, third)} == {10}
    assert (first.newer, third.older) == (None, None)
    assert (back, home) == (second, first)


async def test_a_full_last_page_has_nothing_older(
    log: ModerationLog, database: Database, clock: FrozenClock
) -> None:
    await _many(database, clock, 4)

    assert (await log.page(ALL)).older is None


async def test_what_happens_while_one_reads_does_not_move_the_pages(
    log: ModerationLog, database: Database, clock: FrozenClock
) -> None:
    events = await _many(database, clock, 8)
    first = await log.page(ALL)
    new = await _happened(database, clock, job_code="new")

    second = await log.page(replace(ALL, before_id=first.older))
    newest = await log.page(replace(ALL, after_id=second.newer))

    assert list(second.events) == events[4:]
    assert newest.events == first.events
    assert (await log.page(replace(ALL, after_id=newest.newer))).events[0] == new


async def test_newer_ends_on_a_full_first_page(
    log: ModerationLog, database: Database, clock: FrozenClock
) -> None:
    events = await _many(database, clock, 6)
    page = await log.page(replace(ALL, size=2))
    assert page.older is not None

    first = await log.page(replace(ALL, after_id=page.older))

    assert list(first.events) == events[:4]
    assert first.newer is None


async def test_a_page_whose_events_are_gone_is_empty_and_counts(
    log: ModerationLog, database: Database, clock: FrozenClock
) -> None:
    await _many(database, clock, 2)

    assert await log.page(replace(ALL, before_id=0)) == EventPage(events=(), total=2)


@pytest.mark.parametrize(
    ("wanted", "codes"),
    [
        ({"member": BOB}, ["b"]),
        ({"stage": "output"}, ["c"]),
        ({"category": "violence"}, ["c", "a"]),
        ({"category": "sexual/minors"}, ["b"]),
        ({"category": "sexual"}, []),
        ({"category": "violen%"}, []),
        ({"category": '"'}, []),
        ({"category": "selbst_schädigung"}, ["d"]),
        ({"category": "violence", "stage": "input", "member": ANN}, ["a"]),
        ({"member": 999}, []),
    ],
)
async def test_filters_find_exactly_what_they_name(
    log: ModerationLog,
    database: Database,
    clock: FrozenClock,
    wanted: dict[str, object],
    codes: list[str],
) -> None:
    await _happened(database, clock, job_code="d", categories=("selbst_schädigung",))
    await _happened(database, clock, job_code="a", categories=("violence",))
    await _happened(database, clock, job_code="b", user_id=BOB, categories=("sexual/minors",))
    await _happened(database, clock, job_code="c", stage="output", categories=("hate", "violence"))

    page = await log.page(replace(ALL, **wanted))

    assert _codes(page) == codes
    assert page.total == len(codes)


async def test_pages_keep_their_filter(
    log: ModerationLog, database: Database, clock: FrozenClock
) -> None:
    for number in range(6):
        await _happened(database, clock, job_code=f"{number}", user_id=(ANN, BOB)[number % 2])
    mine = EventQuery(guild_id=GUILD, member=ANN, size=2)

    first = await log.page(mine)
    second = await log.page(replace(mine, before_id=first.older))

    assert (_codes(first), _codes(second)) == (["4", "2"], ["0"])
    assert (first.total, second.skipped) == (3, 2)


async def test_categories_are_those_that_occurred(
    log: ModerationLog, database: Database, clock: FrozenClock
) -> None:
    await _happened(database, clock, categories=("violence", "hate"))
    await _happened(database, clock, categories=("hate",))

    assert await log.categories(GUILD) == ["hate", "violence"]


async def test_a_new_key_does_not_hide_that_the_same_words_come_again(
    log: ModerationLog, database: Database, clock: FrozenClock
) -> None:
    old, new = Fingerprints(b"k" * 32), Fingerprints(b"j" * 32, b"k" * 32)
    first = await _happened(database, clock, fingerprint=old.prompt("a red kite"))
    await _happened(database, clock, fingerprint=old.prompt("a blue kite"))
    again = replace(first, fingerprint=new.prompt("A red KITE"), at=clock.now())

    await database.write(lambda c: record(c, again, new.earlier("A red KITE")))

    page = await log.page(ALL)
    assert page.repeats == {new.prompt("a red kite"): 2}


async def test_what_was_erased_is_not_taken_for_the_same(
    log: ModerationLog, database: Database, clock: FrozenClock
) -> None:
    for _ in range(2):
        await _happened(database, clock, fingerprint="")

    assert (await log.page(ALL)).repeats == {}
