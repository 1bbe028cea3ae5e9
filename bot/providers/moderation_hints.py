"""Why the moderation service gave no score, as the people who run the bot should read it."""

from collections.abc import Mapping
from dataclasses import dataclass

from bot.domain.errors import (
    ModelGone,
    ModerationUnavailable,
    NonsenseAnswer,
    NotSetUp,
    OperationMissing,
    OutOfBudget,
    ParameterRejected,
    PictureRejected,
    ProviderBusy,
    ProviderError,
    ProviderFailed,
    ProviderUnreachable,
)


@dataclass(frozen=True, slots=True)
class Hint:
    """What to do; *lasting* where nothing changes until it is done."""

    says: str
    lasting: bool = True


_OFF = "or set MODERATION=off"

_HINTS: Mapping[type[ProviderError], Hint] = {
    OperationMissing: Hint(
        "The server has no moderation endpoint, as most compatible ones: give MODERATION_BASE_URL "
        f"the address of one that has it, {_OFF}."
    ),
    ModelGone: Hint(
        "The server does not serve this moderation model: name another with MODERATION_MODEL, "
        f"{_OFF}."
    ),
    NotSetUp: Hint(
        "The moderation service does not accept this set-up: check MODERATION_API_KEY and "
        f"MODERATION_BASE_URL, {_OFF}."
    ),
    OutOfBudget: Hint(
        "The account at the moderation service is out of money or over a limit; checks are free "
        f"there, but need an account that is not. Top it up, {_OFF}."
    ),
    ParameterRejected: Hint(
        f"The moderation service does not take this kind of question; ask another one, {_OFF}.",
        lasting=False,
    ),
    PictureRejected: Hint("The moderation service cannot read this picture.", lasting=False),
    ProviderBusy: Hint("The moderation service is busy.", lasting=False),
    ProviderUnreachable: Hint("The moderation service could not be reached.", lasting=False),
    ProviderFailed: Hint("The moderation service failed or was cut off.", lasting=False),
    NonsenseAnswer: Hint("The moderation service sent something that is no answer.", lasting=False),
}
_OTHERWISE = Hint("The moderation service refused to answer.", lasting=False)


def unavailable(error: ProviderError) -> ModerationUnavailable:
    """Return the one error that a caller of the moderation service has to know."""
    hint = _HINTS.get(type(error), _OTHERWISE)
    detail = f" {error.operator}" if isinstance(error, NonsenseAnswer) else ""
    return ModerationUnavailable(
        operator=hint.says + detail, lasting=hint.lasting, request_id=error.request_id
    )
