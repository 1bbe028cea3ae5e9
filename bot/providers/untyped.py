"""Reading JSON that somebody else wrote: whatever is not what it should be is empty."""

from collections.abc import Mapping, Sequence
from typing import cast


def mapping_of(value: object) -> Mapping[str, object]:
    """Return *value* where it is an object, else an empty one."""
    return cast("Mapping[str, object]", value) if isinstance(value, Mapping) else {}


def items_of(value: object) -> Sequence[object]:
    """Return *value* where it is an array, else an empty one."""
    return cast("Sequence[object]", value) if isinstance(value, list) else ()


def field_of(value: object, *names: str) -> object:
    """Return the first of these fields that the object *value* has, else None."""
    fields = mapping_of(value)
    return next((fields[name] for name in names if fields.get(name) is not None), None)


def text_of(value: object) -> str:
    """Return *value* where it is a text or a number, else an empty text."""
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else ""


def texts_of(value: object) -> tuple[str, ...]:
    """Return the texts in the array *value*."""
    return tuple(item for item in items_of(value) if isinstance(item, str))


def count_of(value: object) -> int:
    """Return *value* where it is a count, else 0."""
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0
