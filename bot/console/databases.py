"""Commands for the database: its shape, its books, back-ups, and the way to PostgreSQL."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import click

from bot.console.endings import EXIT_FAILED, leave
from bot.console.environment import database_url
from bot.console.progress import told


@click.command()
def migrate() -> None:
    """Bring the database to this version's shape; `run` does the same by itself."""
    url = database_url()
    from bot.storage import migrate as storage

    with told("Made", "{} revisions".format) as tell:
        done = storage.migrate(url, tell)
    if done.changed:
        click.echo(f"The database went from revision {done.before or 'none'} to {done.after}.")
    else:
        click.echo(f"The database already has revision {done.after}.")


@click.command()
def check_ledger() -> None:
    """Say whether limits and grants add up to the ledger; nothing is changed."""
    url = database_url()
    from bot.storage.check_ledger import check

    found = check(url)
    for difference in found:
        click.echo(f"{difference[0].upper()}{difference[1:]}.")
    if found:
        several = f"{len(found)} things do" if found[1:] else "One thing does"
        leave(f"{several} not add up; nothing was changed.", EXIT_FAILED)
    click.echo("Everything adds up.")


@click.command()
@click.argument("file", type=click.Path(path_type=Path), required=False)
@click.option("--force", is_flag=True, help="Replace FILE where it exists.")
def backup(file: Path | None, *, force: bool) -> None:
    """Copy the database to FILE, also while Easel runs; by default beside it, with the time."""
    url = database_url()
    from bot.storage.backup import back_up

    with told("Copied", _megabytes) as tell:
        done = back_up(url, file, now=datetime.now().astimezone(), progress=tell, force=force)
    click.echo(f"{done.file} holds {_megabytes(done.size)}, {_of(done.rows)}; it is whole.")
    if done.key:
        click.echo(f"{done.key} is the key beside it, a secret: who has both can tell who asked.")
    else:
        click.echo("There is no key file; if HASH_KEY is set, keep it with your other secrets.")


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
def restore(file: Path) -> None:
    """Put the back-up FILE in the database's place; the old one is kept. Stop Easel first."""
    url = database_url()
    from bot.storage.backup import restore as put_back

    with told("Copied", _megabytes) as tell:
        done = put_back(url, file, now=datetime.now().astimezone(), progress=tell)
    click.echo(f"{done.copied.file} is now the back-up, {_of(done.copied.rows)}; it is whole.")
    for each in done.aside:
        click.echo(f"{each} is what was there before; delete it when you are content.")
    if not done.copied.key:
        click.echo("The back-up has no key file beside it, so the key stays as it was.")
    if done.copied.outdated:
        click.echo("It is of an earlier version; the next start migrates it.")
    click.echo("Start Easel with `easel run`; requests that were open then are closed as it does.")


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
def copy_database(file: Path) -> None:
    """Copy the SQLite database FILE into the empty PostgreSQL database of DATABASE_URL."""
    url = database_url()
    from bot.services.fingerprints import write_keys
    from bot.storage.address import SqliteFile
    from bot.storage.copying import copy_database as copy

    with told("Copied and compared", lambda rows: f"{rows} rows") as tell:
        done = copy(file, url, tell)
    click.echo(f"DATABASE_URL holds what {file} holds: {_of(done.rows)}.")
    click.echo(f"All {sum(done.rows.values())} rows were read back and are equal; they add up.")
    click.echo(f"Both have the digest {done.digest}.")
    names = ("HASH_KEY_FILE", "HASH_KEY_OLD_FILE")
    for name, key in zip(names, write_keys(SqliteFile(file).key), strict=False):
        click.echo(f"Set {name} to {key}, a secret: with it the same members are recognised.")
    click.echo(f"{file} is as it was; keep it until you are content, then delete it and its key.")


COMMANDS = (migrate, check_ledger, backup, restore, copy_database)


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.1f} MB"


def _of(rows: Mapping[str, int]) -> str:
    return f"{rows['jobs']} requests and {rows['ledger']} lines of the ledger"
