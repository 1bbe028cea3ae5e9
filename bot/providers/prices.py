"""What pictures cost: an upper bound before the call, the true cost after it, in micro-dollars.

Token prices come from the packaged list of `genai-prices` (its background updater stays off);
pictures priced by the piece come from the model table. Where neither covers a model, the price is
marked unknown: at the vendor's own server, which surely charges, it is the dearest that we know
of; at any other the operator's own figure.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from functools import lru_cache

import genai_prices

from bot.domain.money import micros
from bot.domain.pictures import Size
from bot.providers.base import Operation, PictureRequest, Price
from bot.providers.endings import today
from bot.providers.models import GIF, MODELS, SQUARE, Model

OUR_TABLE = "2026-11-22"
"""The day on which `bot.providers.models` was last compared with the vendor's price page."""

TOKENS_PER_INPUT_PICTURE = 1_536
"""The most that one input picture of any size is billed: 32-pixel patches, at most 1,536 of them.

A larger picture is made smaller until its patches fit (the vendor's guide to pictures as input). No
other figure is published for today's image models; the usage in the answer settles the price.
"""

TOKENS_PER_PREVIEW = 100
"""What each picture in the making adds to the output (the vendor's image generation guide)."""

GIF_FRAMES = 9
"""Frames of an animated picture where nobody says how many (the SDK's documentation).

What they cost is not documented, so each counts as a whole picture.
"""

_INSTRUCTION_TOKENS = 256
_ROUNDING = 1 / 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """What a call used, or will use at most."""

    text_in: int
    image_in: int
    image_out: int
    text_out: int = 0


class PriceList:
    """Prices one provider's pictures.

    *unknown_micros* is a picture of a model that no list covers, at a server that is not the
    *vendor*'s own. Prices are those of *today* in UTC.
    """

    def __init__(
        self,
        *,
        unknown_micros: int = 0,
        vendor: bool = False,
        today: Callable[[], date] = today,
    ) -> None:
        self._unknown_micros = unknown_micros
        self._vendor = vendor
        self._today = today
        self.version = f"genai-prices {genai_prices.__version__}, easel {OUR_TABLE}"

    def estimate(self, model: Model, request: PictureRequest, pictures: int) -> Price:
        """Return an upper bound for *pictures* pictures of *request*."""
        most = self._most(model, request)
        if most is not None:
            return self._price(most * pictures)
        each = self._dearest_picture(request) if self._vendor else self._unknown_micros
        return self._price(each * pictures, known=False)

    def actual(
        self, model: Model, request: PictureRequest, pictures: int, used: Tokens | None
    ) -> Price:
        """Return what a call that made *pictures* pictures cost.

        Without usage in the answer, a model that is priced by token costs its upper bound, and
        the price says that it is not known.
        """
        if used is not None and model.priced_as is not None:
            return self._price(self._by_token(model.priced_as, used))
        if used is not None and self._vendor and not is_priced(model):
            return self._price(self._dearest_tokens(used), known=False)
        bound = self.estimate(model, request, pictures)
        by_piece = self._by_piece(model, request) is not None
        return self._price(bound.micros, known=by_piece)

    def _by_piece(self, model: Model, request: PictureRequest) -> int | None:
        return model.picture_micros.get((request.quality or "standard", request.size))

    def _most(self, model: Model, request: PictureRequest) -> int | None:
        """Return an upper bound for one picture, or None where no list covers it."""
        by_piece = self._by_piece(model, request)
        expected = most_tokens(model, request)
        if by_piece is not None or expected is None or model.priced_as is None:
            return by_piece
        return self._by_token(model.priced_as, expected)

    def _dearest_picture(self, request: PictureRequest) -> int:
        """Return the dearest bound at the quality of *request*, or at any if no model has it."""
        known = {quality for model in MODELS.values() for quality in model.output_tokens}
        qualities = known & {request.quality} or known
        bounds = (
            self._most(model, replace(request, quality=quality))
            for model in MODELS.values()
            for quality in qualities
        )
        return max(bound for bound in bounds if bound is not None)

    def _dearest_tokens(self, used: Tokens) -> int:
        names = {model.priced_as for model in MODELS.values()}
        return max(self._by_token(name, used) for name in names if name is not None)

    def _by_token(self, name: str, used: Tokens) -> int:
        return _listed(name, used, self._today())

    def _price(self, amount: int, *, known: bool = True) -> Price:
        return Price(micros=amount, known=known, version=self.version)


@lru_cache(maxsize=4096)  # the list takes a quarter of a millisecond for each answer
def _listed(name: str, used: Tokens, day: date) -> int:
    # Without output_image_tokens, models with a text price too are priced as text.
    usage = genai_prices.Usage(
        input_tokens=used.text_in + used.image_in,
        input_image_tokens=used.image_in,
        output_tokens=used.image_out + used.text_out,
        output_image_tokens=used.image_out,
    )
    at = datetime.combine(day, time(), UTC)
    price = genai_prices.calc_price(usage, name, provider_id="openai", genai_request_timestamp=at)
    return micros(price.total_price)


def is_priced(model: Model) -> bool:
    """Whether a price list covers *model*."""
    return model.priced_as is not None or bool(model.picture_micros)


def most_tokens(model: Model, request: PictureRequest) -> Tokens | None:
    """Return the most tokens that one picture of *request* uses, or None where nobody knows."""
    table = model.output_tokens.get(request.quality or model.can.default_quality or "")
    if table is None:
        return None
    text = len(request.prompt.encode(errors="replace"))  # no tokenizer makes more than one a byte
    if request.operation is Operation.VARY:
        text += _INSTRUCTION_TOKENS
    free = model.can.sizes.free is not None and SQUARE in table
    picture = (_free_output if free else _most_output)(table, request.size)
    frames = GIF_FRAMES if request.output_format == GIF else 1
    return Tokens(
        text_in=text + _INSTRUCTION_TOKENS // 4,
        image_in=TOKENS_PER_INPUT_PICTURE * _brought(request),
        image_out=picture * frames + TOKENS_PER_PREVIEW * model.previews_of(request),
    )


def _brought(request: PictureRequest) -> int:
    """Return how many pictures go with the words; a mask or a drawing counts as one."""
    guides = (request.mask, request.markup)
    return len(request.images) + sum(guide is not None for guide in guides)


def _free_output(table: Mapping[Size, int], size: Size) -> int:
    """Return a bound at any size, from the tokens of the square.

    All rows of the vendor's table follow one rule: a grid whose longer side is the quality's and
    whose shorter one is in proportion, rounded, times ``(2,000,000 + pixels) / 4,000,000``. The
    smallest grid has 16 cells a side, so rounding adds at most a thirty-second.
    """
    short, long = sorted((size.width, size.height))
    shape = min(1.0, short / long + _ROUNDING)
    return math.ceil(table[SQUARE] * shape * _weight(size) / _weight(SQUARE))


def _weight(size: Size) -> int:
    return 2_000_000 + _area(size)


def _most_output(table: Mapping[Size, int], size: Size) -> int:
    """Return a bound between tabulated sizes: more pixels may cost fewer tokens, so the maximum."""
    rows = sorted(table.items(), key=lambda row: _area(row[0]))
    wanted = _area(size)
    smaller = [tokens for row, tokens in rows if _area(row) < wanted]
    larger = [tokens for row, tokens in rows if _area(row) >= wanted]
    if larger:
        return max([*smaller, larger[0]])
    largest, tokens = rows[-1]
    return max(*smaller, -(-tokens * wanted // _area(largest)))


def _area(size: Size) -> int:
    return size.width * size.height
