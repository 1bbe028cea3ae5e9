"""Short notices in the channels of those who run a server or the bot; they mention nobody.

What is for the people who run the bot is in English, as their log is.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time
from typing import Any, Final

import discord
import structlog
from discord.ui import LayoutView, View

from bot.domain.messages import N_
from bot.domain.money import dollars
from bot.domain.usage import ServerUsage
from bot.domain.windows import Window
from bot.services.alerts import Alerts, Endings, ModelEnds, ServerModelEnds, StopChange
from bot.services.budget_alerts import BudgetAlert, BudgetAlerts
from bot.services.digests import Digests
from bot.ui.panels import at, on_day, small
from bot.ui.server_usage import overview
from bot.ui.text import shown
from bot.ui.words import say

log = structlog.get_logger(__name__)

_MOST_TEXT: Final = 2000  # characters of a message
_HINT: Final = 400  # characters of what the picture maker says to the operator

_STOPPED: Final = {
    "money": (
        "**The picture service says that its money is used up.** Members are told so and nobody "
        "is charged. Add credit to the account, or raise its limit."
    ),
    "access": (
        "**The picture service does not accept this bot's set-up.** Members are told that it is "
        "not set up, and nobody is charged. Check OPENAI_API_KEY; `easel doctor` names the cause."
    ),
    "model": (
        "**The picture service does not make pictures with {model}.** Members who ask for it are "
        "told to choose another model. Set another one as OPENAI_MODEL where it is the bot's own."
    ),
    "failure": (
        "**The picture service failed several times in a row.** Members are told to ask again in "
        "a few minutes. Look at the service's status page; the log has the failures."
    ),
}
_GOES_ON: Final = {
    "money": "**The picture service has money again** and makes pictures.",
    "access": "**The picture service accepts this bot's set-up again** and makes pictures.",
    "model": "**The picture service makes pictures with {model} again.**",
    "failure": "**The picture service makes pictures again.**",
}
_STOPPED_SOMEHOW: Final = "**The picture service is not asked for pictures now** ({cause})."
_GOES_ON_SOMEHOW: Final = "**The picture service is asked for pictures again.**"

_ALL: Final = 100  # percent
_BUDGET_USED: Final = N_(
    "**{percent} % of this server's budget for {window} is used**: {used} of {limit}."
)
_BUDGET_OVER: Final = N_(
    "**This server's budget for {window} is used up**, or what is left of it is too little for a "
    "request: {used} of {limit} is used. No pictures are made until there is more."
)
_BUDGETS: Final = {
    Window.DAY: N_("the day"),
    Window.WEEK: N_("the week"),
    Window.MONTH: N_("the month"),
}


class Notices:
    """Posts notices with the bot's own rights.

    Nothing that Discord does is raised: a notice must not become a failure of what it tells about.
    """

    def __init__(self, client: discord.Client) -> None:
        self._client = client
        self._closed: set[int] = set()

    async def post(self, channel_id: int, text: str, buttons: View | None = None) -> None:
        """Post *text*; a channel that does not take it is logged once, until it takes one again."""
        more = {"view": buttons} if buttons else {}
        await self._send(channel_id, content=text, **more)

    async def put(self, channel_id: int, view: LayoutView) -> int | None:
        """Post *view*; return the message's id, None where it was not taken."""
        return await self._send(channel_id, view=view)

    async def _send(self, channel_id: int, **message: Any) -> int | None:  # noqa: ANN401
        try:
            sent = await self._client.get_partial_messageable(channel_id).send(**message)
        except (discord.Forbidden, discord.NotFound) as refused:
            if channel_id not in self._closed:
                self._closed.add(channel_id)
                log.warning("notice_channel_closed", channel=channel_id, code=refused.code)
        except Exception as failed:  # noqa: BLE001 - Discord's trouble, a dropped connection
            log.warning("notice_failed", channel=channel_id, reason=type(failed).__name__)
        else:
            self._closed.discard(channel_id)
            return sent.id
        return None

    async def tell(self, alerts: Alerts) -> None:
        """Tell of stops and of models that end, as far as that is new. Raises StorageBusy."""
        for change in await alerts.new_stops():
            if alerts.operator_channel is not None:
                await self.post(alerts.operator_channel, stop_notice(change))
        endings = await alerts.endings()
        if alerts.operator_channel is not None:
            for text in operator_notices(endings):
                await self.post(alerts.operator_channel, text)
        for each in endings.servers:
            await self.post(each.channel_id, server_notice(self._locale(each.guild_id), each))

    async def tell_budgets(self, alerts: BudgetAlerts) -> None:
        """Tell servers how far their money is used, as far as that is new. Raises StorageBusy."""
        for each in await alerts.new():
            await self.post(each.channel_id, budget_notice(self._locale(each.guild_id), each))

    async def tell_digests(self, digests: Digests) -> None:
        """Post the digests that are due. Raises StorageBusy."""
        for each in await digests.due():
            text = digest_notice(self._locale(each.guild_id), each.usage)
            await self.post(each.channel_id, text)

    def _locale(self, guild_id: int) -> str:
        guild = self._client.get_guild(guild_id)
        return guild.preferred_locale.value if guild else "en-US"


def stop_notice(change: StopChange) -> str:
    """Return what the operator should know of a stop that opened or closed."""
    cause, model = change.stop.cause, shown(change.stop.model or "every model")
    if not change.is_open:
        text = _GOES_ON.get(cause, _GOES_ON_SOMEHOW).format(model=model)
        return f"{text}\n{small([f'It had stopped at {at(change.since)}.'])}"
    text = _STOPPED.get(cause, _STOPPED_SOMEHOW).format(model=model, cause=shown(cause))
    details = [f"Since {at(change.since)}. Easel goes on by itself when the service does."]
    if change.stop.operator:
        details.append(shown(change.stop.operator, _HINT))
    return f"{text}\n{small(details)}"


def operator_notices(endings: Endings) -> Iterator[str]:
    """Return what the operator should know of models that end, in as few messages as can be."""
    text = ""
    for line in map(_operator_line, endings.operator):
        if text and len(text) + 1 + len(line) > _MOST_TEXT:
            yield text
            text = ""
        text = f"{text}\n{line}".strip()
    if text:
        yield text


def server_notice(locale: str, ends: ServerModelEnds) -> str:
    """Return what the people who run a server should know of the model that they chose."""
    parts = (
        _end(locale, ends.ending.model, ends.ending.day, over=ends.over),
        say(locale, "This server chose it for requests that name no model."),
        say(locale, "Choose its successor with `/settings set model:{name}`.", name=ends.successor)
        if ends.successor
        else say(locale, "Choose another with `/settings set`."),
    )
    return " ".join(parts)


def budget_notice(locale: str, alert: BudgetAlert) -> str:
    """Return what the people who run a server should know of its money."""
    budget = alert.budget
    spent = {"used": dollars(budget.used), "limit": dollars(budget.limit)}
    text = _BUDGET_USED if alert.percent < _ALL else _BUDGET_OVER
    window = say(locale, _BUDGETS[budget.window])
    head = say(locale, text, percent=alert.percent, window=window, **spent)
    anew = say(locale, "It begins anew {moment}.", moment=budget.resets_at)
    more = say(locale, "`/quota set` changes it, `/usage server` shows where it went.")
    return f"{head}\n{small([f'{anew} {more}'])}"


def digest_notice(locale: str, usage: ServerUsage) -> str:
    """Return the digest of a server's week, within the length of a message."""
    sections = [f"## {say(locale, 'The week on this server')}", *overview(locale, usage)]
    text = ""
    for section in filter(None, sections):
        if len(text) + 1 + len(section) > _MOST_TEXT:
            break
        text = f"{text}\n{section}".strip()
    return text


def _operator_line(ends: ModelEnds) -> str:
    return " ".join(_operator_parts(ends))


def _operator_parts(ends: ModelEnds) -> Iterable[str]:
    ending = ends.ending
    successor = f"**{shown(ending.successor)}**" if ending.successor else ""
    yield _end("en-US", ending.model, ending.day, over=ends.over)
    if ends.default:
        yield f"It is the bot's own model: set OPENAI_MODEL to {successor or 'another one'}."
    elif successor:
        yield f"Its successor is {successor}."
    if ends.servers:
        chosen = "1 server has" if ends.servers == 1 else f"{ends.servers} servers have"
        yield f"{chosen} chosen it; those with a log channel are told there."


def _end(locale: str, model: str, day: date | None, *, over: bool) -> str:
    name = shown(model)
    if day is None:
        return say(locale, "The model **{name}** is no longer offered.", name=name)
    when = on_day(datetime.combine(day, time(12), UTC))  # noon: the same date for most readers
    if over:
        return say(locale, "The model **{name}** was shut down on {day}.", name=name, day=when)
    return say(locale, "The model **{name}** shuts down on {day}.", name=name, day=when)
