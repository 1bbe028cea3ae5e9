"""A studio on a real database and real imaging, with a picture maker that does as it is told."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from io import BytesIO
from itertools import count
from pathlib import Path
from typing import Any

from PIL import Image

from bot.bootstrap import Services, open_services
from bot.domain.asks import Ask, Asker, Command, Origin, Place, Source
from bot.domain.clock import Clock
from bot.domain.errors import DownloadFailed, ProviderError
from bot.domain.pictures import Shape, Size
from bot.domain.queue import Expected, Usual
from bot.domain.quota import Unit
from bot.domain.sizes import Sizes
from bot.domain.windows import Clocks
from bot.imaging.values import Finished
from bot.providers.base import (
    UNWATCHED,
    Answer,
    Capabilities,
    Ending,
    Finding,
    MadePicture,
    Operation,
    PictureRequest,
    Price,
    Stop,
    Watch,
)
from bot.providers.scores import Moderator
from bot.services.admission import Ticket
from bot.services.books import Shown
from bot.services.stages import Result
from bot.settings import load_settings
from tests.migrated import migrated

GUILD, CHANNEL, ANN = 10, 20, 30
ESTIMATE, PRICE = 50_000, 13_000
_interactions = count(1000)


def picture(side: int = 64, colour: str = "teal") -> bytes:
    out = BytesIO()
    Image.new("RGB", (side, side), colour).save(out, "PNG", compress_level=1)
    return out.getvalue()


def answer(*pictures: bytes) -> Answer:
    made = tuple(MadePicture(data=each, media_type="image/png") for each in pictures)
    return Answer(pictures=made, price=Price(micros=PRICE, version="test"), request_id="req_1")


def ask(command: Command = Command.IMAGINE, **options: Any) -> Ask:
    usual = Ask(
        command=command,
        origin=Origin(interaction_id=next(_interactions), application_id=1, token="secret"),
        asker=Asker(user_id=ANN),
        place=Place(guild_id=GUILD, channel_id=CHANNEL),
        prompt="a red kite",
        source=None if command is Command.IMAGINE else SOURCE,
    )
    return replace(usual, **options)


SOURCE = Source(url="https://cdn.discordapp.com/picture.png", name="picture.png", size=100)


@dataclass
class Told:
    """A picture maker that answers, or raises, what *outcome* says."""

    outcome: Answer | BaseException
    requests: list[PictureRequest] = field(default_factory=list[PictureRequest])
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    gate: asyncio.Event | None = None
    each: Callable[[PictureRequest], int] = field(default=lambda request: ESTIMATE)  # noqa: ARG005
    stopped: ProviderError | None = None
    waits: tuple[float, ...] = ()
    partials: tuple[bytes, ...] = ()
    ends: tuple[Ending, ...] = ()
    name: str = "told"
    models: dict[str, Capabilities] = field(
        default_factory=lambda: {
            "told-1": Capabilities(
                model="told-1",
                operations=frozenset(Operation),
                sizes=Sizes(shapes={Shape.SQUARE: Size(64, 64), Shape.LANDSCAPE: Size(96, 64)}),
                qualities=("low", "high"),
                default_quality="low",
                max_prompt=100,
            ),
            "told-draw": Capabilities(
                model="told-draw",
                operations=frozenset({Operation.GENERATE}),
                sizes=Sizes(shapes={Shape.SQUARE: Size(64, 64)}),
                max_count=1,
            ),
        }
    )

    def estimate(self, request: PictureRequest) -> Price:
        return Price(micros=self.each(request) * request.count, version="test")

    @property
    def stops(self) -> tuple[Stop, ...]:
        return ()

    def retry(self) -> int:
        return 0

    def ready(self, model: str) -> None:
        del model
        if self.stopped is not None:
            raise self.stopped

    async def endings(self) -> tuple[Ending, ...]:
        return self.ends

    async def make(self, request: PictureRequest, watch: Watch = UNWATCHED) -> Answer:
        for seconds in self.waits:
            await watch.waiting(seconds)
        for partial in self.partials:
            await watch.partial(partial)
        self.requests.append(request)
        self.asked.set()
        if self.gate is not None:
            await self.gate.wait()
        if isinstance(self.outcome, BaseException):
            raise self.outcome
        return self.outcome

    async def check(self) -> list[Finding]:
        return []


@dataclass
class Attached:
    """Downloads that find the same bytes whatever is fetched, but for what has a name."""

    data: bytes = field(default_factory=picture)
    by_name: dict[str, bytes] = field(default_factory=dict[str, bytes])

    async def fetch(self, source: Source, what: str) -> bytes:
        if "gone" in source.url:
            raise DownloadFailed(what=what)
        return self.by_name.get(source.name, self.data)


@dataclass
class Wall:
    """A stage that remembers what was shown, or fails to show it."""

    failure: BaseException | None = None
    shown: list[Result] = field(default_factory=list[Result])
    waits: list[float] = field(default_factory=list[float])
    glimpses: list[Finished] = field(default_factory=list[Finished])
    places: list[Expected] = field(default_factory=list[Expected])
    usual: list[Usual | None] = field(default_factory=list[Usual | None])
    begins: list[str] = field(default_factory=list[str])
    put_off: list[str] = field(default_factory=list[str])
    reply: Shown | None = None

    async def show(self, result: Result) -> Shown:
        if self.failure is not None:
            raise self.failure
        self.shown.append(result)
        return Shown(CHANNEL, 99)

    async def waiting(self, ticket: Ticket, seconds: float) -> None:
        del ticket
        self.waits.append(seconds)

    async def glimpse(self, ticket: Ticket, picture: Finished) -> None:
        del ticket
        self.glimpses.append(picture)

    def queued(self, ticket: Ticket, expected: Expected) -> bool:
        del ticket
        self.places.append(expected)
        return True

    def begun(self, ticket: Ticket) -> bool:
        self.begins.append(ticket.code)
        return True

    def calling(self, ticket: Ticket, usual: Usual | None) -> bool:
        del ticket
        self.usual.append(usual)
        return True

    async def parked(self, ticket: Ticket) -> None:
        self.put_off.append(ticket.code)


@asynccontextmanager
async def open_studio(
    path: Path,
    clock: Clock,
    provider: Told,
    moderator: Moderator | None = None,
    attached: Attached | None = None,
    /,
    **environ: str,
) -> AsyncGenerator[Services]:
    settings = load_settings(
        {"DATABASE_URL": migrated(path / "easel.db"), "HASH_KEY": "k" * 32, **environ}
    )
    async with open_services(
        settings,
        clock=clock,
        provider=provider,
        downloads=attached or Attached(),
        moderator=moderator,
    ) as services:
        yield services


async def used(services: Services, unit: Unit) -> tuple[int, int]:
    """Return what of *unit* Ann's own or the server's limit counts as used and in flight."""
    limits = await services.quotas.standing(GUILD, ANN, frozenset(), Clocks())
    found = next(each for each in limits if each.unit is unit)
    return found.used, found.in_flight
