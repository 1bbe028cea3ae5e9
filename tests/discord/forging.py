"""Any control's id on a message of the bot, as an old message or another client may have it."""

from typing import Any

from discord.ui import Button, Select, View
from simcord import actors
from simcord.actors import MemberActor
from simcord.builders import ChannelHandle
from simcord.results import InteractionResult

from tests.discord.world import World

BUTTON = 2


async def forged(
    world: World,
    member: MemberActor,
    room: ChannelHandle,
    message_id: int,
    custom_id: str,
) -> InteractionResult:
    """Press *custom_id* on a message that *member* may not even see."""
    stored = world.env.backend.get_message(room.id, message_id)
    data: dict[str, Any] = {"custom_id": custom_id, "component_type": BUTTON}
    press: Any = vars(actors)["_component_interaction"]
    return await press(member, stored, data)


async def pressed_anew(
    world: World,
    member: MemberActor,
    room: ChannelHandle,
    custom_id: str,
    values: list[str] | None = None,
) -> InteractionResult:
    """Press *custom_id*, or choose *values* in it, on a message that is posted for that."""
    view = View(timeout=None)
    if values is None:
        view.add_item(Button(label="?", custom_id=custom_id))
    else:
        menu = Select[View](custom_id=custom_id)
        for value in values:
            menu.add_option(label=value)
        view.add_item(menu)
    view.stop()
    channel: Any = world.easel.get_channel(room.id)
    message = await channel.send("?", view=view)
    if values is None:
        return await member.click(message, custom_id=custom_id)
    return await member.select(message, values, custom_id=custom_id)
