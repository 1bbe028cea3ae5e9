"""What the people who run a server choose: read often, changed seldom, every change audited."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final, TypedDict, Unpack

from bot.domain.clock import Clock
from bot.domain.errors import BadOption
from bot.domain.guild import Fidelity, GuildChoices, Strictness, Unchecked
from bot.domain.money import MICROS_PER_DOLLAR, dollars
from bot.domain.windows import Weekday
from bot.providers.base import Capabilities
from bot.services import zones
from bot.services.prechecks import NEVER_DECLINED, THRESHOLD_CATEGORIES
from bot.storage import audit, guilds
from bot.storage.database import Connection, Database

Models = Mapping[str, Capabilities]
"""What each model can do, by its name, the operator's default first."""

MOST_PROMPT_HOURS: Final = 30 * 24
LAST_HOUR: Final = 23
MOST_ECONOMY: Final = 99  # percent
MOST_ASK_ABOVE: Final = 1_000 * MICROS_PER_DOLLAR
MOST_PLACES: Final = 50
"""How many channels, and how many roles, a server can name."""

OPEN_CATEGORIES: Final = tuple(each for each in THRESHOLD_CATEGORIES if each != "sexual/minors")
"""The categories whose thresholds a server may set; the rest is not theirs to loosen."""

_REMEMBERED: Final = 4096  # servers; one process has fewer


class Changes(TypedDict, total=False):
    """New values of `GuildChoices`, by name."""

    model: str | None
    quality: str | None
    channels: frozenset[int]
    roles: frozenset[int]
    strictness: Strictness
    timezone: str
    log_channel: int | None
    prompt_hours: int
    fidelity: Fidelity
    previews: bool
    precheck: bool
    thresholds: Mapping[str, float]
    unchecked: Unchecked
    week_start: Weekday
    reset_hour: int
    gifts: bool
    economy: int | None
    ask_above: int | None
    digest: Weekday | None
    digest_hour: int


class Guilds:
    """The servers' settings. One process owns a server, so what it remembers is what holds."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._known: OrderedDict[int, GuildChoices] = OrderedDict()
        self._changes = 0
        self._reading = asyncio.Lock()

    async def choices(self, guild_id: int) -> GuildChoices:
        """Return what the server chose, with our defaults for the rest."""
        if guild_id not in self._known:
            async with self._reading:  # a whole server may ask at once: it is read once
                if guild_id not in self._known:
                    return await self._read(guild_id)
        self._known.move_to_end(guild_id)
        return self._known[guild_id]

    async def _read(self, guild_id: int) -> GuildChoices:
        changes = self._changes
        found = await self._database.read(lambda c: guilds.load(c, guild_id))
        if changes == self._changes:  # what was read still holds
            self._remember(guild_id, found)
        return found

    async def change(
        self,
        guild_id: int,
        by_user_id: int,
        *,
        models: Models | None = None,
        **changes: Unpack[Changes],
    ) -> GuildChoices:
        """Change what is named, all or nothing, and return what holds now.

        A quality that a new model lacks is forgotten, so that the model's own holds.

        Raises:
            BadOption: a value cannot be; *models* says which models and qualities can.
        """
        return await self._alter(
            guild_id, by_user_id, lambda before: _changed(before, changes, models or {})
        )

    async def add(
        self,
        guild_id: int,
        by_user_id: int,
        *,
        channels: frozenset[int] = frozenset(),
        roles: frozenset[int] = frozenset(),
    ) -> GuildChoices:
        """Add to where, and by whom, pictures may be made. Raises BadOption: those are too many."""
        return await self._alter(
            guild_id,
            by_user_id,
            lambda before: _changed(
                before,
                {"channels": before.channels | channels, "roles": before.roles | roles},
                {},
            ),
        )

    async def remove(
        self,
        guild_id: int,
        by_user_id: int,
        *,
        channels: frozenset[int] = frozenset(),
        roles: frozenset[int] = frozenset(),
    ) -> GuildChoices:
        """Remove from where, and by whom, pictures may be made; with none left, all may again."""
        return await self._alter(
            guild_id,
            by_user_id,
            lambda before: replace(
                before, channels=before.channels - channels, roles=before.roles - roles
            ),
        )

    async def set_threshold(
        self, guild_id: int, by_user_id: int, *, category: str, share: float | None
    ) -> GuildChoices:
        """Set the score, 0 to 1 or `NEVER_DECLINED`, from which *category* is declined.

        With None the moderation service judges again.

        Raises:
            BadOption: there is no such category, or it cannot be set.
        """

        def altered(before: GuildChoices) -> GuildChoices:
            kept = {name: each for name, each in before.thresholds.items() if name != category}
            _check_category(category)
            thresholds = kept if share is None else {**kept, category: share}
            return _changed(before, {"thresholds": thresholds}, {})

        return await self._alter(guild_id, by_user_id, altered)

    async def _alter(
        self, guild_id: int, by_user_id: int, alter: Callable[[GuildChoices], GuildChoices]
    ) -> GuildChoices:
        now = self._clock.now()

        def work(connection: Connection) -> GuildChoices:
            before = guilds.load_to_change(connection, guild_id, now)
            after = alter(before)
            was, now_is = guilds.plain(before), guilds.plain(after)
            for name in (name for name in was if was[name] != now_is[name]):
                audit.append(
                    connection,
                    guild_id=guild_id,
                    user_id=by_user_id,
                    action="settings",
                    target=name,
                    before=was[name],
                    after=now_is[name],
                    at=now,
                )
            guilds.save(connection, guild_id, after, now)
            return after

        try:
            return await self._database.write(work)
        finally:  # also when cancelled: it may have been written
            self._changes += 1
            self._known.pop(guild_id, None)

    def _remember(self, guild_id: int, choices: GuildChoices) -> None:
        self._known[guild_id] = choices
        if len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)


def effective_model(choices: GuildChoices, models: Models) -> Capabilities:
    """Return the model that requests use which name none: the server's, else the operator's."""
    chosen = models.get(choices.model) if choices.model else None
    return chosen or next(iter(models.values()))


def _changed(before: GuildChoices, changes: Changes, models: Models) -> GuildChoices:
    after = replace(before, **changes)
    for name in changes:
        if check := _CHECKS.get(name):
            check(after, models)
    after = replace(after, timezone=zones.find(after.timezone) or after.timezone)
    if models and "model" in changes and "quality" not in changes:
        offered = effective_model(after, models).qualities
        after = after if after.quality in offered else replace(after, quality=None)
    return after


def _check_model(after: GuildChoices, models: Models) -> None:
    if after.model is not None and after.model not in models:
        offered = ", ".join(models) or "none"
        raise BadOption(option="model", problem=f"it is one of: {offered}")


def _check_quality(after: GuildChoices, models: Models) -> None:
    if after.quality is None:
        return
    offered = effective_model(after, models).qualities if models else ()
    if after.quality not in offered:
        raise BadOption(option="quality", problem=f"it is one of: {', '.join(offered) or 'none'}")


def _check_zone(after: GuildChoices, models: Models) -> None:
    del models
    if zones.find(after.timezone) is None:
        problem = "it is a name such as Europe/Berlin; choose one of those offered"
        raise BadOption(option="timezone", problem=problem)


def _check_hours(after: GuildChoices, models: Models) -> None:
    del models
    if not 0 <= after.prompt_hours <= MOST_PROMPT_HOURS:
        raise BadOption(option="prompt_hours", problem=f"it is 0 to {MOST_PROMPT_HOURS}")


def _check_reset_hour(after: GuildChoices, models: Models) -> None:
    del models
    if not 0 <= after.reset_hour <= LAST_HOUR:
        raise BadOption(option="reset_hour", problem=f"it is 0 to {LAST_HOUR}")


def _check_economy(after: GuildChoices, models: Models) -> None:
    del models
    if after.economy is not None and not 1 <= after.economy <= MOST_ECONOMY:
        raise BadOption(option="economy", problem=f"it is 1 to {MOST_ECONOMY}")


def _check_ask_above(after: GuildChoices, models: Models) -> None:
    del models
    if after.ask_above is not None and not 0 <= after.ask_above <= MOST_ASK_ABOVE:
        raise BadOption(option="ask_above", problem=f"it is $0 to {dollars(MOST_ASK_ABOVE)}")


def _check_digest_hour(after: GuildChoices, models: Models) -> None:
    del models
    if not 0 <= after.digest_hour <= LAST_HOUR:
        raise BadOption(option="digest_hour", problem=f"it is 0 to {LAST_HOUR}")


def _check_places(after: GuildChoices, models: Models) -> None:
    del models
    for name, chosen in (("channels", after.channels), ("roles", after.roles)):
        if len(chosen) > MOST_PLACES:
            raise BadOption(option=name, problem=f"at most {MOST_PLACES} can be named")


def _check_thresholds(after: GuildChoices, models: Models) -> None:
    del models
    for category, share in after.thresholds.items():
        _check_category(category)
        if not 0 <= share <= NEVER_DECLINED:  # NaN, too
            raise BadOption(option="from_percent", problem="it is 0 to 100")


def _check_category(category: str) -> None:
    if category not in THRESHOLD_CATEGORIES:
        problem = f"it is one of: {', '.join(OPEN_CATEGORIES)}"
        raise BadOption(option="category", problem=problem)
    if category not in OPEN_CATEGORIES:
        problem = f"{category} is always declined as the moderation service judges"
        raise BadOption(option="category", problem=problem)


_CHECKS: Final[Mapping[str, Callable[[GuildChoices, Models], None]]] = {
    "model": _check_model,
    "quality": _check_quality,
    "timezone": _check_zone,
    "prompt_hours": _check_hours,
    "reset_hour": _check_reset_hour,
    "economy": _check_economy,
    "ask_above": _check_ask_above,
    "digest_hour": _check_digest_hour,
    "channels": _check_places,
    "roles": _check_places,
    "thresholds": _check_thresholds,
}
