"""Pictures from the Images API: the vendor's own, or a compatible server's."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from urllib.parse import urlsplit

import structlog

from bot.domain.errors import (
    Billed,
    ContentRefused,
    ModelGone,
    NonsenseAnswer,
    NotSetUp,
    OperationMissing,
    OutOfBudget,
    ParameterRejected,
    PictureRejected,
    ProviderBusy,
    ProviderError,
    SetupError,
)
from bot.providers import dialects
from bot.providers.answers import Parsed, Piece, parse, verified
from bot.providers.base import (
    UNWATCHED,
    Answer,
    Capabilities,
    Draw,
    Ending,
    Finding,
    ImageProvider,
    MadePicture,
    Operation,
    PictureRequest,
    Price,
    ProviderSettings,
    Stop,
    Watch,
)
from bot.providers.checks import findings
from bot.providers.images_client import VENDOR_URL, ImagesClient, RawAnswer, open_sdk
from bot.providers.links import Links
from bot.providers.models import DEFAULT_MODEL, Dialect, Model, find, live_models
from bot.providers.prices import PriceList
from bot.providers.waiting import Patience, Sleep

log = structlog.get_logger(__name__)

SLOW_QUALITIES = frozenset({"high", "xhigh", "max"})
SLOW_PIXELS = 2_000_000
"""From these on a picture takes minutes, so its time-out is doubled."""


def today() -> date:
    """Return the present day in UTC."""
    return datetime.now(UTC).date()


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What one of a request's parallel calls brought."""

    pictures: tuple[MadePicture, ...]
    price: Price
    request_id: str | None
    refused: tuple[ContentRefused, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why one of a request's parallel calls brought nothing, and how many pictures it was for."""

    error: ProviderError
    count: int


class OpenAIImages:
    """An `ImageProvider` over the vendor's SDK."""

    def __init__(
        self,
        client: ImagesClient,
        links: Links,
        settings: ProviderSettings,
        *,
        patience: Patience,
        today: Callable[[], date] = today,
    ) -> None:
        self._client = client
        self._links = links
        self._settings = settings
        self._patience = patience
        self._today = today
        self._vendor = is_vendor(settings.base_url)
        self._prices = PriceList(unknown_micros=settings.price_micros_unknown, vendor=self._vendor)
        self._slots = asyncio.Semaphore(settings.calls_at_once)
        self._variations_missing = False

    @property
    def name(self) -> str:
        """The provider's name in the registry."""
        return "openai"

    @property
    def models(self) -> dict[str, Capabilities]:
        """The configured model, and on the vendor's own server its live siblings."""
        offered = [self._configured()]
        if self._vendor and offered[0].dialect is Dialect.GPT_IMAGE:
            siblings = live_models(Dialect.GPT_IMAGE, self._today())
            offered += [model for model in siblings if model.name != offered[0].name]
        return {model.name: model.can for model in offered}

    def estimate(self, request: PictureRequest) -> Price:
        """Return an upper bound of what *request* costs."""
        return self._prices.estimate(self._model(request.model), request, request.count)

    @property
    def stops(self) -> tuple[Stop, ...]:
        """Why requests are refused before anybody is asked."""
        return ()

    def ready(self, model: str) -> None:
        """Raise the error for which *model* is not asked just now, if there is one."""

    async def endings(self) -> tuple[Ending, ...]:
        """Return which of the offered models end soon or have ended."""
        return ()

    async def make(self, request: PictureRequest, watch: Watch = UNWATCHED) -> Answer:
        """Make the pictures, by parallel calls where the model makes few at a time."""
        del watch
        model = self._model(request.model)
        if request.operation not in model.can.operations:
            raise OperationMissing(operation=request.operation.value)
        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(self._part(model, request, count))
                for count in shares(request.count, model.per_call)
            ]
        return self._joined(model, request, [task.result() for task in tasks])

    async def check(self) -> list[Finding]:
        """Look at key, model and reach, without spending anything."""
        model = self._configured()
        return await findings(self._client, model, vendor=self._vendor, today=self._today())

    def _configured(self) -> Model:
        return self._model(self._settings.model or DEFAULT_MODEL)

    def _model(self, name: str) -> Model:
        return find(name, self._settings.dialect, vendor=self._vendor)

    async def _part(self, model: Model, request: PictureRequest, count: int) -> Part | Failure:
        try:
            raw = await self._patience.call(lambda: self._ask(model, request, count))
            parsed = await asyncio.to_thread(parse, raw.body)
            pictures = await self._pictures(parsed, count)
        except ProviderError as error:
            log.warning(
                "provider_call_failed",
                model=model.name,
                operation=request.operation.value,
                failure=type(error).__name__,
                billed=error.billed.value,
                hint=error.operator,
                request_id=error.request_id,
            )
            return Failure(error=error, count=count)
        price = self._prices.actual(model, request, len(pictures), parsed.used)
        withheld = ContentRefused(stage="output", request_id=raw.request_id)
        return Part(
            pictures=pictures,
            price=price,
            request_id=raw.request_id,
            refused=(withheld,) * parsed.refused,
        )

    async def _ask(self, model: Model, request: PictureRequest, count: int) -> RawAnswer:
        async with self._slots:
            return await self._routed(model, request, count)

    async def _routed(self, model: Model, request: PictureRequest, count: int) -> RawAnswer:
        seconds = seconds_for(request, self._settings.timeout_seconds)
        if request.operation is Operation.GENERATE:
            call = dialects.generation(model, request, count, vendor=self._vendor)
            return await self._client.ask(Operation.GENERATE, call, seconds=seconds)
        if self._takes_variation(model, request):
            try:
                call = dialects.variation(model, request, count)
                return await self._client.ask(Operation.VARY, call, seconds=seconds)
            except OperationMissing:
                self._variations_missing = True
        call = dialects.edit(model, request, count, vendor=self._vendor)
        return await self._client.ask(Operation.EDIT, call, seconds=seconds)

    def _takes_variation(self, model: Model, request: PictureRequest) -> bool:
        """Whether to ask the variations endpoint, which takes no words: a hint rules it out."""
        return (
            request.operation is Operation.VARY
            and model.variations
            and not self._variations_missing
            and not request.prompt.strip()
        )

    async def _pictures(self, parsed: Parsed, count: int) -> tuple[MadePicture, ...]:
        """Return the pictures that are whole; raises the last one's error where none is."""
        made: list[MadePicture] = []
        failure = NonsenseAnswer()
        for piece in parsed.pieces[:count]:
            try:
                made.append(await self._picture(piece))
            except NonsenseAnswer as error:
                failure = error
        if not made:
            raise failure
        return tuple(made)

    async def _picture(self, piece: Piece) -> MadePicture:
        data = piece.data if piece.data is not None else await self._links.fetch(piece.url or "")
        return verified(data, piece.revised_prompt)

    def _joined(
        self,
        model: Model,
        request: PictureRequest,
        parts: Sequence[Part | Failure],
    ) -> Answer:
        """Return one answer from what came; raises the most telling error where nothing did."""
        made = [part for part in parts if isinstance(part, Part)]
        failed = [part for part in parts if isinstance(part, Failure)]
        if not made:
            raise most_telling([failure.error for failure in failed])
        prices = [part.price for part in made]
        prices += [
            self._prices.estimate(model, request, failure.count)
            for failure in failed
            if failure.error.billed is not Billed.NO
        ]
        return Answer(
            pictures=tuple(picture for part in made for picture in part.pictures),
            price=Price(
                micros=sum(price.micros for price in prices),
                known=all(price.known for price in prices) and len(prices) == len(made),
                version=self._prices.version,
            ),
            request_id=next((part.request_id for part in made if part.request_id), None),
            refused=tuple(refusal for part in parts for refusal in refusals(part)),
        )


def refusals(part: Part | Failure) -> tuple[ContentRefused, ...]:
    """Return what the vendor declined in one of a request's parallel calls."""
    if isinstance(part, Part):
        return part.refused
    return (part.error,) if isinstance(part.error, ContentRefused) else ()


def is_vendor(base_url: str | None) -> bool:
    """Whether *base_url* is the vendor's own API, in whichever region."""
    if base_url is None:
        return True
    address = urlsplit(base_url)
    host = f".{address.hostname}"
    return address.scheme == "https" and host.endswith(".api.openai.com")


def shares(count: int, per_call: int) -> list[int]:
    """Return how many pictures each call makes, so that none makes more than *per_call*."""
    whole, rest = divmod(count, per_call)
    return [per_call] * whole + ([rest] if rest else [])


def seconds_for(request: PictureRequest, seconds: float) -> float:
    """Return how long one call may take."""
    pixels = request.size.width * request.size.height
    slow = request.quality in SLOW_QUALITIES or pixels >= SLOW_PIXELS
    return seconds * 2 if slow else seconds


_TELLING: tuple[type[ProviderError], ...] = (
    OutOfBudget,
    NotSetUp,
    ModelGone,
    ContentRefused,
    PictureRejected,
    ParameterRejected,
    OperationMissing,
    ProviderBusy,
)


def most_telling(errors: Sequence[ProviderError]) -> ProviderError:
    """Return the error to raise for several calls: first one that may cost, then by its kind."""

    def rank(error: ProviderError) -> tuple[bool, int]:
        kinds = [n for n, kind in enumerate(_TELLING) if isinstance(error, kind)]
        return error.billed is Billed.NO, kinds[0] if kinds else len(_TELLING)

    return min(errors, key=rank)


@asynccontextmanager
async def open_openai_images(
    settings: ProviderSettings,
    draw: Draw | None = None,
    *,
    sleep: Sleep = asyncio.sleep,
    today: Callable[[], date] = today,
) -> AsyncGenerator[ImageProvider]:
    """Open the connection to the server that *settings* name.

    Raises:
        SetupError: the vendor's own server without a key, or an address that is none.
    """
    del draw
    base_url = settings.base_url or VENDOR_URL
    if is_vendor(settings.base_url) and not settings.api_key:
        raise SetupError("OPENAI_API_KEY is not set; set it, or use IMAGE_PROVIDER=sketch.")
    if not base_url.startswith(("http://", "https://")):
        raise SetupError("OPENAI_BASE_URL must begin with http:// or https://.")
    async with open_sdk(
        base_url=base_url,
        api_key=settings.api_key or "none",
        organization=settings.organization,
        seconds=settings.timeout_seconds * 2,
    ) as (sdk, http):
        links = Links(
            http,
            base_url=base_url,
            api_key=settings.api_key,
            extra_hosts=settings.extra_image_hosts,
        )
        patience = Patience(sleep=sleep)
        yield OpenAIImages(ImagesClient(sdk), links, settings, patience=patience, today=today)
