"""Asks running Easels for their pages: /metrics, and what the operator's desk answers."""

import json
from collections.abc import Sequence
from typing import Any, Final
from urllib.error import HTTPError, URLError
from urllib.request import ProxyHandler, Request, build_opener

from bot.domain.errors import SetupError
from bot.settings import Settings
from bot.web.desk import HEADER

_SECONDS: Final = 5.0


def addresses(settings: Settings, given: Sequence[str] = ()) -> list[str]:
    """Return the pages' addresses, as HOST:PORT: those *given*, or this machine's.

    Raises:
        SetupError: one is none such, or none is given and the settings say that there are no pages.
    """
    if given:
        return [_checked(each) for each in given]
    if settings.health_port is None:
        raise SetupError(
            "HEALTH_PORT is not set, so a running Easel cannot be asked; set it (8080, say) for "
            "Easel and for this command, and start Easel again."
        )
    host = "127.0.0.1" if settings.health_host in {"0.0.0.0", "::"} else settings.health_host  # noqa: S104 - what is listened on, not what is opened
    return [f"[{host}]:{settings.health_port}" if ":" in host else f"{host}:{settings.health_port}"]


def _checked(address: str) -> str:
    host, _, port = address.rpartition(":")
    if not host or "/" in host or not (port.isdecimal() and 0 < int(port) < 1 << 16):
        raise SetupError(f"{address} is no HOST:PORT; write it as in 127.0.0.1:8080.")
    return address


def fetch(address: str, path: str, *, post: bool = False) -> str:
    """Return the page *path* of the Easel at *address*.

    Raises:
        SetupError: nobody answers there, or something that is not Easel.
        Refused: it does not do that.
    """
    method = "POST" if post else "GET"
    request = Request(f"http://{address}{path}", method=method, headers={HEADER: "1"})
    opener = build_opener(ProxyHandler({}))  # no proxy leads to this machine
    try:
        with opener.open(request, timeout=_SECONDS) as answer:
            return answer.read().decode()
    except HTTPError as error:
        if error.code == Refused.STATUS:
            raise Refused(json.loads(error.read())["refused"]) from None
        raise SetupError(f"What answers at {address} is no Easel of this version.") from error
    except (URLError, OSError, ValueError) as error:
        raise SetupError(
            f"No Easel answers at {address}; is it running, with this HEALTH_PORT?"
        ) from error


def ask(address: str, path: str, *, post: bool = False) -> Any:  # noqa: ANN401 - JSON
    """Return what the operator's desk answers; raises as `fetch` does."""
    return json.loads(fetch(address, path, post=post))


class Refused(Exception):  # noqa: N818 - an answer
    """Easel does not do that; the text is the name of the error."""

    STATUS: Final = 409
