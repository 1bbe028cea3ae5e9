"""How grants look when they are given, listed, taken back and passed on."""

from collections.abc import Iterable, Sequence
from typing import Any, Final

import discord
from discord import Interaction
from discord.app_commands import Choice
from discord.ui import LayoutView

from bot.domain.errors import NoSuchGrant
from bot.domain.messages import N_
from bot.domain.quota import Grant, Scope
from bot.ui.amounts import amount_of, number_of
from bot.ui.options import fitting
from bot.ui.panels import lines, panel
from bot.ui.quota import grant_line, whom
from bot.ui.words import say

MOST_SHOWN: Final = 30
_NAME = 90  # characters of what is offered


def granted(locale: str, grant: Grant) -> str:
    """Return that *grant* was given, and how it works."""
    texts = [f"{grant_line(locale, grant)}."]
    if grant.scope is Scope.ROLE:
        texts.append(say(locale, "The members of the role share it."))
    texts.append(say(locale, "It is used when a limit is full."))
    return " ".join(texts)


def grants_panel(locale: str, grants: Sequence[Grant], *, all_of_them: bool) -> LayoutView:
    """Return the grants that something is left of: a server's, or what the reader can use."""
    nothing = say(locale, "There are none that something is left of.")
    rows = [f"`#{each.id}` {grant_line(locale, each)}" for each in grants[:MOST_SHOWN]]
    if more := len(grants) - len(rows):
        rows.append(say(locale, "… and {more} more.", more=more))
    heading = N_("Grants of this server") if all_of_them else N_("Grants that you can use")
    return panel(say(locale, heading), ["\n".join(rows) or nothing])


def revoked(locale: str, grant: Grant) -> str:
    """Return that what was left of *grant* is taken back."""
    values = {
        "left": amount_of(locale, grant.unit, grant.left),
        "who": whom(locale, grant.scope, grant.scope_id),
    }
    texts = [say(locale, "The grant of {who} is taken back; {left} of it were left.", **values)]
    if grant.in_flight:
        running = number_of(grant.unit, grant.in_flight)
        texts.append(say(locale, "{running} in flight are still borne by it.", running=running))
    return " ".join(texts)


def given(locale: str, giver: int, receiver: int, parts: Iterable[Grant]) -> str:
    """Return that *giver* gave *parts* to *receiver*."""
    found = list(parts)
    amount = amount_of(locale, found[0].unit, sum(part.amount for part in found))
    values = {"giver": giver, "receiver": receiver, "amount": amount}
    text = N_("<@{giver}> gave <@{receiver}> {amount}, beyond the limits.")
    return lines(say(locale, text, **values), [f"-# {grant_line(locale, each)}" for each in found])


def offered_grants(
    interaction: Interaction[Any], grants: Iterable[Grant], typed: str
) -> list[Choice[str]]:
    """Offer *grants* for what was typed so far, newest first, with names and no mentions."""
    locale = interaction.locale.value
    newest = sorted(grants, key=lambda each: -each.id)
    names = (
        (f"#{each.id} · {_whose(interaction, each)} · {_left(locale, each)}", each.id)
        for each in newest
    )
    return fitting((Choice(name=name[:_NAME], value=f"#{id_}") for name, id_ in names), typed)


def grant_in(text: str) -> int:
    """Return the number of the grant that *text* names. Raises NoSuchGrant: it names none."""
    digits = text.strip().removeprefix("#")
    if not (digits.isascii() and digits.isdigit() and len(digits) < _LONGEST_NUMBER):
        raise NoSuchGrant(id=discord.utils.escape_markdown(text[:20]))
    return int(digits)


_LONGEST_NUMBER = 19  # more digits are no 64-bit number


def _left(locale: str, grant: Grant) -> str:
    return say(locale, "{left} left", left=amount_of(locale, grant.unit, grant.left))


def _whose(interaction: Interaction[Any], grant: Grant) -> str:
    """Return a name, since a mention is not one in what is offered."""
    guild = interaction.guild
    if guild is None or grant.scope is Scope.SERVER:
        return say(interaction.locale.value, "the whole server together")
    found = (
        guild.get_role(grant.scope_id)
        if grant.scope is Scope.ROLE
        else guild.get_member(grant.scope_id)
    )
    return found.name if found else str(grant.scope_id)
