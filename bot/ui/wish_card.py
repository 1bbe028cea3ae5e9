"""How a member's wish for more looks: to those who run the server, and to the member."""

from collections.abc import Mapping
from typing import Any, Final

from discord import ButtonStyle
from discord.ui import Button, LayoutView

from bot.domain.messages import N_
from bot.domain.money import dollars
from bot.domain.quota import Scope, Standing, Unit
from bot.domain.wishes import Wish, WishState
from bot.ui.amounts import amount_of, limit_of, number_of
from bot.ui.option_words import in_words
from bot.ui.panels import at, panel, small
from bot.ui.text import shown
from bot.ui.words import say, say_many

REASON: Final = 300
"""Characters of the reason for a denial."""

_NAME: Final = 32
_HEADINGS: Final[Mapping[WishState, str]] = {
    WishState.APPROVED: N_("Given"),
    WishState.DENIED: N_("Not given"),
    WishState.EXPIRED: N_("Nobody answered"),
    WishState.UNPOSTED: N_("Nobody answered"),
}
_BUTTONS: Final = (
    ("once", N_("Approve once"), ButtonStyle.success),
    ("until", N_("Approve more…"), ButtonStyle.secondary),
    ("deny", N_("Deny…"), ButtonStyle.danger),
    ("usage", N_("Open usage"), ButtonStyle.secondary),
)


def wish_card(locale: str, wish: Wish, standing: Standing | None) -> LayoutView:
    """Return the card for those who run the server; *standing* is the limit that is full."""
    once = say(
        locale,
        "Approve once gives {amount}; it can be used until {moment}.",
        amount=amount_of(locale, wish.unit, wish.amount),
        moment=at(wish.expires_at),
    )
    ends = say(locale, "People with Manage Server can answer; the wish ends {moment}.",
               moment=wish.expires_at)  # fmt: skip
    buttons = [_button(locale, wish, *each) for each in _BUTTONS]
    sections = [_who(locale, wish), _limit(locale, wish, standing), small([once, ends])]
    return panel(say(locale, "Somebody asks for more"), sections, buttons)


def answered_card(locale: str, wish: Wish) -> LayoutView:
    """Return what is left of a card that was answered, or that nobody answered in time."""
    rows = [_who(locale, wish)]
    if wish.state is WishState.APPROVED:
        rows.append(_given(locale, wish))
    if wish.answered_by is not None:
        rows.append(say(locale, "Answered by {member}.", member=f"<@{wish.answered_by}>"))
    if wish.reason:
        rows.append(f"“{shown(wish.reason, REASON)}”")
    return panel(say(locale, _HEADINGS[wish.state]), ["\n".join(rows)])


def answer_text(wish: Wish, server: str) -> str:
    """Return what the member is told, in their own language."""
    locale, name = wish.locale, shown(server, 100)
    if wish.state is WishState.APPROVED:
        got = say(locale, "You asked for more on **{server}**, and got it.", server=name)
        go_on = say(locale, "Ask for your picture again in {channel}.",
                    channel=f"<#{wish.channel_id}>")  # fmt: skip
        return f"{got} {_given(locale, wish)} {go_on}"
    if wish.state is WishState.DENIED:
        text = say(locale, "You asked for more on **{server}**; this time the answer is no.",
                   server=name)  # fmt: skip
        return f"{text} “{shown(wish.reason, REASON)}”" if wish.reason else text
    return say(
        locale,
        "You asked for more on **{server}**, and nobody answered in three days. You can ask again.",
        server=name,
    )


def _who(locale: str, wish: Wish) -> str:
    wanted = [
        f"/{shown(wish.command, _NAME)}",
        say_many(locale, "{count} picture", "{count} pictures", wish.pictures),
    ]
    if wish.quality:
        quality = in_words(locale, wish.quality)
        wanted.append(say(locale, "{quality} quality", quality=quality))
    if wish.micros:
        wanted.append(say(locale, "at most {price}", price=dollars(wish.micros)))
    return f"<@{wish.user_id}> · <#{wish.channel_id}>\n{' · '.join(wanted)}"


def _limit(locale: str, wish: Wish, standing: Standing | None) -> str:
    if standing is None:
        return ""
    rule = standing.rule
    limit = limit_of(locale, standing.unit, rule.amount, rule.window)
    whose = (
        say(locale, "the member's limit")
        if wish.scope is Scope.MEMBER
        else say(locale, "the whole server's limit")
    )
    use = say(
        locale,
        "{used} used, {running} in flight, **{left} left**",
        used=number_of(standing.unit, standing.used),
        running=number_of(standing.unit, standing.in_flight),
        left=number_of(standing.unit, standing.left),
    )
    rows = [f"**{limit}** · {whose}", use]
    if standing.resets_at is not None:
        rows.append(say(locale, "begins anew {moment}", moment=standing.resets_at))
    return "\n".join(rows)


def _given(locale: str, wish: Wish) -> str:
    unit: Unit = wish.unit
    amount = amount_of(locale, unit, wish.granted or 0)
    if wish.grant_until is None:
        return say(locale, "**{amount} more**.", amount=amount)
    moment = at(wish.grant_until)
    if wish.scope is Scope.MEMBER:
        return say(locale, "**{amount} more**, until {moment}.", amount=amount, moment=moment)
    return say(
        locale, "**{amount} more** for the whole server, until {moment}.",
        amount=amount, moment=moment,
    )  # fmt: skip


def _button(locale: str, wish: Wish, verb: str, label: str, style: ButtonStyle) -> Button[Any]:
    return Button(style=style, label=say(locale, label), custom_id=f"wish:{verb}:{wish.id}")
