"""What is left of the limit that is nearest to its end, to be said with every result."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bot.domain.quota import Scope, Standing, Unit
from bot.domain.windows import Period


@dataclass(frozen=True, slots=True)
class Left:
    """*amount* of *unit* that its *holder* can still have before *window* begins anew."""

    holder: Scope
    unit: Unit
    window: Period
    amount: int


_TOLD = (Unit.PICTURES, Unit.DOLLARS)


def nearest(standings: Iterable[Standing], unspent: Mapping[Unit, int]) -> Left | None:
    """Return what is left of the limit with the smallest share left, grants included.

    *unspent* is what of the amounts in flight comes back for sure. The whole bot's limits are the
    operator's own business and are left out. None: there is no limit.
    """
    told = [each for each in standings if each.unit in _TOLD and each.scope is not Scope.BOT]
    left = [(each, each.left + each.granted + unspent.get(each.unit, 0)) for each in told]
    if not left:
        return None
    standing, amount = min(left, key=lambda pair: pair[1] / max(1, pair[0].limit))
    return Left(standing.scope, standing.unit, standing.window, max(0, amount))
