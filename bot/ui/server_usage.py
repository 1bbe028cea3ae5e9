"""How a server's use looks: an overview, a view for each way to add it up, and why not."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from bot.domain.messages import N_
from bot.domain.usage import Forecast, ServerUsage, Share, Tally
from bot.imaging.values import Chart
from bot.ui.amounts import tally_of
from bot.ui.panels import lines, on_day, small
from bot.ui.text import shown
from bot.ui.usage import ends_of, trend_chart
from bot.ui.words import say, say_many

PAGE: Final = 15
"""Lines of one page."""

_NAMED = 10  # members of the overview by name; the rest is added up
_NAME = 40  # characters of a model's or a category's name


class View(StrEnum):
    """What of a report is seen."""

    OVERVIEW = "overview"
    MEMBERS = "members"
    ROLES = "roles"
    CHANNELS = "channels"
    COMMANDS = "commands"
    MODELS = "models"
    REFUSALS = "refusals"


VIEWS: Final[Mapping[View, str]] = {
    View.OVERVIEW: N_("Overview"),
    View.MEMBERS: N_("By member"),
    View.ROLES: N_("By role"),
    View.CHANNELS: N_("By channel"),
    View.COMMANDS: N_("By command"),
    View.MODELS: N_("By model"),
    View.REFUSALS: N_("Why pictures were not made"),
}
_NAMES: Final[Mapping[View, str]] = {  # how a line names what it is about
    View.MEMBERS: "<@{}>",
    View.ROLES: "<@&{}>",
    View.CHANNELS: "<#{}>",
    View.COMMANDS: "/{}",
    View.MODELS: "{}",
}
_CAUSES: Final[Mapping[str, str]] = {
    "ContentRefused": N_("declined for its content"),
    "QuotaFull": N_("a limit was reached"),
    "RollingFull": N_("a limit was reached"),
    "QuotaUsedUp": N_("a limit was reached"),
    "QuotaDenied": N_("a manager's rule"),
    "BudgetFull": N_("the server's budget was used up"),
    "TooManyAtOnce": N_("too many at once"),
    "TooManyAtOnceHere": N_("too many at once"),
    "ChannelClosed": N_("not in that channel"),
    "RoleMissing": N_("a role was missing"),
    "Cancelled": N_("cancelled by who asked"),
    "CancelledByManager": N_("cancelled by a manager"),
    "MaybeBilled": N_("the picture service gave no answer"),
    "Interrupted": N_("Easel was restarted meanwhile"),
    "ProviderFailed": N_("the picture service failed"),
    "ProviderBusy": N_("the picture service was busy"),
    "DeliveryFailed": N_("the pictures could not be posted"),
    "TooBusy": N_("Easel was busy"),
    "NotResumed": N_("Easel was away"),
}


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a view: its sections, its number from 0, and how many there are."""

    sections: tuple[str, ...]
    number: int = 0
    count: int = 1


def server_page(locale: str, usage: ServerUsage, view: View, number: int) -> Page:
    """Return a page of *view*; a number beyond the last shows the last."""
    if view is View.OVERVIEW:
        return Page(tuple(overview(locale, usage)))
    rows = list(_rows(locale, usage, view))
    count = max(1, -(-len(rows) // PAGE))
    number = min(number, count - 1)
    seen = rows[number * PAGE : (number + 1) * PAGE]
    since = say(
        locale, "Since {day}: {tally}.", day=on_day(usage.since), tally=_total(locale, usage)
    )
    body = lines(say(locale, VIEWS[view]), seen or [say(locale, "nothing yet")])
    return Page((since, body, small(_notes(locale, view, len(rows), number))), number, count)


def server_chart(locale: str, usage: ServerUsage, view: View) -> Chart | None:
    """Return the overview's chart: money day by day, or pictures where they were free."""
    if view is not View.OVERVIEW:
        return None
    money = usage.total.micros > 0
    title = say(locale, "Spent, day by day") if money else say(locale, "Pictures, day by day")
    if any(stretch.days > 1 for stretch in usage.trend):
        title = say(locale, "Spent over time") if money else say(locale, "Pictures over time")
    return trend_chart(title, usage.trend, money=money)


def forecast_of(locale: str, forecast: Forecast | None) -> str:
    """Return how long the month's budget lasts, or nothing where nobody can tell."""
    if forecast is None:
        return ""
    if forecast.ends_at is None:
        day = on_day(forecast.resets_at)
        return say(
            locale, "At this pace the month's budget lasts until it begins anew on {day}.", day=day
        )
    day = on_day(forecast.ends_at)
    return say(locale, "At this pace the month's budget ends on {day}.", day=day)


def refused_of(locale: str, usage: ServerUsage) -> str:
    """Return which part of the requests was declined or turned away; nothing without requests."""
    ends = usage.outcomes
    if not ends.ended:
        return ""
    refused = ends.refused + ends.turned_away
    return say_many(
        locale,
        "Declined or turned away: {refused} of {count} request ({percent} %).",
        "Declined or turned away: {refused} of {count} requests ({percent} %).",
        ends.ended,
        refused=refused,
        percent=round(100 * refused / ends.ended),
    )


def overview(locale: str, usage: ServerUsage) -> Iterator[str]:
    """Yield the sections of the overview; some may be empty."""
    since = say(
        locale, "Since {day}: {tally}.", day=on_day(usage.since), tally=_total(locale, usage)
    )
    facts = (
        _change(locale, usage),
        say(locale, "Requests: {ends}.", ends=ends_of(locale, usage.outcomes)),
        refused_of(locale, usage),
        _waits(locale, usage),
    )
    forecast = forecast_of(locale, usage.forecast)
    yield "\n".join(filter(None, (since, forecast, small(filter(None, facts)))))
    yield lines(say(locale, "By member"), _some_members(locale, usage))
    yield lines(say(locale, "By command"), _shares(locale, usage.by_command, "/{}"))
    yield lines(say(locale, "By model"), _shares(locale, usage.by_model, "{}"))
    declined = (f"{shown(name, _NAME)} — {count}" for name, count in usage.categories)
    yield lines(say(locale, "Why requests were declined"), declined)


def _some_members(locale: str, usage: ServerUsage) -> Iterator[str]:
    used = [share for share in usage.by_member if share.tally.requests]
    yield from _shares(locale, used[:_NAMED], "<@{}>")
    if rest := used[_NAMED:]:
        others = sum((share.tally for share in rest), start=Tally())
        yield f"{say(locale, 'everyone else')} — {tally_of(locale, others)}"


def _rows(locale: str, usage: ServerUsage, view: View) -> Iterable[str]:
    shares: Mapping[View, tuple[Share[Any], ...]] = {
        View.MEMBERS: usage.by_member,
        View.ROLES: usage.by_role,
        View.CHANNELS: usage.by_channel,
        View.COMMANDS: usage.by_command,
        View.MODELS: usage.by_model,
    }
    if view in shares:
        return _shares(locale, shares[view], _NAMES[view])
    declined = [f"{say(locale, 'declined')}: {shown(n, _NAME)} — {c}" for n, c in usage.categories]
    return [*(f"{cause_of(locale, name)} — {count}" for name, count in usage.causes), *declined]


def cause_of(locale: str, name: str) -> str:
    """Return why something was not made; *name* is the name of an error class."""
    return say(locale, _CAUSES[name]) if name in _CAUSES else shown(name, _NAME)


def _shares(locale: str, shares: Iterable[Share[Any]], name: str) -> list[str]:
    return [
        f"{name.format(shown(str(share.of), _NAME))} — {tally_of(locale, share.tally)}"
        + _refused(locale, share)
        for share in shares
    ]


def _refused(locale: str, share: Share[Any]) -> str:
    refused = share.outcomes.refused + share.outcomes.turned_away
    if not refused:
        return ""
    return " · " + say_many(locale, "{count} refused", "{count} refused", refused)


def _total(locale: str, usage: ServerUsage) -> str:
    return tally_of(locale, usage.total)


def _change(locale: str, usage: ServerUsage) -> str:
    if usage.before is None or not usage.before.tally.micros:
        return ""
    share = round(100 * usage.total.micros / usage.before.tally.micros) - 100
    text = (
        N_("{percent} % more was spent than in the same time before.")
        if share >= 0
        else N_("{percent} % less was spent than in the same time before.")
    )
    return say(locale, text, percent=abs(share))


def _waits(locale: str, usage: ServerUsage) -> str:
    if usage.waits is None:
        return ""
    return say(
        locale,
        "Half of what was shown took at most about {median} s, 19 of 20 at most about {slow} s.",
        median=_seconds(usage.waits.median),
        slow=_seconds(usage.waits.slow),
    )


def _seconds(seconds: float) -> str:
    return f"{seconds:.1f}" if seconds < 10 else f"{seconds:.0f}"  # noqa: PLR2004


def _notes(locale: str, view: View, count: int, number: int) -> Iterator[str]:
    if count > PAGE:
        first, last = number * PAGE + 1, min(count, (number + 1) * PAGE)
        yield say(locale, "{first} to {last} of {count}", first=first, last=last, count=count)
    if view is View.ROLES:
        yield say(
            locale,
            "A request counts for every role that its asker had, so roles add up to more than all.",
        )
    if view is View.CHANNELS:
        yield say(locale, "A thread counts for its channel.")
