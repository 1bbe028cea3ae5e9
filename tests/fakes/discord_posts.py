"""What passes between people and bots: files, messages, interactions."""

import io
import mimetypes
from dataclasses import dataclass, field

from PIL import Image, UnidentifiedImageError

from tests.fakes.discord_schema import Json

EPHEMERAL = 1 << 6
LOADING = 1 << 7
COMPONENTS_V2 = 1 << 15


@dataclass(slots=True, kw_only=True)
class StoredFile:
    """A file that somebody uploaded. *owner_id* is the channel (or the application)."""

    id: int
    owner_id: int
    name: str
    data: bytes = field(repr=False)
    media_type: str
    description: str | None = None
    ephemeral: bool = False
    size: tuple[int, int] | None = None

    def path(self) -> str:
        folder = "ephemeral-attachments" if self.ephemeral else "attachments"
        return f"/{folder}/{self.owner_id}/{self.id}/{self.name}"


def picture_size(data: bytes) -> tuple[int, int] | None:
    """Return width and height where *data* is a picture that Discord shows."""
    try:
        with Image.open(io.BytesIO(data)) as picture:
            return picture.size
    except (UnidentifiedImageError, OSError, ValueError):
        return None


def media_type_of(name: str) -> str:
    return mimetypes.guess_type(name)[0] or "application/octet-stream"


@dataclass(slots=True, kw_only=True)
class Message:
    """A message as the server holds it; `pings` is whom its texts really notified."""

    id: int
    channel_id: int
    author_id: int
    made_at: str
    content: str = ""
    embeds: list[Json] = field(default_factory=list[Json])
    components: list[Json] = field(default_factory=list[Json])
    files: list[StoredFile] = field(default_factory=list[StoredFile])
    flags: int = 0
    type: int = 0
    nonce: str | None = None
    reference: Json | None = None
    asked_by: "Interaction | None" = None
    edited_at: str | None = None
    deleted: bool = False
    edits: int = 0
    pings: list[str] = field(default_factory=list[str])
    allowed_mentions: list[Json | None] = field(default_factory=list["Json | None"])

    @property
    def ephemeral(self) -> bool:
        return bool(self.flags & EPHEMERAL)

    @property
    def loading(self) -> bool:
        return bool(self.flags & LOADING)

    def seen_by(self, user_id: int) -> bool:
        """Tell whether a member of the channel sees this message now."""
        mine = self.asked_by is not None and self.asked_by.user_id == user_id
        return not self.deleted and (mine or not self.ephemeral)


@dataclass(slots=True, kw_only=True)
class Interaction:
    """One thing that a person did. Times are Discord's clock; *seconds* are real and measured."""

    id: int
    token: str
    type: int
    user_id: int
    guild_id: int | None
    channel_id: int
    sent_at: float
    started: float
    payload: Json
    source_id: int | None = None
    source_edits: int = 0
    response_type: int | None = None
    seconds: float | None = None
    original_id: int | None = None
    follow_ups: list[int] = field(default_factory=list[int])
    modal: Json | None = None
    choices: list[Json] | None = None
    late: bool = False
