"""What the picture service does to a request, and what must come of it: one row for each way."""

import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from PIL import Image

from tests.fakes.images_answers import Fault, base64_of, error, packed, too_large
from tests.fakes.images_streams import event, partial

WORDS = "Vendor says @everyone: see https://vendor.example/secret"
"""The vendor's own text, of which nothing may be seen anywhere."""

PAGE = f"<html><body>{WORDS}</body></html>"
INSIDE = "inside.png"
"""A whole picture that the service serves, and that a redirect leads to."""

FREE = "Nothing was charged."
PERHAPS = "The picture service may have charged the server's budget for it."
AGAIN = "Your allowance was given back; ask again."

FAILED = f"The picture service had a failure of its own. {FREE} Ask again in a minute."
BUSY = f"The picture service is busy. {FREE} Ask again in a minute."
UNREACHABLE = f"The picture service could not be reached. {FREE} Ask again in a minute."
LOST = f"The picture service did not answer in time. {PERHAPS} {AGAIN}"
NONSENSE = f"The picture service sent something that is not a picture. {PERHAPS} {AGAIN}"
NO_MONEY = (
    f"The bot's budget at the picture service is used up. {FREE} "
    "The people who run this bot have been told."
)
NOT_SET_UP = (
    f"The picture service does not accept this bot's set-up. {FREE} "
    "Tell the people who run this bot; `easel doctor` names the cause."
)
NO_MODEL = (
    f"The model gpt-image-2.5-flare is not available. {FREE} "
    "Choose another model, or tell the people who run this bot."
)
PAUSED = (
    "The picture service failed several times in a row, so Easel is not asking it now. "
    f"{FREE} Ask again in a few minutes; the people who run this bot have been told."
)
WAITING = "Waiting for the picture service; Easel asks again in about 1 s."


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One way to fail.

    Attributes:
        faults: what the service does to the calls, one each; a call beyond them is answered well.
        says: all that the asker reads; empty where a picture is shown instead.
        failure: our name for it, as the job keeps it.
        money: how the booking ends. What is settled or unknown stays on the server's money, at
            the estimate; a picture that is shown is settled at its price.
        calls: how often the service is asked.
        never_ran: how many of them were answered with status 200 only to say that they failed.
        waits: whether the asker is told meanwhile that it is asked again.
        previewed: whether a picture in the making is seen before the last fault takes effect.
        stage, reasons: what the moderation log says.
        options: what is asked for beside the prompt.
    """

    faults: tuple[Fault, ...]
    says: str = ""
    failure: str | None = None
    money: str = "settled"
    calls: int = 1
    never_ran: int = 0
    waits: bool = False
    previewed: bool = False
    stage: str = ""
    reasons: tuple[str, ...] = ()
    options: Mapping[str, Any] | None = None


def asked_again(fault: Fault, *, never_ran: int = 0) -> Row:
    """Return a row that ends well at the second call."""
    return Row(faults=(fault,), calls=2, never_ran=never_ran, waits=True)


def free(says: str, failure: str, *faults: Fault, waits: bool = False) -> Row:
    return Row(
        faults=faults,
        says=says,
        failure=failure,
        money="released",
        calls=len(faults),
        waits=waits or len(faults) > 1,
    )


def lost(fault: Fault, *, previewed: bool = False) -> Row:
    return Row(
        faults=(fault,), says=LOST, failure="MaybeBilled", money="unknown", previewed=previewed
    )


CODE = "{code}"
"""Stands for the request's, which nobody knows beforehand."""

SAID = {
    "input": ("your words", "Say it in other words, or leave out what may be taken for that."),
    "output": (
        "the finished picture",
        "The same words may well lead to another picture: try once more, or change them.",
    ),
}
PLAIN_REASONS = {"sexual": "sexual content"}


def nonsense(fault: Fault) -> Row:
    return Row(faults=(fault,), says=NONSENSE, failure="NonsenseAnswer")


def _card(stage: str, reasons: tuple[str, ...]) -> str:
    whom, hint = SAID[stage]
    why = f" ({', '.join(PLAIN_REASONS.get(each, each) for each in reasons)})" if reasons else ""
    by = f"the picture service does not make this{why}."
    return f"**Declined for {whom}**: {by}\n{FREE} {hint}\n-# #{CODE}"


def declined(stage: str, *reasons: str, streamed: bool = False) -> Row:
    details = {"moderation_stage": stage, "categories": list(reasons)}
    code = "moderation_blocked"
    fault = error(400, WORDS, code=code, moderation_details=details)
    if streamed:
        told = {"code": code, "message": WORDS, "moderation_details": details}
        fault = Fault(stream=[event({"type": "error", "error": told})])
    return Row(
        faults=(fault,),
        says=_card(stage, reasons),
        failure="ContentRefused",
        money="released",
        stage=stage,
        reasons=reasons,
    )


def _square(seed: int = 1) -> bytes:
    """Return a whole PNG of the size that is asked for when nothing is said."""
    return packed(Image.new("RGBA", (1024, 1024), (seed, 90, 160, 255)))


def _coarse() -> str:
    """Return a small picture in base64, as one in the making may be."""
    data = io.BytesIO()
    Image.effect_noise((256, 256), 60).convert("RGB").save(data, "PNG")
    return base64_of(data.getvalue())


SQUARE = _square()
COARSE = _coarse()
SVG = f"<svg xmlns='http://www.w3.org/2000/svg'><text>{WORDS}</text></svg>".encode()


def _packed(data: bytes) -> Fault:
    return Fault(items=[{"b64_json": base64_of(data)}])


def _at(url: str) -> Fault:
    return Fault(items=[{"url": url}])


SERVER_ERROR = error(500, WORDS, kind="server_error")
STREAM_ERROR = event({"type": "error", "error": {"code": "server_error", "message": WORDS}})
FLAT_ERROR = event({"type": "error", "code": "server_error", "message": WORDS})

PLAIN: dict[str, Row] = {
    # --- lost: nobody knows whether it ran
    "502 with a page": lost(Fault(status=502, body=PAGE)),
    "504 with a page": lost(Fault(status=504, body=PAGE)),
    "524 with a page": lost(Fault(status=524, body=PAGE)),
    "closed before the answer": lost(Fault(cut="before")),
    "cut in the middle of the answer": lost(Fault(cut="during")),
    # --- it ran, and nothing of it can be used
    "truncated base64": nonsense(Fault(items=[{"b64_json": base64_of(SQUARE)[:-7]}])),
    "truncated picture": nonsense(_packed(SQUARE[:-40])),
    "not a picture": nonsense(_packed(PAGE.encode())),
    "zero bytes": nonsense(_packed(b"")),
    "svg": nonsense(_packed(SVG)),
    "60 mb": nonsense(Fault(items=[{"b64_json": too_large()}])),
    "60 mb behind an address": nonsense(_at("/huge?megabytes=61")),
    "200 with a page": nonsense(Fault(body=PAGE)),
    "empty data": nonsense(Fault(items=[])),
    "no data": nonsense(Fault(fields={"data": None})),
    "an address that has expired": nonsense(_at("/pictures/gone.png")),
    "a foreign host": nonsense(_at("https://vendor.example/1.png")),
    "an address inside the network": nonsense(_at("http://169.254.169.254/latest/meta-data")),
    "a redirect to loopback": nonsense(_at(f"/redirect?to=/pictures/{INSIDE}")),
    # --- declined
    "declined for what was asked": declined("input", "violence"),
    "declined for what was made": declined("output", "sexual", "self-harm"),
    "declined without a reason": declined("output"),
}
"""Rows after which the bot goes on as before, each with one call."""

STREAMED: dict[str, Row] = {
    "an error after a preview": lost(Fault(stream=[partial(COARSE), STREAM_ERROR]), previewed=True),
    "a flat error after a preview": lost(
        Fault(stream=[partial(COARSE), FLAT_ERROR]), previewed=True
    ),
    "ends after a preview": lost(Fault(stream=[partial(COARSE), ""]), previewed=True),
    "cut after a preview": lost(Fault(stream=[partial(COARSE), ""], cut="during"), previewed=True),
    "ends without an event": lost(Fault(stream=[])),
    "an error at once": asked_again(Fault(stream=[STREAM_ERROR]), never_ran=1),
    "declined in the stream": declined("output", "violence", streamed=True),
    "a page for a stream": nonsense(Fault(body=PAGE)),
    "no stream at all": Row(faults=(Fault(ignores_stream=True),)),
    "a stream without previews": Row(faults=(Fault(stream=None),)),
}
"""Rows of a server that shows previews."""

WAITS: dict[str, Row] = {
    "500 once": asked_again(SERVER_ERROR),
    "500 twice": free(FAILED, "ProviderFailed", SERVER_ERROR, SERVER_ERROR),
    "rate without retry-after": asked_again(error(429, WORDS, kind="requests")),
    "rate with retry-after": asked_again(
        error(429, WORDS, code="rate_limit_exceeded", headers={"Retry-After": "0.05"})
    ),
    "rate in words": asked_again(error(429, f"{WORDS} Please try again in 50ms.")),
    "overloaded": asked_again(error(503, WORDS, headers={"Retry-After": "0.05"})),
    "rate until we give up": free(
        BUSY, "ProviderBusy", *[error(429, WORDS, headers={"Retry-After": "0.05"})] * 7
    ),
    "rate for longer than we wait": free(
        BUSY, "ProviderBusy", error(429, WORDS, headers={"Retry-After": "600"})
    ),
}
"""Rows that are asked again; the last one keeps the bot from asking for ten minutes."""

SLOW: dict[str, Row] = {
    "an answer after our deadline": lost(Fault(delay=2, ignores_stream=True)),
    "one byte a second": lost(Fault(trickle=1, ignores_stream=True)),
    "a stream that stands still": lost(
        Fault(stream=[partial(COARSE), partial(COARSE, 1)], trickle=2)
    ),
}
"""Rows of a bot that waits one second for an answer; its server shows previews."""

_CODES = (
    "insufficient_quota",
    "credit_balance_exhausted",
    "organization_spend_limit_exceeded",
    "project_spend_limit_exceeded",
    "organization_usage_limit_exceeded",
    "billing_hard_limit_reached",
    "billing_not_active",
)
_MONEY = {code: error(429, WORDS, code=code, kind="insufficient_quota") for code in _CODES} | {
    "by its type alone": error(429, WORDS, kind="insufficient_quota"),
    "in words alone": error(429, f"You exceeded your current quota. {WORDS}"),
    "a limit with status 400": error(400, WORDS, code="billing_hard_limit_reached"),
    "payment required": error(402, WORDS),
}
_ACCESS = {
    "401": error(401, WORDS, code="invalid_api_key"),
    "403": error(403, WORDS),
    "403 with a page": Fault(status=403, body=PAGE),
}
_GONE = {
    "404": error(404, WORDS, code="model_not_found", param="model"),
    "403": error(403, WORDS, code="model_not_found"),
    "410": error(410, "The model `gpt-image-2.5-flare` was retired."),
    "400 in words": error(400, f"The model 'x' does not exist. {WORDS}"),
}

MONEY = {name: free(NO_MONEY, "OutOfBudget", fault) for name, fault in _MONEY.items()}
ACCESS = {name: free(NOT_SET_UP, "NotSetUp", fault) for name, fault in _ACCESS.items()}
GONE = {name: free(NO_MODEL, "ModelGone", fault) for name, fault in _GONE.items()}
"""Rows of which each one stops the service, so they all happen at the same moment."""

NOT_REACHED = free(UNREACHABLE, "ProviderUnreachable", waits=True)
FIVE_REFUSED = {f"connection refused, {n} of 5": NOT_REACHED for n in range(1, 6)}
