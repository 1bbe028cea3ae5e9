"""What a saving server makes cheaper, and what it leaves as it was asked for."""

from collections.abc import AsyncGenerator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.bootstrap import Services
from bot.domain.asks import recall, remember
from bot.domain.errors import BadOption, QuotaFull
from bot.domain.quota import Rule, Scope, Unit
from bot.domain.windows import Window
from bot.providers.base import PictureRequest
from bot.services.admission import Ticket, ticket_of
from tests.services.clocks import FrozenClock
from tests.services.studio import ANN, GUILD, PRICE, Told, Wall, answer, ask, open_studio, picture

pytestmark = pytest.mark.usefixtures("database_kind")

PRICES: dict[tuple[str, str | None], int] = {
    ("told-1", "high"): 40_000,
    ("told-1", "low"): 20_000,
    ("told-draw", None): 10_000,
}


@pytest.fixture
def provider() -> Told:
    return Told(answer(picture()), each=_each)


@pytest.fixture
async def services(tmp_path: Path, clock: FrozenClock, provider: Told) -> AsyncGenerator[Services]:
    async with open_studio(tmp_path, clock, provider) as opened:
        yield opened


def _each(request: PictureRequest) -> int:
    return PRICES[request.model, request.quality]


async def _save(services: Services, **choices: Any) -> None:
    """Let the server save from 50 % on, of which one picture has used more."""
    limit = Rule(scope=Scope.SERVER, unit=Unit.DOLLARS, window=Window.MONTH, amount=8 * PRICE)
    await services.quotas.set_rule(GUILD, limit, by=ANN)
    models = services.provider.models
    await services.guilds.change(GUILD, ANN, models=models, economy=10, **choices)
    ticket = await services.studio.admit(ask())
    assert ticket.ask.economy is None
    await services.studio.perform(ticket, Wall())


async def _made(services: Services, **options: Any) -> Ticket:
    ticket = await services.studio.admit(ask(**options))
    await services.studio.books.withdrawn(ticket, "Test")
    return ticket


async def test_a_cheaper_quality_of_the_same_model_comes_first(services: Services) -> None:
    await _save(services, quality="high")

    ticket = await _made(services)

    assert (ticket.request.model, ticket.request.quality) == ("told-1", "low")
    assert ticket.ask.economy == ("quality",)


async def test_where_no_quality_is_cheaper_another_model_is(services: Services) -> None:
    await _save(services)

    ticket = await _made(services)

    assert (ticket.request.model, ticket.request.quality) == ("told-draw", None)
    assert ticket.ask.economy == ("model",)


async def test_a_model_that_cannot_make_it_is_not_chosen(services: Services) -> None:
    await _save(services)

    ticket = await _made(services, count=2)  # the cheap model makes one at once

    assert (ticket.request.model, ticket.ask.economy) == ("told-1", None)


@pytest.mark.parametrize(
    ("named", "model", "quality"),
    [
        ({"model": "told-1", "quality": "high"}, "told-1", "high"),
        ({"quality": "high"}, "told-1", "high"),
        ({"model": "told-1"}, "told-1", "low"),
    ],
)
async def test_what_a_member_names_stays(
    services: Services, named: dict[str, str], model: str, quality: str
) -> None:
    await _save(services, quality="high")

    ticket = await _made(services, **named)

    assert (ticket.request.model, ticket.request.quality) == (model, quality)


async def test_what_a_member_names_is_refused_where_it_does_not_fit(services: Services) -> None:
    await _save(services)
    ticket = await services.studio.admit(ask(quality="high"))
    await services.studio.perform(ticket, Wall())
    ticket = await services.studio.admit(ask(quality="high"))
    await services.studio.perform(ticket, Wall())
    for _ in range(2):
        await services.studio.perform(await services.studio.admit(ask()), Wall())

    with pytest.raises(QuotaFull):
        await services.studio.admit(ask(quality="high"))
    assert (await _made(services)).request.model == "told-draw"


async def test_before_its_share_and_when_off_nothing_is_cheaper(services: Services) -> None:
    await services.guilds.change(GUILD, ANN, economy=50)
    assert (await _made(services)).ask.economy is None

    await _save(services)
    await services.guilds.change(GUILD, ANN, economy=None)
    assert (await _made(services)).ask.economy is None


async def test_a_price_that_nobody_knows_is_not_taken_for_cheap(
    services: Services, provider: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    await _save(services)
    known = Told.estimate

    def estimate(told: Told, request: PictureRequest) -> Any:
        price = known(told, request)
        return replace(price, known=request.model == "told-1")

    monkeypatch.setattr(Told, "estimate", estimate)

    assert (await _made(services)).ask.economy is None


async def test_what_was_saved_is_not_taken_for_chosen_when_it_is_made_again(
    services: Services,
) -> None:
    await _save(services)
    saved = (await services.studio.admit(ask())).ask
    (job,) = await services.studio.books.unfinished()
    assert ticket_of(job, (await services.guilds.choices(GUILD))).ask.economy == ("model",)
    await services.guilds.change(GUILD, ANN, economy=None)

    new = ask()
    again = recall(
        remember(saved),
        command=saved.command,
        prompt=saved.prompt,
        origin=new.origin,
        asker=new.asker,
        place=new.place,
        parent=None,
    )
    assert (await _made(services, **_options(again))).request.model == "told-1"


def _options(again: Any) -> dict[str, Any]:
    return {"model": again.model, "quality": again.quality, "economy": again.economy}


@pytest.mark.parametrize("share", [0, 100, -1])
async def test_a_share_is_1_to_99(services: Services, share: int) -> None:
    with pytest.raises(BadOption) as caught:
        await services.guilds.change(GUILD, ANN, economy=share)
    assert caught.value.values["option"] == "economy"
