"""Saving: beyond a share of the month's budget, what nobody chose becomes cheaper.

What a member names stays; it is refused where it does not fit the budget, as ever. Prices come from
the picture maker's own estimates, so a new model needs no line here.
"""

from collections.abc import Iterator
from dataclasses import replace

from bot.domain.asks import Ask
from bot.domain.guild import GuildChoices
from bot.providers.base import ImageProvider
from bot.services.budget import month_budget
from bot.services.guild_edits import effective_model
from bot.services.options import known_price
from bot.services.quota import Quotas


def as_asked(ask: Ask) -> Ask:
    """Return *ask* without what an economy chose for it, as when it is made once more."""
    chosen: dict[str, str | None] = dict.fromkeys(ask.economy or ())
    return replace(ask, economy=None, **chosen) if chosen else ask


async def saving(ask: Ask, choices: GuildChoices, provider: ImageProvider, quotas: Quotas) -> Ask:
    """Return *ask* with a cheaper quality or model, where the server saves and there is one."""
    if choices.economy is None or (ask.model and ask.quality):
        return ask
    budget = await month_budget(quotas, ask.place.guild_id, choices.clocks)
    if budget is None or budget.percent < choices.economy:
        return ask
    return cheaper(ask, choices, provider)


def cheaper(ask: Ask, choices: GuildChoices, provider: ImageProvider) -> Ask:
    """Return the cheapest way to make *ask*: with its own model if that helps, else with another.

    Only what is certain to cost less replaces what was usual.
    """
    usual = _price(ask, choices, provider)
    for candidates in (_qualities(ask, choices, provider), _models(ask, choices, provider)):
        prices = [(_price(each, choices, provider), each) for each in candidates]
        known = [(price, each) for price, each in prices if price is not None]
        best = min(known, key=lambda pair: pair[0], default=None)
        if usual is not None and best is not None and best[0] < usual:
            return best[1]
    return ask


def _qualities(ask: Ask, choices: GuildChoices, provider: ImageProvider) -> Iterator[Ask]:
    model = provider.models.get(ask.model or "") or effective_model(choices, provider.models)
    if ask.quality is None:
        for quality in model.qualities:
            yield replace(ask, quality=quality, economy=("quality",))


def _models(ask: Ask, choices: GuildChoices, provider: ImageProvider) -> Iterator[Ask]:
    if ask.model is not None:
        return
    usual = effective_model(choices, provider.models).model
    for name, model in provider.models.items():
        if name == usual:
            continue
        if ask.quality is not None or not model.qualities:
            yield replace(ask, model=name, economy=("model",))
            continue
        for quality in model.qualities:
            yield replace(ask, model=name, quality=quality, economy=("model", "quality"))


def _price(ask: Ask, choices: GuildChoices, provider: ImageProvider) -> int | None:
    """Return what *ask* costs in micro-dollars; None: it cannot be made, or nobody knows."""
    models = provider.models
    model = effective_model(choices, models) if ask.model is None else models.get(ask.model)
    return None if model is None else known_price(ask, choices, model, provider)
