"""Notices word for word, and what no test of the whole bot brings about quickly."""

from datetime import UTC, date, datetime

import pytest

from bot.providers.base import Ending, Stop
from bot.providers.breaker import RULES
from bot.services.alerts import Endings, ModelEnds, ServerModelEnds, StopChange
from bot.ui.notices import operator_notices, server_notice, stop_notice

SINCE = datetime(2026, 11, 22, 12, tzinfo=UTC)
DAY = date(2026, 12, 1)


def _ends(day: date | None = DAY, successor: str | None = None, **more: int | bool) -> ModelEnds:
    ending = Ending(model="old-1", day=day, successor=successor)
    usual = {"over": day is None, "default": False, "servers": 0} | more
    return ModelEnds(
        ending=ending,
        over=bool(usual["over"]),
        default=bool(usual["default"]),
        servers=int(usual["servers"]),
    )


@pytest.mark.parametrize(
    ("ends", "text"),
    [
        (_ends(), "The model **old-1** shuts down on <t:1796126400:D>."),
        (_ends(over=True), "The model **old-1** was shut down on <t:1796126400:D>."),
        (_ends(None), "The model **old-1** is no longer offered."),
        (
            _ends(None, "new-1", servers=2),
            (
                "The model **old-1** is no longer offered. Its successor is **new-1**. 2 servers "
                "have chosen it; those with a log channel are told there."
            ),
        ),
        (
            _ends(None, default=True),
            (
                "The model **old-1** is no longer offered. It is the bot's own model: set "
                "OPENAI_MODEL to another one."
            ),
        ),
    ],
)
def test_an_end_is_told_with_what_to_do(ends: ModelEnds, text: str) -> None:
    assert list(operator_notices(Endings(operator=(ends,)))) == [text]


def test_several_ends_share_a_message_as_long_as_it_has_room() -> None:
    few = tuple(_ends(successor="new-1") for _ in range(3))
    many = tuple(_ends(successor="n" * 64, default=True, servers=9) for _ in range(30))

    (one,) = operator_notices(Endings(operator=few))
    several = list(operator_notices(Endings(operator=many)))

    assert one.count("\n") == 2
    assert len(several) > 1
    assert all(len(text) <= 2000 for text in several)
    assert sum(text.count("old-1") for text in several) == 30


def test_nothing_new_is_no_message() -> None:
    assert list(operator_notices(Endings())) == []


def test_a_server_without_a_successor_to_choose_is_told_to_choose() -> None:
    ends = ServerModelEnds(
        guild_id=1,
        channel_id=2,
        ending=Ending(model="old-1", day=DAY),
        over=True,
        successor=None,
    )

    assert server_notice("en-US", ends) == (
        "The model **old-1** was shut down on <t:1796126400:D>. This server chose it for requests "
        "that name no model. Choose another with `/settings set`."
    )


@pytest.mark.parametrize("is_open", [True, False])
@pytest.mark.parametrize("cause", [rule.cause for rule in RULES])
def test_every_cause_that_stops_has_words_of_its_own(cause: str, is_open: bool) -> None:
    stop = Stop(cause=cause, model="told_1" if cause == "model" else None, operator="x" * 999)
    text = stop_notice(StopChange(stop=stop, since=SINCE, is_open=is_open))

    unknown = Stop(cause="another", operator="x" * 999)
    assert text.splitlines()[0] not in stop_notice(
        StopChange(stop=unknown, since=SINCE, is_open=is_open)
    )
    assert "<t:1795348800:f>" in text
    assert "{" not in text
    assert ("told\\_1" in text) == (cause == "model")
    assert len(text) < 1000


def test_a_stop_without_a_hint_is_told_all_the_same() -> None:
    text = stop_notice(StopChange(stop=Stop(cause="another"), since=SINCE, is_open=True))

    assert text == (
        "**The picture service is not asked for pictures now** (another).\n"
        "-# Since <t:1795348800:f>. Easel goes on by itself when the service does."
    )
