"""How a server's settings look."""

from collections.abc import Callable, Iterable, Mapping

from discord.ui import LayoutView

from bot.domain.guild import Fidelity, GuildChoices, Strictness, Unchecked
from bot.domain.money import dollars
from bot.domain.windows import Weekday
from bot.providers.base import Capabilities
from bot.services.guilds import Models, effective_model
from bot.services.prechecks import NEVER_DECLINED
from bot.ui.options import percent
from bot.ui.panels import panel, small
from bot.ui.text import shown
from bot.ui.words import say, say_many

_DEFAULTS = GuildChoices()
_NAME = 64  # characters of a model's or a quality's name
_LABELS: Mapping[str, str] = {
    "model": "Model",
    "quality": "Quality",
    "channels": "Channels",
    "roles": "Roles",
    "strictness": "Moderation",
    "timezone": "Time zone",
    "week_start": "Weeks start on",
    "reset_hour": "Days start at",
    "gifts": "Gifts of grants",
    "log_channel": "Log channel",
    "prompt_hours": "Prompts are kept",
    "fidelity": "Members' pictures are sent",
    "previews": "Previews",
    "precheck": "Pre-check",
    "thresholds": "The pre-check declines",
    "unchecked": "What could not be checked",
    "economy": "Economy",
    "ask_above": "Asks before spending",
    "digest": "Weekly digest",
    "digest_hour": "Hour of the digest",
}
_STRICTNESS: Mapping[Strictness, str] = {
    Strictness.AUTO: "as usual",
    Strictness.LOW: "low in age-restricted channels, as usual elsewhere",
}
_FIDELITY: Mapping[Fidelity, str] = {
    Fidelity.SQUARE: "as squares",
    Fidelity.OWN: "in their own shape, where the model takes it",
}
_UNCHECKED: Mapping[Unchecked, str] = {
    Unchecked.ALLOW: "is made all the same",
    Unchecked.REFUSE: "is refused",
}
_WEEKDAYS: Mapping[Weekday, str] = {day: day.capitalize() for day in Weekday}
_NOTES: Mapping[str, str] = {
    "model": "Members can still name another model in a request.",
    "quality": "Members can still name another quality in a request.",
    "channels": "Threads go with their channel.",
    "roles": "One of the roles is enough.",
    "timezone": "Limits begin anew by this zone's clocks, from now on.",
    "week_start": "Weekly limits begin anew then, from now on; what is used already counts.",
    "reset_hour": "Limits of days, weeks and months begin anew then, from now on.",
    "gifts": "Members can give a part of their own grants to one another with `/quota gift`.",
    "log_channel": "Notices about declined requests go there.",
    "prompt_hours": "This holds for requests that end from now on.",
    "fidelity": "Cut or stretched pictures (the option fit) are still sent as squares.",
    "previews": (
        "A picture is shown while it is made, where only one is asked for; each preview costs "
        "this server a little."
    ),
    "precheck": "Nothing is looked at before the picture service is asked; it has its own rules.",
    "thresholds": "A low percentage declines much: from 0 % on everything is declined.",
    "ask_above": "Whoever asks for more sees the price first; nothing is booked until they agree.",
    "unchecked": "While the moderation service does not answer, no picture is made.",
    "economy": (
        "Then requests that name no model or quality are made with cheaper ones, and say so; what "
        "members name stays."
    ),
    "digest": "It is posted in the log channel; choose one with `/settings set log_channel`.",
}
_MODELS_WITH: Mapping[str, Callable[[Capabilities], object]] = {
    "strictness": lambda model: model.strictness,
    "fidelity": lambda model: model.own_shape,
    "previews": lambda model: model.previews,
}
_PRECHECK = {"precheck", "thresholds", "unchecked"}


def settings_panel(
    locale: str, choices: GuildChoices, models: Models, *, precheck: bool = True
) -> LayoutView:
    """Return everything that a server chose, and what holds where it chose nothing.

    What no model has is left out, as is what hangs on the pre-check where there is no *precheck*.
    """
    hidden = _hidden(choices, precheck=precheck)
    rows = [
        f"**{say(locale, _LABELS[name])}**: {value}"
        for name, value in _values(locale, choices, models).items()
        if name not in hidden and _means_something(name, models)
    ]
    tip = say(
        locale,
        "Change them with {set}, {channels} and {roles}; take a change back with {reset}.",
        set="`/settings set`",
        channels="`/settings channels`",
        roles="`/settings roles`",
        reset="`/settings reset`",
    )
    tips = [tip]
    if precheck:
        command = "`/settings threshold`"
        tips += [say(locale, "Choose what the pre-check declines with {command}.", command=command)]
    return panel(say(locale, "Settings of this server"), ["\n".join(rows), small(tips)])


def changes_panel(
    locale: str, before: GuildChoices, after: GuildChoices, models: Models
) -> LayoutView:
    """Return what a change did: each value before and after."""
    was, now = _values(locale, before, models), _values(locale, after, models)
    changed = [name for name in _LABELS if was[name] != now[name]]
    if not changed:
        return panel(say(locale, "Nothing changed"), [say(locale, "It was like this before.")])
    rows = [f"**{say(locale, _LABELS[name])}**: {was[name]} → {now[name]}" for name in changed]
    notes = [
        say(locale, _NOTES[name])
        for name in changed
        if name in _NOTES and getattr(after, name) != getattr(_DEFAULTS, name)
    ]
    return panel(say(locale, "Settings changed"), ["\n".join(rows), small(notes)])


def _hidden(choices: GuildChoices, *, precheck: bool) -> set[str]:
    """Return what hangs on a digest or a pre-check that is off, or that there is not."""
    digest = set[str]() if choices.digest else {"digest_hour"}
    if not precheck:
        return _PRECHECK | digest
    return digest if choices.precheck else digest | _PRECHECK - {"precheck"}


def _means_something(name: str, models: Models) -> bool:
    having = _MODELS_WITH.get(name)
    return having is None or any(map(having, models.values()))


def _values(locale: str, choices: GuildChoices, models: Models) -> dict[str, str]:
    return {
        "model": _model(locale, choices, models),
        "quality": _quality(locale, choices, models),
        "channels": _places("<#{}>", choices.channels) or say(locale, "every channel"),
        "roles": _places("<@&{}>", choices.roles) or say(locale, "everyone"),
        "strictness": say(locale, _STRICTNESS[choices.strictness]),
        "timezone": shown(choices.timezone),
        "week_start": say(locale, _WEEKDAYS[choices.week_start]),
        "reset_hour": f"{choices.reset_hour:02}:00",
        "gifts": say(locale, "on" if choices.gifts else "off"),
        "log_channel": f"<#{choices.log_channel}>" if choices.log_channel else say(locale, "none"),
        "prompt_hours": _kept(locale, choices.prompt_hours),
        "fidelity": say(locale, _FIDELITY[choices.fidelity]),
        "previews": say(locale, "on" if choices.previews else "off"),
        "precheck": say(locale, "on" if choices.precheck else "off"),
        "thresholds": _thresholds(locale, choices.thresholds),
        "unchecked": say(locale, _UNCHECKED[choices.unchecked]),
        "economy": _economy(locale, choices.economy),
        "ask_above": _ask_above(locale, choices.ask_above),
        "digest": say(locale, choices.digest or "off"),
        "digest_hour": f"{choices.digest_hour}:00",
    }


def _kept(locale: str, hours: int) -> str:
    if not hours:
        return say(locale, "until the request ends")
    return say_many(
        locale, "{count} hour after the request", "{count} hours after the request", hours
    )


def _economy(locale: str, share: int | None) -> str:
    if share is None:
        return say(locale, "off")
    return say(locale, "from {percent} % of the month's budget on", percent=share)


def _ask_above(locale: str, amount: int | None) -> str:
    if amount is None:
        return say(locale, "never")
    return say(locale, "where a request may cost more than {amount}", amount=dollars(amount))


def _thresholds(locale: str, thresholds: Mapping[str, float]) -> str:
    if not thresholds:
        return say(locale, "what the moderation service flags")
    named = [_threshold(locale, *each) for each in sorted(thresholds.items())]
    return ", ".join([*named, say(locale, "and what else the moderation service flags")])


def _threshold(locale: str, category: str, share: float) -> str:
    if share >= NEVER_DECLINED:
        return say(locale, "{category} never", category=category)
    return say(locale, "{category} from {percent} %", category=category, percent=percent(share))


def _model(locale: str, choices: GuildChoices, models: Models) -> str:
    name = shown(effective_model(choices, models).model, _NAME)
    if choices.model is None:
        return say(locale, "{name} (the bot's own choice)", name=name)
    if choices.model not in models:
        gone = shown(choices.model, _NAME)
        return say(locale, "{name}, because {gone} is no longer here", name=name, gone=gone)
    return name


def _quality(locale: str, choices: GuildChoices, models: Models) -> str:
    model = effective_model(choices, models)
    if choices.quality in model.qualities:
        return say(locale, choices.quality or "")
    if model.default_quality in model.qualities:
        return say(locale, "{name} (the model's own)", name=say(locale, model.default_quality))
    return say(locale, "the model's own")


def _places(mention: str, ids: Iterable[int]) -> str:
    return " ".join(mention.format(each) for each in sorted(ids))
