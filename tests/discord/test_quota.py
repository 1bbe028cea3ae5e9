"""``/quota``, as a member, a moderator and a manager use it."""

from typing import Any

import pytest
from simcord.actors import MemberActor
from simcord.builders import ChannelHandle

from bot.domain.asks import Ask, Asker, Command, Origin, Place
from tests.discord.world import World, private_text

EVERYONE_A_DAY = {"scope": "everyone", "unit": "pictures", "window": "day"}


async def _draws(ann: MemberActor, room: ChannelHandle, count: int = 1) -> bool:
    """Ask for pictures; return whether they came, and check that a refusal is private."""
    result = await ann.slash(room, "imagine", prompt="a red kite", count=count)
    if result.response is not None and result.response.attachments:
        return True
    assert "Nothing was charged." in private_text(result)
    return False


async def _shown(reader: MemberActor, room: ChannelHandle, **options: Any) -> str:
    return private_text(await reader.slash(room, "quota show", **options))


async def test_a_member_sees_their_limits_and_what_is_left(
    ann: MemberActor, art_room: ChannelHandle
) -> None:
    assert await _draws(ann, art_room, count=3)

    text = await _shown(ann, art_room)

    assert "For you" in text
    assert "2 requests at once — 0 running, **2 left**" in text
    assert "20 pictures a day — 3 used, 0 in flight, **17 left**" in text
    assert "-# the bot's default · begins anew <t:1795392000:R>" in text
    assert "$10.00 a month — $0.00 used, $0.00 in flight, **$10.00 left**" in text
    assert "budget" not in text


async def test_what_is_in_flight_is_told_apart_from_what_is_used(
    world: World, ann: MemberActor, art_room: ChannelHandle
) -> None:
    ask = Ask(
        command=Command.IMAGINE,
        origin=Origin(interaction_id=1, application_id=1, token="secret"),
        asker=Asker(user_id=ann.id),
        place=Place(guild_id=world.guild.id, channel_id=art_room.id),
        prompt="a red kite",
        count=4,
    )
    await world.services.studio.admit(ask)

    text = await _shown(ann, art_room)

    assert "2 requests at once — 1 running, **1 left**" in text
    assert "20 pictures a day — 0 used, 4 in flight, **16 left**" in text


async def test_a_manager_sees_another_members_limits(
    ann: MemberActor, greta: MemberActor, art_room: ChannelHandle
) -> None:
    await _draws(ann, art_room)

    text = await _shown(greta, art_room, member=ann)

    assert f"For {ann.mention}" in text
    assert "20 pictures a day — 1 used" in text


async def test_others_do_not(
    ann: MemberActor, bob: MemberActor, mona: MemberActor, art_room: ChannelHandle
) -> None:
    for member in (bob, mona):
        text = await _shown(member, art_room, member=ann)
        assert text.startswith("This is for people with the Manage Server permission.")


async def test_a_member_may_name_themselves(ann: MemberActor, art_room: ChannelHandle) -> None:
    assert "For you" in await _shown(ann, art_room, member=ann)


async def test_the_rule_that_decides_is_named(
    world: World, ann: MemberActor, bob: MemberActor, greta: MemberActor, art_room: ChannelHandle
) -> None:
    cy = world.guild.add_member(world.env.create_user("cy"), roles=[world.painters])
    rule = {"unit": "pictures", "window": "day"}
    await greta.slash(art_room, "quota set", scope="everyone", amount="5", **rule)
    await greta.slash(art_room, "quota set", scope="role", role=world.painters, amount="7", **rule)
    await greta.slash(art_room, "quota set", scope="member", member=ann, amount="9", **rule)
    await greta.slash(art_room, "quota set", scope="server", amount="100", **rule)

    anns, bobs, cys = [await _shown(each, art_room) for each in (ann, bob, cy)]

    assert "9 pictures a day — 0 used, 0 in flight, **9 left**" in anns
    assert f"-# this server's rule for {ann.mention}" in anns
    assert "5 pictures a day" in bobs
    assert "-# this server's rule for each member" in bobs
    assert "7 pictures a day" in cys
    assert f"-# this server's rule for {world.painters.mention}" in cys
    for text in (anns, bobs, cys):
        assert "100 pictures a day" in text
        assert "this server's rule for the whole server together" in text


async def test_a_limit_holds_at_once_and_is_lifted_at_once(
    ann: MemberActor, greta: MemberActor, art_room: ChannelHandle
) -> None:
    assert await _draws(ann, art_room)

    set_to_one = await greta.slash(art_room, "quota set", amount="1", **EVERYONE_A_DAY)
    assert private_text(set_to_one) == (
        "**1 picture a day** for each member. Rules for a role or a member go before it. "
        "It replaces the bot's default of 20 pictures a day. What is used already counts."
    )
    assert not await _draws(ann, art_room)

    set_to_two = await greta.slash(art_room, "quota set", amount="2", **EVERYONE_A_DAY)
    assert "Before, it was 1 picture a day." in private_text(set_to_two)
    assert await _draws(ann, art_room)
    assert not await _draws(ann, art_room)

    cleared = await greta.slash(art_room, "quota clear", **EVERYONE_A_DAY)
    assert private_text(cleared) == (
        "The rule for each member is gone. The bot's default of 20 pictures a day holds."
    )
    assert await _draws(ann, art_room)


async def test_a_grant_goes_beyond_a_full_limit_until_it_is_used_up(
    ann: MemberActor, bob: MemberActor, greta: MemberActor, art_room: ChannelHandle
) -> None:
    await greta.slash(art_room, "quota set", amount="0", **EVERYONE_A_DAY)
    assert not await _draws(ann, art_room)

    given = await greta.slash(
        art_room, "quota grant", scope="member", member=ann, unit="pictures", amount="2"
    )

    assert private_text(given) == (
        f"**2 pictures more** for {ann.mention} · 2 left. It is used when a limit is full."
    )
    assert "then 2 pictures from grants" in await _shown(ann, art_room)
    assert "grants" not in await _shown(bob, art_room)
    assert await _draws(ann, art_room, count=2)
    assert not await _draws(ann, art_room)
    assert not await _draws(bob, art_room)
    assert "grants" not in await _shown(ann, art_room)
    assert "Grants" not in private_text(await greta.slash(art_room, "quota list"))


async def test_a_grant_ends_on_its_day(
    world: World, ann: MemberActor, greta: MemberActor, art_room: ChannelHandle
) -> None:
    given = await greta.slash(
        art_room, "quota grant", scope="role", role=world.painters,
        unit="dollars", amount="$2.50", days=3, reason="won **it** @everyone",
    )  # fmt: skip

    text = private_text(given)
    assert (
        f"**$2.50 more** for {world.painters.mention} · $2.50 left · until <t:1795608000:D>" in text
    )
    assert "The members of the role share it." in text
    assert "**it**" not in text
    assert "@everyone" not in text
    assert "$2.50 more" in private_text(await greta.slash(art_room, "quota list"))
    world.clock.advance(days=3)
    assert "$2.50 more" not in private_text(await greta.slash(art_room, "quota list"))


async def test_the_list_shows_rules_defaults_and_grants(
    world: World, ann: MemberActor, greta: MemberActor, art_room: ChannelHandle
) -> None:
    empty = private_text(await greta.slash(art_room, "quota list"))
    assert "This server has set no limits of its own." in empty
    assert "**20 pictures a day** for each member" in empty
    assert "**$10.00 a month** for the whole server together" in empty

    await greta.slash(art_room, "quota set", amount="4", **EVERYONE_A_DAY)
    await greta.slash(
        art_room, "quota set", scope="server", unit="dollars", window="week", amount="0,75"
    )
    await greta.slash(art_room, "quota grant", scope="server", unit="dollars", amount="5")

    full = private_text(await greta.slash(art_room, "quota list"))
    assert "**4 pictures a day** for each member" in full
    assert "**$0.75 a week** for the whole server together" in full
    assert "**2 requests at once** for each member" in full
    assert "20 pictures a day" not in full
    assert "**$5.00 more** for the whole server together · $5.00 left" in full


async def test_clearing_a_rule_that_is_not_there_says_so(
    greta: MemberActor, art_room: ChannelHandle
) -> None:
    text = private_text(await greta.slash(art_room, "quota clear", **EVERYONE_A_DAY))

    assert (
        text == "There is no such rule for each member. `/quota list` shows those that there are."
    )


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"unit": "pictures", "amount": "many"}, "amount: write a whole number of pictures"),
        ({"unit": "pictures", "amount": "1.5"}, "amount: write a whole number of pictures"),
        ({"unit": "pictures", "amount": "1,5"}, "amount: write a whole number of pictures"),
        ({"unit": "pictures", "amount": "-1"}, "amount: write a whole number of pictures"),
        ({"unit": "pictures", "amount": "1,000,001"}, "amount: write a whole number of pictures"),
        ({"unit": "dollars", "amount": "1,000"}, "amount: write an amount of dollars"),
        ({"unit": "dollars", "amount": "NaN"}, "amount: write an amount of dollars"),
        ({"unit": "dollars", "amount": "2000000"}, "amount: write an amount of dollars"),
        ({"scope": "role"}, "role: say which role it is for"),
        ({"scope": "member"}, "member: say which member it is for"),
        ({"member": True}, "member: leave it out where the scope is everyone"),
        ({"role": True}, "role: leave it out where the scope is everyone"),
        ({"scope": "member", "role": True}, "role: leave it out where the scope is member"),
    ],
)
async def test_a_rule_that_cannot_be_is_refused_in_plain_words(
    world: World, greta: MemberActor, art_room: ChannelHandle,
    options: dict[str, Any], problem: str,
) -> None:  # fmt: skip
    people = {"role": world.painters, "member": world.ann}
    named = {name: people.get(name, value) for name, value in options.items()}

    result = await greta.slash(art_room, "quota set", **{**EVERYONE_A_DAY, "amount": "1", **named})

    assert private_text(result).startswith(problem)
    assert await world.services.quotas.rules(world.guild.id) == ()


@pytest.mark.parametrize(
    ("typed", "meant"), [(" 12 ", "12 pictures"), ("1,000", "1000 pictures"), ("0", "0 pictures")]
)
async def test_an_amount_may_be_written_as_people_write(
    greta: MemberActor, art_room: ChannelHandle, typed: str, meant: str
) -> None:
    text = private_text(await greta.slash(art_room, "quota set", amount=typed, **EVERYONE_A_DAY))

    assert text.startswith(f"**{meant} a day**")


async def test_a_grant_of_nothing_is_refused(greta: MemberActor, art_room: ChannelHandle) -> None:
    text = private_text(
        await greta.slash(art_room, "quota grant", scope="server", unit="pictures", amount="0")
    )

    assert text.startswith("amount: it is from 1 picture")


@pytest.mark.parametrize(
    ("command", "options"),
    [
        ("set", {**EVERYONE_A_DAY, "amount": "100"}),
        ("clear", EVERYONE_A_DAY),
        ("grant", {"scope": "server", "unit": "pictures", "amount": "100"}),
        ("list", {}),
    ],
)
async def test_only_managers_change_and_list_limits(
    world: World, ann: MemberActor, mona: MemberActor, art_room: ChannelHandle,
    command: str, options: dict[str, str],
) -> None:  # fmt: skip
    for member in (ann, mona):
        text = private_text(await member.slash(art_room, f"quota {command}", **options))
        assert text == (
            "This is for people with the Manage Server permission. "
            "Ask someone who runs this server."
        )
    assert await world.services.quotas.rules(world.guild.id) == ()
    assert await world.services.quotas.grants(world.guild.id) == ()


async def test_somebody_who_left_can_still_be_named(
    world: World, greta: MemberActor, art_room: ChannelHandle
) -> None:
    dan = world.env.create_user("dan")
    await greta.slash(
        art_room, "quota set", scope="member", member=dan, unit="pictures", window="day", amount="3"
    )

    text = await _shown(greta, art_room, member=dan)

    assert f"-# this server's rule for {dan.mention}" in text


@pytest.mark.parametrize("environ", [{"MONTHLY_BUDGET_DOLLARS": "0"}])
async def test_the_bots_own_budget_shows_only_when_it_is_used_up(
    ann: MemberActor, art_room: ChannelHandle
) -> None:
    text = await _shown(ann, art_room)

    assert "The bot's own limit for all servers is used up; there is more <t:" in text
    assert "whole bot" not in text


@pytest.mark.parametrize(
    ("environ", "refused", "shown"),
    [
        (
            {"BOT_LIMITS": "1 picture a week"},
            "The whole bot's limit is 1 picture a week: 1 picture used, 0 pictures in flight",
            "The bot's own limit for all servers is used up; there is more <t:",
        ),
        (
            {"BOT_LIMITS": "3 pictures a day, 1 request in all"},
            "The whole bot's limit is 1 request in all",
            "The bot's own limit for all servers is used up.",
        ),
    ],
)
async def test_the_operators_other_limits_hold_whatever_a_server_says(
    ann: MemberActor, greta: MemberActor, art_room: ChannelHandle, refused: str, shown: str
) -> None:
    await greta.slash(art_room, "quota unlimited", scope="everyone")
    assert shown not in await _shown(ann, art_room)
    first = await ann.slash(art_room, "imagine", prompt="a kite")
    assert first.response is not None
    assert first.response.attachments

    text = private_text(await ann.slash(art_room, "imagine", prompt="a kite"))

    assert text.startswith(refused)
    assert "Ask for more" not in str(text)
    assert shown in await _shown(ann, art_room)


async def test_windows_follow_the_servers_clocks(
    ann: MemberActor, greta: MemberActor, art_room: ChannelHandle
) -> None:
    await greta.slash(art_room, "settings set", timezone="Asia/Tokyo")

    assert "begins anew <t:1795359600:R>" in await _shown(ann, art_room)
