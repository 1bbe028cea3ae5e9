"""The simulated Discord's page, made patient with the people in front of it."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final, Self

from simcord.actors import MemberActor
from simcord.backend.access import can_access_message
from simcord.builders import ChannelHandle
from simcord.env import Env
from simcord.preview import Preview

_THINKING: Final = 1 << 7  # the flag of a message that is only promised yet


class DemoPage(Preview):
    """One channel as *people* see it; the first one is who a visitor is at first.

    Two things at once, or a click on what was shown a moment ago, leave simcord's own page stuck
    or refusing. Here everything waits for its turn, a click means what is there now, and the page
    scrolls to what was answered. `turn` is held while somebody acts.
    """

    _MAX_MEDIA_BYTES: ClassVar[int] = 512 * 1024 * 1024  # a long visit's pictures, decoded

    def __init__(
        self, env: Env, channel: ChannelHandle, people: Sequence[MemberActor], *, port: int
    ) -> None:
        super().__init__(
            env,
            channel,
            tuple(people),
            layout="channel",
            display="responsive",
            width=960,
            height=720,
            locale="en-US",
            timezone="UTC",
            presentation_time=None,
            assets=None,
            port=port,
        )
        self.turn = asyncio.Lock()
        self._followed: dict[str, int] = {}

    async def __aenter__(self) -> Self:
        await super().__aenter__()
        return self

    async def still_open(self, seconds: float) -> bool:
        """Wait *seconds*, less where somebody ends the session, and tell whether nobody did."""
        try:
            await asyncio.wait_for(self.wait_closed(), seconds)
        except TimeoutError:
            return True
        return False

    async def refresh(self) -> None:
        """Show what is there now."""
        async with self.turn:
            await super().refresh()
            self._follow()

    async def _action(self, context_id: str | None, body: Mapping[str, Any]) -> dict[str, Any]:
        async with self.turn:
            result = await super()._action(context_id, self._as_of_now(context_id, body))
            self._follow()
            return result

    def _as_of_now(self, context_id: str | None, body: Mapping[str, Any]) -> Mapping[str, Any]:
        seen = body.get("published_revision")
        newest = self._get_page(context_id).revision
        if isinstance(seen, int) and 0 <= seen < newest:
            return {**body, "published_revision": newest}
        return body

    def _follow(self) -> None:
        """Let every open page scroll to the newest answer that it shows, once."""
        for page in tuple(self._pages.values()):
            newest = self._newest(page.channel_id, page.viewer)
            if newest > self._followed.get(page.id, 0):
                self._followed[page.id] = page.target_id = newest
                self._publish(page)

    def _newest(self, channel_id: int, viewer: MemberActor) -> int:
        messages = self.env.backend.messages.get(channel_id, {}).values()
        answers = (each for each in messages if not each.flags & _THINKING)
        return max(
            (
                each.id
                for each in answers
                if can_access_message(self.env, channel_id, each, viewer, history=True)
            ),
            default=0,
        )
