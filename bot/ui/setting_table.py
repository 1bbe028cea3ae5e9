"""Every setting of a server, once: its words, how it is chosen, and where it means something.

``/settings set``, ``/settings show``, ``/settings reset`` and the panel are made of this table.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Final

from bot.domain.guild import Fidelity, GuildChoices, Strictness
from bot.domain.messages import N_
from bot.domain.retention import LEAST_DAYS, MOST_DAYS
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
        label=N_("Model"),
        kind=Named(lambda _, models: models),
        shown=words.model,
        about=N_("The model for requests that name none"),
        note=N_("Members can still name another model in a request."),
    ),
    Setting(
        name="quality",
        label=N_("Quality"),
        kind=Named(lambda choices, models: effective_model(choices, models).qualities),
        shown=words.quality,
        about=N_("The quality for requests that name none"),
        note=N_("Members can still name another quality in a request."),
    ),
    Setting(
        name="channels",
        label=N_("Channels"),
        kind=Places(),
        shown=lambda locale, choices, _: (
            words.places("<#{}>", choices.channels) or say(locale, "every channel")
        ),
        about=N_("Where pictures may be made"),
        note=N_("Threads go with their channel."),
    ),
    Setting(
        name="roles",
        label=N_("Roles"),
        kind=Places(),
        shown=lambda locale, choices, _: (
            words.places("<@&{}>", choices.roles) or say(locale, "everyone")
        ),
        about=N_("Who may make pictures"),
        note=N_("One of the roles is enough."),
    ),
    Setting(
        name="strictness",
        option="moderation",
        label=N_("Moderation"),
        kind=OneOf(words.STRICTNESS),
        shown=lambda locale, choices, _: say(locale, words.STRICTNESS[choices.strictness]),
        about=N_("How strict the picture service is; low holds in age-restricted channels only"),
        having=lambda model: tuple(Strictness) if model.strictness else (),
    ),
    Setting(
        name="timezone",
        label=N_("Time zone"),
        kind=Written("Europe/Berlin"),
        shown=lambda _, choices, __: shown(choices.timezone),
        about=N_("The clocks by which limits begin anew"),
        note=N_("Limits begin anew by this zone's clocks, from now on."),
    ),
    Setting(
        name="week_start",
        label=N_("Weeks start on"),
        kind=OneOf(words.WEEKDAYS),
        shown=lambda locale, choices, _: say(locale, words.WEEKDAYS[choices.week_start]),
        about=N_("The day on which weekly limits begin anew"),
        note=N_("Weekly limits begin anew then, from now on; what is used already counts."),
    ),
    Setting(
        name="reset_hour",
        label=N_("Days start at"),
        kind=Number(0, LAST_HOUR, "4"),
        shown=words.hour("reset_hour"),
        about=N_("The hour, 0 to 23, at which the limits of days, weeks and months begin anew"),
        note=N_("Limits of days, weeks and months begin anew then, from now on."),
    ),
    Setting(
        name="gifts",
        label=N_("Gifts of grants"),
        kind=OnOff(),
        shown=words.on_off("gifts"),
        about=N_("Let members give a part of their own grants to one another"),
        note=N_("Members can give a part of their own grants to one another with `/quota gift`."),
    ),
    Setting(
        name="log_channel",
        label=N_("Log channel"),
        kind=LogChannel(),
        shown=lambda locale, choices, _: (
            f"<#{choices.log_channel}>" if choices.log_channel else say(locale, "none")
        ),
        about=N_("Where notices about declined requests go"),
        note=N_("Notices about declined requests go there."),
    ),
    Setting(
        name="prompt_hours",
        label=N_("Prompts are kept"),
        kind=Number(0, MOST_PROMPT_HOURS, "24"),
        shown=words.kept,
        about=N_("For how many hours after a request its words are kept"),
        note=N_("This holds for requests that end from now on."),
    ),
    Setting(
        name="history_days",
        label=N_("Histories are kept"),
        kind=Number(LEAST_DAYS, MOST_DAYS, "365"),
        shown=words.days("history_days"),
        about=N_("For how many days requests stay in members' histories"),
        note=N_("Older requests are deleted from the histories; what was used still counts."),
    ),
    Setting(
        name="log_days",
        label=N_("Records are kept"),
        kind=Number(LEAST_DAYS, MOST_DAYS, "180"),
        shown=words.days("log_days"),
        about=N_("For how many days moderation log, reports, ended blocks and changes are kept"),
        note=N_("Older records of moderators and managers are deleted."),
    ),
    Setting(
        name="fidelity",
        label=N_("Members' pictures are sent"),
        kind=OneOf(words.FIDELITY),
        shown=lambda locale, choices, _: say(locale, words.FIDELITY[choices.fidelity]),
        about=N_("Send members' pictures as squares, or in their own shape where models take it"),
        note=N_("Cut or stretched pictures (the option fit) are still sent as squares."),
        having=lambda model: tuple(Fidelity) if model.own_shape else (),
    ),
    Setting(
        name="previews",
        label=N_("Previews"),
        kind=OnOff(),
        shown=words.on_off("previews"),
        about=N_("Show a picture while it is made; each preview costs a little"),
        note=N_(
            "A picture is shown while it is made, where only one is asked for; each preview costs "
            "this server a little."
        ),
        having=lambda model: ("previews",) if model.previews else (),
    ),
    Setting(
        name="precheck",
        label=N_("Pre-check"),
        kind=OnOff(),
        shown=words.on_off("precheck"),
        about=N_("Look at words and pictures before the picture service is asked"),
        note=N_("Nothing is looked at before the picture service is asked; it has its own rules."),
        on_precheck=True,
    ),
    Setting(
        name="thresholds",
        label=N_("The pre-check declines"),
        kind=Thresholds(),
        shown=words.thresholds,
        about=N_("From which score on the check before the call declines a category"),
        note=N_("A low percentage declines much: from 0 % on everything is declined."),
        on_precheck=True,
        matters=lambda choices: choices.precheck,
    ),
    Setting(
        name="unchecked",
        label=N_("What could not be checked"),
        kind=OneOf(words.UNCHECKED),
        shown=lambda locale, choices, _: say(locale, words.UNCHECKED[choices.unchecked]),
        about=N_("What happens to a request while nobody can look at it"),
        note=N_("While the moderation service does not answer, no picture is made."),
        on_precheck=True,
        matters=lambda choices: choices.precheck,
    ),
    Setting(
        name="strikes",
        label=N_("Members are blocked"),
        kind=Number(1, MOST_STRIKES, "3"),
        shown=words.strikes,
        about=N_("After how many declined requests within a day a member is blocked for a while"),
        note=N_(
            "What is declined for the finished picture does not count; `/unblock` lifts a block."
        ),
        along=("block_hours",),
    ),
    Setting(
        name="block_hours",
        label=N_("Such a block lasts"),
        kind=Number(1, MOST_BLOCK_HOURS, "24"),
        shown=words.block_hours,
        about=N_("For how many hours strikes block a member"),
        matters=lambda choices: choices.strikes is not None,
    ),
    Setting(
        name="economy",
        label=N_("Economy"),
        kind=Number(1, MOST_ECONOMY, "80"),
        shown=words.economy,
        about=N_("From how many percent of the month's budget on defaults become cheaper"),
        note=N_(
            "Then requests that name no model or quality are made with cheaper ones, and say so; "
            "what members name stays."
        ),
    ),
    Setting(
        name="ask_above",
        label=N_("Asks before spending"),
        kind=Money("0.25"),
        shown=words.ask_above,
        about=N_("Show the price first where a request may cost more than so many dollars"),
        note=N_("Whoever asks for more sees the price first; nothing is booked until they agree."),
    ),
    Setting(
        name="digest",
        label=N_("Weekly digest"),
        kind=OneOf(words.WEEKDAYS),
        shown=lambda locale, choices, _: (
            say(locale, words.WEEKDAYS[choices.digest]) if choices.digest else say(locale, "off")
        ),
        about=N_("The weekday of a digest in the log channel"),
        note=N_("It is posted in the log channel; choose one with `/settings set log_channel`."),
        along=("digest_hour",),
    ),
    Setting(
        name="digest_hour",
        label=N_("Hour of the digest"),
        kind=Number(0, LAST_HOUR, "9"),
        shown=words.hour("digest_hour"),
        about=N_("The hour of the digest by this server's clocks (9 unless you say)"),
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
