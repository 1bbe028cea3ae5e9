"""What no configured model can do is not shown."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from bot.domain.asks import Command
from bot.domain.pictures import Shape, Size
from bot.domain.sizes import FreeSizes, Sizes
from bot.providers.base import Capabilities, Operation
from bot.providers.models import find
from bot.ui.offers import OfferedCommand, OfferingTree, can
from bot.ui.options import offered
from cogs.edit import Edit
from cogs.imagine import Imagine
from cogs.settings import PRECHECK_OPTIONS, Settings
from cogs.vary import Vary

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
RICH = replace(find("gpt-image-2.5-flare").can, model="rich")


class _Tree(OfferingTree):
    def __init__(self, *models: Capabilities) -> None:
        self.models = models
        self.left_out = frozenset()
        self.allowed_contexts = self.allowed_installs = _Everywhere()


class _Everywhere:
    def _merge_to_array(self, other: object) -> None:
        del other


def _options(
    *models: Capabilities, of: object = Imagine.imagine, left_out: frozenset[str] = frozenset()
) -> dict[str, Any]:
    assert isinstance(of, OfferedCommand)
    tree = _Tree(*models)
    tree.left_out = left_out
    return {option["name"]: option for option in of.to_dict(tree)["options"]}


def _values(option: dict[str, Any]) -> list[str]:
    return [each["value"] for each in option["choices"]]


def test_options_of_a_plain_model() -> None:
    assert set(_options(SQUARE_ONLY)) == {"prompt", "count", "private"}


def test_options_of_a_styled_model() -> None:
    assert set(_options(STYLED)) == {
        "prompt", "shape", "quality", "count", "style", "verbatim", "private"
    }  # fmt: skip


def test_options_of_todays_models() -> None:
    pictures = {"reference", "reference2", "reference3", "reference4"}
    usual = {"prompt", "shape", "quality", "count", "background", "format", "private"}

    assert set(_options(RICH)) == usual | pictures
    assert set(_options(RICH, of=Edit.edit)) == usual | pictures | {
        "image", "mask", "region", "difference", "extend", "keep", "markup", "fit"
    }  # fmt: skip
    assert set(_options(RICH, of=Vary.vary)) == {
        "image", "strength", "prompt", "quality", "count", "private"
    }  # fmt: skip


def test_every_option_has_a_description() -> None:
    for command in (Imagine.imagine, Edit.edit, Vary.vary, Settings.set_some):
        for name, option in _options(RICH, STYLED, of=command).items():
            assert len(option["description"]) > 5, name


@pytest.mark.parametrize(("pictures", "references"), [(0, 0), (1, 0), (2, 1), (3, 2), (16, 4)])
def test_there_is_an_option_for_each_picture_that_a_model_takes_beside_another(
    pictures: int, references: int
) -> None:
    shown = _options(replace(RICH, pictures=pictures), of=Edit.edit)

    assert len([name for name in shown if name.startswith("reference")]) == references


def test_sizes_make_a_shape_worth_asking_for() -> None:
    exact = Sizes(shapes=SQUARE_ONLY.sizes.shapes, exact=(Size(256, 256),))
    free = Sizes(shapes=SQUARE_ONLY.sizes.shapes, free=FreeSizes())

    assert "shape" in _options(replace(SQUARE_ONLY, sizes=exact))
    assert "shape" in _options(replace(SQUARE_ONLY, sizes=free))


def test_what_only_models_for_other_commands_have_is_not_shown() -> None:
    drawing = replace(RICH, model="draws", operations=SQUARE_ONLY.operations)
    editing = replace(SQUARE_ONLY, model="edits", operations=frozenset(Operation))

    options = _options(drawing, editing, of=Edit.edit)

    assert set(options) == {
        "image", "prompt", "mask", "region", "difference", "extend", "keep", "fit", "count",
        "private",
    }  # fmt: skip
    assert {"model", "format"} <= set(_options(drawing, editing))


def test_settings_of_plain_models() -> None:
    shown = _options(SQUARE_ONLY, of=Settings.set_some, left_out=PRECHECK_OPTIONS)

    assert set(shown) == {
        "timezone", "week_start", "reset_hour", "gifts", "log_channel", "prompt_hours",
        "history_days", "log_days", "economy", "digest", "digest_hour", "ask_above", "strikes",
        "block_hours",
    }  # fmt: skip
    takes_back = _options(SQUARE_ONLY, of=Settings.reset, left_out=PRECHECK_OPTIONS)
    assert _values(takes_back["what"]) == [
        "channels", "roles", "timezone", "week_start", "reset_hour", "gifts", "log_channel",
        "prompt_hours", "history_days", "log_days", "strikes", "block_hours", "economy",
        "ask_above", "digest", "digest_hour", "everything",
    ]  # fmt: skip


def test_settings_of_rich_models() -> None:
    shown = _options(RICH, STYLED, of=Settings.set_some)

    assert set(shown) == {
        "model", "quality", "moderation", "timezone", "log_channel", "prompt_hours",
        "history_days", "log_days", "fidelity", "previews", "precheck", "unchecked",
        "week_start", "reset_hour", "gifts",
        "economy", "digest", "digest_hour", "ask_above", "strikes", "block_hours",
    }  # fmt: skip
    assert set(_values(shown["moderation"])) == {"auto", "low"}
    assert _values(shown["fidelity"]) == ["square", "own"]
    takes_back = _options(RICH, STYLED, of=Settings.reset)
    own = {"channels", "roles", "thresholds"}  # they have commands of their own
    assert set(_values(takes_back["what"])) == {*shown, *own, "everything"}


def test_a_tree_that_knows_no_models_shows_everything() -> None:
    everywhere = _Everywhere()
    tree: Any = SimpleNamespace(allowed_contexts=everywhere, allowed_installs=everywhere)
    command = Imagine.imagine
    assert isinstance(command, OfferedCommand)

    assert len(command.to_dict(tree)["options"]) == 14


def test_a_choice_of_models_is_offered_when_there_are_several() -> None:
    assert "model" in _options(SQUARE_ONLY, STYLED)


@pytest.mark.parametrize(
    ("command", "shown"), [(Command.IMAGINE, True), (Command.EDIT, False), (Command.VARY, False)]
)
def test_commands_that_no_model_can_do_are_not_shown(command: Command, shown: bool) -> None:
    assert can({"old": SQUARE_ONLY}, command) is shown


def test_choices_that_discord_would_not_take_are_left_out() -> None:
    assert [each.value for each in offered(["x" * 101, "x" * 100, "y"], "X")] == ["x" * 100]
