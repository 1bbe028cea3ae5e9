"""How reports of use look."""

from collections.abc import Iterable, Mapping

from discord.ui import LayoutView

from bot.domain.usage import MemberUsage, Outcomes, ServerUsage, Share, Span, Tally
from bot.domain.windows import Window
from bot.ui.amounts import tally_of
from bot.ui.panels import lines, on_day, panel, small
from bot.ui.text import shown
from bot.ui.words import say, say_many

_SPANS: Mapping[Window, str] = {
    Window.DAY: "Today",
    Window.WEEK: "This week",
    Window.MONTH: "This month",
}
_NAMED = 10  # members by name; the rest is added up
_NAME = 40  # characters of a model's or a category's name


def member_panel(locale: str, usage: MemberUsage) -> LayoutView:
    """Return what one member used."""
    ever = f"**{say(locale, 'In all')}**: {tally_of(locale, usage.ever)}"
    spans = "\n".join([*(_span(locale, span) for span in usage.spans), ever])
    notes = (
        say(locale, "Requests of this month: {ends}.", ends=_ends(locale, usage.outcomes)),
        say(locale, "What was declined or failed does not count against your pictures."),
    )
    return panel(say(locale, "What you made here"), [spans, small(notes)])


def server_panel(locale: str, usage: ServerUsage) -> LayoutView:
    """Return what a whole server used."""
    total = tally_of(locale, usage.total)
    since = say(locale, "Since {day}: {tally}.", day=on_day(usage.since), tally=total)
    ends = say(locale, "Requests: {ends}.", ends=_ends(locale, usage.outcomes))
    named, rest = usage.by_member[:_NAMED], usage.by_member[_NAMED:]
    members = [f"<@{share.of}> — {tally_of(locale, share.tally)}" for share in named]
    if rest:
        others = sum((share.tally for share in rest), start=Tally())
        members.append(f"{say(locale, 'everyone else')} — {tally_of(locale, others)}")
    sections = [
        f"{since}\n{small([ends])}",
        lines(say(locale, "By member"), members),
        lines(say(locale, "By command"), _shares(locale, usage.by_command, "/")),
        lines(say(locale, "By model"), _shares(locale, usage.by_model, "")),
        lines(say(locale, "Why requests were declined"), _reasons(usage.categories)),
    ]
    return panel(say(locale, "What this server made"), sections)


def _span(locale: str, span: Span) -> str:
    name = say(locale, _SPANS[span.window])
    until = say(locale, "begins anew {moment}", moment=span.resets_at)
    return f"**{name}**: {tally_of(locale, span.tally)}\n{small([until])}"


def _ends(locale: str, outcomes: Outcomes) -> str:
    counted = {
        "{count} done": outcomes.done,
        "{count} declined": outcomes.refused,
        "{count} failed": outcomes.failed,
        "{count} without an answer": outcomes.unknown,
        "{count} running": outcomes.running,
    }
    ends = [say_many(locale, text, text, number) for text, number in counted.items() if number]
    return ", ".join(ends) or say(locale, "none yet")


def _shares(locale: str, shares: Iterable[Share[str]], before: str) -> list[str]:
    return [f"{before}{shown(s.of, _NAME)} — {tally_of(locale, s.tally)}" for s in shares]


def _reasons(refusals: Iterable[tuple[str, int]]) -> list[str]:
    return [f"{shown(category, _NAME)} — {count}" for category, count in refusals]
