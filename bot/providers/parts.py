"""One request as several calls: how it is shared out, and one answer from what came."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bot.domain.errors import (
    Billed,
    ContentRefused,
    ModelGone,
    NotSetUp,
    OperationMissing,
    OutOfBudget,
    ParameterRejected,
    PictureRejected,
    ProviderBusy,
    ProviderError,
)
from bot.providers.base import Answer, MadePicture, Price


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What one of a request's parallel calls brought."""

    pictures: tuple[MadePicture, ...]
    price: Price
    request_id: str | None
    refused: tuple[ContentRefused, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why one of a request's parallel calls brought nothing, and how many pictures it was for."""

    error: ProviderError
    count: int


def joined(parts: Sequence[Part | Failure], lost: Callable[[int], Price], version: str) -> Answer:
    """Return one answer from what came; raises the most telling error where nothing did.

    *lost* prices pictures that did not come and may have been billed.
    """
    made = [part for part in parts if isinstance(part, Part)]
    failed = [part for part in parts if isinstance(part, Failure)]
    refused = tuple(refusal for part in parts for refusal in refusals(part))
    if not made:
        raise _with_others(most_telling([failure.error for failure in failed]), refused)
    prices = [part.price for part in made]
    prices += [lost(failure.count) for failure in failed if failure.error.billed is not Billed.NO]
    return Answer(
        pictures=tuple(picture for part in made for picture in part.pictures),
        price=Price(
            micros=sum(price.micros for price in prices),
            known=all(price.known for price in prices) and len(prices) == len(made),
            version=version,
        ),
        request_id=next((part.request_id for part in made if part.request_id), None),
        refused=refused,
    )


def _with_others(error: ProviderError, refused: tuple[ContentRefused, ...]) -> ProviderError:
    error.refused = tuple(refusal for refusal in refused if refusal is not error)
    return error


def refusals(part: Part | Failure) -> tuple[ContentRefused, ...]:
    """Return what the vendor declined in one of a request's parallel calls."""
    if isinstance(part, Part):
        return part.refused
    return (part.error,) if isinstance(part.error, ContentRefused) else ()


def shares(count: int, per_call: int) -> list[int]:
    """Return how many pictures each call makes, so that none makes more than *per_call*."""
    whole, rest = divmod(count, per_call)
    return [per_call] * whole + ([rest] if rest else [])


_TELLING: tuple[type[ProviderError], ...] = (
    OutOfBudget,
    NotSetUp,
    ModelGone,
    ContentRefused,
    PictureRejected,
    ParameterRejected,
    OperationMissing,
    ProviderBusy,
)


def most_telling(errors: Sequence[ProviderError]) -> ProviderError:
    """Return the error to raise for several calls: first one that may cost, then by its kind."""

    def rank(error: ProviderError) -> tuple[bool, int]:
        kinds = [n for n, kind in enumerate(_TELLING) if isinstance(error, kind)]
        return error.billed is Billed.NO, kinds[0] if kinds else len(_TELLING)

    return min(errors, key=rank)
