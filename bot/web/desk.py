"""What the operator's commands ask of a running Easel: over loopback only, with a header of ours.

The header keeps out what a page in a browser on this machine could send. A page whose own name was
made to lead here could send it, but asks for that name.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any, Final

from aiohttp import web

from bot.domain.errors import UserError

HEADER: Final = "X-Easel"
"""The header that every call carries; its value does not matter."""

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class Desk:
    """What can be asked: the stops, trying again at once, and cancelling a request by its code.

    *cancel* raises UserError where the request cannot be cancelled.
    """

    stops: Callable[[], Sequence[Mapping[str, Any]]]
    retry: Callable[[], int]
    cancel: Callable[[str], None]


def desk_routes(desk: Desk) -> list[web.RouteDef]:
    """Return the pages of *desk*."""

    async def stops(request: web.Request) -> web.Response:
        del request
        return web.json_response(desk.stops())

    async def retry(request: web.Request) -> web.Response:
        del request
        return web.json_response({"tried": desk.retry()})

    async def cancel(request: web.Request) -> web.Response:
        try:
            desk.cancel(request.match_info["code"])
        except UserError as error:
            return web.json_response({"refused": type(error).__name__}, status=409)
        return web.json_response({})

    return [
        web.get("/desk/stops", _guarded(stops)),
        web.post("/desk/stops/retry", _guarded(retry)),
        web.post("/desk/jobs/{code}/cancel", _guarded(cancel)),
    ]


def _guarded(handler: Handler) -> Handler:
    async def guarded(request: web.Request) -> web.StreamResponse:
        here = _is_near(request.remote) and _is_near(request.url.host)
        if HEADER not in request.headers or not here:
            raise web.HTTPForbidden
        return await handler(request)

    return guarded


def _is_near(host: str | None) -> bool:
    """Whether *host* is this machine, by a name or number that no page can have."""
    try:
        return host == "localhost" or ip_address(host or "").is_loopback
    except ValueError:
        return False
