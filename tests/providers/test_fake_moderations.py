"""The fake moderation endpoint: it must refuse what the vendor refuses, else it proves nothing."""

from collections.abc import AsyncGenerator
from typing import Any

import httpx2
import pytest

from tests.fakes.images_answers import base64_of
from tests.fakes.moderations_api import MOST_WORDS, FakeModerations
from tests.providers.pictures import square

MODEL = "omni-moderation-latest"
KEY = {"Authorization": "Bearer sk-test"}


@pytest.fixture
async def fake() -> AsyncGenerator[FakeModerations]:
    async with FakeModerations().run() as running:
        yield running


def image(url: str) -> dict[str, Any]:
    return {"type": "image_url", "image_url": {"url": url}}


def data_url(data: bytes, kind: str = "image/png") -> str:
    return f"data:{kind};base64,{base64_of(data)}"


WHOLE = image(data_url(square(8)))


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ({"input": "a fox"}, 404),
        ({"model": "text-moderation-latest", "input": "a fox"}, 404),
        ({"model": MODEL}, 400),
        ({"model": MODEL, "input": ""}, 400),
        ({"model": MODEL, "input": []}, 400),
        ({"model": MODEL, "input": 7}, 400),
        ({"model": MODEL, "input": "x" * (MOST_WORDS + 1)}, 400),
        ({"model": MODEL, "input": "a fox", "user": "ann"}, 400),
        ({"model": MODEL, "input": [WHOLE, WHOLE]}, 400),
        ({"model": MODEL, "input": [image("https://pictures.example/fox.png")]}, 400),
        ({"model": MODEL, "input": [image(data_url(square(8), "image/jpeg"))]}, 400),
        ({"model": MODEL, "input": [image(data_url(square(8)[:60]))]}, 400),
        ({"model": MODEL, "input": [image(data_url(b"<svg/>"))]}, 400),
        ({"model": MODEL, "input": [image(data_url(square(8)) + "%")]}, 400),
        ({"model": MODEL, "input": [image(data_url(square(8) + bytes(20_000_000)))]}, 400),
        ({"model": MODEL, "input": [{"type": "image", "data": "x"}]}, 400),
        ({"model": MODEL, "input": ["a fox", {"type": "text", "text": "two"}, WHOLE]}, 200),
    ],
)
async def test_what_the_vendor_refuses(
    asked: dict[str, Any], status: int, fake: FakeModerations
) -> None:
    async with httpx2.AsyncClient(headers=KEY) as http:
        answer = await http.post(f"{fake.url}/moderations", json=asked)
    assert answer.status_code == status
    assert (fake.asked[0].refused is None) is (status == 200)


async def test_a_key_is_needed(fake: FakeModerations) -> None:
    async with httpx2.AsyncClient() as http:
        answer = await http.post(f"{fake.url}/moderations", json={"model": MODEL, "input": "a fox"})
    assert answer.status_code == 401
