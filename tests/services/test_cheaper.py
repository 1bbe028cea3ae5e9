"""A cheaper version of a request: the smallest change that is enough, by what models can do."""

from dataclasses import replace
from typing import Any

import pytest

from bot.domain.asks import Ask
from bot.domain.guild import GuildChoices
from bot.domain.pictures import Shape, Size
from bot.domain.sizes import Sizes
from bot.providers.base import PictureRequest, Price
from bot.services.admission import Quote
from bot.services.cheaper import cheaper_than, pinned
from bot.services.options import request_for
from tests.services.studio import Told, answer, ask, picture

CENT = 10_000
QUALITIES = {"low": 1, "medium": 4, "high": 16, None: 3}
SIZES = Sizes(shapes={Shape.SQUARE: Size(100, 100), Shape.LANDSCAPE: Size(200, 100)})


@pytest.fixture
def told() -> Told:
    told = Told(
        answer(picture()),
        each=lambda each: (
            QUALITIES[each.quality] * CENT * each.size.width * each.size.height // 10_000
        ),
    )
    able: dict[str, Any] = {"qualities": ("low", "medium", "high"), "max_count": 4, "sizes": SIZES}
    told.models["told-1"] = replace(told.models["told-1"], **able)
    return told


class Unsure(Told):
    """A picture maker whose prices nobody knows."""

    def estimate(self, request: PictureRequest) -> Price:
        return Price(micros=request.count, known=False)


def _quote(told: Told, wanted: Ask) -> Quote:
    model = told.models[wanted.model or "told-1"]
    request = request_for(wanted, GuildChoices(), model, "")
    return Quote(
        ask=wanted,
        request=request,
        model=model,
        estimate=told.estimate(request),
        choices=GuildChoices(),
    )


@pytest.mark.parametrize(
    ("options", "wanted", "change"),
    [
        # the highest quality that is cheap enough
        ({"quality": "high"}, 4 * CENT, ("quality", "high", "medium", 4 * CENT)),
        ({"quality": "high"}, 2 * CENT, ("quality", "high", "low", CENT)),
        # quality cannot go down, the size can
        (
            {"quality": "low", "shape": Shape.LANDSCAPE},
            CENT,
            ("size", "200x100", "100x100", CENT),
        ),
        # neither; fewer pictures can
        ({"quality": "low", "count": 4}, 2 * CENT, ("count", "4", "2", 2 * CENT)),
        # nothing is cheap enough: the cheapest there is
        ({"quality": "high", "count": 4}, 0, ("quality", "high", "low", 4 * CENT)),
        # no quality was named: the model's own default is the lowest already
        ({"count": 2}, CENT, ("count", "2", "1", CENT)),
    ],
)
def test_it_changes_as_little_as_is_enough(
    told: Told, options: dict[str, Any], wanted: int, change: tuple[str, str, str, int]
) -> None:
    cheaper = cheaper_than(_quote(told, ask(**options)), told, wanted)

    assert cheaper is not None
    assert (cheaper.option, cheaper.before, cheaper.after, cheaper.micros) == change


def test_another_model_is_named_where_it_alone_is_cheaper(told: Told) -> None:
    told.models = {"told-1": replace(told.models["told-1"], qualities=()), **told.models}
    told.models["told-1"] = replace(told.models["told-1"], qualities=("high",), sizes=SIZES)

    cheaper = cheaper_than(_quote(told, ask(quality="high")), told, CENT)

    assert cheaper is not None
    assert (cheaper.option, cheaper.after) == ("model", "told-draw")
    assert cheaper.ask.quality is None


def test_nothing_is_cheaper_than_the_cheapest(told: Told) -> None:
    assert cheaper_than(_quote(told, ask(quality="low")), told, 0) is None


def test_an_unknown_price_is_never_the_cheaper_one(told: Told) -> None:
    quote = _quote(told, ask(quality="high"))

    assert cheaper_than(quote, Unsure(told.outcome, models=told.models), CENT) is None


def test_what_was_left_to_the_server_is_named_so_that_its_price_holds(told: Told) -> None:
    named = pinned(_quote(told, ask()))

    assert (named.model, named.quality) == ("told-1", "low")
