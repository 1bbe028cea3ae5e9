"""Ask for more: what the member's button does, and what the managers' buttons and forms do."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

import discord
from discord import Interaction

from bot.domain.asks import Command
from bot.domain.errors import Needed, WishAnswered
from bot.domain.messages import N_
from bot.domain.quota import Scope, Standing, Unit
from bot.domain.wishes import Wish, WishState
from bot.services.wishes import can_help
from bot.ui.asking import asker_of, place_of
from bot.ui.forms import ask_in_form, long_field, text_field, until_in, written_in
from bot.ui.host import WishHost
from bot.ui.log_channel import put_card, server_locale
from bot.ui.options import amount_in, roles_of
from bot.ui.panels import show
from bot.ui.quota import standing_panel
from bot.ui.replies import tell
from bot.ui.wish_button import amount_needed
from bot.ui.wish_card import REASON, answered_card, wish_card
from bot.ui.wish_news import tell_answers, tell_member
from bot.ui.words import say

_NOT_YET: Final = datetime(1970, 1, 1, tzinfo=UTC)  # the service says when


async def ask_for_more(interaction: Interaction[Any], parts: list[str]) -> None:
    """Put the presser's own wish before those who run the server, once."""
    host: WishHost = interaction.client
    locale = interaction.locale.value
    wish = _wish(interaction, parts)
    await interaction.response.defer(ephemeral=True, thinking=True)
    standing = await _standing(interaction, wish, asker_of(interaction).role_ids)
    if standing is not None and standing.left + standing.granted >= wish.amount:
        await tell(interaction, say(locale, "There is room again: ask for your picture once more."))
        return
    stored, is_new = await host.wishes.ask(wish)
    if not is_new and stored.card_message_id is not None:
        text = say(locale, "You have asked for this already; the answer comes by {moment}.",
                   moment=stored.expires_at)  # fmt: skip
        await tell(interaction, text)
        return
    if await _post(interaction, stored, standing):
        text = say(
            locale,
            "The people who run this server have been asked. You will be told what they say.",
        )
    else:
        await host.wishes.unposted(stored)
        text = say(locale, "Easel could not reach the people who run this server; ask one of them.")
    await tell(interaction, text)
    await tell_answers(interaction)


async def answer_wish(interaction: Interaction[Any], parts: list[str]) -> None:
    """Do what a manager pressed, or wrote, on the card of an open wish."""
    verb, wish_id = parts
    host: WishHost = interaction.client
    wish = await host.wishes.find(place_of(interaction).guild_id, int(wish_id))
    await _VERBS[verb](interaction, host, wish)


def _wish(interaction: Interaction[Any], parts: list[str]) -> Wish:
    """Return the wish that the button says, of whoever pressed. Raises WishAnswered: it is none."""
    try:
        scope, unit, window, command, pictures, quality, micros = parts
        needed = Needed(
            command=Command(command).value,
            pictures=int(pictures),
            quality=quality or None,
            micros=int(micros),
        )
        limit = Scope(scope), Unit(unit)
    except ValueError:
        raise WishAnswered from None
    amount = amount_needed(limit[1], needed)
    if not can_help(*limit, amount):
        raise WishAnswered
    place = place_of(interaction)
    return Wish(
        id=0,
        guild_id=place.guild_id,
        channel_id=place.channel_id,
        user_id=interaction.user.id,
        locale=interaction.locale.value,
        scope=limit[0],
        unit=limit[1],
        window=window,
        amount=amount,
        command=needed.command,
        pictures=needed.pictures,
        quality=needed.quality,
        micros=needed.micros,
        state=WishState.OPEN,
        card_channel_id=None,
        card_message_id=None,
        created_at=_NOT_YET,
        expires_at=_NOT_YET,
        answered_at=None,
        answered_by=None,
        granted=None,
        grant_until=None,
        reason="",
        is_told=False,
    )


async def _post(interaction: Interaction[Any], wish: Wish, standing: Standing | None) -> bool:
    """Post the card in the log channel; return whether it stands there."""
    host: WishHost = interaction.client
    place = await put_card(interaction, lambda locale: wish_card(locale, wish, standing))
    if place is None:
        return False
    await host.wishes.posted(wish, *place)
    return True


async def _standing(
    interaction: Interaction[Any], wish: Wish, role_ids: frozenset[int]
) -> Standing | None:
    """Return how far the wish's limit is used; None where it is gone."""
    standings = await _standings(interaction, wish.user_id, role_ids)
    limit = (wish.scope, wish.unit, wish.window)
    found = (each for each in standings if (each.scope, each.unit, str(each.window)) == limit)
    return next(found, None)


async def _standings(
    interaction: Interaction[Any], user_id: int, role_ids: frozenset[int]
) -> tuple[Standing, ...]:
    host: WishHost = interaction.client
    guild_id = interaction.guild_id or 0
    clocks = (await host.guild_choices.choices(guild_id)).clocks
    return await host.quotas.standing(guild_id, user_id, role_ids, clocks)


async def _once(interaction: Interaction[Any], host: WishHost, wish: Wish) -> None:
    answered = await host.wishes.approve(wish, interaction.user.id, wish.amount, None)
    await _end(interaction, answered)


async def _ask_until(interaction: Interaction[Any], host: WishHost, wish: Wish) -> None:
    del host
    locale = interaction.locale.value
    pictures = wish.unit is Unit.PICTURES
    usual = str(wish.amount) if pictures else f"{-(-wish.amount // 10_000) / 100:.2f}"
    how_many = N_("How many pictures more") if pictures else N_("How many dollars more")
    fields = {
        say(locale, how_many): text_field("amount", usual=usual),
        say(locale, "Until: days from now, or a date"): text_field(
            "until", usual="7", hint="7, 2026-12-24"
        ),
    }
    await ask_in_form(interaction, f"wish:grant:{wish.id}", say(locale, "Approve more"), fields)


async def _granted(interaction: Interaction[Any], host: WishHost, wish: Wish) -> None:
    written = written_in(interaction)
    timezone = (await host.guild_choices.choices(wish.guild_id)).timezone
    amount = amount_in(wish.unit, written.get("amount", ""))
    until = until_in(written.get("until", ""), host.wishes.now(), timezone)
    answered = await host.wishes.approve(wish, interaction.user.id, amount, until)
    await _end(interaction, answered)


async def _ask_why(interaction: Interaction[Any], host: WishHost, wish: Wish) -> None:
    del host
    locale = interaction.locale.value
    hint = say(locale, "The member reads this.")
    field = long_field("reason", hint=hint, most=REASON)
    await ask_in_form(
        interaction, f"wish:denied:{wish.id}", say(locale, "Deny"), {say(locale, "Reason"): field}
    )


async def _denied(interaction: Interaction[Any], host: WishHost, wish: Wish) -> None:
    reason = written_in(interaction).get("reason", "").strip()[:REASON]
    await _end(interaction, await host.wishes.deny(wish, interaction.user.id, reason))


async def _usage(interaction: Interaction[Any], host: WishHost, wish: Wish) -> None:
    """Show the manager alone where the member's limits stand."""
    await interaction.response.defer(ephemeral=True, thinking=True)
    roles = await _roles(interaction, wish.user_id)
    standings = await _standings(interaction, wish.user_id, roles)
    grants = await host.quotas.usable_grants(wish.guild_id, wish.user_id, roles)
    view = standing_panel(interaction.locale.value, standings, grants, wish.user_id)
    await show(interaction, view)


async def _roles(interaction: Interaction[Any], user_id: int) -> frozenset[int]:
    """Return the member's roles, as Discord knows them now; none where they have left."""
    if interaction.guild is None:
        return frozenset()
    try:
        return roles_of(await interaction.guild.fetch_member(user_id))
    except discord.HTTPException:
        return frozenset()


async def _end(interaction: Interaction[Any], wish: Wish) -> None:
    """Show the answer in place of the buttons, and tell the member."""
    card = answered_card(server_locale(interaction), wish)
    await interaction.response.edit_message(view=card)
    await tell_member(interaction.client, wish)


_VERBS: Final[Mapping[str, Callable[[Interaction[Any], WishHost, Wish], Awaitable[None]]]] = {
    "once": _once,
    "until": _ask_until,
    "grant": _granted,
    "deny": _ask_why,
    "denied": _denied,
    "usage": _usage,
}
