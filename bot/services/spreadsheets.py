"""A server's report as a CSV file that spreadsheets open as it is meant.

UTF-8 with a byte order mark, without which Excel takes letters for others; commas; points in
numbers. An id is written as ``id:123``, or its last digits would be rounded. What a person named
cannot become a formula: such a cell begins with an apostrophe.
"""

import csv
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from io import BytesIO, StringIO
from typing import Any, Final

from bot.domain.money import MICROS_PER_DOLLAR
from bot.domain.usage import Outcomes, ServerUsage, Share, Tally

Named = Mapping[int, str]
"""Names of roles, channels and members, as far as they are known."""

HEADER: Final = (
    "by", "what", "name", "requests", "pictures", "dollars", "of it estimated",
    "done", "declined", "failed", "no answer", "turned away",
)  # fmt: skip
_FORMULAS: Final = tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")  # the last four are full-width


def spreadsheet(usage: ServerUsage, names: Named) -> BytesIO:
    """Return the file: a line for all, each stretch of days, and everything it is added up by."""
    text = StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(HEADER)
    writer.writerows([harmless(cell) for cell in row] for row in _rows(usage, names))
    return BytesIO(text.getvalue().encode("utf-8-sig", "replace"))


def harmless(cell: str) -> str:
    """Return *cell* so that no spreadsheet computes it."""
    return f"'{cell}" if cell.lstrip(" \u00a0").startswith(_FORMULAS) else cell


def _rows(usage: ServerUsage, names: Named) -> Iterator[tuple[str, ...]]:
    yield "all", "", "", *_numbers(usage.total, usage.outcomes)
    for stretch in usage.trend:
        yield "days", stretch.first.isoformat(), str(stretch.days), *_numbers(stretch.tally)
    yield from _shares("member", usage.by_member, names)
    yield from _shares("role", usage.by_role, names)
    yield from _shares("channel", usage.by_channel, names)
    yield from _shares("command", usage.by_command, {})
    yield from _shares("model", usage.by_model, {})
    for by, counted in (("cause", usage.causes), ("category", usage.categories)):
        yield from ((by, name, "", str(number)) for name, number in counted)


def _shares(by: str, shares: Iterable[Share[Any]], names: Named) -> Iterator[tuple[str, ...]]:
    for share in shares:
        is_id = isinstance(share.of, int)
        what = f"id:{share.of}" if is_id else str(share.of)
        name = names.get(share.of, "") if is_id else ""
        yield by, what, name, *_numbers(share.tally, share.outcomes)


def _numbers(tally: Tally, ends: Outcomes | None = None) -> tuple[str, ...]:
    used = (str(tally.requests), str(tally.pictures), _dollars(tally.micros))
    if ends is None:
        return *used, _dollars(tally.unsure_micros)
    ended = (ends.done, ends.refused, ends.failed, ends.unknown, ends.turned_away)
    return *used, _dollars(tally.unsure_micros), *map(str, ended)


def _dollars(micros: int) -> str:
    return f"{Decimal(micros) / MICROS_PER_DOLLAR:.6f}"
