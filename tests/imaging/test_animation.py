"""Animated answers: every frame, its delay and the loop; no other block; no bomb."""

from io import BytesIO

import pytest
from PIL import Image

from bot.domain.errors import NonsenseAnswer, PictureError
from bot.domain.pictures import Note, Size
from bot.imaging.finish import finish
from bot.imaging.gif import MAX_FRAMES, parsed
from bot.imaging.normalise import normalise
from bot.imaging.pool import open_imaging
from bot.imaging.values import Finished, Framing, Made, Normalised
from tests.imaging.pictures import BUDGET, noise, opened, photo, quarters, saved, shows_quarters

PLENTY = 10_000_000
DELAYS = [100, 40, 250, 80]
COMMENT = b"\x21\xfe\x05hello\x00"
XMP = b"\x21\xff\x0bXMP DataXMP" + b"\x03<x>" + b"\x00"
LOOP = b"\x21\xff\x0bNETSCAPE2.0\x03\x01"


def frames(count: int = 4, size: tuple[int, int] = (96, 64)) -> list[Image.Image]:
    image = photo().resize((size[0] + 4 * count, size[1] + 4 * count))
    return [
        image.crop((4 * n, 4 * n, 4 * n + size[0], 4 * n + size[1])).quantize(64)
        for n in range(count)
    ]


def animation(pictures: list[Image.Image], **options: object) -> bytes:
    options = {"duration": DELAYS[: len(pictures)], "loop": 3, "disposal": 2, **options}
    return saved(pictures[0], "GIF", save_all=True, append_images=pictures[1:], **options)


def done(
    answer: bytes,
    picture: Normalised | None = None,
    *,
    limit: int = PLENTY,
    wanted: str | None = "gif",
) -> Finished:
    geometry = picture.geometry if picture else None
    made = finish(Made(answer=answer), geometry, limit=limit, budget=BUDGET, wanted=wanted)
    assert len(made.data) <= limit
    return made


def played(gif: bytes) -> list[Image.Image]:
    image = Image.open(BytesIO(gif))
    seen: list[Image.Image] = []
    for number in range(vars(image).get("n_frames") or len(parsed(gif).frames)):
        image.seek(number)
        seen.append(image.convert("RGBA"))
    return seen


def delays(gif: bytes) -> list[int]:
    return [frame.control.delay * 10 if frame.control else 0 for frame in parsed(gif).frames]


def extensions(gif: bytes) -> list[int]:
    """The labels of every extension, by a walk of its own."""
    labels: list[int] = []
    at = 13 + (3 << (gif[10] & 7) + 1 if gif[10] & 0x80 else 0)
    while gif[at] != 0x3B:
        if gif[at] == 0x21:
            labels.append(gif[at + 1])
            at += 2
        else:
            at += 11 + (3 << (gif[at + 9] & 7) + 1 if gif[at + 9] & 0x80 else 0)
        while gif[at]:
            at += 1 + gif[at]
        at += 1
    assert at == len(gif) - 1
    return labels


def test_every_frame_its_delay_and_the_loop_are_kept_to_the_byte() -> None:
    answer = animation(frames())

    made = done(answer)

    assert (made.media_type, made.extension, made.notes) == ("image/gif", "gif", ())
    assert made.size == Size(96, 64)
    assert delays(made.data) == DELAYS
    assert parsed(made.data).loop == 3
    assert [a.tobytes() for a in played(made.data)] == [b.tobytes() for b in played(answer)]


def test_every_other_block_is_left_behind() -> None:
    plain = animation(frames())
    at = 13 + (3 << (plain[10] & 7) + 1)
    text = b"\x21\x01\x0c" + bytes(12) + b"\x02hi\x00"
    answer = plain[:at] + COMMENT + XMP + text + plain[at:-1] + COMMENT + b"\x3b" + b"behind"

    made = done(answer)

    assert extensions(made.data) == [0xFF, 0xF9, 0xF9, 0xF9, 0xF9]
    assert made.data.count(LOOP) == 1
    for hidden in (b"hello", b"XMP", b"behind"):
        assert hidden not in made.data
    assert len(played(made.data)) == 4


def test_one_that_runs_once_does_so() -> None:
    assert parsed(done(animation(frames(), loop=None)).data).loop is None


@pytest.mark.parametrize("wanted", [None, "png", "jpeg", "webp"])
def test_the_first_frame_is_taken_where_no_gif_is_wanted(wanted: str | None) -> None:
    answer = animation(frames())

    made = done(answer, wanted=wanted)

    assert made.media_type == f"image/{wanted or 'png'}"
    assert Note.FIRST_FRAME in made.notes
    first = played(answer)[0].convert("RGB")
    assert made.media_type == "image/jpeg" or opened(made.data).tobytes() == first.tobytes()


def test_a_gif_that_does_not_move_is_a_still_picture() -> None:
    made = done(saved(frames(1)[0], "GIF"))

    assert (made.media_type, made.notes) == ("image/png", ())


def test_a_padded_picture_is_cropped_back_frame_by_frame() -> None:
    picture = normalise(saved(quarters(96, 64)), Framing(side=96), what="picture", budget=BUDGET)
    whole = [opened(picture.data).convert("RGB") for _ in range(4)]
    for number, frame in enumerate(whole):
        frame.putpixel((number, 40), (9, 9, 9))

    made = done(animation([frame.quantize(16) for frame in whole]), picture)

    assert made.size == Size(96, 64)
    assert made.notes == (Note.CROPPED_BACK,)
    assert delays(made.data) == DELAYS
    assert parsed(made.data).loop == 3
    assert all(shows_quarters(frame) for frame in played(made.data))
    assert [frame.getpixel((n, 24)) for n, frame in enumerate(played(made.data))] == [
        (9, 9, 9, 255)
    ] * 4


def test_a_picture_without_borders_leaves_it_as_it_is() -> None:
    picture = normalise(saved(quarters(96, 96)), Framing(side=96), what="picture", budget=BUDGET)

    assert done(animation(frames(size=(96, 96))), picture).notes == ()


def test_one_that_does_not_fit_is_shrunk_until_it_does() -> None:
    answer = animation(frames(size=(300, 200)), duration=70)

    made = done(answer, limit=len(answer) // 3)

    assert made.notes == (Note.SHRUNK,)
    assert made.size.width < 300
    assert made.size.width / made.size.height == pytest.approx(1.5, rel=0.02)
    assert delays(made.data) == [70] * 4
    assert len(played(made.data)) == 4
    assert opened(made.data).size == (made.size.width, made.size.height)


def test_holes_stay_holes_in_one_that_is_shrunk() -> None:
    pictures: list[Image.Image] = []
    for number in range(3):
        frame = noise(200, "RGB", seed=number).convert("RGBA")
        frame.paste((0, 0, 0, 0), (0, 0, 100, 200))
        pictures.append(frame)
    answer = animation(pictures)

    made = done(answer, limit=len(answer) // 2)

    for frame in played(made.data):
        third, alpha = frame.width // 3, frame.getchannel("A")
        assert alpha.crop((0, 0, third, frame.height)).getextrema() == (0, 0)
        assert alpha.crop((frame.width - third, 0, *frame.size)).getextrema() == (255, 255)


def test_one_that_fits_in_no_size_is_refused() -> None:
    answer = animation([noise(64, "RGB", seed=number) for number in range(64)], duration=20)

    with pytest.raises(PictureError):
        done(answer, limit=16_384)


# --- hostile ones -----------------------------------------------------------------------------


def bomb(count: int, size: tuple[int, int]) -> bytes:
    """A GIF of many frames that each say little about a large screen."""
    whole = saved(Image.new("P", (1, 1)), "GIF")
    at = whole.index(b"\x2c")
    frame = whole[at:-1]
    head = whole[:6] + b"".join(side.to_bytes(2, "little") for side in size) + whole[10:at]
    return head + frame * count + b"\x3b"


HOSTILE = {
    "5,000 frames": bomb(5000, (16, 16)),
    "one frame too many": bomb(MAX_FRAMES + 1, (16, 16)),
    "large screen": bomb(60, (8000, 8000)),
    "larger screen": bomb(2, (65_535, 65_535)),
    "cut short": animation(frames())[:-600],
    "cut in its head": animation(frames())[:12],
    "no end": animation(frames())[:-1],
    "stray block": animation(frames())[:-1] + b"\x77\x3b",
    "frame outside": bomb(2, (0, 0)),
    "timing without a body": animation(frames())[:-1] + b"\x21\xf9\x00\x3b",
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_animation_is_refused(kind: str) -> None:
    with pytest.raises(PictureError):
        done(HOSTILE[kind])


async def test_hostile_answers_are_nonsense_and_harm_no_worker() -> None:
    async with open_imaging(workers=1) as imaging:
        for answer in HOSTILE.values():
            with pytest.raises(NonsenseAnswer):
                await imaging.finish(answer, limit=PLENTY, wanted="gif")
        good = await imaging.finish_all(
            [animation(frames()), b"no"], each=PLENTY, together=PLENTY, wanted="gif"
        )

        assert [one and one.extension for one in good] == ["gif", None]
        assert imaging.health().killed == 0


async def test_types_that_nobody_has_are_our_mistake() -> None:
    async with open_imaging(workers=1) as imaging:
        with pytest.raises(ValueError, match="tiff"):
            await imaging.finish(saved(photo()), limit=PLENTY, wanted="tiff")


async def test_several_wanted_pictures_fit_together() -> None:
    async with open_imaging() as imaging:
        made = await imaging.finish_all(
            [saved(photo()), saved(photo("chelsea.png"))],
            each=PLENTY,
            together=120_000,
            wanted="webp",
        )

        assert [one and one.media_type for one in made] == ["image/webp"] * 2
        assert sum(len(one.data) for one in made if one) <= 120_000
