"""What the simulator is too kind about, made as strict as Discord."""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

import pytest
from simcord import actors, interactions
from simcord.backend.errors import BackendError
from simcord.env import Env
from simcord.http import router

_TEN_MIB = 10 * 1024 * 1024
_REQUEST = 25 * 1024 * 1024
_MOST_FILES = 10
_QUICK = 0.005  # seconds of quiet after which an action counts as over


@dataclass
class Strictness:
    """What a test may change, and what it may look at.

    Attributes:
        locale: the language of whoever acts.
        upload_limit: bytes a file, as the interaction tells and Discord enforces.
        mentions: the mention policies of all messages that were sent.
        incidents: what was said to people when the bot itself broke; a test that expects that
            clears it, any other fails.
    """

    locale: str = "en-US"
    upload_limit: int = _TEN_MIB
    mentions: list[Any] = field(default_factory=list[Any])
    incidents: list[str] = field(default_factory=list[str])


@contextmanager
def stricter() -> Generator[Strictness]:
    """Hold the simulator to Discord's limits while the body runs."""
    rules = Strictness()
    payload, dispatch = interactions.base_payload, router.dispatch

    def base_payload(*args: Any, **options: Any) -> Any:
        record, body = payload(*args, **options)
        owners = {"0": str(options["guild_id"] or 0)}
        body |= {"locale": rules.locale, "attachment_size_limit": rules.upload_limit}
        body["authorizing_integration_owners"] = owners
        return record, body

    def checked(backend: Any, method: str, path: str, **options: Any) -> Any:
        files: list[Any] = options.get("files") or []
        sizes = [_size(file) for file in files]
        if len(sizes) > _MOST_FILES:
            raise BackendError(400, 50035, "Invalid Form Body")
        if any(size > rules.upload_limit for size in sizes) or sum(sizes) > _REQUEST:
            raise BackendError(413, 40005, "Request entity too large")
        body: Any = options.get("json") or {}
        if "content" in body:
            rules.mentions.append(body.get("allowed_mentions"))
            if "Something broke" in (body["content"] or ""):
                rules.incidents.append(body["content"])
        return dispatch(backend, method, unquote(path), **options)  # as it is on the wire

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(interactions, "base_payload", base_payload)
        patch.setattr(router, "dispatch", checked)
        patch.setitem(vars(Env)["_settle_internal"].__kwdefaults__, "idle", _QUICK)
        assert vars(actors)["_interactions"] is interactions
        yield rules


def _size(file: Any) -> int:
    start = file.fp.tell()
    end = file.fp.seek(0, 2)
    file.fp.seek(start)
    return end - start
