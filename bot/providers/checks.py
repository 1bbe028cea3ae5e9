"""What `easel doctor` says of a picture service: reach, key, model, and how long it will live."""

from datetime import date

from bot.domain.errors import NotSetUp, OperationMissing, ProviderError
from bot.providers.base import Finding
from bot.providers.endings import NOTICE, Listed, day_of, listed_in, successor_of
from bot.providers.images_client import ImagesClient
from bot.providers.models import DEFAULT_MODEL, MODELS, Model
from bot.providers.prices import is_priced

SERVICE = "Picture service"
MODEL = "Model"
PRICE = "Price"


async def findings(
    client: ImagesClient, model: Model, *, vendor: bool, today: date, lists: bool = True
) -> list[Finding]:
    """Ask the server for its models and compare; nothing is spent and nothing is raised.

    *lists* is False where the server has no list that could be asked for.
    """
    if not lists:
        return [*_unasked(model), *_unpriced(model, vendor=vendor)]
    return [
        *await _offered(client, model, vendor=vendor, today=today),
        *_unpriced(model, vendor=vendor),
    ]


async def _offered(
    client: ImagesClient, model: Model, *, vendor: bool, today: date
) -> list[Finding]:
    try:
        listed = listed_in(await client.models())
    except ProviderError as error:
        return [_unreached(error, vendor=vendor), *_by_table(model, vendor=vendor, today=today)]
    reached = Finding(subject=SERVICE, well=True, says="The server answers and accepts the key.")
    if not listed:
        return [reached, _unlisted(model)]
    return [reached, _on_the_list(model, listed, vendor=vendor, today=today)]


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


def _unasked(model: Model) -> list[Finding]:
    says = (
        "The settings are complete. This kind of server does not list its deployments, so address "
        "and key are first tried by a picture."
    )
    behaves = f"The deployment {model.name} is asked as the settings say it may be."
    return [
        Finding(subject=SERVICE, well=True, says=says),
        Finding(subject=MODEL, well=True, says=behaves),
    ]


def _unlisted(model: Model) -> Finding:
    return Finding(
        subject=MODEL, well=True, says=f"The server lists no models; {model.name} was not checked."
    )


def _on_the_list(model: Model, listed: Listed, *, vendor: bool, today: date) -> Finding:
    if model.name not in listed:
        return Finding(
            subject=MODEL,
            well=False,
            says=f"The server does not offer {model.name} to this key.",
            cure=f"Set OPENAI_MODEL to {_another(listed)}, or give the key access.",
        )
    return _by_end(model, day_of(model, listed, vendor=vendor), today)


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
        cure=f"Set OPENAI_MODEL to {successor_of(model)}.",
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


def _another(listed: Listed) -> str:
    known = [name for name in MODELS if name in listed]
    return known[0] if known else "one of the names that the server lists"
