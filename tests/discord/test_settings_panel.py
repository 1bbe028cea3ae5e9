"""``/settings panel``: every setting, chosen in selects and forms, previewed, then applied."""

from dataclasses import replace
from typing import Any

import discord
import pytest
from simcord.actors import MemberActor
from simcord.builders import ChannelHandle

from bot.domain.guild import Fidelity, GuildChoices, Strictness, Unchecked
from bot.domain.windows import Weekday
from bot.providers.base import ImageProvider
from bot.providers.scores import Moderator
from bot.storage import audit
from bot.ui.setting_table import SETTINGS
from tests.discord.managing import show_to_everyone, take_roles
from tests.discord.pressing import Pressed, opened
from tests.discord.world import Unconcerned, World, private_text
from tests.services.studio import Told, answer, picture


@pytest.fixture
def provider() -> ImageProvider:
    told = Told(answer(picture()))
    rich = {"strictness": True, "own_shape": True, "previews": 2}
    told.models["told-1"] = replace(told.models["told-1"], **rich)
    return told


@pytest.fixture
def moderator() -> Moderator:
    return Unconcerned()


@pytest.fixture
async def panel(greta: MemberActor, art_room: ChannelHandle) -> Pressed:
    return await opened(greta, art_room, "settings panel")


async def _chosen(world: World) -> GuildChoices:
    return await world.services.guilds.choices(world.guild.id)


async def _audit(world: World) -> list[tuple[int, str, object, object]]:
    entries = await world.services.database.read(
        lambda connection: audit.page(connection, world.guild.id, most=50).entries
    )
    return [(each.user_id, each.target, each.before, each.after) for each in reversed(entries)]


async def test_it_shows_what_holds_and_offers_all_of_it(panel: Pressed) -> None:
    assert panel.text.startswith("## Settings of this server\n**Model**: told-1")
    offered = panel.options("settings:which:")
    depending = {"digest_hour", "block_hours"}
    assert [*offered] == [each.name for each in SETTINGS if each.name not in depending]
    assert offered["strictness"] == "Moderation"


@pytest.mark.parametrize(
    ("name", "value", "kept", "row"),
    [
        ("model", "told-draw", "told-draw", "told-1 (the bot's own choice) → told-draw"),
        ("quality", "high", "high", "low (the model's own) → high"),
        ("strictness", "low", Strictness.LOW, "as usual → low in age-restricted channels"),
        ("week_start", "sunday", Weekday.SUNDAY, "Monday → Sunday"),
        ("gifts", "on", True, "off → on"),
        ("fidelity", "own", Fidelity.OWN, "as squares → in their own shape"),
        ("previews", "on", True, "off → on"),
        ("precheck", "off", False, "on → off"),
        ("unchecked", "refuse", Unchecked.REFUSE, "is made all the same → is refused"),
        ("digest", "friday", Weekday.FRIDAY, "off → Friday"),
    ],
)
async def test_a_value_is_chosen_previewed_and_applied(
    world: World, panel: Pressed, name: str, value: str, kept: object, row: str
) -> None:
    await panel.choose("settings:which:", name)
    await panel.choose(f"settings:value:{name}:", value)
    assert panel.text.startswith("## This would change")
    assert row in panel.text
    assert await _chosen(world) == GuildChoices()

    await panel.press("Apply")

    assert panel.text.startswith("## Settings of this server\n✅ Changed:")
    assert row in panel.text
    assert getattr(await _chosen(world), name) == kept
    await panel.choose("settings:which:", name)
    await panel.press("Reset")
    await panel.press("Apply")
    assert await _chosen(world) == GuildChoices()
    assert [each[1] for each in await _audit(world)] == [name, name]


@pytest.mark.parametrize(
    ("name", "written", "kept"),
    [
        ("timezone", "europe/berlin", "Europe/Berlin"),
        ("reset_hour", "4", 4),
        ("prompt_hours", "0", 0),
        ("economy", "75", 75),
        ("ask_above", "0.25", 250_000),
    ],
)
async def test_a_value_is_written_into_a_form(
    world: World, greta: MemberActor, panel: Pressed, name: str, written: str, kept: object
) -> None:
    await panel.choose("settings:which:", name)
    await panel.write("Write it…", value=written)
    assert panel.text.startswith("## This would change")
    await panel.press("Apply")

    assert getattr(await _chosen(world), name) == kept
    usual = getattr(GuildChoices(), name)
    assert await _audit(world) == [(greta.id, name, usual, kept)]


@pytest.mark.parametrize(
    ("name", "written", "problem"),
    [
        ("reset_hour", "24", "“24” cannot be: it is 0 to 23."),
        ("reset_hour", "noon", "“noon” cannot be: write a whole number from 0 to 23."),
        ("prompt_hours", "-1", "write a whole number from 0 to 720"),
        ("economy", "100", "“100” cannot be: it is 1 to 99."),
        ("ask_above", "a:lot", "“a:lot” cannot be: write an amount of dollars such as 2.50"),
        ("timezone", "Berlin", "“Berlin” cannot be: it is a name such as Europe/Berlin"),
    ],
)
async def test_bad_input_is_told_and_can_be_written_again(
    world: World, panel: Pressed, name: str, written: str, problem: str
) -> None:
    await panel.choose("settings:which:", name)

    await panel.write("Write it…", value=written)

    assert problem in panel.text
    assert "Nothing was changed." in panel.text
    assert written in str((await panel.press("Write it again…")).modal)
    assert await _chosen(world) == GuildChoices()


async def test_a_time_zone_that_may_have_been_meant_is_offered(
    world: World, panel: Pressed
) -> None:
    await panel.choose("settings:which:", "timezone")
    await panel.write("Write it…", value="new york")

    await panel.choose("settings:value:timezone:", "America/New_York")
    await panel.press("Apply")

    assert (await _chosen(world)).timezone == "America/New_York"


async def test_channels_and_roles_are_added_and_taken_off(
    world: World, art_room: ChannelHandle, panel: Pressed
) -> None:
    for name, place in (("channels", art_room), ("roles", world.painters)):
        await panel.choose("settings:which:", name)
        await panel.choose(f"settings:value:{name}:+", place)
        assert f"→ {place.mention}" in panel.text
        await panel.press("Apply")
    chosen = await _chosen(world)
    assert chosen.channels == {art_room.id}
    assert chosen.roles == {world.painters.id}

    await panel.choose("settings:which:", "channels")
    assert panel.options("settings:value:channels:-") == {str(art_room.id): "art-room"}
    await panel.choose("settings:value:channels:-", str(art_room.id))
    assert f"{art_room.mention} → every channel" in panel.text
    await panel.press("Apply")
    assert (await _chosen(world)).channels == frozenset()


async def test_as_many_channels_as_can_be_named_can_be_taken_off(
    world: World, greta: MemberActor, panel: Pressed
) -> None:
    many = frozenset(range(10**18, 10**18 + 50))
    await world.services.guilds.add(world.guild.id, greta.id, channels=many)

    await panel.choose("settings:which:", "channels")

    offered = {**panel.options("settings:value:channels:-"),
               **panel.options("settings:value:channels:-~")}  # fmt: skip
    assert set(offered) == set(map(str, many))
    await panel.choose("settings:value:channels:-~", str(max(many)))
    await panel.press("Apply")
    assert len((await _chosen(world)).channels) == 49


async def test_the_log_channel_must_be_one_where_easel_may_write(
    world: World, art_room: ChannelHandle, panel: Pressed
) -> None:
    silent = discord.PermissionOverwrite(send_messages=False)
    closed = world.guild.create_text_channel("rules", overwrites={world.guild.default_role: silent})
    await panel.choose("settings:which:", "log_channel")
    refused = await panel.choose("settings:value:log_channel:", closed)
    assert "Easel may not write there" in private_text(refused)

    await panel.choose("settings:value:log_channel:", art_room)
    await panel.press("Apply")

    assert (await _chosen(world)).log_channel == art_room.id
    await panel.choose("settings:which:", "log_channel")
    assert panel.default("settings:value:log_channel:") == [str(art_room.id)]


async def test_what_the_pre_check_declines(world: World, panel: Pressed) -> None:
    await panel.choose("settings:which:", "thresholds")
    form = await panel.choose("settings:ask:thresholds", "hate")
    await panel.member.submit_modal(form, {"value": "lots"})
    assert "“lots” cannot be: write a percentage" in panel.text

    await panel.write("Write it again…", value="12.5")

    assert "hate from 12.5 %" in panel.text
    await panel.press("Apply")
    assert (await _chosen(world)).thresholds == {"hate": 0.125}


async def test_what_was_chosen_already_and_what_means_nothing(panel: Pressed) -> None:
    await panel.choose("settings:which:", "gifts")
    assert panel.buttons()["Reset"] is False
    await panel.choose("settings:value:gifts:", "off")
    assert panel.text.startswith("## Nothing would change")
    assert "Apply" not in panel.buttons()
    await panel.press("Back")
    await panel.choose("settings:which:", "precheck")
    await panel.choose("settings:value:precheck:", "off")
    await panel.press("Apply")
    assert not {"thresholds", "unchecked"} & set(panel.options("settings:which:"))


async def test_what_changed_meanwhile_is_shown_and_not_overwritten(
    world: World, greta: MemberActor, art_room: ChannelHandle, panel: Pressed
) -> None:
    await panel.choose("settings:which:", "economy")
    await panel.write("Write it…", value="75")
    await greta.slash(art_room, "settings set", economy=60)
    await world.restart()

    await panel.press("Apply")

    assert "nothing was overwritten" in panel.text
    assert "from 60 % of the month's budget on → from 75 %" in panel.text
    assert (await _chosen(world)).economy == 60
    await panel.press("Apply")
    assert (await _chosen(world)).economy == 75


async def test_the_panel_lives_on_after_a_restart(world: World, panel: Pressed) -> None:
    await world.restart()
    await panel.choose("settings:which:", "reset_hour")
    form = await panel.press("Write it…")
    await world.restart()
    await panel.member.submit_modal(form, {"value": "5"})
    await world.restart()
    await panel.press("Apply")

    assert (await _chosen(world)).reset_hour == 5


async def test_who_is_no_manager_gets_a_private_answer(
    world: World, ann: MemberActor, greta: MemberActor, art_room: ChannelHandle, panel: Pressed
) -> None:
    await show_to_everyone(world, "settings")
    refused = private_text(await ann.slash(art_room, "settings panel"))
    assert refused.startswith("This is for people with the Manage Server permission.")
    await panel.choose("settings:which:", "gifts")
    await panel.choose("settings:value:gifts:", "on")
    take_roles(world, greta)

    text = private_text(await panel.press("Apply"))

    assert text.startswith("This is for people with the Manage Server permission.")
    assert await _chosen(world) == GuildChoices()


async def test_every_setting_has_its_command_and_its_place_on_the_panel(
    greta: MemberActor, art_room: ChannelHandle, panel: Pressed
) -> None:
    await greta.slash(art_room, "settings set", digest="monday", strikes=3)
    await panel.choose("settings:which:", "gifts")
    await panel.press("Back")
    offered: Any = panel.options("settings:which:")

    assert set(offered) == {each.name for each in SETTINGS}
    assert {each.name for each in SETTINGS} == set(GuildChoices.__dataclass_fields__)
