import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.errors import NonsenseAnswer
from bot.imaging.delivery import fair_limit
from bot.imaging.pool import open_imaging
from bot.imaging.values import Named
from tests.imaging.pictures import noise, opened, photo, quarters, saved

pytestmark = pytest.mark.usefixtures("kept_workers")


@given(st.lists(st.integers(0, 10_000), max_size=10), st.integers(0, 50_000))
def test_everything_fits_and_nothing_is_wasted(sizes: list[int], together: int) -> None:
    limit = fair_limit(sizes, together)

    kept = [min(size, limit) for size in sizes]
    assert sum(kept) <= together
    if sum(sizes) > together:
        assert together - sum(kept) < len(sizes)
    else:
        assert kept == sizes


async def test_small_pictures_leave_their_room_to_the_large_ones() -> None:
    answers = [
        saved(quarters(300, 300)),
        saved(noise(300, "RGB")),
        saved(noise(300, "RGB", seed=2)),
    ]
    async with open_imaging() as imaging:
        first, second, third = await imaging.finish_all(answers, each=10**7, together=300_000)

    assert first is not None
    assert second is not None
    assert third is not None
    assert first.media_type == "image/png"
    assert second.media_type == third.media_type == "image/jpeg"
    assert sum(len(one.data) for one in (first, second, third)) <= 300_000


async def test_what_fits_is_left_lossless() -> None:
    answers = [saved(photo()), saved(photo("coffee.png"))]
    async with open_imaging() as imaging:
        done = await imaging.finish_all(answers, each=10**7, together=10**7)

    assert [one and one.media_type for one in done] == ["image/png"] * 2


async def test_each_file_has_its_own_limit_too() -> None:
    async with open_imaging(workers=1) as imaging:
        (one,) = await imaging.finish_all([saved(noise(300, "RGB"))], each=100_000, together=10**7)

    assert one is not None
    assert len(one.data) <= 100_000


async def test_an_answer_that_is_none_leaves_the_others() -> None:
    async with open_imaging() as imaging:
        done = await imaging.finish_all([b"<html>", saved(photo())], each=10**7, together=10**7)
        with pytest.raises(NonsenseAnswer):
            await imaging.finish_all([b"<html>", b""], each=10**7, together=10**7)

    assert done[0] is None
    assert done[1] is not None


async def test_masks_hold_for_every_answer() -> None:
    async with open_imaging() as imaging:
        picture = await imaging.normalise(saved(quarters(300, 200)), side=256)
        mask = await imaging.mask(Named("left half"), picture)
        answers = [saved(photo().resize((256, 256)))] * 2
        done = await imaging.finish_all(
            answers, each=10**7, together=10**7, picture=picture, mask=mask
        )

    for one in done:
        assert one is not None
        assert opened(one.data).getpixel((250, 160)) == (255, 255, 255)
