"""The vendor's failures in our own words: by status, then code, then type, then message.

Nothing of the vendor's text gets into what a person reads; the request id is kept for the log.
"""

import re
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import httpx2
import openai

from bot.domain.errors import (
    ContentRefused,
    MaybeBilled,
    ModelGone,
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
from bot.providers.base import Operation
from bot.providers.untyped import field_of, mapping_of, text_of, texts_of
from bot.providers.waiting import retry_after

POLICY_CODES = frozenset(
    {
        "content_policy_violation",
        "contentfilter",
        "content_filter",
        "moderation_blocked",
        "responsibleaipolicyviolation",
    }
)
MONEY_CODES = frozenset(
    {
        "insufficient_quota",
        "credit_balance_exhausted",
        "organization_spend_limit_exceeded",
        "project_spend_limit_exceeded",
        "organization_usage_limit_exceeded",
        "billing_hard_limit_reached",
        "billing_not_active",
    }
)
PICTURE_CODES = frozenset(
    {
        "unsupported_file_mimetype",
        "invalid_image_file",
        "invalid_image",
        "invalid_image_format",
        "image_too_large",
        "image_parse_error",
    }
)
FIELD_CODES = frozenset({"unknown_parameter", "missing_required_parameter"})
MODEL_CODES = frozenset({"model_not_found", "deploymentnotfound", "model_shut_down"})

_POLICY_WORDS = re.compile(
    r"safety system|content policy|content (?:management|filter)|safety_violations"
    r"|moderation (?:system|blocked)|blocked by .{0,20}moderation",
    re.IGNORECASE,
)
_MONEY_WORDS = re.compile(
    r"billing|exceeded your current quota|insufficient (?:quota|credit|funds|balance)"
    r"|credit balance|spend(?:ing)? limit",
    re.IGNORECASE,
)
_PICTURE_WORDS = re.compile(
    r"must be a png|less than 4 ?mb|invalid (?:input )?image|image (?:file|format)"
    r"|uploaded image|unsupported mimetype|format must be in|mask (?:image|size|must)",
    re.IGNORECASE,
)
_MODEL_WORDS = re.compile(
    r"\bmodel\b.*(?:not (?:exist|found)|retired|deprecated|shut down|no longer|not available)"
    r"|(?:retired|deprecated|no longer available).*\bmodel\b",
    re.IGNORECASE | re.DOTALL,
)
_VIOLATIONS = re.compile(r"safety_violations=\[([^\]]*)\]")
_CATEGORY = re.compile(r"[a-z][a-z0-9_/-]{0,39}")
_STAGES = ("input", "output")
_MOST_TEXT = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One failed call as the vendor described it; all texts but the message are lower case."""

    status: int
    code: str
    kind: str
    message: str
    about: str
    body: object
    headers: Mapping[str, str]
    request_id: str | None
    model: str
    operation: Operation

    def says(self, *words: re.Pattern[str]) -> bool:
        """Whether the message has one of these phrases in it."""
        return any(pattern.search(self.message) for pattern in words)

    def is_any(self, codes: frozenset[str]) -> bool:
        """Whether code or type is one of *codes*."""
        return self.code in codes or self.kind in codes


def translate(error: Exception, *, model: str, operation: Operation) -> ProviderError:
    """Return our error for what the SDK or its HTTP library raised."""
    if isinstance(error, openai.APIStatusError):
        return classify(fault_of(error, model=model, operation=operation))
    return _without_answer(error)


def classify(fault: Fault) -> ProviderError:
    """Return our error for an answer that says that the call failed."""
    if fault.is_any(POLICY_CODES):
        return _refused(fault)
    if fault.is_any(MONEY_CODES):
        return _out_of_budget(fault)
    outcome = _BY_STATUS.get(fault.status)
    if outcome is None:
        outcome = next(outcome for least, outcome in _BY_RANGE if fault.status >= least)
    return outcome(fault)


def fault_of(error: openai.APIStatusError, *, model: str, operation: Operation) -> Fault:
    """Take an answer apart: the vendor's envelope, Azure's, FastAPI's, a bare text or HTML."""
    return described(
        error.body,
        status=error.status_code,
        headers=error.response.headers,
        request_id=error.request_id,
        model=model,
        operation=operation,
    )


def described(
    body: object,
    *,
    status: int,
    headers: Mapping[str, str],
    request_id: str | None,
    model: str,
    operation: Operation,
) -> Fault:
    """Take an error's body apart, whatever shape it has."""
    detail = field_of(body, "detail")
    message = text_of(field_of(body, "message")) or text_of(detail) or text_of(body) or str(detail)
    inner = text_of(field_of(field_of(body, "inner_error", "innererror"), "code"))
    return Fault(
        status=status,
        code=(text_of(field_of(body, "code")) or inner).lower(),
        kind=text_of(field_of(body, "type")).lower(),
        message="" if message.lstrip().startswith("<") else message[:_MOST_TEXT],
        about=text_of(field_of(body, "param")).lower(),
        body=body,
        headers=headers,
        request_id=request_id,
        model=model,
        operation=operation,
    )


def _without_answer(error: Exception) -> ProviderError:
    cause = error.__cause__ if isinstance(error, openai.APIConnectionError) else error
    if isinstance(cause, UnicodeEncodeError) and cause.encoding != "ascii":
        return ParameterRejected(operator="A text holds characters that no request can carry.")
    if isinstance(cause, _CANNOT_BE_SENT):
        return NotSetUp(
            operator="OPENAI_BASE_URL, OPENAI_API_KEY or OPENAI_ORGANIZATION cannot be sent as it "
            "stands."
        )
    if isinstance(cause, _NEVER_SENT):
        return ProviderUnreachable(operator=f"No connection ({type(cause).__name__}).")
    return MaybeBilled(operator=f"The call was cut off ({type(cause).__name__}).")


_CANNOT_BE_SENT = (httpx2.UnsupportedProtocol, httpx2.LocalProtocolError, UnicodeEncodeError)

_NEVER_SENT = (
    httpx2.ConnectError,
    httpx2.ConnectTimeout,
    httpx2.PoolTimeout,
    httpx2.ProxyError,
    ssl.SSLCertVerificationError,
)


def _bad_request(fault: Fault) -> ProviderError:
    if fault.is_any(MODEL_CODES) or fault.about == "model":
        return _model_gone(fault)
    if fault.is_any(PICTURE_CODES):
        return _picture(fault)
    if not fault.is_any(FIELD_CODES):
        for pattern, outcome in _BY_MESSAGE:
            if fault.says(pattern):
                return outcome(fault)
        if fault.about in ("image", "mask"):
            return _picture(fault)
    return ParameterRejected(
        request_id=fault.request_id,
        operator=f"Rejected with status {fault.status}, field {safe(fault.about)}, "
        f"code {safe(fault.code)}.",
    )


def _not_found(fault: Fault) -> ProviderError:
    if fault.is_any(MODEL_CODES) or fault.about == "model" or fault.says(_MODEL_WORDS):
        return _model_gone(fault)
    return OperationMissing(
        request_id=fault.request_id,
        operation=fault.operation.value,
        operator=f"The server has no endpoint for {fault.operation.value} ({fault.status}); "
        "if it should, check the path of OPENAI_BASE_URL.",
    )


def _forbidden(fault: Fault) -> ProviderError:
    if fault.is_any(MODEL_CODES):
        return _model_gone(fault)
    if fault.says(_POLICY_WORDS):
        return _refused(fault)
    return _not_set_up(
        fault, "The key may not use this model: verify the organisation or give the key access."
    )


def _limited(fault: Fault) -> ProviderError:
    return _out_of_budget(fault) if fault.says(_MONEY_WORDS) else _busy(fault)


def _busy(fault: Fault) -> ProviderError:
    return ProviderBusy(
        retry_after=retry_after(fault.headers, fault.message), request_id=fault.request_id
    )


def _lost(fault: Fault) -> ProviderError:
    return MaybeBilled(
        request_id=fault.request_id, operator=f"A gateway gave up waiting ({fault.status})."
    )


def _out_of_budget(fault: Fault) -> ProviderError:
    return OutOfBudget(
        request_id=fault.request_id,
        operator="The account at the picture service is out of money or over a spending limit.",
    )


def _model_gone(fault: Fault) -> ProviderError:
    return ModelGone(
        request_id=fault.request_id,
        model=fault.model,
        operator=f"The server does not serve {fault.model} to this key; choose another model.",
    )


def _not_set_up(fault: Fault, operator: str) -> ProviderError:
    return NotSetUp(request_id=fault.request_id, operator=operator)


def _redirected(fault: Fault) -> ProviderError:
    return _not_set_up(fault, "The server redirects to another address; correct OPENAI_BASE_URL.")


def _failed(fault: Fault) -> ProviderError:
    return ProviderFailed(request_id=fault.request_id)


def _wrong_key(fault: Fault) -> ProviderError:
    return _not_set_up(fault, "The key was not accepted; check OPENAI_API_KEY and OPENAI_BASE_URL.")


def _picture(fault: Fault) -> ProviderError:
    return PictureRejected(request_id=fault.request_id)


def _refused(fault: Fault) -> ProviderError:
    details = mapping_of(field_of(fault.body, "moderation_details"))
    stage = text_of(details.get("moderation_stage")).lower()
    return ContentRefused(
        stage=stage if stage in _STAGES else "unknown",
        categories=_categories(fault, details),
        request_id=fault.request_id,
    )


def _categories(fault: Fault, details: Mapping[str, object]) -> tuple[str, ...]:
    named = [*texts_of(details.get("categories"))]
    found = _VIOLATIONS.search(fault.message)
    if found:
        named += found.group(1).split(",")
    inner = field_of(fault.body, "inner_error", "innererror")
    results = mapping_of(field_of(inner, "content_filter_results", "content_filter_result"))
    named += [name for name, result in results.items() if field_of(result, "filtered") is True]
    tidy = (name.strip(" '\"").lower() for name in named)
    return tuple(dict.fromkeys(name for name in tidy if _CATEGORY.fullmatch(name)))[:8]


def safe(word: str) -> str:
    """Return *word* where it can be shown to an operator: a plain name and nothing else."""
    return word if re.fullmatch(r"[a-z0-9_.\[\]-]{1,60}", word) else "(none)"


_BY_STATUS: Mapping[int, Callable[[Fault], ProviderError]] = {
    401: _wrong_key,
    402: _out_of_budget,
    403: _forbidden,
    404: _not_found,
    405: _not_found,
    408: _lost,
    410: _not_found,
    413: _picture,
    429: _limited,
    501: _not_found,
    502: _lost,
    503: _busy,
    504: _lost,
    529: _busy,
}

_BY_RANGE: tuple[tuple[int, Callable[[Fault], ProviderError]], ...] = (
    (520, _lost),  # a gateway between us and the vendor
    (500, _failed),
    (400, _bad_request),
    (0, _redirected),
)

_BY_MESSAGE: tuple[tuple[re.Pattern[str], Callable[[Fault], ProviderError]], ...] = (
    (_POLICY_WORDS, _refused),
    (_MONEY_WORDS, _out_of_budget),
    (_PICTURE_WORDS, _picture),
    (_MODEL_WORDS, _model_gone),
)
