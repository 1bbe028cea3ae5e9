"""How the loopback Discord makes, changes and shows messages, and what it refuses."""

import copy
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, cast
from urllib.parse import quote

from tests.fakes.discord_schema import Json
from tests.fakes.discord_world import (
    COMPONENTS_V2,
    EPHEMERAL,
    LOADING,
    MIB,
    Channel,
    Guild,
    Interaction,
    Message,
    StoredFile,
    World,
)

MAX_FILES = 10
MAX_CONTENT = 2000
MAX_EMBED_TEXT = 6000
MAX_V2_TEXT = 4000
MAX_COMPONENTS = 40
URL_LIFE = 24 * 3600

BUTTON, TEXT_DISPLAY, SECTION, GALLERY, FILE = 2, 10, 9, 12, 13


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """One `files[n]` part of a request."""

    part: int
    name: str
    data: bytes = field(repr=False)
    media_type: str


class Messages:
    """The messages of one world; *origin* is the scheme and host that file URLs begin with."""

    def __init__(self, world: World, application_id: int) -> None:
        self._world = world
        self._application_id = application_id
        self.origin = ""

    def create(
        self,
        payload: Json,
        uploads: list[Upload],
        *,
        channel: Channel,
        author_id: int,
        asked_by: Interaction | None = None,
    ) -> Message:
        """Post a message. Raises Refusal."""
        flags = int(payload.get("flags") or 0)
        message = Message(
            id=self._world.ids.next(),
            channel_id=channel.id,
            author_id=author_id,
            made_at=self._world.clock.iso(),
            flags=flags & (EPHEMERAL | COMPONENTS_V2 | LOADING | 1 << 2 | 1 << 12),
            asked_by=asked_by,
            reference=payload.get("message_reference"),
            nonce=None if payload.get("nonce") is None else str(payload["nonce"]),
        )
        if asked_by and asked_by.type == 2:
            message.type = 20
        elif message.reference:
            message.type = 19
        self._fill(message, payload, uploads)
        self._world.messages[message.id] = message
        return message

    def edit(self, message: Message, payload: Json, uploads: list[Upload]) -> None:
        """Change a message, or change nothing. Raises Refusal."""
        before = copy.copy(message)
        flags = int(payload.get("flags") or 0)
        message.flags = (message.flags & ~LOADING) | (flags & COMPONENTS_V2)
        try:
            self._fill(message, payload, uploads)
        except Refusal:
            for name in (
                "flags",
                "content",
                "embeds",
                "components",
                "files",
                "allowed_mentions",
                "pings",
            ):
                setattr(message, name, getattr(before, name))
            raise
        message.edits += 1
        message.edited_at = self._world.clock.iso()

    def _fill(self, message: Message, payload: Json, uploads: list[Upload]) -> None:
        channel = self._world.channels[message.channel_id]
        files = self._files(message, payload, uploads)
        if "content" in payload:
            message.content = payload["content"] or ""
        if "embeds" in payload:
            message.embeds = payload["embeds"] or []
        if "components" in payload:
            message.components = payload["components"] or []
        message.files = files
        _check(message)
        message.allowed_mentions = [*message.allowed_mentions, payload.get("allowed_mentions")]
        message.pings = [*message.pings, *self._pings(message, payload, channel)]

    def _files(self, message: Message, payload: Json, uploads: list[Upload]) -> list[StoredFile]:
        listed = cast("list[Json] | None", payload.get("attachments"))
        self._check_uploads(message, uploads)
        by_part = {upload.part: upload for upload in uploads}
        kept = {stored.id: stored for stored in message.files}
        if listed is None:
            chosen: list[Json] = [{"id": key} for key in kept]
            chosen += [{"id": upload.part} for upload in uploads]
        else:
            chosen = listed
        if len(chosen) > MAX_FILES:
            raise invalid(f"attachments: {len(chosen)} files, allowed are {MAX_FILES}")
        if listed is not None and (left := set(by_part) - {int(item["id"]) for item in listed}):
            raise invalid(f"attachments: parts {sorted(left)} are not listed")
        made: list[StoredFile] = []
        for item in chosen:
            key = int(item["id"])
            if key in by_part:
                made.append(self._store(message, by_part[key], item))
            elif key in kept:
                kept[key].description = item.get("description", kept[key].description)
                made.append(kept[key])
            else:
                raise invalid(f"attachments: {key} is neither a part nor a file of the message")
        return made

    def _store(self, message: Message, upload: Upload, item: Json) -> StoredFile:
        name = cast("str", item.get("filename") or upload.name)
        return self._world.add_file(
            self._application_id if message.ephemeral else message.channel_id,
            re.sub(r"[^\w.\-]", "_", name),
            upload.data,
            ephemeral=message.ephemeral,
            description=item.get("description"),
        )

    def _check_uploads(self, message: Message, uploads: list[Upload]) -> None:
        if len(uploads) > MAX_FILES:
            raise invalid(f"{len(uploads)} files in one request, allowed are {MAX_FILES}")
        guild = self._world.guilds.get(self._world.channels[message.channel_id].guild_id or 0)
        limit = guild.upload_limit if guild else 10 * MIB
        if any(len(upload.data) > limit for upload in uploads):
            raise Refusal(413, 40005, "Request entity too large")

    def _pings(self, message: Message, payload: Json, channel: Channel) -> Iterator[str]:
        """Yield whom the message notifies, by Discord's rules for `allowed_mentions`."""
        rules = cast("Json | None", payload.get("allowed_mentions"))
        text = "\n".join([message.content, *(texts(message.components))])
        parse = {"everyone", "users", "roles"} if rules is None else set(rules.get("parse") or [])
        rules = rules or {}
        if "everyone" in parse and re.search(r"@(everyone|here)\b", text):
            yield "everyone"
        for kind, pattern in (("users", r"<@!?(\d+)>"), ("roles", r"<@&(\d+)>")):
            named = {str(key) for key in cast("list[object]", rules.get(kind) or [])}
            for key in re.findall(pattern, text):
                if kind in parse or key in named:
                    yield f"{kind} {key}"
        replies = rules.get("replied_user", payload.get("allowed_mentions") is None)
        if message.reference and replies:
            yield f"reply in {channel.id}"

    # How they look from outside

    def url(self, stored: StoredFile) -> str:
        """Return the file's address, signed and good for a day, as Discord makes them."""
        ends = int(self._world.clock.now()) + URL_LIFE
        path = stored.path()
        return (
            f"{self.origin}{quote(path)}?ex={ends:x}&is={ends - URL_LIFE:x}&hm={sign(path, ends)}&"
        )

    def file_json(self, stored: StoredFile) -> Json:
        url = self.url(stored)
        found: Json = {
            "id": str(stored.id),
            "filename": stored.name,
            "size": len(stored.data),
            "url": url,
            "proxy_url": url,
            "content_type": stored.media_type,
        }
        if stored.size:
            found |= {"width": stored.size[0], "height": stored.size[1]}
        if stored.description:
            found["description"] = stored.description
        return found | ({"ephemeral": True} if stored.ephemeral else {})

    def json(self, message: Message) -> Json:
        """Return the message as the API answers it, file addresses freshly signed."""
        author = self._world.users[message.author_id]
        shown = [item for item in message.files if not message.flags & COMPONENTS_V2]
        counter = iter(range(1, 1000))
        reply = message.reference or {}
        quoted = self._world.messages.get(int(reply.get("message_id", 0)))
        found: Json = {
            "id": str(message.id),
            "type": message.type,
            "channel_id": str(message.channel_id),
            "author": author.json(),
            "content": message.content,
            "timestamp": message.made_at,
            "edited_timestamp": message.edited_at,
            "tts": False,
            "mention_everyone": "everyone" in message.pings,
            "mentions": [],
            "mention_roles": [],
            "attachments": [self.file_json(stored) for stored in shown],
            "embeds": [
                {"type": "rich"} | self._with_urls(embed, message) for embed in message.embeds
            ],
            "components": [
                self._with_urls(numbered(item, counter), message) for item in message.components
            ],
            "pinned": False,
            "flags": message.flags,
        }
        if message.nonce is not None:
            found["nonce"] = message.nonce
        if reply:
            found["message_reference"] = {"type": 0, "channel_id": str(message.channel_id)} | reply
            found["referenced_message"] = self.json(quoted) if quoted else None
        if message.asked_by:
            found |= self._asked(message.asked_by)
        return found

    def _asked(self, asked: Interaction) -> Json:
        user = self._world.users[asked.user_id].json()
        meta: Json = {
            "id": str(asked.id),
            "type": asked.type,
            "user": user,
            "authorizing_integration_owners": asked.payload["authorizing_integration_owners"],
        }
        if asked.type == 3:
            meta["interacted_message_id"] = str(asked.source_id)
        if asked.type == 5:
            meta["triggering_interaction_metadata"] = {**meta, "type": 2}
        return {
            "application_id": str(self._application_id),
            "webhook_id": str(self._application_id),
            "interaction_metadata": meta,
        }

    def _with_urls(self, value: Json, message: Message) -> Json:
        """Replace each `attachment://name` by the address of the message's file."""
        by_name = {stored.name: stored for stored in message.files}
        made = copy.deepcopy(value)
        for item in _walk(made):
            url = item.get("url")
            if isinstance(url, str) and url.startswith("attachment://"):
                stored = by_name[url.removeprefix("attachment://")]
                item |= {"url": self.url(stored), "proxy_url": self.url(stored)}
                if "type" not in item:
                    item |= {"id": str(stored.id), "attachment_id": str(stored.id)}
                    item["content_type"] = stored.media_type
        return made


def sign(path: str, ends: int) -> str:
    """Return the signature of a file's address: not secret, only there to be checked."""
    return hashlib.sha256(f"{path} {ends}".encode()).hexdigest()


def may(guild: Guild | None, user_id: int, channel: Channel, bit: int) -> bool:
    return guild is None or guild.permissions(user_id, channel) & bit == bit


def _walk(value: object) -> Iterator[Json]:
    if isinstance(value, dict):
        yield cast("Json", value)
        for item in cast("Json", value).values():
            yield from _walk(item)
    elif isinstance(value, list):
        for item in cast("list[object]", value):
            yield from _walk(item)


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


def _check(message: Message) -> None:
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
    for item in _walk([*message.embeds, *message.components]):
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
