"""Lets the picture service fail between a running bot and the people who ask, and looks."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from tests.fakes.images_api import Call
from tests.process.books import Books, read_books
from tests.process.harness import Answer, acknowledged, drawn, settled
from tests.process.stage import Stage, open_stage
from tests.process.vendor_rows import CODE, WAITING, Row

MARK = "zebra"
"""A word of every prompt, which no log may hold."""

LEAKS = ("vendor says", "vendor.example", "169.254", "<html", "<svg")
POLL = 0.02
READY = "ready [bot.client]"
"""What the log says half a second after READY; stopped earlier, discord.py logs a traceback."""

GENEROUS_RATE = {"PROVIDER_IMAGES_PER_MINUTE": "100000"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """One process for rows that would spoil others.

    Attributes:
        rows: what happens.
        then: what the next asker reads, who is refused before anything is asked or booked.
        stop: what the log says has stopped, once.
        at_once: whether all rows happen together.
        previews: whether the server shows them.
        settings: the bot's; ``{port}`` in one is the service's own.
    """

    rows: Mapping[str, Row]
    then: str = ""
    stop: str = ""
    at_once: bool = True
    previews: bool = False
    settings: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """What came of a scene: the world as it stands, the books and the log."""

    stage: Stage
    answers: Mapping[str, Answer]
    books: Books
    log: str
    before: Books | None = None
    refused: Answer | None = None
    calls_before: int = 0


def prompt_of(name: str) -> str:
    return f"{MARK} {name}"


async def play(folder: Path, scene: Scene) -> Played:
    """Play *scene* to its end, with a clean stop."""
    async with open_stage(folder) as stage:
        await stage.learn()
        port = stage.images.origin.rpartition(":")[2]
        settings = {key: value.format(port=port) for key, value in scene.settings.items()}
        async with stage.bot(IMAGE_WORKERS="1", **GENEROUS_RATE, **settings) as bot:
            await bot.ready()
            await stage.discord.until(lambda: READY in bot.log, poll=POLL)
            if scene.previews:
                await stage.max.slash(stage.room, "settings set", previews=True)
            answers = await _ask_all(stage, scene)
            await stage.discord.until(lambda: _is_over(stage, scene), poll=POLL)
            before, calls = read_books(stage.database), len(stage.images.calls)
            refused = None
            if scene.then:
                refused = await stage.zoe.slash(stage.room, "imagine", prompt=prompt_of("next"))
            assert await bot.stop() == 0, bot.log
        return Played(
            stage=stage,
            answers=answers,
            books=read_books(stage.database),
            log=bot.log,
            before=before,
            refused=refused,
            calls_before=calls,
        )


async def _ask_all(stage: Stage, scene: Scene) -> dict[str, Answer]:
    if not scene.at_once:
        return {name: await ask(stage, name, row) for name, row in scene.rows.items()}
    together = asyncio.Barrier(len(scene.rows))
    rows = {
        name: replace(row, faults=tuple(replace(fault, gate=together) for fault in row.faults))
        if scene.stop
        else row
        for name, row in scene.rows.items()
    }
    found = await asyncio.gather(*(ask(stage, name, row) for name, row in rows.items()))
    return dict(zip(rows, found, strict=True))


def _is_over(stage: Stage, scene: Scene) -> bool:
    """Whether the service has answered every call, those that nobody waits for too."""
    asked = stage.images.asked
    return all(len(asked(prompt_of(name))) >= row.calls for name, row in scene.rows.items())


async def ask(stage: Stage, name: str, row: Row) -> Answer:
    """Ask for a picture to which *row* happens, and wait for the last word."""
    faults, gate = row.faults, asyncio.Event()
    if row.previewed:
        faults = tuple(replace(fault, gate=gate) for fault in faults)
    stage.images.meet(prompt_of(name), *faults)
    options = dict(row.options or {})
    until = acknowledged if row.previewed else told
    answer = await stage.ann.slash(
        stage.room, "imagine", prompt=prompt_of(name), until=until, **options
    )
    if row.previewed:
        await stage.discord.until(lambda: answer.pictures)
        assert "in the making" in answer.text
        assert answer.message in stage.zoe.sees(stage.room)
        gate.set()
        await stage.discord.until(lambda: told(answer))
    await stage.discord.until(lambda: job_of(read_books(stage.database), answer), poll=POLL)
    return answer


def told(answer: Answer) -> bool:
    """Tell whether the last word is said: pictures that are no previews, or a refusal."""
    return drawn(answer) and "in the making" not in answer.text and settled(answer)


def job_of(books: Books, answer: Answer) -> dict[str, Any] | None:
    """Return the job of *answer*, once it is over."""
    asked = answer.interaction.id
    return next(
        (job for job in books.jobs if job["interaction_id"] == asked and job["finished_at"]), None
    )


def judge(stage: Stage, books: Books, answer: Answer, name: str, row: Row) -> None:
    """Assert all that *row* says of *answer*, and what holds for every row."""
    job = job_of(books, answer)
    assert job is not None
    assert job["failure"] == row.failure
    _judge_money(books, job, row)
    _judge_events(books, job, row)
    _judge_calls(stage.images.asked(prompt_of(name)), row)
    assert (WAITING in written(stage, answer)) == row.waits
    seen = [m for m in stage.zoe.sees(stage.room) if m.asked_by is answer.interaction]
    if row.says:
        assert (answer.text, len(answer.shown)) == (row.says.replace(CODE, job["code"]), 1)
        assert answer.private
        assert not answer.pictures
        assert seen == []
        assert job["state"] in {"failed", "refused", "unknown"}
    else:
        assert answer.pictures
        assert answer.message in seen
        assert len(answer.shown) == 1
        assert job["state"] == "done"


def _judge_money(books: Books, job: Mapping[str, Any], row: Row) -> None:
    (booking,) = [each for each in books.bookings if each["reference"] == job["code"]]
    (entry,) = [each for each in books.ledger if each["reference"] == job["code"]]
    assert (booking["state"], entry["kind"]) == (row.money, row.money)
    if row.money == "released":
        assert (entry["micros"], entry["pictures"]) == (0, 0)
    elif row.says:
        assert entry["micros"] == job["estimate_micros"] != 0
        assert (row.money == "unknown") == (job["state"] == "unknown")
        assert entry["pictures"] == 0 or row.money == "unknown"
    else:
        assert entry["micros"] > 0
        assert entry["pictures"] == job["made"]


def _judge_events(books: Books, job: Mapping[str, Any], row: Row) -> None:
    events = [each for each in books.events if each["job_code"] == job["code"]]
    found = [(each["stage"], tuple(json.loads(each["categories"]))) for each in events]
    assert found == ([(row.stage, row.reasons)] if row.stage else [])


def _judge_calls(calls: list[Call], row: Row) -> None:
    """At most one call may have been billed: it was answered, or cut off."""
    assert len(calls) == row.calls
    assert sum(call.status in (0, 200) for call in calls) - row.never_ran <= 1


def written(stage: Stage, answer: Answer) -> list[str]:
    """Return every text that was put into *answer*, those that were replaced too."""
    token = answer.interaction.token
    calls = [call for call in stage.discord.calls if call.params.get("token") == token]
    return [str(call.body.get("content") or "") for call in calls]


def allowance_used(books: Books) -> int:
    """Return the pictures that count against members, in the window that is longest."""
    rows = [r for r in books.counters if (r["scope"], r["unit"]) == ("member", "pictures")]
    assert [row for row in rows if row["reserved"]] == []
    return max((row["used"] for row in rows if row["window"] == "day"), default=0)


def check_secrets(stage: Stage, log: str) -> None:
    """No prompt, token or key in the log; nothing of the vendor's in the log or in Discord."""
    for secret in (MARK, stage.discord.token, stage.settings["OPENAI_API_KEY"]):
        assert secret not in log
    for asked in stage.discord.world.interactions.values():
        assert asked.token not in log
    sent = "\n".join(f"{call.path} {call.payload}" for call in stage.discord.calls)
    for leak in LEAKS:
        assert leak not in log.lower()
        assert leak not in sent.lower()


def check_scene(stage: Stage, books: Books, log: str) -> None:
    """What must hold at the end, whatever happened."""
    check_secrets(stage, log)
    books.check()
    assert "Traceback" not in log
    assert stage.discord.violations == []
    messages = stage.discord.world.messages.values()
    assert [m for m in messages if m.pings] == []
    shown = [m for m in messages if m.author_id == stage.discord.bot.id and not m.deleted]
    assert allowance_used(books) == sum(len(message.files) for message in shown)
