"""The command line: ``python -m bot`` or ``easel``. It alone reads the environment."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncGenerator, Generator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from pkgutil import iter_modules
from tempfile import TemporaryDirectory
from typing import Final

import click
import discord
import structlog
from dotenv import dotenv_values
from pydantic import SecretStr

import cogs
from bot.bootstrap import Services, open_services, open_settings_provider
from bot.checkup import ask_discord, refused_token
from bot.client import EaselClient, use_proxy
from bot.domain.errors import SetupError
from bot.logs import configure_logs
from bot.providers.base import Finding
from bot.services.doctor import (
    Check,
    examine,
    machine_checks,
    opens_pictures,
    provider_check,
    takes_writes,
)
from bot.settings import Settings, load_settings, secrets_of
from bot.storage.migrate import migrate as migrate_database
from bot.web.health import Probe, serve_health

log = structlog.get_logger("bot")

EXIT_SETUP: Final = 78
"""The exit code for a wrong setting (EX_CONFIG): starting again would not help."""

EXIT_FAILED: Final = 1
"""The exit code for what may pass by itself, such as no network, and for bugs."""

DRAIN_SECONDS: Final = 25.0
"""How long running requests may go on after the signal to stop."""

_REFUSED_FOR_GOOD = {4004, 4010, 4011, 4012, 4013, 4014}  # close codes that reconnecting repeats


class UnreachableError(Exception):
    """Discord did not answer, or not as it should; it may later. The text is one sentence."""


class PlainGroup(click.Group):
    """Commands that end in a sentence and an exit code, never in a traceback on the screen."""

    def invoke(self, ctx: click.Context) -> None:
        """Run the chosen command."""
        try:
            super().invoke(ctx)
        except SetupError as error:
            _leave(str(error), EXIT_SETUP)
        except UnreachableError as error:
            _leave(str(error), EXIT_FAILED)
        except (click.exceptions.Exit, click.ClickException, click.Abort):
            raise
        except Exception:
            log.critical("ended_by_a_bug", exc_info=True)
            _leave("A bug in Easel ended this; the lines above tell where.", EXIT_FAILED)


@click.group(cls=PlainGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="easel", prog_name="easel")
def main() -> None:
    """Easel, an image studio for Discord servers."""
    configure_logs(level="WARNING", style="text", stream=sys.stderr)
    discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False  # Easel has no voice


@main.command()
def run() -> None:
    """Run the bot until it is stopped."""
    settings = _settings()
    token = _token(settings)
    _need_key(settings)
    _configure_logs(settings, settings.log_level)
    asyncio.run(_serve(settings, token))


@main.command()
def demo() -> None:
    """Show the bot on a simulated server, in a page of the local browser."""
    try:
        from bot.demo.show import show_demo  # noqa: PLC0415 - needs the extra "demo"
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] in {"bot", "cogs"}:
            raise
        raise SetupError(
            f"The demo needs {error.name}, which is not installed; in a checkout `make demo` "
            'installs it, elsewhere `pip install "easel[demo]"`.'
        ) from None
    show_demo(extensions())


@main.command()
@click.option("--channel", type=int, help="Check the bot's permissions in this channel, too.")
def doctor(channel: int | None) -> None:
    """Say in plain words what is wrong, and how to mend it."""
    settings = _settings()
    _configure_logs(settings, "ERROR")
    well = asyncio.run(_examine(settings, channel))
    sys.exit(0 if well else EXIT_FAILED)


@main.command()
@click.option("--guild", type=int, help="Register on this server only, which shows at once.")
def sync(guild: int | None) -> None:
    """Register the commands with Discord; once, and after an upgrade."""
    settings = _settings()
    token = _token(settings)
    _configure_logs(settings, "WARNING")
    asyncio.run(_sync(settings, token, guild))


@main.command()
def migrate() -> None:
    """Bring the database to this version's shape; `run` does the same by itself."""
    done = migrate_database(_settings().database_url.get_secret_value())
    if done.changed:
        click.echo(f"The database went from revision {done.before or 'none'} to {done.after}.")
    else:
        click.echo(f"The database already has revision {done.after}.")


def extensions() -> Sequence[str]:
    """Return the modules of all command families."""
    return [module.name for module in iter_modules(cogs.__path__, "cogs.")]


# --- settings ---------------------------------------------------------------------------------


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


def _token(settings: Settings) -> str:
    if settings.discord_token is None:
        raise SetupError(
            "DISCORD_TOKEN is not set; copy the bot's token from the Bot page of Discord's "
            "developer portal into it, or into a file that DISCORD_TOKEN_FILE names."
        )
    return settings.discord_token.get_secret_value()


def _need_key(settings: Settings) -> None:
    if settings.image_provider != "sketch" and settings.openai_api_key is None:
        raise SetupError(
            "OPENAI_API_KEY is not set; put the picture service's key into it (any word, where a "
            "server needs none), or set IMAGE_PROVIDER=sketch to try Easel without one."
        )


def _configure_logs(settings: Settings, level: str) -> None:
    configure_logs(
        level=level, style=settings.log_format, stream=sys.stderr, secrets=secrets_of(settings)
    )


# --- run --------------------------------------------------------------------------------------


async def _serve(settings: Settings, token: str) -> None:
    stop = _stop_signal()
    use_proxy(settings)
    async with (
        open_services(settings) as services,
        EaselClient(services, extensions()) as client,
        _health_pages(settings, services, client),
    ):
        working = asyncio.create_task(client.start(token), name="discord")
        stopping = asyncio.create_task(stop.wait(), name="signals")
        try:
            await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if working.done():
                with _discord_in_words():
                    working.result()
                return
            log.info("stopping")
            await services.studio.close(DRAIN_SECONDS)
        finally:
            await client.close()
            await _end(working, stopping)
    log.info("stopped")


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


async def _end(*tasks: asyncio.Task[object]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
    for task in tasks:
        if not task.cancelled():
            task.exception()  # seen, so that it is not reported as forgotten


@asynccontextmanager
async def _health_pages(
    settings: Settings, services: Services, client: EaselClient
) -> AsyncGenerator[None]:
    if settings.health_port is None:
        yield
        return

    async def gateway() -> bool:
        return client.is_ready() and client.ws.open

    probes: dict[str, Probe] = {
        "gateway": gateway,
        "database": lambda: takes_writes(services.database),
        "workers": lambda: opens_pictures(services.imaging),
    }
    async with serve_health(settings.health_host, settings.health_port, probes):
        yield


# --- doctor and sync --------------------------------------------------------------------------


async def _examine(settings: Settings, channel: int | None) -> bool:
    """Print every finding and return whether all is well."""
    use_proxy(settings)
    well = True
    async for finding in examine(_checks(settings, channel)):
        well = well and finding.well
        click.echo(_line(finding))
    return well


def _checks(settings: Settings, channel: int | None) -> dict[str, Check]:
    async def at_discord() -> Sequence[Finding]:
        token = _token(settings)
        try:
            with _discord_in_words():
                return await ask_discord(token, channel)
        except UnreachableError as error:
            return [Finding(subject="token", well=False, says=str(error))]

    async def key() -> Sequence[Finding]:
        _need_key(settings)
        return await provider_check(lambda: open_settings_provider(settings))()

    here = machine_checks(settings.database_url.get_secret_value())
    return {"token": at_discord, "key": key, **here}


def _line(finding: Finding) -> str:
    if finding.well:
        return f"ok       {finding.subject}: {finding.says}"
    return f"problem  {finding.subject}: {finding.says.rstrip('.')}. {finding.cure}".rstrip()


async def _sync(settings: Settings, token: str, guild_id: int | None) -> None:
    use_proxy(settings)
    guild = None if guild_id is None else discord.Object(guild_id)
    async with _unstored(settings) as services, EaselClient(services, extensions()) as client:
        with _discord_in_words():
            await client.login(token)
            if guild is not None:
                client.tree.copy_global_to(guild=guild)
            registered = await client.tree.sync(guild=guild)
    where = "for all servers" if guild is None else f"on server {guild_id}"
    names = ", ".join(f"/{command.name}" for command in registered)
    click.echo(f"{len(registered)} commands are registered {where}: {names}.")


@asynccontextmanager
async def _unstored(settings: Settings) -> AsyncGenerator[Services]:
    """Open the services on a throw-away database, for commands that are only described."""
    with TemporaryDirectory() as directory:
        changes = {
            "database_url": SecretStr(f"sqlite+aiosqlite:///{directory}/easel.db"),
            "openai_api_key": settings.openai_api_key or SecretStr("not needed"),
        }
        async with open_services(settings.model_copy(update=changes)) as services:
            yield services


@contextmanager
def _discord_in_words() -> Generator[None]:
    """Turn what Discord, or the way to it, fails with into a sentence.

    Raises:
        SetupError: Discord will refuse until a setting changes.
        UnreachableError: it may work later.
    """
    try:
        yield
    except discord.LoginFailure:
        refused = refused_token()
        raise SetupError(f"{refused.says}. {refused.cure}") from None
    except discord.PrivilegedIntentsRequired:
        raise SetupError(
            "Discord refuses the bot's intents; switch the privileged intents on, on the Bot page "
            "of Discord's developer portal."
        ) from None
    except discord.ConnectionClosed as error:
        problem = f"Discord closed the connection for good (code {error.code})"
        if error.code in _REFUSED_FOR_GOOD:
            raise SetupError(f"{problem}; check DISCORD_TOKEN.") from None
        raise UnreachableError(f"{problem}; start again later.") from None
    except discord.Forbidden as error:
        raise SetupError(
            f"Discord does not allow this (code {error.code}); check the id, and invite the bot "
            "with the scope applications.commands."
        ) from None
    except (discord.HTTPException, discord.GatewayNotFound, OSError, TimeoutError) as error:
        raise UnreachableError(
            f"Discord could not be reached ({type(error).__name__}); look at the network, and at "
            "DISCORD_API_URL where it is set, then start again."
        ) from error


def _leave(sentence: str, code: int) -> None:
    click.echo(f"easel: {sentence}", err=True)
    sys.exit(code)


if __name__ == "__main__":
    main()
