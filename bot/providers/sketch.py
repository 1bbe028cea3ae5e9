"""Pictures without a key: drawn on this machine, labelled, and the same every time."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace

from bot.domain.asks import Strength
from bot.domain.errors import ContentRefused, PictureRejected, SetupError
from bot.providers.base import (
    UNWATCHED,
    Answer,
    Capabilities,
    Draw,
    Ending,
    Finding,
    ImageProvider,
    MadePicture,
    Operation,
    PictureRequest,
    Price,
    ProviderSettings,
    SketchOrder,
    Stop,
    Watch,
)
from bot.providers.models import FREE_SIZES
from bot.providers.rates import SharedStates

MODEL = "sketch"
REFUSED_WORD = "forbidden"
"""A prompt with this word is refused, so that demo and tests can show a refusal."""

QUALITIES = ("low", "medium", "high")
PRICES = {"low": 1, "medium": 2, "high": 4}
"""Halves of the operator's price, by quality, so that there is something to save."""

STRENGTHS = {Strength.SUBTLE: 0.25, Strength.MEDIUM: 0.55, Strength.STRONG: 0.9}
MOST_REMEMBERED = 1_000
CAPABILITIES = Capabilities(
    model=MODEL,
    operations=frozenset(Operation),
    sizes=FREE_SIZES,
    qualities=QUALITIES,
    default_quality="medium",
    backgrounds=("auto", "opaque", "transparent"),
    markup=True,
    pictures=5,
    own_shape=True,
    previews=2,
)
COARSE = (48, 16)
"""Block sides, in pixels, of the pictures in the making."""


class Sketch:
    """An `ImageProvider` that draws with *draw*.

    Without a seed the first picture for some words is always the same one, and asking for the same
    again gives the next. One of medium quality counts *micros* in the books, nothing by default.
    """

    def __init__(self, draw: Draw, *, micros: int = 0) -> None:
        self._draw = draw
        self._micros = micros
        self._asked: dict[int, int] = {}  # by the words' hash, so that no words are kept

    @property
    def name(self) -> str:
        """The provider's name in the registry."""
        return "sketch"

    @property
    def models(self) -> dict[str, Capabilities]:
        """The one model."""
        return {MODEL: CAPABILITIES}

    def estimate(self, request: PictureRequest) -> Price:
        """Return what the operator wants it to count."""
        each = self._micros * PRICES[_quality(request)] // 2
        return Price(micros=each * request.count, version="sketch")

    async def make(self, request: PictureRequest, watch: Watch = UNWATCHED) -> Answer:
        """Draw the pictures; *watch* sees a single one sharpen where that is wanted.

        Raises:
            ContentRefused: the prompt has the word "forbidden".
            PictureRejected: the picture or mask given cannot be read.
        """
        if REFUSED_WORD in request.prompt.lower():
            raise ContentRefused(stage="input", categories=("forbidden",))
        seed = self._next_seed(request) if request.seed is None else request.seed
        orders = [_order(request, seed, index) for index in range(request.count)]
        try:
            if request.count == 1:
                for coarse in COARSE[: request.previews]:
                    await watch.partial(await self._draw(replace(orders[0], coarse=coarse)))
            drawn = await asyncio.gather(*(self._draw(order) for order in orders))
        except ValueError as error:
            raise PictureRejected(operator="sketch could not read the picture.") from error
        pictures = tuple(MadePicture(data=data, media_type="image/png") for data in drawn)
        return Answer(pictures=pictures, price=self.estimate(request))

    def _next_seed(self, request: PictureRequest) -> int:
        key = hash((request.operation, request.prompt))
        seed = self._asked.pop(key, -1) + 1
        self._asked[key] = seed
        if len(self._asked) > MOST_REMEMBERED:
            del self._asked[next(iter(self._asked))]
        return seed

    @property
    def stops(self) -> tuple[Stop, ...]:
        """Nothing ever stops it."""
        return ()

    def retry(self) -> int:
        """Return 0: there is nothing to try."""
        return 0

    def ready(self, model: str) -> None:
        """Do nothing: it always draws."""

    async def endings(self) -> tuple[Ending, ...]:
        """Return nothing: it never ends."""
        return ()

    async def check(self) -> list[Finding]:
        """Say that nothing can be wrong."""
        says = "sketch draws on this machine: labelled pictures, no key, no bill."
        return [Finding(subject="Picture service", well=True, says=says)]


def _order(request: PictureRequest, seed: int, index: int) -> SketchOrder:
    given = [picture.data for picture in request.images]
    base = given[:1] if request.operation is not Operation.GENERATE else []
    return SketchOrder(
        operation=request.operation.value,
        words=request.prompt,
        width=request.size.width,
        height=request.size.height,
        seed=seed,
        index=index,
        detail=QUALITIES.index(_quality(request)),
        transparent=request.background == "transparent",
        strength=STRENGTHS[request.strength],
        image=base[0] if base else None,
        mask=request.mask,
        markup=request.markup,
        references=tuple(given[len(base) :]),
    )


def _quality(request: PictureRequest) -> str:
    wanted = request.quality
    return wanted if wanted in QUALITIES else CAPABILITIES.default_quality or QUALITIES[0]


@asynccontextmanager
async def open_sketch(
    settings: ProviderSettings, draw: Draw | None = None, shared: SharedStates | None = None
) -> AsyncGenerator[ImageProvider]:
    """Open the local drawer. Raises SetupError where nobody passed one to draw with."""
    del shared  # nobody limits it
    if draw is None:
        raise SetupError("The sketch provider has nothing to draw with.")
    yield Sketch(draw, micros=settings.price_micros_unknown)
