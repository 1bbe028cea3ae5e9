"""Questions about what a member asked for."""

from sqlalchemy import ColumnElement, select

from bot.domain.history import ENDINGS, Entry, HistoryPage, HistoryQuery
from bot.storage.database import Connection
from bot.storage.jobs import COLUMNS, job_of, lineage
from bot.storage.tables import jobs


def page(connection: Connection, query: HistoryQuery, *, most: int) -> HistoryPage:
    """Return at most *most* of the requests that are meant."""
    order = jobs.c.id.desc() if query.after_id is None else jobs.c.id.asc()
    wanted = select(*COLUMNS).where(*_conditions(query)).order_by(order).limit(most + 1)
    found = [job_of(row) for row in connection.execute(wanted).mappings()]
    beyond, shown = len(found) > most, found[:most]
    if query.after_id is not None:
        shown.reverse()
    return HistoryPage(
        entries=tuple(Entry(job, tuple(lineage(connection, job))) for job in shown),
        has_newer=beyond if query.after_id is not None else query.before_id is not None,
        has_older=query.after_id is not None or beyond,
    )


def _conditions(query: HistoryQuery) -> list[ColumnElement[bool]]:
    conditions = [jobs.c.guild_id == query.guild_id, jobs.c.user_id == query.user_id]
    if query.after_id is not None:
        conditions.append(jobs.c.id > query.after_id)
    elif query.before_id is not None:
        conditions.append(jobs.c.id < query.before_id)
    if query.command is not None:
        conditions.append(jobs.c.command == query.command.value)
    if query.ending is not None:
        conditions.append(jobs.c.state.in_([each.value for each in ENDINGS[query.ending]]))
    if query.search:
        conditions.append(jobs.c.prompt.icontains(query.search, autoescape=True))
    return conditions
