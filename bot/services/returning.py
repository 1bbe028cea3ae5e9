"""Members who come back after their data was erased, while a limit or a block of theirs holds."""

from datetime import datetime

from bot.services.fingerprints import Fingerprints
from bot.storage import erasing, erasures
from bot.storage.database import Connection


class Returning:
    """Recognises them by a keyed hash; nothing else tells who they were."""

    def __init__(self, fingerprints: Fingerprints) -> None:
        self._fingerprints = fingerprints

    def stands_for(self, known: dict[str, int], guild_id: int, user_id: int) -> int | None:
        """Return what stands for the member among the pseudonyms *known* by their hashes."""
        if not known:
            return None
        persons = self._fingerprints.persons(guild_id, user_id)
        return next((known[each] for each in persons if each in known), None)

    def welcome(self, connection: Connection, guild_id: int, user_id: int, now: datetime) -> None:
        """Within a unit of work: let what still holds be the member's again.

        It must be called before anything of theirs is counted or changed.
        """
        persons = self._fingerprints.persons(guild_id, user_id)
        pseudonym = erasures.find(connection, guild_id, persons, now)
        if pseudonym is None:
            return
        with erasing.allowed(connection, f"back-{pseudonym}"):
            erasing.take_back(connection, guild_id, pseudonym, user_id)
        erasures.remove(connection, guild_id, pseudonym)

    def leave(
        self,
        connection: Connection,
        guild_id: int,
        user_id: int,
        pseudonym: int,
        now: datetime,
    ) -> bool:
        """Within a unit of work: remember, by the hash alone, a member who is to be erased.

        Only where something of theirs must go on to hold; return whether there is.
        """
        holds, until = erasures.needed(connection, guild_id, user_id, now)
        if holds:
            person = self._fingerprints.persons(guild_id, user_id)[0]
            erasures.add(connection, guild_id, person, pseudonym, until=until, at=now)
        return holds
