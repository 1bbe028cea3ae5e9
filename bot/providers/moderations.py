"""The vendor's moderation endpoint through its SDK: free, and asked before a picture is made.

One question holds words or one picture. What fails may be asked again, whatever it was: a question
costs nothing and changes nothing. All of it ends within a few seconds, since a member waits.
"""

import asyncio
import base64
import ssl
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import httpx2
import openai
from openai.types import ModerationMultiModalInputParam

from bot.domain.errors import (
    MaybeBilled,
    ModerationUnavailable,
    NonsenseAnswer,
    PictureTooLarge,
    ProviderError,
    ProviderFailed,
    SetupError,
)
from bot.providers.base import Operation
from bot.providers.errors import translate
from bot.providers.images_client import VENDOR_URL, open_sdk
from bot.providers.moderation_hints import unavailable
from bot.providers.openai_images import is_vendor
from bot.providers.scores import (
    CATEGORIES,
    CLEAN,
    MAX_PICTURE,
    NEVER,
    PICTURE_CATEGORIES,
    Moderator,
    Scores,
    exceeded,
    highest,
    scores_in,
    threshold_of,
)
from bot.providers.waiting import Patience, Sleep

__all__ = [
    "CATEGORIES",
    "CLEAN",
    "MAX_PICTURE",
    "MODEL",
    "NEVER",
    "PICTURE_CATEGORIES",
    "Moderator",
    "ModeratorSettings",
    "Scores",
    "exceeded",
    "highest",
    "open_moderator",
    "pieces",
    "threshold_of",
]

MODEL = "omni-moderation-latest"

MAX_WORDS = 32_768
"""The longest words of one question, in bytes of UTF-8.

The vendor leaves out what is over 32,768 tokens, and no token is shorter than a byte.
"""

OVERLAP = 1_024
"""Bytes that longer words' pieces have in common, so that no phrase is cut apart unseen."""

Question = str | list[ModerationMultiModalInputParam]

_MAX_ANSWER = 1_000_000
_KEPT = 8
_UNSENDABLE = dict.fromkeys(
    [*(set(range(0x20)) - {0x09, 0x0A, 0x0D}), 0x7F, *range(0xD800, 0xE000)]
)
_FAILURES = (
    openai.OpenAIError,
    httpx2.HTTPError,
    httpx2.StreamError,
    ssl.SSLError,
    UnicodeEncodeError,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ModeratorSettings:
    """Whom to ask, and how long.

    Attributes:
        base_url: the server's address with its version path; None is the vendor's own.
        timeout_seconds: the longest that one check takes, with all that is asked again in it.
    """

    base_url: str | None = None
    api_key: str | None = field(default=None, repr=False)
    model: str = MODEL
    timeout_seconds: float = 10


class OpenAIModerator:
    """A `Moderator` over the vendor's SDK, which must not retry by itself."""

    def __init__(
        self, sdk: openai.AsyncOpenAI, settings: ModeratorSettings, *, patience: Patience
    ) -> None:
        self._sdk = sdk
        self._model = settings.model
        self._seconds = settings.timeout_seconds
        self._patience = patience

    async def words(self, text: str) -> Scores:
        """Return the scores of *text*, the highest ones of its pieces where it is long."""
        parts = pieces(text)
        return await self._scored(parts) if parts else CLEAN

    async def picture(self, data: bytes, media_type: str) -> Scores:
        """Return the scores of one picture."""
        if len(data) > MAX_PICTURE:
            raise PictureTooLarge(
                what="picture", size=f"{len(data):,} B", limit=f"{MAX_PICTURE:,} B"
            )
        url = await asyncio.to_thread(_data_url, data, media_type)
        return await self._scored([[{"type": "image_url", "image_url": {"url": url}}]])

    async def _scored(self, questions: Sequence[Question]) -> Scores:
        try:
            async with asyncio.timeout(self._seconds):
                answers = [await self._patience.call(partial(self._ask, q)) for q in questions]
        except TimeoutError as error:
            raise ModerationUnavailable(
                operator=f"The moderation service did not answer in {self._seconds:g} s."
            ) from error
        except ProviderError as error:
            raise unavailable(error) from error
        return highest(tuple(answers))

    async def _ask(self, question: Question) -> Scores:
        create = self._sdk.moderations.with_streaming_response.create
        try:
            async with create(model=self._model, input=question) as response:
                body = await _read(response)
        except _FAILURES as error:
            told = translate(error, model=self._model, operation=Operation.GENERATE)
            if isinstance(told, MaybeBilled):  # it may have run, and may run again
                raise ProviderFailed(request_id=told.request_id) from error
            raise told from error
        return scores_in(body)


async def _read(response: openai.AsyncAPIResponse[Any]) -> bytes:
    body = b""
    async for part in response.iter_bytes():
        body += part
        if len(body) > _MAX_ANSWER:
            raise NonsenseAnswer(operator=f"The answer has more than {_MAX_ANSWER:,} bytes.")
    return body


def pieces(text: str) -> list[str]:
    """Return *text* as it is asked about: cleaned, in as many pieces as it needs, or none.

    Control characters and halves of surrogate pairs are left out, since no request can carry them
    or no picture model would read them.
    """
    data = text.translate(_UNSENDABLE).strip().encode()
    if len(data) <= MAX_WORDS:
        return [data.decode()] if data else []
    starts = range(0, len(data) - OVERLAP, MAX_WORDS - OVERLAP)
    # A character that a piece begins or ends within is whole in the next or the one before.
    parts = (data[start : start + MAX_WORDS].decode(errors="ignore") for start in starts)
    return [part for part in parts if part.strip()]


def _data_url(data: bytes, media_type: str) -> str:
    return f"data:{media_type};base64,{base64.b64encode(data).decode()}"


@asynccontextmanager
async def open_moderator(
    settings: ModeratorSettings, *, sleep: Sleep = asyncio.sleep
) -> AsyncGenerator[Moderator]:
    """Open the connection to the moderation service; nothing is asked yet.

    Raises:
        SetupError: the vendor's own server without a key, or an address that is none.
    """
    base_url = settings.base_url or VENDOR_URL
    if is_vendor(settings.base_url) and not settings.api_key:
        raise SetupError("MODERATION_API_KEY is not set; set it, or set MODERATION=off.")
    if not base_url.startswith(("http://", "https://")):
        raise SetupError("MODERATION_BASE_URL must begin with http:// or https://.")
    patience = Patience(
        sleep=sleep, wait_seconds=settings.timeout_seconds / 2, connects=1, failures=1, busies=2
    )
    async with open_sdk(
        base_url=base_url,
        api_key=settings.api_key or "none",
        organization=None,
        seconds=settings.timeout_seconds,
        kept=_KEPT,
    ) as (sdk, _):
        yield OpenAIModerator(sdk, settings, patience=patience)
