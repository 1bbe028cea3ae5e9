"""Answers taken apart, whatever they are made of."""

import base64
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from bot.domain.errors import ContentRefused, NonsenseAnswer
from bot.providers.answers import decoded, parse, verified
from bot.providers.untyped import count_of, field_of, items_of, mapping_of, text_of, texts_of
from tests.fakes.images_answers import base64_of
from tests.providers.pictures import square

FORMATS = {"PNG": "image/png", "JPEG": "image/jpeg", "WEBP": "image/webp", "GIF": "image/gif"}


def encoded(kind: str) -> bytes:
    data = io.BytesIO()
    Image.new("RGB", (40, 30), (200, 30, 60)).save(data, kind)
    return data.getvalue()


@pytest.mark.parametrize("kind", FORMATS)
def test_a_picture_has_the_type_that_its_bytes_show(kind: str) -> None:
    assert verified(encoded(kind)).media_type == FORMATS[kind]


@pytest.mark.parametrize("kind", FORMATS)
def test_a_picture_that_was_cut_off_is_none(kind: str) -> None:
    data = encoded(kind)
    with pytest.raises(NonsenseAnswer):
        verified(data[: len(data) // 2])


@pytest.mark.parametrize(
    "data", [b"", b"<svg/>", b"<!DOCTYPE html>", b"BM12", b"%PDF-1.7", b"RIFF"]
)
def test_other_bytes_are_no_picture(data: bytes) -> None:
    with pytest.raises(NonsenseAnswer):
        verified(data)


def test_base64_may_be_wrapped_and_headed() -> None:
    wrapped = base64.encodebytes(square()).decode()
    assert decoded(wrapped) == square()
    assert decoded("data:image/png;base64," + wrapped) == square()
    with pytest.raises(NonsenseAnswer):
        decoded("!!!!")


def answer(*items: object, **more: object) -> bytes:
    return json.dumps({"data": list(items), **more}).encode()


WHOLE = {"b64_json": base64_of(square())}


def test_revised_prompts_are_kept() -> None:
    parsed = parse(answer({**WHOLE, "revised_prompt": "A longer fox"}))
    assert parsed.pieces[0].revised_prompt == "A longer fox"
    assert verified(square(), "A longer fox").revised_prompt == "A longer fox"
    assert verified(square(), "").revised_prompt is None


def test_withheld_pictures_are_counted_out() -> None:
    parsed = parse(answer(WHOLE, {"respect_moderation": False, "url": "https://x/"}))
    assert (len(parsed.pieces), parsed.refused) == (1, 1)
    with pytest.raises(ContentRefused):
        parse(answer({"respect_moderation": False}))


def test_usage_is_read_with_and_without_details() -> None:
    usage = {
        "input_tokens": 50,
        "input_tokens_details": {"text_tokens": 10, "image_tokens": 40},
        "output_tokens": 200,
        "output_tokens_details": {"text_tokens": 5, "image_tokens": 195},
    }
    used = parse(answer(WHOLE, usage=usage)).used
    assert used is not None
    assert (used.text_in, used.image_in, used.image_out, used.text_out) == (10, 40, 195, 5)
    del usage["output_tokens_details"]
    used = parse(answer(WHOLE, usage=usage)).used
    assert used is not None
    assert (used.image_out, used.text_out) == (200, 0)


@pytest.mark.parametrize(
    "usage", [None, {}, [], "x", {"output_tokens": 0, "input_tokens": 0}, {"output_tokens": "7x"}]
)
def test_usage_that_counts_nothing_is_none(usage: object) -> None:
    assert parse(answer(WHOLE, usage=usage)).used is None


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"7", b"{", b"\xff", b"[" * 100_000])
def test_other_bodies_are_nonsense(body: bytes) -> None:
    with pytest.raises(NonsenseAnswer):
        parse(body)


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=12,
)


@given(_json, st.sampled_from(["data", "usage"]))
def test_no_json_breaks_the_reader(value: object, name: str) -> None:
    try:
        parse(json.dumps({"data": [WHOLE], name: value}).encode())
    except (NonsenseAnswer, ContentRefused):
        assert name == "data"


@given(_json)
def test_untyped_reading_never_raises(value: object) -> None:
    assert isinstance(text_of(value), str)
    assert count_of(value) >= 0
    assert len(items_of(value)) >= len(texts_of(value))
    assert field_of(value, "data") == (mapping_of(value).get("data"))
