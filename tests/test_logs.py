"""What operators and their machines read in the log, and what nobody may find there."""

import io
import json
import logging
from collections.abc import Generator

import pytest
import structlog

from bot.logs import configure_logs

CANARY = "canary-0123456789-canary"


@pytest.fixture(autouse=True)
def restored() -> Generator[None]:
    """Put logging back as it was."""
    root = logging.getLogger()
    names = ("bot", "cogs", "httpx2", "alembic", "openai")
    before = root.handlers, root.level, {name: logging.getLogger(name).level for name in names}
    yield
    root.handlers, root.level = before[:2]
    for name, level in before[2].items():
        logging.getLogger(name).setLevel(level)
    logging.captureWarnings(capture=False)
    structlog.reset_defaults()


def lines(stream: io.StringIO) -> list[str]:
    return stream.getvalue().splitlines()


def configured(style: str, level: str = "INFO") -> io.StringIO:
    stream = io.StringIO()
    configure_logs(level=level, style=style, stream=stream, secrets={CANARY, "x", ""})
    return stream


def test_text_for_people() -> None:
    stream = configured("text")

    structlog.get_logger("bot.studio").info("job_done", pictures=3)
    logging.getLogger("bot.storage").warning("lock waited %s s", 2)

    first, second = lines(stream)
    assert "[info] job_done [bot.studio] pictures=3" in first
    assert "[warning] lock waited 2 s [bot.storage]" in second


def test_json_for_machines() -> None:
    stream = configured("json")

    with structlog.contextvars.bound_contextvars(job="K7Q2"):
        structlog.get_logger("bot.studio").info("job_done", pictures=3)
        logging.getLogger("discord.client").info("plain %s", "words")

    first, second = (json.loads(line) for line in lines(stream))
    assert first.pop("timestamp")
    assert first == {
        "event": "job_done",
        "pictures": 3,
        "job": "K7Q2",
        "level": "info",
        "logger": "bot.studio",
    }
    assert (second["event"], second["job"]) == ("plain words", "K7Q2")


@pytest.mark.parametrize("style", ["text", "json"])
def test_one_event_is_one_line(style: str) -> None:
    stream = configured(style)
    forged = "bad\r\n2026-01-01 [info] forged\x1b[31m\u2028\u202etxt"

    structlog.get_logger("bot").info("refused", why=forged)
    logging.getLogger("bot").info("refused %s", forged)

    assert len(lines(stream)) == 2
    assert not set("\r\x1b\u2028\u202e") & set(stream.getvalue())


@pytest.mark.parametrize("style", ["text", "json"])
def test_no_secret_at_debug_and_in_tracebacks(style: str) -> None:
    stream = configured(style, "DEBUG")
    url = "https://discord.com/api/v10/webhooks/123/aW50ZXJhY3Rpb24.x_y-z/messages/@original"

    def fail(token: str) -> None:
        raise ValueError(f"no use for {token}")

    try:
        fail(CANARY)
    except ValueError:
        structlog.get_logger("bot").exception("failed", token=CANARY)
        logging.getLogger("bot").exception("failed with %s", CANARY)
    logging.getLogger("discord.http").warning("rate limited: %s", url)

    assert "Traceback" in stream.getvalue()
    assert CANARY not in stream.getvalue()
    assert "aW50ZXJhY3Rpb24" not in stream.getvalue()
    assert "/webhooks/123/***/messages" in stream.getvalue()


def test_a_placeholder_is_no_secret() -> None:
    stream = configured("text")

    structlog.get_logger("bot").info("exact")

    assert "exact" in stream.getvalue()


def test_only_our_own_loggers_go_below_info() -> None:
    stream = configured("text", "DEBUG")

    for name in ("discord.gateway", "discord.http", "openai._base_client", "sqlalchemy.engine"):
        logging.getLogger(name).debug("holds tokens")
    logging.getLogger("httpx2").info("POST https://vendor.example/v1/images/generations")
    logging.getLogger("bot.studio").debug("ours, %s", "old way")
    structlog.get_logger("cogs.imagine").debug("ours")

    assert [line.partition("] ")[2] for line in lines(stream)] == [
        "ours, old way [bot.studio]",
        "ours [cogs.imagine]",
    ]


def test_a_higher_level_quietens_all() -> None:
    stream = configured("text", "ERROR")

    structlog.get_logger("bot").warning("quiet")
    logging.getLogger("discord").warning("quiet")

    assert lines(stream) == []


def test_an_outage_of_discord_is_one_calm_line_a_try() -> None:
    stream = configured("text")
    log = logging.getLogger("discord.client")

    log.error("Attempting a reconnect in %.2fs", 1.6, exc_info=OSError("no route"))
    log.error("Something else", exc_info=OSError("a bug"))

    first, *rest = lines(stream)
    assert "[warning] Attempting a reconnect in 1.60s: OSError('no route')" in first
    assert "[error] Something else" in rest[0]
    assert rest[1] == "OSError: a bug"


def test_a_library_cannot_lower_its_own_level() -> None:
    stream = configured("text", "DEBUG")
    library = logging.getLogger("openai")  # lowers itself as it loads, where OPENAI_LOG=debug
    library.setLevel(logging.DEBUG)

    logging.getLogger("openai._base_client").debug("a prompt")
    logging.getLogger("bot.studio").debug("ours")

    assert len(lines(stream)) == 1
    assert "ours" in lines(stream)[0]
