"""How a report, or the wish for a second look, looks to those who moderate a server."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from discord import ButtonStyle
from discord.ui import Button, LayoutView

from bot.domain.cases import Case, CaseKind, Outcome
from bot.domain.jobs import Job
from bot.domain.messages import N_
from bot.ui.panels import at, button, panel
from bot.ui.text import message_link, shown
from bot.ui.words import say

_TEXT: Final = 500
_PROMPT: Final = 1_500
_HEADINGS: Final[Mapping[CaseKind, str]] = {
    CaseKind.REPORT: N_("Somebody reports a picture"),
    CaseKind.APPEAL: N_("Somebody thinks a refusal was a mistake"),
}
_OUTCOMES: Final[Mapping[Outcome, str]] = {
    Outcome.DELETED: N_("The picture was deleted."),
    Outcome.BLOCKED: N_("The member was blocked."),
    Outcome.ANSWERED: N_("The member was answered."),
    Outcome.DISMISSED: N_("It was closed as it is."),
    Outcome.UNPOSTED: N_("Nobody could be reached."),
}
_BUTTONS: Final[Mapping[CaseKind, tuple[tuple[str, str, ButtonStyle], ...]]] = {
    CaseKind.REPORT: (
        ("delete", N_("Delete the picture"), ButtonStyle.danger),
        ("block", N_("Block its asker for a day"), ButtonStyle.secondary),
        ("close", N_("Close"), ButtonStyle.secondary),
    ),
    CaseKind.APPEAL: (
        ("answer", N_("Answer…"), ButtonStyle.primary),
        ("close", N_("Close"), ButtonStyle.secondary),
    ),
}


def case_card(locale: str, case: Case, job: Job) -> LayoutView:
    """Return the card of an open case; of an appeal with the words that were declined."""
    sections = [who_and_what(locale, case), _words(locale, case, job)]
    buttons = [_button(locale, case, *each) for each in _BUTTONS[case.kind]]
    return panel(say(locale, _HEADINGS[case.kind]), sections, buttons)


def closed_card(locale: str, case: Case) -> LayoutView:
    """Return what is left of a card once the case is closed."""
    return panel(say(locale, _HEADINGS[case.kind]), [who_and_what(locale, case)])


def cases_panel(locale: str, cases: Iterable[Case]) -> LayoutView:
    """Return a list of cases."""
    rows = [_row(locale, each) for each in cases]
    nothing = say(locale, "Nobody has reported anything here.")
    return panel(say(locale, "Reports and second looks"), rows or [nothing])


def _row(locale: str, case: Case) -> str:
    state = "" if case.outcome else f"**{say(locale, 'open')}** · "
    card = ""
    if case.card_channel_id and case.card_message_id:
        place = f"{case.card_channel_id}/{case.card_message_id}"
        card = f" · {message_link(case.guild_id, place)}"
    return f"{state}{at(case.opened_at)}{card}\n{who_and_what(locale, case)}"


def who_and_what(locale: str, case: Case) -> str:
    """Return who asks, about what, what they wrote, and how it ended."""
    rows = [f"<@{case.user_id}> · #{case.job_code}"]
    if case.kind is CaseKind.REPORT:
        rows[0] = say(
            locale,
            "{reporter} about a picture that {asker} asked for: {link}",
            reporter=f"<@{case.user_id}>",
            asker=f"<@{case.about_id}>",
            link=message_link(case.guild_id, f"{case.channel_id}/{case.message_id}"),
        )
    if case.text:
        rows.append(f"“{shown(case.text, _TEXT)}”")
    if case.outcome is not None:
        rows.append(say(locale, _OUTCOMES[case.outcome]))
    if case.closed_by:
        rows.append(say(locale, "Closed by {member}.", member=f"<@{case.closed_by}>"))
    return "\n".join(rows)


def _words(locale: str, case: Case, job: Job) -> str:
    if case.kind is CaseKind.REPORT or not job.prompt:
        return ""
    words = shown(job.prompt, _PROMPT)
    return say(locale, "The declined words: {words}", words=words)


def _button(locale: str, case: Case, verb: str, label: str, style: ButtonStyle) -> Button[Any]:
    return button(say(locale, label), f"case:{verb}:{case.id}", style)
