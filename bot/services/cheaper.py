"""A cheaper version of a request: one thing changed, chosen from what the models can do."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from bot.domain.asks import Ask
from bot.providers.base import ImageProvider
from bot.services.admission import Quote
from bot.services.options import known_price


@dataclass(frozen=True, slots=True, kw_only=True)
class Cheaper:
    """What *ask* is instead: its *option* is *after* and not *before*; *micros* is its price."""

    ask: Ask
    option: str
    before: str
    after: str
    micros: int


def pinned(quote: Quote) -> Ask:
    """Return the ask with its model and its quality named, so that no default changes its price."""
    quality = quote.request.quality
    known = quality if quality in quote.model.qualities else quote.ask.quality
    return replace(quote.ask, model=quote.model.model, quality=known)


def cheaper_than(quote: Quote, provider: ImageProvider, wanted: int) -> Cheaper | None:
    """Return the version that changes least and costs at most *wanted* micro-dollars.

    Where there is none, the cheapest that costs less than *quote*; None: nothing does.
    """
    less = [each for each in _priced(quote, provider) if each.micros < quote.estimate.micros]
    within = (each for each in less if each.micros <= wanted)
    return next(within, None) or min(less, key=lambda each: each.micros, default=None)


def _priced(quote: Quote, provider: ImageProvider) -> Iterator[Cheaper]:
    """Return what could be instead, and is possible, with its price; small changes first."""
    for option, before, after, ask in _variants(quote, provider):
        model = provider.models[ask.model or quote.model.model]
        micros = known_price(ask, quote.choices, model, provider)
        if micros is not None:
            yield Cheaper(ask=ask, option=option, before=before, after=after, micros=micros)


_Variant = tuple[str, str, str, Ask]


def _variants(quote: Quote, provider: ImageProvider) -> Iterator[_Variant]:
    ask = pinned(quote)
    for each in (_qualities, _sizes):
        yield from each(quote, ask)
    yield from _models(quote, ask, provider)
    yield from _counts(quote, ask)


def _qualities(quote: Quote, ask: Ask) -> Iterator[_Variant]:
    offered, now = quote.model.qualities, quote.request.quality
    if now is None or now not in offered:
        return
    for lower in reversed(offered[: offered.index(now)]):
        yield "quality", now, lower, replace(ask, quality=lower)


def _sizes(quote: Quote, ask: Ask) -> Iterator[_Variant]:
    now = quote.request.size
    smaller = {
        size: shape
        for shape, size in quote.model.sizes.shapes.items()
        if size.width * size.height < now.width * now.height
    }
    for size in sorted(smaller, key=lambda each: each.width * each.height, reverse=True):
        yield "size", str(now), str(size), replace(ask, shape=smaller[size])


def _models(quote: Quote, ask: Ask, provider: ImageProvider) -> Iterator[_Variant]:
    for name, model in provider.models.items():
        if name != quote.model.model:
            quality = ask.quality if ask.quality in model.qualities else None
            yield "model", quote.model.model, name, replace(ask, model=name, quality=quality)


def _counts(quote: Quote, ask: Ask) -> Iterator[_Variant]:
    for fewer in range(quote.request.count - 1, 0, -1):
        yield "count", str(quote.request.count), str(fewer), replace(ask, count=fewer)
