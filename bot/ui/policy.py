"""Who may do what, checked by us at every command and at every button."""

from typing import Any

from discord import Interaction

from bot.domain.errors import ManagersOnly


def is_manager(interaction: Interaction[Any]) -> bool:
    """Whether the one who acts has Manage Server here, as Discord says with this very act."""
    may = interaction.permissions
    return may.manage_guild or may.administrator


def require_manager(interaction: Interaction[Any]) -> None:
    """Raise ManagersOnly where the one who acts does not run this server."""
    if not is_manager(interaction):
        raise ManagersOnly
