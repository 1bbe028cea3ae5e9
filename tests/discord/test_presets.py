"""``/quota preset``: what to start with, shown rule by rule before it holds."""

from collections.abc import Mapping
from typing import Any

import pytest
from simcord.actors import MemberActor
from simcord.builders import ChannelHandle

from bot.domain.quota import Rule
from bot.storage import audit
from tests.discord.pressing import Pressed, opened
from tests.discord.world import World

RULES = {
    "friends": {("everyone", "pictures", "day", 50), ("server", "dollars", "month", 25_000_000)},
    "community": {
        ("everyone", "pictures", "day", 10),
        ("everyone", "pictures", "week", 40),
        ("server", "dollars", "day", 5_000_000),
        ("server", "dollars", "month", 25_000_000),
    },
    "public": {
        ("everyone", "jobs", "None", 1),
        ("everyone", "pictures", "day", 3),
        ("everyone", "pictures", "week", 10),
        ("server", "dollars", "day", 1_000_000),
        ("server", "dollars", "month", 10_000_000),
    },
}
SETTINGS: Mapping[str, tuple[bool, int | None, int | None]] = {
    "friends": (True, None, None),
    "community": (False, 80, None),
    "public": (False, 60, 250_000),
}


@pytest.fixture
def environ() -> Mapping[str, str]:
    return {"DEFAULT_SERVER_DOLLARS_PER_MONTH": "25"}


def _told(rule: Rule) -> tuple[str, str, str, int]:
    return rule.scope.value, str(rule.unit), str(rule.window), rule.amount


async def _rules(world: World) -> set[tuple[str, str, str, int]]:
    return set(map(_told, await world.services.quotas.rules(world.guild.id)))


async def _settings(world: World) -> tuple[bool, int | None, int | None]:
    chosen = await world.services.guilds.choices(world.guild.id)
    return chosen.gifts, chosen.economy, chosen.ask_above


async def _preset(greta: MemberActor, room: ChannelHandle, name: str, how: str) -> Pressed:
    if how == "command":
        return await opened(greta, room, "quota preset", name=name)
    panel = await opened(greta, room, "quota panel")
    await panel.choose("quota:preset:", name)
    return panel


@pytest.mark.parametrize("how", ["command", "panel"])
@pytest.mark.parametrize("name", list(RULES))
async def test_a_preset_is_shown_then_applied(
    world: World, greta: MemberActor, art_room: ChannelHandle, name: str, how: str
) -> None:
    panel = await _preset(greta, art_room, name, how)
    text = panel.text
    assert "This would change" in text
    assert await _rules(world) == set()
    assert await _settings(world) == (False, None, None)

    await panel.press("Apply")

    assert "✅ Changed:" in panel.text
    assert await _rules(world) == RULES[name]
    assert await _settings(world) == SETTINGS[name]
    again = await _preset(greta, art_room, name, how)
    assert "Nothing would change" in again.text
    assert list(again.buttons()) == ["Cancel"]


async def test_the_preview_names_exactly_what_changes(
    world: World, ann: MemberActor, greta: MemberActor, art_room: ChannelHandle
) -> None:
    day: dict[str, Any] = {"unit": "pictures", "window": "day"}
    await greta.slash(art_room, "quota set", scope="everyone", amount="10", **day)
    await greta.slash(art_room, "quota set", scope="member", member=ann, amount="99", **day)
    await greta.slash(art_room, "quota set", scope="server", amount="5", **day)
    await greta.slash(art_room, "settings set", gifts=True)

    panel = await _preset(greta, art_room, "community", "command")

    default = "$25.00 a month (the bot's default)"
    assert panel.text.split("\n-# Nothing is changed yet")[0].splitlines() == [
        "## This would change",
        "**Rules**",
        "The whole server together: 5 pictures a day → **no rule**",
        "-# What the other rules say holds then.",
        "The whole server together: no rule → **$5.00 a day**",
        "-# $0.00 of it used now.",
        f"The whole server together: {default} → **$25.00 a month**",
        "-# $0.00 of it used now.",
        "Each member: no rule → **40 pictures a week**",
        "-# Nobody has used so much yet.",
        "**Settings**",
        "**Gifts of grants**: on → off",
        "**Economy**: off → from 80 % of the month's budget on",
    ]
    await panel.press("Apply")
    assert await _rules(world) == RULES["community"] | {("member", "pictures", "day", 99)}


async def test_all_of_it_is_in_the_audit_and_cancel_leaves_no_trace(
    world: World, greta: MemberActor, art_room: ChannelHandle
) -> None:
    await (await _preset(greta, art_room, "public", "command")).press("Cancel")
    assert await _rules(world) == set()
    await (await _preset(greta, art_room, "friends", "command")).press("Apply")

    entries = await world.services.database.read(
        lambda connection: audit.page(connection, world.guild.id, most=50).entries
    )

    assert {(each.user_id, each.action, each.target, each.before, each.after)
            for each in entries} == {
        (greta.id, "quota.set", "everyone pictures day", None, 50),
        (greta.id, "quota.set", "server dollars month", None, 25_000_000),
        (greta.id, "settings", "gifts", False, True),
    }  # fmt: skip


async def test_a_preset_that_became_another_is_shown_again(
    world: World, greta: MemberActor, art_room: ChannelHandle
) -> None:
    panel = await _preset(greta, art_room, "friends", "command")
    await greta.slash(art_room, "settings set", economy=70)
    await world.restart()

    await panel.press("Apply")

    assert "nothing was overwritten" in panel.text
    assert "**Economy**: from 70 % of the month's budget on → off" in panel.text
    assert await _rules(world) == set()
    assert await _settings(world) == (False, 70, None)
    await panel.press("Apply")
    assert await _settings(world) == SETTINGS["friends"]


@pytest.mark.parametrize("environ", [{"DEFAULT_SERVER_DOLLARS_PER_MONTH": "3"}])
async def test_no_preset_allows_more_money_than_the_operators_default(
    world: World, greta: MemberActor, art_room: ChannelHandle
) -> None:
    for name in RULES:
        await (await _preset(greta, art_room, name, "command")).press("Apply")
        rules = await _rules(world)
        assert {amount for _, unit, _, amount in rules if unit == "dollars"} <= {
            1_000_000, 3_000_000,
        }  # fmt: skip
