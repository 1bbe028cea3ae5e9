"""The fake Images API refuses what the vendor refuses; as a process it serves and tells."""

import asyncio
import json
import sys
from collections.abc import AsyncGenerator
from typing import Any

import httpx2
import pytest
from PIL import Image

from tests.fakes.images_answers import base64_of
from tests.fakes.images_api import FakeImages
from tests.providers.pictures import mask, png, square

Files = dict[str, tuple[str, bytes, str]]

RGB = png(Image.new("RGB", (256, 256)))
OBLONG = png(Image.new("RGBA", (256, 128)))
IMAGE = ("image.png", square(), "image/png")


@pytest.fixture
async def client(fake: FakeImages) -> AsyncGenerator[httpx2.AsyncClient]:
    headers = {"Authorization": "Bearer sk-test"}
    async with httpx2.AsyncClient(base_url=fake.url, headers=headers) as opened:
        yield opened


BAD_FIELDS: dict[str, dict[str, Any]] = {
    "unknown parameter": {"model": "gpt-image-2", "prompt": "x", "seed": 1},
    "response_format on gpt-image": {
        "model": "gpt-image-2",
        "prompt": "x",
        "response_format": "b64_json",
    },
    "quality of another family": {"model": "gpt-image-2", "prompt": "x", "quality": "hd"},
    "xhigh before 2.5": {"model": "gpt-image-2", "prompt": "x", "quality": "xhigh"},
    "style on dall-e-2": {"model": "dall-e-2", "prompt": "x", "style": "vivid"},
    "two at once on dall-e-3": {"model": "dall-e-3", "prompt": "x", "n": 2},
    "eleven at once": {"model": "gpt-image-2", "prompt": "x", "n": 11},
    "a size too small": {"model": "gpt-image-2", "prompt": "x", "size": "256x256"},
    "a size off the grid": {"model": "gpt-image-2", "prompt": "x", "size": "1000x1000"},
    "another family's size": {"model": "dall-e-2", "prompt": "x", "size": "1536x1024"},
    "too many words": {"model": "dall-e-2", "prompt": "x" * 1001},
    "no words": {"model": "dall-e-2"},
}


@pytest.mark.parametrize("name", BAD_FIELDS)
async def test_bad_fields_are_refused(client: httpx2.AsyncClient, name: str) -> None:
    answer = await client.post("/images/generations", json=BAD_FIELDS[name])
    assert answer.status_code == 400
    assert answer.json()["error"]["type"] == "invalid_request_error"


BAD_FILES: dict[str, tuple[str, Files]] = {
    "no picture": ("dall-e-2", {"mask": IMAGE}),
    "an octet stream": ("gpt-image-2", {"image": ("x", square(), "application/octet-stream")}),
    "a name without an ending": ("gpt-image-2", {"image": ("x", square(), "image/png")}),
    "not a picture": ("gpt-image-2", {"image": ("x.png", b"no", "image/png")}),
    "RGB": ("dall-e-2", {"image": ("x.png", RGB, "image/png"), "mask": IMAGE}),
    "oblong": ("dall-e-2", {"image": ("x.png", OBLONG, "image/png")}),
    "opaque and no mask": ("dall-e-2", {"image": IMAGE}),
    "a mask of another size": (
        "gpt-image-2",
        {"image": IMAGE, "mask": ("mask.png", mask(128), "image/png")},
    ),
    "a mask without a hole": ("gpt-image-2", {"image": IMAGE, "mask": IMAGE}),
    "4 MB": ("dall-e-2", {"image": ("x.png", square() + bytes(4_000_000), "image/png")}),
    "another field": ("gpt-image-2", {"picture": IMAGE}),
    "no edits": ("dall-e-3", {"image": IMAGE}),
}


@pytest.mark.parametrize("name", BAD_FILES)
async def test_bad_files_are_refused(client: httpx2.AsyncClient, name: str) -> None:
    model, files = BAD_FILES[name]
    fields = {"model": model, "prompt": "x"}
    answer = await client.post("/images/edits", data=fields, files=files)
    assert answer.status_code in (400, 404)


async def test_variations_take_no_mask_and_generations_no_file(
    client: httpx2.AsyncClient,
) -> None:
    files = {"image": IMAGE, "mask": ("mask.png", mask(), "image/png")}
    answer = await client.post("/images/variations", data={"model": "dall-e-2"}, files=files)
    assert answer.json()["error"]["param"] == "mask"
    fields = {"model": "dall-e-2", "prompt": "x"}
    answer = await client.post("/images/generations", data=fields, files={"image": IMAGE})
    assert answer.status_code == 400


async def test_no_key_and_no_such_model(client: httpx2.AsyncClient) -> None:
    fields = {"model": "gpt-image-9", "prompt": "x"}
    assert (await client.post("/images/generations", json=fields)).status_code == 404
    client.headers.pop("Authorization")
    assert (await client.post("/images/generations", json=fields)).status_code == 401
    assert (await client.get("/models")).status_code == 401


async def test_addresses_are_the_default_of_the_old_family(
    client: httpx2.AsyncClient, fake: FakeImages
) -> None:
    answer = await client.post("/images/generations", json={"model": "dall-e-2", "prompt": "x"})
    (item,) = answer.json()["data"]
    assert (await client.get(item["url"])).content.startswith(b"\x89PNG")
    assert fake.fetched


async def test_it_runs_as_a_process() -> None:
    command = [sys.executable, "-m", "tests.fakes.images_api", "--port", "0", "--model", "our"]
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    try:
        assert process.stdout is not None
        url = (await process.stdout.readline()).decode().strip()
        origin = url.removesuffix("/v1")
        async with httpx2.AsyncClient(headers={"Authorization": "Bearer sk"}) as http:
            await http.post(f"{origin}/_script", json=[{"status": 500, "body": "x"}])
            fields = {"model": "our", "prompt": "x", "response_format": "b64_json"}
            first = await http.post(f"{url}/images/generations", json=fields)
            second = await http.post(f"{url}/images/generations", json=fields)
            files: Files = {"image": IMAGE}
            await http.post(f"{url}/images/edits", data=fields, files=files)
            journal = json.loads((await http.get(f"{origin}/_journal")).text)
    finally:
        process.terminate()
        await process.wait()
    assert (first.status_code, second.status_code) == (500, 200)
    assert [call["operation"] for call in journal] == ["generations", "generations", "edits"]
    assert [call["status"] for call in journal] == [500, 200, 200]
    assert journal[2]["files"]["image"][0]["data"] == base64_of(square())
