"""Pressed buttons, chosen options and sent forms, found by their ids: alive after a restart.

An id names what was pressed and never who may press it: that is in the table of `bot.ui.policy`,
and whose request it is about the handler asks the database.
"""

import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, Self

import discord
import structlog
from discord import Interaction
from discord.ui import DynamicItem, Item

from bot.ui.actions import answer_result
from bot.ui.alt_text import answer_alt_text
from bot.ui.audit import turn_audit
from bot.ui.blocks import answer_mod
from bot.ui.cases import answer_case, answer_report
from bot.ui.drafting import answer_draft
from bot.ui.failures import answer_failure
from bot.ui.history import answer_history
from bot.ui.modlog import turn_modlog
from bot.ui.own import answer_own
from bot.ui.part_answers import answer_part
from bot.ui.policy import require_control
from bot.ui.price_answers import answer_price
from bot.ui.privacy import answer_privacy
from bot.ui.quota_panel import answer_quota
from bot.ui.refusal_answers import answer_refused
from bot.ui.settings_panel import answer_settings
from bot.ui.setup_panel import answer_setup
from bot.ui.usage_panel import answer_usage
from bot.ui.wishes import answer_wish, ask_for_more
from bot.ui.word_panel import answer_words

Handler = Callable[[Interaction[Any], list[str]], Awaitable[None]]

HANDLERS: Final[Mapping[str, Handler]] = {
    "easel": answer_result,
    "price": answer_price,
    "history": answer_history,
    "refused": answer_refused,
    "report": answer_report,
    "case": answer_case,
    "mod": answer_mod,
    "more": ask_for_more,
    "wish": answer_wish,
    "part": answer_part,
    "draft": answer_draft,
    "own": answer_own,
    "alt": answer_alt_text,
    "quota": answer_quota,
    "settings": answer_settings,
    "setup": answer_setup,
    "audit": turn_audit,
    "words": answer_words,
    "modlog": turn_modlog,
    "usage": answer_usage,
    "privacy": answer_privacy,
}
_ID: Final = re.compile(rf"(?P<family>{'|'.join(HANDLERS)}):(?P<rest>.+)", re.DOTALL)


class Control(DynamicItem[Item[Any]], template=_ID):
    """A button or a select of a card or a panel."""

    def __init__(self, item: Item[Any], family: str, rest: str) -> None:
        super().__init__(item)
        self._family, self._rest = family, rest

    @classmethod
    async def from_custom_id(
        cls, interaction: Interaction[Any], item: Item[Any], match: re.Match[str], /
    ) -> Self:
        """Read the id of what was pressed."""
        del interaction
        return cls(item, match["family"], match["rest"])

    async def callback(self, interaction: Interaction[Any]) -> None:
        """Do what it says, if the presser may."""
        await _handle(interaction, self._family, self._rest)


async def answer_form(interaction: Interaction[Any]) -> None:
    """Do what a sent form says; forms that are not ours are left alone."""
    if interaction.type is not discord.InteractionType.modal_submit:
        return
    found = _ID.fullmatch(str((interaction.data or {}).get("custom_id", "")))
    if found is not None:
        await _handle(interaction, found["family"], found["rest"])


async def _handle(interaction: Interaction[Any], family: str, rest: str) -> None:
    parts = rest.split(":")
    structlog.contextvars.bind_contextvars(control=family, interaction=interaction.id)
    try:
        require_control(interaction, family, parts[0])
        await HANDLERS[family](interaction, parts)
    except Exception as error:  # noqa: BLE001 - nobody above a button answers
        await answer_failure(interaction, error)
