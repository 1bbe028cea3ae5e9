"""The downloader against a real server on loopback."""

from collections.abc import AsyncGenerator

import pytest
from aiohttp import web
from aiohttp.test_utils import BaseTestServer, TestServer

from bot.domain.asks import Source
from bot.domain.errors import DownloadFailed, Elsewhere, PictureTooLarge
from bot.services import downloads
from bot.services.downloads import open_downloads


@pytest.fixture
async def discord() -> AsyncGenerator[BaseTestServer]:
    async def picture(request: web.Request) -> web.Response:
        assert "Cookie" not in request.headers
        return web.Response(body=b"picture" * 1000, headers={"Set-Cookie": "a=b"})

    async def elsewhere(request: web.Request) -> web.Response:
        raise web.HTTPFound("/picture")

    async def cut(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse(headers={"Content-Length": "1000"})
        await answer.prepare(request)
        await answer.write(b"half")
        assert request.transport is not None
        request.transport.close()
        return answer

    app = web.Application()
    app.router.add_get("/picture", picture)
    app.router.add_get("/elsewhere", elsewhere)
    app.router.add_get("/cut", cut)
    async with TestServer(app) as server:
        yield server


def _source(server: BaseTestServer, path: str, size: int = 7000) -> Source:
    return Source(url=str(server.make_url(path)), name="picture.png", size=size)


async def test_a_picture_is_fetched_from_the_proxys_own_address(discord: BaseTestServer) -> None:
    async with open_downloads(str(discord.make_url("/api/v10"))) as fetcher:
        for _ in range(2):
            assert await fetcher.fetch(_source(discord, "/picture"), "picture") == b"picture" * 1000


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:1/picture",
        "http://cdn.discordapp.com/picture",
        "https://cdn.discordapp.com.evil.example/picture",
        "https://user@evil.example/picture",
        "file:///etc/passwd",
        "https://[",
        "",
    ],
)
async def test_other_addresses_are_refused(url: str) -> None:
    async with open_downloads() as fetcher:
        with pytest.raises(Elsewhere):
            await fetcher.fetch(Source(url=url, name="x", size=1), "picture")


@pytest.mark.parametrize("path", ["/elsewhere", "/cut", "/missing"])
async def test_redirects_cuts_and_missing_files_are_failures(
    discord: BaseTestServer, path: str
) -> None:
    async with open_downloads(str(discord.make_url("/"))) as fetcher:
        with pytest.raises(DownloadFailed):
            await fetcher.fetch(_source(discord, path), "picture")


async def test_a_declared_size_above_the_cap_is_refused_unfetched() -> None:
    source = Source(url="https://cdn.discordapp.com/x", name="x", size=60_000_000)
    async with open_downloads() as fetcher:
        with pytest.raises(PictureTooLarge) as refused:
            await fetcher.fetch(source, "mask")
    assert refused.value.values["what"] == "mask"


async def test_a_lie_about_the_size_is_found_out(
    discord: BaseTestServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(downloads, "MAX_BYTES", 5000)
    async with open_downloads(str(discord.make_url("/"))) as fetcher:
        with pytest.raises(PictureTooLarge):
            await fetcher.fetch(_source(discord, "/picture", size=10), "picture")
