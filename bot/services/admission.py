"""The free checks, in order, and the one write that books a request."""

import secrets
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from bot.domain.asks import Ask, Asker, Origin, Place, recall, remember
from bot.domain.clock import Clock
from bot.domain.errors import (
    AlreadyAnswered,
    BadOption,
    ModelGone,
    Needed,
    PriceChanged,
    QuotaFull,
    StorageBusy,
    UserError,
)
from bot.domain.guild import GuildChoices
from bot.domain.jobs import Job
from bot.domain.messages import Phrase
from bot.domain.money import dollars
from bot.domain.pictures import Size
from bot.domain.sizes import Sizes
from bot.providers.base import Capabilities, ImageProvider, PictureRequest, Price
from bot.services.economy import as_asked, saving
from bot.services.fingerprints import Fingerprints
from bot.services.guild_edits import effective_model
from bot.services.house_rules import HouseRules
from bot.services.options import OPERATIONS, check_options, request_for
from bot.services.quota import Claim, Quotas
from bot.services.returning import Returning
from bot.services.rollup import TURNED_AWAY, day_of, is_out_of_money, turned_away
from bot.storage import confirmations, jobs
from bot.storage.database import Connection, Database

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # 32 letters, so five bits are one of them
_CODE_LENGTH = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """An admitted request: it is booked, and everything needed to make it is here but pictures.

    *fresh* is whether its asker's roles are known: those of an earlier process are not remembered.
    """

    job_id: int
    code: str
    ask: Ask
    request: PictureRequest
    model: Capabilities
    estimate: Price
    choices: GuildChoices
    admitted_at: datetime
    fresh: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """What *ask* would be, and cost at most; nothing is booked."""

    ask: Ask
    request: PictureRequest
    model: Capabilities
    estimate: Price
    choices: GuildChoices


@dataclass(frozen=True, slots=True)
class Agreed:
    """That the asker agreed to the price of the confirmation *code*, in micro-dollars."""

    code: str
    micros: int


class AlreadyAsked(Exception):  # noqa: N818 - nothing went wrong: Discord delivered it twice
    """This interaction was admitted before; there is nothing to do and nothing to say."""


class Admission:
    """Decides whether a request may run, and books it.

    Attributes:
        out_of_money: servers whose money did not suffice; whoever tells them takes them out.
    """

    def __init__(
        self,
        database: Database,
        quotas: Quotas,
        rules: HouseRules,
        provider: ImageProvider,
        fingerprints: Fingerprints,
        *,
        returning: Returning,
        clock: Clock,
    ) -> None:
        self._database = database
        self._quotas = quotas
        self._rules = rules
        self._provider = provider
        self._fingerprints = fingerprints
        self._returning = returning
        self._clock = clock
        self.out_of_money = set[int]()

    async def quote(self, ask: Ask) -> Quote:
        """Check *ask* for free and say what it costs at most. Raises UserError: it may not run."""
        choices = await self._rules.choices(ask.place.guild_id)
        async with self._counted(ask, choices):
            return await self._quote(ask, choices)

    @asynccontextmanager
    async def _counted(self, ask: Ask, choices: GuildChoices) -> AsyncGenerator[None]:
        try:
            yield
        except TURNED_AWAY as refusal:
            await self._count(ask, refusal, choices)
            raise

    async def _count(self, ask: Ask, refusal: UserError, choices: GuildChoices) -> None:
        """Count a refusal for the server's reports; a busy database loses the count, no more."""
        if is_out_of_money(refusal):
            self.out_of_money.add(ask.place.guild_id)
        day = day_of(self._clock.now(), choices.timezone)
        with suppress(StorageBusy):
            await self._database.write(lambda c: turned_away(c, ask, refusal, day))

    async def _quote(self, ask: Ask, choices: GuildChoices) -> Quote:
        await self._rules.check(ask, choices)
        ask = await saving(as_asked(ask), choices, self._provider, self._quotas)
        capabilities = self._model(ask, choices)
        check_options(ask, capabilities)
        member = self._fingerprints.member(ask.asker.user_id)
        request = request_for(ask, choices, capabilities, member)
        self._provider.ready(request.model)
        return Quote(
            ask=ask,
            request=request,
            model=capabilities,
            estimate=self._provider.estimate(request),
            choices=choices,
        )

    async def read(self, ask: Ask) -> None:
        """Raise WordsRefused where the server's word list has something that *ask* says."""
        await self._rules.read(ask)

    async def book(self, quote: Quote, agreed: Agreed | None = None) -> Ticket:
        """Book what was quoted just now, in one transaction.

        With *agreed* that confirmation is used up in the same transaction, so it books once.

        Raises:
            UserError: it may not run; nothing was booked, and no confirmation is used up.
            AlreadyAsked: the same interaction was delivered before.
        """
        _check_price(quote, agreed)
        ticket = self.ticket(quote)
        async with self._counted(quote.ask, quote.choices):
            job_id = await self._database.write(lambda c: self._book(c, ticket, agreed))
        return replace(ticket, job_id=job_id)

    def ticket(self, quote: Quote) -> Ticket:
        """Return the ticket of what is quoted; nothing is booked or written for it."""
        return Ticket(
            job_id=0,
            code=new_code(),
            ask=quote.ask,
            request=quote.request,
            model=quote.model,
            estimate=quote.estimate,
            choices=quote.choices,
            admitted_at=self._clock.now(),
        )

    def _book(self, connection: Connection, ticket: Ticket, agreed: Agreed | None) -> int:
        ask = ticket.ask
        if jobs.known_interaction(connection, ask.origin.interaction_id):
            raise AlreadyAsked
        if agreed and not confirmations.take(connection, agreed.code, ticket.admitted_at):
            raise AlreadyAnswered
        guild_id, user_id = ask.place.guild_id, ask.asker.user_id
        self._returning.welcome(connection, guild_id, user_id, ticket.admitted_at)
        claim = Claim(
            reference=ticket.code,
            guild_id=guild_id,
            channel_id=ask.place.home_id,
            user_id=user_id,
            role_ids=ask.asker.role_ids,
            command=ask.command.value,
            model=ticket.request.model,
            pictures=ask.count,
            micros=ticket.estimate.micros,
            at=ticket.admitted_at,
            clocks=ticket.choices.clocks,
        )
        try:
            self._quotas.book(connection, claim)
        except QuotaFull as full:
            full.needed = Needed(
                command=claim.command,
                pictures=claim.pictures,
                quality=ticket.request.quality,
                micros=claim.micros,
            )
            raise
        return self.enter(connection, ticket)

    def enter(self, connection: Connection, ticket: Ticket) -> int:
        """Within a unit of work: write *ticket* among the jobs and return its id."""
        ask = ticket.ask
        return jobs.add(
            connection,
            code=ticket.code,
            interaction_id=ask.origin.interaction_id,
            application_id=ask.origin.application_id,
            token=ask.origin.token,
            guild_id=ask.place.guild_id,
            channel_id=ask.place.channel_id,
            user_id=ask.asker.user_id,
            command=ask.command.value,
            options=remember(ask),
            place={"locale": ask.asker.locale, **where_of(ask.place)},
            prompt=ask.prompt,
            provider=self._provider.name,
            model=ticket.request.model,
            quality=ticket.request.quality,
            count=ask.count,
            private=ask.private,
            roles=sorted(ask.asker.role_ids),
            parent=ask.parent,
            estimate_micros=ticket.estimate.micros,
            created_at=ticket.admitted_at,
        )

    async def resume(self, job: Job) -> Ticket:
        """Return the ticket of a booked *job* of an earlier process, by today's settings.

        Raises:
            UserError: its model is gone, or does not do this any more.
        """
        capabilities = self._provider.models.get(job.model)
        if capabilities is None:
            raise ModelGone(model=job.model)
        self._provider.ready(job.model)
        ask, choices = ask_of(job), await self._rules.choices(job.guild_id)
        check_options(ask, capabilities)
        member = self._fingerprints.member(job.user_id)
        request = request_for(ask, choices, capabilities, member)
        return replace(ticket_of(job, choices), request=request, model=capabilities)

    async def reopen(self, job: Job) -> Ticket:
        """Return the ticket of *job*, whose call was made: for showing and for closing it."""
        return ticket_of(job, await self._rules.choices(job.guild_id))

    def _model(self, ask: Ask, choices: GuildChoices) -> Capabilities:
        models = self._provider.models
        if ask.model is None:
            return effective_model(choices, models)
        if ask.model not in models:
            offered = ", ".join(models)
            raise BadOption(
                option="model", problem=Phrase("it is one of: {offered}", offered=offered)
            )
        return models[ask.model]


def new_code() -> str:
    """Return a short name for a request: easy to read out, hard to guess."""
    number = secrets.randbits(5 * _CODE_LENGTH)
    return "".join(_ALPHABET[number >> 5 * place & 31] for place in range(_CODE_LENGTH))


def where_of(place: Place) -> dict[str, Any]:
    """Return what of *place* is not a job's own column."""
    return {
        "parent_id": place.parent_id,
        "age_restricted": place.age_restricted,
        "upload_limit": place.upload_limit,
    }


def ask_of(job: Job) -> Ask:
    """Return what was asked for as *job*; permissions are not remembered."""
    where = dict(job.place)
    locale = where.pop("locale")
    return recall(
        job.options,
        command=job.command,
        prompt=job.prompt or "",
        origin=Origin(
            interaction_id=job.interaction_id,
            application_id=job.application_id,
            token=job.token or "",
        ),
        asker=Asker(user_id=job.user_id, role_ids=job.roles, locale=locale),
        place=Place(guild_id=job.guild_id, channel_id=job.channel_id, **where),
        parent=job.parent,
    )


def ticket_of(job: Job, choices: GuildChoices) -> Ticket:
    """Return a ticket that is good for everything but the call itself."""
    ask = ask_of(job)
    return Ticket(
        job_id=job.id,
        code=job.code,
        ask=ask,
        request=PictureRequest(
            operation=OPERATIONS[ask.command],
            model=job.model,
            prompt=ask.prompt,
            size=Size(0, 0),
            count=job.count,
            quality=ask.quality,
        ),
        model=Capabilities(model=job.model, operations=frozenset(), sizes=Sizes(shapes={})),
        estimate=Price(micros=job.estimate_micros),
        choices=choices,
        admitted_at=job.created_at,
        fresh=False,
    )


def _check_price(quote: Quote, agreed: Agreed | None) -> None:
    now = quote.estimate.micros
    if agreed is not None and now > agreed.micros:
        raise PriceChanged(now=dollars(now), before=dollars(agreed.micros))
