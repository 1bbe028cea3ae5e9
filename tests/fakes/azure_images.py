"""The little of an Azure OpenAI resource that Easel uses: paths, the key's header, errors."""

import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from aiohttp import web

from tests.fakes.images_answers import base64_of, pictures, usage
from tests.fakes.images_rules import Request

KEY = "azure-key"

FILTERED = {
    "error": {
        "message": "The response was filtered due to the prompt.",
        "code": "contentFilter",
        "inner_error": {
            "code": "ResponsibleAIPolicyViolation",
            "content_filter_results": {"hate": {"filtered": True, "severity": "high"}},
        },
    }
}


class FakeAzure:
    """The resource, with one deployment. A prompt with "forbidden" in it is filtered."""

    def __init__(self, deployment: str, version: str) -> None:
        self.url = ""
        self.asked: list[Request] = []
        self.refused: list[str] = []
        self._deployment = deployment
        self._version = version

    @asynccontextmanager
    async def run(self) -> AsyncGenerator["FakeAzure"]:
        app = web.Application(client_max_size=64 * 1024**2)
        app.router.add_post("/openai/deployments/{name}/images/{operation}", self._images)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
            yield self
        finally:
            await runner.cleanup()

    async def _images(self, message: web.Request) -> web.Response:
        wrong = self._wrong(message)
        if wrong is not None:
            status, code = wrong
            self.refused.append(code)
            return web.json_response({"error": {"code": code, "message": "No."}}, status=status)
        request = await _request(message)
        self.asked.append(request)
        if "forbidden" in (request.text("prompt") or ""):
            return web.json_response(FILTERED, status=400)
        made = [{"b64_json": base64_of(data)} for data in pictures(request)]
        answer = {"created": 1, "data": made, "usage": usage(request)}
        return web.Response(text=json.dumps(answer), content_type="application/json")

    def _wrong(self, message: web.Request) -> tuple[int, str] | None:
        if message.headers.get("api-key") != KEY or "Authorization" in message.headers:
            return 401, "401"
        if message.query.get("api-version") != self._version:
            return 404, "404"
        if message.match_info["name"] != self._deployment:
            return 404, "DeploymentNotFound"
        return None


async def _request(message: web.Request) -> Request:
    operation = message.match_info["operation"]
    if message.content_type == "application/json":
        return Request(operation=operation, fields=await message.json())
    form = await message.post()
    fields = {name: value for name, value in form.items() if isinstance(value, str)}
    return Request(operation=operation, fields=fields)
