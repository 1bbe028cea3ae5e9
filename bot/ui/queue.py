"""How the queue looks: who is being served, who waits, and what was cancelled."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from discord.app_commands import Choice
from discord.ui import LayoutView

from bot.domain.queue import Line, Turn
from bot.ui.options import fitting
from bot.ui.panels import lines, panel, small
from bot.ui.words import say, say_many


def queue_panel(locale: str, queue: Sequence[Line], now: datetime) -> LayoutView:
    """Return what runs and what waits, with their expected starts."""
    running = [_running(locale, line) for line in queue if line.standing is None]
    waiting = [_waiting(locale, line, now) for line in queue if line.standing is not None]
    nothing = "" if queue else say(locale, "Nothing waits and nothing runs.")
    tip = say(locale, "Take back what waits with `/queue cancel`; it costs nothing.")
    sections = [
        nothing,
        lines(say(locale, "Being made"), running),
        lines(say(locale, "Waiting"), waiting),
        small([tip]) if waiting else "",
    ]
    return panel(say(locale, "The queue"), sections)


def choices_of(locale: str, queue: Sequence[Line], typed: str) -> list[Choice[str]]:
    """Offer the waiting requests in whose names is what was typed so far."""
    waiting = (line for line in queue if line.standing is not None)
    found = (Choice(name=_named(locale, line), value=line.turn.code) for line in waiting)
    return fitting(found, typed)


def cancelled(locale: str, turn: Turn) -> str:
    """Return what the one who cancelled *turn* reads."""
    return say(
        locale, "The request {code} is cancelled; nothing was charged.", code=f"#{turn.code}"
    )


def all_cancelled(locale: str, turns: Sequence[Turn], user_id: int) -> str:
    """Return what the manager who cancelled *turns* of a member reads."""
    if not turns:
        return say(locale, "Nothing of {member} waits here.", member=f"<@{user_id}>")
    return say_many(
        locale,
        "{count} request of {member} is cancelled; nothing was charged.",
        "{count} requests of {member} are cancelled; nothing was charged.",
        len(turns),
        member=f"<@{user_id}>",
    )


def _running(locale: str, line: Line) -> str:
    return f"`#{line.turn.code}` · {_what(locale, line.turn)} · <@{line.turn.user_id}>"


def _waiting(locale: str, line: Line, now: datetime) -> str:
    standing = line.standing
    starts_in = standing and standing.starts_in
    place = f"**{standing.ahead + 1}.** " if standing else ""
    text = f"{place}{_running(locale, line)}"
    if starts_in is None:
        return text
    starts = say(locale, "starts {moment}", moment=now + timedelta(seconds=starts_in))
    return f"{text} · {starts}"


def _named(locale: str, line: Line) -> str:
    place = line.standing.ahead + 1 if line.standing else 0
    standing = say(locale, "number {place} in line", place=place)
    return f"#{line.turn.code} · {_what(locale, line.turn)} · {standing}"


def _what(locale: str, turn: Turn) -> str:
    pictures = say_many(locale, "{count} picture", "{count} pictures", turn.pictures)
    return f"/{turn.command} · {pictures}"
