"""Panels: what is left out, what is cut, and what no request can bring about quickly."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from discord.ui import Button, LayoutView, TextDisplay

from bot.domain.moderation import EventPage, EventQuery, ModerationEvent
from bot.domain.usage import Tally
from bot.services.prechecks import THRESHOLD_CATEGORIES
from bot.ui.amounts import tally_of
from bot.ui.modlog import LONGEST_CATEGORY, modlog_panel
from bot.ui.panels import lines, panel

EVENT = ModerationEvent(
    guild_id=1,
    channel_id=2,
    user_id=3,
    job_code=None,
    command="imagine",
    model="m" * 200,
    source="elsewhere",
    stage="sometime",
    categories=(),
    request_id=None,
    fingerprint="ab" * 32,
    at=datetime(2026, 11, 22, tzinfo=UTC),
)


def _texts(view: LayoutView) -> list[str]:
    return [each.content for each in view.walk_children() if isinstance(each, TextDisplay)]


def test_empty_sections_are_left_out() -> None:
    assert _texts(panel("Heading", ["", "text", lines("Nothing", [])])) == ["## Heading", "text"]


async def test_nothing_is_kept_in_memory_for_a_panel() -> None:
    assert panel("Heading", ["text"]).is_finished()


@pytest.mark.parametrize("length", [3900, 3988, 3989, 3990, 4000, 9000])
def test_too_much_text_is_cut_after_a_line(length: int) -> None:
    texts = _texts(panel("Heading", ["\n".join(["x" * 99] * (length // 100)) + "y", "the end"]))

    assert sum(map(len, texts)) <= 4000
    assert all(text.endswith(("x", "y", "…", "Heading", "the end")) for text in texts)


def test_a_section_without_room_is_left_out() -> None:
    assert _texts(panel("Heading", ["x" * 3990, "the end"])) == ["## Heading", "x" * 3990]
    assert _texts(panel("Heading", ["x" * 3991])) == ["## Heading"]


def test_an_event_without_reason_and_traces_is_shown() -> None:
    view = modlog_panel("en-US", EventQuery(guild_id=1), EventPage(events=(EVENT,), total=1))

    event = _texts(view)[-1]
    assert "**no reason given** — declined\n" in event
    assert "number for it" not in event
    assert " · #" not in event


def test_a_page_buttons_id_has_room_for_the_longest_query() -> None:
    longest = 2**64 - 1
    query = EventQuery(
        guild_id=longest, member=longest, category="c" * LONGEST_CATEGORY, stage="unknown"
    )
    page = EventPage(events=(EVENT,) * 10, total=99, older=longest, newer=longest)

    buttons: list[Button[Any]] = [
        each for each in modlog_panel("en-US", query, page).walk_children()
        if isinstance(each, Button)
    ]  # fmt: skip

    assert [button.label for button in buttons] == ["Newer", "Older"]
    assert all(len(button.custom_id or "") <= 100 for button in buttons)


def test_ten_events_with_everything_stay_within_a_panel() -> None:
    scores = {name: 0.9 + len(name) / 1000 for name in THRESHOLD_CATEGORIES}
    event = replace(
        EVENT,
        guild_id=2**60,
        channel_id=2**60,
        user_id=2**60,
        job_code="k3f9q2wx",
        model="gpt-image-2.6-sunburst",
        source="server",
        stage="input",
        categories=tuple(scores),
        scores=scores,
    )
    page = EventPage(events=(event,) * 10, total=10, repeats={event.fingerprint: 99})

    texts = _texts(modlog_panel("en-US", EventQuery(guild_id=1), page))

    assert sum(map(len, texts)) <= 4000
    assert len(texts) == 12
    assert all("9 more**" in text and text.endswith("99 times here") for text in texts[2:])


def test_money_that_nobody_is_sure_of_is_told() -> None:
    tally = Tally(requests=2, pictures=1, micros=150_000, unsure_micros=100_000)

    assert tally_of("en-US", tally) == "1 picture in 2 requests · $0.15 · of it $0.10 estimated"
