"""The values of a server's settings in words."""

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from bot.domain.guild import Fidelity, GuildChoices, Strictness, Unchecked
from bot.domain.messages import N_
from bot.domain.money import dollars
from bot.domain.windows import Weekday
from bot.services.guild_edits import Models, effective_model
from bot.services.prechecks import NEVER_DECLINED
from bot.ui.option_words import in_words
from bot.ui.options import percent
from bot.ui.text import shown
from bot.ui.words import say, say_many

_NAME: Final = 64  # characters of a model's or a quality's name
STRICTNESS: Final[Mapping[Strictness, str]] = {
    Strictness.AUTO: N_("as usual"),
    Strictness.LOW: N_("low in age-restricted channels, as usual elsewhere"),
}
FIDELITY: Final[Mapping[Fidelity, str]] = {
    Fidelity.SQUARE: N_("as squares"),
    Fidelity.OWN: N_("in their own shape, where the model takes it"),
}
UNCHECKED: Final[Mapping[Unchecked, str]] = {
    Unchecked.ALLOW: N_("is made all the same"),
    Unchecked.REFUSE: N_("is refused"),
}
WEEKDAYS: Final[Mapping[Weekday, str]] = {
    Weekday.MONDAY: N_("Monday"),
    Weekday.TUESDAY: N_("Tuesday"),
    Weekday.WEDNESDAY: N_("Wednesday"),
    Weekday.THURSDAY: N_("Thursday"),
    Weekday.FRIDAY: N_("Friday"),
    Weekday.SATURDAY: N_("Saturday"),
    Weekday.SUNDAY: N_("Sunday"),
}


def on_off(name: str) -> Callable[[str, GuildChoices, Models], str]:
    """Return what says whether the setting *name* is on."""
    return lambda locale, choices, _: say(locale, "on" if getattr(choices, name) else "off")


def hour(name: str) -> Callable[[str, GuildChoices, Models], str]:
    """Return what says the hour that the setting *name* holds."""
    return lambda _locale, choices, _: f"{getattr(choices, name):02}:00"


def kept(locale: str, choices: GuildChoices, _: Models) -> str:
    """Return how long prompts are kept."""
    hours = choices.prompt_hours
    if not hours:
        return say(locale, "until the request ends")
    return say_many(
        locale, "{count} hour after the request", "{count} hours after the request", hours
    )


def days(name: str) -> Callable[[str, GuildChoices, Models], str]:
    """Return what says how many days the setting *name* holds."""
    return lambda locale, choices, _: say_many(
        locale, "{count} day", "{count} days", getattr(choices, name)
    )


def economy(locale: str, choices: GuildChoices, _: Models) -> str:
    """Return from when on defaults are cheaper."""
    share = choices.economy
    if share is None:
        return say(locale, "off")
    return say(locale, "from {percent} % of the month's budget on", percent=share)


def strikes(locale: str, choices: GuildChoices, _: Models) -> str:
    """Return how many declined requests are followed by a block."""
    most = choices.strikes
    if most is None:
        return say(locale, "never")
    return say_many(
        locale,
        "after {count} declined request within a day",
        "after {count} declined requests within a day",
        most,
    )


def block_hours(locale: str, choices: GuildChoices, _: Models) -> str:
    """Return how long such a block lasts."""
    return say_many(locale, "{count} hour", "{count} hours", choices.block_hours)


def ask_above(locale: str, choices: GuildChoices, _: Models) -> str:
    """Return from which price on members are asked first."""
    amount = choices.ask_above
    if amount is None:
        return say(locale, "never")
    return say(locale, "where a request may cost more than {amount}", amount=dollars(amount))


def thresholds(locale: str, choices: GuildChoices, _: Models) -> str:
    """Return what the pre-check declines."""
    chosen = choices.thresholds
    if not chosen:
        return say(locale, "what the moderation service flags")
    named = [_threshold(locale, *each) for each in sorted(chosen.items())]
    return ", ".join([*named, say(locale, "and what else the moderation service flags")])


def _threshold(locale: str, category: str, share: float) -> str:
    if share >= NEVER_DECLINED:
        return say(locale, "{category} never", category=category)
    return say(locale, "{category} from {percent} %", category=category, percent=percent(share))


def model(locale: str, choices: GuildChoices, models: Models) -> str:
    """Return which model requests use that name none, and why."""
    name = shown(effective_model(choices, models).model, _NAME)
    if choices.model is None:
        return say(locale, "{name} (the bot's own choice)", name=name)
    if choices.model not in models:
        gone = shown(choices.model, _NAME)
        return say(locale, "{name}, because {gone} is no longer here", name=name, gone=gone)
    return name


def quality(locale: str, choices: GuildChoices, models: Models) -> str:
    """Return which quality requests use that name none, and why."""
    used = effective_model(choices, models)
    if choices.quality in used.qualities:
        return in_words(locale, choices.quality or "")
    if used.default_quality in used.qualities:
        return say(locale, "{name} (the model's own)", name=in_words(locale, used.default_quality))
    return say(locale, "the model's own")


def places(mention: str, ids: Iterable[int]) -> str:
    """Return mentions of channels or roles."""
    return " ".join(mention.format(each) for each in sorted(ids))
