"""The real SDK, asked once: one call out, the raw answer or one of our errors back."""

import asyncio
import ssl
import warnings
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from functools import cache
from time import perf_counter
from typing import cast

import httpx2
import openai
from openai import AsyncAPIResponse
from openai.types import ImagesResponse

from bot.domain.errors import MaybeBilled, NonsenseAnswer
from bot.providers.answers import MAX_ANSWER
from bot.providers.base import OnCall, Operation, uncounted
from bot.providers.dialects import Call
from bot.providers.errors import translate
from bot.providers.stream_errors import of_event
from bot.providers.streams import OnPartial, StreamFailedError, read_stream

VENDOR_URL = "https://api.openai.com/v1"

_CONNECT_SECONDS = 10
_FAILURES = (
    openai.APIError,
    httpx2.HTTPError,
    httpx2.StreamError,
    ssl.SSLError,
    UnicodeEncodeError,  # a header that cannot be sent
)

Opening = AbstractAsyncContextManager[AsyncAPIResponse[ImagesResponse]]


@dataclass(frozen=True, slots=True, kw_only=True)
class RawAnswer:
    """The bytes of an answer with status 200."""

    body: bytes = field(repr=False)
    request_id: str | None


@dataclass(slots=True)
class Heard:
    """What a server said beside its answer, good or bad; status 0 while it has said nothing."""

    status: int = 0
    headers: Mapping[str, str] = field(default_factory=dict[str, str])

    def take(self, status: int, headers: Mapping[str, str]) -> None:
        """Keep both."""
        self.status, self.headers = status, headers


def _ignored(picture: bytes) -> None:
    """Look away."""
    del picture


class ImagesClient:
    """Speaks to one server through the SDK. *sdk* must not retry by itself.

    *on_call* is told of every call that `ask` makes.
    """

    def __init__(self, sdk: openai.AsyncOpenAI, on_call: OnCall = uncounted) -> None:
        self._sdk = sdk
        self._on_call = on_call

    async def ask(
        self,
        operation: Operation,
        call: Call,
        *,
        seconds: float,
        heard: Heard | None = None,
        on_partial: OnPartial = _ignored,
    ) -> RawAnswer:
        """Make one call to the endpoint of *operation*, which ends within *seconds*.

        What the server says beside its answer is put into *heard*. A call with the field
        ``stream`` gives each picture in the making to *on_partial*; a server that ignores the
        field is understood too. Raises a ProviderError for every failure; none of them is
        repeated here.
        """
        model, began, outcome = str(call.fields["model"]), perf_counter(), "ok"
        try:
            return await self._asked(operation, call, seconds, heard or Heard(), on_partial)
        except BaseException as error:
            outcome = type(error).__name__
            raise
        finally:
            self._on_call(model, outcome, perf_counter() - began)

    async def _asked(
        self, operation: Operation, call: Call, seconds: float, heard: Heard, on_partial: OnPartial
    ) -> RawAnswer:
        model = str(call.fields["model"])
        try:
            async with asyncio.timeout(seconds):
                async with self._open(operation, call) as response:
                    heard.take(response.status_code, response.headers)
                    parts = _bounded(response)
                    streamed = bool(call.fields.get("stream"))
                    body = await (read_stream(parts, on_partial) if streamed else _whole(parts))
                    return RawAnswer(body=body, request_id=response.request_id)
        except TimeoutError as error:
            raise MaybeBilled(operator=f"No whole answer came in {seconds:.0f} s.") from error
        except StreamFailedError as error:
            raise of_event(
                error.body,
                model=model,
                operation=operation,
                drawn=error.drawn,
                request_id=heard.headers.get("x-request-id"),
            ) from error
        except _FAILURES as error:
            if isinstance(error, openai.APIStatusError):
                heard.take(error.status_code, error.response.headers)
            raise translate(error, model=model, operation=operation) from error

    async def models(self, *, seconds: float = 20) -> bytes:
        """Return the server's own list of models, as JSON. Raises a ProviderError."""
        try:
            async with asyncio.timeout(seconds):
                answer = await self._sdk.models.with_raw_response.list()
                return answer.content
        except TimeoutError as error:
            raise MaybeBilled(operator=f"No answer came in {seconds:.0f} s.") from error
        except _FAILURES as error:
            raise translate(error, model="", operation=Operation.GENERATE) from error

    def _open(self, operation: Operation, call: Call) -> Opening:
        images = self._sdk.images.with_streaming_response
        method = cast("Callable[..., Opening]", getattr(images, _METHODS[operation]))
        with warnings.catch_warnings():
            # The SDK calls variations deprecated; compatible servers still have them.
            warnings.simplefilter("ignore", DeprecationWarning)
            return method(**call.fields, **call.files)


_METHODS: Mapping[Operation, str] = {
    Operation.GENERATE: "generate",
    Operation.EDIT: "edit",
    Operation.VARY: "create_variation",
}


@asynccontextmanager
async def open_http(*, seconds: float, kept: int = 0) -> AsyncGenerator[httpx2.AsyncClient]:
    """Open the HTTP client beneath the SDK, and close it afterwards.

    No connection is kept, but as many as *kept* says: a call for pictures takes seconds to
    minutes, and a kept connection that the server has just closed cannot be told from a call that
    was cut off and billed.
    """
    timeout = httpx2.Timeout(seconds, connect=_CONNECT_SECONDS)
    limits = httpx2.Limits(max_connections=None, max_keepalive_connections=kept)
    async with httpx2.AsyncClient(
        verify=_trusted(), timeout=timeout, limits=limits, follow_redirects=False
    ) as http:
        yield http


@cache
def _trusted() -> ssl.SSLContext:
    """Return the machine's certificates, read once: that takes tens of milliseconds."""
    return httpx2.create_ssl_context()


@asynccontextmanager
async def open_sdk(
    *, base_url: str, api_key: str, organization: str | None, seconds: float, kept: int = 0
) -> AsyncGenerator[tuple[openai.AsyncOpenAI, httpx2.AsyncClient]]:
    """Open the SDK and the HTTP client beneath it (see `open_http`); close both afterwards."""
    async with (
        open_http(seconds=seconds, kept=kept) as http,
        openai.AsyncOpenAI(
            api_key=api_key,
            base_url=base_url,
            organization=organization,
            timeout=http.timeout,
            max_retries=0,
            http_client=http,
        ) as sdk,
    ):
        sdk.organization = organization  # else the SDK reads the environment by itself
        sdk.project = None
        yield sdk, http


async def _bounded(response: AsyncAPIResponse[ImagesResponse]) -> AsyncGenerator[bytes]:
    size = 0
    async for part in response.iter_bytes():
        size += len(part)
        if size > MAX_ANSWER:
            raise NonsenseAnswer(operator=f"An answer of more than {MAX_ANSWER:,} bytes came.")
        yield part


async def _whole(parts: AsyncIterator[bytes]) -> bytes:
    return b"".join([part async for part in parts])
