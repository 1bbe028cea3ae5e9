import pytest

from bot.domain.errors import MaskSelectsAll, PictureError, PictureTooLarge
from bot.domain.pictures import Box, Fit, Geometry, Note, Size
from bot.imaging import replies
from bot.imaging.geometry import fitted
from bot.imaging.values import Finished, Framing, Normalised
from bot.imaging.wire import BrokenFrameError, Frame
from tests.imaging.pictures import noise, quarters, saved

GEOMETRY = fitted(Size(300, 200), 6, side=256, fit=Fit.PAD)
FRAMING = Framing(side=256)
MADE = Normalised(data=saved(quarters(256, 256)), geometry=GEOMETRY, notes=(Note.TURNED,))
DONE = Finished(
    data=saved(quarters(20, 20), "JPEG"),
    media_type="image/jpeg",
    extension="jpg",
    size=Size(20, 20),
    notes=(Note.CROPPED_BACK,),
    changed=0.25,
)


def said(**changes: object) -> Frame:
    return Frame({**replies.normalised_head(MADE), **changes}, (MADE.data,))


def told(**changes: object) -> Frame:
    return Frame({**replies.finished_head(DONE), **changes}, (DONE.data,))


def test_what_holds_is_believed() -> None:
    assert replies.normalised(said(), FRAMING) == MADE
    assert replies.finished(told(), limit=100_000) == DONE
    assert replies.finished(told(changed=None), limit=100_000).changed is None
    assert replies.mask(Frame({}, (MADE.data,)), size=Size(256, 256)) == MADE.data


@pytest.mark.parametrize(
    "numbers",
    [
        None,
        [],
        "text",
        [1.5] * 13,
        [0] * 13,
        [-1] * 13,
        [300, 200, 9, 0, 0, 300, 200, 0, 0, 256, 256, 256, 256],
        [300, 200, 1, 0, 0, 301, 200, 0, 0, 256, 256, 256, 256],
        [300, 200, 1, 0, 0, 300, 200, 0, 0, 257, 256, 256],
        [300, 200, 1, 0, 0, 300, 200, 9, 9, 9, 256, 256],
        [300, 200, 1, 0, 0, 300, 200, 0, 0, 99_999, 256, 256, 256],
    ],
)
def test_geometries_that_make_no_sense(numbers: object) -> None:
    with pytest.raises(BrokenFrameError):
        replies.normalised(said(geometry=numbers), FRAMING)


@pytest.mark.parametrize("notes", [None, "shrunk", ["@everyone"], [3]])
def test_notes_are_ours(notes: object) -> None:
    with pytest.raises(BrokenFrameError):
        replies.normalised(said(notes=notes), FRAMING)


def test_squares_of_another_side_or_too_many_bytes() -> None:
    wide = Geometry(
        source=Size(8, 8),
        orientation=1,
        taken=Box(0, 0, 8, 8),
        place=Box(0, 0, 9, 9),
        canvas=Size(9, 9),
    )
    large = Normalised(
        data=saved(noise(1100)),
        geometry=fitted(Size(9, 9), 1, side=1100, fit=Fit.PAD),
    )
    for frame, most in (
        (said(), 255),
        (said(geometry=replies.geometry_numbers(wide)), 256),
        (Frame(said().head, ()), 256),
        (Frame(said().head, (b"GIF89a",)), 256),
        (Frame(replies.normalised_head(large), (large.data,)), 2000),
    ):
        with pytest.raises(BrokenFrameError):
            replies.normalised(frame, Framing(side=most))


@pytest.mark.parametrize(
    ("said_type", "types", "kind", "holds"),
    [
        ("image/jpeg", ("image/jpeg",), "JPEG", True),
        ("image/webp", ("image/jpeg", "image/webp"), "WEBP", True),
        ("image/png", ("image/jpeg",), "PNG", True),
        ("image/jpeg", (), "JPEG", False),
        ("image/jpeg", ("image/webp",), "JPEG", False),
        ("image/webp", ("image/webp", "image/jpeg"), "JPEG", False),
        ("image/png", ("image/webp",), "WEBP", False),
        ("text/html", ("text/html",), "PNG", False),
        (None, (), "PNG", False),
    ],
)
def test_the_types_that_were_asked_for_are_believed_where_the_bytes_say_so(
    said_type: object, types: tuple[str, ...], kind: str, holds: bool
) -> None:
    frame = Frame(said(type=said_type).head, (saved(quarters(256, 256), kind),))
    framing = Framing(side=256, types=types)

    if holds:
        assert replies.normalised(frame, framing).media_type == said_type
    else:
        with pytest.raises(BrokenFrameError):
            replies.normalised(frame, framing)


def test_masks_have_the_pictures_dimensions() -> None:
    with pytest.raises(BrokenFrameError):
        replies.mask(Frame({}, (MADE.data,)), size=Size(255, 255))


@pytest.mark.parametrize(
    "changes",
    [
        {"type": "image/png"},
        {"type": "image/gif"},
        {"size": [21, 20]},
        {"type": "text/html"},
        {"type": None},
        {"type": "x" * 101},
        {"size": [20]},
        {"size": "20x20"},
        {"changed": 1.5},
        {"changed": "all"},
    ],
)
def test_finished_pictures_are_what_they_say(changes: dict[str, object]) -> None:
    with pytest.raises(BrokenFrameError):
        replies.finished(told(**changes), limit=100_000)


def test_finished_pictures_keep_the_limit() -> None:
    with pytest.raises(BrokenFrameError):
        replies.finished(told(), limit=100)


@pytest.mark.parametrize(
    "error", [PictureTooLarge(what="picture", size="9x9", limit="3x3"), MaskSelectsAll(what="mask")]
)
def test_refusals_cross_with_their_values(error: PictureError) -> None:
    again = replies.refusal(replies.refusal_head(error))

    assert type(again) is type(error)
    assert again is not None
    assert again.values == error.values


def test_no_refusal() -> None:
    assert replies.refusal({"notes": []}) is None


@pytest.mark.parametrize(
    "head",
    [
        {"refusal": "SystemExit", "values": {}},
        {"refusal": 3, "values": {}},
        {"refusal": "EmptyPicture"},
        {"refusal": "EmptyPicture", "values": [1]},
    ],
)
def test_other_names_are_no_refusals(head: dict[str, object]) -> None:
    with pytest.raises(BrokenFrameError):
        replies.refusal(head)
