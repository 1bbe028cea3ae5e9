"""What is new in ``/quota``, and ``/audit``, as a member, a role holder and a manager use them."""

from typing import Any

import pytest
from simcord.actors import MemberActor
from simcord.builders import ChannelHandle

from bot.domain.quota import Effect
from tests.discord.managing import take_roles
from tests.discord.world import World, private_text

DAY = {"unit": "pictures", "window": "day"}


async def _draws(ann: MemberActor, room: ChannelHandle) -> str:
    """Ask for a picture; return what is said where none comes."""
    result = await ann.slash(room, "imagine", prompt="a red kite")
    if result.response is not None and result.response.attachments:
        return ""
    return private_text(result)


async def _explained(reader: MemberActor, room: ChannelHandle, **options: Any) -> str:
    return private_text(await reader.slash(room, "quota explain", **options))


async def test_a_limit_for_a_channel_holds_there(
    world: World, ann: MemberActor, greta: MemberActor, art_room: ChannelHandle
) -> None:
    await greta.slash(art_room, "quota set", scope="channel", channel=art_room, amount="1", **DAY)
    assert not await _draws(ann, art_room)

    assert (await _draws(ann, art_room)).startswith("This channel's limit is 1 picture a day")
    text = await _explained(ann, art_room)
    assert "Nothing is left. What decides: **1 picture a day** for" in text
    assert art_room.mention in text


@pytest.mark.parametrize(
    ("options", "limit"),
    [
        ({"unit": "pictures", "window": "rolling", "hours": 6}, "2 pictures in any 6 hours"),
        ({"unit": "requests", "window": "lifetime"}, "2 requests in all"),
        ({"unit": "requests", "window": "at once"}, "2 requests at once"),
        ({"unit": "dollars", "window": "rolling", "hours": 1}, "$2.00 in any 1 hour"),
    ],
)
async def test_every_kind_of_limit_can_be_set_listed_and_cleared(
    world: World, greta: MemberActor, art_room: ChannelHandle, options: dict[str, Any], limit: str
) -> None:
    rule = {"scope": "member", "member": world.ann, **options}

    told = private_text(await greta.slash(art_room, "quota set", amount="2", **rule))
    listed = private_text(await greta.slash(art_room, "quota list"))
    (choice,) = await greta.autocomplete(art_room, "quota clear", "rule", "")
    cleared = private_text(await greta.slash(art_room, "quota clear", rule=choice["value"]))

    assert told.startswith(f"**{limit}** for {world.ann.mention}.")
    assert f"**{limit}** for {world.ann.mention}" in listed
    assert choice["name"].startswith(limit)
    assert "<@" not in choice["name"]
    assert cleared.startswith(f"The rule for {world.ann.mention} is gone.")
    assert await world.services.quotas.rules(world.guild.id) == ()


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"window": "rolling"}, "hours: say how many hours"),
        ({"window": "day", "hours": 3}, "hours: leave it out where the window is day"),
        ({"window": "at once"}, "window: at once counts requests only"),
        ({"window": "day", "scope": "channel"}, "channel: say which channel it is for"),
        ({"window": "at once", "unit": "requests", "amount": "0"}, "amount: it is from 1 request"),
    ],
)
async def test_a_limit_that_cannot_be_is_refused_in_plain_words(
    world: World, greta: MemberActor, art_room: ChannelHandle,
    options: dict[str, Any], problem: str,
) -> None:  # fmt: skip
    usual = {"scope": "everyone", "unit": "pictures", "amount": "1"}

    text = private_text(await greta.slash(art_room, "quota set", **{**usual, **options}))

    assert text.startswith(problem)
    assert await world.services.quotas.rules(world.guild.id) == ()


async def test_denial_is_said_and_beats_what_is_unlimited(
    world: World, ann: MemberActor, greta: MemberActor, art_room: ChannelHandle
) -> None:
    lifted = await greta.slash(art_room, "quota unlimited", scope="member", member=ann)
    denied = await greta.slash(art_room, "quota deny", scope="server")

    assert private_text(lifted).startswith(f"**No limits** for {ann.mention}.")
    assert private_text(denied).startswith("**No pictures** for the whole server together.")
    assert (await _draws(ann, art_room)).startswith(
        "The members of this server may not make pictures: a manager of this server has decided so."
    )
    assert "What decides: **No pictures** for the whole server together." in await _explained(
        ann, art_room
    )
    again = await greta.slash(art_room, "quota deny", scope="member", member=ann)
    assert f"Before, it was: **No limits** for {ann.mention}." in private_text(again)


async def test_unlimited_lifts_a_members_limit(
    ann: MemberActor, bob: MemberActor, greta: MemberActor, art_room: ChannelHandle
) -> None:
    await greta.slash(art_room, "quota set", scope="everyone", amount="0", **DAY)
    await greta.slash(art_room, "quota unlimited", scope="member", member=ann, unit="pictures")

    assert not await _draws(ann, art_room)
    assert await _draws(bob, art_room)
    text = await _explained(ann, art_room)
    assert f"**No limit of pictures** for {ann.mention}" in text
    assert "**0 pictures a day** for each member: **No limit of pictures**" in text


async def test_an_explanation_names_the_rule_and_when_it_resets(
    world: World, ann: MemberActor, greta: MemberActor, art_room: ChannelHandle
) -> None:
    fresh = await _explained(ann, art_room)
    assert "Pictures can be made. The limit that is reached first:" in fresh
    await greta.slash(art_room, "quota set", scope="everyone", amount="3", **DAY)
    await greta.slash(art_room, "quota set", scope="member", member=ann, amount="2", **DAY)
    await _draws(ann, art_room)

    text = await _explained(ann, art_room)

    assert f"What decides: **2 pictures a day** for {ann.mention}" in text or (
        f"reached first: **2 pictures a day** for {ann.mention}" in text
    )
    assert "1 used, 0 in flight, **1 left**" in text
    assert "begins anew <t:1795392000:R>" in text
    assert f"**3 pictures a day** for each member: **2 pictures a day** for {ann.mention}" in text
    theirs = await _explained(greta, art_room, member=ann)
    assert f"For {ann.mention}, here" in theirs
    assert "Manage Server" in await _explained(ann, art_room, member=greta)


async def test_grants_are_listed_and_taken_back(
    world: World, ann: MemberActor, bob: MemberActor, greta: MemberActor, art_room: ChannelHandle
) -> None:
    five = {"amount": "5", "unit": "pictures"}
    await greta.slash(art_room, "quota grant", scope="member", member=ann, **five)
    offered = await greta.autocomplete(art_room, "quota revoke", "grant", "")

    assert "`#1` **5 pictures more**" in private_text(await greta.slash(art_room, "quota grants"))
    assert "Grants that you can use" in private_text(await ann.slash(art_room, "quota grants"))
    assert "There are none" in private_text(await bob.slash(art_room, "quota grants"))
    gone = await greta.slash(art_room, "quota revoke", grant=offered[0]["value"])
    assert private_text(gone) == (
        f"The grant of {ann.mention} is taken back; 5 pictures of it were left."
    )
    assert "There is no grant 1 here" in private_text(
        await greta.slash(art_room, "quota revoke", grant="1")
    )
    assert "There is no grant x here" in private_text(
        await greta.slash(art_room, "quota revoke", grant="x")
    )


async def test_a_gift_is_seen_and_pings_nobody(
    world: World, ann: MemberActor, bob: MemberActor, greta: MemberActor, art_room: ChannelHandle
) -> None:
    five = {"amount": "5", "unit": "pictures"}
    await greta.slash(art_room, "quota grant", scope="member", member=ann, **five)
    off = await ann.slash(art_room, "quota gift", member=bob, amount="2")
    assert "This server does not let members give grants on." in private_text(off)
    await greta.slash(art_room, "settings set", gifts=True)

    given = await ann.slash(art_room, "quota gift", member=bob, amount="2")

    assert given.response is not None
    assert f"{ann.mention} gave {bob.mention} 2 pictures, beyond the limits." in (
        given.response.content
    )
    bobs = private_text(await bob.slash(art_room, "quota grants"))
    assert f"from {ann.mention}" in bobs
    too_much = await ann.slash(art_room, "quota gift", member=bob, amount="4")
    assert "You can give away 3 pictures; this is 4 pictures." in private_text(too_much)


@pytest.mark.parametrize(
    ("command", "options"),
    [
        ("quota unlimited", {"scope": "everyone"}),
        ("quota deny", {"scope": "server"}),
        ("quota revoke", {"grant": "1"}),
    ],
)
async def test_only_managers_change_rules(
    world: World, ann: MemberActor, mona: MemberActor, art_room: ChannelHandle,
    command: str, options: dict[str, str],
) -> None:  # fmt: skip
    for member in (ann, mona):
        assert "Manage Server" in private_text(await member.slash(art_room, command, **options))
    assert await world.services.quotas.rules(world.guild.id) == ()
    for name, option in (("quota clear", "rule"), ("quota revoke", "grant")):
        assert await ann.autocomplete(art_room, name, option, "") == []


async def test_the_audit_tells_who_changed_what(
    world: World, ann: MemberActor, greta: MemberActor, art_room: ChannelHandle
) -> None:
    assert "Nothing was changed here yet." in private_text(await greta.slash(art_room, "audit"))
    rule = {"scope": "member", "member": ann, "unit": "dollars", "window": "day"}
    await greta.slash(art_room, "quota set", amount="2", **rule)
    await greta.slash(art_room, "quota set", amount="3.50", **rule)
    await greta.slash(art_room, "quota deny", scope="channel", channel=art_room)
    await greta.slash(art_room, "settings set", reset_hour=4, week_start="sunday")

    text = private_text(await greta.slash(art_room, "audit"))

    assert f"**Rule set**: {ann.mention} dollars day\n-# $2.00 → $3.50" in text
    assert f"**Rule set**: {art_room.mention} everything\n-# — → {Effect.DENY}" in text
    assert "**Setting changed**: reset\\_hour\n-# 0 → 4" in text
    assert greta.mention in text


async def test_the_audit_has_pages(
    world: World, greta: MemberActor, art_room: ChannelHandle
) -> None:
    for amount in range(25):
        await greta.slash(art_room, "quota set", scope="everyone", amount=str(amount), **DAY)

    panel = await greta.slash(art_room, "audit")
    assert panel.response is not None
    seen = [private_text(panel)]
    for label in ("Older", "Older", "Newer"):
        await greta.click(panel.response, label=label)
        seen.append(private_text(panel))  # it changes in place

    for text, change in zip(seen, ("23 → 24", "13 → 14", "3 → 4", "13 → 14"), strict=True):
        assert f"-# {change}" in text


async def test_who_is_no_longer_a_manager_cannot_turn_the_audits_pages(
    world: World, greta: MemberActor, art_room: ChannelHandle
) -> None:
    for amount in range(12):
        await greta.slash(art_room, "quota set", scope="everyone", amount=str(amount), **DAY)
    panel = await greta.slash(art_room, "audit")
    assert panel.response is not None
    take_roles(world, greta)

    pressed = await greta.click(panel.response, label="Older")

    assert private_text(pressed).startswith("This is for people with the Manage Server permission.")
