"""What `easel doctor` says of a picture service: reach, key, model, and how long it will live."""

import json
from collections.abc import Mapping
from datetime import date, timedelta

from bot.domain.errors import NotSetUp, OperationMissing, ProviderError
from bot.providers.base import Finding
from bot.providers.images_client import ImagesClient
from bot.providers.models import DEFAULT_MODEL, MODELS, Model
from bot.providers.prices import is_priced
from bot.providers.untyped import field_of, items_of, text_of

NOTICE = timedelta(days=60)
"""How long before a model's end the operator is warned."""

SERVICE = "Picture service"
MODEL = "Model"
PRICE = "Price"


async def findings(
    client: ImagesClient, model: Model, *, vendor: bool, today: date
) -> list[Finding]:
    """Ask the server for its models and compare; nothing is spent and nothing is raised."""
    return [
        *await _offered(client, model, vendor=vendor, today=today),
        *_unpriced(model, vendor=vendor),
    ]


async def _offered(
    client: ImagesClient, model: Model, *, vendor: bool, today: date
) -> list[Finding]:
    try:
        listed = _listed(await client.models())
    except ProviderError as error:
        return [_unreached(error, vendor=vendor), *_by_table(model, vendor=vendor, today=today)]
    reached = Finding(subject=SERVICE, well=True, says="The server answers and accepts the key.")
    if not listed:
        return [reached, _unlisted(model)]
    return [reached, _on_the_list(model, listed, vendor=vendor, today=today)]


def _listed(body: bytes) -> Mapping[str, object]:
    """Return each model's entry by its name; empty where the server lists none."""
    try:
        answer: object = json.loads(body)
    except ValueError:
        return {}
    return {text_of(field_of(entry, "id")): entry for entry in items_of(field_of(answer, "data"))}


def _unreached(error: ProviderError, *, vendor: bool) -> Finding:
    if isinstance(error, OperationMissing) and not vendor:
        return Finding(
            subject=SERVICE,
            well=True,
            says="The server answers; it does not list its models, so the key was not tried.",
        )
    if isinstance(error, NotSetUp):
        return Finding(
            subject=SERVICE,
            well=False,
            says="The server does not accept the key.",
            cure="Check OPENAI_API_KEY, and OPENAI_BASE_URL if the key is for another server.",
        )
    return Finding(
        subject=SERVICE,
        well=False,
        says="The server could not be asked.",
        cure="Check OPENAI_BASE_URL and this machine's way to the network; then try again.",
    )


def _unlisted(model: Model) -> Finding:
    return Finding(
        subject=MODEL, well=True, says=f"The server lists no models; {model.name} was not checked."
    )


def _on_the_list(
    model: Model, listed: Mapping[str, object], *, vendor: bool, today: date
) -> Finding:
    entry = listed.get(model.name)
    if entry is None:
        return Finding(
            subject=MODEL,
            well=False,
            says=f"The server does not offer {model.name} to this key.",
            cure=f"Set OPENAI_MODEL to {_another(listed)}, or give the key access.",
        )
    announced = _day(text_of(field_of(entry, "shutdown_date")))
    ends = announced or (model.ends if vendor else None)
    return _by_end(model, ends, today)


def _by_table(model: Model, *, vendor: bool, today: date) -> list[Finding]:
    return [_by_end(model, model.ends, today)] if vendor and model.ends is not None else []


def _by_end(model: Model, ends: date | None, today: date) -> Finding:
    if ends is None or ends - today > NOTICE:
        return Finding(subject=MODEL, well=True, says=f"{model.name} is offered.")
    verb = "was shut down" if ends <= today else "shuts down"
    return Finding(
        subject=MODEL,
        well=False,
        says=f"{model.name} {verb} on {ends.isoformat()}.",
        cure=f"Set OPENAI_MODEL to {_successor(model)}.",
    )


def _unpriced(model: Model, *, vendor: bool) -> list[Finding]:
    if is_priced(model):
        return []
    if not vendor:
        says = (
            f"No price list covers {model.name}; a picture costs what UNKNOWN_PRICE_DOLLARS says."
        )
        return [Finding(subject=PRICE, well=True, says=says)]
    return [
        Finding(
            subject=PRICE,
            well=False,
            says=f"No price list covers {model.name}; a picture counts as the dearest known one.",
            cure=f"Upgrade Easel, or set OPENAI_MODEL to {DEFAULT_MODEL}.",
        )
    ]


def _successor(model: Model) -> str:
    if model.successor is not None:
        return model.successor
    return next(name for name in (DEFAULT_MODEL, *MODELS) if name != model.name)


def _another(listed: Mapping[str, object]) -> str:
    known = [name for name in MODELS if name in listed]
    return known[0] if known else "one of the names that the server lists"


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        return None
