"""Keeping the books of requests: every step of a job, and what it cost, in one write each."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

import structlog

from bot.domain.asks import Command
from bot.domain.clock import Clock
from bot.domain.errors import (
    Billed,
    ContentRefused,
    DeliveryFailed,
    Interrupted,
    NoSuchJob,
    NothingKept,
    ProviderError,
    StorageBusy,
    WordsRefused,
)
from bot.domain.jobs import Job, JobState
from bot.domain.leftover import Left, nearest
from bot.domain.messages import Slash
from bot.domain.quota import Unit
from bot.domain.shards import Ownership
from bot.metrics import Metrics
from bot.providers.base import Price
from bot.services import moderation
from bot.services.admission import AlreadyAsked, Ticket
from bot.services.attendance import TakenUp
from bot.services.conduct import Conduct
from bot.services.fingerprints import Fingerprints
from bot.services.keeping import Kept, files_of, notes_of, restored
from bot.services.quota import Quotas
from bot.services.rollup import Ended, day_of, ended
from bot.storage import audit, jobs
from bot.storage.database import Connection, Database

log = structlog.get_logger(__name__)

KEPT: Final = timedelta(hours=24)
"""How long pictures are kept that could not be shown."""

Categories = Sequence[tuple[str, ...]]
"""The categories of each time that content was declined."""

Ending = Callable[[Connection], Ended | None]
"""Ends a request; None: it had its end before."""

_PAUSES = (0.0, 0.5, 1.0, 2.0, 4.0, 8.0)  # seconds before each try; a busy database takes one more


@dataclass(frozen=True, slots=True)
class Shown:
    """Where a result stands."""

    channel_id: int
    message_id: int


class Books:
    """Commits each step of a request's life together with its money."""

    def __init__(
        self,
        database: Database,
        quotas: Quotas,
        fingerprints: Fingerprints,
        conduct: Conduct,
        clock: Clock,
        *,
        ownership: Ownership,
        metrics: Metrics,
    ) -> None:
        self._database = database
        self._quotas = quotas
        self._fingerprints = fingerprints
        self._conduct = conduct
        self._clock = clock
        self._ownership = ownership
        self._metrics = metrics
        self._left_open: list[Ending] = []

    async def calling(self, ticket: Ticket, reply: Shown | None = None) -> None:
        """Commit that the provider is about to be called: from here on it may be billed.

        *reply* is the message that announces the pictures, where it is known.

        Raises:
            TakenUp: another process, which got this one's shards, did so or ended the request.
        """
        values: dict[str, object] = {"calling_at": self._clock.now()}
        if reply is not None:
            values |= _where(reply)
        if not await self._database.write(lambda c: jobs.call(c, ticket.job_id, **values)):
            raise TakenUp

    async def made(self, ticket: Ticket, kept: Kept) -> None:
        """Store the pictures that came, and what showing them needs, until they are shown."""
        answer = kept.answer
        values = {
            "made": len(answer.pictures),
            "made_at": self._clock.now(),
            "request_id": answer.request_id,
            "revised_prompt": answer.pictures[0].revised_prompt,
            "cost_micros": answer.price.micros if answer.price.known else None,
            "kept": notes_of(kept),
        }

        def work(connection: Connection) -> None:
            jobs.move(connection, ticket.job_id, JobState.MADE, **values)
            jobs.keep_pictures(connection, ticket.job_id, files_of(kept))

        await self._database.write(work)

    async def kept(self, ticket: Ticket) -> Kept:
        """Return what is stored of *ticket*'s pictures. Raises NothingKept where nothing is."""
        found = await self._database.read(lambda c: jobs.kept(c, ticket.job_id))
        if found is None:
            raise NothingKept(code=f"#{ticket.code}")
        return restored(*found)

    async def left(self, ticket: Ticket, price: Price, pictures: int) -> Left | None:
        """Return what its asker has left once *ticket* is settled; None where nobody can say."""
        if not ticket.fresh:
            return None
        ask, spent = ticket.ask, price.micros if price.known else ticket.estimate.micros
        unspent = {
            Unit.PICTURES: ask.count - pictures,
            Unit.DOLLARS: ticket.estimate.micros - spent,
        }
        asker, clocks = ask.asker, ticket.choices.clocks
        try:
            standings = await self._quotas.standing(
                ask.place.guild_id, asker.user_id, asker.role_ids, clocks
            )
        except StorageBusy:
            return None
        return nearest(standings, unspent)

    async def undelivered(self, ticket: Ticket) -> datetime:
        """Keep what could not be shown; return until when, counted from the first time."""
        until = self._clock.now() + KEPT
        return await self._database.write(lambda c: jobs.keep_until(c, ticket.job_id, until))

    async def done(
        self,
        ticket: Ticket,
        price: Price,
        pictures: int,
        shown: Shown,
        refused: Sequence[ContentRefused] = (),
    ) -> None:
        """Settle what was shown at its true price and erase the stored pictures.

        *refused* is what the vendor declined beside the pictures that came.
        """
        now = self._clock.now()

        def work(connection: Connection) -> Ended | None:
            self._quotas.settle(connection, ticket.code, pictures=pictures, price=price, at=now)
            for each in refused:
                self._record(connection, ticket, each)
            declined = [each.categories for each in refused]
            values = {"delivered_at": now, **_where(shown)}
            cost = _booked(price, ticket)
            return self._end(connection, ticket, JobState.DONE, declined, cost, **values)

        await self._surely(ticket, work)

    async def withdrawn(self, ticket: Ticket, reason: str) -> None:
        """Give back everything that *ticket* holds; the provider was not called."""
        await self._surely(
            ticket, lambda c: self._release(c, ticket, JobState.FAILED, failure=reason)
        )

    async def failed(
        self, ticket: Ticket, error: BaseException, *, called: bool, price: Price | None
    ) -> None:
        """Close a request that failed; *price* is known once an answer came.

        The member's allowance is always given back. What was or may have been billed stays on
        the server's money, at the price or at the estimate.
        """
        billed = _billed(error, called=called)
        log.info("job_failed", reason=type(error).__name__, billed=billed.value)
        await self._surely(ticket, self._closing(ticket, error, billed, price))
        if isinstance(error, ContentRefused):
            await self._weigh(ticket, error)

    async def declined(
        self, ticket: Ticket, error: WordsRefused, enter: Callable[[Connection], int]
    ) -> None:
        """Keep what the server's words declined, which was never booked; *enter* writes its job."""

        def work(connection: Connection) -> Ended | None:
            if jobs.known_interaction(connection, ticket.ask.origin.interaction_id):
                raise AlreadyAsked
            entered = replace(ticket, job_id=enter(connection))
            self._record(connection, entered, error)
            why, declined = type(error).__name__, [error.categories]
            return self._end(connection, entered, JobState.REFUSED, declined, 0, failure=why)

        self._count(await self._database.write(work))
        await self._weigh(ticket, error)

    async def _weigh(self, ticket: Ticket, error: ContentRefused) -> None:
        """Count the strike; a busy database loses what may follow from it, and no more."""
        place, user_id = ticket.ask.place, ticket.ask.asker.user_id
        error.code = ticket.code
        error.pictures = bool(ticket.ask.source or ticket.ask.references)
        with suppress(StorageBusy):
            error.strikes = await self._conduct.weigh(place.guild_id, user_id, ticket.choices)

    async def unfinished(self) -> list[Job]:
        """Return every request without a final state on this process's servers, oldest first."""
        shards = self._ownership.shards
        return await self._database.read(lambda c: jobs.unfinished(c, shards))

    async def interrupted(self, ticket: Ticket, told: Shown | None) -> None:
        """Close what was being made when Easel ended; *told* is where the asker was told."""
        now = self._clock.now()
        values = {"failure": Interrupted.__name__, **(_where(told) if told else {})}
        cost = ticket.estimate.micros

        def work(connection: Connection) -> Ended | None:
            self._quotas.mark_unknown(connection, ticket.code, now)
            return self._end(connection, ticket, JobState.UNKNOWN, (), cost, **values)

        await self._surely(ticket, work)

    async def never_shown(self, ticket: Ticket) -> None:
        """Close what could not be shown in time: the server paid, the allowance is given back."""
        price = (await self.kept(ticket)).answer.price
        error = DeliveryFailed()
        await self._surely(ticket, self._closing(ticket, error, Billed.YES, price))

    async def find(self, guild_id: int, code: str) -> Job:
        """Return the server's request *code*. Raises NoSuchJob."""
        found = await self.look_up(guild_id, code)
        if found is None:
            raise NoSuchJob(code=f"#{code}", command=Slash(Command.IMAGINE))
        return found

    async def look_up(self, guild_id: int, code: str) -> Job | None:
        """Return the server's request *code*, where there is one."""
        return await self._database.read(lambda c: jobs.find(c, guild_id, code))

    async def shared(self, job: Job, shown: Shown) -> None:
        """Remember that the private result of *job* is for all to see now, at *shown*."""
        await self._database.write(lambda c: jobs.publish(c, job.id, **_where(shown)))

    async def lineage(self, job: Job) -> list[Job]:
        """Return the requests that *job* was made from, the first one first; at most ten."""
        return await self._database.read(lambda c: jobs.lineage(c, job))

    async def deleted(self, job: Job, by: int) -> None:
        """Remember that the message of *job* was deleted, and by which moderator."""
        now = self._clock.now()

        def work(connection: Connection) -> None:
            if jobs.forget_message(connection, job.id) and by != job.user_id:
                audit.append(
                    connection,
                    guild_id=job.guild_id,
                    user_id=by,
                    action="picture deleted",
                    target=job.code,
                    before=None,
                    after=None,
                    at=now,
                )

        await self._database.write(work)

    async def catch_up(self) -> None:
        """Close what the database was too busy to close. Raises StorageBusy where it still is."""
        while self._left_open:
            self._count(await self._database.write(self._left_open[0]))
            del self._left_open[0]

    async def erase_old_prompts(self) -> int:
        """Erase prompts whose retention has ended, 500 a transaction; return how many.

        Those of all servers: what must go must not wait for the process that has its shard.
        """
        erased, now = 0, self._clock.now()
        while batch := await self._database.write(lambda c: jobs.erase_prompts(c, now)):
            erased += batch
        return erased

    async def _surely(self, ticket: Ticket, work: Ending) -> None:
        """Do *work*, which ends a request, also where the database is busy for a while.

        What still cannot be written is left to `catch_up`: it must not hide how the request
        ended.
        """
        for pause in _PAUSES:
            await asyncio.sleep(pause)
            with suppress(StorageBusy):
                self._count(await self._database.write(work))
                return
        log.error("job_left_open", job=ticket.code, cure="It is closed as soon as possible.")
        self._left_open.append(work)

    def _count(self, end: Ended | None) -> None:
        if end is not None:
            command, state = end.ask.command.value, end.state.value
            self._metrics.ended(command, state, end.cause or "", end.model, end.micros)

    def _closing(
        self, ticket: Ticket, error: BaseException, billed: Billed, price: Price | None
    ) -> Ending:
        now, reason = self._clock.now(), type(error).__name__
        request_id = error.request_id if isinstance(error, ProviderError) else None
        why = {"failure": reason, "request_id": request_id} if request_id else {"failure": reason}

        beside = error.refused if isinstance(error, ProviderError) else ()
        refused = (*beside, error) if isinstance(error, ContentRefused) else beside
        declined = [each.categories for each in refused]

        def work(connection: Connection) -> Ended | None:
            for each in refused:
                self._record(connection, ticket, each)
            if isinstance(error, ContentRefused):
                return self._release(connection, ticket, JobState.REFUSED, declined, **why)
            if price is not None or billed is Billed.YES:
                paid = price or Price(micros=ticket.estimate.micros, known=False)
                self._quotas.settle(connection, ticket.code, pictures=0, price=paid, at=now)
                cost = _booked(paid, ticket)
                return self._end(connection, ticket, JobState.FAILED, declined, cost, **why)
            if billed is Billed.MAYBE:
                self._quotas.mark_unknown(connection, ticket.code, now)
                cost = ticket.estimate.micros
                return self._end(connection, ticket, JobState.UNKNOWN, declined, cost, **why)
            return self._release(connection, ticket, JobState.FAILED, declined, **why)

        return work

    def _record(self, connection: Connection, ticket: Ticket, error: ContentRefused) -> None:
        ask = ticket.ask
        event = moderation.ModerationEvent(
            guild_id=ask.place.guild_id,
            channel_id=ask.place.channel_id,
            user_id=ask.asker.user_id,
            job_code=ticket.code,
            command=ask.command.value,
            model=ticket.request.model,
            source=error.source,
            stage=error.stage,
            categories=error.categories,
            scores=error.scores,
            request_id=error.request_id,
            fingerprint=self._fingerprints.prompt(ask.prompt),
            at=self._clock.now(),
        )
        moderation.record(connection, event, self._fingerprints.earlier(ask.prompt))

    def _release(
        self,
        connection: Connection,
        ticket: Ticket,
        state: JobState,
        declined: Categories = (),
        **values: object,
    ) -> Ended | None:
        self._quotas.release(connection, ticket.code, self._clock.now())
        return self._end(connection, ticket, state, declined, 0, **values)

    def _end(
        self,
        connection: Connection,
        ticket: Ticket,
        state: JobState,
        declined: Categories,
        micros: int,
        **values: object,
    ) -> Ended | None:
        """Move the job to its final *state* and count it, once, when its money is booked."""
        now = self._clock.now()
        until = now + timedelta(hours=ticket.choices.prompt_hours)
        jobs.erase_pictures(connection, ticket.job_id)
        final = {"finished_at": now, "prompt_until": until, "cost_micros": micros, **values}
        if not jobs.move(connection, ticket.job_id, state, **final):
            return None
        failure, waited = values.get("failure"), (now - ticket.admitted_at).total_seconds()
        end = Ended(
            code=ticket.code,
            ask=ticket.ask,
            model=ticket.request.model,
            day=day_of(ticket.admitted_at, ticket.choices.timezone),
            state=state,
            cause=str(failure) if failure else None,
            declined=tuple(declined),
            seconds=waited if state is JobState.DONE else None,
            micros=micros,
        )
        ended(connection, end)
        return end


def _where(shown: Shown) -> dict[str, object]:
    return {"message_channel_id": shown.channel_id, "message_id": shown.message_id}


def _booked(price: Price, ticket: Ticket) -> int:
    """Return the micro-dollars that the ledger has for *price*."""
    return price.micros if price.known else max(price.micros, ticket.estimate.micros)


def _billed(error: BaseException, *, called: bool) -> Billed:
    if not called:
        return Billed.NO
    return error.billed if isinstance(error, ProviderError) else Billed.MAYBE
