"""What can be offered under a picture: what some model can do."""

from collections.abc import Mapping

from bot.domain.asks import Command
from bot.providers.base import Capabilities
from bot.services.options import does


def abilities_of(models: Mapping[str, Capabilities]) -> frozenset[Command]:
    """Return the commands that some of *models* can do."""
    return frozenset(
        each for each in Command if any(does(model, each) for model in models.values())
    )
