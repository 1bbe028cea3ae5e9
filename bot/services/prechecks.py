"""The look at words and pictures before the picture service is asked, as each server wants it."""

import asyncio
from collections.abc import Awaitable, Mapping, Sequence
from typing import Final

import structlog

from bot.domain.errors import ModerationUnavailable, PrecheckRefused
from bot.domain.guild import GuildChoices, Unchecked
from bot.imaging.pool import Imaging
from bot.providers.base import InputPicture, PictureRequest
from bot.providers.scores import CATEGORIES, NEVER, Moderator, Scores, exceeded

log = structlog.get_logger(__name__)

THRESHOLD_CATEGORIES: Final = CATEGORIES
"""The categories that a server can set a threshold for."""

NEVER_DECLINED: Final = NEVER
"""The threshold of a category that is never declined."""


class Prechecks:
    """Asks the moderation service; without one, everything passes unseen."""

    def __init__(self, moderator: Moderator | None, imaging: Imaging, *, pictures: bool) -> None:
        self._moderator = moderator
        self._imaging = imaging
        self._pictures = pictures
        self._told: set[str] = set()

    @property
    def offered(self) -> bool:
        """Whether the operator has set a moderation service up."""
        return self._moderator is not None

    async def look(self, request: PictureRequest, choices: GuildChoices) -> None:
        """Look at the words, and at each picture, of *request*.

        Raises:
            PrecheckRefused: too much of something for this server; nothing was spent.
            ModerationUnavailable: nobody could look, and the server wants no picture then.
        """
        if self._moderator is None or not choices.precheck:
            return
        try:
            scores = await self._scores(self._moderator, request)
        except ModerationUnavailable as error:
            self._note(error)
            if choices.unchecked is Unchecked.REFUSE:
                raise
            return
        if over := _over(scores, choices.thresholds):
            raise PrecheckRefused(stage="input", categories=tuple(over), scores=over)

    async def _scores(self, moderator: Moderator, request: PictureRequest) -> Sequence[Scores]:
        pictures = request.images if self._pictures else ()
        try:
            async with asyncio.TaskGroup() as group:
                looks = [group.create_task(_wait(moderator.words(request.prompt)))]
                looks += [group.create_task(self._look_at(moderator, each)) for each in pictures]
        except BaseExceptionGroup as failed:
            raise failed.exceptions[0] from None
        return [look.result() for look in looks]

    async def _look_at(self, moderator: Moderator, picture: InputPicture) -> Scores:
        """Let a small copy be looked at: what is in a picture is seen in it as well."""
        small = await self._imaging.glimpse(picture.data)
        return await moderator.picture(small.data, small.media_type)

    def _note(self, error: ModerationUnavailable) -> None:
        """Log that nobody could look; what lasts until somebody acts is an error, told once."""
        if not error.lasting:
            log.warning("precheck_failed", hint=error.operator, request_id=error.request_id)
        elif error.operator not in self._told:
            self._told.add(error.operator)
            log.error("precheck_not_set_up", hint=error.operator, request_id=error.request_id)


def _over(scores: Sequence[Scores], thresholds: Mapping[str, float]) -> dict[str, float]:
    """Return the highest score of each category that is too much in the words or in a picture."""
    found: dict[str, float] = {}
    for each in scores:
        for category, score in exceeded(each, thresholds).items():
            found[category] = max(score, found.get(category, 0.0))
    return found


async def _wait(look: Awaitable[Scores]) -> Scores:
    return await look
