"""Pictures that come as addresses: fetched from the server and listed hosts, from nowhere else."""

import base64
from collections.abc import AsyncGenerator
from dataclasses import replace

import httpx2
import pytest

from bot.domain.errors import NonsenseAnswer
from bot.domain.pictures import Size
from bot.providers.base import Operation, PictureRequest, ProviderSettings
from bot.providers.links import Links
from tests.fakes.images_answers import Fault
from tests.fakes.images_api import FakeImages
from tests.providers.conftest import Opener
from tests.providers.pictures import square

SETTINGS = ProviderSettings(name="openai", api_key="sk-test", model="our-model")
REQUEST = PictureRequest(
    operation=Operation.GENERATE, model="our-model", prompt="a fox", size=Size(1024, 1024)
)
EXTRA = (".pictures.test", "cdn.test", "store.test:9000", ".shops.test:9000", "plain.test:443")
BASE = "http://images.test:5500/v1"


@pytest.fixture
async def links() -> AsyncGenerator[Links]:
    async with httpx2.AsyncClient() as http:
        yield Links(http, base_url=BASE, api_key="sk", extra_hosts=EXTRA)


@pytest.mark.parametrize(
    ("address", "meant"),
    [
        ("http://images.test:5500/a.png", "http://images.test:5500/a.png"),
        ("/a.png?x=1", "http://images.test:5500/a.png?x=1"),
        ("a.png", "http://images.test:5500/v1/a.png"),
        ("http://0.0.0.0:5500/a.png", "http://images.test:5500/a.png"),
        ("http://localhost:9/a.png", "http://images.test:5500/a.png"),
        ("http://127.0.0.1/a.png", "http://images.test:5500/a.png"),
        ("http://[::1]:80/a.png", "http://images.test:5500/a.png"),
        ("https://cdn.test/a.png", "https://cdn.test/a.png"),
        ("https://cdn.test:443/a.png", "https://cdn.test/a.png"),
        ("https://plain.test/a.png", "https://plain.test/a.png"),
        ("https://STORE.test:9000/a.png", "https://store.test:9000/a.png"),
        ("https://a.shops.test:9000/a.png", "https://a.shops.test:9000/a.png"),
        ("https://a.b.pictures.test/a.png", "https://a.b.pictures.test/a.png"),
        (
            "https://oaidalleapiprodscus.blob.core.windows.net/private/a.png?sig=x",
            "https://oaidalleapiprodscus.blob.core.windows.net/private/a.png?sig=x",
        ),
    ],
)
async def test_an_address_is_seen_from_here(links: Links, address: str, meant: str) -> None:
    assert str(links.resolve(address)) == meant


@pytest.mark.parametrize(
    "address",
    [
        "http://evil.test/a.png",
        "https://evil.test/a.png",
        "http://cdn.test/a.png",
        "https://cdn.test:8443/a.png",
        "https://store.test/a.png",
        "https://store.test:9001/a.png",
        "http://store.test:9000/a.png",
        "https://a.shops.test/a.png",
        "https://oaidalleapiprodscus.blob.core.windows.net:9000/a.png",
        "https://pictures.test.evil.test/a.png",
        "https://notpictures.test/a.png",
        "http://images.test:5501/a.png",
        "https://images.test:5500/a.png",
        "http://169.254.169.254/latest/meta-data",
        "http://10.0.0.1/a.png",
        "http://user:word@images.test:5500/a.png",
        "//evil.test/a.png",
        "file:///etc/passwd",
        "ftp://images.test:5500/a.png",
        "http://[::1/a.png",
    ],
)
async def test_other_addresses_are_not_asked(links: Links, address: str) -> None:
    with pytest.raises(NonsenseAnswer):
        links.resolve(address)


async def test_an_address_that_names_any_host_is_rewritten(
    fake: FakeImages, open_on: Opener
) -> None:
    provider = await open_on(replace(SETTINGS, base_url=fake.url))
    path = fake.keep(square()).removeprefix(fake.origin)
    for address in (path, f"http://0.0.0.0:5500{path}", fake.origin + path):
        fake.script(Fault(items=[{"url": address}]))
        answer = await provider.make(REQUEST)
        assert answer.pictures[0].data == square()
    assert fake.fetched == [path] * 3


async def test_a_data_address_needs_no_fetching(fake: FakeImages, open_on: Opener) -> None:
    provider = await open_on(replace(SETTINGS, base_url=fake.url))
    packed = base64.encodebytes(square()).decode()
    fake.script(Fault(items=[{"url": f"data:image/png;base64,{packed}"}]))
    answer = await provider.make(REQUEST)
    assert answer.pictures[0].data == square()
    assert fake.fetched == []


@pytest.mark.parametrize(
    "path",
    [
        "/pictures/expired.png",
        "/redirect?to=http://127.0.0.1:1/",
        "/redirect?to=/pictures/1.png",
        "/huge?megabytes=61",
    ],
)
async def test_an_address_that_gives_no_picture(
    path: str, fake: FakeImages, open_on: Opener
) -> None:
    provider = await open_on(replace(SETTINGS, base_url=fake.url))
    fake.keep(square())
    fake.script(Fault(items=[{"url": fake.origin + path}]))
    with pytest.raises(NonsenseAnswer):
        await provider.make(REQUEST)
    assert len(fake.calls) == 1


async def test_html_at_an_address_is_no_picture(fake: FakeImages, open_on: Opener) -> None:
    provider = await open_on(replace(SETTINGS, base_url=fake.url))
    fake.script(Fault(items=[{"url": fake.keep(b"<html>")}, {"url": "http://evil.test/"}]))
    with pytest.raises(NonsenseAnswer):
        await provider.make(REQUEST)


async def test_the_key_goes_to_the_server_only() -> None:
    seen: dict[str, str | None] = {}

    def answer(request: httpx2.Request) -> httpx2.Response:
        seen[request.url.host] = request.headers.get("Authorization")
        return httpx2.Response(200, content=square())

    async with httpx2.AsyncClient(transport=httpx2.MockTransport(answer)) as http:
        links = Links(http, base_url=BASE, api_key="sk", extra_hosts=("cdn.test",))
        await links.fetch("/a.png")
        await links.fetch("https://cdn.test/a.png")
    assert seen == {"images.test": "Bearer sk", "cdn.test": None}


async def test_a_lost_connection_is_tried_once_more() -> None:
    asked: list[str] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        asked.append(str(request.url))
        if len(asked) % 2:
            raise httpx2.ReadError("gone")
        return httpx2.Response(200, content=b"picture")

    async with httpx2.AsyncClient(transport=httpx2.MockTransport(answer)) as http:
        assert await Links(http, base_url=BASE).fetch("/a.png") == b"picture"
    assert len(asked) == 2


async def test_a_slow_address_ends_at_its_deadline() -> None:
    def answer(request: httpx2.Request) -> httpx2.Response:
        raise httpx2.ReadTimeout("slow", request=request)

    async with httpx2.AsyncClient(transport=httpx2.MockTransport(answer)) as http:
        with pytest.raises(NonsenseAnswer):
            await Links(http, base_url=BASE).fetch("/a.png")
