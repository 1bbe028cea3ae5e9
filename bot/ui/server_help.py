"""``/easel help``: what a member can do here now, where, how much is left, and who helps."""

from collections.abc import Iterable
from typing import Any, Final, cast

from discord import Interaction
from discord.ui import LayoutView

from bot.domain.guild import GuildChoices
from bot.domain.messages import N_, Slash
from bot.domain.quota import Scope, Standing, Unit
from bot.services.quota import Quotas
from bot.ui.asking import asker_of, place_of
from bot.ui.host import PanelHost
from bot.ui.panels import lines, panel, show, small
from bot.ui.policy import is_manager
from bot.ui.quota import standing_line
from bot.ui.setting_table import BY_NAME
from bot.ui.words import say

_COMMANDS: Final = {
    "imagine": N_("a picture from your words"),
    "edit": N_("change a picture, all of it or a part"),
    "vary": N_("other versions of a picture"),
    "blend": N_("two to four pictures become one"),
    "history": N_("what you asked for here"),
    "queue show": N_("what you wait for"),
    "quota show": N_("your limits"),
}
_FOR_MANAGERS: Final = {
    "easel setup": N_("channels, limits, cap and safety in four steps"),
    "easel doctor": N_("what is missing here, and its cure"),
    "settings panel": N_("every setting"),
    "quota panel": N_("every limit"),
    "usage server": N_("who made what, and what it cost"),
    "modlog": N_("what was declined or reported"),
    "audit": N_("who changed what"),
}


async def show_help(interaction: Interaction[Any]) -> None:
    """Show it to the one who asks."""
    host, place, asker = _host(interaction), place_of(interaction), asker_of(interaction)
    choices = await host.guild_choices.choices(place.guild_id)
    quotas: Quotas = host.quotas
    standings = await quotas.standing(
        place.guild_id, asker.user_id, asker.role_ids, choices.clocks, channel_id=place.home_id
    )
    await show(interaction, _help_panel(interaction, choices, standings))


def _help_panel(
    interaction: Interaction[Any], choices: GuildChoices, standings: Iterable[Standing]
) -> LayoutView:
    locale = interaction.locale.value
    sections = [
        lines(say(locale, "What you can do"), _offered(interaction, _COMMANDS)),
        _where(locale, choices, _host(interaction)),
        lines(say(locale, "What is left for you"), _left(locale, standings)),
        lines(say(locale, "When something is wrong"), _ways(locale, choices)),
    ]
    if is_manager(interaction):
        rows = _offered(interaction, _FOR_MANAGERS)
        sections.append(lines(say(locale, "For you who run this server"), rows))
    return panel(say(locale, "Easel makes pictures"), sections)


def _offered(interaction: Interaction[Any], commands: dict[str, str]) -> list[str]:
    """Return a line for each of *commands* that there is here."""
    tree: Any = interaction.client
    locale = interaction.locale.value
    return [
        say(locale, "`{command}` — {what}", command=Slash(name), what=say(locale, what))
        for name, what in commands.items()
        if tree.tree.get_command(name.partition(" ")[0]) is not None
    ]


def _where(locale: str, choices: GuildChoices, host: PanelHost) -> str:
    models = host.provider.models
    channels = BY_NAME["channels"].shown(locale, choices, models)
    roles = BY_NAME["roles"].shown(locale, choices, models)
    where = say(locale, "**Where**: {channels}", channels=channels)
    return f"{where}\n{say(locale, '**Who**: {roles}', roles=roles)}"


def _left(locale: str, standings: Iterable[Standing]) -> list[str]:
    """Return the limits of the reader's own, and those of all that are used up."""
    counted = [each for each in standings if each.unit is not Unit.JOBS]
    seen = [each for each in counted if each.scope is Scope.MEMBER or each.left <= 0]
    rows = [standing_line(locale, each) for each in seen]
    return rows or [say(locale, "No limits of your own.")]


def _ways(locale: str, choices: GuildChoices) -> list[str]:
    """Return the ways out that there are: a moderator is asked in the log channel."""
    declined = say(locale, "A request was declined: press **Ask a moderator** below the refusal.")
    return [
        *([] if choices.log_channel is None else [declined]),
        say(locale, "A picture should not be here: **Report image** in its menu, below Apps."),
        small([say(locale, "For all else, ask the people who run this server.")]),
    ]


def _host(interaction: Interaction[Any]) -> PanelHost:
    return cast("PanelHost", interaction.client)
