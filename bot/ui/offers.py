"""Options that the configured models have: as autocomplete, and whether they show at all."""

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from typing import Any

from discord import Interaction
from discord.app_commands import Choice, Command, CommandTree
from discord.app_commands.translator import Translator
from discord.ext.commands import Bot

from bot.providers.base import Capabilities
from bot.ui.host import Host

_MOST_CHOICES = 25
_LONGEST_CHOICE = 100

_VALUES: Mapping[str, Callable[[Capabilities], Collection[str]]] = {
    "model": lambda can: (can.model,),
    "quality": lambda can: can.qualities,
    "style": lambda can: can.styles,
    "background": lambda can: can.backgrounds,
}

Autocomplete = Callable[[Interaction[Any], str], Awaitable[list[Choice[str]]]]


class OfferingTree(CommandTree[Bot]):
    """A command tree that leaves out what no configured model can do."""

    absent_options: frozenset[str] = frozenset()


class OfferedCommand(Command[Any, ..., None]):
    """A command that shows only the options that its tree does not leave out."""

    def to_dict(self, tree: CommandTree[Any]) -> dict[str, Any]:
        """Return the command as it is registered."""
        return _without(super().to_dict(tree), tree)

    async def get_translated_payload(
        self, tree: CommandTree[Any], translator: Translator
    ) -> dict[str, Any]:
        """Return the command as it is registered, translated."""
        return _without(await super().get_translated_payload(tree, translator), tree)


def offered_command(description: str) -> Callable[[Callable[..., Any]], OfferedCommand]:
    """Make an `OfferedCommand` of a cog's coroutine function, named as the function is."""

    def decorate(callback: Callable[..., Any]) -> OfferedCommand:
        return OfferedCommand(name=callback.__name__, description=description, callback=callback)

    return decorate


def absent_options(models: Iterable[Capabilities]) -> frozenset[str]:
    """Return the options that none of *models* has."""
    known = list(models)
    absent = {name for name, values in _VALUES.items() if not any(values(can) for can in known)}
    if not any(can.verbatim for can in known):
        absent.add("verbatim")
    return frozenset(absent)


def offer(option: str) -> Autocomplete:
    """Return the autocomplete of *option*: what the chosen model has, or else what any has."""

    async def complete(interaction: Interaction[Any], current: str) -> list[Choice[str]]:
        host: Host = interaction.client
        models = host.provider.models
        chosen = models.get(str(getattr(interaction.namespace, "model", "")))
        asked = [chosen] if chosen and option != "model" else models.values()
        values = dict.fromkeys(value for can in asked for value in _VALUES[option](can))
        found = [value for value in values if current.casefold() in value.casefold()]
        return [Choice(name=value[:_LONGEST_CHOICE], value=value) for value in found][
            :_MOST_CHOICES
        ]

    return complete


def _without(payload: dict[str, Any], tree: CommandTree[Any]) -> dict[str, Any]:
    absent = tree.absent_options if isinstance(tree, OfferingTree) else frozenset[str]()
    options = [option for option in payload["options"] if option["name"] not in absent]
    return payload | {"options": options}
