"""What a server wants of every request, checked for free: where, by whom, and which words."""

from bot.domain.asks import Ask
from bot.domain.errors import ChannelClosed, RoleMissing
from bot.domain.guild import GuildChoices
from bot.services.conduct import Conduct
from bot.services.guilds import Guilds
from bot.services.wordlists import WordLists


class HouseRules:
    """The rules of servers that have nothing to do with money."""

    def __init__(self, guilds: Guilds, conduct: Conduct, words: WordLists) -> None:
        self._guilds = guilds
        self._conduct = conduct
        self._words = words

    async def choices(self, guild_id: int) -> GuildChoices:
        """Return what the server chose."""
        return await self._guilds.choices(guild_id)

    async def check(self, ask: Ask, choices: GuildChoices) -> None:
        """Raise ChannelClosed, RoleMissing or Blocked where *ask* may not be made."""
        here = {ask.place.channel_id, ask.place.parent_id}
        if choices.channels and not choices.channels & here:
            names = ", ".join(f"<#{channel}>" for channel in sorted(choices.channels))
            raise ChannelClosed(channels=names)
        if choices.roles and not choices.roles & ask.asker.role_ids:
            raise RoleMissing(roles=", ".join(f"<@&{role}>" for role in sorted(choices.roles)))
        await self._conduct.require_free(ask.place.guild_id, ask.asker.user_id)

    async def read(self, ask: Ask) -> None:
        """Raise WordsRefused where the server's word list has something that *ask* says."""
        await self._words.look(ask.place.guild_id, ask.prompt)
