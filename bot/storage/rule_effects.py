"""How many members a limit would hold back at this moment."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import String

from bot.domain.quota import Unit
from bot.domain.windows import ALWAYS
from bot.storage.database import Connection
from bot.storage.hot import Hot
from bot.storage.types import milliseconds

_AMOUNTS: Mapping[Unit, str] = {
    Unit.PICTURES: "pictures",
    Unit.REQUESTS: "CASE WHEN pictures > 0 THEN 1 ELSE 0 END",
    Unit.DOLLARS: "micros",
}
_MET = {
    unit: Hot(
        f"""SELECT COUNT(*) FROM (
            SELECT user_id FROM ledger WHERE guild_id = :guild AND at >= :starts AND at < :ends
            GROUP BY user_id
            HAVING SUM({amount}) - COALESCE((SELECT SUM(amount) FROM grant_uses
                WHERE grant_uses.guild_id = :guild AND grant_uses.holder = 'member'
                    AND grant_uses.unit = :unit AND grant_uses.user_id = ledger.user_id
                    AND grant_uses.at >= :starts AND grant_uses.at < :ends), 0) >= :amount
        ) AS members""",  # noqa: S608 - texts of ours
        unit=String(),
    )
    for unit, amount in _AMOUNTS.items()
}


def members_at(
    connection: Connection, guild_id: int, unit: Unit, amount: int, since: datetime
) -> int:
    """Return how many members have used *amount* since an instant, what grants bore left out.

    It reads the server's lines of the ledger since then: ask when somebody changes a rule.
    """
    values = {
        "guild": guild_id,
        "starts": milliseconds(since),
        "ends": milliseconds(ALWAYS[1]),
        "unit": unit.value,
        "amount": amount,
    }
    ((count,),) = _MET[unit].rows(connection, values)
    return int(count)
