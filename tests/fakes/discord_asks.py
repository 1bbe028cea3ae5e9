"""Builds INTERACTION_CREATE as Discord does when a person uses a command, a button or a modal."""

import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias, cast

import discord

from tests.fakes.discord_api import FakeDiscord
from tests.fakes.discord_checks import components, numbered
from tests.fakes.discord_posts import Interaction, Message, StoredFile
from tests.fakes.discord_schema import Json, rows
from tests.fakes.discord_world import (
    MIB,
    Channel,
    Guild,
    Role,
    User,
)

COMMAND, PRESSED, TYPED, SUBMITTED = 2, 3, 4, 5
TEXT, WHOLE, FLAG, PERSON, PLACE, ROLE, ANYONE, NUMBER, ATTACHMENT = 3, 4, 5, 6, 7, 8, 9, 10, 11
GROUPED = (1, 2)
KINDS: dict[int, tuple[type, ...]] = {
    TEXT: (str,),
    WHOLE: (int,),
    FLAG: (bool,),
    NUMBER: (int, float),
}

Upload: TypeAlias = tuple[str, bytes]
Picture: TypeAlias = "bytes | Path | Upload"


class NotOffered(AssertionError):  # noqa: N818 - named by what happened
    """Discord would not let this person do that: hidden command, disabled button, wrong value."""


@dataclass(slots=True)
class Resolved:
    """What the ids among an interaction's values stand for."""

    found: dict[str, Json] = field(default_factory=dict[str, Json])

    def add(self, kind: str, key: int, value: Json) -> str:
        self.found.setdefault(kind, {})[str(key)] = value
        return str(key)


class Asks:
    """Makes interactions of one person in one server, and looks up what they are offered."""

    def __init__(self, discord: FakeDiscord, user: User, guild: Guild) -> None:
        self._discord = discord
        self._world = discord.world
        self.user = user
        self.guild = guild

    # Commands

    def command(self, name: str, kind: int = 1) -> Json:
        """Return a registered command. Raises NotOffered."""
        for scope in (self.guild.id, None):
            for found in self._world.commands.get(scope, []):
                if (found["name"], found["type"]) == (name, kind):
                    return found
        raise NotOffered(f"no command {name!r} is registered")

    def offered(self, command: Json, channel: Channel) -> None:
        """Raise NotOffered where this person does not see the command in *channel*."""
        mine = self.guild.permissions(self.user.id, channel)
        needed = int(command["default_member_permissions"] or 0)
        if command["default_member_permissions"] == "0":
            needed = discord.Permissions.administrator.flag
        usable = discord.Permissions.use_application_commands.flag | needed
        if mine & usable != usable:
            raise NotOffered(f"/{command['name']} is hidden from {self.user.name}")
        if command["nsfw"] and not channel.nsfw:
            raise NotOffered(f"/{command['name']} is only for age-restricted channels")

    def slash(
        self,
        channel: Channel,
        words: str,
        values: dict[str, object],
        *,
        focused: str | None = None,
        force: bool = False,
    ) -> Interaction:
        """Make a chat command's interaction, or with *focused* the question for suggestions."""
        first, *rest = words.split()
        command = self.command(first)
        if not force:
            self.offered(command, channel)
        at = command
        for word in rest:
            at = _named(at, word)
        if any(option["type"] in GROUPED for option in rows(at.get("options", []))):
            raise NotOffered(f"/{words} is a group: one of its commands has to be chosen")
        resolved = Resolved()
        options = self._options(at, values, resolved, focused=focused, force=force)
        for word in reversed(rest):
            kind = _named_type(command, rest, word)
            options = [{"name": word, "type": kind, "options": options}]
        data: Json = {"id": command["id"], "name": first, "type": 1, "options": options}
        return self._make(
            TYPED if focused else COMMAND, channel, self._about(command, data, resolved)
        )

    def menu(self, channel: Channel, name: str, target: Message | User) -> Interaction:
        """Make a menu command's interaction on a message or a person."""
        on_message = isinstance(target, Message)
        command = self.command(name, 3 if on_message else 2)
        self.offered(command, channel)
        resolved = Resolved()
        if isinstance(target, Message):
            resolved.add("messages", target.id, self._discord.messages.json(target))
        else:
            self._person(target, resolved)
        data: Json = {
            "id": command["id"],
            "name": name,
            "type": command["type"],
            "target_id": str(target.id),
        }
        return self._make(COMMAND, channel, self._about(command, data, resolved))

    # Components and modals

    def press(
        self, message: Message, custom_id: str, *, values: list[str] | None = None
    ) -> Interaction:
        """Make a press of a button, or a choice in a select menu."""
        found = [c for c in components(message.components) if c.get("custom_id") == custom_id]
        if not found:
            raise NotOffered(f"the message has no component {custom_id!r}")
        kind = found[0]["type"]
        data: Json = {"custom_id": custom_id, "component_type": kind, "id": 1}
        if values is not None:
            data |= {"values": values}
        channel = self._world.channels[message.channel_id]
        return self._make(PRESSED, channel, data, source=message)

    def submit(
        self, modal: Json, channel: Channel, values: dict[str, object], source: Message | None
    ) -> Interaction:
        """Make a modal's submit; *values* are by custom id or by label."""
        resolved = Resolved()
        counter = iter(range(1, 1000))
        left = dict(values)
        shown = [numbered(item, counter) for item in rows(modal["components"])]
        filled = [self._filled(item, left, resolved) for item in shown]
        if left:
            raise NotOffered(f"the modal asks for nothing like {sorted(left)}")
        data: Json = {"custom_id": modal["custom_id"], "components": filled}
        if resolved.found:
            data["resolved"] = resolved.found
        return self._make(SUBMITTED, channel, data, source=source)

    def _filled(self, item: Json, left: dict[str, object], resolved: Resolved) -> Json:
        kind = item["type"]
        if kind == 1:
            inner = rows(item["components"])
            made = [self._entry(child, child.get("label", ""), left, resolved) for child in inner]
            return {"type": 1, "id": item["id"], "components": made}
        if kind == 18:
            entry = self._entry(item["component"], item["label"], left, resolved)
            return {"type": 18, "id": item["id"], "component": entry}
        return {"type": kind, "id": item["id"]}

    def _entry(self, item: Json, label: str, left: dict[str, object], resolved: Resolved) -> Json:
        key = next((name for name in (item["custom_id"], label) if name in left), None)
        value = left.pop(key) if key is not None else item.get("value")
        required = item.get("required", True)
        empty = value is None or value in ("", [])
        if empty and required and item["type"] != 23:
            raise NotOffered(f"the modal wants {label or item['custom_id']!r}")
        made: Json = {"type": item["type"], "id": item["id"], "custom_id": item["custom_id"]}
        match item["type"]:
            case 4:
                made["value"] = _text_entry(item, str(value or ""))
            case 21:
                made["value"] = value
            case 23:
                made["value"] = bool(value)
            case 19:
                files = [
                    self._upload(picture, resolved)
                    for picture in cast("list[Picture]", value or [])
                ]
                made["values"] = files
            case _:
                made["values"] = [str(part) for part in cast("list[object]", value or [])]
        return made

    # Values

    def _options(
        self,
        at: Json,
        values: dict[str, object],
        resolved: Resolved,
        *,
        focused: str | None,
        force: bool,
    ) -> list[Json]:
        known = {option["name"]: option for option in rows(at.get("options"))}
        if strange := set(values) - set(known):
            raise NotOffered(f"no option {sorted(strange)}; there are {sorted(known)}")
        missing = [
            name for name, option in known.items() if option.get("required") and name not in values
        ]
        if missing and not focused:
            raise NotOffered(f"{missing} must be given")
        made: list[Json] = []
        for name, value in values.items():
            option = known[name]
            if not force and name != focused:
                _check_value(option, value)
            entry: Json = {"name": name, "type": option["type"]}
            entry["value"] = self._value(option["type"], value, resolved)
            made.append(entry | ({"focused": True} if name == focused else {}))
        return made

    def _value(self, kind: int, value: object, resolved: Resolved) -> object:
        if kind == ATTACHMENT:
            return self._upload(cast("Picture", value), resolved)
        if isinstance(value, User):
            return self._person(value, resolved)
        if isinstance(value, Role):
            return resolved.add("roles", value.id, value.json())
        if isinstance(value, Channel):
            bits = str(self.guild.permissions(self.user.id, value))
            return resolved.add("channels", value.id, value.json() | {"permissions": bits})
        return value

    def _person(self, user: User, resolved: Resolved) -> str:
        member = self.guild.members.get(user.id)
        if member:
            about = {key: item for key, item in member.json().items() if key != "user"}
            about["permissions"] = str(self.guild.permissions(user.id))
            resolved.add("members", user.id, about)
        return resolved.add("users", user.id, user.json())

    def _upload(self, picture: Picture, resolved: Resolved) -> str:
        stored = self.upload(picture)
        return resolved.add("attachments", stored.id, self._discord.messages.file_json(stored))

    def upload(self, picture: Picture) -> StoredFile:
        """Put a file on the file host, as the client does while the command is typed."""
        if isinstance(picture, Path):
            name, data = picture.name, picture.read_bytes()
        elif isinstance(picture, bytes):
            name, data = "picture.png", picture
        else:
            name, data = picture
        return self._world.add_file(self._discord.bot.id, name, data, ephemeral=True)

    # The envelope

    def _about(self, command: Json, data: Json, resolved: Resolved) -> Json:
        if resolved.found:
            data["resolved"] = resolved.found
        return data | ({"guild_id": command["guild_id"]} if "guild_id" in command else {})

    def _make(
        self, kind: int, channel: Channel, data: Json, source: Message | None = None
    ) -> Interaction:
        world, guild = self._world, self.guild
        interaction_id, token = world.ids.next(), secrets.token_urlsafe(48)
        member = guild.members[self.user.id].json()
        member["permissions"] = str(guild.permissions(self.user.id, channel))
        payload: Json = {
            "id": str(interaction_id),
            "application_id": str(self._discord.bot.id),
            "type": kind,
            "token": token,
            "version": 1,
            "data": data,
            "guild_id": str(guild.id),
            "guild": {"id": str(guild.id), "locale": guild.locale, "features": []},
            "channel_id": str(channel.id),
            "channel": channel.json() | {"permissions": member["permissions"]},
            "member": member,
            "locale": self.user.locale,
            "guild_locale": guild.locale,
            "app_permissions": str(guild.permissions(self._discord.bot.id, channel)),
            "entitlements": [],
            "entitlement_sku_ids": [],
            "authorizing_integration_owners": {"0": str(guild.id)},
            "context": 0,
            "attachment_size_limit": guild.upload_limit or 10 * MIB,
        }
        if source:
            payload["message"] = self._discord.messages.json(source)
        return Interaction(
            id=interaction_id,
            token=token,
            type=kind,
            user_id=self.user.id,
            guild_id=guild.id,
            channel_id=channel.id,
            sent_at=0.0,
            started=0.0,
            payload=payload,
            source_id=source.id if source else None,
            source_edits=source.edits if source else 0,
        )


def _named(at: Json, word: str) -> Json:
    for option in rows(at.get("options")):
        if option["name"] == word and option["type"] in {1, 2}:
            return option
    raise NotOffered(f"{at['name']} has no subcommand {word!r}")


def _named_type(command: Json, path: list[str], word: str) -> int:
    at = command
    for step in path:
        at = _named(at, step)
        if step == word:
            break
    return cast("int", at["type"])


def _check_value(option: Json, value: object) -> None:
    """Raise NotOffered where the client would not let the value be sent."""
    name, kind = option["name"], option["type"]
    fits = KINDS.get(kind)
    if fits and (not isinstance(value, fits) or (isinstance(value, bool) and kind != FLAG)):
        raise NotOffered(f"{name}: {value!r} is not of the option's type")
    choices = [choice["value"] for choice in rows(option.get("choices"))]
    if choices and value not in choices:
        raise NotOffered(f"{name}: {value!r} is not among {choices}")
    size = len(value) if isinstance(value, str) else value
    for low, high in (("min_length", "max_length"), ("min_value", "max_value")):
        applies = isinstance(value, str) == low.endswith("length") and isinstance(size, int | float)
        if applies and not option.get(low, size) <= size <= option.get(high, size):
            raise NotOffered(
                f"{name}: {size} is not within {option.get(low)} to {option.get(high)}"
            )


def _text_entry(item: Json, value: str) -> str:
    least, most = item.get("min_length") or 0, item.get("max_length") or 4000
    if value and not least <= len(value) <= most:
        raise NotOffered(
            f"{item['custom_id']}: {len(value)} characters, allowed are {least} to {most}"
        )
    return value
