"""The CSV file of a report: what spreadsheets make of it."""

import csv
from datetime import UTC, date, datetime
from io import StringIO

import pytest

from bot.domain.usage import Outcomes, ServerUsage, Share, Stretch, Tally
from bot.services.spreadsheets import HEADER, harmless, spreadsheet

USED = Tally(requests=2, pictures=3, micros=1_500_001, unsure_micros=500_000)
ENDS = Outcomes(done=1, refused=4, failed=5, unknown=1, turned_away=6)
MEMBER = 1_234_567_890_123_456_789
USAGE = ServerUsage(
    since=datetime(2026, 11, 1, tzinfo=UTC),
    first=date(2026, 11, 1),
    days=2,
    total=USED,
    outcomes=ENDS,
    before=None,
    trend=(Stretch(first=date(2026, 11, 1), days=2, tally=USED),),
    by_member=(Share(of=MEMBER, tally=USED, outcomes=ENDS),),
    by_role=(),
    by_channel=(),
    by_command=(Share(of="edit", tally=USED, outcomes=ENDS),),
    by_model=(Share(of="=model", tally=USED, outcomes=ENDS),),
    categories=(("violence", 3),),
    causes=(("QuotaFull", 6),),
    waits=None,
)


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "\uff1d1"])
def test_no_cell_is_a_formula(cell: str) -> None:
    assert harmless(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", ["", "edit", "id:1", "0.5", "2026-11-01", "a=b", "a-b", "'x"])
def test_other_cells_stay(cell: str) -> None:
    assert harmless(cell) == cell


def test_the_file_says_everything_once_and_exactly() -> None:
    data = spreadsheet(USAGE, {MEMBER: '=CMD("x"),\ny'}).getvalue()

    assert data.startswith(b"\xef\xbb\xbfby,what,name,requests")
    rows = list(csv.reader(StringIO(data.decode("utf-8-sig"), newline="")))
    numbers = ["2", "3", "1.500001", "0.500000"]
    ends = ["1", "4", "5", "1", "6"]
    assert rows == [
        list(HEADER),
        ["all", "", "", *numbers, *ends],
        ["days", "2026-11-01", "2", *numbers],
        ["member", f"id:{MEMBER}", '\'=CMD("x"),\ny', *numbers, *ends],
        ["command", "edit", "", *numbers, *ends],
        ["model", "'=model", "", *numbers, *ends],
        ["cause", "QuotaFull", "", "6"],
        ["category", "violence", "", "3"],
    ]
