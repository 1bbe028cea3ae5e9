"""Every setting of a server, once: its words, how it is chosen, and where it means something.

``/settings set``, ``/settings show``, ``/settings reset`` and the panel are made of this table.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Final

from bot.domain.guild import Fidelity, GuildChoices, Strictness
from bot.providers.base import Capabilities
from bot.services.guild_edits import (
    LAST_HOUR,
    MOST_BLOCK_HOURS,
    MOST_ECONOMY,
    MOST_PROMPT_HOURS,
    MOST_STRIKES,
    Models,
    effective_model,
)
from bot.ui import setting_words as words
from bot.ui.setting_kinds import (
    Kind,
    LogChannel,
    Money,
    Named,
    Number,
    OneOf,
    OnOff,
    Places,
    Thresholds,
    Written,
)
from bot.ui.text import shown
from bot.ui.words import say


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One setting.

    Attributes:
        name: its name in `GuildChoices`.
        label: what people call it.
        kind: how it is chosen.
        shown: its value in words.
        about: what it is; its option in ``/settings set`` says so, too.
        option: the name of that option, where it is another.
        note: what else to know once it is not as usual.
        having: what a model has that it is about; where no model has any it is left out.
        on_precheck: whether it means something only where there is a pre-check.
        matters: whether it means something with the rest as it is.
        along: the settings that are taken back with it.
    """

    name: str
    label: str
    kind: Kind
    shown: Callable[[str, GuildChoices, Models], str]
    about: str
    option: str = ""
    note: str = ""
    having: Callable[[Capabilities], Collection[str]] | None = None
    on_precheck: bool = False
    matters: Callable[[GuildChoices], bool] = lambda _: True
    along: tuple[str, ...] = ()

    @property
    def command_name(self) -> str:
        """What the commands call it."""
        return self.option or self.name


SETTINGS: Final = (
    Setting(
        name="model",
        label="Model",
        kind=Named(lambda _, models: models),
        shown=words.model,
        about="The model for requests that name none",
        note="Members can still name another model in a request.",
    ),
    Setting(
        name="quality",
        label="Quality",
        kind=Named(lambda choices, models: effective_model(choices, models).qualities),
        shown=words.quality,
        about="The quality for requests that name none",
        note="Members can still name another quality in a request.",
    ),
    Setting(
        name="channels",
        label="Channels",
        kind=Places(),
        shown=lambda locale, choices, _: (
            words.places("<#{}>", choices.channels) or say(locale, "every channel")
        ),
        about="Where pictures may be made",
        note="Threads go with their channel.",
    ),
    Setting(
        name="roles",
        label="Roles",
        kind=Places(),
        shown=lambda locale, choices, _: (
            words.places("<@&{}>", choices.roles) or say(locale, "everyone")
        ),
        about="Who may make pictures",
        note="One of the roles is enough.",
    ),
    Setting(
        name="strictness",
        option="moderation",
        label="Moderation",
        kind=OneOf(words.STRICTNESS),
        shown=lambda locale, choices, _: say(locale, words.STRICTNESS[choices.strictness]),
        about="How strict the picture service is; low holds in age-restricted channels only",
        having=lambda model: tuple(Strictness) if model.strictness else (),
    ),
    Setting(
        name="timezone",
        label="Time zone",
        kind=Written("Europe/Berlin"),
        shown=lambda _, choices, __: shown(choices.timezone),
        about="The clocks by which limits begin anew",
        note="Limits begin anew by this zone's clocks, from now on.",
    ),
    Setting(
        name="week_start",
        label="Weeks start on",
        kind=OneOf(words.WEEKDAYS),
        shown=lambda locale, choices, _: say(locale, words.WEEKDAYS[choices.week_start]),
        about="The day on which weekly limits begin anew",
        note="Weekly limits begin anew then, from now on; what is used already counts.",
    ),
    Setting(
        name="reset_hour",
        label="Days start at",
        kind=Number(0, LAST_HOUR, "4"),
        shown=words.hour("reset_hour"),
        about="The hour, 0 to 23, at which the limits of days, weeks and months begin anew",
        note="Limits of days, weeks and months begin anew then, from now on.",
    ),
    Setting(
        name="gifts",
        label="Gifts of grants",
        kind=OnOff(),
        shown=words.on_off("gifts"),
        about="Let members give a part of their own grants to one another",
        note="Members can give a part of their own grants to one another with `/quota gift`.",
    ),
    Setting(
        name="log_channel",
        label="Log channel",
        kind=LogChannel(),
        shown=lambda locale, choices, _: (
            f"<#{choices.log_channel}>" if choices.log_channel else say(locale, "none")
        ),
        about="Where notices about declined requests go",
        note="Notices about declined requests go there.",
    ),
    Setting(
        name="prompt_hours",
        label="Prompts are kept",
        kind=Number(0, MOST_PROMPT_HOURS, "24"),
        shown=words.kept,
        about="For how many hours after a request its words are kept",
        note="This holds for requests that end from now on.",
    ),
    Setting(
        name="fidelity",
        label="Members' pictures are sent",
        kind=OneOf(words.FIDELITY),
        shown=lambda locale, choices, _: say(locale, words.FIDELITY[choices.fidelity]),
        about="Send members' pictures as squares, or in their own shape where models take it",
        note="Cut or stretched pictures (the option fit) are still sent as squares.",
        having=lambda model: tuple(Fidelity) if model.own_shape else (),
    ),
    Setting(
        name="previews",
        label="Previews",
        kind=OnOff(),
        shown=words.on_off("previews"),
        about="Show a picture while it is made; each preview costs a little",
        note=(
            "A picture is shown while it is made, where only one is asked for; each preview costs "
            "this server a little."
        ),
        having=lambda model: ("previews",) if model.previews else (),
    ),
    Setting(
        name="precheck",
        label="Pre-check",
        kind=OnOff(),
        shown=words.on_off("precheck"),
        about="Look at words and pictures before the picture service is asked",
        note=("Nothing is looked at before the picture service is asked; it has its own rules."),
        on_precheck=True,
    ),
    Setting(
        name="thresholds",
        label="The pre-check declines",
        kind=Thresholds(),
        shown=words.thresholds,
        about="From which score on the check before the call declines a category",
        note="A low percentage declines much: from 0 % on everything is declined.",
        on_precheck=True,
        matters=lambda choices: choices.precheck,
    ),
    Setting(
        name="unchecked",
        label="What could not be checked",
        kind=OneOf(words.UNCHECKED),
        shown=lambda locale, choices, _: say(locale, words.UNCHECKED[choices.unchecked]),
        about="What happens to a request while nobody can look at it",
        note="While the moderation service does not answer, no picture is made.",
        on_precheck=True,
        matters=lambda choices: choices.precheck,
    ),
    Setting(
        name="strikes",
        label="Members are blocked",
        kind=Number(1, MOST_STRIKES, "3"),
        shown=words.strikes,
        about="After how many declined requests within a day a member is blocked for a while",
        note="What is declined for the finished picture does not count; `/unblock` lifts a block.",
        along=("block_hours",),
    ),
    Setting(
        name="block_hours",
        label="Such a block lasts",
        kind=Number(1, MOST_BLOCK_HOURS, "24"),
        shown=words.block_hours,
        about="For how many hours strikes block a member",
        matters=lambda choices: choices.strikes is not None,
    ),
    Setting(
        name="economy",
        label="Economy",
        kind=Number(1, MOST_ECONOMY, "80"),
        shown=words.economy,
        about="From how many percent of the month's budget on defaults become cheaper",
        note=(
            "Then requests that name no model or quality are made with cheaper ones, and say so; "
            "what members name stays."
        ),
    ),
    Setting(
        name="ask_above",
        label="Asks before spending",
        kind=Money("0.25"),
        shown=words.ask_above,
        about="Show the price first where a request may cost more than so many dollars",
        note=("Whoever asks for more sees the price first; nothing is booked until they agree."),
    ),
    Setting(
        name="digest",
        label="Weekly digest",
        kind=OneOf(words.WEEKDAYS),
        shown=lambda locale, choices, _: (
            say(locale, words.WEEKDAYS[choices.digest]) if choices.digest else say(locale, "off")
        ),
        about="The weekday of a digest in the log channel",
        note="It is posted in the log channel; choose one with `/settings set log_channel`.",
        along=("digest_hour",),
    ),
    Setting(
        name="digest_hour",
        label="Hour of the digest",
        kind=Number(0, LAST_HOUR, "9"),
        shown=words.hour("digest_hour"),
        about="The hour of the digest by this server's clocks (9 unless you say)",
        matters=lambda choices: choices.digest is not None,
    ),
)
"""In the order in which they are shown."""

BY_NAME: Final[Mapping[str, Setting]] = {each.name: each for each in SETTINGS}


def settable(choices: GuildChoices, models: Models, *, precheck: bool) -> list[Setting]:
    """Return the settings that mean something on a server that chose *choices*."""
    return [
        each
        for each in SETTINGS
        if (precheck or not each.on_precheck) and each.matters(choices) and _is_had(each, models)
    ]


def _is_had(setting: Setting, models: Models) -> bool:
    return setting.having is None or any(map(setting.having, models.values()))
