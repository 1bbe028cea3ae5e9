"""Pictures from the Images API: the vendor's own, or a compatible server's."""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from datetime import date
from urllib.parse import urlsplit

import httpx2
import openai
import structlog

from bot.domain.errors import (
    ContentRefused,
    MaybeBilled,
    NonsenseAnswer,
    OperationMissing,
    ProviderBusy,
    ProviderError,
    SetupError,
)
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
    PictureRequest,
    Price,
    ProviderSettings,
    Stop,
    Watch,
)
from bot.providers.breaker import Breaker
from bot.providers.calls import Calls, Errand
from bot.providers.checks import findings
from bot.providers.endings import endings_of, has_ended, listed_in, today
from bot.providers.images_client import VENDOR_URL, ImagesClient, open_sdk
from bot.providers.links import Links
from bot.providers.models import DEFAULT_MODEL, Dialect, Model, find, live_models, named
from bot.providers.parts import Failure, Part, joined, shares
from bot.providers.prices import PriceList
from bot.providers.rate import RateLimiter
from bot.providers.rates import OwnRate, SharedRate, SharedStates
from bot.providers.waiting import Patience, Sleep
from bot.providers.watching import Careful

log = structlog.get_logger(__name__)


class OpenAIImages:
    """An `ImageProvider` over the vendor's SDK."""

    def __init__(
        self,
        client: ImagesClient,
        links: Links,
        settings: ProviderSettings,
        *,
        calls: Calls,
        breaker: Breaker,
        today: Callable[[], date] = today,
    ) -> None:
        self._client = client
        self._links = links
        self._settings = settings
        self._calls = calls
        self._breaker = breaker
        self._today = today
        self._vendor = at_vendor(settings)
        self._prices = PriceList(
            unknown_micros=settings.price_micros_unknown, vendor=self._vendor, today=today
        )
        self._ended: frozenset[str] = frozenset()

    @property
    def name(self) -> str:
        """The provider's name in the registry."""
        return self._settings.name

    @property
    def models(self) -> dict[str, Capabilities]:
        """The configured model, and on the vendor's own server its live siblings."""
        first, *others = self._offered()
        living = [model for model in others if model.name not in self._ended]
        return {model.name: model.can for model in (first, *living)}

    def estimate(self, request: PictureRequest) -> Price:
        """Return an upper bound of what *request* costs."""
        return self._prices.estimate(self._model(request.model), request, request.count)

    @property
    def stops(self) -> tuple[Stop, ...]:
        """Why requests are refused before anybody is asked."""
        return self._breaker.stops

    def retry(self) -> int:
        """Let the next request try what is stopped; return how many stops that concerns."""
        return self._breaker.retry()

    def ready(self, model: str) -> None:
        """Raise the error for which *model* is not asked just now, if there is one."""
        self._breaker.check(model)

    async def make(self, request: PictureRequest, watch: Watch = UNWATCHED) -> Answer:
        """Make the pictures, by parallel calls where the model makes few at a time."""
        model = self._model(request.model)
        if request.operation not in model.can.operations:
            raise OperationMissing(operation=request.operation.value)
        careful = Careful(watch)
        with self._breaker.watching(model.name):
            async with asyncio.TaskGroup() as group:
                tasks = [
                    group.create_task(self._part(self._calls.errand(model, request, n, careful)))
                    for n in shares(request.count, model.per_call)
                ]
            return joined(
                [task.result() for task in tasks],
                lambda count: self._prices.estimate(model, request, count),
                self._prices.version,
            )

    async def endings(self) -> tuple[Ending, ...]:
        """Return which of the offered models end soon or have ended; raises ProviderError."""
        if not self._vendor:
            return ()
        listed = listed_in(await self._client.models())
        found = endings_of(self._offered(), listed, self._today())
        self._ended = frozenset(each.model for each in found if has_ended(each, self._today()))
        return found

    async def check(self) -> list[Finding]:
        """Look at key, model and reach, without spending anything."""
        return await findings(
            self._client,
            self._configured(),
            vendor=self._vendor,
            lists=self._settings.name != "azure",
            today=self._today(),
        )

    def _configured(self) -> Model:
        return self._model(self._settings.model or DEFAULT_MODEL)

    def _offered(self) -> list[Model]:
        """Return the configured model, and at the vendor what the table says is alive beside it."""
        configured = self._configured()
        if not self._vendor or configured.dialect is not Dialect.GPT_IMAGE:
            return [configured]
        siblings = live_models(Dialect.GPT_IMAGE, self._today())
        return [configured, *(model for model in siblings if model.name != configured.name)]

    def _model(self, name: str) -> Model:
        family, dialect = self._settings.model_family, self._settings.dialect
        if family is not None and name == self._settings.model:
            return named(find(family, dialect), name)
        return find(name, dialect, vendor=self._vendor or self._settings.name == "azure")

    async def _part(self, errand: Errand) -> Part | Failure:
        try:
            return await self._in_time(errand)
        except ProviderError as error:
            log.warning(
                "provider_call_failed",
                model=errand.model.name,
                operation=errand.request.operation.value,
                failure=type(error).__name__,
                billed=error.billed.value,
                hint=error.operator,
                request_id=error.request_id,
            )
            return Failure(error=error, count=errand.count)

    async def _in_time(self, errand: Errand) -> Part:
        """Run one call; raises MaybeBilled or ProviderBusy when the request's time is over."""
        try:
            async with asyncio.timeout(errand.request.within):
                return await self._made(errand)
        except TimeoutError as error:
            if errand.asked:
                raise MaybeBilled(operator="The answer did not come in time.") from error
            raise ProviderBusy from error

    async def _made(self, errand: Errand) -> Part:
        raw = await self._calls.answer(errand)
        parsed = await asyncio.to_thread(parse, raw.body)
        pictures = await self._pictures(parsed, errand.count)
        price = self._prices.actual(errand.model, errand.request, len(pictures), parsed.used)
        withheld = ContentRefused(stage="output", request_id=raw.request_id)
        return Part(
            pictures=pictures,
            price=price,
            request_id=raw.request_id,
            refused=(withheld,) * parsed.refused,
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


def is_vendor(base_url: str | None) -> bool:
    """Whether *base_url* is the vendor's own API, in whichever region."""
    if base_url is None:
        return True
    address = urlsplit(base_url)
    host = f".{address.hostname}"
    return address.scheme == "https" and host.endswith(".api.openai.com")


def at_vendor(settings: ProviderSettings) -> bool:
    """Whether *settings* name the vendor's own API."""
    return settings.name == "openai" and is_vendor(settings.base_url)


def tell_operator(stop: Stop, is_open: bool) -> None:  # noqa: FBT001 - as the breaker calls it
    """Log that requests are refused from now on, or are made again."""
    if is_open:
        log.error("provider_stopped", cause=stop.cause, model=stop.model, hint=stop.operator)
    else:
        log.info("provider_resumed", cause=stop.cause, model=stop.model, after=round(stop.since))


def build(
    sdk: openai.AsyncOpenAI,
    http: httpx2.AsyncClient,
    settings: ProviderSettings,
    *,
    shared: SharedStates | None = None,
    sleep: Sleep = asyncio.sleep,
    clock: Callable[[], float] = time.monotonic,
    today: Callable[[], date] = today,
) -> OpenAIImages:
    """Put a provider together on an open SDK. *clock* must go on while *sleep* waits."""
    per_minute = settings.images_per_minute
    rate = (
        OwnRate(RateLimiter(per_minute, clock, sleep))
        if shared is None
        else SharedRate(shared, _rate_of(settings), per_minute, clock=clock, sleep=sleep)
    )
    client = ImagesClient(sdk, settings.on_call)
    links = Links(
        http,
        base_url=settings.base_url or VENDOR_URL,
        api_key=settings.api_key,
        extra_hosts=settings.extra_image_hosts,
    )
    calls = Calls(
        client,
        patience=Patience(sleep=sleep),
        rate=rate,
        clock=clock,
        at_once=settings.calls_at_once,
        seconds=settings.timeout_seconds,
        vendor=at_vendor(settings),
    )
    breaker = Breaker(clock, on_change=tell_operator)
    return OpenAIImages(client, links, settings, calls=calls, breaker=breaker, today=today)


@asynccontextmanager
async def open_openai_images(
    settings: ProviderSettings,
    draw: Draw | None = None,
    shared: SharedStates | None = None,
    *,
    sleep: Sleep = asyncio.sleep,
    clock: Callable[[], float] = time.monotonic,
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
    require_address(base_url)
    async with open_sdk(
        base_url=base_url,
        api_key=settings.api_key or "none",
        organization=settings.organization,
        seconds=settings.timeout_seconds * 2,
    ) as (sdk, http):
        yield build(sdk, http, settings, shared=shared, sleep=sleep, clock=clock, today=today)


def _rate_of(settings: ProviderSettings) -> str:
    """Return the name of the allowance that all who have these settings share."""
    host = urlsplit(settings.base_url or VENDOR_URL).netloc
    return f"rate:{settings.name}:{host}"[:128]


def require_address(base_url: str) -> None:
    """Raise SetupError where *base_url* is no address."""
    if not base_url.startswith(("http://", "https://")):
        raise SetupError("OPENAI_BASE_URL must begin with http:// or https://.")
