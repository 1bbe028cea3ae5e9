"""The command line: ``python -m bot`` or ``easel``. It alone reads the environment.

What a command needs is imported when it runs, so that a wrong setting is told at once.
"""

import asyncio
import logging
import os
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Final

import click
import structlog
from dotenv import dotenv_values

import cogs
from bot.domain.errors import DiscordUnreachable, SetupError
from bot.logs import configure_logs
from bot.records import COMMANDS
from bot.settings import Settings, load_settings, require_key, secrets_of, token_of

if TYPE_CHECKING:
    from bot.providers.base import Finding

log = structlog.get_logger("bot")

EXIT_SETUP: Final = 78
"""The exit code for a wrong setting (EX_CONFIG): starting again would not help."""

EXIT_FAILED: Final = 1
"""The exit code for what may pass by itself, such as no network, and for bugs."""


class PlainGroup(click.Group):
    """Commands that end in a sentence and an exit code, never in a traceback alone."""

    def invoke(self, ctx: click.Context) -> None:
        """Run the chosen command."""
        try:
            super().invoke(ctx)
        except SetupError as error:
            _leave(str(error), EXIT_SETUP)
        except DiscordUnreachable as error:
            _leave(str(error), EXIT_FAILED)
        except (click.exceptions.Exit, click.ClickException, click.Abort):
            raise
        except Exception:
            log.critical("ended_by_a_bug", exc_info=True)
            _leave("A bug in Easel ended this; the lines above tell where.", EXIT_FAILED)


@click.group(cls=PlainGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="easel", prog_name="easel")
@click.pass_context
def main(ctx: click.Context) -> None:
    """Easel, an image studio for Discord servers."""
    ctx.obj = _settings
    configure_logs(level="WARNING", style="text", stream=sys.stderr)


@main.command()
def run() -> None:
    """Run the bot until it is stopped."""
    settings = _settings()
    token_of(settings)
    require_key(settings)
    _configure_logs(settings, settings.log_level)
    from bot.running import serve

    async def until_stopped() -> None:
        await serve(settings, extensions(), _stop_signal())

    asyncio.run(until_stopped())


@main.command()
@click.option("--port", type=click.IntRange(0, 65535), help="The page's port; 0 is any.")
@click.option("--open/--no-open", "browser", default=True, help="Open the page in a browser.")
def demo(port: int | None, *, browser: bool) -> None:
    """Show the bot on a simulated server, in a page of the local browser."""
    logging.getLogger("discord").setLevel(logging.ERROR)  # the simulator tries it out as it loads
    try:
        from bot.demo.show import show_demo
    except KeyboardInterrupt:
        return
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] in {"bot", "cogs"}:
            raise
        raise SetupError(
            f"The demo needs {error.name}, which is not installed; `make demo` in a checkout "
            "of Easel installs it."
        ) from None
    configure_logs(level="ERROR", style="text", stream=sys.stderr)  # the page is what counts
    show_demo(extensions(), port=port, browser=browser and _has_browser())


@main.command()
@click.option("--channel", type=int, help="Check the bot's permissions in this channel, too.")
def doctor(channel: int | None) -> None:
    """Say in plain words what is wrong, and how to mend it."""
    settings = _settings()
    _configure_logs(settings, "ERROR")
    from bot.errands import look

    async def report() -> bool:
        well = True
        async for finding in look(settings, channel):
            well = well and finding.well
            click.echo(_line(finding))
        return well

    sys.exit(0 if asyncio.run(report()) else EXIT_FAILED)


@main.command()
@click.option("--guild", type=int, help="Register on this server only, which shows at once.")
def sync(guild: int | None) -> None:
    """Register the commands with Discord; once, and after an upgrade."""
    settings = _settings()
    token_of(settings)
    _configure_logs(settings, "WARNING")
    from bot.errands import register

    registered = asyncio.run(register(settings, extensions(), guild))
    where = "for all servers" if guild is None else f"on server {guild}"
    click.echo(f"{len(registered)} commands are registered {where}: {', '.join(registered)}.")


@main.command()
def migrate() -> None:
    """Bring the database to this version's shape; `run` does the same by itself."""
    settings = _settings()
    from bot.storage import migrate as storage

    done = storage.migrate(settings.database_url.get_secret_value())
    if done.changed:
        click.echo(f"The database went from revision {done.before or 'none'} to {done.after}.")
    else:
        click.echo(f"The database already has revision {done.after}.")


@main.command()
def check_ledger() -> None:
    """Say whether limits and grants add up to the ledger; nothing is changed."""
    settings = _settings()
    from bot.storage.check_ledger import check

    found = check(settings.database_url.get_secret_value())
    for difference in found:
        click.echo(f"{difference[0].upper()}{difference[1:]}.")
    if found:
        several = f"{len(found)} things do" if found[1:] else "One thing does"
        _leave(f"{several} not add up; nothing was changed.", EXIT_FAILED)
    click.echo("Everything adds up.")


@main.command()
@click.argument("file", type=click.Path(path_type=Path), required=False)
@click.option("--force", is_flag=True, help="Replace FILE where it exists.")
def backup(file: Path | None, *, force: bool) -> None:
    """Copy the database to FILE, also while Easel runs; by default beside it, with the time."""
    settings = _settings()
    from bot.storage.backup import back_up

    url = settings.database_url.get_secret_value()
    done = back_up(url, file, now=datetime.now().astimezone(), progress=_Told(), force=force)
    click.echo(f"{done.file} holds {_megabytes(done.size)}, {_of(done.rows)}; it is whole.")
    if done.key:
        click.echo(f"{done.key} is the key beside it, a secret: who has both can tell who asked.")
    else:
        click.echo("There is no key file; if HASH_KEY is set, keep it with your other secrets.")


@main.command()
@click.argument("file", type=click.Path(path_type=Path))
def restore(file: Path) -> None:
    """Put the back-up FILE in the database's place; the old one is kept. Stop Easel first."""
    settings = _settings()
    from bot.storage.backup import restore as put_back

    url = settings.database_url.get_secret_value()
    done = put_back(url, file, now=datetime.now().astimezone(), progress=_Told())
    click.echo(f"{done.copied.file} is now the back-up, {_of(done.copied.rows)}; it is whole.")
    for each in done.aside:
        click.echo(f"{each} is what was there before; delete it when you are content.")
    if not done.copied.key:
        click.echo("The back-up has no key file beside it, so the key stays as it was.")
    if done.copied.outdated:
        click.echo("It is of an earlier version; the next start migrates it.")
    click.echo("Start Easel with `easel run`; requests that were open then are closed as it does.")


class _Told:
    """Says now and then how far a long copy has come."""

    def __init__(self) -> None:
        self._next = time.monotonic() + 1

    def __call__(self, done: int, total: int) -> None:
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + 1
            click.echo(f"Copied {_megabytes(done)} of {_megabytes(total)}.", err=True)


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.1f} MB"


def _of(rows: Mapping[str, int]) -> str:
    return f"{rows['jobs']} requests and {rows['ledger']} lines of the ledger"


def _has_browser() -> bool:
    """Whether a page can be opened for the one who looks: not over a plain remote shell."""
    if sys.platform.startswith("linux"):
        return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
    return True


def extensions() -> Sequence[str]:
    """Return the modules of all command families."""
    return [module.name for module in iter_modules(cogs.__path__, "cogs.")]


def _settings() -> Settings:
    return load_settings(_environment())


def _environment() -> Mapping[str, str]:
    """Return the environment, with what it lacks from the file .env here."""
    file = Path(".env")
    try:
        written = dotenv_values(file, interpolate=False) if file.is_file() else {}
    except (OSError, ValueError):
        raise SetupError("The file .env cannot be read; correct its permissions.") from None
    both = (*written.items(), *os.environ.items())
    return {name: value for name, value in both if value}


def _configure_logs(settings: Settings, level: str) -> None:
    configure_logs(
        level=level, style=settings.log_format, stream=sys.stderr, secrets=secrets_of(settings)
    )


def _stop_signal() -> asyncio.Event:
    """Return an event that SIGTERM and SIGINT set; a second signal ends the process at once."""
    stop = asyncio.Event()

    def heard(number: signal.Signals) -> None:
        if stop.is_set():
            os._exit(128 + number)
        stop.set()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, heard, number)
    return stop


def _line(finding: "Finding") -> str:
    verdict = "ok      " if finding.well else "problem "
    sentence = f"{finding.subject}: {finding.says.rstrip('.')}."
    return f"{verdict} {sentence} {finding.cure}".rstrip()


def _leave(sentence: str, code: int) -> None:
    click.echo(f"easel: {sentence}", err=True)
    sys.exit(code)


for each in COMMANDS:
    main.add_command(each)

if __name__ == "__main__":
    main()
