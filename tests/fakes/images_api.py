"""A loopback Images API that refuses what the vendor refuses and fails when told to.

In a test: ``async with FakeImages().run() as fake``, then ``fake.url`` is the base URL. As its own
process: ``python -m tests.fakes.images_api --port 0`` prints the base URL; its calls can be read
at ``/_journal`` and the next answers scripted with a POST to ``/_script`` (a list of the fields of
`Fault`). It was written for what the mock server in `tests/fakes/steady` lacks: state, faults,
pictures and the rules that hold between fields.
"""

import argparse
import asyncio
import itertools
import json
from collections import defaultdict, deque
from collections.abc import AsyncGenerator, Iterable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict, dataclass, field
from functools import cache
from typing import Any

from aiohttp import (
    BodyPartReader,
    content_disposition_filename,
    parse_content_disposition,
    web,
)

from tests.fakes import images_streams
from tests.fakes.images_answers import Fault, base64_of, pictures, usage
from tests.fakes.images_rules import (
    COMPATIBLE,
    OPERATIONS,
    RULES,
    RefusedError,
    Request,
    Rules,
    Upload,
    check,
    refuse,
)

WRONG_KEY = "wrong-key"
FINE = Fault()


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request as the fake saw it, and the status it answered (0: cut off)."""

    request: Request
    headers: Mapping[str, str] = field(repr=False)
    status: int
    refused: str | None = None


class FakeImages:
    """The server. *rules* says which models there are; *listed* may give shutdown dates."""

    def __init__(
        self,
        rules: Mapping[str, Rules] = RULES,
        *,
        listed: Mapping[str, str | None] | None = None,
        lists_models: bool = True,
    ) -> None:
        self.url = ""
        self.calls: list[Call] = []
        self.fetched: list[str] = []
        self.files: dict[str, bytes] = {}
        self._rules = rules
        self._listed = dict.fromkeys(rules) if listed is None else dict(listed)
        self._lists_models = lists_models
        self._faults: deque[Fault] = deque()
        self._about: defaultdict[str, deque[Fault]] = defaultdict(deque)
        self._numbers = itertools.count(1)

    def script(self, *faults: Fault) -> None:
        """Meet the next requests with *faults*, one each; later ones are answered well."""
        self._faults.extend(faults)

    def meet(self, prompt: str, *faults: Fault) -> None:
        """Meet the next requests for *prompt* with *faults*, whatever else is asked meanwhile."""
        self._about[prompt].extend(faults)

    def asked(self, prompt: str) -> list[Call]:
        """Return the calls for *prompt*."""
        return [call for call in self.calls if call.request.text("prompt") == prompt]

    @property
    def billed(self) -> int:
        """How many calls may have been charged for: answered well, or cut off."""
        return sum(call.status in (0, 200) for call in self.calls)

    @asynccontextmanager
    async def run(self, port: int = 0) -> AsyncGenerator["FakeImages"]:
        runner = web.AppRunner(self._app(), access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", port).start()
            self.url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
            yield self
        finally:
            await runner.cleanup()

    def _app(self) -> web.Application:
        app = web.Application(client_max_size=64 * 1024**2)
        app.router.add_get("/v1/models", self._models)
        app.router.add_get("/pictures/{name}", self._file)
        app.router.add_get("/redirect", self._redirect)
        app.router.add_get("/huge", self._huge)
        app.router.add_get("/_journal", self._journal)
        app.router.add_post("/_script", self._script)
        for operation in OPERATIONS:
            app.router.add_post(f"/v1/images/{operation}", self._images)
        return app

    # --- images -----------------------------------------------------------------------------

    async def _images(self, message: web.Request) -> web.StreamResponse:
        request = await _request(message)
        faults = self._about[request.text("prompt") or ""] or self._faults
        fault = faults.popleft() if faults else FINE
        await asyncio.sleep(fault.delay)
        if fault.gate is not None and fault.stream is None:
            await fault.gate.wait()
        refused: str | None = None
        try:
            self._check_key(message)
            rules = self._rules_for(request) if fault.check else None
            if rules is not None:
                check(request, rules)
            streams = fault.check and images_streams.wanted(request) and not fault.ignores_stream
            status, body = fault.status, fault.body
            if body is None:
                body = self._answer(request, rules, fault)
                if fault.stream is not None or streams:
                    parts = fault.stream
                    self._note(message, request, 0 if fault.cut else status, None)
                    return await images_streams.send(
                        message,
                        images_streams.told(body, request) if parts is None else parts,
                        fault,
                        request_id=f"req_{len(self.calls)}",
                    )
        except RefusedError as error:
            refused, status, body = str(error), error.status, error.body
            fault = FINE
        self._note(message, request, 0 if fault.cut else status, refused)
        return await self._send(message, status, body, fault)

    def _check_key(self, message: web.Request) -> None:
        given = message.headers.get("Authorization", "")
        if not given.startswith("Bearer ") or given.endswith(WRONG_KEY):
            refuse("Incorrect API key provided.", code="invalid_api_key", status=401)

    def _rules_for(self, request: Request) -> Rules:
        rules = self._rules.get(request.text("model") or "")
        if rules is None:
            name = request.text("model")
            refuse(f"The model '{name}' does not exist.", code="model_not_found", status=404)
        return rules

    def _answer(self, request: Request, rules: Rules | None, fault: Fault) -> dict[str, Any]:
        by_address = rules is not None and rules.by_address
        asked = request.text("response_format") or ("url" if by_address else "b64_json")
        items = fault.items
        if items is None:
            items = [self._item(data, by_address=asked == "url") for data in pictures(request)]
        answer: dict[str, Any] = {"created": 1_795_000_000, "data": items}
        if request.text("model") == "dall-e-3":
            for item in items:
                item["revised_prompt"] = f"A detailed picture: {request.text('prompt')}"
        if rules is not None and not by_address:
            answer["usage"] = usage(request)
        answer.update(fault.fields)
        return {name: value for name, value in answer.items() if value is not None}

    def _item(self, data: bytes, *, by_address: bool) -> dict[str, Any]:
        if not by_address:
            return {"b64_json": base64_of(data)}
        return {"url": self.keep(data)}

    def keep(self, data: bytes, kind: str = "png") -> str:
        """Serve *data* and return its address."""
        name = f"{next(self._numbers)}.{kind}"
        self.files[name] = data
        return f"{self.origin}/pictures/{name}"

    @property
    def origin(self) -> str:
        return self.url.removesuffix("/v1")

    async def _send(
        self, message: web.Request, status: int, body: Mapping[str, Any] | str, fault: Fault
    ) -> web.StreamResponse:
        if fault.cut == "before":
            _close(message)
        is_text = isinstance(body, str)
        data = body.encode() if isinstance(body, str) else json.dumps(body).encode()
        kind = "text/html" if is_text else "application/json"
        request_id = f"req_{len(self.calls)}"
        headers = {"Content-Type": kind, "x-request-id": request_id, **fault.headers}
        if not fault.cut and fault.trickle is None:
            return web.Response(status=status, body=data, headers=headers)
        response = web.StreamResponse(status=status, headers=headers)
        response.content_length = len(data)
        await response.prepare(message)
        if fault.cut:
            await response.write(data[: len(data) // 2])
            _close(message)
            return response
        with suppress(ConnectionError):  # whoever asked has gone
            for byte in data:
                await response.write(bytes([byte]))
                await asyncio.sleep(fault.trickle or 0)
        return response

    def _note(
        self, message: web.Request, request: Request, status: int, refused: str | None
    ) -> None:
        call = Call(request=request, headers=message.headers, status=status, refused=refused)
        self.calls.append(call)

    # --- the rest ---------------------------------------------------------------------------

    async def _models(self, message: web.Request) -> web.Response:
        try:
            self._check_key(message)
        except RefusedError as error:
            return web.json_response(error.body, status=error.status)
        if not self._lists_models:
            return web.Response(status=404)
        rows = [
            {"id": name, "object": "model", "created": 1, "owned_by": "fake", "shutdown_date": ends}
            for name, ends in self._listed.items()
        ]
        return web.json_response({"object": "list", "data": rows})

    async def _file(self, message: web.Request) -> web.Response:
        self.fetched.append(str(message.rel_url))
        data = self.files.get(message.match_info["name"])
        if data is None:
            return web.Response(status=403, text="<Error>AuthenticationFailed</Error>")
        return web.Response(body=data, content_type="application/octet-stream")

    async def _redirect(self, message: web.Request) -> web.Response:
        self.fetched.append(str(message.rel_url))
        raise web.HTTPFound(message.query["to"])

    async def _huge(self, message: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(message)
        await response.write(b"\x89PNG\r\n\x1a\n")
        for _ in range(int(message.query["megabytes"])):
            await response.write(bytes(1_000_000))
        return response

    async def _journal(self, message: web.Request) -> web.Response:
        del message
        return web.json_response([_told(call) for call in self.calls])

    async def _script(self, message: web.Request) -> web.Response:
        self.script(*(Fault(**row) for row in await message.json()))
        return web.Response(status=204)


def _close(message: web.Request) -> None:
    if message.transport is not None:
        message.transport.abort()


def _told(call: Call) -> dict[str, Any]:
    files = {
        name: [{**asdict(upload), "data": base64_of(upload.data)} for upload in uploads]
        for name, uploads in call.request.files.items()
    }
    return {
        "operation": call.request.operation,
        "fields": dict(call.request.fields),
        "files": files,
        "status": call.status,
        "refused": call.refused,
    }


@cache
def _named(disposition: str) -> tuple[str, str | None]:
    """Return the names of a part and its file; aiohttp compiles a pattern anew for each."""
    _, said = parse_content_disposition(disposition)
    return content_disposition_filename(said, "name") or "", content_disposition_filename(said)


async def _request(message: web.Request) -> Request:
    operation = message.path.rpartition("/")[2]
    if message.content_type == "application/json":
        return Request(operation=operation, fields=await message.json())
    fields: dict[str, object] = {}
    files: dict[str, tuple[Upload, ...]] = {}
    async for part in await message.multipart():
        assert isinstance(part, BodyPartReader)
        name, filename = _named(part.headers["Content-Disposition"])
        data = bytes(await part.read())
        if filename is None and "Content-Type" not in part.headers:
            fields[name] = data.decode()
            continue
        upload = Upload(
            filename=filename or "",
            content_type=part.headers.get("Content-Type", ""),
            data=data,
        )
        files[name] = (*files.get(name, ()), upload)
    return Request(operation=operation, fields=fields, files=files)


async def serve(port: int, models: Iterable[str]) -> None:
    """Run until the process is ended."""
    rules = {**RULES, **dict.fromkeys(models, COMPATIBLE)}
    async with FakeImages(rules).run(port) as fake:
        print(fake.url, flush=True)  # noqa: T201
        await asyncio.Event().wait()


def main() -> None:
    parser = argparse.ArgumentParser(description="A loopback Images API for tests.")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--model", action="append", default=[], help="one more compatible model")
    chosen = parser.parse_args()
    asyncio.run(serve(chosen.port, chosen.model))


if __name__ == "__main__":
    main()
