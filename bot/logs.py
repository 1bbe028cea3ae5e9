"""How the log looks: text for people, JSON for machines, one event a line, no secret in any.

Both structlog's loggers and the standard library's end here. Only our own loggers may go below
INFO: what libraries write at DEBUG holds tokens and prompts.
"""

import logging
import re
from collections.abc import Collection
from typing import TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

_SHORTEST_SECRET = 6  # a shorter one is a placeholder, and would blot out half the words
_OURS = ("bot", "cogs")
_QUIET = {"httpx2": logging.WARNING, "alembic": logging.WARNING}
_RECONNECT = "Attempting a reconnect"
_TOKENS = re.compile(r"(/(?:webhooks|interactions)/\d+/)[\w.-]+")
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def configure_logs(
    *, level: str, style: str, stream: TextIO, secrets: Collection[str] = ()
) -> None:
    """Send every log line to *stream*.

    *level* is a name such as ``INFO``, *style* is ``text`` or ``json``; *secrets* are blotted out
    wherever they turn up, tracebacks included.
    """
    handler = logging.StreamHandler(stream)
    handler.addFilter(_may_be_told)
    handler.setFormatter(_SafeFormatter(_renderers(style, colours=stream.isatty()), secrets))
    root = logging.getLogger()
    root.handlers = [handler]
    wanted = logging.getLevelNamesMapping()[level]
    root.setLevel(max(wanted, logging.INFO))
    for name in _OURS:
        logging.getLogger(name).setLevel(wanted)
    for name, quiet in _QUIET.items():
        logging.getLogger(name).setLevel(max(wanted, quiet))
    for name in ("discord.client", "discord.shard"):
        logging.getLogger(name).addFilter(_calm)
    logging.captureWarnings(capture=True)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *_common(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )


def _calm(record: logging.LogRecord) -> bool:
    """Say in one line why discord.py connects again: an outage is no bug, and may last."""
    if record.exc_info and record.msg.startswith(_RECONNECT):
        record.msg = f"{record.getMessage()}: {record.exc_info[1]!r}"
        record.args = record.exc_info = None
        record.levelno, record.levelname = logging.WARNING, "WARNING"
    return True


class _SafeFormatter(structlog.stdlib.ProcessorFormatter):
    """Renders a line and takes tokens and secrets out of it."""

    def __init__(self, renderers: list[Processor], secrets: Collection[str]) -> None:
        super().__init__(processors=renderers, foreign_pre_chain=_common())
        known = (secret for secret in secrets if len(secret) >= _SHORTEST_SECRET)
        self._secrets = sorted(known, key=len, reverse=True)

    def format(self, record: logging.LogRecord) -> str:
        line = _TOKENS.sub(r"\1***", super().format(record))
        for secret in self._secrets:
            line = line.replace(secret, "***")
        return line


def _may_be_told(record: logging.LogRecord) -> bool:
    """Whether *record* is ours or INFO at least, whatever level a library gave its own logger."""
    return record.levelno >= logging.INFO or record.name.partition(".")[0] in _OURS


def _common() -> list[Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        _one_line,
    ]


def _renderers(style: str, *, colours: bool) -> list[Processor]:
    remove_meta = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    if style == "json":
        json = structlog.processors.JSONRenderer(ensure_ascii=False, default=str)
        return [remove_meta, structlog.processors.format_exc_info, json]
    plain = structlog.dev.plain_traceback  # the pretty one would show local variables
    text = structlog.dev.ConsoleRenderer(
        colors=colours, exception_formatter=plain, pad_event_to=0, pad_level=False
    )
    return [remove_meta, text]


def _one_line(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    """Make control and bidirectional characters visible, so that no value forges a line."""
    del logger, method
    return {
        key: _visible(value) if isinstance(value, str) else value for key, value in event.items()
    }


def _visible(value: str) -> str:
    return _CONTROLS.sub(lambda found: found[0].encode("unicode_escape").decode(), value)
