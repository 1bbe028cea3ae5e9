"""Changes of a server's settings before they are made, and what those can be."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final, TypedDict, Unpack

from bot.domain.errors import BadOption
from bot.domain.guild import Fidelity, GuildChoices, Strictness, Unchecked
from bot.domain.messages import Phrase
from bot.domain.money import MICROS_PER_DOLLAR, dollars
from bot.domain.retention import LEAST_DAYS, MOST_DAYS, Chosen
from bot.domain.windows import Weekday
from bot.providers.base import Capabilities
from bot.services import zones
from bot.services.prechecks import NEVER_DECLINED, THRESHOLD_CATEGORIES

Models = Mapping[str, Capabilities]
"""What each model can do, by its name, the operator's default first."""

Edit = Callable[[GuildChoices], GuildChoices]
"""What makes other settings of those that hold; raises BadOption where they cannot be."""

MOST_PROMPT_HOURS: Final = 30 * 24
LAST_HOUR: Final = 23
MOST_ECONOMY: Final = 99  # percent
MOST_STRIKES: Final = 20
MOST_BLOCK_HOURS: Final = 30 * 24
MOST_ASK_ABOVE: Final = 1_000 * MICROS_PER_DOLLAR
MOST_PLACES: Final = 50
"""How many channels, and how many roles, a server can name."""

OPEN_CATEGORIES: Final = tuple(each for each in THRESHOLD_CATEGORIES if each != "sexual/minors")
"""The categories whose thresholds a server may set; the rest is not theirs to loosen."""


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
    strikes: int | None
    block_hours: int
    history_days: int
    log_days: int


def changing(models: Models, **changes: Unpack[Changes]) -> Edit:
    """Return the edit that sets what is named."""
    return lambda before: _changed(before, changes, models)


def adding(channels: frozenset[int], roles: frozenset[int]) -> Edit:
    """Return the edit that names more channels and roles."""

    def edit(before: GuildChoices) -> GuildChoices:
        more: Changes = {"channels": before.channels | channels, "roles": before.roles | roles}
        return _changed(before, more, {})

    return edit


def removing(channels: frozenset[int], roles: frozenset[int]) -> Edit:
    """Return the edit that names fewer channels and roles."""
    return lambda before: replace(
        before, channels=before.channels - channels, roles=before.roles - roles
    )


def declining(category: str, share: float | None) -> Edit:
    """Return the edit that sets one threshold, or takes it back."""

    def edit(before: GuildChoices) -> GuildChoices:
        kept = {name: each for name, each in before.thresholds.items() if name != category}
        _check_category(category)
        thresholds = kept if share is None else {**kept, category: share}
        return _changed(before, {"thresholds": thresholds}, {})

    return edit


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
        offered = ", ".join(models) or Phrase("none")
        raise BadOption(option="model", problem=Phrase("it is one of: {offered}", offered=offered))


def _check_quality(after: GuildChoices, models: Models) -> None:
    if after.quality is None:
        return
    offered = effective_model(after, models).qualities if models else ()
    if after.quality not in offered:
        named = ", ".join(offered) or Phrase("none")
        raise BadOption(option="quality", problem=Phrase("it is one of: {offered}", offered=named))


def _check_zone(after: GuildChoices, models: Models) -> None:
    del models
    if zones.find(after.timezone) is None:
        problem = Phrase("it is a name such as Europe/Berlin; choose one of those offered")
        raise BadOption(option="timezone", problem=problem)


def _check_hours(after: GuildChoices, models: Models) -> None:
    del models
    if not 0 <= after.prompt_hours <= MOST_PROMPT_HOURS:
        raise _beyond("prompt_hours", 0, MOST_PROMPT_HOURS)


def _check_days(name: Chosen) -> Callable[[GuildChoices, Models], None]:
    def check(after: GuildChoices, models: Models) -> None:
        del models
        if not LEAST_DAYS <= getattr(after, name) <= MOST_DAYS:
            raise _beyond(name, LEAST_DAYS, MOST_DAYS)

    return check


def _check_reset_hour(after: GuildChoices, models: Models) -> None:
    del models
    if not 0 <= after.reset_hour <= LAST_HOUR:
        raise _beyond("reset_hour", 0, LAST_HOUR)


def _check_economy(after: GuildChoices, models: Models) -> None:
    del models
    if after.economy is not None and not 1 <= after.economy <= MOST_ECONOMY:
        raise _beyond("economy", 1, MOST_ECONOMY)


def _check_ask_above(after: GuildChoices, models: Models) -> None:
    del models
    if after.ask_above is not None and not 0 <= after.ask_above <= MOST_ASK_ABOVE:
        raise _beyond("ask_above", "$0", dollars(MOST_ASK_ABOVE))


def _check_digest_hour(after: GuildChoices, models: Models) -> None:
    del models
    if not 0 <= after.digest_hour <= LAST_HOUR:
        raise _beyond("digest_hour", 0, LAST_HOUR)


def _check_strikes(after: GuildChoices, models: Models) -> None:
    del models
    if after.strikes is not None and not 1 <= after.strikes <= MOST_STRIKES:
        raise BadOption(option="strikes", problem=Phrase("it is 1 to {most}", most=MOST_STRIKES))


def _check_block_hours(after: GuildChoices, models: Models) -> None:
    del models
    if not 1 <= after.block_hours <= MOST_BLOCK_HOURS:
        raise BadOption(
            option="block_hours", problem=Phrase("it is 1 to {most}", most=MOST_BLOCK_HOURS)
        )


def _check_places(after: GuildChoices, models: Models) -> None:
    del models
    for name, chosen in (("channels", after.channels), ("roles", after.roles)):
        if len(chosen) > MOST_PLACES:
            problem = Phrase("at most {most} can be named", most=MOST_PLACES)
            raise BadOption(option=name, problem=problem)


def _check_thresholds(after: GuildChoices, models: Models) -> None:
    del models
    for category, share in after.thresholds.items():
        _check_category(category)
        if not 0 <= share <= NEVER_DECLINED:  # NaN, too
            raise _beyond("from_percent", 0, 100)


def _beyond(option: str, least: object, most: object) -> BadOption:
    problem = Phrase("it is {least} to {most}", least=least, most=most)
    return BadOption(option=option, problem=problem)


def _check_category(category: str) -> None:
    if category not in THRESHOLD_CATEGORIES:
        problem = Phrase("it is one of: {offered}", offered=", ".join(OPEN_CATEGORIES))
        raise BadOption(option="category", problem=problem)
    if category not in OPEN_CATEGORIES:
        problem = Phrase(
            "{category} is always declined as the moderation service judges", category=category
        )
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
    "strikes": _check_strikes,
    "block_hours": _check_block_hours,
    **{name.value: _check_days(name) for name in Chosen},
    "channels": _check_places,
    "roles": _check_places,
    "thresholds": _check_thresholds,
}
