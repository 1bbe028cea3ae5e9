"""The least of an Images API: a ready-made picture after a delay, and a count of each prompt.

A process of its own: ``python benchmarks/ready_answers.py SECONDS FILE`` prints its base URL. It
reads nothing of a request but the words ``ask-NUMBER`` in its prompt, so it takes little of a
machine that is being measured. Which were asked how often is told at ``/_asked``.
"""

import asyncio
import json
import re
import sys
from base64 import b64encode
from collections import Counter
from pathlib import Path

from aiohttp import web

ASKED = re.compile(rb"ask-\d+")


class ReadyAnswers:
    """Answers every call with the same picture."""

    def __init__(self, seconds: float, picture: bytes) -> None:
        self._seconds = seconds
        self._asked: Counter[str] = Counter()
        item = {"b64_json": b64encode(picture).decode()}
        usage = {"input_tokens": 10, "output_tokens": 196, "total_tokens": 206}
        self._body = json.dumps({"created": 1_795_000_000, "data": [item], "usage": usage}).encode()

    def app(self) -> web.Application:
        """Return what is served."""
        app = web.Application(client_max_size=256 * 1024**2)
        app.router.add_post("/v1/images/{operation}", self._images)
        app.router.add_get("/_asked", self._told)
        return app

    async def _images(self, request: web.Request) -> web.Response:
        self._asked.update(found.decode() for found in ASKED.findall(await request.read()))
        await asyncio.sleep(self._seconds)
        return web.Response(body=self._body, content_type="application/json")

    async def _told(self, request: web.Request) -> web.Response:
        del request
        return web.json_response(self._asked)


async def serve(seconds: float, picture: bytes) -> None:
    """Run until the process is ended."""
    runner = web.AppRunner(ReadyAnswers(seconds, picture).app(), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(f"http://127.0.0.1:{runner.addresses[0][1]}/v1", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(float(sys.argv[1]), Path(sys.argv[2]).read_bytes()))
