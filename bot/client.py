"""The Discord client, the command tree, and the one error handler of commands."""

import asyncio
from collections.abc import Iterable
from importlib import import_module
from typing import Any

import discord
import structlog
from discord import Interaction, app_commands
from discord.ext import commands, tasks
from discord.gateway import DiscordWebSocket
from discord.http import Route
from yarl import URL

from bot.bootstrap import Services
from bot.domain.errors import UserError
from bot.guard import InvalidRequestGuard
from bot.settings import Settings
from bot.stay import Stay
from bot.ui.controls import Control, answer_form
from bot.ui.delivery import Courier
from bot.ui.failures import answer_failure
from bot.ui.notices import Notices
from bot.ui.offers import OfferingTree
from bot.ui.options import clean_options
from bot.ui.policy import require_command
from bot.ui.price_card import say_expired
from bot.ui.translating import CatalogueTranslator
from bot.ui.welcome import greet
from bot.ui.wish_news import end_card, tell_member

log = structlog.get_logger(__name__)

_MOMENT = 2.0  # seconds for what is under way, or is cancelled, to end


class EaselTree(OfferingTree):
    """The slash commands; whatever one raises is answered here, once and privately."""

    async def interaction_check(self, interaction: Interaction[Any], /) -> bool:
        """Hold every command, and what is offered while it is typed, to the table of rights."""
        command = interaction.command
        name = command.qualified_name if command else ""
        structlog.contextvars.bind_contextvars(command=name, interaction=interaction.id)
        clean_options(interaction)
        try:
            require_command(interaction, name)
        except UserError as error:
            if interaction.type is discord.InteractionType.autocomplete:
                await interaction.response.autocomplete([])
            else:
                await answer_failure(interaction, error)
            return False
        return True

    async def on_error(
        self, interaction: Interaction[Any], error: app_commands.AppCommandError, /
    ) -> None:
        """Answer a failed command."""
        await answer_failure(interaction, error)


class EaselClient(commands.AutoShardedBot):
    """Easel at Discord: needs the guilds intent only, keeps no messages and no members.

    It has the shards that its services own once it logs in.
    """

    def __init__(self, services: Services, extensions: Iterable[str]) -> None:
        intents = discord.Intents.none()
        intents.guilds = True
        discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False  # no voice here
        self.guard = InvalidRequestGuard()
        super().__init__(
            http_trace=self.guard.trace,
            command_prefix=commands.when_mentioned,
            help_command=None,
            tree_cls=EaselTree,
            intents=intents,
            max_messages=None,
            member_cache_flags=discord.MemberCacheFlags.none(),
            chunk_guilds_at_startup=False,
            guild_ready_timeout=0.5,
            shard_connect_timeout=None,  # many shards wait for their turns
            allowed_mentions=discord.AllowedMentions.none(),
            allowed_contexts=app_commands.AppCommandContext(guild=True),
            allowed_installs=app_commands.AppInstallationType(guild=True, user=False),
        )
        self.services = services
        self.provider = services.provider
        self.studio = services.studio
        self.queue = services.queue
        self.guild_choices = services.guilds
        self.confirmations = services.confirmations
        self.drafts = services.drafts
        self.quotas = services.quotas
        self.wishes = services.wishes
        self.plans = services.plans
        self.conduct = services.conduct
        self.words = services.words
        self.cases = services.cases
        self.prechecked = services.prechecks.offered
        self.notices = Notices(self)
        self.courier = Courier(self, services.provider, services.clock)
        self.stay = Stay(self, services.sweeping, services.privacy, services.ownership)
        self._recovering: asyncio.Task[None] | None = None
        if isinstance(self.tree, OfferingTree):
            self.tree.models = tuple(services.provider.models.values())
        self._extensions_to_load = tuple(extensions)
        self._at_once: int | None = None

    async def setup_hook(self) -> None:
        """Learn the commands and buttons, and go on with what an earlier process left."""
        if shards := self.services.ownership.shards.ids:
            self.shard_count, self.shard_ids = self.services.ownership.shards.count, list(shards)
        left = await self.services.recovery.left()  # before the first command can come
        if left:
            log.warning("jobs_left", jobs=len(left))
        await self.load_commands()
        going_on = self.services.recovery.run(left, self.courier)
        self._recovering = asyncio.create_task(going_on, name="recovery")
        self._show_again.start()
        self._tidy.start()
        self._forget.start()
        self._tell.start()

    async def load_commands(self) -> None:
        """Load every command family and all that can be pressed, once."""
        if self.tree.translator is not None:
            return
        for extension in self._extensions_to_load:  # not as discord.py's: those load anew each time
            await import_module(extension).setup(self)
        self.add_dynamic_items(Control)
        await self.tree.set_translator(CatalogueTranslator())

    async def launch_shards(self) -> None:
        """Connect every shard, as many as Discord recommends where nothing else was set.

        Asked for here, because discord.py would go where Discord says then, past a proxy.
        """
        if not self.services.ownership.shards.count and not self.is_closed():
            self.shard_count, _, limits = await self.http.get_bot_gateway()
            self._at_once = max(1, limits["max_concurrency"])
        await super().launch_shards()

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        """Let shards identify as fast as Discord takes them, those of other processes included."""
        del initial  # the first shard of this process is not the first of all
        if self._at_once is None:
            self._at_once = await self._identifies_at_once()
        await self.services.identifies.turn((shard_id or 0) % self._at_once)

    async def _identifies_at_once(self) -> int:
        """Return how many shards Discord lets identify together."""
        if self.shard_count == 1:
            return 1
        return max(1, (await self.fetch_session_start_limits()).max_concurrency)

    async def on_interaction(self, interaction: Interaction[Any]) -> None:
        """Answer forms, also those that were opened before a restart."""
        await answer_form(interaction)

    async def on_ready(self) -> None:
        """Say in the log that Easel is there."""
        log.info("ready", servers=len(self.guilds), shards=len(self.shards))

    async def on_guild_remove(self, guild: discord.Guild) -> None:
        """Remember when a server removed Easel; one that is out of reach does not come here."""
        await self.stay.left(guild)

    async def on_guild_join(self, guild: discord.Guild) -> None:
        """Say hello on a new server, and forget that it had removed Easel."""
        await self.stay.returned(guild)
        await greet(guild, self.services.welcomes)

    async def close(self) -> None:
        """Leave Discord; running requests are drained before by `Studio.close`."""
        loops = (self._forget, self._tidy, self._tell, self._show_again)
        running = {task for loop in loops if (task := loop.get_task()) is not None}
        for loop in loops:
            loop.cancel()
        if running:  # a question to the database that is cut off is told as an error
            await asyncio.wait(running, timeout=_MOMENT)
        if self._recovering is not None:  # begins nothing any more, and may be telling somebody
            await asyncio.wait({self._recovering}, timeout=_MOMENT)
            self._recovering.cancel()
            await asyncio.wait({self._recovering}, timeout=_MOMENT)
        await super().close()

    @tasks.loop(minutes=1)
    async def _tidy(self) -> None:
        try:
            await self.studio.books.catch_up()
            erased = await self.studio.books.erase_old_prompts()
            ended = await self.confirmations.expire()
            await self.services.sweeping.sweep_forms()
            unanswered = await self.wishes.expire()
        except UserError as error:  # the next minute tries again; a raise would end the loop
            log.warning("not_tidied", reason=type(error).__name__)
            return
        if erased:
            log.info("prompts_erased", jobs=erased)
        for waiting in ended:
            await say_expired(self, waiting)
        for wish in unanswered:
            await end_card(self, wish)
            await tell_member(self, wish)

    @tasks.loop(hours=1)
    async def _forget(self) -> None:
        await self.stay.forget()

    @tasks.loop(minutes=1)
    async def _tell(self) -> None:
        try:
            await self.notices.tell(self.services.alerts)
            await self.notices.tell_budgets(self.services.budget_alerts)
            await self.notices.tell_digests(self.services.digests)
        except UserError as error:
            log.warning("not_told", reason=type(error).__name__)
        except Exception:
            log.exception("not_told")  # a bug; what is new in the next minute is told all the same

    @tasks.loop(minutes=1)
    async def _show_again(self) -> None:
        minute = self._show_again.current_loop
        if minute == 0:
            return  # what was left is being shown already
        try:
            hourly = minute % 60 == 0
            await self.services.recovery.again(self.courier, everything=hourly)
        except UserError as error:
            log.warning("not_shown_again", reason=type(error).__name__)

    @_forget.before_loop
    @_tell.before_loop
    async def _connected(self) -> None:
        await self.wait_until_ready()  # a command line that only logs in tells nobody


def use_proxy(settings: Settings) -> None:
    """Point discord.py at another API or gateway address, where *settings* name one."""
    if settings.discord_api_url:
        Route.BASE = settings.discord_api_url.rstrip("/")
    if settings.discord_gateway_url:
        DiscordWebSocket.DEFAULT_GATEWAY = URL(settings.discord_gateway_url)
