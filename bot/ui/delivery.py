"""Where a result goes when its reply cannot be edited any more, so that it is seen exactly once.

The reply is edited while its token lives; then comes a message in the channel that mentions
nobody, then a direct message. What was asked for privately is never posted in a channel. Edits
change nothing the second time, and messages carry a nonce that Discord holds them to.
"""

from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any, Final, TypeVar, cast

import discord
import structlog
from discord.abc import Messageable

from bot.domain.clock import Clock
from bot.domain.errors import DeliveryFailed, Interrupted, UserError
from bot.domain.queue import Expected, Usual
from bot.imaging.values import Finished
from bot.providers.base import ImageProvider
from bot.services.admission import Ticket
from bot.services.books import Shown
from bot.services.stages import FilesTooLarge, Result
from bot.ui.abilities import abilities_of
from bot.ui.buttons import again_button
from bot.ui.results import finished_reply
from bot.ui.words import refusal, say

log = structlog.get_logger(__name__)

T = TypeVar("T")
Edit = Callable[..., Awaitable[discord.Message]]

TOKEN_LIFE: Final = timedelta(minutes=15)
"""How long a reply can be edited with its interaction's token."""

_LOOKED_BACK = 500  # messages among which one is looked for that an earlier process sent
_SKEW = timedelta(minutes=1)  # between Discord's clock and ours
_TRIES = 3  # while the connection drops
_CLOSED = frozenset({401, 403, 404})  # the token is too old; not allowed; not there
_TOO_LARGE = 40005, 413
_ORIGINAL = cast("int", "@original")  # Discord takes this for the id of an interaction's reply


class WayClosed(Exception):  # noqa: N818 - another way may be open
    """Discord does not take a message this way, and will not."""


class Courier:
    """Reaches the people who asked, with the bot's own rights or their interaction's token."""

    def __init__(self, client: discord.Client, provider: ImageProvider, clock: Clock) -> None:
        self._client = client
        self._provider = provider
        self._clock = clock

    def stage(self, ticket: Ticket, reply: Shown | None) -> "QuietStage":
        """Return where the result of *ticket* is shown; *reply* is what announced it."""
        return QuietStage(self, self._edit(ticket), reply)

    async def can_show(self, ticket: Ticket) -> bool:
        """Whether a result of *ticket* has a place where it can be shown."""
        if self._webhook(ticket) is not None:
            return True
        if ticket.ask.private:
            return False
        try:
            await self._client.fetch_channel(ticket.ask.place.channel_id)
        except (discord.Forbidden, discord.NotFound):
            return False
        except Exception as error:  # noqa: BLE001 - Discord's trouble says nothing of the channel
            log.info("channel_not_seen", reason=type(error).__name__)
        return True

    async def show(
        self,
        locale: str,
        result: Result,
        edit: Edit | None,
        reply: Shown | None,
        *,
        tried: bool = False,
    ) -> Shown:
        """Show *result* once, by the first way that is open, and return where.

        *tried*: an earlier process may have shown it, longer ago than Discord holds a nonce.

        Raises:
            FilesTooLarge: not files of this size.
            DeliveryFailed: no way is open, or Discord does not answer.
        """
        abilities = abilities_of(self._provider.models)
        looks = partial(finished_reply, locale, result, abilities=abilities)
        if edit is not None:
            with suppress(WayClosed):
                return _where(await attempt(lambda: edit(**looks())))
        ticket = result.ticket
        if reply is not None and not ticket.ask.private:
            with suppress(WayClosed):
                if await self._stands(ticket, reply):
                    return reply
        post = _Post(ticket, _code(ticket), lambda view: _message(looks(), view=view), tried=tried)
        for send in self._senders(ticket):
            with suppress(WayClosed):
                return await send(post)
        raise DeliveryFailed

    async def tell(self, ticket: Ticket, error: UserError) -> Shown | None:
        """Tell the asker once what became of *ticket*; None: nobody could be told."""
        locale = ticket.ask.asker.locale
        told = f"{refusal(locale, error)}\n-# <@{ticket.ask.asker.user_id}> · #{ticket.code}"
        try:
            if isinstance(error, Interrupted):
                return await self._tell_openly(ticket, told)
            return await self._tell_alone(ticket, told)
        except WayClosed:
            log.info("failure_untold", job=ticket.code, reason="no way is open")
        except Exception as untold:  # noqa: BLE001 - Discord's trouble; the books are what counts
            log.warning("failure_untold", job=ticket.code, reason=type(untold).__name__)
        return None

    async def _tell_openly(self, ticket: Ticket, told: str) -> Shown:
        """Put *told* where the pictures would be, with a button to ask again."""
        again = again_button(ticket.ask.asker.locale, ticket.code)
        said = {"content": told, "view": again}
        edit = self._edit(ticket)
        if edit is not None:
            with suppress(WayClosed):
                return _where(await attempt(lambda: edit(**said, attachments=[])))
        post = _notice(ticket, lambda view: said if view else {"content": told})
        for send in self._senders(ticket):
            with suppress(WayClosed):
                return await send(post)
        raise WayClosed

    async def _tell_alone(self, ticket: Ticket, told: str) -> Shown | None:
        """Tell the asker alone: below the reply, which goes, else in a direct message."""
        webhook = self._webhook(ticket)
        if webhook is not None:
            with suppress(WayClosed):
                return await self._tell_below(webhook, ticket, told)
        return await self._write(_notice(ticket, lambda _: {"content": told}))

    async def _tell_below(
        self, webhook: discord.Webhook, ticket: Ticket, told: str
    ) -> Shown | None:
        neutral = say(ticket.ask.asker.locale, "This request did not lead to a picture.")
        content = told if ticket.ask.private else neutral
        said: dict[str, Any] = {"content": content, "attachments": [], "view": None}
        reply = await attempt(partial(webhook.edit_message, _ORIGINAL, **said))
        if ticket.ask.private:
            return _where(reply)
        await webhook.send(told, ephemeral=True, wait=True)
        await webhook.delete_message(_ORIGINAL)
        return None

    def _webhook(self, ticket: Ticket) -> discord.Webhook | None:
        """Return what edits the reply of *ticket* while its token lives."""
        origin = ticket.ask.origin
        if not origin.token or self._clock.now() >= ticket.admitted_at + TOKEN_LIFE:
            return None
        webhook = discord.Webhook.partial(origin.application_id, origin.token, client=self._client)
        webhook.type = discord.WebhookType.application  # an interaction's: it can tell one person
        return webhook

    def _edit(self, ticket: Ticket) -> Edit | None:
        webhook = self._webhook(ticket)
        return partial(webhook.edit_message, _ORIGINAL) if webhook else None

    async def _stands(self, ticket: Ticket, reply: Shown) -> bool:
        """Whether the reply shows the pictures already, edited just before Easel ended."""
        channel = self._client.get_partial_messageable(reply.channel_id)
        message = await attempt(lambda: channel.fetch_message(reply.message_id))
        first = f"easel-{ticket.code}-1."
        return any(each.filename.startswith(first) for each in message.attachments)

    def _senders(self, ticket: Ticket) -> "list[Callable[[_Post], Awaitable[Shown]]]":
        """Return the ways without a token; what was asked for privately is never posted."""
        return [self._write] if ticket.ask.private else [self._post, self._write]

    async def _post(self, post: "_Post") -> Shown:
        channel_id = post.ticket.ask.place.channel_id
        return await self._send(self._client.get_partial_messageable(channel_id), post, view=True)

    async def _write(self, post: "_Post") -> Shown:
        asker = discord.Object(post.ticket.ask.asker.user_id)
        channel = await attempt(lambda: self._client.create_dm(asker))
        return await self._send(channel, post, view=False)

    async def _send(self, channel: Messageable, post: "_Post", *, view: bool) -> Shown:
        if post.tried:
            with suppress(WayClosed):
                if found := await self._sent_before(channel, post):
                    return found
        sent = partial(channel.send, nonce=post.nonce)
        return _where(await attempt(lambda: sent(**post.looks(view))))

    async def _sent_before(self, channel: Messageable, post: "_Post") -> Shown | None:
        """Return where an earlier process sent *post*: it names its request in its text."""
        me, code = self._client.user, f"#{post.ticket.code}"
        since = post.ticket.admitted_at - _SKEW

        async def look() -> Shown | None:
            async for message in channel.history(limit=_LOOKED_BACK):
                if message.created_at < since:
                    break
                if me is not None and message.author.id == me.id and code in message.content:
                    return _where(message)
            return None

        return await attempt(look)


@dataclass(frozen=True, slots=True)
class _Post:
    """A message without a token: made anew for each try, told whether it may have buttons."""

    ticket: Ticket
    nonce: str
    looks: Callable[[bool], Mapping[str, Any]]
    tried: bool


class QuietStage:
    """Shows a result when it is there, and nothing before: the process that asked has ended."""

    def __init__(self, courier: Courier, edit: Edit | None, reply: Shown | None) -> None:
        self._courier = courier
        self._edit = edit
        self.reply = reply

    async def show(self, result: Result) -> Shown:
        """Show *result*, as `Courier.show`."""
        locale = result.ticket.ask.asker.locale
        return await self._courier.show(locale, result, self._edit, self.reply, tried=True)

    def queued(self, ticket: Ticket, expected: Expected) -> bool:
        """Say nothing."""
        del ticket, expected
        return True

    def begun(self, ticket: Ticket) -> bool:
        """Say nothing."""
        del ticket
        return True

    def calling(self, ticket: Ticket, usual: Usual | None) -> bool:
        """Say nothing."""
        del ticket, usual
        return True

    async def waiting(self, ticket: Ticket, seconds: float) -> None:
        """Say nothing."""

    async def glimpse(self, ticket: Ticket, picture: Finished) -> None:
        """Show nothing."""

    async def parked(self, ticket: Ticket) -> None:
        """Say nothing."""


async def attempt(send: Callable[[], Awaitable[T]]) -> T:
    """Do what can be done twice without harm, again while the connection drops.

    Raises:
        FilesTooLarge: the files are.
        WayClosed: Discord refuses for good.
        DeliveryFailed: Discord's trouble; nobody knows whether it took effect.
    """
    for left in reversed(range(_TRIES)):
        try:
            return await send()
        except discord.HTTPException as error:
            raise _meaning(error) from error
        except Exception as error:
            if not left:
                raise DeliveryFailed from error
            log.warning("message_repeated", reason=type(error).__name__)
    raise DeliveryFailed


def _meaning(error: discord.HTTPException) -> Exception:
    if error.code in _TOO_LARGE or error.status in _TOO_LARGE:
        return FilesTooLarge()
    return WayClosed() if error.status in _CLOSED else DeliveryFailed()


def _message(reply: Mapping[str, Any], *, view: bool = True) -> dict[str, Any]:
    """Return a *reply*'s looks as those of a new message; in direct messages nothing is pressed."""
    looks = {"content": reply["content"], "files": reply["attachments"]}
    return looks | {"view": reply["view"]} if view else looks


def _notice(ticket: Ticket, looks: Callable[[bool], Mapping[str, Any]]) -> _Post:
    return _Post(ticket, f"{_code(ticket)}-n", looks, tried=True)


def _code(ticket: Ticket) -> str:
    return f"easel-{ticket.code}"


def _where(message: discord.Message) -> Shown:
    return Shown(message.channel.id, message.id)
