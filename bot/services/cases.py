"""Reports of pictures and second looks at refusals: opened by members, closed by moderators."""

from dataclasses import dataclass, replace

from bot.domain.cases import Case, CaseKind, Outcome
from bot.domain.clock import Clock
from bot.domain.errors import CaseClosed
from bot.domain.jobs import Job
from bot.storage import audit, cases
from bot.storage.database import Connection, Database

NOBODY = 0
"""Who closed what nobody saw."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plea:
    """What a member asks for: *about* the request of somebody, or their own; *text* is theirs."""

    kind: CaseKind
    about: Job
    user_id: int
    locale: str
    text: str
    channel_id: int


class Cases:
    """Keeps what members asked moderators to look at."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def open(self, plea: Plea) -> tuple[Case, bool]:
        """Open a case, or find the one that the member opened about the same; also: is it new."""
        case = self._case(plea)

        def work(connection: Connection) -> tuple[Case, bool]:
            if already := cases.seen_like(connection, case):
                return already, False
            return replace(case, id=cases.add(connection, case)), True

        return await self._database.write(work)

    async def find(self, guild_id: int, case_id: int) -> Case:
        """Return an open case. Raises CaseClosed: it is not open."""
        found = await self._database.read(lambda c: cases.find(c, guild_id, case_id))
        if found is None or found.state != cases.OPEN:
            raise CaseClosed
        return found

    async def posted(self, case: Case, channel_id: int, message_id: int) -> None:
        """Remember where the card stands."""
        await self._database.write(lambda c: cases.posted(c, case.id, channel_id, message_id))

    async def unposted(self, case: Case) -> None:
        """Close a case that nobody can see, so that it can be opened again."""
        await self._database.write(
            lambda c: cases.close(c, case.id, Outcome.UNPOSTED, NOBODY, self._clock.now())
        )

    async def close(self, case: Case, outcome: Outcome, by: int) -> Case:
        """Close a case. Raises CaseClosed: somebody was quicker."""
        now = self._clock.now()

        def work(connection: Connection) -> None:
            if not cases.close(connection, case.id, outcome, by, now):
                raise CaseClosed
            audit.append(
                connection,
                guild_id=case.guild_id,
                user_id=by,
                action=f"{case.kind} closed",
                target=f"member:{case.about_id} {case.job_code}".strip(),
                before=None,
                after=outcome.value,
                at=now,
            )

        await self._database.write(work)
        return replace(case, state=cases.CLOSED, outcome=outcome, closed_by=by, closed_at=now)

    async def newest(self, guild_id: int, *, most: int, about: int | None = None) -> list[Case]:
        """Return a server's newest cases, the open ones first; *about* one member, or anybody."""
        return await self._database.read(
            lambda c: cases.newest(c, guild_id, most=most, about=about)
        )

    def _case(self, plea: Plea) -> Case:
        job = plea.about
        return Case(
            id=0,
            guild_id=job.guild_id,
            kind=plea.kind,
            user_id=plea.user_id,
            about_id=job.user_id,
            job_code=job.code,
            channel_id=job.message_channel_id or plea.channel_id,
            message_id=job.message_id or 0,
            text=plea.text,
            locale=plea.locale,
            state=cases.OPEN,
            card_channel_id=None,
            card_message_id=None,
            opened_at=self._clock.now(),
            closed_at=None,
            closed_by=None,
            outcome=None,
        )
