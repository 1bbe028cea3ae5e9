"""What people see when something fails: our own words, or the number of an incident."""

import secrets
from typing import Any

import discord
import structlog
from discord import Interaction, app_commands

from bot.domain.errors import ContentRefused, ManagersOnly, QuotaFull, ServersOnly, UserError
from bot.services.admission import AlreadyAsked
from bot.ui.forms import written_in
from bot.ui.moderators import note_refusal
from bot.ui.refusal_card import refusal_card
from bot.ui.replies import is_gone, tell
from bot.ui.text import shown
from bot.ui.wish_button import way_out
from bot.ui.wish_news import tell_answers
from bot.ui.words import refusal, say

log = structlog.get_logger(__name__)

_LONG = 12  # characters; less is written again soon enough
_MOST_WORDS = 1000


async def answer_failure(interaction: Interaction[Any], error: BaseException) -> None:
    """Tell the asker privately what *error* means; log what is a bug, with an incident number."""
    cause = _cause(error)
    if isinstance(cause, AlreadyAsked) or is_gone(cause):
        log.info("interaction_dropped", reason=type(cause).__name__)
        return
    await _tell(interaction, cause)
    if isinstance(cause, ContentRefused) and cause.code:  # also where its asker is gone
        await note_refusal(interaction, cause)


async def _tell(interaction: Interaction[Any], cause: BaseException) -> None:
    try:
        text, view = _text(interaction.locale.value, cause), None
        if isinstance(cause, ContentRefused) and cause.code:
            text, view = await refusal_card(interaction, cause)
        if isinstance(cause, QuotaFull):
            more, view = await way_out(interaction, cause)
            text = f"{text} {more}".rstrip()
        await tell(interaction, text + _written(interaction), view)
        if isinstance(cause, QuotaFull):
            await tell_answers(interaction)
    except discord.HTTPException as untold:
        log.warning("failure_untold", status=untold.status, code=untold.code)
    except Exception as untold:  # noqa: BLE001 - a dropped connection; nobody above answers
        log.warning("failure_untold", reason=type(untold).__name__)


def _written(interaction: Interaction[Any]) -> str:
    """Return the longest text of a form that is refused: its form is gone, and cannot come back."""
    if interaction.type is not discord.InteractionType.modal_submit:
        return ""
    words = max(written_in(interaction).values(), key=len, default="")
    if len(words) < _LONG:
        return ""
    said = say(interaction.locale.value, "Your words, so that they are not lost:")
    return f"\n-# {said}\n{shown(words, _MOST_WORDS)}"


def _cause(error: BaseException) -> BaseException:
    if isinstance(error, app_commands.CommandInvokeError):
        return error.original
    if isinstance(error, app_commands.MissingPermissions):
        return ManagersOnly()
    if isinstance(error, app_commands.NoPrivateMessage):
        return ServersOnly()
    return error


def _text(locale: str, cause: BaseException) -> str:
    if isinstance(cause, UserError):
        log.info("refused", reason=type(cause).__name__, hint=getattr(cause, "operator", ""))
        return refusal(locale, cause)
    incident = secrets.token_hex(4)
    log.error("incident", incident=incident, exc_info=cause)
    return say(
        locale,
        "Something broke on our side. The people who run this bot can find it as incident "
        "{incident}.",
        incident=f"`{incident}`",
    )
