"""``/easel help`` and ``/easel doctor``: what can be done here, what is missing, and its cure."""

from typing import Any

import discord
import pytest
from simcord.actors import MemberActor
from simcord.builders import ChannelHandle

from bot.domain.errors import NotSetUp
from tests.discord.world import World, log_room_of, private_text
from tests.services.studio import Told

pytestmark = pytest.mark.usefixtures("told")


async def _doctor(world: World, room: ChannelHandle | None = None) -> str:
    asked = await world.greta.slash(room or world.art_room, "easel doctor")
    return private_text(asked)


async def test_a_member_reads_what_they_can_do_and_how_much_is_left(
    world: World, ann: MemberActor, art_room: ChannelHandle
) -> None:
    await world.greta.slash(art_room, "settings channels add", channel=art_room)
    await ann.slash(art_room, "imagine", prompt="a kite")

    told = private_text(await ann.slash(art_room, "easel help"))

    assert "`/imagine` — a picture from your words" in told
    assert f"**Where**: {art_room.mention}" in told
    assert "**Who**: everyone" in told
    assert "1 used" in told
    assert "Report image" in told
    assert "Ask a moderator" not in told  # there is no channel in which they would read it
    assert "/easel setup" not in told
    assert "/blend" not in told or world.easel.tree.get_command("blend")


async def test_with_a_log_channel_moderators_can_be_asked(
    world: World, ann: MemberActor, art_room: ChannelHandle
) -> None:
    await log_room_of(world)

    told = private_text(await ann.slash(art_room, "easel help"))

    assert "press **Ask a moderator** below the refusal" in told


async def test_a_manager_reads_one_section_more(
    greta: MemberActor, art_room: ChannelHandle
) -> None:
    told = private_text(await greta.slash(art_room, "easel help"))

    assert "`/easel setup` — channels, limits, cap and safety in four steps" in told


async def test_a_well_server(world: World) -> None:
    told = await _doctor(world)

    assert told.startswith("## Easel is well here\n")
    assert "⚠️" not in told
    assert "✅ **Model**: told-1" in told
    assert "✅ **Prices**: A picture costs $" in told
    assert "✅ **Pre-check**: The people who run this bot have set none up." in told


async def test_what_is_missing_in_each_channel_and_its_cure(world: World) -> None:
    everyone = world.guild.default_role
    bare = discord.PermissionOverwrite(attach_files=False, read_message_history=False)
    room = world.guild.create_text_channel("bare", overwrites={everyone: bare})
    closed = world.guild.create_text_channel("gone")
    for each in (world.art_room, room, closed):
        await world.greta.slash(world.art_room, "settings channels add", channel=each)
    log_room = await log_room_of(world)
    backend = world.env.backend
    backend.delete_channel(closed.id)
    backend.delete_channel(log_room.id)
    await world.env.settle()

    told = await _doctor(world, room)

    assert told.startswith("## 4 things to look at\n")
    lacks = "Easel lacks Attach Files, Read Message History"
    assert f"⚠️ **This channel**: {lacks} here." in told
    assert f"In {room.mention} {lacks}." in told
    assert "One of the chosen channels is gone, or Easel cannot see it." in told
    assert "⚠️ **Log channel**: It is gone" in told
    assert "Allow them to Easel's role in that channel's permissions." in told
    assert f"✅ **Where pictures may be made**: {world.art_room.mention}" in told


async def test_where_members_may_use_no_commands_and_easel_no_threads(world: World) -> None:
    everyone = world.guild.default_role
    quiet = discord.PermissionOverwrite(
        use_application_commands=False, send_messages_in_threads=False
    )
    open_to = discord.PermissionOverwrite(use_application_commands=True)
    manager = world.guild.roles["Manager"]
    room = world.guild.create_text_channel("quiet", overwrites={everyone: quiet, manager: open_to})

    told = await _doctor(world, room)

    assert "Not everyone may use commands in this channel." in told
    assert "Easel lacks Send Messages in Threads here." in told


async def test_a_stopped_picture_service_and_a_model_that_is_gone(
    world: World, greta: MemberActor, told: Told
) -> None:
    told.stopped = NotSetUp()
    await world.services.guilds.change(
        world.guild.id, greta.id, models={"old-1": told.models["told-1"]}, model="old-1"
    )

    doctor_said = await _doctor(world)

    assert "⚠️ **Picture service**: " in doctor_said
    assert "The chosen model old-1 is not offered any more; told-1 is used." in doctor_said


async def test_members_and_moderators_are_refused(
    ann: MemberActor, mona: MemberActor, art_room: ChannelHandle
) -> None:
    for person in (ann, mona):
        told = private_text(await person.slash(art_room, "easel doctor"))
        assert "Manage Server" in told
        assert "Model" not in told


async def test_in_a_thread(world: World, ann: MemberActor) -> None:
    await world.greta.slash(world.art_room, "settings channels add", channel=world.art_room)
    parent = world.easel.get_channel(world.art_room.id)
    assert isinstance(parent, discord.TextChannel)
    await parent.create_thread(name="kites", type=discord.ChannelType.public_thread)
    (thread,) = world.art_room.threads

    assert "## Easel is well here" in await _doctor(world, thread)
    assert "20 left" in private_text(await ann.slash(thread, "easel help"))
    begun = private_text(await world.greta.slash(thread, "easel setup"))
    assert "· 1 of 4 ·" in begun


async def test_the_doctor_names_many_channels_on_one_panel(
    world: World, greta: MemberActor, art_room: ChannelHandle
) -> None:
    bare: Any = {world.guild.default_role: discord.PermissionOverwrite(attach_files=False)}
    rooms = [world.guild.create_text_channel(f"room-{n}", overwrites=bare) for n in range(30)]
    chosen = frozenset(room.id for room in rooms)
    await world.services.guilds.add(world.guild.id, greta.id, channels=chosen)

    told = await _doctor(world)

    assert told.count("Attach Files") > 5
