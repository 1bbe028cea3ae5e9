"""What is known of a file before it is fetched."""

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import discord
import pytest

from bot.domain.pictures import Size
from bot.ui.asking import source_of, sources_of

NONE: Mapping[str, int | None] = {}


def _attachment(number: int = 1, pixels: Mapping[str, int | None] = NONE) -> discord.Attachment:
    data: Any = {
        "id": str(number),
        "filename": f"picture-{number}.png",
        "size": 100,
        "url": f"https://cdn.discordapp.com/{number}.png",
        "proxy_url": "",
        **pixels,
    }
    state: Any = SimpleNamespace(http=None)
    return discord.Attachment(data=data, state=state)


@pytest.mark.parametrize(
    ("values", "pixels"),
    [
        ({"width": 640, "height": 480}, Size(640, 480)),
        ({}, None),
        ({"width": None, "height": None}, None),
        ({"width": 0, "height": 480}, None),
    ],
)
def test_a_pictures_size_is_known_where_discord_says_it(
    values: dict[str, int | None], pixels: Size | None
) -> None:
    source = source_of(_attachment(pixels=values))

    assert source is not None
    assert source.pixels == pixels
    assert (source.name, source.size) == ("picture-1.png", 100)


def test_only_what_was_given_is_a_source() -> None:
    assert source_of(None) is None
    assert [each.name for each in sources_of(None, _attachment(2), None, _attachment(4))] == [
        "picture-2.png",
        "picture-4.png",
    ]
