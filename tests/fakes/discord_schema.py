"""Holds JSON against Discord's own OpenAPI file (a cut: `discord_openapi.json`).

The cut is JSON Schema with few keywords, so this small reader suffices. Requests are read closed:
a field that Discord does not list is reported, except what `LISTED_ELSEWHERE` explains.
"""

import json
import re
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias, cast

Json: TypeAlias = dict[str, Any]

CUT = Path(__file__).with_name("discord_openapi.json")

LISTED_ELSEWHERE: dict[str, frozenset[str]] = {
    # Discord's pages list it for commands; the OpenAPI file does not.
    "ApplicationCommandUpdateRequest": frozenset({"nsfw"}),
    "ApplicationCommandCreateRequest": frozenset({"nsfw"}),
    # discord.py sends `"tts": false` with every edit; Discord ignores it.
    "IncomingWebhookUpdateRequestPartial": frozenset({"tts"}),
    "IncomingWebhookUpdateForInteractionCallbackRequestPartial": frozenset({"tts"}),
    "MessageEditRequestPartial": frozenset({"tts"}),
}

MEDIA_CHANNEL = 16
"""On Discord's pages, not in the OpenAPI file; discord.py offers it wherever it offers forums."""

_TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "null": (type(None),),
}


def rows(value: object) -> list[Json]:
    """Read *value* as a list of objects; nothing is an empty one."""
    return cast("list[Json]", value or [])


@cache
def schemas() -> dict[str, Json]:
    return json.loads(CUT.read_text(encoding="utf-8"))["schemas"]


def problems(name: str, value: object, *, closed: bool = True) -> list[str]:
    """Return what is wrong with *value*, one line a fault; empty when nothing is."""
    return _Reader(closed=closed).read({"$ref": name}, value, name)


class _Reader:
    def __init__(self, *, closed: bool) -> None:
        self._closed = closed

    def read(self, schema: Json, value: object, at: str) -> list[str]:
        if "$ref" in schema:
            return self._read_named(cast("str", schema["$ref"]), value, at)
        if "anyOf" in schema:
            return self._read_any(cast("list[Json]", schema["anyOf"]), value, at)
        wrong = _wrong_type(schema, value, at) or _wrong_value(schema, value, at)
        if wrong:
            return wrong
        if isinstance(value, dict):
            return self._read_object(schema, cast("Json", value), at)
        if isinstance(value, list):
            return self._read_array(schema, cast("list[object]", value), at)
        return []

    def _read_named(self, name: str, value: object, at: str) -> list[str]:
        if name == "SnowflakeType" and isinstance(value, int):
            return []  # numbers are taken as well, as in attachments[].id
        if name == "ChannelTypes" and value == MEDIA_CHANNEL:
            return []
        schema = schemas()[name]
        extra = LISTED_ELSEWHERE.get(name)
        if extra and isinstance(value, dict):
            value = {key: item for key, item in cast("Json", value).items() if key not in extra}
        return self.read(schema, value, at)

    def _read_any(self, options: list[Json], value: object, at: str) -> list[str]:
        tries = [self.read(option, value, at) for option in _likely(options, value)]
        return min(tries, key=len, default=[f"{at}: {value!r} is none of the documented kinds"])

    def _read_object(self, schema: Json, value: Json, at: str) -> list[str]:
        known = cast("dict[str, Json]", schema.get("properties", {}))
        others = schema.get("additionalProperties")
        wrong = [
            f"{at}: {key} is missing" for key in schema.get("required", []) if key not in value
        ]
        for key, item in value.items():
            if key in known:
                wrong += self.read(known[key], item, f"{at}.{key}")
            elif isinstance(others, dict):
                wrong += self.read(cast("Json", others), item, f"{at}.{key}")
            elif self._closed and known:
                wrong.append(f"{at}: {key} is not a field that Discord knows")
        return wrong

    def _read_array(self, schema: Json, value: list[object], at: str) -> list[str]:
        least, most = schema.get("minItems", 0), schema.get("maxItems", len(value))
        if not least <= len(value) <= most:
            return [f"{at}: {len(value)} items, allowed are {least} to {most}"]
        items = cast("Json", schema.get("items", {}))
        return [
            line
            for place, item in enumerate(value)
            for line in self.read(items, item, f"{at}[{place}]")
        ]


def _likely(options: list[Json], value: object) -> list[Json]:
    """Return the alternatives worth reading: of the value's kind, and with its fixed `type`."""
    possible = [option for option in options if not _wrong_type(option, value, "")] or options
    if not isinstance(value, dict):
        return possible
    kind = cast("Json", value).get("type")
    return [option for option in possible if kind in _kinds(option)] or possible


def _kinds(option: Json) -> list[object]:
    schema = schemas()[option["$ref"]] if "$ref" in option else option
    kind = cast("Json", schema.get("properties", {})).get("type", {})
    if "$ref" in kind:
        kind = schemas()[kind["$ref"]]
    return cast("list[object]", kind.get("enum", [kind["const"]] if "const" in kind else []))


def _wrong_type(schema: Json, value: object, at: str) -> list[str]:
    named = schema.get("type")
    if named is None:
        return []
    names = cast("list[str]", named if isinstance(named, list) else [named])
    if isinstance(value, bool):
        fits = "boolean" in names
    else:
        fits = any(isinstance(value, _TYPES[name]) for name in names)
    return [] if fits else [f"{at}: {value!r} is not {' or '.join(names)}"]


def _wrong_value(schema: Json, value: object, at: str) -> list[str]:
    if "const" in schema and value != schema["const"]:
        return [f"{at}: {value!r} is not {schema['const']!r}"]
    if "enum" in schema and value not in schema["enum"]:
        return [f"{at}: {value!r} is not one of {schema['enum']!r}"]
    if isinstance(value, str):
        return _wrong_text(schema, value, at)
    if isinstance(value, int | float) and not isinstance(value, bool):
        least, most = schema.get("minimum", value), schema.get("maximum", value)
        return [] if least <= value <= most else [f"{at}: {value} is not within {least} to {most}"]
    return []


def _wrong_text(schema: Json, value: str, at: str) -> list[str]:
    least, most = schema.get("minLength", 0), schema.get("maxLength", len(value))
    if not least <= len(value) <= most:
        return [f"{at}: {len(value)} characters, allowed are {least} to {most}"]
    if schema.get("format") == "uri" and not re.match(r"[a-z][a-z0-9+.-]*://.", value):
        return [f"{at}: {value!r} is not a URL"]
    if "pattern" in schema and not re.search(schema["pattern"], value):
        return [f"{at}: {value!r} does not match {schema['pattern']}"]
    return []
