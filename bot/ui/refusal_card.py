"""What somebody reads whose request was declined for its content, with buttons.

`refusal_answers` is what the buttons do.

One card for all causes: where it was stopped, for what in plain words, what it cost, one hint.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

import structlog
from discord import ButtonStyle, Interaction
from discord.ui import Button, View

from bot.domain.blocks import Strikes
from bot.domain.errors import ContentRefused, WordsRefused
from bot.domain.messages import N_
from bot.ui.host import Host
from bot.ui.panels import small
from bot.ui.reasons import plain_reasons
from bot.ui.text import shown
from bot.ui.words import cost_of, say, say_many

log = structlog.get_logger(__name__)

_WHERE: Final[Mapping[tuple[str, bool], str]] = {
    ("input", False): N_("Declined for your words"),
    ("input", True): N_("Declined for your words or your picture"),
    ("output", False): N_("Declined for the finished picture"),
    ("output", True): N_("Declined for the finished picture"),
}
_BY: Final[Mapping[str, str]] = {
    "vendor": N_("the picture service does not make this"),
    "server": N_("this server's content check does not let it pass"),
    "words": N_("this server does not make pictures about “{entry}”"),
}
_HINTS: Final[Mapping[str, str]] = {
    "input": N_("Say it in other words, or leave out what may be taken for that."),
    "output": N_("The same words may well lead to another picture: try once more, or change them."),
}
_HINT: Final = N_("Change the words or the picture and ask again.")


async def refusal_card(interaction: Interaction[Any], error: ContentRefused) -> tuple[str, View]:
    """Return the text and the buttons; asking a moderator needs a channel where they read it."""
    locale = interaction.locale.value
    return "\n".join(_lines(locale, error)), _buttons(locale, error, asks=await _reads(interaction))


async def _reads(interaction: Interaction[Any]) -> bool:
    host: Host = interaction.client
    try:
        choices = await host.guild_choices.choices(interaction.guild_id or 0)
    except Exception as failed:  # noqa: BLE001 - a busy database; the refusal matters
        log.warning("no_way_out", reason=type(failed).__name__)
        return False
    return choices.log_channel is not None


def _lines(locale: str, error: ContentRefused) -> Iterator[str]:
    where = _WHERE.get((error.stage, error.pictures), N_("Declined by the picture service"))
    entry = shown(error.entry) if isinstance(error, WordsRefused) else ""
    by = say(locale, _BY[error.source], entry=entry)
    if error.categories and not entry:
        by = f"{by} ({plain_reasons(locale, error.categories)})"
    yield f"**{say(locale, where)}**: {by}."
    hint = say(locale, _HINTS.get(error.stage, _HINT))
    yield f"{cost_of(locale, error)} {hint}"
    yield small([*_strikes(locale, error.strikes), f"#{error.code}"])


def _strikes(locale: str, strikes: Strikes | None) -> Iterator[str]:
    if strikes is None:
        return
    if strikes.block is not None and strikes.block.until is not None:
        yield say_many(
            locale,
            "This was declined request number {count} within a day, so you cannot ask for "
            "pictures here until {moment}.",
            "These were {count} declined requests within a day, so you cannot ask for pictures "
            "here until {moment}.",
            strikes.count,
            moment=strikes.block.until,
        )
        return
    yield say(
        locale,
        "{count} of {most} declined requests within a day; after the last one you cannot ask "
        "for a while.",
        count=strikes.count,
        most=strikes.most,
    )


def _buttons(locale: str, error: ContentRefused, *, asks: bool) -> View:
    view = View(timeout=None)
    view.add_item(_button(locale, "edit", N_("Edit prompt"), error.code, ButtonStyle.primary))
    if asks:
        view.add_item(_button(locale, "ask", N_("Ask a moderator"), error.code))
    view.stop()
    return view


def _button(
    locale: str, verb: str, label: str, code: str, style: ButtonStyle = ButtonStyle.secondary
) -> Button[View]:
    return Button(style=style, label=say(locale, label), custom_id=f"refused:{verb}:{code}")
