"""Every way in which Discord fails, through the unmodified process.

Where the pictures are seen in the end, what the asker is told, what it costs.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import discord
import pytest
import pytest_asyncio
from PIL import Image

from tests.fakes.discord_faults import Fault
from tests.fakes.discord_gateway import (
    BAD_INTENTS,
    BAD_TOKEN,
    DISALLOWED_INTENTS,
    TOO_FEW_SHARDS,
)
from tests.fakes.discord_posts import Interaction, Message
from tests.fakes.discord_world import Channel, Member, Overwrite
from tests.fakes.images_answers import Fault as ImagesFault
from tests.fakes.images_answers import base64_of, packed
from tests.process.books import Books, read_books
from tests.process.harness import Answer, Person, acknowledged, drawn, settled
from tests.process.stage import Stage, open_stage
from tests.process.vendor_scenes import MARK, check_secrets, prompt_of

pytestmark = pytest.mark.asyncio(loop_scope="module")

CALLBACK = "POST /interactions/{interaction_id}/{token}/callback"
ORIGINAL = "PATCH /webhooks/{application_id}/{token}/messages/@original"
POST = "POST /channels/{channel_id}/messages"
SETUP = 78
POLL = 0.02
PRESSES = 50
PAGE = f"<html><body>{MARK} @everyone</body></html>"
NO_JOB: dict[str, Any] = {}
KEPT = "The pictures are made, but could not be posted here."


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stage(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    """A process that goes on after each row; at the end nothing of any of them is left."""
    async with open_stage(tmp_path_factory.mktemp("bot")) as made:
        await made.learn()
        async with made.bot() as bot:
            await bot.ready()
            yield made
            assert await bot.stop() == 0, bot.log
        books = read_books(made.database)
        books.check()
        check_secrets(made, bot.log)
        assert "Traceback" not in bot.log
        assert made.discord.violations == []
        messages = made.discord.world.messages.values()
        assert [message for message in messages if message.pings] == []
        files = sum(len(m.files) for m in messages if not m.deleted)
        assert files == allowance_used(books)


# --- people who ask -------------------------------------------------------------------------------


@dataclass(slots=True, kw_only=True)
class Asked:
    """A request that is being made until *gate* opens, of a person and in a room of its own."""

    stage: Stage
    person: Person
    room: Channel
    prompt: str
    answer: Answer
    gate: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def token(self) -> str:
        return self.answer.interaction.token

    @property
    def job(self) -> dict[str, Any]:
        key = self.answer.interaction.id
        (job,) = [each for each in self.books.jobs if each["interaction_id"] == key]
        return job

    @property
    def books(self) -> Books:
        return read_books(self.stage.database)

    @property
    def money(self) -> tuple[str, int]:
        """How the booking stands, and the micro-dollars in the ledger."""
        code = self.job["code"]
        books = self.books
        (booking,) = [each for each in books.bookings if each["reference"] == code]
        spent = sum(each["micros"] for each in books.ledger if each["reference"] == code)
        return booking["state"], spent

    @property
    def shown(self) -> list[tuple[str, Message]]:
        """Every message that anybody sees its pictures in, and what kind of place that is."""
        start = f"easel-{self.job['code']}-"
        found = self.stage.discord.world.messages.values()
        with_files = [m for m in found if any(f.name.startswith(start) for f in m.files)]
        return [(self._place(m), m) for m in with_files if not m.deleted]

    def _place(self, message: Message) -> str:
        if message.asked_by is not None:
            return "reply" if message.asked_by is self.answer.interaction else "answer to /show"
        in_room = message.channel_id == self.room.id
        return "room" if in_room else "direct message"

    async def until(self, look: Callable[[], object]) -> None:
        await self.stage.discord.until(look, what=f"that for {self.prompt}", poll=POLL)

    async def ends(self, state: str = "done") -> None:
        self.gate.set()
        await self.until(lambda: self.job["state"] == state)

    async def is_kept(self) -> None:
        self.gate.set()
        await self.until(lambda: self.job["keep_until"])

    def check_shown(self, place: str) -> Message:
        """Assert that the pictures are seen once, at *place*, and paid for once."""
        ((found, message),) = self.shown
        assert found == place
        assert message.allowed_mentions[-1] == {"parse": []}
        assert self.job["state"] == "done"
        state, spent = self.money
        assert (state, spent) == ("settled", self.job["cost_micros"])
        assert spent > 0
        assert len(self.stage.images.asked(self.prompt)) == 1
        others = [m for m in self.stage.zoe.sees(self.room) if m is not message and not m.loading]
        assert others == []
        return message

    def close_room(self, rights: discord.Permissions) -> None:
        self.room.overwrites[self.stage.discord.bot.id] = Overwrite(deny=rights.value, member=True)


def newcomer(stage: Stage, name: str) -> Person:
    """Return a new member: their limits and their direct messages are their own."""
    user = stage.discord.world.add_user(name)
    stage.guild.members[user.id] = Member(user)
    return Person(stage.discord, user, stage.guild)


async def begin(
    stage: Stage, name: str, *, private: bool = False, picture: bytes | None = None
) -> Asked:
    """Ask for a picture, and return while it is being made."""
    person, room = newcomer(stage, name), stage.discord.world.add_channel(stage.guild, name)
    prompt, gate = prompt_of(name), asyncio.Event()
    items = [{"b64_json": base64_of(picture)}] if picture else None
    stage.images.meet(prompt, ImagesFault(gate=gate, items=items))
    answer = await person.slash(room, "imagine", prompt=prompt, private=private, until=acknowledged)
    asked = Asked(stage=stage, person=person, room=room, prompt=prompt, answer=answer, gate=gate)
    await asked.until(lambda: asked.job["state"] == "calling")
    return asked


def allowance_used(books: Books) -> int:
    """Return the pictures that count against members, each in the window that is longest."""
    rows = [r for r in books.counters if (r["scope"], r["unit"]) == ("member", "pictures")]
    return sum(row["used"] for row in rows if row["window"] == "day")


# --- the first response ---------------------------------------------------------------------------


@pytest.mark.parametrize(("status", "code"), [(404, 10062), (400, 40060)])
async def test_drops_what_discord_takes_no_answer_for(stage: Stage, status: int, code: int) -> None:
    name = f"no first response {code}"
    person, before = newcomer(stage, name), read_books(stage.database)
    stage.discord.faults.on(CALLBACK, Fault(status=status, code=code))
    asked = person.asks.slash(stage.room, "imagine", {"prompt": prompt_of(name)})

    await stage.discord.interact(asked)
    await stage.discord.until(lambda: job_of(stage, asked).get("finished_at"), poll=POLL)

    job, books = job_of(stage, asked), read_books(stage.database)
    assert (job["state"], job["cost_micros"] or 0) == ("failed", 0)
    (booking,) = [each for each in books.bookings if each["reference"] == job["code"]]
    assert booking["state"] == "released"
    assert (books.spent, allowance_used(books)) == (before.spent, allowance_used(before))
    assert stage.images.asked(prompt_of(name)) == []
    assert [m for m in stage.discord.world.messages.values() if m.asked_by is asked] == []
    assert len(calls_with(stage, asked)) == 1


def job_of(stage: Stage, asked: Interaction) -> dict[str, Any]:
    jobs = read_books(stage.database).jobs
    return next((each for each in jobs if each["interaction_id"] == asked.id), NO_JOB)


def calls_with(stage: Stage, asked: Interaction) -> list[str]:
    calls = stage.discord.calls
    return [call.route for call in calls if call.params.get("token") == asked.token]


# --- the final edit -------------------------------------------------------------------------------

MOMENTS: Mapping[str, Fault] = {
    "429": Fault(status=429),
    "429 with a page": Fault(status=429, body=PAGE),
    "500": Fault(status=500),
    "502 with a page": Fault(status=502, body=PAGE),
    "cut": Fault(drop=True),
}
"""Trouble that passes."""


@pytest.mark.parametrize("after", [False, True], ids=["before it took effect", "after it did"])
@pytest.mark.parametrize("name", MOMENTS)
async def test_a_moment_of_trouble_leads_to_one_answer(
    stage: Stage, name: str, *, after: bool
) -> None:
    asked = await begin(stage, f"{name} {after}")
    stage.discord.faults.on(ORIGINAL, replace(MOMENTS[name], after=after))

    await asked.ends()

    assert asked.check_shown("reply").edits == 1 + after


@pytest.mark.parametrize("after", [False, True], ids=["before it took effect", "after it did"])
async def test_trouble_that_lasts_is_told_and_show_brings_it(stage: Stage, *, after: bool) -> None:
    """Nobody knows whether the edits took effect, so what they showed is withdrawn."""
    asked = await begin(stage, f"lasting {after}")
    stage.discord.faults.on(ORIGINAL, Fault(status=429, after=after, times=5))

    await asked.is_kept()

    await told_and_kept(asked)
    await brought_by_show(asked)


# --- replies that are gone ------------------------------------------------------------------------


def unknown_webhook(asked: Asked) -> None:
    asked.stage.discord.faults.on(ORIGINAL, Fault(status=404, code=10015))


def invalid_token(asked: Asked) -> None:
    """Let a quarter of an hour pass at Discord."""
    asked.stage.discord.world.clock.advance(16 * 60)


def deleted_by_hand(asked: Asked) -> None:
    original = asked.answer.interaction.original_id
    assert original is not None
    asked.stage.discord.world.messages[original].deleted = True


GONE: Mapping[str, Callable[[Asked], None]] = {
    "404 10015": unknown_webhook,
    "401 50027": invalid_token,
    "404 10008": deleted_by_hand,
}


@pytest.mark.parametrize("name", GONE)
async def test_a_reply_that_is_gone_is_followed_by_one_message(stage: Stage, name: str) -> None:
    asked = await begin(stage, f"gone {name}")
    GONE[name](asked)

    await asked.ends()

    message = asked.check_shown("room")
    check_posted_once(asked, message)
    assert message.components


@pytest.mark.parametrize("fault", [Fault(status=500), Fault(drop=True)], ids=["500", "cut"])
async def test_a_message_that_may_have_been_posted_is_not_posted_twice(
    stage: Stage, fault: Fault
) -> None:
    asked = await begin(stage, f"posted {fault.status}")
    invalid_token(asked)
    stage.discord.faults.on(POST, replace(fault, after=True))

    await asked.ends()

    check_posted_once(asked, asked.check_shown("room"), calls=2)


@pytest.mark.parametrize("name", GONE)
async def test_a_private_one_is_written_to_its_asker(stage: Stage, name: str) -> None:
    asked = await begin(stage, f"alone {name}", private=True)
    GONE[name](asked)

    await asked.ends()

    check_posted_once(asked, asked.check_shown("direct message"))
    assert [m for m in stage.zoe.sees(asked.room) if not m.loading] == []


def check_posted_once(asked: Asked, message: Message, *, calls: int = 1) -> None:
    """Assert that every post of *message* had the same nonce, held Discord to it, and was calm."""
    at = str(message.channel_id)
    posts = [
        call.body
        for call in asked.stage.discord.calls
        if call.route == POST and call.params["channel_id"] == at
    ]
    assert len(posts) == calls
    assert {post["nonce"] for post in posts} == {f"easel-{asked.job['code']}"}
    assert all(post["enforce_nonce"] for post in posts)
    assert all(post["allowed_mentions"] == {"parse": []} for post in posts)


# --- files that are too large ---------------------------------------------------------------------


def noise() -> bytes:
    """Return a picture of 3 MB."""
    return packed(Image.effect_noise((1024, 1024), 120).convert("RGB"))


@pytest.mark.parametrize("most", [2_500_000, 500_000])
@pytest.mark.parametrize("elsewhere", [False, True], ids=["in the reply", "in the room"])
async def test_a_file_that_is_too_large_comes_smaller(
    stage: Stage, most: int, *, elsewhere: bool
) -> None:
    """The server has lost its boosts while the picture was made."""
    asked = await begin(stage, f"large {most} {elsewhere}", picture=noise())
    if elsewhere:
        invalid_token(asked)
    before, stage.guild.upload_limit = stage.guild.upload_limit, most
    try:
        await asked.ends()
    finally:
        stage.guild.upload_limit = before

    message = asked.check_shown("room" if elsewhere else "reply")
    (file,) = message.files
    assert len(file.data) <= most
    assert file.size is not None
    assert "compressed to fit" in message.content
    refused = [call for call in stage.discord.calls if call.status == 413]
    assert {call.code for call in refused} == {40005}


@pytest.mark.parametrize("body", [None, PAGE], ids=["40005", "a page"])
async def test_a_file_that_no_size_is_small_enough_for_is_kept(
    stage: Stage, body: str | None
) -> None:
    asked = await begin(stage, f"too large {body is None}")
    code = 0 if body else 40005
    stage.discord.faults.on(ORIGINAL, Fault(status=413, code=code, body=body, times=4))

    await asked.is_kept()

    await told_and_kept(asked)
    await brought_by_show(asked)


# --- channels that are closed ---------------------------------------------------------------------


def no_sending(asked: Asked) -> None:
    asked.close_room(discord.Permissions(send_messages=True))


def no_files(asked: Asked) -> None:
    asked.close_room(discord.Permissions(attach_files=True))


def no_access(asked: Asked) -> None:
    asked.close_room(discord.Permissions(view_channel=True))


def no_channel(asked: Asked) -> None:
    asked.stage.discord.faults.on(POST, Fault(status=404, code=10003))


CLOSED: Mapping[str, Callable[[Asked], None]] = {
    "403 50013": no_sending,
    "403 50013 for files": no_files,
    "403 50001": no_access,
    "404 10003": no_channel,
}


@pytest.mark.parametrize("name", CLOSED)
async def test_a_closed_channel_is_replaced_by_one_direct_message(stage: Stage, name: str) -> None:
    asked = await begin(stage, f"closed {name}")
    invalid_token(asked)
    CLOSED[name](asked)

    await asked.ends()

    check_posted_once(asked, asked.check_shown("direct message"))


@pytest.mark.parametrize("gone", ["404 10015", "404 10008"])
@pytest.mark.parametrize("name", CLOSED)
async def test_what_no_way_is_open_for_is_told_through_the_token(
    stage: Stage, name: str, gone: str
) -> None:
    asked = await begin(stage, f"nowhere {name} {gone}")
    GONE[gone](asked)
    CLOSED[name](asked)
    asked.person.user.takes_dms = False

    await asked.is_kept()

    await told_and_kept(asked)
    await brought_by_show(asked)


@pytest.mark.parametrize("private", [False, True], ids=["openly", "privately"])
async def test_what_no_way_is_open_for_at_all_is_kept(stage: Stage, *, private: bool) -> None:
    asked = await begin(stage, f"nobody {private}", private=private)
    invalid_token(asked)
    no_sending(asked)
    asked.person.user.takes_dms = False

    await asked.is_kept()

    assert asked.shown == []
    await brought_by_show(asked)


async def told_and_kept(asked: Asked) -> None:
    """Wait for the notice, which only the asker sees; the pictures wait, with their booking."""
    answer = asked.answer
    await asked.until(lambda: settled(answer) and answer.private)
    assert KEPT in answer.text
    assert f"/show code:{asked.job['code']}" in answer.text
    assert asked.shown == []
    assert (asked.job["state"], asked.money) == ("made", ("held", 0))
    assert [m for m in asked.stage.zoe.sees(asked.room) if not m.loading] == []


async def brought_by_show(asked: Asked) -> None:
    """Let others ask for what is kept, in vain; then its asker, for whom it comes once."""
    code, room = asked.job["code"], asked.stage.room
    other = await asked.stage.zoe.slash(room, "show", code=code)
    assert "somebody else's" in other.text

    mine = await asked.person.slash(room, "show", code=f"#{code}", until=drawn)

    await asked.ends()
    message = asked.check_shown("answer to /show")
    assert mine.shown == [message]
    assert mine.private == asked.job["private"]
    again = await asked.person.slash(room, "show", code=code, until=settled)
    assert again.private
    assert f"#{code}" in again.text


# --- the gateway ----------------------------------------------------------------------------------


async def test_the_same_interaction_twice_is_one_request(stage: Stage) -> None:
    """It comes again while it is made and when it is done."""
    asked = await begin(stage, "twice")
    await stage.discord.interact(asked.answer.interaction)
    await asked.ends()
    await stage.discord.interact(asked.answer.interaction)
    await stage.ann.slash(stage.room, "usage me")  # what came before is done

    asked.check_shown("reply")  # and there is one job of it
    assert len(asked.answer.shown) == 1


async def test_delivers_while_the_gateway_is_away(stage: Stage) -> None:
    reply, post = await begin(stage, "away"), await begin(stage, "away for long")
    gateway = stage.discord.gateway
    gateway.away = True
    await gateway.drop()
    await stage.discord.until(lambda: gateway.knocks and not gateway.connected(stage.guild.id))

    await reply.ends()
    invalid_token(post)
    await post.ends()

    assert not gateway.connected(stage.guild.id)
    reply.check_shown("reply")
    post.check_shown("room")
    gateway.away = False
    await stage.discord.until(lambda: gateway.connected(stage.guild.id))
    assert (await stage.ann.slash(stage.room, "usage me")).private


ENDS: Mapping[str, int] = {
    "fewer shards than it needs": TOO_FEW_SHARDS,
    "the token": BAD_TOKEN,
    "intents that are wrong": BAD_INTENTS,
    "intents that are not allowed": DISALLOWED_INTENTS,
}


@pytest.mark.parametrize("name", ENDS)
async def test_ends_for_good_where_discord_refuses(
    tmp_path_factory: pytest.TempPathFactory, name: str
) -> None:
    async with open_stage(tmp_path_factory.mktemp("refused")) as stage:
        stage.discord.gateway.refuses = ENDS[name]
        async with stage.bot() as bot:
            assert await bot.ended() == SETUP, bot.log
        assert "Traceback" not in bot.log
        said = bot.log.strip().splitlines()[-1]
        assert said.startswith("easel: ")
        assert said.endswith(".")
        assert len(stage.discord.gateway.identifies) == 1
        assert stage.discord.token not in bot.log


# --- buttons --------------------------------------------------------------------------------------


async def finished(stage: Stage, name: str) -> tuple[Asked, Message]:
    asked = await begin(stage, name)
    await asked.ends()
    return asked, asked.check_shown("reply")


def button(message: Message, verb: str) -> str:
    ids = [item["custom_id"] for row in message.components for item in row["components"]]
    return next(each for each in ids if f":{verb}:" in each)


async def press(stage: Stage, presses: list[Interaction]) -> list[Answer]:
    """Let all of *presses* come at once, and wait until the bot is through with them."""
    await asyncio.gather(*map(stage.discord.interact, presses))
    await stage.ann.slash(stage.room, "usage me")
    return [Answer(stage.discord, each) for each in presses]


def untouched(stage: Stage, message: Message) -> tuple[object, ...]:
    """Return what a press that is not allowed must leave as it is."""
    books = read_books(stage.database)
    world = (len(stage.images.calls), len(stage.discord.world.files))
    return (message.edits, message.deleted, books.jobs, books.spent, books.counters, *world)


@pytest.mark.parametrize("verb", ["again", "vary", "delete"])
async def test_others_press_fifty_times_in_vain(stage: Stage, verb: str) -> None:
    _, message = await finished(stage, f"pressed {verb}")
    before = untouched(stage, message)
    zoe, chosen = stage.zoe.asks, button(message, verb)

    answers = await press(stage, [zoe.press(message, chosen) for _ in range(PRESSES)])

    await stage.discord.until(lambda: all(answer.private for answer in answers))
    assert {answer.text.partition(".")[0] for answer in answers} == {
        "These buttons belong to the person who asked for this"
    }
    assert untouched(stage, message) == before


@pytest.mark.parametrize("verb", ["again", "vary", "delete"])
async def test_altered_ids_do_nothing(stage: Stage, verb: str) -> None:
    """Not even those that name a request of the presser's own."""
    asked, message = await finished(stage, f"altered {verb}")
    other, _ = await finished(stage, f"the other {verb}")
    theirs, mine = other.job["code"], asked.job["code"]
    ids = [
        f"easel:{verb}:{theirs}:0",
        f"easel:{verb}:zzzzzzzz:0",
        f"easel:{verb}:{mine}:0:0",
        f"easel:{verb}:{mine}:-1",
        f"easel:{verb}:{mine.upper()}0:0",
        f"easel:{verb}:{mine}:0\n",
        f"easel:{verb}:{mine}:٣",
        f"easel:{verb}:' OR 1=1:0",
        f"easel:{verb}s:{mine}:0",
        "easel:" + "9" * 94,
        "{0.__class__}",
        "",
    ]
    before = untouched(stage, message)
    for person in (asked.person, other.person, stage.max):
        made = [person.asks.press(message, button(message, verb)) for _ in ids]
        for each, custom_id in zip(made, ids, strict=True):
            each.payload["data"]["custom_id"] = custom_id
        answers = await press(stage, made)
        assert all(answer.private for answer in answers if answer.shown)
    assert untouched(stage, message) == before


@pytest.mark.parametrize("verb", ["again", "vary", "delete"])
async def test_buttons_of_another_server_do_nothing(stage: Stage, verb: str) -> None:
    """Where the very person who asked presses it, as one who manages that server."""
    asked, message = await finished(stage, f"abroad {verb}")
    abroad = stage.discord.add_guild(f"abroad {verb}")
    rights = discord.Permissions(manage_guild=True, manage_messages=True)
    manager = stage.discord.world.add_role(abroad, "manager", rights)
    abroad.members[asked.person.user.id] = Member(asked.person.user, [manager.id])
    await stage.discord.announce(abroad)
    there = Person(stage.discord, asked.person.user, abroad).asks
    before, chosen = untouched(stage, message), button(message, verb)

    (answer,) = await press(stage, [there.press(message, chosen)])

    await stage.discord.until(lambda: answer.private)
    assert "There is no request" in answer.text
    assert untouched(stage, message) == before
