"""Which models end, and when: what the server's own list says, and our table where it is silent."""

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta

from bot.providers.base import Ending
from bot.providers.models import DEFAULT_MODEL, MODELS, Model
from bot.providers.untyped import field_of, items_of, text_of

NOTICE = timedelta(days=60)
"""How long before a model's end the operator is warned."""

Listed = Mapping[str, object]
"""A server's own list of models: each one's entry by its name."""


def today() -> date:
    """Return the present day in UTC."""
    return datetime.now(UTC).date()


def listed_in(body: bytes) -> Listed:
    """Return each model's entry by its name; empty where the server lists none."""
    try:
        answer: object = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return {text_of(field_of(entry, "id")): entry for entry in items_of(field_of(answer, "data"))}


def endings_of(models: Iterable[Model], listed: Listed, today: date) -> tuple[Ending, ...]:
    """Return which of *models*, all the vendor's, end within `NOTICE`, or have ended.

    A model is taken for withdrawn when the list lacks it but has another that we know.
    """
    credible = any(name in MODELS for name in listed)
    found = (ending_of(model, listed, today, credible=credible) for model in models)
    return tuple(ending for ending in found if ending is not None)


def ending_of(model: Model, listed: Listed, today: date, *, credible: bool) -> Ending | None:
    """Return the end of *model*; None while it is not near."""
    day = day_of(model, listed, vendor=True)
    missing = credible and model.name not in listed
    if not missing and (day is None or day - today > NOTICE):
        return None
    if missing and day is not None and day > today:
        day = None  # it is gone earlier than was said
    return Ending(model=model.name, day=day, successor=successor_of(model))


def day_of(model: Model, listed: Listed, *, vendor: bool) -> date | None:
    """Return the day on which *model* is shut down: as announced, else as the table has it."""
    announced = _day(text_of(field_of(listed.get(model.name), "shutdown_date")))
    return announced or (model.ends if vendor else None)


def successor_of(model: Model) -> str:
    """Return what to use instead of *model*."""
    if model.successor is not None:
        return model.successor
    return next(name for name in (DEFAULT_MODEL, *MODELS) if name != model.name)


def has_ended(ending: Ending, today: date) -> bool:
    """Whether the model cannot be asked any more."""
    return ending.day is None or ending.day <= today


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        return None
