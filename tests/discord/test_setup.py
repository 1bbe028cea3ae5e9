"""First steps: the hello on joining, the four steps of ``/easel setup``, and the free sample."""

from typing import Any

import discord
import pytest
from simcord.actors import MemberActor
from simcord.backend.serializers import guild_create_payload
from simcord.builders import ChannelHandle, GuildHandle

from bot.domain.guild import GuildChoices, Strictness
from bot.domain.quota import Rule, Scope, Unit
from bot.domain.windows import Window
from bot.storage import audit
from tests.discord.files import opened as opened_picture
from tests.discord.forging import pressed_anew
from tests.discord.pressing import Pressed, opened
from tests.discord.world import World, private_text

SILENT = discord.PermissionOverwrite(send_messages=False)
CAP = Rule(scope=Scope.SERVER, unit=Unit.DOLLARS, window=Window.MONTH, amount=25_000_000)


@pytest.fixture
async def panel(greta: MemberActor, art_room: ChannelHandle) -> Pressed:
    return await opened(greta, art_room, "easel setup")


async def _chosen(world: World) -> GuildChoices:
    return await world.services.guilds.choices(world.guild.id)


async def _go(panel: Pressed, step: int) -> None:
    for _ in range(step - 1):
        await panel.press("Next")
    assert f"· {step} of 4 ·" in panel.text


async def _joins(world: World, guild: GuildHandle) -> None:
    """Let Discord say that Easel joined: without the mark of servers that come back."""
    backend: Any = world.env.backend
    payload: dict[str, Any] = dict(guild_create_payload(backend, backend.get_guild(guild.id)))
    del payload["unavailable"]
    backend.emit("GUILD_CREATE", payload)
    await world.env.settle()


async def _joined(
    world: World, *rooms: tuple[str, bool]
) -> tuple[GuildHandle, list[ChannelHandle]]:
    """Let Easel join a server whose *rooms* it may write in, or not."""
    guild = world.env.create_guild("New here")
    everyone = guild.default_role
    channels = [
        guild.create_text_channel(name, overwrites={} if may else {everyone: SILENT})
        for name, may in rooms
    ]
    await world.env.settle()
    assert [each.history() for each in channels] == [[]] * len(rooms)  # it only came back
    await _joins(world, guild)
    return guild, channels


async def test_on_joining_one_hello_where_easel_may_write(world: World) -> None:
    guild, (rules, lobby, other) = await _joined(
        world, ("rules", False), ("lobby", True), ("other", True)
    )

    (hello,) = lobby.history()
    assert hello.content.startswith("**Hello, I am Easel.**")
    assert "@" not in hello.content
    assert rules.history() == []
    assert other.history() == []
    await _joins(world, guild)
    await world.restart()
    await _joins(world, guild)
    assert len(lobby.history()) == 1


async def test_where_easel_may_write_nowhere_nothing_is_said(world: World) -> None:
    guild, (rules,) = await _joined(world, ("rules", False))
    assert rules.history() == []

    lobby = guild.create_text_channel("lobby")
    await _joins(world, guild)

    assert len(lobby.history()) == 1  # what was not said before is not lost


async def test_the_hellos_button_is_for_managers_and_private(
    world: World, ann: MemberActor, greta: MemberActor, art_room: ChannelHandle
) -> None:
    await world.restart()

    refused = private_text(await pressed_anew(world, ann, art_room, "setup:begin:"))
    begun = private_text(await pressed_anew(world, greta, art_room, "setup:begin:"))

    assert "Manage Server" in refused
    assert begun.startswith("## Set up Easel · 1 of 4 · Channels")


async def test_a_member_and_a_moderator_set_nothing_up(
    world: World, ann: MemberActor, mona: MemberActor, art_room: ChannelHandle
) -> None:
    for person in (ann, mona):
        assert "Manage Server" in private_text(await person.slash(art_room, "easel setup"))
        pressed = await pressed_anew(world, person, art_room, "setup:strikes:", ["3"])
        assert "Manage Server" in private_text(pressed)
    assert await _chosen(world) == GuildChoices()


async def test_channels_are_named_at_once_and_none_is_everywhere(
    world: World, art_room: ChannelHandle, panel: Pressed
) -> None:
    other = world.guild.create_text_channel("attic", overwrites={world.guild.default_role: SILENT})
    assert "Now: **every channel**" in panel.text

    await panel.member.select(panel.message, [art_room, other], custom_id="setup:channels:")

    assert (await _chosen(world)).channels == {art_room.id, other.id}
    assert set(panel.default("setup:channels:")) == {str(art_room.id), str(other.id)}
    assert f"⚠️ In {other.mention} Easel lacks Send Messages" in panel.text
    changes = await world.services.database.read(lambda c: audit.page(c, world.guild.id, most=10))
    assert [each.target for each in changes.entries] == ["channels"]
    await panel.member.select(panel.message, [], custom_id="setup:channels:")
    assert (await _chosen(world)).channels == frozenset()


async def test_a_preset_holds_at_once_on_a_fresh_server_and_is_shown_first_later(
    world: World, panel: Pressed
) -> None:
    await _go(panel, 2)
    await panel.choose("setup:roles:", world.painters)
    assert (await _chosen(world)).roles == {world.painters.id}

    await panel.choose("setup:preset:", "community")

    assert "✅ Changed:" in panel.text
    assert "**10 pictures a day**" in panel.text
    rules = await world.services.quotas.rules(world.guild.id)
    await panel.choose("setup:preset:", "public")
    assert "This would change" in panel.text
    assert "10 pictures a day → **3 pictures a day**" in panel.text
    assert await world.services.quotas.rules(world.guild.id) == rules
    await world.restart()
    await panel.press("Apply")
    assert "· 2 of 4 ·" in panel.text
    assert "**3 pictures a day**" in panel.text
    assert (await _chosen(world)).economy == 60


async def test_settings_that_somebody_chose_are_not_replaced_unseen(
    world: World, greta: MemberActor, art_room: ChannelHandle, panel: Pressed
) -> None:
    await greta.slash(art_room, "settings set", economy=70)
    await _go(panel, 2)

    await panel.choose("setup:preset:", "community")

    assert "from 70 % of the month's budget on → from 80 %" in panel.text
    assert (await _chosen(world)).economy == 70
    await greta.slash(art_room, "settings set", economy=65)
    await panel.press("Apply")
    assert "nothing was overwritten" in panel.text
    assert (await _chosen(world)).economy == 65


async def test_the_cap_is_chosen_or_written(world: World, panel: Pressed) -> None:
    await _go(panel, 3)
    assert "Now: **$10.00**" in panel.text

    await panel.choose("setup:cap:", "25")

    assert await world.services.quotas.rules(world.guild.id) == (CAP,)
    assert "Now: **$25.00**" in panel.text
    assert panel.default("setup:cap:") == ["25"]
    form = await panel.choose("setup:cap:", "other")
    await panel.member.submit_modal(form, {"amount": "lots"})
    assert "“lots” cannot be: write an amount of dollars" in panel.text
    form = await panel.choose("setup:cap:", "other")
    await world.restart()
    await panel.member.submit_modal(form, {"amount": "$12.50"})
    assert "Now: **$12.50**" in panel.text


async def test_safety_and_log_channel(
    world: World, art_room: ChannelHandle, panel: Pressed
) -> None:
    closed = world.guild.create_text_channel("rules", overwrites={world.guild.default_role: SILENT})
    await _go(panel, 4)
    await world.restart()

    await panel.choose("setup:strikes:", "3")
    await panel.choose("setup:log:", closed)
    assert "Easel may not write there" in panel.text
    assert (await _chosen(world)).log_channel is None
    await panel.choose("setup:log:", art_room)

    chosen = await _chosen(world)
    assert (chosen.strikes, chosen.log_channel) == (3, art_room.id)
    assert panel.default("setup:strikes:") == ["3"]
    assert panel.default("setup:log:") == [str(art_room.id)]
    await panel.choose("setup:strikes:", "off")
    await panel.member.select(panel.message, [], custom_id="setup:log:")
    chosen = await _chosen(world)
    assert (chosen.strikes, chosen.log_channel) == (None, None)
    assert chosen.strictness is Strictness.AUTO


async def test_it_ends_with_the_doctor_and_a_free_sample(
    world: World, art_room: ChannelHandle, panel: Pressed
) -> None:
    await _go(panel, 4)
    await panel.press("Done")
    assert panel.text.startswith("## Easel is set up\n**Easel is well here**")
    assert "✅ **Model**: sketch" in panel.text

    drawn = await panel.press("Draw a free sample")

    (sample,) = drawn.followups or [drawn.response]
    assert sample is not None
    assert sample.ephemeral
    assert "A sample, drawn by Easel itself: free" in sample.content
    assert opened_picture(await sample.attachments[0].read()).size == (768, 768)
    assert (sample.attachments[0].description or "").startswith("AI image: ")
    assert art_room.history() == []
    assert "0 used" in private_text(await panel.member.slash(art_room, "quota show"))
    await panel.press("Back")
    assert "· 4 of 4 ·" in panel.text


async def test_each_of_the_steps_is_reached_and_left(panel: Pressed) -> None:
    assert panel.buttons() == {"Back": False, "Next": True}
    for step in (2, 3, 4):
        await panel.press("Next")
        assert f"· {step} of 4 ·" in panel.text
    assert panel.buttons() == {"Back": True, "Done": True}
    await panel.press("Back")
    assert "· 3 of 4 ·" in panel.text
