"""Options that the configured models have: as autocomplete, and whether they show at all."""

from collections.abc import Callable, Collection, Coroutine, Mapping
from typing import Any

from discord import Interaction, app_commands
from discord.app_commands import Choice, CommandTree
from discord.app_commands.translator import Translator
from discord.ext import commands

from bot.domain.asks import Command
from bot.providers.base import Capabilities
from bot.services.options import OPERATIONS
from bot.ui.host import Host
from bot.ui.options import offered

_VALUES: Mapping[str, Callable[[Capabilities], Collection[str]]] = {
    "model": lambda each: (each.model,),
    "quality": lambda each: each.qualities,
    "style": lambda each: each.styles,
    "background": lambda each: each.backgrounds,
    "shape": lambda each: each.sizes.shapes,
    "verbatim": lambda each: ("verbatim",) if each.verbatim else (),
}
_USELESS_ALONE = {"model", "shape"}

Autocomplete = Callable[[Interaction[Any], str], Coroutine[Any, Any, list[Choice[str]]]]


class OfferingTree(CommandTree[commands.Bot]):
    """A command tree that leaves out what none of *models* can do."""

    models: tuple[Capabilities, ...] = ()


class OfferedCommand(app_commands.Command[Any, ..., None]):
    """A command that shows only the options that its tree does not leave out."""

    def to_dict(self, tree: CommandTree[Any]) -> dict[str, Any]:
        """Return the command as it is registered."""
        return _offered(super().to_dict(tree), tree)

    async def get_translated_payload(
        self, tree: CommandTree[Any], translator: Translator
    ) -> dict[str, Any]:
        """Return the command as it is registered, translated."""
        return _offered(await super().get_translated_payload(tree, translator), tree)


def offered_command(description: str) -> Callable[[Callable[..., Any]], OfferedCommand]:
    """Make an `OfferedCommand` of a cog's coroutine function, named as the function is."""

    def decorate(callback: Callable[..., Any]) -> OfferedCommand:
        return OfferedCommand(name=callback.__name__, description=description, callback=callback)

    return decorate


def can(models: Mapping[str, Capabilities], command: Command) -> bool:
    """Whether any of *models* can do what *command* needs, so that it is shown."""
    return any(OPERATIONS[command] in each.operations for each in models.values())


def offer(option: str) -> Autocomplete:
    """Return the autocomplete of *option*: what the chosen model has, or else what any has."""

    async def complete(interaction: Interaction[Any], current: str) -> list[Choice[str]]:
        host: Host = interaction.client
        models = host.provider.models
        chosen = models.get(str(getattr(interaction.namespace, "model", "")))
        asked = [chosen] if chosen and option != "model" else models.values()
        values = dict.fromkeys(value for each in asked for value in _VALUES[option](each))
        return offered(values, current)

    return complete


def _offered(payload: dict[str, Any], tree: CommandTree[Any]) -> dict[str, Any]:
    models = tree.models if isinstance(tree, OfferingTree) else ()
    kept = [_narrowed(option, models) for option in payload["options"]]
    return payload | {"options": [option for option in kept if option is not None]}


def _narrowed(option: dict[str, Any], models: tuple[Capabilities, ...]) -> dict[str, Any] | None:
    """Return *option* with the choices that a model has; None where there is nothing to choose."""
    name = option["name"]
    if not models or name not in _VALUES:
        return option
    values = {value for each in models for value in _VALUES[name](each)}
    if not values or (name in _USELESS_ALONE and len(values) == 1):
        return None
    if "choices" not in option:
        return option
    choices = [choice for choice in option["choices"] if choice["value"] in values]
    return option | {"choices": choices}
