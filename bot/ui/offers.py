"""Options that the configured models have: as autocomplete, and whether they show at all."""

from collections.abc import Callable, Collection, Coroutine, Iterable, Mapping
from contextlib import suppress
from typing import Any

from discord import Interaction, app_commands
from discord.app_commands import Choice, CommandTree
from discord.app_commands.translator import Translator
from discord.ext import commands

from bot.domain.asks import Command
from bot.domain.errors import StorageBusy
from bot.domain.guild import GuildChoices
from bot.domain.sizes import Sizes
from bot.providers.base import Capabilities
from bot.services.guild_edits import effective_model
from bot.services.options import does
from bot.ui.host import Host
from bot.ui.option_words import offered_words
from bot.ui.options import offered
from bot.ui.setting_table import SETTINGS
from bot.ui.shapes import offered_shapes

MOST_REFERENCES = 4
"""Pictures, beside the one that is changed, that a command can bring."""

_VALUES: Mapping[str, Callable[[Capabilities], Collection[str]]] = {
    "model": lambda each: (each.model,),
    "quality": lambda each: each.qualities,
    "style": lambda each: each.styles,
    "background": lambda each: each.backgrounds,
    "format": lambda each: each.formats,
    "shape": lambda each: _makes(each.sizes),
    "verbatim": lambda each: ("verbatim",) if each.verbatim else (),
    "markup": lambda each: ("markup",) if each.markup else (),
    "reference": lambda each: _references(each)[:1],
    "reference2": lambda each: _references(each)[1:2],
    "reference3": lambda each: _references(each)[2:3],
    "reference4": lambda each: _references(each)[3:4],
    "image3": lambda each: _references(each)[1:2],  # of a blend; the second goes without saying
    "image4": lambda each: _references(each)[2:3],
    **{each.command_name: each.having for each in SETTINGS if each.having},
}
_USELESS_ALONE = {"model", "shape"}
_NAMING = "what"
"""An option whose choices are names of other options."""

Autocomplete = Callable[[Interaction[Any], str], Coroutine[Any, Any, list[Choice[str]]]]


class OfferingTree(CommandTree[commands.Bot]):
    """A command tree that leaves out what none of *models* can do, and options in *left_out*."""

    models: tuple[Capabilities, ...] = ()
    left_out: frozenset[str] = frozenset()


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


def offered_command(
    description: str, *, name: str | None = None
) -> Callable[[Callable[..., Any]], OfferedCommand]:
    """Make an `OfferedCommand` of a cog's coroutine function, *name*d as the function is."""

    def decorate(callback: Callable[..., Any]) -> OfferedCommand:
        return OfferedCommand(
            name=name or callback.__name__, description=description, callback=callback
        )

    return decorate


def can(models: Mapping[str, Capabilities], command: Command) -> bool:
    """Whether any of *models* can do what *command* needs, so that it is shown."""
    return bool(_able(models.values(), command))


def offer(option: str) -> Autocomplete:
    """Return the autocomplete of *option*: what the model has that the request would use."""

    async def complete(interaction: Interaction[Any], current: str) -> list[Choice[str]]:
        values = _VALUES[option](await _model_of(interaction))
        return offered_words(interaction.locale.value, values, current)

    return complete


def offer_models(command: Command) -> Autocomplete:
    """Return the autocomplete of the models that can do what *command* needs."""

    async def complete(interaction: Interaction[Any], current: str) -> list[Choice[str]]:
        host: Host = interaction.client
        able = _able(host.provider.models.values(), command)
        return offered((each.model for each in able), current)

    return complete


async def offer_shapes(interaction: Interaction[Any], current: str) -> list[Choice[str]]:
    """Offer the shapes and sizes of the model that the request would use, or what was typed."""
    model = await _model_of(interaction)
    return offered_shapes(interaction.locale.value, model.sizes, current)


async def _model_of(interaction: Interaction[Any]) -> Capabilities:
    """Return the model that is named so far, or else the server's."""
    host: Host = interaction.client
    models = host.provider.models
    named = models.get(getattr(interaction.namespace, "model", None) or "")
    if named is not None:
        return named
    choices = GuildChoices()
    with suppress(StorageBusy):  # what is offered is no promise
        choices = await host.guild_choices.choices(interaction.guild_id or 0)
    return effective_model(choices, models)


def _able(models: Iterable[Capabilities], command: Command) -> list[Capabilities]:
    return [each for each in models if does(each, command)]


def _makes(sizes: Sizes) -> tuple[str, ...]:
    free = ("any size",) if sizes.free else ()
    return (*sizes.shapes, *map(str, sizes.exact), *free)


def _references(model: Capabilities) -> tuple[str, ...]:
    """Return a name for each picture that *model* takes beside another one."""
    return tuple(f"reference {n}" for n in range(1, min(model.pictures, 1 + MOST_REFERENCES)))


def _offered(payload: dict[str, Any], tree: CommandTree[Any]) -> dict[str, Any]:
    if not isinstance(tree, OfferingTree):
        return payload
    name = payload["name"]
    known = name in set(Command)
    models = _able(tree.models, Command(name)) if known else tree.models
    offers = {option: _offers(option, models) for option in _VALUES} if models else {}
    offers |= dict.fromkeys(tree.left_out, frozenset())
    kept = [_narrowed(option, offers) for option in payload["options"]]
    return payload | {"options": [option for option in kept if option is not None]}


def _offers(option: str, models: Iterable[Capabilities]) -> frozenset[str]:
    """Return what *models* have for *option*; nothing where there is nothing to choose."""
    values = frozenset(value for each in models for value in _VALUES[option](each))
    return frozenset() if option in _USELESS_ALONE and len(values) == 1 else values


def _narrowed(
    option: dict[str, Any], offers: Mapping[str, frozenset[str]]
) -> dict[str, Any] | None:
    """Return *option* with the choices that *offers* leave; None where they leave none."""
    name = option["name"]
    choices = option.get("choices", ())
    if name == _NAMING:
        left = [choice for choice in choices if offers.get(choice["value"], True)]
        return option | {"choices": left}
    if name not in offers:
        return option
    if not offers[name]:
        return None
    if not choices:
        return option
    return option | {"choices": [each for each in choices if each["value"] in offers[name]]}
