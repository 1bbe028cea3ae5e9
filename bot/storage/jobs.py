"""Questions and changes around the jobs table and the pictures that are not yet shown."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, RowMapping, and_, bindparam, delete, insert, select, update

from bot.domain.asks import Command
from bot.domain.jobs import Job, JobState
from bot.domain.shards import ALL, Shards
from bot.storage.owned import owned
from bot.storage.tables import jobs, pictures

_FIELDS = (
    "id", "code", "interaction_id", "application_id", "token", "guild_id", "channel_id", "user_id",
    "command", "state", "options", "place", "prompt", "revised_prompt", "model", "count", "made",
    "private", "roles", "parent", "estimate_micros", "cost_micros", "message_channel_id",
    "message_id", "created_at", "calling_at", "made_at", "delivered_at", "finished_at",
    "keep_until",
)  # fmt: skip
COLUMNS: Final = [jobs.c[name] for name in _FIELDS]
"""What `job_of` reads."""

# On the way of every request: built once, since building costs as much as running.
_KNOWN = select(jobs.c.id).where(jobs.c.interaction_id == bindparam("interaction_id"))
_ADD = insert(jobs).returning(jobs.c.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """How long the picture service took for a request."""

    command: str
    model: str
    quality: str | None
    seconds: float


@dataclass(frozen=True, slots=True)
class Stored:
    """A picture that is kept with its job: an answer, or what was sent or given with it.

    *role* is answer, canvas, mask or source.
    """

    role: str
    media_type: str
    data: bytes = field(repr=False)


def known_interaction(connection: Connection, interaction_id: int) -> bool:
    """Whether a job of this interaction exists already."""
    return connection.execute(_KNOWN, {"interaction_id": interaction_id}).first() is not None


def add(connection: Connection, **values: object) -> int:
    """Insert a job in state *booked* and return its id."""
    return connection.execute(_ADD, {**values, "state": JobState.BOOKED.value}).scalar_one()


def call(connection: Connection, job_id: int, **values: object) -> bool:
    """Move a booked job to the state of being called; False: it is not booked any more."""
    booked = and_(jobs.c.id == job_id, jobs.c.state == JobState.BOOKED.value)
    change = update(jobs).where(booked).values(state=JobState.CALLING.value, **values)
    return connection.execute(change).rowcount == 1


def move(connection: Connection, job_id: int, state: JobState, **values: object) -> bool:
    """Move an unfinished job to *state*; False: it was finished.

    A final state erases what only running jobs need.
    """
    if state.is_final:
        values |= {"token": None, "kept": None, "roles": None}
    unfinished = and_(jobs.c.id == job_id, jobs.c.finished_at.is_(None))
    change = update(jobs).where(unfinished).values(state=state.value, **values)
    return connection.execute(change).rowcount == 1


def find(connection: Connection, guild_id: int, code: str) -> Job | None:
    """Return the server's job with *code*."""
    query = select(*COLUMNS).where(jobs.c.guild_id == guild_id, jobs.c.code == code)
    row = connection.execute(query).mappings().first()
    return None if row is None else job_of(row)


def lineage(connection: Connection, job: Job, most: int = 10) -> list[Job]:
    """Return what *job* was made from, the first one first; of a longer line the last *most*."""
    line = list[Job]()
    parent = job.parent
    while parent is not None and len(line) < most:
        before = find(connection, job.guild_id, parent)
        if before is None:
            break
        line.insert(0, before)
        parent = before.parent
    return line


def latest_application(connection: Connection) -> int | None:
    """Return with which application the latest request was made; None where there is none."""
    latest = select(jobs.c.application_id).order_by(jobs.c.id.desc()).limit(1)
    return connection.execute(latest).scalar_one_or_none()


def unfinished(connection: Connection, shards: Shards = ALL) -> list[Job]:
    """Return every job of servers on *shards* that has no final state, oldest first."""
    mine = (jobs.c.finished_at.is_(None), owned(jobs.c.guild_id, shards))
    query = select(*COLUMNS).where(*mine).order_by(jobs.c.id)
    return [job_of(row) for row in connection.execute(query).mappings()]


def by_code(connection: Connection, code: str) -> Job | None:
    """Return the job with *code*, of whatever server."""
    row = connection.execute(select(*COLUMNS).where(jobs.c.code == code)).mappings().first()
    return None if row is None else job_of(row)


def publish(connection: Connection, job_id: int, **where: object) -> None:
    """Remember that the job's pictures are not private any more, and *where* they are."""
    change = update(jobs).where(jobs.c.id == job_id).values(private=False, **where)
    connection.execute(change)


def latest_calls(connection: Connection, most: int) -> list[Call]:
    """Return the calls among the *most* latest requests that led to pictures, oldest first."""
    columns = (jobs.c[each] for each in ("command", "model", "quality", "calling_at", "made_at"))
    latest = select(*columns).order_by(jobs.c.id.desc()).limit(most)
    rows = [row for row in connection.execute(latest) if row.calling_at and row.made_at]
    return [
        Call(
            command=row.command,
            model=row.model,
            quality=row.quality,
            seconds=(row.made_at - row.calling_at).total_seconds(),
        )
        for row in reversed(rows)
    ]


def forget_message(connection: Connection, job_id: int) -> bool:
    """Remember that the job's message was deleted. False: that was remembered already."""
    stands = and_(jobs.c.id == job_id, jobs.c.message_id.is_not(None))
    gone = {"message_id": None, "message_channel_id": None}
    return connection.execute(update(jobs).where(stands).values(**gone)).rowcount == 1


def keep_pictures(connection: Connection, job_id: int, stored: Sequence[Stored]) -> None:
    """Store pictures until they are shown."""
    rows = [
        {
            "job_id": job_id,
            "position": position,
            "role": each.role,
            "media_type": each.media_type,
            "data": each.data,
        }
        for position, each in enumerate(stored)
    ]
    connection.execute(insert(pictures), rows)


def kept(connection: Connection, job_id: int) -> tuple[dict[str, Any], list[Stored]] | None:
    """Return what was kept for showing a job's pictures, and the pictures; None: nothing is."""
    notes = connection.execute(select(jobs.c.kept).where(jobs.c.id == job_id)).scalar_one_or_none()
    if notes is None:
        return None
    columns = (pictures.c.role, pictures.c.media_type, pictures.c.data)
    mine = select(*columns).where(pictures.c.job_id == job_id).order_by(pictures.c.position)
    return notes, [Stored(*row) for row in connection.execute(mine)]


def keep_until(connection: Connection, job_id: int, until: datetime) -> datetime:
    """Keep what could not be shown until *until*, or the earlier instant that was set before."""
    job = jobs.c.id == job_id
    first = update(jobs).where(job, jobs.c.keep_until.is_(None)).values(keep_until=until)
    connection.execute(first)
    return connection.execute(select(jobs.c.keep_until).where(job)).scalar_one()


def erase_pictures(connection: Connection, job_id: int) -> None:
    """Erase a job's stored pictures."""
    connection.execute(delete(pictures).where(pictures.c.job_id == job_id))


def erase_prompts(connection: Connection, now: datetime, most: int = 500) -> int:
    """Erase what people wrote in jobs whose retention ended, *most* at once; return how many."""
    due = select(jobs.c.id).where(jobs.c.prompt_until <= now).limit(most)
    gone: dict[str, object] = {
        "prompt": None,
        "revised_prompt": None,
        "options": {},
        "prompt_until": None,
    }
    return connection.execute(update(jobs).where(jobs.c.id.in_(due)).values(**gone)).rowcount


def job_of(row: RowMapping) -> Job:
    """Return the job of a row of `COLUMNS`."""
    values: dict[str, Any] = dict(row)
    values |= {"command": Command(row["command"]), "state": JobState(row["state"])}
    values |= {"roles": frozenset(row["roles"] or ())}
    return Job(**values)
