"""A person in front of the loopback Discord: asks, presses, types, and sees what comes back."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from tests.fakes.discord_api import FakeDiscord
from tests.fakes.discord_asks import Asks, NotOffered, Picture
from tests.fakes.discord_checks import components, texts
from tests.fakes.discord_posts import Interaction, Message, StoredFile
from tests.fakes.discord_replies import DEFERRED, DEFERRED_UPDATE
from tests.fakes.discord_schema import Json, rows
from tests.fakes.discord_world import Channel, Guild, User

WAIT = 60.0


@dataclass(slots=True, eq=False)
class Answer:
    """What one thing that a person did led to, as that person sees it now."""

    discord: FakeDiscord
    interaction: Interaction

    @property
    def shown(self) -> list[Message]:
        """The messages of this answer that the person sees, oldest first."""
        asked, world = self.interaction, self.discord.world
        keys = [asked.original_id or 0, *asked.follow_ups]
        found = [world.messages[key] for key in keys if key in world.messages]
        return [m for m in found if m.seen_by(asked.user_id) and not _untouched(m, asked)]

    @property
    def message(self) -> Message:
        """The last message of the answer."""
        assert self.shown, "nothing is shown"
        return self.shown[-1]

    @property
    def text(self) -> str:
        """All that can be read in the answer."""
        return "\n".join(map(readable, self.shown))

    @property
    def pictures(self) -> list[StoredFile]:
        return [stored for message in self.shown for stored in message.files if stored.size]

    @property
    def private(self) -> bool:
        return bool(self.shown) and all(message.ephemeral for message in self.shown)

    @property
    def modal(self) -> Json:
        assert self.interaction.modal is not None, "no modal was opened"
        return self.interaction.modal

    @property
    def choices(self) -> list[Json]:
        return self.interaction.choices or []

    @property
    def seconds(self) -> float:
        """Real seconds from the gateway's event to the first response."""
        assert self.interaction.seconds is not None, "no first response"
        return self.interaction.seconds


def _untouched(message: Message, asked: Interaction) -> bool:
    """Tell whether this is the message that was pressed, as it was."""
    return message.id == asked.source_id and message.edits == asked.source_edits


def readable(message: Message) -> str:
    """Return a message's texts: content, V2 texts, embeds, one a line."""
    found = [message.content, *texts(message.components)]
    for embed in message.embeds:
        found += [embed.get("title"), embed.get("description")]
        for item in rows(embed.get("fields")):
            found += [item["name"], item["value"]]
    return "\n".join(part for part in found if part)


def settled(answer: Answer) -> bool:
    """Tell whether nothing more is announced: not waiting, not thinking."""
    asked, world = answer.interaction, answer.discord.world
    if asked.response_type is None:
        return asked.late
    original = world.messages.get(asked.original_id or 0)
    if asked.response_type == DEFERRED_UPDATE:
        changed = original is not None and (original.deleted or original.edits > asked.source_edits)
        return changed or bool(asked.follow_ups)
    if asked.response_type == DEFERRED and original:
        return bool(asked.follow_ups) if original.deleted else not original.loading
    return True


def drawn(answer: Answer) -> bool:
    """Tell whether pictures are shown, or a private refusal."""
    return settled(answer) and bool(answer.pictures or answer.private)


def acknowledged(answer: Answer) -> bool:
    """Tell whether the first response has come."""
    return answer.interaction.response_type is not None


class Person:
    """One member of one server. Every action waits for its answer, at most `WAIT` real seconds."""

    def __init__(self, discord: FakeDiscord, user: User, guild: Guild) -> None:
        self.discord = discord
        self.user = user
        self.guild = guild
        self.asks = Asks(discord, user, guild)

    async def slash(
        self,
        channel: Channel,
        words: str,
        /,
        *,
        until: Callable[[Answer], object] = settled,
        force: bool = False,
        **values: object,
    ) -> Answer:
        """Use a chat command: `await ann.slash(room, "quota set", scope="server", …)`.

        Attachments are bytes, a path, or (name, bytes). *force* sends what the client would not.

        Raises:
            NotOffered: Discord would not let this person send that.
            TimeoutError: *until* was not reached.
        """
        return await self._do(self.asks.slash(channel, words, values, force=force), until)

    async def suggestions(
        self, channel: Channel, words: str, /, focused: str, **values: object
    ) -> list[Json]:
        """Type into the option *focused* and return the choices that come back."""
        asked = self.asks.slash(channel, words, values, focused=focused)
        return (await self._do(asked, settled)).choices

    async def menu(
        self,
        target: Message | User,
        name: str,
        *,
        channel: Channel | None = None,
        until: Callable[[Answer], object] = settled,
    ) -> Answer:
        """Use a command of the menu of a message or a person."""
        at = channel or self.discord.world.channels[cast("Message", target).channel_id]
        return await self._do(self.asks.menu(at, name, target), until)

    async def click(
        self, message: Message, button: str, *, until: Callable[[Answer], object] = settled
    ) -> Answer:
        """Press a button, named by its label, its emoji or its custom id."""
        found = self._component(message, button)
        return await self._do(self.asks.press(message, found["custom_id"]), until)

    async def choose(
        self, message: Message, menu: str, *values: str, until: Callable[[Answer], object] = settled
    ) -> Answer:
        """Choose in a select menu, named by its placeholder or custom id."""
        found = self._component(message, menu)
        offered = [option["value"] for option in rows(found.get("options"))]
        if offered and (strange := set(values) - set(offered)):
            raise NotOffered(f"{sorted(strange)} are not among {offered}")
        asked = self.asks.press(message, found["custom_id"], values=list(values))
        return await self._do(asked, until)

    async def submit(
        self, opened: Answer, *, until: Callable[[Answer], object] = settled, **values: object
    ) -> Answer:
        """Fill in the modal that *opened* shows; values by custom id or label, files as lists."""
        return await self.submit_values(opened, values, until=until)

    async def submit_values(
        self,
        opened: Answer,
        values: dict[str, object],
        *,
        until: Callable[[Answer], object] = settled,
    ) -> Answer:
        """As `submit`, for labels that are no names of Python."""
        asked, world = opened.interaction, self.discord.world
        source = world.messages.get(asked.source_id or 0)
        channel = world.channels[asked.channel_id]
        return await self._do(self.asks.submit(opened.modal, channel, values, source), until)

    async def replay(
        self, answer: Answer, *, until: Callable[[Answer], object] = settled
    ) -> Answer:
        """Let Discord deliver the very same interaction once more."""
        await self.discord.interact(answer.interaction)
        return await self._wait(answer, until)

    def post(self, channel: Channel, content: str = "", *pictures: Picture) -> Message:
        """Write a message into the channel."""
        world = self.discord.world
        stored = [self.asks.upload(picture) for picture in pictures]
        for item in stored:
            item.ephemeral, item.owner_id = False, channel.id
        message = Message(
            id=world.ids.next(),
            channel_id=channel.id,
            author_id=self.user.id,
            made_at=world.clock.iso(),
            content=content,
            files=stored,
        )
        world.messages[message.id] = message
        return message

    def sees(self, channel: Channel) -> list[Message]:
        """Return the messages of *channel* that this person sees now."""
        found = self.discord.world.messages.values()
        return [m for m in found if m.channel_id == channel.id and m.seen_by(self.user.id)]

    def _component(self, message: Message, name: str) -> Json:
        if not message.seen_by(self.user.id):
            raise NotOffered(f"{self.user.name} does not see that message")
        tree = list(components(message.components))
        for item in tree:
            emoji = cast("Json", item.get("emoji") or {}).get("name")
            if name in {item.get("custom_id"), item.get("label"), item.get("placeholder"), emoji}:
                if item.get("disabled"):
                    raise NotOffered(f"{name!r} is disabled")
                return item
        raise NotOffered(f"nothing named {name!r} among {[item.get('label') for item in tree]}")

    async def _do(self, asked: Interaction, until: Callable[[Answer], object]) -> Answer:
        await self.discord.interact(asked)
        return await self._wait(Answer(self.discord, asked), until)

    async def _wait(self, answer: Answer, until: Callable[[Answer], object]) -> Answer:
        what = f"the answer to {self.user.name}"
        await self.discord.until(lambda: until(answer), within=WAIT, what=what)
        return answer
