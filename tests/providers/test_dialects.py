"""What is sent: known fields only, named files, words that cannot change parameters."""

import io
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from bot.domain.asks import Strength
from bot.domain.errors import Billed, ParameterRejected, PictureRejected, ProviderError
from bot.domain.pictures import Size
from bot.domain.sizes import Sizes
from bot.providers import dialects
from bot.providers.base import (
    VARY_INSTRUCTIONS,
    VERBATIM_PREFIX,
    Capabilities,
    InputPicture,
    Operation,
    PictureRequest,
)
from bot.providers.models import MODELS, Model, find
from tests.providers.pictures import mask, png, square

FULL = PictureRequest(
    operation=Operation.GENERATE,
    model="m",
    prompt="a fox",
    size=Size(1024, 1024),
    count=2,
    quality="hd",
    style="vivid",
    background="transparent",
    verbatim=True,
    images=(InputPicture(square()),),
    mask=mask(),
    strictness="low",
    member="abc",
    seed=7,
)
GPT, DALLE_2, DALLE_3 = MODELS["gpt-image-2"], MODELS["dall-e-2"], MODELS["dall-e-3"]


def test_gpt_image_gets_its_own_fields_only() -> None:
    call = dialects.generation(GPT, replace(FULL, quality="low"), 2, vendor=True)
    assert dict(call.fields) == {
        "model": "gpt-image-2",
        "prompt": "a fox",
        "n": 2,
        "size": "1024x1024",
        "quality": "low",
        "background": "transparent",
        "moderation": "low",
        "safety_identifier": "abc",
    }
    call = dialects.edit(GPT, replace(FULL, quality="low"), 1, vendor=True)
    assert set(call.fields) == {
        "model", "prompt", "n", "size", "quality", "background", "safety_identifier",
    }  # fmt: skip
    assert call.image == ("image.png", FULL.images[0].data, "image/png")
    assert call.mask == ("mask.png", FULL.mask, "image/png")


def test_dalle_gets_its_own_fields_only() -> None:
    call = dialects.generation(DALLE_3, FULL, 1, vendor=True)
    assert dict(call.fields) == {
        "model": "dall-e-3",
        "prompt": f"{VERBATIM_PREFIX} a fox",
        "n": 1,
        "size": "1024x1024",
        "quality": "hd",
        "style": "vivid",
        "response_format": "b64_json",
        "user": "abc",
    }
    call = dialects.edit(DALLE_2, FULL, 2, vendor=True)
    assert set(call.fields) == {"model", "prompt", "n", "size", "response_format", "user"}
    call = dialects.variation(DALLE_2, FULL, 2)
    assert set(call.fields) == {"model", "n", "size", "response_format", "user"}
    assert call.mask is None


def test_a_server_nobody_knows_learns_nothing_of_the_asker() -> None:
    model = find("flux", vendor=False)
    call = dialects.generation(model, FULL, 1, vendor=False)
    assert set(call.fields) == {"model", "prompt", "n", "size", "response_format"}


def test_no_member_no_identifier() -> None:
    call = dialects.generation(GPT, replace(FULL, member=""), 1, vendor=True)
    assert "safety_identifier" not in call.fields


def test_an_opaque_picture_without_a_mask_may_be_repainted_whole() -> None:
    call = dialects.edit(DALLE_2, replace(FULL, mask=None), 1, vendor=True)
    assert call.mask is not None
    with Image.open(io.BytesIO(call.mask[1])) as whole:
        assert (whole.mode, whole.size) == ("RGBA", (256, 256))
        assert whole.getextrema() == ((255, 255), (255, 255), (255, 255), (0, 0))
    assert dialects.edit(GPT, replace(FULL, mask=None), 1, vendor=True).mask is None


def test_a_variation_asks_by_its_strength_and_hint() -> None:
    for strength in Strength:
        request = replace(FULL, operation=Operation.VARY, strength=strength, prompt=" ")
        assert dialects.prompt_for(GPT, request, vendor=True) == VARY_INSTRUCTIONS[strength]
        request = replace(request, prompt="in oil")
        words = dialects.prompt_for(GPT, request, vendor=True)
        assert words.startswith(VARY_INSTRUCTIONS[strength])
        assert words.endswith("in oil")


@pytest.mark.parametrize("prompt", ["", "  \n", "<sd_cpp_extra_args>{}</sd_cpp_extra_args>"])
def test_no_words_are_refused_here(prompt: str) -> None:
    with pytest.raises(ParameterRejected):
        dialects.prompt_for(GPT, replace(FULL, prompt=prompt), vendor=False)


def test_too_many_words_are_refused_here() -> None:
    with pytest.raises(ParameterRejected):
        dialects.prompt_for(DALLE_3, replace(FULL, prompt="x" * 3_990), vendor=True)


@pytest.mark.parametrize("images", [[], [b""], [b"GIF89a" + bytes(40)]])
def test_an_edit_needs_a_picture(images: list[bytes]) -> None:
    given = tuple(InputPicture(image) for image in images)
    with pytest.raises(PictureRejected if images else ParameterRejected):
        dialects.edit(DALLE_2, replace(FULL, images=given, mask=None), 1, vendor=True)


@pytest.mark.parametrize(
    ("prompt", "left"),
    [
        ("a fox", "a fox"),
        ('a <sd_cpp_extra_args>{"steps": 99}</sd_cpp_extra_args>fox', "a fox"),
        ("a fox<SD_CPP_extra_args>{never closed", "a fox"),
        ("a< sd_cpp_extra_args >x</ sd_cpp_extra_args > fox", "a fox"),
        ("a <sd_cpp_<sd_cpp_extra_args></sd_cpp_extra_args>extra_args>x", "a "),
        ("</sd_cpp_extra_args>a fox", "a fox"),
    ],
)
def test_words_cannot_change_a_server_s_parameters(prompt: str, left: str) -> None:
    assert dialects.without_injection(prompt) == left
    assert dialects.prompt_for(GPT, replace(FULL, prompt=prompt), vendor=True) == prompt


@given(
    st.lists(st.sampled_from(["<", ">", "/", "sd_cpp_", "sd_cpp_extra_args", "extra_args", "a"]))
)
def test_no_nesting_gets_through(parts: list[str]) -> None:
    left = dialects.without_injection("".join(parts)).replace(" ", "")
    assert "<sd_cpp_extra_args>" not in left


def test_room_for_words_is_what_is_left() -> None:
    able = DALLE_3.can
    assert able.prompt_room(Operation.GENERATE) == 4_000
    assert able.prompt_room(Operation.GENERATE, verbatim=True) == 4_000 - len(VERBATIM_PREFIX) - 1
    plain = Capabilities(
        model="m", operations=frozenset(), sizes=Sizes(shapes={}), max_prompt=1_000
    )
    assert plain.prompt_room(Operation.GENERATE, verbatim=True) == 1_000
    assert 700 < plain.prompt_room(Operation.VARY) < 1_000


# --- what goes with the words, and how it comes back ----------------------------------------------

FLARE, NEWEST = MODELS["gpt-image-2.5-flare"], MODELS["gpt-image-2.6-flare"]
PLAIN = PictureRequest(
    operation=Operation.GENERATE, model="m", prompt="a fox", size=Size(1024, 1024), quality="low"
)
ONE, JPEG = InputPicture(square()), InputPicture(b"\xff\xd8\xff\xe0", "image/jpeg")
EDIT = replace(PLAIN, operation=Operation.EDIT, images=(ONE,))


def fields(model: Model, request: PictureRequest, count: int = 1) -> dict[str, object]:
    return dict(dialects.drawn(model, request, count, vendor=True)[1].fields)


def test_pictures_go_to_the_edits_with_their_names_and_types() -> None:
    operation, call = dialects.drawn(FLARE, replace(PLAIN, images=(ONE, JPEG)), 1, vendor=True)
    assert operation is Operation.EDIT
    assert call.files == {
        "image": [
            ("image-1.png", ONE.data, "image/png"),
            ("image-2.jpg", JPEG.data, "image/jpeg"),
        ]
    }
    assert "moderation" not in call.fields
    operation, call = dialects.drawn(FLARE, PLAIN, 1, vendor=True)
    assert (operation, call.files) == (Operation.GENERATE, {})


@pytest.mark.parametrize(
    ("model", "request_", "endpoint"),
    [
        (FLARE, PLAIN, Operation.GENERATE),
        (FLARE, EDIT, Operation.EDIT),
        (FLARE, replace(EDIT, operation=Operation.VARY, prompt=""), Operation.EDIT),
        (DALLE_2, replace(EDIT, operation=Operation.VARY, prompt=""), Operation.VARY),
        (DALLE_2, replace(EDIT, operation=Operation.VARY), Operation.EDIT),
    ],
)
def test_every_request_has_its_endpoint(
    model: Model, request_: PictureRequest, endpoint: Operation
) -> None:
    assert dialects.operation_for(model, request_) is endpoint


def test_a_drawing_is_sent_where_the_model_takes_one() -> None:
    call = dialects.edit(FLARE, replace(EDIT, markup=mask()), 1, vendor=True)
    assert call.files["markup"] == ("markup.png", mask(), "image/png")


@pytest.mark.parametrize(
    ("model", "wrong", "error"),
    [
        (FLARE, {"images": (ONE,) * 17}, ParameterRejected),
        (DALLE_3, {}, ParameterRejected),
        (DALLE_2, {"images": (ONE, ONE)}, ParameterRejected),
        (DALLE_2, {"images": (JPEG,)}, PictureRejected),
        (DALLE_2, {"images": (InputPicture(png(Image.new("RGBA", (9, 8)))),)}, PictureRejected),
        (FLARE, {"images": (InputPicture(b"GIF89a", "image/gif"),)}, PictureRejected),
        (FLARE, {"images": (InputPicture(square(), "image/webp"),)}, PictureRejected),
        (FLARE, {"images": (InputPicture(square() + bytes(50_000_000)),)}, PictureRejected),
        (FLARE, {"mask": mask(), "markup": mask()}, ParameterRejected),
        (FLARE, {"mask": mask(512)}, PictureRejected),
        (FLARE, {"mask": mask() + bytes(4_000_000)}, PictureRejected),
        (FLARE, {"markup": b"GIF89a"}, PictureRejected),
        (GPT, {"markup": mask()}, ParameterRejected),
        (NEWEST, {"mask": mask(), "output_format": "gif"}, ParameterRejected),
        (FLARE, {"output_format": "gif"}, ParameterRejected),
        (FLARE, {"output_format": "svg"}, ParameterRejected),
        (FLARE, {"output_format": "jpeg", "background": "transparent"}, ParameterRejected),
        (FLARE, {"output_format": "jpeg", "compression": 101}, ParameterRejected),
    ],
)
def test_what_a_model_does_not_take_is_refused_here(
    model: Model, wrong: dict[str, Any], error: type[ProviderError]
) -> None:
    with pytest.raises(error) as caught:
        dialects.drawn(model, replace(EDIT, **wrong), 1, vendor=True)
    assert caught.value.billed is Billed.NO
    assert caught.value.operator


@pytest.mark.parametrize(
    ("chosen", "sent"),
    [
        ({"output_format": "webp", "compression": 90}, {"output_compression": 90}),
        ({"output_format": "png", "compression": 90}, {}),
        ({"compression": 90}, {}),
        ({"output_format": "webp", "background": "transparent"}, {"background": "transparent"}),
        ({"background": "transparent"}, {"background": "transparent"}),
    ],
)
def test_types_are_sent_with_what_they_take(chosen: dict[str, Any], sent: dict[str, Any]) -> None:
    got = fields(FLARE, replace(PLAIN, **chosen))
    kind = {"output_format": chosen["output_format"]} if "output_format" in chosen else {}
    plain = fields(FLARE, PLAIN)
    assert got == {**plain, **kind, **sent}


def test_the_old_dialect_hears_nothing_of_new_options() -> None:
    new = replace(PLAIN, output_format="webp", compression=9, previews=2, strictness="low")
    assert fields(DALLE_3, new) == fields(DALLE_3, PLAIN)


@pytest.mark.parametrize(
    ("model", "chosen", "partials"),
    [
        (FLARE, {"previews": 2}, 2),
        (FLARE, {"previews": 9}, 3),
        (FLARE, {"previews": 0}, None),
        (FLARE, {"previews": 2, "count": 2}, None),
        (NEWEST, {"previews": 2, "output_format": "gif"}, None),
    ],
)
def test_previews_are_asked_for_where_they_can_be(
    model: Model, chosen: dict[str, Any], partials: int | None
) -> None:
    for request in (PLAIN, EDIT):
        got = fields(model, replace(request, **chosen))
        assert got.get("partial_images") == partials
        assert got.get("stream", False) is (partials is not None)
