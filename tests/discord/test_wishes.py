"""Ask for more: the member's button, the managers' card, and what the member hears."""

from typing import Any

import pytest
from simcord.actors import MemberActor
from simcord.builders import ChannelHandle
from simcord.results import ResponseMessage

from bot.domain.audit import AuditEntry
from bot.storage import audit
from tests.discord.managing import take_roles
from tests.discord.world import World, direct_messages, log_room_of, private_text, words_of

LIMIT = {"scope": "everyone", "unit": "pictures", "window": "day", "amount": "1"}


@pytest.fixture
async def log_room(world: World, greta: MemberActor, art_room: ChannelHandle) -> ChannelHandle:
    """The server's log channel; everybody may make one picture a day."""
    room = await log_room_of(world)
    await greta.slash(art_room, "quota set", **LIMIT)
    return room


async def _refused(member: MemberActor, room: ChannelHandle, count: int = 2) -> ResponseMessage:
    result = await member.slash(room, "imagine", prompt="a secret kite", count=count)
    assert "limit is" in private_text(result)
    assert result.response is not None
    return result.response


async def _asked(member: MemberActor, room: ChannelHandle, count: int = 2) -> str:
    refused = await _refused(member, room, count)
    return private_text(await member.click(refused, label="Ask for more"))


def _card(room: ChannelHandle) -> Any:
    return room.history()[-1]


def _told(world: World, member: MemberActor) -> list[str]:
    return [message.content for message in direct_messages(world, member)]


async def _audit(world: World) -> list[AuditEntry]:
    entries = await world.services.database.read(
        lambda connection: audit.page(connection, world.guild.id, most=20).entries
    )
    return [each for each in reversed(entries) if each.action.startswith(("wish", "quota.grant"))]


async def test_a_refused_member_asks_and_managers_see_who_what_and_for_how_much(
    world: World, ann: MemberActor, art_room: ChannelHandle, log_room: ChannelHandle
) -> None:
    text = await _asked(ann, art_room)

    assert "have been asked" in text
    seen = words_of(world, _card(log_room))
    assert "Somebody asks for more" in seen
    assert f"{ann.mention} · {art_room.mention}" in seen
    assert "/imagine · 2 pictures" in seen
    assert "**1 picture a day** · the member's limit\n0 used, 0 in flight, **1 left**" in seen
    assert "Approve once gives 2 pictures" in seen
    assert "kite" not in seen
    assert world.rules.mentions[-1] == {"parse": []}


async def test_one_open_wish_of_a_member_about_a_limit(
    world: World,
    ann: MemberActor,
    bob: MemberActor,
    art_room: ChannelHandle,
    log_room: ChannelHandle,
) -> None:
    refused = await _refused(ann, art_room)
    texts = [private_text(await ann.click(refused, label="Ask for more")) for _ in range(5)]
    await _asked(bob, art_room)

    assert all("asked for this already" in text for text in texts[1:])
    assert len(log_room.history()) == 2
    assert [each.action for each in await _audit(world)] == ["wish.ask", "wish.ask"]


async def test_approving_once_is_enough_for_that_request_and_no_more(
    world: World,
    ann: MemberActor,
    greta: MemberActor,
    art_room: ChannelHandle,
    log_room: ChannelHandle,
) -> None:
    await _asked(ann, art_room)

    await greta.click(_card(log_room), label="Approve once")

    seen = words_of(world, _card(log_room))
    assert "Given" in seen
    assert "**2 pictures more**" in seen
    assert f"Answered by {greta.mention}." in seen
    assert "Approve once" not in seen
    (told,) = _told(world, ann)
    assert "You asked for more on **Painters**, and got it. **2 pictures more**" in told
    assert art_room.mention in told
    made = await ann.slash(art_room, "imagine", prompt="a kite", count=2)
    assert made.response is not None
    assert len(made.response.attachments) == 2
    assert "wish.approved" in [each.action for each in await _audit(world)]
    assert "quota.grant" in [each.action for each in await _audit(world)]
    await ann.slash(art_room, "imagine", prompt="a kite")
    await _refused(ann, art_room)


async def test_a_card_is_answered_once_whoever_is_quicker(
    world: World,
    ann: MemberActor,
    greta: MemberActor,
    art_room: ChannelHandle,
    log_room: ChannelHandle,
) -> None:
    await _asked(ann, art_room)
    card = _card(log_room)
    stored = world.env.backend.get_message(log_room.id, card.id)
    before = list(stored.components)
    await greta.click(card, label="Approve once")

    for _ in range(4):
        stored.components = before  # as a second manager still sees it
        late = private_text(await greta.click(card, label="Approve once"))
        assert "answered this already" in late

    assert len(await world.services.quotas.grants(world.guild.id)) == 1
    assert len(_told(world, ann)) == 1


async def test_more_is_approved_until_a_date(
    world: World,
    ann: MemberActor,
    greta: MemberActor,
    art_room: ChannelHandle,
    log_room: ChannelHandle,
) -> None:
    await _asked(ann, art_room)
    form = await greta.click(_card(log_room), label="Approve more…")

    await greta.submit_modal(form, {"amount": "10", "until": "2026-12-24"})

    (grant,) = await world.services.quotas.grants(world.guild.id)
    assert (grant.amount, grant.scope_id, grant.granted_by) == (10, ann.id, greta.id)
    assert grant.expires_at is not None
    assert grant.expires_at.isoformat() == "2026-12-25T00:00:00+00:00"
    assert "**10 pictures more**" in words_of(world, _card(log_room))


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ({"amount": "many", "until": "7"}, "whole number"),
        ({"amount": "5", "until": "soon"}, "number of days, or a date"),
        ({"amount": "5", "until": "2020-01-01"}, "days from now"),
        ({"amount": "5", "until": "0"}, "days from now"),
        ({"amount": "5", "until": "99999999999"}, "number of days, or a date"),
        ({"amount": "0", "until": "7"}, "amount: it is from"),
    ],
)
async def test_what_cannot_be_is_refused_and_the_card_stays(
    world: World, greta: MemberActor, log_room: ChannelHandle, written: dict[str, str], problem: str
) -> None:
    await _asked(world.ann, world.art_room)
    form = await greta.click(_card(log_room), label="Approve more…")

    text = private_text(await greta.submit_modal(form, written))

    assert problem in text
    assert "Somebody asks for more" in words_of(world, _card(log_room))
    assert await world.services.quotas.grants(world.guild.id) == ()


async def test_a_denial_has_a_reason_that_the_member_reads(
    world: World,
    ann: MemberActor,
    greta: MemberActor,
    art_room: ChannelHandle,
    log_room: ChannelHandle,
) -> None:
    await _asked(ann, art_room)
    form = await greta.click(_card(log_room), label="Deny…")

    await greta.submit_modal(form, {"reason": "the @everyone budget is **thin**"})

    (told,) = _told(world, ann)
    assert "this time the answer is no" in told
    assert "budget is \\*\\*thin\\*\\*" in told
    assert "@everyone" not in told
    assert "Not given" in words_of(world, _card(log_room))
    entries = await _audit(world)
    assert (entries[-1].action, entries[-1].user_id) == ("wish.denied", greta.id)
    await _refused(ann, art_room)


async def test_usage_opens_for_the_manager_alone(
    ann: MemberActor, greta: MemberActor, art_room: ChannelHandle, log_room: ChannelHandle
) -> None:
    await _asked(ann, art_room)

    text = private_text(await greta.click(_card(log_room), label="Open usage"))

    assert f"For {ann.mention}" in text
    assert "1 picture a day" in text
    assert len(log_room.history()) == 1


@pytest.mark.parametrize("label", ["Approve once", "Approve more…", "Deny…", "Open usage"])
async def test_strangers_and_moderators_get_a_private_answer(
    world: World, log_room: ChannelHandle, label: str
) -> None:
    await _asked(world.ann, world.art_room)

    for member in (world.ann, world.bob, world.mona):
        text = private_text(await member.click(_card(log_room), label=label))
        assert "people with the Manage Server permission" in text

    assert await world.services.quotas.grants(world.guild.id) == ()


async def test_a_form_is_authorised_when_it_is_sent(
    world: World,
    ann: MemberActor,
    greta: MemberActor,
    art_room: ChannelHandle,
    log_room: ChannelHandle,
) -> None:
    await _asked(ann, art_room)
    form = await greta.click(_card(log_room), label="Approve more…")
    take_roles(world, greta)

    text = private_text(await greta.submit_modal(form, {"amount": "10", "until": "7"}))

    assert "Manage Server" in text
    assert await world.services.quotas.grants(world.guild.id) == ()


async def test_everything_outlives_a_restart(
    world: World,
    ann: MemberActor,
    greta: MemberActor,
    art_room: ChannelHandle,
    log_room: ChannelHandle,
) -> None:
    refused = await _refused(ann, art_room)
    await world.restart()
    assert "have been asked" in private_text(await ann.click(refused, label="Ask for more"))
    await world.restart()
    form = await greta.click(_card(log_room), label="Approve more…")
    await world.restart()

    await greta.submit_modal(form, {"amount": "3", "until": "7"})

    (grant,) = await world.services.quotas.grants(world.guild.id)
    assert grant.amount == 3
    assert len(_told(world, ann)) == 1


async def test_whoever_takes_no_direct_messages_is_told_when_they_ask_next(
    world: World,
    ann: MemberActor,
    greta: MemberActor,
    art_room: ChannelHandle,
    log_room: ChannelHandle,
) -> None:
    await _asked(ann, art_room)
    world.env.inject_error("POST", "/users/@me/channels", status=403, code=50007)
    await greta.click(_card(log_room), label="Approve once")
    await world.restart()

    made = await ann.slash(art_room, "imagine", prompt="a kite", count=2)
    again = await ann.slash(art_room, "imagine", prompt="a kite")

    (note,) = made.followups
    assert note.ephemeral
    assert "and got it" in note.content
    assert again.followups == []


async def test_what_nobody_answers_ends_after_three_days(
    world: World,
    ann: MemberActor,
    greta: MemberActor,
    art_room: ChannelHandle,
    log_room: ChannelHandle,
) -> None:
    await _asked(ann, art_room)
    card = _card(log_room)
    world.clock.advance(hours=72)

    late = private_text(await greta.click(card, label="Approve once"))
    await world.env.advance_time(61)

    assert "it has expired" in late
    assert "Nobody answered" in words_of(world, card)
    assert "nobody answered in three days" in (_told(world, ann))[0]
    assert [each.action for each in await _audit(world)] == ["wish.ask", "wish.expired"]
    assert "have been asked" in await _asked(ann, art_room)


async def test_without_a_log_channel_the_refusal_says_whom_to_ask(
    ann: MemberActor, greta: MemberActor, art_room: ChannelHandle
) -> None:
    await greta.slash(art_room, "quota set", **LIMIT)

    result = await ann.slash(art_room, "imagine", prompt="a kite", count=2)

    text = private_text(result)
    assert "with Manage Server can give you more." in text
    assert result.response is not None
    assert result.response.components == []


async def test_a_closed_log_channel_is_said_and_the_wish_can_be_asked_again(
    world: World, ann: MemberActor, art_room: ChannelHandle, log_room: ChannelHandle
) -> None:
    world.env.inject_error("POST", "/channels/*/messages", status=403, code=50001)

    assert "ask one of them" in await _asked(ann, art_room)
    assert "have been asked" in await _asked(ann, art_room)
    assert len(log_room.history()) == 1


async def test_the_servers_own_limit_is_raised_for_the_server(
    world: World,
    ann: MemberActor,
    greta: MemberActor,
    art_room: ChannelHandle,
    log_room: ChannelHandle,
) -> None:
    limit = {"scope": "server", "unit": "pictures", "window": "week", "amount": "1"}
    everyone = LIMIT | {"amount": "9"}
    await greta.slash(art_room, "quota set", **everyone)
    await greta.slash(art_room, "quota set", **limit)
    await _asked(ann, art_room)

    assert "the whole server's limit" in words_of(world, _card(log_room))
    await greta.click(_card(log_room), label="Approve once")

    (grant,) = await world.services.quotas.grants(world.guild.id)
    assert (grant.scope.value, grant.amount) == ("server", 2)


async def test_when_there_is_room_again_nobody_is_bothered(
    ann: MemberActor, greta: MemberActor, art_room: ChannelHandle, log_room: ChannelHandle
) -> None:
    refused = await _refused(ann, art_room)
    more = LIMIT | {"amount": "5"}
    await greta.slash(art_room, "quota set", **more)

    text = private_text(await ann.click(refused, label="Ask for more"))

    assert "There is room again" in text
    assert log_room.history() == []
