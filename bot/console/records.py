"""The operator's commands for what is stored of a person and of a server, and for the key.

Reading works beside a running Easel. Deleting from a SQLite file does not: one process alone writes
to it, and the running one would go on with what it remembers; members have `/privacy delete`.
What a command needs is imported when it runs.
"""

import asyncio
import json
from collections.abc import AsyncGenerator, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from bot.console.endings import EXIT_FAILED, leave
from bot.console.environment import database_url, settings
from bot.console.ids import ID
from bot.console.progress import told
from bot.domain.errors import SetupError, StillRunning, StorageBusy
from bot.domain.progress import added_up
from bot.settings import Settings

if TYPE_CHECKING:
    from bot.services.privacy import Privacy, Receipt
    from bot.services.sweeping import Sweeping
    from bot.storage.database import Connection, Database

T = TypeVar("T")

_NOTHING: Final = 3
"""The exit code where nothing is stored of whom or what was named."""


@click.group()
def person() -> None:
    """What is stored of a person, by their Discord id."""


@click.group()
def server() -> None:
    """What is stored of a server, by its Discord id."""


@person.command(name="show")
@click.argument("user_id", type=ID, metavar="ID")
@click.option("--file", type=click.Path(path_type=Path), help="Write it there, not to the screen.")
def show_person(user_id: int, file: Path | None) -> None:
    """Show everything that is stored of a person, as JSON; also while Easel runs."""
    from bot.storage import person as people
    from bot.storage.looking import look

    found = look(database_url(), lambda connection: people.stored(connection, user_id))
    if not found:
        leave(f"Nothing is stored of {user_id}.", _NOTHING)
    stored = [
        {"table": each.table, "what": each.says, "kept": str(each.kept), "rows": each.rows}
        for each in found
    ]
    text = json.dumps({"user_id": user_id, "stored": stored}, indent=1, ensure_ascii=False)
    _write(text, file)


@person.command(name="delete")
@click.argument("user_id", type=ID, metavar="ID")
@click.option("--yes", is_flag=True, help="Do not ask.")
def delete_person(user_id: int, *, yes: bool) -> None:
    """Erase a person on all servers, as `/privacy delete` does. With SQLite stop Easel first."""
    chosen = settings()
    if not yes:
        click.confirm(f"Erase {user_id} on all servers? It cannot be undone", abort=True)

    async def erase() -> "Receipt":
        async with _opened(chosen) as records:
            with told("Erased on", "{} servers".format) as tell:
                return await records.privacy.erase(user_id, tell)

    receipt = _run(erase)
    if not receipt.servers and not receipt.mentions:
        leave(f"Nothing is stored of {user_id}.", _NOTHING)
    click.echo(f"Erased on {receipt.servers} servers; the receipt is {receipt.code}.")
    _list(receipt.rows)
    if receipt.mentions:
        click.echo(f"  {receipt.mentions} texts of others named them")
    if receipt.remembered:
        click.echo(f"On {receipt.remembered} servers a limit or a block goes on to hold.")
    if not receipt.is_scrubbed:
        click.echo("Unused parts of the file may still hold some of it; Easel cleans them.")
    click.echo("Back-ups that were made before still have it; delete those when you can.")


@server.command(name="show")
@click.argument("guild_id", type=ID, metavar="ID")
def show_server(guild_id: int) -> None:
    """Say how many rows are stored of a server; also while Easel runs."""
    from bot.storage import erasing
    from bot.storage.looking import look

    rows = look(database_url(), lambda connection: erasing.rows_of_guild(connection, guild_id))
    if not rows:
        leave(f"Nothing is stored of server {guild_id}.", _NOTHING)
    click.echo(f"Stored of server {guild_id}:")
    _list(rows)


@server.command(name="delete")
@click.argument("guild_id", type=ID, metavar="ID")
@click.option("--yes", is_flag=True, help="Do not ask.")
def delete_server(guild_id: int, *, yes: bool) -> None:
    """Purge a server now, as happens 30 days after it removed Easel. With SQLite stop Easel."""
    from bot.storage import erasing

    chosen = settings()
    if not yes:
        click.confirm(f"Purge all data of server {guild_id}? It cannot be undone", abort=True)

    def before(connection: "Connection") -> tuple[str | None, int]:
        rows = erasing.rows_of_guild(connection, guild_id)
        return erasing.busy(connection, guild_id), sum(rows.values())

    async def purge() -> dict[str, int]:
        async with _opened(chosen) as records:
            busy, rows = await records.database.read(before)
            if busy is not None:
                raise StillRunning(code=f"#{busy}")
            with told("Purged", "{} rows".format) as tell:
                purged = await records.sweeping.purge(guild_id, added_up(tell, rows))
            await records.privacy.scrub()
            return purged

    purged = _run(purge)
    if not purged:
        leave(f"Nothing is stored of server {guild_id}.", _NOTHING)
    click.echo(f"Purged server {guild_id}; the ledger keeps its sums without any id.")
    _list(purged)


@click.command(name="rotate-key")
@click.option("--forget-old", is_flag=True, help="Drop the key before the one in use instead.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def rotate(*, forget_old: bool, yes: bool) -> None:
    """Put a new key of the fingerprints in use; the one before is still recognised."""
    from bot.services.fingerprints import rotate_key
    from bot.storage.address import SqliteFile, parse
    from bot.storage.sqlite_file import locked

    chosen = settings()
    if chosen.hash_key:
        raise SetupError(
            "HASH_KEY is set, so the key is yours to change: set HASH_KEY to a new one, "
            "HASH_KEY_OLD to the one in use, and start Easel anew."
        )
    address = parse(database_url(chosen))
    if not isinstance(address, SqliteFile):
        raise SetupError("HASH_KEY is not set; with PostgreSQL every process needs the same one.")
    if not address.path.exists():
        raise SetupError(f"There is no database {address.path}, so there is no key to change.")
    if forget_old and not yes:
        click.confirm(
            "Drop the old key? What only it made, such as blocks of deleted members, is not "
            "recognised any more. It cannot be undone",
            abort=True,
        )
    with locked(address):
        rotate_key(address.key, forget=forget_old)
    if forget_old:
        click.echo(f"{address.key} has the key in use alone; nothing else is recognised any more.")
    else:
        click.echo(f"{address.key} has a new key, and the one before it. Back it up.")


COMMANDS: Final[tuple[click.Command, ...]] = (person, server, rotate)
"""What the command line has of these."""


@dataclass(frozen=True, slots=True)
class _Records:
    database: "Database"
    privacy: "Privacy"
    sweeping: "Sweeping"


@asynccontextmanager
async def _opened(chosen: Settings) -> AsyncGenerator[_Records]:
    from bot.bootstrap import hash_keys
    from bot.domain.clock import SystemClock
    from bot.services.conduct import Conduct
    from bot.services.fingerprints import Fingerprints
    from bot.services.privacy import Privacy
    from bot.services.returning import Returning
    from bot.services.sweeping import Sweeping
    from bot.storage.database import open_database

    url, clock = database_url(chosen), SystemClock()
    async with open_database(url) as database:
        returning = Returning(Fingerprints(*await asyncio.to_thread(hash_keys, chosen, url)))
        conduct = Conduct(database, returning, clock)
        privacy = Privacy(database, returning, conduct, clock, most=None)  # nobody waits
        yield _Records(database, privacy, Sweeping(database, clock))


def _run(work: Callable[[], Coroutine[Any, Any, T]]) -> T:
    try:
        return asyncio.run(work())
    except StillRunning as error:
        code = error.values["code"]
        leave(
            f"Nothing was deleted: request {code} has not come to its end; start Easel, let it "
            "finish, and try again.",
            EXIT_FAILED,
        )
    except StorageBusy:
        leave(
            "The database did not answer; try again, which goes on where this ended.", EXIT_FAILED
        )


def _write(text: str, file: Path | None) -> None:
    if file is None:
        click.echo(text)
        return
    try:
        file.touch(mode=0o600, exist_ok=False)
        file.write_text(text + "\n", "utf-8")
    except OSError as error:
        raise SetupError(f"{file} cannot be written ({error.strerror}); name a new file.") from None
    click.echo(f"{file} has it; it is personal data, so delete it once it was handed over.")


def _list(rows: Mapping[str, int]) -> None:
    for table, number in rows.items():
        click.echo(f"  {number} {table}")
