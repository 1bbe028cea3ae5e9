"""What servers do not want in prompts: looked for in every prompt, every change audited."""

from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import suppress
from functools import partial

from bot.domain.clock import Clock
from bot.domain.errors import BadOption, NoEntry, WordsRefused
from bot.domain.messages import Phrase, Written
from bot.domain.wordlist import LONGEST, MOST, Entry, entry_of, find
from bot.services.remembered import Remembered
from bot.storage import audit, words
from bot.storage.database import Connection, Database


class WordLists:
    """The servers' word lists."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._entries = Remembered(self._read)

    async def of(self, guild_id: int) -> tuple[str, ...]:
        """Return a server's entries in alphabetical order."""
        return tuple(each.text for each in await self._entries.of(guild_id))

    async def look(self, guild_id: int, prompt: str) -> None:
        """Raise WordsRefused where *prompt* has what the server does not want."""
        found = await self.found(guild_id, prompt)
        if found is not None:
            raise WordsRefused(found)

    async def found(self, guild_id: int, prompt: str) -> str | None:
        """Return the first entry that *prompt* has; nothing comes of it."""
        return find(await self._entries.of(guild_id), prompt)

    async def add(self, guild_id: int, by: int, texts: Collection[str]) -> list[str]:
        """Add entries and return those that are new.

        Raises:
            NoEntry: one cannot be an entry; nothing is added.
            BadOption: those are too many; nothing is added.
        """
        entries = dict.fromkeys(_entry(each) for each in texts)

        def work(connection: Connection) -> list[str]:
            there = words.of(connection, guild_id)
            new = [each for each in entries if each not in there]
            if len(there) + len(new) > MOST:
                problem = Phrase("a list has at most {most} entries", most=MOST)
                raise BadOption(option="words", problem=problem)
            if new:
                words.add(connection, guild_id, new, by=by, at=self._clock.now())
                self._audit(connection, guild_id, by, [], new)
            return new

        return await self._change(guild_id, work)

    async def remove(self, guild_id: int, by: int, texts: Collection[str]) -> list[str]:
        """Remove entries and return those that were there."""

        def work(connection: Connection) -> list[str]:
            there = words.of(connection, guild_id)
            gone = [each for each in there if each in texts]
            if gone:
                words.remove(connection, guild_id, gone)
                self._audit(connection, guild_id, by, gone, [])
            return gone

        return await self._change(guild_id, work)

    async def _read(self, guild_id: int) -> tuple[Entry, ...]:
        texts = await self._database.read(partial(words.of, guild_id=guild_id))
        return tuple(_readable(texts))

    async def _change(self, guild_id: int, work: Callable[[Connection], list[str]]) -> list[str]:
        try:
            return await self._database.write(work)
        finally:  # also when cancelled: it may have been written
            self._entries.forget(guild_id)

    def _audit(
        self, connection: Connection, guild_id: int, by: int, gone: list[str], new: list[str]
    ) -> None:
        audit.append(
            connection,
            guild_id=guild_id,
            user_id=by,
            action="words",
            target="word list",
            before=gone,
            after=new,
            at=self._clock.now(),
        )


def _readable(texts: Iterable[str]) -> Iterator[Entry]:
    """Yield entries; one that an older Easel took and this one does not is left out."""
    for text in texts:
        with suppress(ValueError):
            yield entry_of(text)


def _entry(text: str) -> str:
    try:
        return entry_of(text.strip()).text
    except ValueError:
        raise NoEntry(text=Written(text.strip()[:LONGEST]), most=LONGEST) from None
