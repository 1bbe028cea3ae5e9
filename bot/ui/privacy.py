"""``/privacy``: everything that is stored of the one who asks, erasing it, and the policy."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from io import BytesIO
from typing import Any, Final
from zipfile import ZIP_DEFLATED, ZipFile

import discord
from discord import ButtonStyle, Interaction
from discord.ui import Button, LayoutView

from bot.domain.messages import N_, Phrase, Slash
from bot.services.privacy import TOLD, Policy, Receipt, Shown
from bot.ui.host import Host
from bot.ui.panels import button, panel, show, small
from bot.ui.words import say, say_many

_GOES: Final = (
    N_("Your requests with their words, reports, wishes and everything else that is yours alone."),
    N_("Your id in the records of servers: a random number takes its place."),
    N_("Your id in what others wrote."),
)
_STAYS: Final = (
    N_("What was spent stays in the servers' books, under that random number."),
    N_(
        "Limits that are in use and blocks hold until they end; a keyed hash alone recognises you "
        "for it, where you ask for pictures again."
    ),
    N_("Pictures on Discord stay there: delete them with the button below each, before this."),
    N_(
        "What the picture service has and back-ups of the people who run this bot are not reached "
        "from here: ask them."
    ),
)


async def show_stored(interaction: Interaction[Any]) -> None:
    """Send everything that is stored of the one who asks as a file, to them alone."""
    host: Host = interaction.client
    locale = interaction.locale.value
    await interaction.response.defer(ephemeral=True, thinking=True)
    found = await host.services.privacy.show(interaction.user.id)
    if not found:
        text = say(locale, "Nothing is stored on you, on any server with this bot.")
        await interaction.edit_original_response(content=text)
        return
    rows = sum(len(each.rows) for each in found)
    text = say_many(
        locale,
        "This is everything that is stored on you, on all servers with this bot: {count} entry. "
        "`/privacy delete` deletes it.",
        "This is everything that is stored on you, on all servers with this bot: {count} entries. "
        "`/privacy delete` deletes it.",
        rows,
    )
    most = interaction.filesize_limit
    file = await asyncio.to_thread(file_of, locale, found, interaction.user.id, most=most)
    await interaction.edit_original_response(content=text, attachments=[file])


def file_of(locale: str, found: Iterable[Shown], user_id: int, *, most: int) -> discord.File:
    """Return *found* as readable JSON, packed where it is larger than *most* bytes."""
    written = {
        "user_id": user_id,
        "stored": [
            {
                "table": each.table,
                "what": say(locale, each.says),
                "kept": _said(locale, each.kept),
                "rows": each.rows,
            }
            for each in found
        ],
    }
    data = json.dumps(written, indent=1, ensure_ascii=False).encode("utf-8", "backslashreplace")
    if len(data) <= most:
        return discord.File(BytesIO(data), "easel-data.json")
    packed = BytesIO()
    with ZipFile(packed, "w", ZIP_DEFLATED) as archive:
        archive.writestr("easel-data.json", data)
    packed.seek(0)
    return discord.File(packed, "easel-data.zip")


async def ask_to_delete(interaction: Interaction[Any]) -> None:
    """Say what would go and what would stay, and ask."""
    await show(interaction, question_panel(interaction.locale.value))


def question_panel(locale: str) -> LayoutView:
    """Return the question whether everything shall go."""
    buttons = [
        button(say(locale, "Delete my data"), "privacy:erase", ButtonStyle.danger),
        button(say(locale, "Keep it"), "privacy:keep"),
    ]
    sections = [
        say(locale, "This is for all servers with this bot, and cannot be undone."),
        _listed(locale, N_("What goes"), _GOES),
        _listed(locale, N_("What stays, and why"), _STAYS),
    ]
    return panel(say(locale, "Delete everything that is stored on you?"), sections, buttons)


async def answer_privacy(interaction: Interaction[Any], parts: list[str]) -> None:
    """Do what was pressed, for the one who pressed it."""
    await _VERBS[parts[0]](interaction)


async def show_policy(interaction: Interaction[Any]) -> None:
    """Show where the policy is, or in short what is stored and how long."""
    host: Host = interaction.client
    await show(interaction, policy_panel(interaction.locale.value, host.services.policy))


def policy_panel(locale: str, policy: Policy) -> LayoutView:
    """Return the policy's address, or a summary of what holds."""
    yours = say(
        locale,
        "`{show}` gives you everything that is stored on you, `{delete}` deletes it.",
        show=Slash("privacy show"),
        delete=Slash("privacy delete"),
    )
    links = {N_("Privacy policy"): policy.url, N_("Terms of service"): policy.terms}
    buttons: list[Button[Any]] = [
        Button(style=ButtonStyle.link, label=say(locale, label), url=url)
        for label, url in links.items()
        if url
    ]
    sections = [yours] if policy.url else [*_summary(locale), yours]
    return panel(say(locale, "Privacy"), sections, buttons)


async def _erase(interaction: Interaction[Any]) -> None:
    host: Host = interaction.client
    await interaction.response.defer()
    receipt = await host.services.privacy.erase(interaction.user.id)
    view = receipt_panel(interaction.locale.value, receipt)
    await interaction.edit_original_response(view=view)


async def _keep(interaction: Interaction[Any]) -> None:
    locale = interaction.locale.value
    view = panel(say(locale, "Nothing was deleted"), [say(locale, "Everything is as it was.")])
    await interaction.response.edit_message(view=view)


def receipt_panel(locale: str, receipt: Receipt) -> LayoutView:
    """Return what was erased."""
    if not receipt.servers and not receipt.mentions:
        nothing = say(locale, "Nothing was stored on you, on any server with this bot.")
        return panel(say(locale, "Nothing to delete"), [nothing])
    rows = [
        f"{number:,} · {say(locale, TOLD[table].says)}"
        for table, number in receipt.rows.items()
        if table in TOLD
    ]
    if receipt.mentions:
        words = say(locale, "Words of others that named you")
        rows.append(f"{receipt.mentions:,} · {words}")
    return panel(
        say(locale, "Your data is deleted"),
        [
            say(
                locale,
                "Receipt `{code}`. It stands in the records of the servers, without your name.",
                code=receipt.code,
            ),
            "\n".join(rows),
            small(_notes(locale, receipt)),
        ],
    )


def _notes(locale: str, receipt: Receipt) -> Iterator[str]:
    if receipt.remembered:
        yield say_many(
            locale,
            "On {count} server a limit that is in use or a block goes on to hold until it ends.",
            "On {count} servers a limit that is in use or a block goes on to hold until it ends.",
            receipt.remembered,
        )
    if not receipt.is_scrubbed:
        yield say(locale, "Unused parts of the database's file are overwritten within a day.")
    yield say(locale, "Pictures on Discord stay until they are deleted there.")


def _summary(locale: str) -> Iterator[str]:
    rows = [
        f"{say(locale, entry.says)}: {_said(locale, entry.retention.says)}"
        for entry in TOLD.values()
    ]
    yield say(
        locale,
        "To make a picture, its words and the pictures that you give with it go to the picture "
        "service that the people who run this bot chose, with a keyed hash in place of your name.",
    )
    yield _listed(locale, N_("What is stored, and how long"), (), rows)


def _listed(locale: str, heading: str, texts: Iterable[str], rows: Iterable[str] = ()) -> str:
    said = [*(say(locale, each) for each in texts), *rows]
    return "\n".join([f"**{say(locale, heading)}**", *(f"- {each}" for each in said)])


def _said(locale: str, phrase: Phrase) -> str:
    return say(locale, phrase.message, **phrase.values)


_VERBS: Final[Mapping[str, Callable[[Interaction[Any]], Awaitable[None]]]] = {
    "erase": _erase,
    "keep": _keep,
}
