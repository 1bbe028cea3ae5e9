"""How a server's settings look."""

from collections.abc import Iterable, Mapping

from discord.ui import LayoutView

from bot.domain.guild import GuildChoices, Strictness
from bot.services.guilds import Models, effective_model
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
    "log_channel": "Log channel",
    "prompt_hours": "Prompts are kept",
}
_STRICTNESS: Mapping[Strictness, str] = {
    Strictness.AUTO: "as usual",
    Strictness.LOW: "low in age-restricted channels, as usual elsewhere",
}
_NOTES: Mapping[str, str] = {
    "model": "Members can still name another model in a request.",
    "quality": "Members can still name another quality in a request.",
    "channels": "Threads go with their channel.",
    "roles": "One of the roles is enough.",
    "timezone": "Limits begin anew by this zone's clocks, from now on.",
    "log_channel": "Notices about declined requests go there.",
    "prompt_hours": "This holds for requests that end from now on.",
}


def settings_panel(locale: str, choices: GuildChoices, models: Models) -> LayoutView:
    """Return everything that a server chose, and what holds where it chose nothing."""
    values = _values(locale, choices, models)
    rows = [f"**{say(locale, _LABELS[name])}**: {value}" for name, value in values.items()]
    tip = say(
        locale,
        "Change them with {set}, {channels} and {roles}; take a change back with {reset}.",
        set="`/settings set`",
        channels="`/settings channels`",
        roles="`/settings roles`",
        reset="`/settings reset`",
    )
    return panel(say(locale, "Settings of this server"), ["\n".join(rows), small([tip])])


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


def _values(locale: str, choices: GuildChoices, models: Models) -> dict[str, str]:
    return {
        "model": _model(locale, choices, models),
        "quality": _quality(locale, choices, models),
        "channels": _places("<#{}>", choices.channels) or say(locale, "every channel"),
        "roles": _places("<@&{}>", choices.roles) or say(locale, "everyone"),
        "strictness": say(locale, _STRICTNESS[choices.strictness]),
        "timezone": shown(choices.timezone),
        "log_channel": f"<#{choices.log_channel}>" if choices.log_channel else say(locale, "none"),
        "prompt_hours": say_many(
            locale,
            "{count} hour after the request",
            "{count} hours after the request",
            choices.prompt_hours,
        ),
    }


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
