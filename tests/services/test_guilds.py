"""What the people who run a server choose: kept, checked, audited, read from memory."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import insert

from bot.domain.errors import BadOption
from bot.domain.guild import GuildChoices, Strictness
from bot.domain.sizes import Sizes
from bot.providers.base import Capabilities
from bot.services.guild_edits import MOST_PLACES, Changes, effective_model
from bot.services.guilds import Guilds
from bot.storage import audit
from bot.storage.database import Connection, Database
from bot.storage.tables import guilds as table
from tests.services.clocks import FrozenClock

GUILD, GRETA = 10, 40
MODELS = {
    name: Capabilities(
        model=name,
        operations=frozenset(),
        sizes=Sizes(shapes={}),
        qualities=qualities,
        default_quality=None,
    )
    for name, qualities in {"plain": (), "fine": ("low", "high")}.items()
}


class Counted(Database):
    """A database that counts the questions it is asked, and can be told to wait."""

    def __init__(self, inner: Database) -> None:
        self._inner = inner
        self.questions = 0
        self.answered = asyncio.Event()
        self.gate: asyncio.Event | None = None

    async def read(self, question: Callable[[Connection], Any]) -> Any:
        self.questions += 1
        answer = await self._inner.read(question)
        self.answered.set()
        if self.gate is not None:
            await self.gate.wait()
        return answer

    async def write(self, work: Callable[[Connection], Any]) -> Any:
        return await self._inner.write(work)


@pytest.fixture
def counted(database: Database) -> Counted:
    return Counted(database)


@pytest.fixture
def guilds(counted: Counted, clock: FrozenClock) -> Guilds:
    return Guilds(counted, clock)


async def _audited(database: Database) -> list[tuple[str, str, object, object]]:
    found = await database.read(lambda c: audit.page(c, GUILD, most=100).entries)
    return [(each.action, each.target, each.before, each.after) for each in reversed(found)]


async def test_a_server_that_chose_nothing_has_the_defaults(guilds: Guilds) -> None:
    assert await guilds.choices(GUILD) == GuildChoices()


async def test_every_choice_is_kept_for_the_next_process(
    guilds: Guilds, database: Database, clock: FrozenClock
) -> None:
    chosen = await guilds.change(
        GUILD,
        GRETA,
        models=MODELS,
        model="fine",
        quality="high",
        channels=frozenset({3, 1}),
        roles=frozenset({2}),
        strictness=Strictness.LOW,
        timezone="Europe/Berlin",
        log_channel=5,
        prompt_hours=1,
    )

    assert chosen == GuildChoices(
        model="fine",
        quality="high",
        channels=frozenset({1, 3}),
        roles=frozenset({2}),
        strictness=Strictness.LOW,
        timezone="Europe/Berlin",
        log_channel=5,
        prompt_hours=1,
    )
    assert await Guilds(database, clock).choices(GUILD) == chosen
    assert await guilds.choices(GUILD + 1) == GuildChoices()


async def test_choices_are_read_from_memory_until_they_change(
    guilds: Guilds, counted: Counted
) -> None:
    await guilds.choices(GUILD)
    await guilds.choices(GUILD)
    assert counted.questions == 1

    await guilds.change(GUILD, GRETA, prompt_hours=2)

    assert (await guilds.choices(GUILD)).prompt_hours == 2
    assert (await guilds.choices(GUILD)).prompt_hours == 2
    assert counted.questions == 2


async def test_a_reader_who_was_overtaken_by_a_change_leaves_nothing_stale(
    guilds: Guilds, counted: Counted
) -> None:
    counted.gate = asyncio.Event()
    slow = asyncio.create_task(guilds.choices(GUILD))
    await counted.answered.wait()
    await guilds.change(GUILD, GRETA, prompt_hours=2)
    counted.gate.set()
    await slow

    assert (await guilds.choices(GUILD)).prompt_hours == 2


async def test_memory_forgets_the_server_unused_longest(
    guilds: Guilds, counted: Counted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.services.remembered._MOST", 2)
    for guild_id in (1, 2, 1, 3):
        await guilds.choices(guild_id)
    assert counted.questions == 3

    await guilds.choices(1)
    assert counted.questions == 3
    await guilds.choices(2)
    assert counted.questions == 4


async def test_each_changed_choice_is_audited_with_before_and_after(
    guilds: Guilds, database: Database, clock: FrozenClock
) -> None:
    await guilds.change(GUILD, GRETA, prompt_hours=2, timezone="UTC")
    await guilds.change(GUILD, GRETA, prompt_hours=3, channels=frozenset({7, 6}))

    assert await _audited(database) == [
        ("settings", "prompt_hours", 24, 2),
        ("settings", "channels", [], [6, 7]),
        ("settings", "prompt_hours", 2, 3),
    ]
    (last, *_) = await database.read(lambda c: audit.page(c, GUILD, most=1).entries)
    assert (last.user_id, last.at) == (GRETA, clock.now())


async def test_the_audit_is_paged_newest_first(guilds: Guilds, database: Database) -> None:
    for hours in (1, 2, 3):
        await guilds.change(GUILD, GRETA, prompt_hours=hours)

    first = await database.read(lambda c: audit.page(c, GUILD, most=2).entries)
    second = await database.read(
        lambda c: audit.page(c, GUILD, most=2, before_id=first[-1].id).entries
    )

    assert [each.after for each in (*first, *second)] == [3, 2, 1]


@pytest.mark.parametrize(
    ("changes", "option"),
    [
        ({"model": "gone"}, "model"),
        ({"quality": "high"}, "quality"),
        ({"model": "fine", "quality": "finest"}, "quality"),
        ({"timezone": "Mars/Base"}, "timezone"),
        ({"timezone": "../etc/passwd"}, "timezone"),
        ({"timezone": ""}, "timezone"),
        ({"prompt_hours": -1}, "prompt_hours"),
        ({"prompt_hours": 721}, "prompt_hours"),
        ({"channels": frozenset(range(MOST_PLACES + 1))}, "channels"),
        ({"roles": frozenset(range(MOST_PLACES + 1))}, "roles"),
    ],
)
async def test_a_value_that_cannot_be_changes_nothing(
    guilds: Guilds, database: Database, changes: Changes, option: str
) -> None:
    several: Changes = {"log_channel": 5, **changes}

    with pytest.raises(BadOption) as refused:
        await guilds.change(GUILD, GRETA, models=MODELS, **several)

    assert refused.value.values["option"] == option
    assert await guilds.choices(GUILD) == GuildChoices()
    assert await _audited(database) == []


@pytest.mark.parametrize("changes", [{"model": "fine"}, {"quality": "high"}])
async def test_without_models_none_can_be_chosen(guilds: Guilds, changes: Changes) -> None:
    with pytest.raises(BadOption):
        await guilds.change(GUILD, GRETA, **changes)


async def test_a_quality_that_the_new_model_lacks_is_forgotten(guilds: Guilds) -> None:
    await guilds.change(GUILD, GRETA, models=MODELS, model="fine", quality="high")

    same = await guilds.change(GUILD, GRETA, models=MODELS, model="fine")
    other = await guilds.change(GUILD, GRETA, models=MODELS, model=None)

    assert same.quality == "high"
    assert other == GuildChoices()


async def test_what_was_chosen_can_be_taken_back(guilds: Guilds, database: Database) -> None:
    await guilds.change(GUILD, GRETA, models=MODELS, model="fine", quality="low", log_channel=5)

    await guilds.change(GUILD, GRETA, model=None, quality=None, log_channel=None)

    assert await guilds.choices(GUILD) == GuildChoices()
    assert len(await _audited(database)) == 6


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("europe/berlin", "Europe/Berlin"),
        (" America/New York ", "America/New_York"),
        ("utc", "UTC"),
    ],
)
async def test_a_time_zone_may_be_written_carelessly(
    guilds: Guilds, typed: str, meant: str
) -> None:
    assert (await guilds.change(GUILD, GRETA, timezone=typed)).timezone == meant


async def test_places_are_added_and_removed_one_by_one(guilds: Guilds) -> None:
    await guilds.add(GUILD, GRETA, channels=frozenset({1}))
    added = await guilds.add(GUILD, GRETA, channels=frozenset({2}), roles=frozenset({9}))
    removed = await guilds.remove(GUILD, GRETA, channels=frozenset({1, 8}), roles=frozenset({9}))

    assert added == GuildChoices(channels=frozenset({1, 2}), roles=frozenset({9}))
    assert removed == GuildChoices(channels=frozenset({2}))


async def test_managers_who_add_at_once_lose_nothing(guilds: Guilds) -> None:
    await asyncio.gather(*(guilds.add(GUILD, GRETA, channels=frozenset({n})) for n in range(20)))

    assert (await guilds.choices(GUILD)).channels == frozenset(range(20))


async def test_no_more_places_than_fit(guilds: Guilds) -> None:
    await guilds.add(GUILD, GRETA, roles=frozenset(range(MOST_PLACES)))

    with pytest.raises(BadOption):
        await guilds.add(GUILD, GRETA, roles=frozenset({999}))


async def test_a_choice_of_another_version_is_left_alone(
    guilds: Guilds, database: Database, clock: FrozenClock
) -> None:
    row = {"guild_id": GUILD, "choices": {"colour": "red", "prompt_hours": 5}}
    await database.write(
        lambda c: c.execute(insert(table), {**row, "changed_at": clock.now()}).close()
    )

    assert await guilds.choices(GUILD) == GuildChoices(prompt_hours=5)


def test_the_servers_model_goes_before_the_operators() -> None:
    assert effective_model(GuildChoices(), MODELS).model == "plain"
    assert effective_model(GuildChoices(model="fine"), MODELS).model == "fine"
    assert effective_model(GuildChoices(model="retired"), MODELS).model == "plain"
