"""Who may do what: every command and every control, for each kind of person."""

from collections.abc import Iterator
from typing import Any

import pytest
from discord import AppCommandType, Permissions
from discord.app_commands import ContextMenu, Group
from simcord.actors import MemberActor
from simcord.builders import ChannelHandle

from bot.ui import actions, controls
from bot.ui.policy import COMMANDS, CONTROLS, Who
from tests.discord.forging import forged, pressed_anew
from tests.discord.managing import show_to_everyone
from tests.discord.world import World, private_text

REFUSALS = {
    Who.MANAGER: "This is for people with the Manage Server permission.",
    Who.MODERATOR: "This is for people with the Manage Messages permission.",
}
PERMISSIONS = {
    Who.MANAGER: Permissions(manage_guild=True),
    Who.MODERATOR: Permissions(manage_messages=True),
}
RESULTS = {name: who for name, who in CONTROLS.items() if name.startswith("easel:")}


def _commands(world: World) -> Iterator[Any]:
    for each in world.easel.tree.walk_commands():
        if not isinstance(each, Group):
            yield each
    for kind in ("message", "user"):
        yield from world.easel.tree.get_commands(type=getattr(AppCommandType, kind))


async def test_every_command_has_a_policy_and_every_policy_a_command(world: World) -> None:
    names = {each.qualified_name for each in _commands(world)}
    groups = {name.partition(" ")[0] for name in names if " " in name}

    assert {name for name in names if name not in COMMANDS and name.split()[0] not in COMMANDS} == (
        set()
    )
    assert COMMANDS.keys() - names - groups == set()


def test_every_control_has_a_policy_and_every_policy_a_control() -> None:
    families = {name.partition(":")[0] for name in CONTROLS}

    assert families == set(controls.HANDLERS)
    assert {name.partition(":")[2] for name in RESULTS} == set(actions.VERBS)


async def test_discord_shows_each_command_to_those_who_may_use_it(world: World) -> None:
    for each in _commands(world):
        root = getattr(each, "root_parent", None) or each
        who = COMMANDS.get(each.qualified_name) or COMMANDS[each.qualified_name.split()[0]]
        hidden = root.default_permissions
        if who in PERMISSIONS and hidden is None:
            assert isinstance(root, Group), f"{each.qualified_name} is for {who}, and all see it"
        if hidden is not None:
            assert hidden in PERMISSIONS.values()
            assert who in PERMISSIONS, f"{each.qualified_name} is for {who}, and few see it"


@pytest.mark.parametrize("name", [name for name, who in CONTROLS.items() if who in REFUSALS])
async def test_a_control_for_few_does_nothing_for_others(
    world: World, ann: MemberActor, mona: MemberActor, art_room: ChannelHandle, name: str
) -> None:
    who = CONTROLS[name]
    custom_id = f"{name}:x:1" if ":" not in name else f"{name}:1"
    others = [ann] if who is Who.MODERATOR else [ann, mona]

    for other in others:
        said = private_text(await pressed_anew(world, other, art_room, custom_id))
        assert said.startswith(REFUSALS[who])


@pytest.mark.parametrize("name", [name for name, who in COMMANDS.items() if who in REFUSALS])
async def test_a_command_for_few_does_nothing_for_others_whatever_discord_shows(
    world: World, ann: MemberActor, art_room: ChannelHandle, name: str
) -> None:
    commands = [each for each in _commands(world) if not isinstance(each, ContextMenu)]
    meant = [each for each in commands if f"{each.qualified_name} ".startswith(f"{name} ")]
    await show_to_everyone(world, name.split(maxsplit=1)[0])
    needless = [each for each in meant if not any(option.required for option in each.parameters)]
    assert meant

    for each in needless:
        if COMMANDS.get(each.qualified_name, COMMANDS[name]) is COMMANDS[name]:
            said = private_text(await ann.slash(art_room, each.qualified_name))
            assert said.startswith(REFUSALS[COMMANDS[name]])


async def test_a_control_that_nobody_knows_is_for_nobody(
    monkeypatch: pytest.MonkeyPatch, world: World, greta: MemberActor, ann: MemberActor,
    art_room: ChannelHandle,
) -> None:  # fmt: skip
    monkeypatch.setattr("bot.ui.policy.CONTROLS", {})

    said = private_text(await pressed_anew(world, ann, art_room, "words:ask:"))

    assert said.startswith(REFUSALS[Who.MANAGER])


MAY = {
    Who.ASKER: {"ann"},
    Who.ASKER_OR_MODERATOR: {"ann", "mona", "greta"},
    Who.ASKER_OR_MANAGER: {"ann", "greta"},
    Who.EVERYONE: {"ann", "bob", "mona", "greta"},
}


@pytest.mark.parametrize("person", ["bob", "mona", "greta"])
async def test_a_results_buttons_act_for_those_who_may(
    world: World, art_room: ChannelHandle, person: str
) -> None:
    result = await world.ann.slash(art_room, "imagine", prompt="a kite")
    assert result.response is not None
    message = result.response
    ids = {
        each["custom_id"].split(":")[1]: each["custom_id"]
        for row in message.components
        for each in row["components"]
    }
    member: MemberActor = getattr(world, person)

    for verb, custom_id in sorted(ids.items(), key=lambda each: each[0] == "delete"):
        pressed = await forged(world, member, art_room, message.id, custom_id)
        may = person in MAY[CONTROLS[f"easel:{verb}"]]
        refused = pressed.response is not None and "belong to the person" in (
            pressed.response.content
        )
        assert refused is not may, (verb, person)
    assert (art_room.history() == []) is (person in MAY[CONTROLS["easel:delete"]])
