"""The command line: ``python -m bot`` or ``easel``. It alone reads the environment.

What a command needs is imported when it runs, so that a wrong setting is told at once.
"""

import asyncio
import logging
import os
import signal
import sys
from collections.abc import Sequence
from pkgutil import iter_modules
from typing import TYPE_CHECKING, NoReturn

import click
import structlog

import cogs
from bot.console import databases, operating, records
from bot.console.endings import EXIT_FAILED, EXIT_SETUP, leave
from bot.console.environment import settings as read_settings
from bot.console.environment import strangers
from bot.console.ids import ID
from bot.domain.errors import DiscordUnreachable, SetupError, ShardsLost
from bot.logs import configure_logs
from bot.settings import Settings, require_key, secrets_of, token_of

if TYPE_CHECKING:
    from bot.providers.base import Finding

log = structlog.get_logger("bot")


class PlainGroup(click.Group):
    """Commands that end in a sentence and an exit code, never in a traceback alone."""

    def invoke(self, ctx: click.Context) -> None:
        """Run the chosen command."""
        try:
            super().invoke(ctx)
        except SetupError as error:
            leave(str(error), EXIT_SETUP)
        except DiscordUnreachable as error:
            leave(str(error), EXIT_FAILED)
        except (click.exceptions.Exit, click.ClickException, click.Abort):
            raise
        except Exception:
            log.critical("ended_by_a_bug", exc_info=True)
            leave("A bug in Easel ended this; the lines above tell where.", EXIT_FAILED)


@click.group(cls=PlainGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="easel", prog_name="easel")
def main() -> None:
    """Easel, an image studio for Discord servers."""
    configure_logs(level="WARNING", style="text", stream=sys.stderr)


@main.command()
@click.option("--standby", is_flag=True, help="Wait until the shards are free, then take over.")
def run(*, standby: bool) -> None:
    """Run the bot until it is stopped."""
    settings = read_settings()
    token_of(settings)
    require_key(settings)
    _configure_logs(settings, settings.log_level)
    from bot.running import Manner, serve

    manner = Manner(standby=standby, end_at_once=_end_at_once)

    async def until_stopped() -> None:
        await serve(settings, extensions(), _stop_signal(), manner)

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
@click.option("--channel", type=ID, help="Check the bot's permissions in this channel, too.")
def doctor(channel: int | None) -> None:
    """Say in plain words what is wrong, and how to mend it."""
    settings = read_settings()
    _configure_logs(settings, "ERROR")
    from bot.errands import look

    async def report() -> bool:
        well = True
        async for finding in look(settings, channel, strangers()):
            well = well and finding.well
            click.echo(_line(finding))
        return well

    sys.exit(0 if asyncio.run(report()) else EXIT_FAILED)


@main.command()
@click.option("--guild", type=ID, help="Register on this server only, which shows at once.")
def sync(guild: int | None) -> None:
    """Register the commands with Discord; once, and after an upgrade."""
    settings = read_settings()
    token_of(settings)
    _configure_logs(settings, "WARNING")
    from bot.errands import register

    registered = asyncio.run(register(settings, extensions(), guild))
    where = "for all servers" if guild is None else f"on server {guild}"
    click.echo(f"{len(registered)} commands are registered {where}: {', '.join(registered)}.")


def _has_browser() -> bool:
    """Whether a page can be opened for the one who looks: not over a plain remote shell."""
    if sys.platform.startswith("linux"):
        return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
    return True


def extensions() -> Sequence[str]:
    """Return the modules of all command families."""
    return [module.name for module in iter_modules(cogs.__path__, "cogs.")]


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


def _end_at_once(error: ShardsLost) -> NoReturn:
    """End as `kill -9` does: whatever this process still did, another one may be doing."""
    log.critical("shards_lost")
    click.echo(f"easel: {error}", err=True)
    os._exit(EXIT_FAILED)


for command in (*databases.COMMANDS, *operating.COMMANDS, *records.COMMANDS):
    main.add_command(command)


if __name__ == "__main__":
    main()
