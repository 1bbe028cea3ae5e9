"""What must be true after all deaths, seen from outside and in the books: I1 to I6."""

from collections.abc import Mapping, Sequence
from typing import Any

from discord import Permissions

from tests.fakes.discord_posts import Interaction, Message
from tests.fakes.discord_replies import TOKEN_LIFE
from tests.process.books import Books, read_books
from tests.process.stage import Stage

VIEW = Permissions(view_channel=True).value

PLACEHOLDERS = (
    "You are number",
    "Your turn has come",
    "Easel is being restarted and goes on",
    "Waiting for the picture service",
)
"""What stands where the pictures will be, and stays where nobody could change it any more."""


def check(
    stage: Stage,
    asked: Mapping[str, Interaction],
    counts: Mapping[str, int],
    logs: Sequence[str],
) -> None:
    """Assert the six invariants over everything that was asked for."""
    books = read_books(stage.database)
    by_interaction = {job["interaction_id"]: job for job in books.jobs}
    assert len(by_interaction) == len(books.jobs)
    assert stage.discord.violations == []
    books.check()  # I4, I5: every request has ended, nothing is held, the books add up
    shown = 0
    for prompt, interaction in asked.items():
        job = by_interaction.get(interaction.id)
        answers = _answers(stage, interaction, job)
        about = (prompt, job, [(m.id, m.channel_id, m.content) for m in answers])
        assert len(answers) <= 1, f"I3: {about}"
        pictures = sum(len(message.files) for message in answers)
        shown += pictures
        if job is None:
            assert not pictures, f"I1: nobody booked it: {about}"
            continue
        done = job["state"] == "done"
        assert bool(pictures) == done, f"I1: {about}"
        assert pictures == (job["made"] if done else 0), f"I1: {about}"
        assert pictures in {0, counts[prompt]}, f"I1: {about}"
    _check_calls(stage, asked, by_interaction)
    _check_pictures(books, shown)
    _check_logs(stage, asked, logs)


def _answers(stage: Stage, asked: Interaction, job: dict[str, Any] | None) -> list[Message]:
    """Return what the asker sees of one request, but for what only announces it.

    Easel cannot look at a private reply whose token died, which is there until Discord is closed,
    nor into a channel that was closed: where the power went just after such an edit, a direct
    message shows it again. What nobody can see any more is not counted beside it.
    """
    code = f"#{job['code']}" if job else "#none"
    found: list[Message] = []
    for message in stage.discord.world.messages.values():
        mine = message.asked_by is asked or code in message.content
        announces = message.loading or message.content.startswith(PLACEHOLDERS)
        if mine and not message.deleted and not announces:
            found.append(message)
    return [message for message in found if _lasts(stage, message, asked)] or found


def _lasts(stage: Stage, message: Message, asked: Interaction) -> bool:
    world = stage.discord.world
    token_lives = world.clock.now() - asked.sent_at <= TOKEN_LIFE
    channel = world.channels[message.channel_id]
    guild = world.guilds.get(channel.guild_id or 0)
    may = guild.permissions(asked.user_id, channel) if guild else VIEW
    return bool(may & VIEW) and (token_lives or not message.ephemeral)


def _check_calls(
    stage: Stage, asked: Mapping[str, Interaction], jobs: Mapping[int, dict[str, Any]]
) -> None:
    """I2: at most one call for each request, and one for each that was shown."""
    for prompt, interaction in asked.items():
        job = jobs.get(interaction.id)
        calls = len(stage.images.asked(prompt))
        if job is None:
            assert calls == 0, f"I2: {prompt} was not booked"
        elif job["command"] != "vary":
            assert calls <= 1, f"I2: {prompt} was called {calls} times"
            assert calls == 1 or job["state"] != "done", f"I2: {prompt} was shown and not made"
    booked = [job for job in jobs.values() if job["command"] == "vary"]
    others = sum(len(stage.images.asked(prompt)) for prompt in asked)
    assert len(stage.images.calls) - others <= len(booked), "I2: variations"


def _check_pictures(books: Books, shown: int) -> None:
    """I1, I5: members' allowances hold exactly what is shown."""
    settled = sum(row["pictures"] for row in books.ledger if row["kind"] == "settled")
    assert settled == shown, f"I1: {settled} pictures charged, {shown} shown"
    rows = [r for r in books.counters if (r["scope"], r["unit"]) == ("member", "pictures")]
    assert sum(row["used"] for row in rows) == shown, f"I5: {rows}"


def _check_logs(stage: Stage, asked: Mapping[str, Interaction], logs: Sequence[str]) -> None:
    """I6: no secret, no token, no prompt."""
    log = "\n".join(logs)
    secrets = [stage.discord.token, "sk-loopback", *asked, *(each.token for each in asked.values())]
    assert [secret for secret in secrets if secret in log] == [], "I6"
