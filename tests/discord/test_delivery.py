"""Where pictures go when their reply is gone, and what is shown after a restart: once, always."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import discord
import pytest
from simcord.actors import MemberActor
from simcord.builders import ChannelHandle

from bot.domain.asks import Ask, Asker, Command, Origin, Place
from bot.domain.jobs import JobState
from bot.services.admission import Ticket
from bot.services.books import Shown
from bot.storage import jobs
from tests.discord.world import World, direct_messages, private_text

ORIGINAL = "/webhooks/*/*/messages/@original"
CHANNEL = "/channels/*/messages"


@pytest.fixture
def environ() -> Mapping[str, str]:
    return {"MEMBER_JOBS_AT_ONCE": "64", "DEFAULT_MEMBER_PICTURES_PER_DAY": "1000"}


def pictures(room: ChannelHandle) -> list[discord.Message]:
    return [message for message in room.history() if message.attachments]


async def state(world: World, code: str) -> JobState:
    return (await world.services.studio.books.find(world.guild.id, code)).state


async def codes(world: World) -> list[str]:
    return [job.code for job in await world.services.studio.books.unfinished()]


@pytest.mark.parametrize(
    ("status", "code"), [(404, 10015), (401, 50027), (404, 10008), (403, 50013)]
)
async def test_a_reply_that_is_gone_is_followed_by_a_message(
    world: World, ann: MemberActor, art_room: ChannelHandle, status: int, code: int
) -> None:
    world.env.inject_error("PATCH", ORIGINAL, status=status, code=code, times=None)

    await ann.slash(art_room, "imagine", prompt="a cat")

    (shown,) = pictures(art_room)
    assert shown.content.startswith(f"**a cat** — {ann.mention}")
    assert world.rules.mentions[-1] == {"parse": []}
    assert shown.components
    assert await codes(world) == []


async def test_its_buttons_work(world: World, ann: MemberActor, art_room: ChannelHandle) -> None:
    world.env.inject_error("PATCH", ORIGINAL, status=404, code=10015)
    await ann.slash(art_room, "imagine", prompt="a cat")
    (shown,) = pictures(art_room)

    again = await ann.click(shown, label="Again")

    assert again.response is not None
    assert again.response.attachments


async def test_a_closed_channel_is_replaced_by_a_direct_message(
    world: World, ann: MemberActor, art_room: ChannelHandle
) -> None:
    world.env.inject_error("PATCH", ORIGINAL, status=401, code=50027, times=None)
    world.env.inject_error("POST", f"/channels/{art_room.id}/messages", status=403, code=50001)

    await ann.slash(art_room, "imagine", prompt="a cat")

    assert pictures(art_room) == []
    (written,) = direct_messages(world, ann)
    assert written.attachments
    assert not written.components


async def test_what_was_asked_privately_is_never_posted(
    world: World, ann: MemberActor, art_room: ChannelHandle
) -> None:
    world.env.inject_error("PATCH", ORIGINAL, status=401, code=50027, times=None)

    await ann.slash(art_room, "imagine", prompt="a cat", private=True)

    assert pictures(art_room) == []
    assert len(direct_messages(world, ann)) == 1


async def kept(world: World, ann: MemberActor, art_room: ChannelHandle, **options: Any) -> str:
    """Let nothing be shown anywhere, and return the code under which it is kept."""
    world.env.inject_error("PATCH", ORIGINAL, status=404, code=10015)
    world.env.inject_error("POST", CHANNEL, status=403, code=50001, times=2)
    result = await ann.slash(art_room, "imagine", prompt="a cat", **options)
    found = re.search(r"/show code:([0-9a-z]{8})", private_text(result))
    assert found is not None
    return found[1]


async def test_what_cannot_be_shown_anywhere_is_kept_for_show(
    world: World, ann: MemberActor, bob: MemberActor, art_room: ChannelHandle
) -> None:
    code = await kept(world, ann, art_room)
    assert await state(world, code) is JobState.MADE
    assert "somebody else's" in private_text(await bob.slash(art_room, "show", code=code))

    result = await ann.slash(art_room, "show", code=f"#{code.upper()}")

    assert result.response is not None
    assert result.response.attachments
    assert await state(world, code) is JobState.DONE
    again = private_text(await ann.slash(art_room, "show", code=code))
    assert "**a cat**" in again
    assert len(pictures(art_room)) == 1


@pytest.mark.parametrize(("later", "seconds"), [(0, 61), (16, 3601)], ids=["soon", "by the hour"])
async def test_what_is_kept_is_shown_by_itself(
    world: World, ann: MemberActor, art_room: ChannelHandle, later: int, seconds: int
) -> None:
    code = await kept(world, ann, art_room)
    world.clock.advance(minutes=later)

    await world.env.advance_time(seconds)

    assert len(pictures(art_room)) == 1
    assert await state(world, code) is JobState.DONE


async def test_a_private_one_stays_private_with_show(
    world: World, ann: MemberActor, art_room: ChannelHandle
) -> None:
    world.env.inject_error("PATCH", ORIGINAL, status=404, code=10015)
    world.env.inject_error("POST", CHANNEL, status=403, code=50007)
    result = await ann.slash(art_room, "imagine", prompt="a cat", private=True)
    found = re.search(r"/show code:([0-9a-z]{8})", private_text(result))
    assert found is not None

    shown = await ann.slash(art_room, "show", code=found[1])

    assert shown.response is not None
    assert shown.response.ephemeral
    assert shown.response.attachments


async def test_files_that_are_too_large_come_smaller(
    world: World, ann: MemberActor, art_room: ChannelHandle
) -> None:
    world.env.inject_error("PATCH", ORIGINAL, status=413, code=40005)

    result = await ann.slash(art_room, "imagine", prompt="a cat")

    assert result.response is not None
    assert result.response.attachments
    assert await codes(world) == []


async def test_trouble_of_discords_posts_nothing_elsewhere(
    world: World, ann: MemberActor, art_room: ChannelHandle
) -> None:
    """Nobody knows whether such an edit took effect: another message might be the second."""
    world.env.inject_error("PATCH", ORIGINAL, status=400, code=50035)

    text = private_text(await ann.slash(art_room, "imagine", prompt="a cat"))

    assert "could not be posted" in text
    assert pictures(art_room) == []
    assert len(await codes(world)) == 1


# --- after a restart --------------------------------------------------------------------------


@dataclass
class Left:
    """What an interaction of Ann's would leave, had Easel ended in its middle."""

    world: World
    ann: MemberActor
    room: ChannelHandle
    number: int = 5000

    async def ask(self, *, private: bool = False, token: str = "a-token") -> Ticket:  # noqa: S107
        self.number += 1
        ask = Ask(
            command=Command.IMAGINE,
            origin=Origin(
                interaction_id=self.number,
                application_id=self.world.env.bot.application_id or 0,
                token=token,
            ),
            asker=Asker(user_id=self.ann.id),
            place=Place(guild_id=self.world.guild.id, channel_id=self.room.id),
            prompt="a cat",
            private=private,
        )
        return await self.world.services.studio.admit(ask)

    async def call(self, ticket: Ticket, reply: Shown | None = None) -> None:
        await self.world.services.studio.books.calling(ticket, reply)


@pytest.fixture
def left(world: World, ann: MemberActor, art_room: ChannelHandle) -> Left:
    return Left(world, ann, art_room)


async def test_what_was_asked_before_the_restart_is_made_after_it(
    world: World, left: Left, art_room: ChannelHandle
) -> None:
    ticket = await left.ask()

    await world.restart()
    await world.env.settle()

    (shown,) = pictures(art_room)
    assert ticket.code in shown.content
    assert await state(world, ticket.code) is JobState.DONE


async def test_what_was_lost_is_told_with_a_button_to_ask_again(
    world: World, left: Left, ann: MemberActor, art_room: ChannelHandle
) -> None:
    ticket = await left.ask()
    await left.call(ticket)

    await world.restart()
    await world.env.settle()

    (told,) = art_room.history()
    assert "Easel was restarted" in told.content
    assert "may have charged" in told.content
    again = await ann.click(told, label="Again")
    assert again.response is not None
    assert again.response.attachments
    assert await state(world, ticket.code) is JobState.UNKNOWN


@pytest.mark.parametrize("called", [False, True], ids=["booked", "calling"])
async def test_what_was_private_is_told_in_a_direct_message_when_its_token_is_dead(
    world: World, left: Left, ann: MemberActor, art_room: ChannelHandle, *, called: bool
) -> None:
    ticket = await left.ask(private=True)
    if called:
        await left.call(ticket)
    world.clock.advance(minutes=16)

    await world.restart()
    await world.env.settle()

    assert art_room.history() == []
    (written,) = direct_messages(world, ann)
    assert ticket.code in written.content
    assert await codes(world) == []


async def test_a_channel_that_is_gone_makes_nothing(
    world: World, left: Left, ann: MemberActor, art_room: ChannelHandle
) -> None:
    ticket = await left.ask()
    world.clock.advance(minutes=16)
    world.env.inject_error("GET", f"/channels/{art_room.id}", status=404, code=10003)

    await world.restart()
    await world.env.settle()

    assert await state(world, ticket.code) is JobState.FAILED
    (written,) = direct_messages(world, ann)
    assert "could not be made in time" in written.content


async def test_a_reply_that_shows_the_pictures_already_is_not_repeated(
    world: World, left: Left, ann: MemberActor, art_room: ChannelHandle
) -> None:
    """Easel ended between the edit and the books, and comes back when the token is dead."""
    code = await kept(world, ann, art_room)
    job = await world.services.studio.books.find(world.guild.id, code)
    seen = await world.easel.get_partial_messageable(art_room.id).send(
        "as the edit left it",
        file=discord.File(__file__, filename=f"easel-{code}-1.png"),
    )
    ticket = await world.services.recovery.kept(world.guild.id, ann.id, code)
    await world.services.database.write(lambda c: _standing(c, job.id, Shown(art_room.id, seen.id)))
    world.clock.advance(minutes=16)

    await world.restart()
    await world.env.settle()

    assert await state(world, ticket.code) is JobState.DONE
    assert [message.id for message in pictures(art_room)] == [seen.id]


def _standing(connection: Any, job_id: int, where: Shown) -> None:
    jobs.move(
        connection,
        job_id,
        JobState.MADE,
        message_id=where.message_id,
        message_channel_id=where.channel_id,
    )


class Asked:
    """An interaction of Ann's that is real for Discord, and of which Easel knows only the row."""

    def __init__(self, world: World, ann: MemberActor, room: ChannelHandle) -> None:
        self._world, self._ann, self._room = world, ann, room

    async def refused(self, *, private: bool) -> tuple[Ticket, Any]:
        """Answer nothing but the defer, and leave the job booked with words that are declined."""
        studio = self._world.services.studio
        found: list[Ticket] = []

        async def perform(ticket: Ticket, stage: Any) -> None:
            del stage
            found.append(ticket)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(studio, "perform", perform)
            result = await self._ann.slash(
                self._room, "imagine", prompt="something forbidden", private=private
            )
        return found[0], result


@pytest.mark.parametrize("private", [False, True], ids=["public", "private"])
async def test_what_is_declined_after_a_restart_is_told_to_its_asker_alone(
    world: World, ann: MemberActor, bob: MemberActor, art_room: ChannelHandle, *, private: bool
) -> None:
    ticket, _ = await Asked(world, ann, art_room).refused(private=private)

    await world.restart()
    await world.env.settle()

    assert await state(world, ticket.code) is JobState.REFUSED
    assert art_room.history(viewer=bob) == []
    (told,) = art_room.history(viewer=ann)
    assert "declined" in told.content
    assert ticket.code in told.content


async def test_what_is_lost_is_told_in_the_reply_while_its_token_lives(
    world: World, ann: MemberActor, art_room: ChannelHandle
) -> None:
    ticket, _ = await Asked(world, ann, art_room).refused(private=False)
    await world.services.studio.books.calling(ticket)

    await world.restart()
    await world.env.settle()

    (told,) = art_room.history()
    assert "Easel was restarted" in told.content
    assert told.components


async def test_nobody_can_be_told_and_the_books_are_closed(
    world: World, left: Left, art_room: ChannelHandle
) -> None:
    ticket = await left.ask()
    await left.call(ticket)
    world.env.inject_error("PATCH", ORIGINAL, status=404, code=10015)
    world.env.inject_error("POST", CHANNEL, status=403, code=50001, times=2)

    await world.restart()
    await world.env.settle()

    assert art_room.history() == []
    assert await state(world, ticket.code) is JobState.UNKNOWN


async def test_what_is_declined_when_its_token_is_dead_is_told_in_a_direct_message(
    world: World, ann: MemberActor, art_room: ChannelHandle
) -> None:
    ticket, _ = await Asked(world, ann, art_room).refused(private=True)
    world.env.inject_error("PATCH", ORIGINAL, status=401, code=50027)

    await world.restart()
    await world.env.settle()

    assert await state(world, ticket.code) is JobState.REFUSED
    (written,) = direct_messages(world, ann)
    assert "declined" in written.content


async def test_trouble_in_a_look_at_the_channel_does_not_lose_the_request(
    world: World, left: Left, art_room: ChannelHandle
) -> None:
    ticket = await left.ask()
    world.clock.advance(minutes=16)
    world.env.inject_error("GET", f"/channels/{art_room.id}", status=400)

    await world.restart()
    await world.env.settle()

    assert await state(world, ticket.code) is JobState.DONE
    assert len(pictures(art_room)) == 1


async def test_trouble_of_discords_while_telling_closes_the_books(world: World, left: Left) -> None:
    ticket = await left.ask()
    await left.call(ticket)
    world.env.inject_error("PATCH", ORIGINAL, status=400)

    await world.restart()
    await world.env.settle()

    assert await state(world, ticket.code) is JobState.UNKNOWN
