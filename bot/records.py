"""The operator's commands for what is stored of a person and of a server, and for the key.

Reading works beside a running Easel. Deleting from a SQLite file does not: one process alone writes
to it, and the running one would go on with what it remembers; members have `/privacy delete`.
What a command needs is imported when it runs, as in `bot.__main__`.
"""

import asyncio
import json
import sys
from collections.abc import AsyncGenerator, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn, Self, TypeVar

import click

from bot.domain.errors import SetupError, StillRunning, StorageBusy
from bot.settings import Settings

if TYPE_CHECKING:
    from bot.services.privacy import Privacy, Receipt
    from bot.services.sweeping import Sweeping
    from bot.storage.database import Connection, Database

T = TypeVar("T")

_FAILED: Final = 1
_NOTHING: Final = 3
"""The exit code where nothing is stored of whom or what was named."""

Read = Callable[[], Settings]
_ID = click.IntRange(1, (1 << 63) - 1)


@click.group()
def person() -> None:
    """What is stored of a person, by their Discord id."""


@click.group()
def server() -> None:
    """What is stored of a server, by its Discord id."""


@person.command(name="show")
@click.argument("user_id", type=_ID, metavar="ID")
@click.option("--file", type=click.Path(path_type=Path), help="Write it there, not to the screen.")
@click.pass_obj
def show_person(read: Read, user_id: int, file: Path | None) -> None:
    """Show everything that is stored of a person, as JSON; also while Easel runs."""
    from bot.storage import person as people
    from bot.storage.looking import look

    found = look(_url(read()), lambda connection: people.stored(connection, user_id))
    if not found:
        _leave(f"Nothing is stored of {user_id}.", _NOTHING)
    stored = [
        {"table": each.table, "what": each.says, "kept": str(each.kept), "rows": each.rows}
        for each in found
    ]
    text = json.dumps({"user_id": user_id, "stored": stored}, indent=1, ensure_ascii=False)
    _write(text, file)


@person.command(name="delete")
@click.argument("user_id", type=_ID, metavar="ID")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def delete_person(read: Read, user_id: int, *, yes: bool) -> None:
    """Erase a person on all servers, as `/privacy delete` does. With SQLite stop Easel first."""
    settings = read()
    if not yes:
        click.confirm(f"Erase {user_id} on all servers? It cannot be undone", abort=True)

    async def erase() -> "Receipt":
        async with _opened(settings) as records:
            with _Bar("Erasing on servers") as bar:
                return await records.privacy.erase(user_id, bar.reached)

    receipt = _run(erase)
    if not receipt.servers and not receipt.mentions:
        _leave(f"Nothing is stored of {user_id}.", _NOTHING)
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
@click.argument("guild_id", type=_ID, metavar="ID")
@click.pass_obj
def show_server(read: Read, guild_id: int) -> None:
    """Say how many rows are stored of a server; also while Easel runs."""
    from bot.storage import erasing
    from bot.storage.looking import look

    rows = look(_url(read()), lambda connection: erasing.rows_of_guild(connection, guild_id))
    if not rows:
        _leave(f"Nothing is stored of server {guild_id}.", _NOTHING)
    click.echo(f"Stored of server {guild_id}:")
    _list(rows)


@server.command(name="delete")
@click.argument("guild_id", type=_ID, metavar="ID")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def delete_server(read: Read, guild_id: int, *, yes: bool) -> None:
    """Purge a server now, as happens 30 days after it removed Easel. With SQLite stop Easel."""
    from bot.storage import erasing

    settings = read()
    if not yes:
        click.confirm(f"Purge all data of server {guild_id}? It cannot be undone", abort=True)

    def before(connection: "Connection") -> tuple[str | None, int]:
        rows = erasing.rows_of_guild(connection, guild_id)
        return erasing.busy(connection, guild_id), sum(rows.values())

    async def purge() -> dict[str, int]:
        async with _opened(settings) as records:
            busy, rows = await records.database.read(before)
            if busy is not None:
                raise StillRunning(code=f"#{busy}")
            with _Bar("Purging rows", rows) as bar:
                purged = await records.sweeping.purge(guild_id, bar.more)
            await records.privacy.scrub()
            return purged

    purged = _run(purge)
    if not purged:
        _leave(f"Nothing is stored of server {guild_id}.", _NOTHING)
    click.echo(f"Purged server {guild_id}; the ledger keeps its sums without any id.")
    _list(purged)


@click.command(name="rotate-key")
@click.option("--forget-old", is_flag=True, help="Drop the key before the one in use instead.")
@click.pass_obj
def rotate(read: Read, *, forget_old: bool) -> None:
    """Put a new key of the fingerprints in use; the one before is still recognised."""
    from bot.services.fingerprints import rotate_key
    from bot.storage.address import SqliteFile, parse
    from bot.storage.sqlite_file import locked

    settings = read()
    if settings.hash_key:
        raise SetupError(
            "HASH_KEY is set, so the key is yours to change: set HASH_KEY to a new one, "
            "HASH_KEY_OLD to the one in use, and start Easel anew."
        )
    address = parse(_url(settings))
    if not isinstance(address, SqliteFile):
        raise SetupError("HASH_KEY is not set; with PostgreSQL every process needs the same one.")
    if not address.path.exists():
        raise SetupError(f"There is no database {address.path}, so there is no key to change.")
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
async def _opened(settings: Settings) -> AsyncGenerator[_Records]:
    from bot.bootstrap import hash_keys
    from bot.domain.clock import SystemClock
    from bot.services.conduct import Conduct
    from bot.services.fingerprints import Fingerprints
    from bot.services.privacy import Privacy
    from bot.services.returning import Returning
    from bot.services.sweeping import Sweeping
    from bot.storage.database import open_database

    url, clock = _url(settings), SystemClock()
    async with open_database(url) as database:
        returning = Returning(Fingerprints(*await asyncio.to_thread(hash_keys, settings, url)))
        conduct = Conduct(database, returning, clock)
        privacy = Privacy(database, returning, conduct, clock, most=None)  # nobody waits
        yield _Records(database, privacy, Sweeping(database, clock))


class _Bar:
    """A progress bar on standard error, where that is a terminal."""

    def __init__(self, label: str, length: int = 0) -> None:
        self._bar: Any = click.progressbar(length=max(1, length), label=label, file=sys.stderr)

    def __enter__(self) -> Self:
        self._bar.__enter__()
        return self

    def __exit__(self, *failed: object) -> None:
        self._bar.__exit__(*failed)

    def reached(self, done: int, total: int) -> None:
        """Show that *done* of *total* is done."""
        self._bar.length = total
        self._bar.update(done - self._bar.pos)

    def more(self, number: int) -> None:
        """Show that *number* more are done."""
        self._bar.update(number)


def _run(work: Callable[[], Coroutine[Any, Any, T]]) -> T:
    try:
        return asyncio.run(work())
    except StillRunning as error:
        code = error.values["code"]
        _leave(
            f"Nothing was deleted: request {code} has not come to its end; start Easel, let it "
            "finish, and try again.",
            _FAILED,
        )
    except StorageBusy:
        _leave("The database did not answer; try again, which goes on where this ended.", _FAILED)


def _url(settings: Settings) -> str:
    return settings.database_url.get_secret_value()


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


def _leave(sentence: str, code: int) -> NoReturn:
    click.echo(f"easel: {sentence}", err=True)
    sys.exit(code)
