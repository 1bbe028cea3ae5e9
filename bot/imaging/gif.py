"""GIF files taken apart and put together, block by block, without decoding. Standard library only.

What is not a frame, its timing or the loop (comments, texts, XMP and other applications' blocks)
is left behind.
"""

import struct
from dataclasses import dataclass, replace

from bot.domain.errors import DamagedPicture, PictureTooHeavy
from bot.domain.pictures import Size

MAX_FRAMES = 64
MAX_FRAME_PIXELS = 68_000_000
"""Pixels of all frames together: 64 of 1,024 by 1,024."""

_STARTS = (b"GIF87a", b"GIF89a")
_SCREEN = struct.Struct("<HHBBB")
_CONTROL = struct.Struct("<BHB")
_PLACE = struct.Struct("<HHHHB")
_EXTENSION, _IMAGE, _END = 0x21, 0x2C, 0x3B
_TIMING, _APPLICATION = 0xF9, 0xFF
_LOOPS = (b"NETSCAPE2.0", b"ANIMEXTS1.0")
_HAS_TABLE, _TABLE_SIZE, _KNOWN_TIMING = 0x80, 0x07, 0x1F
_LOOP_BYTES = 3
_LEFT, _CLEARED = 1, 2  # what becomes of a frame before the next


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """How a frame is shown: bit flags, hundredths of a second, the transparent colour's number."""

    flags: int = 0
    delay: int = 0
    transparent: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class GifFrame:
    """One frame: its place and flags, its own colour table, and its packed pixels."""

    control: Control | None
    place: tuple[int, int, int, int, int]
    table: bytes
    pixels: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Gif:
    """A GIF's frames and what they share; *loop* is how often it runs, 0 for ever."""

    size: Size
    flags: int
    background: int
    table: bytes
    frames: tuple[GifFrame, ...]
    loop: int | None


def parsed(data: bytes) -> Gif:
    """Take a GIF apart.

    Raises:
        DamagedPicture: a block is missing or lies about its length or place.
        PictureTooHeavy: there are more than `MAX_FRAMES` frames, or too many pixels in them.
    """
    try:
        return _parsed(data)
    except (struct.error, IndexError) as error:
        raise DamagedPicture(what="picture") from error


def _parsed(data: bytes) -> Gif:
    if not data.startswith(_STARTS):
        raise DamagedPicture(what="picture")
    width, height, flags, background, _ = _SCREEN.unpack_from(data, 6)
    table, at = _table(data, 13, flags)
    found = Gif(
        size=Size(width, height),
        flags=flags,
        background=background,
        table=table,
        frames=(),
        loop=None,
    )
    frames: list[GifFrame] = []
    control: Control | None = None
    while data[at] != _END:
        if data[at] == _IMAGE:
            frame, at = _frame(data, at, control)
            frames.append(frame)
            control = None
            _check(found.size, frame, len(frames))
        elif data[at] == _EXTENSION:
            label = data[at + 1]
            body, at = _blocks(data, at + 2)
            if label == _TIMING:
                control = _control(body)
            elif label == _APPLICATION and body[:1] and body[0].startswith(_LOOPS):
                found = replace(found, loop=_loop(body))
        else:
            raise DamagedPicture(what="picture")
    return replace(found, frames=tuple(frames))


def _check(size: Size, frame: GifFrame, count: int) -> None:
    left, top, width, height, _ = frame.place
    if not (width and height) or left + width > size.width or top + height > size.height:
        raise DamagedPicture(what="picture")
    if count > MAX_FRAMES or count * size.width * size.height > MAX_FRAME_PIXELS:
        raise PictureTooHeavy(what="picture")


def _table(data: bytes, at: int, flags: int) -> tuple[bytes, int]:
    length = 3 << (flags & _TABLE_SIZE) + 1 if flags & _HAS_TABLE else 0
    return data[at : at + length], at + length


def _frame(data: bytes, at: int, control: Control | None) -> tuple[GifFrame, int]:
    place = _PLACE.unpack_from(data, at + 1)
    table, start = _table(data, at + 10, place[4])
    _, end = _blocks(data, start + 1)
    return GifFrame(control=control, place=place, table=table, pixels=data[start:end]), end


def _blocks(data: bytes, at: int) -> tuple[list[bytes], int]:
    blocks: list[bytes] = []
    while length := data[at]:
        blocks.append(data[at + 1 : at + 1 + length])
        at += 1 + length
    return blocks, at + 1


def _control(body: list[bytes]) -> Control:
    flags, delay, transparent = _CONTROL.unpack_from(body[0])
    return Control(flags=flags & _KNOWN_TIMING, delay=delay, transparent=transparent)


def _loop(body: list[bytes]) -> int | None:
    known = len(body) > 1 and len(body[1]) >= _LOOP_BYTES and body[1][0] == 1
    return int.from_bytes(body[1][1:3], "little") if known else None


def written(gif: Gif) -> bytes:
    """Put a GIF together."""
    parts = [
        _STARTS[1],
        _SCREEN.pack(gif.size.width, gif.size.height, gif.flags, gif.background, 0),
        gif.table,
    ]
    if gif.loop is not None:
        parts.append(b"\x21\xff\x0b" + _LOOPS[0] + b"\x03\x01" + struct.pack("<HB", gif.loop, 0))
    for frame in gif.frames:
        if frame.control:
            control = frame.control
            packed = _CONTROL.pack(control.flags, control.delay, control.transparent)
            parts.append(b"\x21\xf9\x04" + packed + b"\x00")
        parts += [b"\x2c", _PLACE.pack(*frame.place), frame.table, frame.pixels]
    return b"".join([*parts, b"\x3b"])


def moving(data: bytes) -> Gif | None:
    """Return a GIF of several frames taken apart; None for anything else. Raises as `parsed`."""
    found = parsed(data) if data.startswith(_STARTS) else None
    return found if found and len(found.frames) > 1 else None


def assembled(stills: list[Gif], like: Gif) -> bytes:
    """Put GIFs of one frame and one size together, each shown whole and as long as in *like*."""
    frames: list[GifFrame] = []
    for still, model in zip(stills, like.frames, strict=True):
        (frame,) = still.frames
        own = frame.control.flags & 1 if frame.control else 0
        control = Control(
            flags=(_CLEARED if own else _LEFT) << 2 | own,
            delay=model.control.delay if model.control else 0,
            transparent=frame.control.transparent if frame.control else 0,
        )
        place = (0, 0, still.size.width, still.size.height, frame.place[4] | still.flags & 0x87)
        frames.append(replace(frame, control=control, place=place, table=still.table))
    whole = Gif(
        size=stills[0].size,
        flags=0x70,
        background=0,
        table=b"",
        frames=tuple(frames),
        loop=like.loop,
    )
    return written(whole)
