"""Everything about one result, for its asker and for moderators: words, model, money, time."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

from discord import Interaction, Message
from discord.ui import LayoutView

from bot.domain.asks import Command
from bot.domain.errors import NotOurs
from bot.domain.jobs import Job, JobState
from bot.domain.messages import N_, Slash
from bot.domain.money import dollars
from bot.ui.asking import place_of
from bot.ui.buttons import code_in
from bot.ui.host import Host
from bot.ui.option_words import in_words
from bot.ui.panels import at, lines, panel, show, small
from bot.ui.policy import COMMANDS, require_for
from bot.ui.posted import link_to
from bot.ui.text import message_link, shown
from bot.ui.words import say, say_many

_WORDS = 1_500  # characters of each text that is shown; Discord takes 4,000 in all
_NAME = 60
_ADDRESS_LIFE = timedelta(hours=23)  # Discord: "about a day"

_OPTIONS = {
    "shape": N_("Shape: {value}"),
    "quality": N_("Quality: {value}"),
    "style": N_("Style: {value}"),
    "background": N_("Background: {value}"),
    "output_format": N_("File type: {value}"),
    "region": N_("Region: {value}"),
    "extend": N_("Extended: {value}"),
}
"""What may have been chosen, by the names that an ask has for it."""

_ENDS = {
    JobState.DONE: "",
    JobState.REFUSED: N_("It was declined."),
    JobState.FAILED: N_("It failed."),
    JobState.UNKNOWN: N_("It failed, and may have been charged."),
}


async def show_details(interaction: Interaction[Any], host: Host, job: Job) -> None:
    """Show what is remembered of *job*, privately.

    Raises:
        NotYours: it is somebody else's, and the one who asks is no moderator.
    """
    require_for(interaction, COMMANDS["Image details"], job)
    before = await host.studio.books.lineage(job)
    locale, now = interaction.locale.value, interaction.created_at
    await show(interaction, details_panel(locale, job, before, now))


async def show_details_of(interaction: Interaction[Any], message: Message) -> None:
    """Show what is remembered of the result that *message* is.

    Raises:
        NotOurs: it is none of ours.
        NotYours: it is somebody else's, and the one who asks is no moderator.
    """
    host: Host = interaction.client
    code = code_in(message)
    if code is None:
        raise NotOurs
    job = await host.studio.books.find(place_of(interaction).guild_id, code)
    if job.message_id != message.id:  # somebody else's, with a copied button
        raise NotOurs
    await show_details(interaction, host, job)


def details_panel(locale: str, job: Job, before: Iterable[Job], now: datetime) -> LayoutView:
    """Return the card of *job*, which was made from *before*, the first one first.

    The picture that was changed is shown while Discord gives it out.
    """
    sections = (
        lines(say(locale, "Words"), _words(locale, job)),
        lines(say(locale, "How"), _options(locale, job)),
        lines(say(locale, "Money"), _money(locale, job)),
        lines(say(locale, "Time"), _time(locale, job)),
        lines(say(locale, "Made from"), map(_linked, before)),
        small([say(locale, _ENDS[job.state])] if _ENDS.get(job.state) else ()),
    )
    heading = say(locale, "Request {code}", code=f"#{job.code}")
    return panel(heading, sections, pictures=_given(locale, job, now))


def _given(locale: str, job: Job, now: datetime) -> dict[str, str]:
    """Return the address of the picture that was changed, and what it is; it expires."""
    source = job.options.get("source")
    if source is None or now - job.created_at > _ADDRESS_LIFE:
        return {}
    return {source["url"]: say(locale, "The picture before")}


def _words(locale: str, job: Job) -> Iterator[str]:
    if job.prompt is None:
        yield say(locale, "They have been erased, as this server keeps words for a while only.")
    elif not job.prompt.strip():
        yield say(locale, "none")
    else:
        yield shown(job.prompt, _WORDS)
    if job.revised_prompt:
        words = shown(job.revised_prompt, _WORDS)
        yield say(locale, "The picture service made of them: {words}", words=words)


def _options(locale: str, job: Job) -> Iterator[str]:
    yield say(
        locale,
        "{command} by <@{user}> with {model}",
        command=Slash(job.command),
        user=job.user_id,
        model=shown(job.model, _NAME),
    )
    yield say_many(locale, "{count} picture", "{count} pictures", job.made or job.count)
    if job.options.get("found_in"):
        yield say(locale, "Of {link}", link=message_link(job.guild_id, job.options["found_in"]))
    for name, message in _OPTIONS.items():
        value = job.options.get(name)
        if value:
            yield say(locale, message, value=in_words(locale, str(value)))
    if job.command is Command.VARY and job.options:
        yield say(locale, "Strength: {value}", value=in_words(locale, str(job.options["strength"])))
    if job.options.get("verbatim"):
        yield say(locale, "Your words as they are, not rewritten")


def _money(locale: str, job: Job) -> Iterator[str]:
    if job.cost_micros is None:
        yield say(
            locale, "It is not settled yet; at most {most}.", most=dollars(job.estimate_micros)
        )
        return
    yield say(
        locale,
        "It cost {cost}; at most {most} was reserved before.",
        cost=dollars(job.cost_micros),
        most=dollars(job.estimate_micros),
    )


def _time(locale: str, job: Job) -> Iterator[str]:
    yield say(locale, "Asked on {moment}", moment=at(job.created_at))
    steps = (
        (N_("{seconds} s until the picture service was asked"), job.created_at, job.calling_at),
        (N_("{seconds} s until it answered"), job.calling_at, job.made_at),
        (N_("{seconds} s until it was shown"), job.made_at, job.delivered_at),
    )
    for message, start, end in steps:
        if start is not None and end is not None:
            yield say(locale, message, seconds=_seconds(start, end))


def _seconds(start: datetime, end: datetime) -> str:
    return f"{max(0.0, (end - start).total_seconds()):.1f}"


def _linked(job: Job) -> str:
    name = f"`#{job.code}` /{job.command}"
    link = link_to(job)
    return f"{name} — {link}" if link else name
