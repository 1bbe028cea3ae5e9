"""What the loopback Discord refuses in a message, and how its component trees are read."""

import copy
from collections.abc import Iterator
from typing import Any, cast

from tests.fakes.discord_posts import COMPONENTS_V2, Message
from tests.fakes.discord_schema import Json
from tests.fakes.discord_world import Channel, Guild

MAX_CONTENT = 2000
MAX_EMBED_TEXT = 6000
MAX_V2_TEXT = 4000
MAX_COMPONENTS = 40

BUTTON, TEXT_DISPLAY, GALLERY = 2, 10, 12


class Refusal(Exception):  # noqa: N818 - named by what happened, as in bot.domain.errors
    """An answer of Discord's that is not a success: HTTP status, JSON error code, words."""

    def __init__(self, status: int, code: int, message: str, *lines: str) -> None:
        super().__init__(f"{status}/{code} {message} {'; '.join(lines)}")
        self.status = status
        self.code = code
        self.message = message
        self.lines = lines


def invalid(*lines: str) -> Refusal:
    return Refusal(400, 50035, "Invalid Form Body", *lines)


def may(guild: Guild | None, user_id: int, channel: Channel, bit: int) -> bool:
    return guild is None or guild.permissions(user_id, channel) & bit == bit


def walk(value: object) -> Iterator[Json]:
    if isinstance(value, dict):
        yield cast("Json", value)
        for item in cast("Json", value).values():
            yield from walk(item)
    elif isinstance(value, list):
        for item in cast("list[object]", value):
            yield from walk(item)


def components(tree: list[Json]) -> Iterator[Json]:
    """Yield every component of a message or modal, the outer ones first."""
    for item in tree:
        if isinstance(item.get("type"), int):
            yield item
        yield from components(cast("list[Json]", item.get("components") or []))
        for key in ("accessory", "component"):
            if isinstance(item.get(key), dict):
                yield from components([item[key]])


def texts(tree: list[Json]) -> list[str]:
    return [str(item["content"]) for item in components(tree) if item["type"] == TEXT_DISPLAY]


def numbered(component: Json, counter: Iterator[int]) -> Json:
    """Return the component with the ids and defaults that Discord fills in."""
    made = copy.deepcopy(component)
    for item in components([made]):
        item.setdefault("id", next(counter))
        if item["type"] in {3, 5, 6, 7, 8}:
            item.setdefault("min_values", 1)
            item.setdefault("max_values", 1)
        if item["type"] == GALLERY:
            for picture in cast("list[Json]", item["items"]):
                picture.setdefault("description", None)
                picture.setdefault("spoiler", False)
    return {key: value for key, value in made.items() if value is not None}


def check(message: Message) -> None:
    tree = list(components(message.components))
    if message.flags & COMPONENTS_V2:
        _check_v2(message, tree)
    elif len(message.content) > MAX_CONTENT:
        raise invalid(f"content: {len(message.content)} characters, allowed are {MAX_CONTENT}")
    elif any(item["type"] not in {1, 2, 3, 5, 6, 7, 8} for item in tree):
        raise invalid("components: these kinds need the flag of Components V2")
    elif len(message.components) > 5:
        raise invalid(f"components: {len(message.components)} rows, allowed are 5")
    something = message.content or message.embeds or message.components or message.files
    if not something and not message.loading:
        raise Refusal(400, 50006, "Cannot send an empty message")
    ids = [item["custom_id"] for item in tree if item.get("custom_id")]
    if len(ids) != len(set(ids)):
        raise invalid(f"components: a custom_id is used twice in {ids}")
    for item in tree:
        if item["type"] == BUTTON:
            _check_button(item)
    if sum(map(_embed_text, message.embeds)) > MAX_EMBED_TEXT:
        raise invalid(f"embeds: more than {MAX_EMBED_TEXT} characters in all")
    _check_references(message)


def _check_v2(message: Message, tree: list[Json]) -> None:
    if message.content or message.embeds:
        raise invalid("flags: a Components V2 message has neither content nor embeds")
    if len(tree) > MAX_COMPONENTS:
        raise invalid(f"components: {len(tree)} in all, allowed are {MAX_COMPONENTS}")
    if sum(map(len, texts(tree))) > MAX_V2_TEXT:
        raise invalid(f"components: more than {MAX_V2_TEXT} characters in all")


def _check_button(item: Json) -> None:
    style = item["style"]
    linked, pressed = style == 5, style in {1, 2, 3, 4}
    if linked and (not item.get("url") or item.get("custom_id")):
        raise invalid("components: a link button has a url and no custom_id")
    if pressed and (not item.get("custom_id") or item.get("url")):
        raise invalid("components: a button has a custom_id and no url")
    if not item.get("label") and not item.get("emoji") and style != 6:
        raise invalid("components: a button needs a label or an emoji")


def _check_references(message: Message) -> None:
    names = {stored.name for stored in message.files}
    for item in walk([*message.embeds, *message.components]):
        url: Any = item.get("url")
        if isinstance(url, str) and url.startswith("attachment://"):
            name = url.removeprefix("attachment://")
            if name not in names:
                raise invalid(f"{url} is no file of the message")


def _embed_text(embed: Json) -> int:
    parts = [embed.get("title"), embed.get("description")]
    parts += [cast("Json", embed.get("footer") or {}).get("text")]
    parts += [cast("Json", embed.get("author") or {}).get("name")]
    for item in cast("list[Json]", embed.get("fields") or []):
        parts += [item["name"], item["value"]]
    return sum(len(part) for part in parts if part)
