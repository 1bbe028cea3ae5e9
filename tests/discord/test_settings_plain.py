"""``/settings`` where neither the models nor the operator provide much to choose."""

import pytest
from simcord.actors import MemberActor
from simcord.backend.errors import OptionError
from simcord.builders import ChannelHandle

from bot.domain.guild import Strictness
from bot.providers.base import ImageProvider
from tests.discord.world import World, private_text
from tests.services.studio import Told, answer, picture


@pytest.fixture
def provider() -> ImageProvider:
    return Told(answer(picture()))


async def test_what_nothing_provides_is_not_shown(
    greta: MemberActor, art_room: ChannelHandle
) -> None:
    text = private_text(await greta.slash(art_room, "settings show"))

    labels = {line.partition("**:")[0] for line in text.split("\n") if line.startswith("**")}
    assert labels == {
        "**Model", "**Quality", "**Channels", "**Roles", "**Time zone", "**Log channel",
        "**Histories are kept", "**Records are kept", "**Prompts are kept", "**Economy",
        "**Weekly digest", "**Asks before spending",
        "**Members are blocked", "**Weeks start on", "**Days start at", "**Gifts of grants",
    }  # fmt: skip
    assert "settings threshold" not in greta.available_commands(art_room)


@pytest.mark.parametrize("option", ["moderation", "fidelity", "previews", "precheck", "unchecked"])
async def test_what_nothing_provides_cannot_be_set(
    greta: MemberActor, art_room: ChannelHandle, option: str
) -> None:
    with pytest.raises(OptionError, match="has no option"):
        await greta.slash(art_room, "settings set", **{option: "low"})
    with pytest.raises(OptionError):
        await greta.slash(art_room, "settings reset", what=option)


async def test_what_was_chosen_in_better_times_is_told_when_it_goes(
    world: World, greta: MemberActor, art_room: ChannelHandle
) -> None:
    await world.services.guilds.change(
        world.guild.id, greta.id, strictness=Strictness.LOW, precheck=False
    )

    text = private_text(await greta.slash(art_room, "settings reset", what="everything"))

    assert "**Moderation**: low in age-restricted channels" in text
    assert "**Pre-check**: off → on" in text
