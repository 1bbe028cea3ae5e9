"""The one downloader: attachments, from Discord's own hosts only, streamed under a cap."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Final, Protocol

import aiohttp
from yarl import URL

from bot.domain.asks import Source
from bot.domain.errors import DownloadFailed, Elsewhere, PictureTooLarge

MAX_BYTES: Final = 50_000_000
"""What Easel accepts of one attachment."""

_DISCORD_HOSTS: Final = frozenset(
    {
        "cdn.discordapp.com",
        "media.discordapp.net",
        "images-ext-1.discordapp.net",  # Discord's copies of what embeds show from elsewhere
        "images-ext-2.discordapp.net",
    }
)
_CHUNK: Final = 256 * 1024
_OK: Final = 200
_TIMEOUT: Final = aiohttp.ClientTimeout(total=60, sock_connect=10)


def is_at_discord(address: str) -> bool:
    """Whether *address* is one of Discord's own for files."""
    try:
        url = URL(address)
    except ValueError:
        return False
    return url.scheme == "https" and url.host in _DISCORD_HOSTS


class Downloader(Protocol):
    """Fetches attachments: from Discord, or from a simulated one."""

    async def fetch(self, source: Source, what: str) -> bytes:
        """Return the bytes of *source*; *what* names it in errors ("picture" or "mask").

        Raises:
            PictureTooLarge: more than `MAX_BYTES`, as declared or as received.
            DownloadFailed: no answer; as `Elsewhere`, not one of Discord's addresses.
        """
        ...


class Downloads:
    """Fetches what members attached.

    *proxy* is the Discord API's address where it is not Discord's own; its files come from there.
    """

    def __init__(self, session: aiohttp.ClientSession, proxy: str | None = None) -> None:
        self._session = session
        self._proxy = URL(proxy).origin() if proxy else None

    async def fetch(self, source: Source, what: str) -> bytes:
        """Return the bytes of *source*, as `Downloader` says."""
        url = self._allowed(source, what)
        try:
            async with self._session.get(url, allow_redirects=False, timeout=_TIMEOUT) as answer:
                if answer.status != _OK:
                    raise DownloadFailed(what=what)
                return await _read(answer, what)
        except (aiohttp.ClientError, TimeoutError) as error:
            raise DownloadFailed(what=what) from error

    def _allowed(self, source: Source, what: str) -> URL:
        if source.size > MAX_BYTES:
            raise _too_large(source.size, what)
        try:
            url = URL(source.url)
            if is_at_discord(source.url) or (self._proxy and url.origin() == self._proxy):
                return url
        except ValueError:
            pass
        raise Elsewhere(what=what)


@asynccontextmanager
async def open_downloads(proxy: str | None = None) -> AsyncGenerator[Downloads]:
    """Open the downloader with a session of its own: no cookies, no environment proxies."""
    jar = aiohttp.DummyCookieJar()
    async with aiohttp.ClientSession(cookie_jar=jar, auto_decompress=False) as session:
        yield Downloads(session, proxy)


async def _read(answer: aiohttp.ClientResponse, what: str) -> bytes:
    data = bytearray()
    async for chunk in answer.content.iter_chunked(_CHUNK):
        data += chunk
        if len(data) > MAX_BYTES:
            raise _too_large(len(data), what)
    return bytes(data)


def _too_large(size: int, what: str) -> PictureTooLarge:
    return PictureTooLarge(
        what=what, size=f"{size / 1e6:.0f} MB", limit=f"{MAX_BYTES / 1e6:.0f} MB"
    )
