"""A private panel as the one who presses sees it."""

from collections.abc import Iterator, Mapping
from typing import Any, Final, cast

from simcord.actors import MemberActor
from simcord.builders import ChannelHandle
from simcord.results import InteractionResult, ResponseMessage

from tests.discord.world import private_text, text_of

MOST_COMPONENTS: Final = 40
MOST_TEXT: Final = 4000
MOST_ID: Final = 100
_SELECTS: Final = {3, 5, 6, 7, 8}


class Pressed:
    """What *member* opened with a command; every look at it holds it to Discord's limits."""

    def __init__(self, member: MemberActor, message: ResponseMessage) -> None:
        self.member = member
        self.message = message

    @property
    def text(self) -> str:
        """Every word that it says now."""
        parts = list(_flat(self.message.components))
        ids = [each["custom_id"] for each in parts if "custom_id" in each]
        text = text_of("", self.message.components)
        assert len(parts) <= MOST_COMPONENTS
        assert len(text) <= MOST_TEXT, len(text)
        assert all(0 < len(each) <= MOST_ID for each in ids), ids
        assert len(ids) == len(set(ids)), ids
        return text

    def options(self, start: str) -> dict[str, str]:
        """Return values and labels of the select whose id starts like this."""
        menu = self._menu(start)
        return {each["value"]: each["label"] for each in menu["options"]}

    def default(self, start: str) -> list[str]:
        """Return what that select shows as chosen."""
        menu = self._menu(start)
        if "options" in menu:
            return [each["value"] for each in menu["options"] if each.get("default")]
        return [str(each["id"]) for each in menu.get("default_values", [])]

    def buttons(self) -> dict[str, bool]:
        """Return its buttons, and whether each can be pressed."""
        found = (each for each in _flat(self.message.components) if each["type"] == 2)
        return {each["label"]: not each.get("disabled") for each in found}

    async def press(self, label: str, by: MemberActor | None = None) -> InteractionResult:
        """Press a button."""
        return await (by or self.member).click(self.message, label=label)

    async def choose(
        self, start: str, value: Any, by: MemberActor | None = None
    ) -> InteractionResult:
        """Choose *value* in the select whose id starts like this."""
        custom_id = self._menu(start)["custom_id"]
        return await (by or self.member).select(self.message, [value], custom_id=custom_id)

    async def write(self, label: str, **values: str) -> InteractionResult:
        """Press a button that opens a form, and send that."""
        return await self.member.submit_modal(await self.press(label), values)

    def _menu(self, start: str) -> Mapping[str, Any]:
        menus = [each for each in _flat(self.message.components) if each["type"] in _SELECTS]
        found = [each for each in menus if each["custom_id"].startswith(start)]
        assert found, [each["custom_id"] for each in menus]
        return found[0]


async def opened(member: MemberActor, room: ChannelHandle, command: str, **options: Any) -> Pressed:
    """Open a panel."""
    result = await member.slash(room, command, **options)
    private_text(result)
    assert result.response is not None
    return Pressed(member, result.response)


def _flat(components: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for each in components:
        yield each
        yield from _flat(cast("list[dict[str, Any]]", each.get("components", [])))
