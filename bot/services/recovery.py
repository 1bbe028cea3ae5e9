"""What an earlier process left: gone on with, told or shown, by the code that living ones use."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Final, Protocol

import structlog

from bot.domain.clock import Clock
from bot.domain.errors import (
    Closing,
    Interrupted,
    NothingKept,
    NotResumed,
    StorageBusy,
    Undelivered,
    UserError,
)
from bot.domain.jobs import Job, JobState
from bot.services.admission import Admission, Ticket
from bot.services.books import KEPT, Shown
from bot.services.stages import Stage
from bot.services.studio import Studio

log = structlog.get_logger(__name__)

FRESH: Final = timedelta(minutes=15)
"""How long it is tried often to show what could not be shown."""


class Courier(Protocol):
    """Reaches people without the interaction that they asked with."""

    def stage(self, ticket: Ticket, reply: Shown | None) -> Stage:
        """Return where the result of *ticket* is shown; *reply* is what announced it."""
        ...

    async def can_show(self, ticket: Ticket) -> bool:
        """Whether a result of *ticket* has a place where it can be shown. Never raises."""
        ...

    async def tell(self, ticket: Ticket, error: UserError) -> Shown | None:
        """Tell the asker once what became of *ticket*; None: nobody could be told. Never raises."""
        ...


class Recovery:
    """Brings every request without a final state to one.

    They are read up to *at_once* together, the oldest first, and then wait for their turns in the
    queue, for as long as that takes, like those that members ask for meanwhile.
    """

    def __init__(self, studio: Studio, admission: Admission, clock: Clock, *, at_once: int) -> None:
        self._studio = studio
        self._admission = admission
        self._clock = clock
        self._few = asyncio.Semaphore(at_once)
        self._later: set[int] = set()

    async def left(self) -> Sequence[Job]:
        """Return what has no final state and is not at work here, oldest first."""
        unfinished = await self._studio.books.unfinished()
        return [job for job in unfinished if not self._studio.is_at_work_on(job.id)]

    async def run(self, left: Iterable[Job], courier: Courier) -> None:
        """Take up what is *left*. Raises nothing: what fails is tried again later."""
        async with asyncio.TaskGroup() as group:
            for job in left:
                group.create_task(self._take_up(job, courier))

    async def again(self, courier: Courier, *, everything: bool = True) -> None:
        """Try again to show what is made and could not be shown. Raises StorageBusy.

        What a busy database kept from being taken up before is taken up as well.
        Without *everything* only what is kept for less than `FRESH`: Discord may have had trouble
        for a moment, while a closed channel seldom opens.
        """
        await self._studio.books.catch_up()  # what it closes is not taken up again
        left = await self.left()
        later, self._later = self._later, set()
        due = [job for job in left if job.id in later or self._is_due(job, everything=everything)]
        await self.run(due, courier)

    def _is_due(self, job: Job, *, everything: bool) -> bool:
        if job.state is not JobState.MADE:
            return False
        fresh_from = job.keep_until and job.keep_until - KEPT
        return everything or fresh_from is None or self._clock.now() < fresh_from + FRESH

    async def kept(self, guild_id: int, user_id: int, code: str) -> Ticket:
        """Return the ticket of what is kept for its asker. Raises NothingKept, NoSuchJob."""
        job = await self._studio.books.find(guild_id, code)
        waits = job.state is JobState.MADE and not self._studio.is_at_work_on(job.id)
        if job.user_id != user_id or not waits:
            raise NothingKept(code=f"#{job.code}")
        return await self._admission.reopen(job)

    async def _take_up(self, job: Job, courier: Courier) -> None:
        try:
            await self._ways[job.state](job, courier)
        except Closing:
            return  # the next start takes it up
        except StorageBusy:
            self._later.add(job.id)
            log.warning("job_not_recovered", job=job.code, reason="StorageBusy")
        except UserError as error:
            log.warning("job_not_recovered", job=job.code, reason=type(error).__name__)
        except Exception:
            log.exception("job_not_recovered", job=job.code)  # the others are still to come

    @property
    def _ways(self) -> dict[JobState, Callable[[Job, Courier], Awaitable[None]]]:
        return {
            JobState.BOOKED: self._begin,
            JobState.CALLING: self._end,
            JobState.MADE: self._show,
        }

    async def _begin(self, job: Job, courier: Courier) -> None:
        """Make what was never asked of the provider, where it can still be shown."""
        async with self._taking_up(job):
            ticket = await self._resumed(job, courier)
        if ticket is None:
            return
        try:
            await self._studio.perform(ticket, courier.stage(ticket, _reply(job)), patience=None)
        except Undelivered:
            raise
        except UserError as error:
            await courier.tell(ticket, error)

    async def _resumed(self, job: Job, courier: Courier) -> Ticket | None:
        """Return the ticket of *job*, or None where it was given back and its asker told so."""
        try:
            ticket = await self._admission.resume(job)
            if not await courier.can_show(ticket):
                raise NotResumed
        except StorageBusy:
            raise
        except UserError as error:
            ticket = await self._admission.reopen(job)
            await self._studio.books.withdrawn(ticket, type(error).__name__)
            await courier.tell(ticket, error)
            return None
        return ticket

    async def _end(self, job: Job, courier: Courier) -> None:
        """End what may have been billed: it is never asked for again by itself."""
        async with self._taking_up(job):
            ticket = await self._admission.reopen(job)
            told = await courier.tell(ticket, Interrupted())
            await self._studio.books.interrupted(ticket, told)

    async def _show(self, job: Job, courier: Courier) -> None:
        """Show what is made, or give it up where that was not possible for too long."""
        async with self._taking_up(job):
            ticket = await self._admission.reopen(job)
            if job.keep_until is not None and self._clock.now() >= job.keep_until:
                await self._studio.books.never_shown(ticket)
                return
        await self._studio.deliver(ticket, courier.stage(ticket, _reply(job)), patience=None)

    @asynccontextmanager
    async def _taking_up(self, job: Job) -> AsyncGenerator[None]:
        """Read and tell of a few at a time. Raises Closing where nothing is begun any more."""
        async with self._few:
            if self._studio.is_closing:
                raise Closing
            log.info("job_taken_up", job=job.code, state=job.state.value)
            yield


def _reply(job: Job) -> Shown | None:
    if job.message_channel_id is None or job.message_id is None:
        return None
    return Shown(job.message_channel_id, job.message_id)
