"""What Discord asks of registered commands beyond their shapes, and how it keeps them."""

import re
from typing import cast

from tests.fakes.discord_checks import invalid
from tests.fakes.discord_schema import Json, rows
from tests.fakes.discord_world import Snowflakes

SUBCOMMAND, GROUP = 1, 2
CHAT, USER_MENU, MESSAGE_MENU = 1, 2, 3
LIMITS = {CHAT: 100, USER_MENU: 15, MESSAGE_MENU: 15}
MAX_TEXT = 8000
_NAME = re.compile(r"[-_'\w]{1,32}")


def kept(
    payloads: list[Json],
    before: list[Json],
    application_id: int,
    ids: Snowflakes,
    guild_id: int | None,
) -> list[Json]:
    """Return *payloads* as Discord stores and answers them; known names keep their ids.

    Raises:
        Refusal: 400 / 50035, beyond a limit.
    """
    check(payloads)
    known = {(item["type"], item["name"]): item["id"] for item in before}
    made: list[Json] = []
    for payload in payloads:
        stored = _stored(payload, application_id, guild_id, ids)
        stored["id"] = known.get((stored["type"], stored["name"]), stored["id"])
        made.append(stored)
    return made


def check(payloads: list[Json]) -> None:
    """Hold commands against Discord's limits. Raises Refusal (400 / 50035)."""
    kinds = [payload.get("type", CHAT) for payload in payloads]
    for kind, limit in LIMITS.items():
        if kinds.count(kind) > limit:
            raise invalid(f"{kinds.count(kind)} commands of type {kind}, allowed are {limit}")
    names = [(payload.get("type", CHAT), payload["name"]) for payload in payloads]
    if len(set(names)) != len(names):
        raise invalid("two commands of one type have the same name")
    for payload in payloads:
        _check_command(payload)


def _check_command(payload: Json) -> None:
    name, kind = payload["name"], payload.get("type", CHAT)
    if kind != CHAT:
        if payload.get("description") or payload.get("options"):
            raise invalid(f"{name}: a menu command has neither description nor options")
        return
    if not payload.get("description"):
        raise invalid(f"{name}: a description is required")
    _check_names(payload, name)
    if (size := _text(payload)) > MAX_TEXT:
        raise invalid(f"{name}: {size} characters in all, allowed are {MAX_TEXT}")


def _check_names(payload: Json, at: str) -> None:
    for word in _words(payload, "name"):
        if not _NAME.fullmatch(word) or word != word.lower():
            raise invalid(f"{at}: {word!r} is not a name that Discord takes")
    options = rows(payload.get("options"))
    names = [option["name"] for option in options]
    if len(set(names)) != len(names):
        raise invalid(f"{at}: two options have the same name")
    nested = [option["type"] in {SUBCOMMAND, GROUP} for option in options]
    if any(nested) and not all(nested):
        raise invalid(f"{at}: subcommands and options do not mix")
    needed = [bool(option.get("required")) for option in options]
    if needed != sorted(needed, reverse=True):
        raise invalid(f"{at}: required options come first")
    for option in options:
        if option.get("autocomplete") and option.get("choices"):
            raise invalid(f"{at} {option['name']}: autocomplete and choices exclude each other")
        _check_names(option, f"{at} {option['name']}")


def _text(payload: Json) -> int:
    size = _longest(payload, "name") + _longest(payload, "description")
    size += sum(map(_text, rows(payload.get("options"))))
    for choice in rows(payload.get("choices")):
        size += _longest(choice, "name") + len(str(choice["value"]))
    return size


def _longest(payload: Json, key: str) -> int:
    return max(map(len, _words(payload, key)))


def _words(payload: Json, key: str) -> list[str]:
    translated = cast("dict[str, str]", payload.get(f"{key}_localizations") or {})
    return [payload.get(key) or "", *translated.values()]


def _stored(payload: Json, application_id: int, guild_id: int | None, ids: Snowflakes) -> Json:
    permissions = payload.get("default_member_permissions")
    made: Json = {
        "description": "",
        "type": CHAT,
        "nsfw": False,
        "dm_permission": True,
        "contexts": None,
        "integration_types": [0],
        "options": [],
        **{key: value for key, value in payload.items() if value is not None},
        "id": str(ids.next()),
        "application_id": str(application_id),
        "version": str(ids.next()),
        "default_member_permissions": None if permissions is None else str(permissions),
    }
    return made | ({"guild_id": str(guild_id)} if guild_id else {})
