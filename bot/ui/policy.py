"""Who may do what: one table for commands and one for all that is pressed, checked at every act.

What is in neither table may be done by nobody. Discord's own command permissions are only what
owners see in their settings; these rules hold whatever those say.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final

import discord
import structlog
from discord import Interaction

from bot.domain.errors import ManagersOnly, ModeratorsOnly, NotYours
from bot.domain.jobs import Job
from bot.domain.messages import Slash

log = structlog.get_logger(__name__)


class Who(StrEnum):
    """Who may do something.

    Where it is about a request, its handler asks `require_for` with that.
    """

    EVERYONE = "everyone"
    ASKER = "the asker"
    ASKER_OR_MODERATOR = "the asker, and moderators"
    ASKER_OR_MANAGER = "the asker, and managers"
    MODERATOR = "moderators"
    MANAGER = "managers"


COMMANDS: Final[Mapping[str, Who]] = {
    "imagine": Who.EVERYONE,
    "edit": Who.EVERYONE,
    "vary": Who.EVERYONE,
    "blend": Who.EVERYONE,
    "Edit image": Who.EVERYONE,
    "Vary image": Who.EVERYONE,
    "Alt text": Who.ASKER_OR_MODERATOR,
    "show": Who.ASKER_OR_MODERATOR,
    "history": Who.EVERYONE,
    "Image details": Who.ASKER_OR_MODERATOR,
    "Report image": Who.EVERYONE,
    "queue show": Who.EVERYONE,
    "queue cancel": Who.ASKER_OR_MANAGER,
    "queue clear": Who.MANAGER,
    "quota show": Who.EVERYONE,
    "quota gift": Who.EVERYONE,
    "quota explain": Who.EVERYONE,
    "quota grants": Who.EVERYONE,
    "usage me": Who.EVERYONE,
    "usage server": Who.MANAGER,
    "block": Who.MODERATOR,
    "unblock": Who.MODERATOR,
    "modlog": Who.MODERATOR,
    "words": Who.MANAGER,
    "audit": Who.MANAGER,
    "easel help": Who.EVERYONE,
    "easel setup": Who.MANAGER,
    "easel doctor": Who.MANAGER,
    "privacy": Who.EVERYONE,
    "settings": Who.MANAGER,
    "quota": Who.MANAGER,
}
"""By full name, or by that of the group for all in it that is not named."""

CONTROLS: Final[Mapping[str, Who]] = {
    "easel:again": Who.ASKER,
    "easel:edit": Who.ASKER,
    "easel:vary": Who.ASKER,
    "easel:share": Who.ASKER,
    "easel:details": Who.ASKER_OR_MODERATOR,
    "easel:delete": Who.ASKER_OR_MODERATOR,
    "easel:cancel": Who.ASKER_OR_MANAGER,
    "history": Who.ASKER,
    "price": Who.ASKER,
    "part": Who.ASKER,
    "draft": Who.ASKER,
    "own": Who.EVERYONE,
    "alt": Who.ASKER_OR_MODERATOR,
    "refused": Who.ASKER,
    "report": Who.EVERYONE,
    "more": Who.EVERYONE,
    "privacy": Who.EVERYONE,
    "case": Who.MODERATOR,
    "mod": Who.MODERATOR,
    "modlog": Who.MODERATOR,
    "wish": Who.MANAGER,
    "words": Who.MANAGER,
    "quota": Who.MANAGER,
    "settings": Who.MANAGER,
    "setup": Who.MANAGER,
    "usage": Who.MANAGER,
    "audit": Who.MANAGER,
}
"""By family and verb of the id, or by the family for all in it that is not named."""


def is_manager(interaction: Interaction[Any]) -> bool:
    """Whether the one who acts has Manage Server here, as Discord says with this very act."""
    may = interaction.permissions
    return may.manage_guild or may.administrator


def is_moderator(interaction: Interaction[Any]) -> bool:
    """Whether the one who acts has Manage Messages in this channel, or runs the server."""
    return interaction.permissions.manage_messages or is_manager(interaction)


def moderates_server(interaction: Interaction[Any]) -> bool:
    """Whether the one who acts moderates all of the server, and not only a channel of it."""
    user = interaction.user
    may = isinstance(user, discord.Member) and user.guild_permissions.manage_messages
    return may or is_manager(interaction)


def require_manager(interaction: Interaction[Any]) -> None:
    """Raise ManagersOnly where the one who acts does not run this server."""
    _require(interaction, Who.MANAGER)


def require_command(interaction: Interaction[Any], name: str) -> None:
    """Raise ManagersOnly or ModeratorsOnly where the one who acts may not use a command."""
    _require(interaction, _found(COMMANDS, name, name.partition(" ")[0]))


def require_control(interaction: Interaction[Any], family: str, verb: str) -> None:
    """Raise ManagersOnly or ModeratorsOnly where the one who acts may not press something."""
    _require(interaction, _found(CONTROLS, f"{family}:{verb}", family))


def is_for(interaction: Interaction[Any], who: Who, asker: int) -> bool:
    """Whether what is for *who* is for the one who acts, where it is about *asker*'s request."""
    if interaction.user.id == asker or who is Who.EVERYONE:
        return True
    if who is Who.ASKER_OR_MODERATOR:
        return is_moderator(interaction)
    return who is Who.ASKER_OR_MANAGER and is_manager(interaction)


def require_for(interaction: Interaction[Any], who: Who, job: Job) -> None:
    """Raise NotYours where what is for *who* is not for the one who acts, of *job*."""
    if not is_for(interaction, who, job.user_id):
        raise NotYours(command=Slash(job.command))


def _found(table: Mapping[str, Who], name: str, group: str) -> Who:
    who = table.get(name) or table.get(group)
    if who is None:
        log.error("no_policy", name=name)
        raise ManagersOnly
    return who


def _require(interaction: Interaction[Any], who: Who) -> None:
    if who is Who.MANAGER and not is_manager(interaction):
        raise ManagersOnly
    if who is Who.MODERATOR and not moderates_server(interaction):
        raise ModeratorsOnly
