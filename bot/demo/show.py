"""``easel demo``: the whole bot on a simulated server, in a page of the local browser."""

import asyncio
import os
import shutil
import signal
import socket
import sys
import webbrowser
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager, suppress
from tempfile import TemporaryDirectory
from typing import Final

import click

from bot.bootstrap import open_services, open_settings_provider
from bot.client import EaselClient
from bot.demo.simulation import keep_alive, open_page, open_simulation
from bot.demo.stand_ins import Parking, SimulatedDownloads, Unhurried
from bot.domain.errors import SetupError
from bot.settings import load_settings

PORT: Final = 8765
"""Where the page is, unless somebody else is there."""

PLAY_PRICE: Final = "0.02"
"""Dollars that a picture counts, so that there is something to see of budgets and prices."""

_PATIENCE: Final = 2.0  # seconds for an orderly end

_HINTS: Final = """\
Easel's demo is ready. Open this page in a browser:

  {url}

It is a simulation on this machine: no token, no key; nothing is sent anywhere, and the prices are
play money.
To try, in the message box at the bottom of the page:

  /imagine   for example "a balloon over a snowy forest"
  /edit      with a picture of yours as "image"
  /vary      with the same picture, or press Edit or Vary under a result
  /usage me, /quota show; as Greta (choose her above) /quota panel, /settings panel, /modlog

Ctrl-C ends it. Nothing is kept.
"""


def show_demo(extensions: Sequence[str], *, port: int | None = None, browser: bool = True) -> None:
    """Show the bot until Ctrl-C, SIGTERM or *End preview session* in the page.

    *port* None takes `PORT`, or any that is free where that is taken; 0 any.
    *browser* says whether to open the page for the one who looks.

    Raises:
        SetupError: somebody else is on the port that was chosen.
    """
    with (
        TemporaryDirectory(prefix="easel-demo-", ignore_cleanup_errors=True) as directory,
        suppress(asyncio.CancelledError, KeyboardInterrupt),
    ):
        asyncio.run(_show(directory, extensions, _free(port), browser=browser))
    sys.unraisablehook = _unheard


async def _show(directory: str, extensions: Sequence[str], port: int, *, browser: bool) -> None:
    _end_on_signals(directory)
    async with (
        _open_client(directory, extensions) as (client, parking),
        open_simulation(client) as env,
    ):
        parking.env = env
        async with open_page(env, client, port) as page:
            click.echo(_HINTS.format(url=page.url))
            if browser:
                await asyncio.to_thread(webbrowser.open, page.url)
            await keep_alive(env, page)


@asynccontextmanager
async def _open_client(
    directory: str, extensions: Sequence[str]
) -> AsyncGenerator[tuple[EaselClient, Parking]]:
    parking, downloads = Parking(), SimulatedDownloads()
    settings = load_settings(
        {
            "IMAGE_PROVIDER": "sketch",
            "UNKNOWN_PRICE_DOLLARS": PLAY_PRICE,
            "DATABASE_URL": f"sqlite+aiosqlite:///{directory}/demo.db",
        }
    )
    async with (
        open_settings_provider(settings) as sketch,
        open_services(
            settings, park=parking, downloads=downloads, provider=Unhurried(sketch, parking)
        ) as services,
    ):
        client = EaselClient(services, extensions)
        downloads.client = client
        try:
            yield client, parking
        finally:
            parking.env = None
            await services.studio.close(0)


def _end_on_signals(directory: str) -> None:
    """Let SIGINT and SIGTERM end the running task, whatever it is at, and the process soon after.

    What does not close in time is left behind; *directory* never is.
    """
    loop, showing = asyncio.get_running_loop(), asyncio.current_task()

    def end() -> None:
        if showing is not None:
            showing.cancel()
        loop.call_later(_PATIENCE, leave)

    def leave() -> None:
        shutil.rmtree(directory, ignore_errors=True)
        os._exit(0)

    for each in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(each, end)


def _unheard(_: object) -> None:
    """Say nothing of a pipe that simcord forgot: it closes with the process, which ends now."""


def _free(port: int | None) -> int:
    """Return the port to ask for; 0 is any that is free.

    Raises:
        SetupError: somebody else is on the port that was chosen.
    """
    wanted = PORT if port is None else port
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", wanted))
        except OSError:
            if port is not None:
                raise SetupError(f"Port {port} is taken; choose another, or 0 for any.") from None
            return 0
    return wanted
