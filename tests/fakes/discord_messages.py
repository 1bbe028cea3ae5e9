"""How the loopback Discord makes, changes and shows messages, and what it refuses."""

import copy
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import cast
from urllib.parse import quote

from tests.fakes.discord_checks import Refusal, check, invalid, numbered, texts, walk
from tests.fakes.discord_posts import (
    COMPONENTS_V2,
    EPHEMERAL,
    LOADING,
    Interaction,
    Message,
    StoredFile,
)
from tests.fakes.discord_schema import Json
from tests.fakes.discord_world import MIB, Channel, World

MAX_FILES = 10
URL_LIFE = 24 * 3600


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
        check(message)
        if not message.loading:
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
        for item in walk(made):
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
