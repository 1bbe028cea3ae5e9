"""What no configured model can do is not shown."""

from dataclasses import replace
from typing import Any

import pytest

from bot.domain.asks import Command
from bot.domain.pictures import Shape, Size
from bot.domain.sizes import Sizes
from bot.providers.base import Capabilities, Operation
from bot.ui.offers import OfferedCommand, OfferingTree, can
from bot.ui.options import offered
from cogs.imagine import Imagine

SQUARE_ONLY = Capabilities(
    model="old",
    operations=frozenset({Operation.GENERATE}),
    sizes=Sizes(shapes={Shape.SQUARE: Size(512, 512)}),
)
STYLED = replace(
    SQUARE_ONLY,
    model="styled",
    sizes=Sizes(shapes={Shape.SQUARE: Size(512, 512), Shape.LANDSCAPE: Size(768, 512)}),
    styles=("vivid", "natural"),
    qualities=("standard", "hd"),
    verbatim=True,
)


class _Tree(OfferingTree):
    def __init__(self, *models: Capabilities) -> None:
        self.models = models
        self.allowed_contexts = self.allowed_installs = _Everywhere()


class _Everywhere:
    def _merge_to_array(self, other: object) -> None:
        del other


def _options(*models: Capabilities) -> dict[str, Any]:
    command = Imagine.imagine
    assert isinstance(command, OfferedCommand)
    payload = command.to_dict(_Tree(*models))
    return {option["name"]: option for option in payload["options"]}


def test_options_of_a_plain_model() -> None:
    assert set(_options(SQUARE_ONLY)) == {"prompt", "count", "private"}


def test_options_of_a_rich_model() -> None:
    options = _options(STYLED)

    assert set(options) == {
        "prompt", "shape", "quality", "count", "style", "verbatim", "private"
    }  # fmt: skip
    assert [each["value"] for each in options["shape"]["choices"]] == ["square", "landscape"]


def test_a_choice_of_models_is_offered_when_there_are_several() -> None:
    assert "model" in _options(SQUARE_ONLY, STYLED)


@pytest.mark.parametrize(
    ("command", "shown"), [(Command.IMAGINE, True), (Command.EDIT, False), (Command.VARY, False)]
)
def test_commands_that_no_model_can_do_are_not_shown(command: Command, shown: bool) -> None:
    assert can({"old": SQUARE_ONLY}, command) is shown


def test_choices_that_discord_would_not_take_are_left_out() -> None:
    assert [each.value for each in offered(["x" * 101, "x" * 100, "y"], "X")] == ["x" * 100]
