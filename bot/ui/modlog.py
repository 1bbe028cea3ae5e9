"""How the moderation log looks, and its Older and Newer buttons."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from discord import ButtonStyle, Interaction
from discord.ui import Button, LayoutView

from bot.domain.messages import N_
from bot.domain.moderation import EventPage, EventQuery, ModerationEvent
from bot.ui.host import Host
from bot.ui.panels import at, panel, small
from bot.ui.reasons import declined, reasons
from bot.ui.text import shown
from bot.ui.words import say, say_many

LONGEST_CATEGORY: Final = 36
"""Characters of a category that a button's id has room for."""

_NAME = 64  # characters of what a vendor named
_ONLY_STAGE = {
    "input": N_("Only those declined for what was asked"),
    "output": N_("Only those declined for what was made"),
    "unknown": N_("Only those where nobody said at which step"),
}


async def turn_modlog(interaction: Interaction[Any], parts: list[str]) -> None:
    """Show another page in place of the one before, if the presser still may."""
    turn, event_id, member, stage, *category = parts
    host: Host = interaction.client
    query = EventQuery(
        guild_id=interaction.guild_id or 0,
        member=int(member) if member else None,
        stage=stage or None,
        category=":".join(category) or None,
    )
    query = _turned(query, turn, int(event_id))
    page = await host.services.moderation.page(query)
    view = modlog_panel(interaction.locale.value, query, page)
    await interaction.response.edit_message(view=view)


def modlog_panel(locale: str, query: EventQuery, page: EventPage) -> LayoutView:
    """Return *page* of what *query* found, with buttons to the pages around it."""
    found = say_many(
        locale,
        "{count} request was declined for its content.",
        "{count} requests were declined for their content.",
        page.total,
    )
    head = f"{found}\n{small([*_filters(locale, query), *_position(locale, page)])}".rstrip()
    events = [_event(locale, event, page.repeats) for event in page.events]
    return panel(say(locale, "Moderation log"), [head, *events], _turns(locale, query, page))


def _filters(locale: str, query: EventQuery) -> Iterator[str]:
    if query.member is not None:
        yield say(locale, "Only those of {member}", member=f"<@{query.member}>")
    if query.category is not None:
        yield say(locale, "Only for the reason {reason}", reason=shown(query.category))
    if query.stage is not None:
        yield say(locale, _ONLY_STAGE[query.stage])


def _position(locale: str, page: EventPage) -> Iterator[str]:
    first, last = page.skipped + 1, page.skipped + len(page.events)
    if page.total > len(page.events):
        yield say(locale, "{first} to {last}, newest first", first=first, last=last)


def _event(locale: str, event: ModerationEvent, repeats: Mapping[str, int]) -> str:
    who = f"{at(event.at)} · <@{event.user_id}> · <#{event.channel_id}> · /{event.command}"
    why = reasons(locale, event.categories, event.scores)
    by = declined(locale, event.source, event.stage)
    traces = " · ".join(_traces(locale, event, repeats.get(event.fingerprint, 1)))
    return f"{who}\n**{why}** — {by}\n{small([traces])}"


def _traces(locale: str, event: ModerationEvent, times: int) -> Iterator[str]:
    yield shown(event.model, _NAME)
    if event.job_code:
        yield f"#{event.job_code}"
    if times > 1:
        yield say_many(
            locale,
            "the same words were declined {count} time here",
            "the same words were declined {count} times here",
            times,
        )
    if event.request_id:
        number = shown(event.request_id, _NAME)
        yield say(locale, "the picture service's number for it: {number}", number=number)


def _turns(locale: str, query: EventQuery, page: EventPage) -> list[Button[Any]]:
    around = (
        ("newer", say(locale, "Newer"), page.newer),
        ("older", say(locale, "Older"), page.older),
    )
    if page.newer is None and page.older is None:
        return []
    return [_turn(query, turn, label, event_id) for turn, label, event_id in around]


def _turn(query: EventQuery, turn: str, label: str, event_id: int | None) -> Button[Any]:
    parts = (turn, event_id or 0, query.member or "", query.stage or "", query.category or "")
    return Button(
        style=ButtonStyle.secondary,
        label=label,
        disabled=event_id is None,
        custom_id=":".join(("modlog", *map(str, parts))),
    )


def _turned(query: EventQuery, turn: str, event_id: int) -> EventQuery:
    if turn == "older":
        return replace(query, before_id=event_id)
    return replace(query, after_id=event_id)
