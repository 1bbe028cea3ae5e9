"""How a member's own use looks, and what all reports share."""

from collections.abc import Mapping, Sequence
from datetime import timedelta

from discord.ui import LayoutView

from bot.domain.errors import UserError
from bot.domain.messages import N_, Nn_
from bot.domain.money import dollars
from bot.domain.usage import MemberUsage, Outcomes, Span, Stretch
from bot.domain.windows import Window
from bot.imaging.pool import Imaging
from bot.imaging.values import Bar, Chart
from bot.ui.amounts import tally_of
from bot.ui.panels import Drawing, panel, small
from bot.ui.words import say, say_many

_SPANS: Mapping[Window, str] = {
    Window.DAY: N_("Today"),
    Window.WEEK: N_("This week"),
    Window.MONTH: N_("This month"),
}
_DONE = Nn_("{count} done", "{count} done")
_DECLINED = Nn_("{count} declined", "{count} declined")
_FAILED = Nn_("{count} failed", "{count} failed")
_UNKNOWN = Nn_("{count} without an answer", "{count} without an answer")
_TURNED_AWAY = Nn_("{count} turned away", "{count} turned away")
_RUNNING = Nn_("{count} running", "{count} running")
_CHART = "chart"
_CHART_BYTES = 500_000


async def drawn(imaging: Imaging, chart: Chart | None) -> Drawing | None:
    """Return *chart* as a picture; a report does without where none can be drawn now."""
    if chart is None:
        return None
    try:
        done = await imaging.chart(chart, limit=_CHART_BYTES)
    except UserError:
        return None
    return Drawing(done.data, f"{_CHART}.{done.extension}", chart.alt)


def trend_chart(title: str, trend: Sequence[Stretch], *, money: bool) -> Chart | None:
    """Return what each stretch of days used, in money or pictures; None where it is nothing.

    Days are written as ISO does, which is the same in every language.
    """
    values = [stretch.tally.micros if money else stretch.tally.pictures for stretch in trend]
    if not any(values):
        return None
    bars = [
        Bar(label=_days(each), value=value, shown=dollars(value) if money else f"{value:,}")
        for each, value in zip(trend, values, strict=True)
    ]
    return Chart(title=title, bars=tuple(bars), dark=True)


def member_chart(locale: str, usage: MemberUsage) -> Chart | None:
    """Return what a member made on the latest days."""
    title = say(locale, "Your pictures, day by day")
    return trend_chart(title, usage.trend, money=False)


def member_panel(locale: str, usage: MemberUsage, drawing: Drawing | None = None) -> LayoutView:
    """Return what one member used."""
    ever = f"**{say(locale, 'In all')}**: {tally_of(locale, usage.ever)}"
    spans = "\n".join([*(_span(locale, span) for span in usage.spans), ever])
    notes = (
        say(locale, "Requests of this month: {ends}.", ends=ends_of(locale, usage.outcomes)),
        say(locale, "What was declined or failed does not count against your pictures."),
    )
    heading = say(locale, "What you made here")
    return panel(heading, [spans, small(notes)], drawing=drawing)


def ends_of(locale: str, outcomes: Outcomes) -> str:
    """Return how requests ended: ``3 done, 1 declined``."""
    counted = (
        (_DONE, outcomes.done),
        (_DECLINED, outcomes.refused),
        (_FAILED, outcomes.failed),
        (_UNKNOWN, outcomes.unknown),
        (_TURNED_AWAY, outcomes.turned_away),
        (_RUNNING, outcomes.running),
    )
    ends = [say_many(locale, *text, number) for text, number in counted if number]
    return ", ".join(ends) or say(locale, "none yet")


def _span(locale: str, span: Span) -> str:
    name = say(locale, _SPANS[span.window])
    until = say(locale, "begins anew {moment}", moment=span.resets_at)
    return f"**{name}**: {tally_of(locale, span.tally)}\n{small([until])}"


def _days(stretch: Stretch) -> str:
    first = stretch.first.isoformat()
    last = stretch.first + timedelta(days=stretch.days - 1)
    return first if stretch.days == 1 else f"{first} \N{EN DASH} {last:%m-%d}"
