"""Errors in the middle of a stream, which have no status: what they had been as plain answers."""

import re
from collections.abc import Mapping

from bot.domain.errors import ContentRefused, MaybeBilled, OutOfBudget, ProviderError
from bot.providers.base import Operation
from bot.providers.errors import classify, described, safe
from bot.providers.untyped import field_of, text_of

_STATUS = re.compile(r"[45][0-9]{2}")
_CERTAIN = (ContentRefused, OutOfBudget)

_STATUSES: Mapping[str, int] = {
    "invalid_api_key": 401,
    "authentication_error": 401,
    "permission_error": 403,
    "model_not_found": 404,
    "rate_limit_exceeded": 429,
    "rate_limit_error": 429,
    "slow_down": 429,
    "requests": 429,
    "tokens": 429,
    "server_is_overloaded": 503,
    "invalid_request_error": 400,
    "image_generation_user_error": 400,
    "unknown_parameter": 400,
    "invalid_value": 400,
}
"""What errors in a stream, which have no status, have where they are plain answers."""


def of_event(
    body: object, *, model: str, operation: Operation, drawn: bool, request_id: str | None
) -> ProviderError:
    """Return our error for *body*, the error in a stream: what it had been as a plain answer.

    After a picture in the making (*drawn*), only a refusal is surely not charged in full.
    """
    status = _status_of(body)
    fault = described(
        body, status=status, headers={}, request_id=request_id, model=model, operation=operation
    )
    error = classify(fault)
    if drawn and not isinstance(error, _CERTAIN):
        return MaybeBilled(
            request_id=request_id,
            operator=f"The stream failed after it had begun to draw ({safe(fault.code)}).",
        )
    return error


def _status_of(body: object) -> int:
    """Return the status that an error without one would have had; 500 where nothing tells."""
    named = [text_of(field_of(body, name)).lower() for name in ("status", "code", "type")]
    for name in named:
        if _STATUS.fullmatch(name):
            return int(name)
    return next((_STATUSES[name] for name in named if name in _STATUSES), 500)
