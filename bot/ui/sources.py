"""The pictures of a message, whoever wrote it: attachments, embeds, galleries, what it forwards."""

from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath
from typing import Any, Final, Protocol

import discord
from yarl import URL

from bot.domain.asks import Source
from bot.domain.pictures import Size
from bot.services.downloads import is_at_discord

MOST: Final = 10
"""Pictures of one message that can be chosen from."""

_SUFFIXES: Final = frozenset(
    f".{name}"
    for name in ("png", "jpg", "jpeg", "webp", "gif", "avif", "bmp", "tif", "tiff", "heic")
)
_WITH_INNER: Final = (discord.components.Container, discord.components.SectionComponent)


class _Media(Protocol):
    """A picture of an embed or of a gallery, as discord.py knows both."""

    @property
    def url(self) -> str | None: ...
    @property
    def proxy_url(self) -> str | None: ...
    @property
    def width(self) -> int | None: ...
    @property
    def height(self) -> int | None: ...


def image_sources(message: discord.Message) -> tuple[Source, ...]:
    """Return the pictures of *message* in their order, none of them twice; nothing is fetched.

    What an embed shows from elsewhere is taken from Discord's own copy where it has one.
    """
    found = dict[URL, Source]()
    for shown in (message, *message.message_snapshots):
        for source in _sources(shown):
            found.setdefault(URL(source.url).with_query(None), source)
    return tuple(found.values())[:MOST]


def _sources(shown: discord.Message | discord.MessageSnapshot) -> Iterator[Source]:
    for attachment in shown.attachments:
        if _is_picture(attachment.content_type, attachment.filename):
            yield of_attachment(attachment)
    for embed in shown.embeds:
        for media in (embed.image, embed.thumbnail):
            yield from _of_media(media)
    yield from _of_components(shown.components)


def of_attachment(attachment: discord.Attachment) -> Source:
    """Return *attachment* as a source for the downloader; nothing is fetched."""
    return Source(
        url=attachment.url,
        name=attachment.filename,
        size=attachment.size,
        pixels=_pixels(attachment.width, attachment.height),
    )


def of_upload(payload: dict[str, Any]) -> Source:
    """Return a file that was uploaded into a form, as Discord describes it there."""
    return Source(
        url=payload["url"],
        name=payload["filename"],
        size=payload["size"],
        pixels=_pixels(payload.get("width"), payload.get("height")),
    )


def _of_components(components: Iterable[object]) -> Iterator[Source]:
    for each in components:
        if isinstance(each, _WITH_INNER):
            yield from _of_components(each.children)
        if isinstance(each, discord.components.SectionComponent):
            yield from _of_components((each.accessory,))
        if isinstance(each, discord.components.MediaGalleryComponent):
            for item in each.items:
                yield from _of_media(item.media, item.media.content_type)
        if isinstance(each, discord.components.ThumbnailComponent):
            yield from _of_media(each.media, each.media.content_type)
        if isinstance(each, discord.components.FileComponent):
            yield from _of_media(each.media, each.media.content_type, each.name)


def _of_media(
    media: _Media, kind: str | None = "image/", name: str | None = None
) -> Iterator[Source]:
    at_discord = media.url if media.url and is_at_discord(media.url) else None
    address = at_discord or media.proxy_url or media.url
    if address is None or not _is_picture(kind, name or _name(media.url or address)):
        return
    pixels = _pixels(media.width, media.height)
    yield Source(url=address, name=name or _name(address), size=0, pixels=pixels)


def _is_picture(kind: str | None, name: str) -> bool:
    if kind:
        return kind.startswith("image/")
    return PurePosixPath(name).suffix.lower() in _SUFFIXES


def _name(address: str) -> str:
    try:
        return URL(address).name or "picture"
    except ValueError:  # another bot's, and no address
        return "picture"


def _pixels(width: int | None, height: int | None) -> Size | None:
    return Size(width, height) if width and height else None
