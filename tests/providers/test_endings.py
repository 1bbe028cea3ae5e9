"""Which models end: the list's word, the table's word, and lists that are not worth believing."""

from datetime import date

import pytest

from bot.domain.errors import NotSetUp
from bot.providers import openai_images
from bot.providers.base import Ending, ProviderSettings
from bot.providers.endings import endings_of, has_ended, listed_in
from bot.providers.models import find
from tests.fakes.images_api import WRONG_KEY, FakeImages
from tests.fakes.images_rules import RULES
from tests.providers.conftest import TODAY, Opener

NEXT = "gpt-image-2.5-flare"
LIVE = dict.fromkeys(RULES)


def settings(fake: FakeImages, model: str = NEXT, key: str = "sk-test") -> ProviderSettings:
    return ProviderSettings(name="openai", api_key=key, base_url=fake.url, model=model)


@pytest.fixture
def as_vendor(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the fake pass for the vendor's own server."""

    def every(base_url: str | None) -> bool:
        return base_url is not None

    monkeypatch.setattr(openai_images, "is_vendor", every)


@pytest.mark.usefixtures("as_vendor")
async def test_ends_are_told_from_list_and_table(open_on: Opener) -> None:
    listed = {**LIVE, "gpt-image-2": "2027-01-10", "gpt-image-2.6-flare": "2027-06-01"}
    del listed["gpt-image-2.5-sunburst"]
    async with FakeImages(RULES, listed=listed).run() as fake:
        provider = await open_on(settings(fake))
        found = {ending.model: ending for ending in await provider.endings()}
        offered = provider.models
    assert found["gpt-image-2"] == Ending(
        model="gpt-image-2", day=date(2027, 1, 10), successor=NEXT
    )
    assert found["gpt-image-1.5"].day == date(2026, 12, 1)
    assert found["gpt-image-2.5-sunburst"] == Ending(
        model="gpt-image-2.5-sunburst", day=None, successor=NEXT
    )
    assert "gpt-image-2.6-flare" not in found
    assert NEXT not in found
    assert "gpt-image-2" in offered
    assert "gpt-image-2.5-sunburst" not in offered


@pytest.mark.usefixtures("as_vendor")
async def test_a_model_that_has_ended_is_offered_only_where_it_is_configured(
    open_on: Opener,
) -> None:
    async with FakeImages(RULES, listed={**LIVE, "gpt-image-2": "2026-11-01"}).run() as fake:
        other = await open_on(settings(fake))
        assert "gpt-image-2" in other.models
        await other.endings()
        assert "gpt-image-2" not in other.models
        own = await open_on(settings(fake, "gpt-image-2"))
        assert "gpt-image-2" in [ending.model for ending in await own.endings()]
        assert next(iter(own.models)) == "gpt-image-2"
        past = await open_on(settings(fake, "gpt-image-1"))
        (ending,) = [each for each in await past.endings() if each.model == "gpt-image-1"]
        assert (ending.day, ending.successor) == (date(2026, 10, 23), NEXT)


@pytest.mark.usefixtures("as_vendor")
async def test_a_list_of_strangers_is_not_believed(open_on: Opener) -> None:
    async with FakeImages(RULES, listed={"flux": None}).run() as fake:
        provider = await open_on(settings(fake))
        found = await provider.endings()
        assert {ending.model for ending in found} == {
            "gpt-image-1.5",
            "gpt-image-1-mini",
            "chatgpt-image-latest",
        }
        assert all(ending.day is not None for ending in found)


@pytest.mark.usefixtures("as_vendor")
async def test_nobody_can_say_without_the_list(fake: FakeImages, open_on: Opener) -> None:
    provider = await open_on(settings(fake, key=WRONG_KEY))
    with pytest.raises(NotSetUp):
        await provider.endings()
    assert provider.stops == ()


async def test_other_servers_keep_their_own_calendar(open_on: Opener) -> None:
    async with FakeImages(RULES, lists_models=False).run() as fake:
        assert await (await open_on(settings(fake, "gpt-image-1.5"))).endings() == ()


@pytest.mark.parametrize("body", [b"", b"[", b"[7]", b'{"data": [7, {"id": 1.5}]}'])
def test_a_list_that_is_none_says_nothing(body: bytes) -> None:
    assert endings_of([find("gpt-image-2")], listed_in(body), TODAY) == ()


@pytest.mark.parametrize(
    ("announced", "day", "ended"),
    [("2027-01-21", date(2027, 1, 21), False), ("2026-11-22", TODAY, True), ("soon", None, None)],
)
def test_sixty_days_are_the_notice(announced: str, day: date | None, ended: bool | None) -> None:
    listed = {"gpt-image-2": {"id": "gpt-image-2", "shutdown_date": announced}}
    found = endings_of([find("gpt-image-2")], listed, TODAY)
    assert [(each.day, has_ended(each, TODAY)) for each in found] == (
        [] if day is None else [(day, ended)]
    )


def test_a_model_withdrawn_before_its_day_has_ended() -> None:
    listed = {"gpt-image-2": None}
    (ending,) = endings_of([find("gpt-image-1.5")], listed, TODAY)
    assert ending.day is None
    assert has_ended(ending, TODAY)
