"""Pictures that a server answers as an address: fetched at once, from hosts that may be asked.

The address is the server's word, not ours: a compromised or careless one must not make the bot
read from the operator's own network. So only the server itself and listed hosts are asked,
nothing is followed, and no more is read than a picture can have.
"""

import asyncio
from http import HTTPStatus

import httpx2

from bot.domain.errors import NonsenseAnswer
from bot.providers.answers import MAX_PICTURE

VENDOR_HOSTS = (
    "oaidalleapiprodscus.blob.core.windows.net",
    "dalleprodsec.blob.core.windows.net",
    "dalleproduse.blob.core.windows.net",
)
"""Where the vendor's own and its cloud partner's servers put pictures for an hour."""

_HTTPS_PORT = 443
_HERE = frozenset({"0.0.0.0", "localhost", "127.0.0.1", "::", "::1"})  # noqa: S104


class Links:
    """Fetches pictures for one server.

    A host in *extra_hosts* that begins with a dot stands for every host below it; one with a port
    stands for that port alone, one without for https's own.
    """

    def __init__(
        self,
        http: httpx2.AsyncClient,
        *,
        base_url: str,
        api_key: str | None = None,
        extra_hosts: tuple[str, ...] = (),
        seconds: float = 60,
    ) -> None:
        self._http = http
        self._base = httpx2.URL(base_url.rstrip("/") + "/")
        self._api_key = api_key
        self._hosts = tuple(_host_and_port(host) for host in (*VENDOR_HOSTS, *extra_hosts))
        self._seconds = seconds

    async def fetch(self, address: str) -> bytes:
        """Return the bytes at *address*, at most `MAX_PICTURE`.

        Raises:
            NonsenseAnswer: the address may not be asked, is gone, redirects, or sends too much.
        """
        url = self.resolve(address)
        headers = {"Accept": "image/*"}
        if self._api_key and _origin(url) == _origin(self._base):
            headers["Authorization"] = f"Bearer {self._api_key}"
        try:
            async with asyncio.timeout(self._seconds):
                try:
                    return await self._read(url, headers)
                except httpx2.NetworkError:  # the picture is paid for: one more try costs nothing
                    return await self._read(url, headers)
        except (TimeoutError, httpx2.HTTPError, httpx2.StreamError) as error:
            raise NonsenseAnswer(
                operator=f"The picture's address could not be read ({type(error).__name__})."
            ) from error

    def resolve(self, address: str) -> httpx2.URL:
        """Return where *address* points to, seen from here.

        Relative addresses belong to the server; one that names itself by a loopback or "any"
        address is meant by that too. Raises NonsenseAnswer where it may not be asked.
        """
        try:
            url = self._base.join(address)
        except (httpx2.InvalidURL, ValueError):
            raise NonsenseAnswer(operator="The picture's address is none.") from None
        if url.host in _HERE:
            url = url.copy_with(
                scheme=self._base.scheme, host=self._base.host, port=self._base.port
            )
        if url.userinfo or not (_origin(url) == _origin(self._base) or self._is_listed(url)):
            raise NonsenseAnswer(
                operator="The picture lies on a host that is not the server's own; "
                "list it in the settings if that is right."
            )
        return url

    def _is_listed(self, url: httpx2.URL) -> bool:
        return url.scheme == "https" and any(
            (url.port or _HTTPS_PORT) == port
            and (url.host == host or (host.startswith(".") and url.host.endswith(host)))
            for host, port in self._hosts
        )

    async def _read(self, url: httpx2.URL, headers: dict[str, str]) -> bytes:
        parts: list[bytes] = []
        size = 0
        async with self._http.stream("GET", url, headers=headers, follow_redirects=False) as answer:
            if answer.status_code != HTTPStatus.OK:
                raise NonsenseAnswer(
                    operator=f"The picture's address answered {answer.status_code}."
                )
            async for part in answer.aiter_bytes():
                size += len(part)
                if size > MAX_PICTURE:
                    raise NonsenseAnswer(operator="The picture's address sends too much.")
                parts.append(part)
        return b"".join(parts)


def _host_and_port(entry: str) -> tuple[str, int]:
    host, _, port = entry.lower().partition(":")
    return host, int(port or _HTTPS_PORT)


def _origin(url: httpx2.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port
