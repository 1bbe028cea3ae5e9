"""The look at words and pictures before anything is spent, as each server wants it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from bot.domain.asks import Command
from bot.domain.clock import Clock
from bot.domain.errors import Cost, ModerationUnavailable, PrecheckRefused
from bot.domain.guild import Unchecked
from bot.domain.jobs import JobState
from bot.domain.moderation import EventQuery
from bot.domain.quota import Unit
from bot.providers.scores import CLEAN, NEVER, Scores
from tests.services.studio import GUILD, Told, Wall, answer, ask, open_studio, picture, used

pytestmark = pytest.mark.usefixtures("database_kind")


@dataclass
class Strict:
    """A moderation service that scores as it is told."""

    words_scores: Mapping[str, float] = field(default_factory=dict[str, float])
    picture_scores: Mapping[str, float] = field(default_factory=dict[str, float])
    flagged: frozenset[str] = frozenset()
    failure: Exception | None = None
    words_seen: list[str] = field(default_factory=list[str])
    pictures_seen: list[bytes] = field(default_factory=list[bytes])

    async def words(self, text: str) -> Scores:
        self.words_seen.append(text)
        return self._scores(self.words_scores)

    async def picture(self, data: bytes, media_type: str) -> Scores:
        assert media_type == "image/jpeg"
        self.pictures_seen.append(data)
        return self._scores(self.picture_scores)

    def _scores(self, scores: Mapping[str, float]) -> Scores:
        if self.failure is not None:
            raise self.failure
        return Scores(categories={**CLEAN.categories, **scores}, flagged=self.flagged)


async def _asked(
    path: Path,
    clock: Clock,
    moderator: Strict,
    command: Command = Command.EDIT,
    mode: str = "all",
    **choices: Any,
) -> tuple[Told, BaseException | None]:
    """Ask once on a server with *choices*; return the picture maker, and how the ask failed."""
    provider = Told(answer(picture()))
    async with open_studio(path, clock, provider, moderator, MODERATION=mode) as services:
        if choices:
            await services.guilds.change(GUILD, 1, **choices)
        ticket = await services.studio.admit(ask(command))
        try:
            await services.studio.perform(ticket, Wall())
        except Exception as error:  # noqa: BLE001 - what it was is what tests look at
            assert not provider.requests
            assert await used(services, Unit.PICTURES) == (0, 0)
            assert await used(services, Unit.DOLLARS) == (0, 0)
            job = await services.studio.books.find(GUILD, ticket.code)
            page = await services.moderation.page(EventQuery(guild_id=GUILD))
            assert len(page.events) == (job.state is JobState.REFUSED)
            for event in page.events:
                assert event.source == "server"
            return provider, error
        return provider, None


async def test_what_is_clean_is_made(tmp_path: Path, clock: Clock) -> None:
    moderator = Strict()
    provider, failed = await _asked(tmp_path, clock, moderator)
    assert failed is None
    assert len(provider.requests) == 1
    assert moderator.words_seen == ["a red kite"]
    (seen,) = moderator.pictures_seen
    assert Image.open(BytesIO(seen)).size == (768, 768)


@pytest.mark.parametrize(
    ("scores", "thresholds", "declined"),
    [
        ({"words_scores": {"violence": 0.7}}, {"violence": 0.6}, {"violence": 0.7}),
        ({"picture_scores": {"sexual": 0.7}}, {"sexual": 0.6}, {"sexual": 0.7}),
        (
            {"words_scores": {"violence": 0.7}, "picture_scores": {"violence": 0.9}},
            {"violence": 0.6},
            {"violence": 0.9},
        ),
        ({"words_scores": {"violence": 0.5}}, {"violence": 0.6}, {}),
        ({"words_scores": {"violence": 0.5}, "flagged": frozenset({"violence"})}, {}, None),
        (
            {"words_scores": {"violence": 1.0}, "flagged": frozenset({"violence"})},
            {"violence": NEVER},
            {},
        ),
    ],
)
async def test_a_server_decides_how_much_is_too_much(
    tmp_path: Path,
    clock: Clock,
    scores: dict[str, Any],
    thresholds: dict[str, float],
    declined: dict[str, float] | None,
) -> None:
    _, failed = await _asked(tmp_path, clock, Strict(**scores), thresholds=thresholds)
    if declined == {}:
        assert failed is None
        return
    assert isinstance(failed, PrecheckRefused)
    assert failed.cost is Cost.NOTHING
    assert dict(failed.scores) == (declined or {"violence": 0.5})
    assert failed.categories == tuple(failed.scores)


async def test_words_alone_can_be_looked_at(tmp_path: Path, clock: Clock) -> None:
    moderator = Strict()
    await _asked(tmp_path, clock, moderator, mode="words")
    assert moderator.words_seen
    assert not moderator.pictures_seen


async def test_a_server_can_do_without(tmp_path: Path, clock: Clock) -> None:
    moderator = Strict(flagged=frozenset({"violence"}))
    _, failed = await _asked(tmp_path, clock, moderator, precheck=False)
    assert failed is None
    assert not moderator.words_seen


@pytest.mark.parametrize("lasting", [True, False])
async def test_where_nobody_can_look_the_server_decides(
    tmp_path: Path, clock: Clock, lasting: bool
) -> None:
    down = ModerationUnavailable(operator="It is down.", lasting=lasting)
    open_end, closed_end = tmp_path / "open", tmp_path / "closed"
    open_end.mkdir()
    closed_end.mkdir()

    provider, failed = await _asked(open_end, clock, Strict(failure=down))
    assert failed is None
    assert len(provider.requests) == 1

    _, failed = await _asked(closed_end, clock, Strict(failure=down), unchecked=Unchecked.REFUSE)
    assert isinstance(failed, ModerationUnavailable)
    assert failed.cost is Cost.NOTHING
