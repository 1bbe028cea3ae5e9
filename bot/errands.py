"""What an operator runs once: looking at everything, and registering the commands."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from tempfile import TemporaryDirectory

import discord
from pydantic import SecretStr

from bot.bootstrap import Services, open_services, open_settings_provider
from bot.checkup import ask_discord, discord_in_words
from bot.client import EaselClient, use_proxy
from bot.domain.errors import DiscordUnreachable
from bot.providers.base import Finding
from bot.services.doctor import Check, budget_check, examine, machine_checks, provider_check
from bot.settings import Settings, limits_money, require_key, token_of


async def look(
    settings: Settings, channel: int | None, written: Sequence[Finding] = ()
) -> AsyncGenerator[Finding]:
    """Yield every finding of the doctor, those of one *channel* of Discord's included.

    *written* is what was found where the settings stand.
    """
    use_proxy(settings)
    for finding in written:
        yield finding
    async for finding in examine(_checks(settings, channel)):
        yield finding


def _checks(settings: Settings, channel: int | None) -> dict[str, Check]:
    async def at_discord() -> Sequence[Finding]:
        token = token_of(settings)
        try:
            with discord_in_words():
                return await ask_discord(token, channel, settings.operator_channel_id)
        except DiscordUnreachable as error:
            return [Finding(subject="Token", well=False, says=str(error))]

    async def key() -> Sequence[Finding]:
        require_key(settings)
        return await provider_check(lambda: open_settings_provider(settings))()

    here = machine_checks(settings.database_url.get_secret_value())
    budget = budget_check(settings.image_provider, is_limited=limits_money(settings))
    return {"Token": at_discord, "Key": key, "Budget": budget, **here}


MENU = discord.AppCommandType.message
"""A command in the menu of a message, which nobody types."""


async def register(
    settings: Settings, extensions: Sequence[str], guild_id: int | None
) -> Sequence[str]:
    """Register the commands for all servers, or for one; return their names as people see them.

    Raises:
        SetupError, DiscordUnreachable: Discord did not take them.
    """
    token = token_of(settings)
    use_proxy(settings)
    guild = None if guild_id is None else discord.Object(guild_id)
    async with _unstored(settings) as services, EaselClient(services, extensions) as client:
        with discord_in_words():
            await client.login(token)
            if guild is not None:
                client.tree.copy_global_to(guild=guild)
            registered = await client.tree.sync(guild=guild)
    return [command.name if command.type is MENU else f"/{command.name}" for command in registered]


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
