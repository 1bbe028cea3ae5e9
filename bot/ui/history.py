"""``/history``: a member's own requests with their pictures, and what can be done with each."""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from discord import ButtonStyle, Interaction
from discord.ui import (
    ActionRow,
    Button,
    Container,
    LayoutView,
    Section,
    Separator,
    TextDisplay,
    Thumbnail,
)

from bot.domain.asks import Command
from bot.domain.history import Ending, Entry, HistoryPage, HistoryQuery
from bot.domain.jobs import Job, JobState
from bot.domain.messages import CHOICE, N_, Slash
from bot.ui.asking import ask_the_same, place_of
from bot.ui.details import show_details
from bot.ui.host import Host
from bot.ui.panels import at, button, small
from bot.ui.policy import CONTROLS, require_for
from bot.ui.posted import first_pictures, link_to
from bot.ui.text import shown
from bot.ui.words import name_in, say

_PROMPT: Final = 160
_STATES: Final[Mapping[JobState, str]] = {
    JobState.BOOKED: N_("waiting"),
    JobState.CALLING: N_("being made"),
    JobState.MADE: N_("made, and not shown yet"),
    JobState.DONE: "",
    JobState.REFUSED: N_("declined"),
    JobState.FAILED: N_("failed"),
    JobState.UNKNOWN: N_("failed"),
}


async def show_history(interaction: Interaction[Any], query: HistoryQuery) -> None:
    """Show a page to the one who asks alone, in place of the page before where there is one."""
    host: Host = interaction.client
    await interaction.response.defer(ephemeral=True, thinking=interaction.message is None)
    page = await host.services.history.page(query)
    pictures = await first_pictures(interaction, (each.job for each in page.entries))
    view = history_panel(interaction.locale.value, query, page, pictures)
    await interaction.edit_original_response(view=view)


def history_panel(
    locale: str, query: HistoryQuery, page: HistoryPage, pictures: Mapping[int, str]
) -> LayoutView:
    """Return *page*; *pictures* are addresses of first pictures by the ids of their jobs.

    The view is stopped, so discord.py keeps nothing in memory for it.
    """
    view = LayoutView(timeout=None)
    container = Container[LayoutView](TextDisplay(f"## {say(locale, 'Your pictures here')}"))
    for text in _filters(locale, query):
        container.add_item(TextDisplay(small([text])))
    for each in page.entries:
        container.add_item(Separator(visible=False))
        _add(container, locale, each, pictures.get(each.job.id))
    if not page.entries:
        container.add_item(TextDisplay(_nothing(locale, query)))
    if page.entries and (page.has_newer or page.has_older):
        container.add_item(ActionRow(*_turns(locale, query, page)))
    view.add_item(container)
    view.stop()
    return view


async def answer_history(interaction: Interaction[Any], parts: list[str]) -> None:
    """Do what was pressed, for the one whose history it is: it shows nobody else's."""
    verb, *rest = parts
    if verb in {"older", "newer"}:
        await _turn(interaction, verb, rest)
        return
    host: Host = interaction.client
    (code,) = rest
    job = await host.studio.books.find(place_of(interaction).guild_id, code)
    require_for(interaction, CONTROLS["history"], job)
    await _VERBS[verb](interaction, host, job)


async def _turn(interaction: Interaction[Any], turn: str, rest: list[str]) -> None:
    job_id, command, ending, *search = rest
    query = HistoryQuery(
        guild_id=place_of(interaction).guild_id,
        user_id=interaction.user.id,
        search=":".join(search),
        command=Command(command) if command else None,
        ending=Ending(ending) if ending else None,
    )
    where = {"before_id" if turn == "older" else "after_id": int(job_id)}
    await show_history(interaction, replace(query, **where))


async def _again(interaction: Interaction[Any], host: Host, job: Job) -> None:
    del host
    await ask_the_same(interaction, job)


async def _details(interaction: Interaction[Any], host: Host, job: Job) -> None:
    await show_details(interaction, host, job)


def _add(container: Container[Any], locale: str, entry: Entry, picture: str | None) -> None:
    text = "\n".join(_lines(locale, entry))
    if picture is None:
        container.add_item(TextDisplay(text))
    else:
        alt = shown(entry.job.prompt or entry.job.command)
        thumbnail = Thumbnail[LayoutView](picture, description=alt)
        container.add_item(Section[LayoutView](text, accessory=thumbnail))
    code = entry.job.code
    again = button(
        say(locale, "Again"), f"history:again:{code}", usable=entry.job.prompt is not None
    )
    container.add_item(ActionRow(again, button(say(locale, "Details"), f"history:details:{code}")))


def _lines(locale: str, entry: Entry) -> Iterator[str]:
    job = entry.job
    words = shown(job.prompt, _PROMPT) if job.prompt else ""
    if job.prompt is None:
        words = say(locale, "words erased")
    yield f"**{words or say(locale, 'no words')}**"
    facts = [
        " → ".join([*(each.command for each in entry.before), job.command]),
        at(job.created_at),
    ]
    if state := _STATES[job.state]:
        facts.append(say(locale, state))
    if job.private:
        facts.append(say(locale, "private"))
    facts.append(f"#{job.code}")
    if link := link_to(job):
        facts.append(f"[{say(locale, 'see it')}]({link})")
    yield small([" · ".join(facts)])


def _filters(locale: str, query: HistoryQuery) -> Iterator[str]:
    if query.search:
        yield say(locale, "Only with “{words}” in the prompt", words=shown(query.search))
    if query.command is not None:
        yield say(locale, "Only {command}", command=Slash(query.command))
    if query.ending is not None:
        ending = name_in(locale, CHOICE, query.ending)
        yield say(locale, "Only those that are {ending}", ending=ending)


def _nothing(locale: str, query: HistoryQuery) -> str:
    if query.search:
        return say(
            locale, "Nothing found. Words are kept only as long as this server's settings say."
        )
    return say(locale, "Nothing here yet: try `/imagine`.")


def _turns(locale: str, query: HistoryQuery, page: HistoryPage) -> list[Button[Any]]:
    first, last = page.entries[0].job.id, page.entries[-1].job.id
    ways = (
        ("newer", say(locale, "Newer"), first, page.has_newer),
        ("older", say(locale, "Older"), last, page.has_older),
    )
    filters = f"{query.command or ''}:{query.ending or ''}:{query.search}"
    return [
        button(label, f"history:{turn}:{job_id}:{filters}", ButtonStyle.secondary, usable=there)
        for turn, label, job_id, there in ways
    ]


_VERBS: Final[Mapping[str, Callable[[Interaction[Any], Host, Job], Awaitable[None]]]] = {
    "again": _again,
    "details": _details,
}
