"""What is sent with a request, and what people see of its making and in the end."""

from collections.abc import AsyncGenerator
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from bot.bootstrap import Services
from bot.domain.asks import Command, Source
from bot.domain.clock import Clock
from bot.domain.errors import Cost, DownloadFailed, MarkupEmpty, OutOfBudget
from bot.domain.guild import Fidelity
from bot.domain.pictures import Shape, Size
from bot.domain.quota import Unit
from bot.domain.sizes import FreeSizes, Sizes
from bot.providers.base import PNG, Capabilities, Operation, PictureRequest
from bot.services.stages import Result
from tests.services.studio import (
    ESTIMATE,
    GUILD,
    Attached,
    Told,
    Wall,
    answer,
    ask,
    open_studio,
    picture,
    used,
)

pytestmark = pytest.mark.usefixtures("database_kind")

RICH = Capabilities(
    model="rich",
    operations=frozenset(Operation),
    sizes=Sizes(shapes={Shape.SQUARE: Size(1024, 1024)}, free=FreeSizes()),
    markup=True,
    pictures=16,
    input_sides=(1024, 2048),
    input_types=(PNG, "image/webp", "image/jpeg"),
    input_bytes=50_000_000,
    own_shape=True,
    formats=("png", "jpeg", "webp"),
    compressed=("jpeg", "webp"),
    transparent=("png", "webp"),
    previews=3,
)


def flat(width: int, height: int, colour: str = "teal", mode: str = "RGB") -> bytes:
    out = BytesIO()
    Image.new(mode, (width, height), colour).save(out, "PNG")
    return out.getvalue()


def source(name: str, width: int, height: int) -> Source:
    return Source(
        url=f"https://cdn.discordapp.com/{name}", name=name, size=100, pixels=Size(width, height)
    )


@pytest.fixture
def provider() -> Told:
    return Told(answer(flat(1152, 864)), models={"rich": RICH})


@pytest.fixture
def attached() -> Attached:
    return Attached()


@pytest.fixture
async def services(
    tmp_path: Path, clock: Clock, provider: Told, attached: Attached
) -> AsyncGenerator[Services]:
    async with open_studio(tmp_path, clock, provider, None, attached) as opened:
        yield opened


async def _made(services: Services, command: Command = Command.EDIT, **options: Any) -> Result:
    wall = Wall()
    await services.studio.perform(await services.studio.admit(ask(command, **options)), wall)
    return wall.shown[0]


def _size(data: bytes) -> tuple[int, int]:
    return Image.open(BytesIO(data)).size


async def _keep_shapes(services: Services) -> None:
    await services.guilds.change(GUILD, 1, fidelity=Fidelity.OWN)


async def test_a_square_is_sent_unless_the_server_wants_it_otherwise(
    services: Services, provider: Told, attached: Attached
) -> None:
    attached.data = flat(2000, 1500)
    await _made(services, source=source("a", 2000, 1500))
    assert _size(provider.requests[0].images[0].data) == (1024, 1024)
    assert provider.requests[0].size == Size(1024, 1024)


async def test_a_picture_goes_out_and_comes_back_in_its_own_shape(
    services: Services, provider: Told, attached: Attached
) -> None:
    await _keep_shapes(services)
    attached.data = flat(2000, 1500)
    result = await _made(services, source=source("a", 2000, 1500))

    (request,) = provider.requests
    assert _size(request.images[0].data) == (2000, 1500)
    assert request.size == Size(1152, 864)
    assert result.pictures[0].size == Size(1152, 864)


async def test_what_discord_claims_of_a_picture_is_not_believed(
    services: Services, provider: Told, attached: Attached
) -> None:
    await _keep_shapes(services)
    attached.data = flat(1500, 2000)
    provider.outcome = answer(flat(864, 1152))
    await _made(services, source=source("a", 2000, 1500))
    assert provider.requests[0].size == Size(864, 1152)


async def test_a_lie_about_the_shape_cannot_cost_more_than_was_booked(
    services: Services, provider: Told, attached: Attached
) -> None:
    def each(request: PictureRequest) -> int:
        return ESTIMATE * (2 if request.size.height > request.size.width else 1)

    await _keep_shapes(services)
    provider.each = each
    attached.data = flat(1500, 2000)
    await _made(services, source=source("a", 2000, 1500))
    assert provider.requests[0].size == Size(1152, 864)


async def test_references_go_with_the_picture_in_their_order(
    services: Services, provider: Told, attached: Attached
) -> None:
    colours = {"a": "red", "b": "lime", "c": "blue"}
    attached.by_name = {name: flat(64, 64, colour) for name, colour in colours.items()}
    await _made(
        services,
        source=source("a", 64, 64),
        references=(source("b", 64, 64), source("c", 64, 64)),
    )
    sent = [Image.open(BytesIO(each.data)).convert("RGB") for each in provider.requests[0].images]
    assert [image.getpixel((512, 512)) for image in sent] == [
        (255, 0, 0),
        (0, 255, 0),
        (0, 0, 255),
    ]


async def test_references_guide_a_picture_from_words(services: Services, provider: Told) -> None:
    await _made(services, Command.IMAGINE, references=(source("b", 64, 64),))
    (request,) = provider.requests
    assert request.operation is Operation.GENERATE
    assert len(request.images) == 1
    assert request.mask is None


async def test_one_file_that_cannot_be_had_ends_the_request_for_nothing(
    services: Services, provider: Told
) -> None:
    with pytest.raises(DownloadFailed) as caught:
        await _made(
            services,
            source=source("a", 64, 64),
            references=tuple(source("gone", 64, 64) for _ in range(3)),
        )
    assert caught.value.cost is Cost.NOTHING
    assert not provider.requests
    assert await used(services, Unit.PICTURES) == (0, 0)


async def test_a_drawing_guides_an_edit(
    services: Services, provider: Told, attached: Attached
) -> None:
    drawing = Image.new("RGBA", (64, 64))
    drawing.paste((255, 0, 0, 255), (0, 0, 32, 32))
    out = BytesIO()
    drawing.save(out, "PNG")
    attached.by_name = {"drawing": out.getvalue()}
    await _made(services, source=source("a", 64, 64), markup=source("drawing", 64, 64))
    (request,) = provider.requests
    assert request.mask is None
    assert request.markup is not None
    sent = Image.open(BytesIO(request.markup))
    assert sent.size == _size(request.images[0].data)
    assert sent.convert("RGBA").getpixel((100, 100)) == (255, 0, 0, 255)
    assert sent.convert("RGBA").getpixel((900, 900)) == (0, 0, 0, 0)


async def test_an_empty_drawing_costs_nothing(
    services: Services, provider: Told, attached: Attached
) -> None:
    attached.by_name = {"drawing": flat(64, 64, "#00000000", "RGBA")}
    with pytest.raises(MarkupEmpty):
        await _made(services, source=source("a", 64, 64), markup=source("drawing", 64, 64))
    assert not provider.requests


@pytest.mark.parametrize(("wanted", "kind"), [("jpeg", "JPEG"), ("webp", "WEBP"), (None, "PNG")])
async def test_the_file_type_asked_for_is_the_one_shown(
    services: Services, provider: Told, wanted: str | None, kind: str
) -> None:
    result = await _made(services, Command.IMAGINE, output_format=wanted)
    assert provider.requests[0].output_format == wanted
    assert Image.open(BytesIO(result.pictures[0].data)).format == kind


async def test_people_see_what_happens_meanwhile(services: Services, provider: Told) -> None:
    provider.waits = (20.0,)
    provider.partials = (picture(512, "red"), b"no picture", picture(512, "blue"))
    wall = Wall()
    await services.guilds.change(GUILD, 1, previews=True)
    ticket = await services.studio.admit(ask())
    await services.studio.perform(ticket, wall)
    assert provider.requests[0].previews == 2
    assert wall.waits == [20.0]
    assert len(wall.glimpses) == 2


async def test_a_stopped_picture_maker_is_not_booked(services: Services, provider: Told) -> None:
    provider.stopped = OutOfBudget(operator="No money.")
    with pytest.raises(OutOfBudget):
        await services.studio.admit(ask())
    assert await used(services, Unit.PICTURES) == (0, 0)


async def test_an_estimate_counts_what_is_still_to_come(services: Services, provider: Told) -> None:
    def each(request: PictureRequest) -> int:
        return ESTIMATE * (1 + len(request.images) + (request.mask is not None))

    provider.each = each
    ticket = await services.studio.admit(
        replace(ask(Command.EDIT), references=(source("b", 64, 64),), region="top")
    )
    assert ticket.estimate.micros == 4 * ESTIMATE
    await services.studio.books.withdrawn(ticket, "test")
