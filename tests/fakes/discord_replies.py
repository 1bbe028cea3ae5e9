"""How the loopback Discord takes the answers to interactions."""

import time
from dataclasses import dataclass, field
from typing import TypeAlias, cast

from tests.fakes.discord_checks import Refusal, invalid
from tests.fakes.discord_messages import Messages, Upload
from tests.fakes.discord_posts import LOADING, Interaction, Message
from tests.fakes.discord_schema import Json
from tests.fakes.discord_world import World

FIRST_RESPONSE = 3.0
TOKEN_LIFE = 15 * 60.0

PONG, MESSAGE, DEFERRED, DEFERRED_UPDATE, UPDATE, CHOICES, MODAL = 1, 4, 5, 6, 7, 8, 9
TYPED, SUBMITTED = 4, 5

Answer: TypeAlias = object


@dataclass(slots=True, kw_only=True)
class Call:
    """One request of the bot's, as it arrived. *at* is `perf_counter` seconds."""

    route: str
    method: str
    path: str
    params: dict[str, str]
    query: dict[str, str]
    payload: object
    uploads: list[Upload] = field(default_factory=list[Upload])
    at: float = 0.0
    status: int = 0
    code: int = 0

    @property
    def body(self) -> Json:
        return cast("Json", self.payload) if isinstance(self.payload, dict) else {}

    def flag(self, name: str) -> bool:
        return self.query.get(name, "").lower() in {"1", "true"}


class Replies:
    """The calls that carry an interaction's token; no bot token is needed for them."""

    def __init__(self, world: World, messages: Messages, bot_id: int) -> None:
        self.world = world
        self.messages = messages
        self.bot_id = bot_id

    def respond(self, call: Call) -> Answer:
        """Take the first response: once, within three seconds."""
        asked = self.world.interactions.get(call.params["token"])
        if asked is None or asked.id != int(call.params["interaction_id"]):
            raise Refusal(404, 10062, "Unknown interaction")
        if asked.response_type is not None:
            raise Refusal(400, 40060, "Interaction has already been acknowledged.")
        if self.world.clock.now() - asked.sent_at > FIRST_RESPONSE:
            asked.late = True
            raise Refusal(404, 10062, "Unknown interaction")
        kind = int(call.body["type"])
        _check_response(asked, kind)
        message = self._first_message(asked, kind, call)
        asked.response_type = kind
        asked.seconds = time.perf_counter() - asked.started
        return self._callback_json(asked, kind, message) if call.flag("with_response") else None

    def _first_message(self, asked: Interaction, kind: int, call: Call) -> Message | None:
        data = cast("Json", call.body.get("data") or {})
        if kind == CHOICES:
            asked.choices = cast("list[Json]", data["choices"])
        elif kind == MODAL:
            asked.modal = data
        elif kind in {DEFERRED_UPDATE, UPDATE}:
            asked.original_id = asked.source_id
            message = self.world.messages[cast("int", asked.source_id)]
            if kind == UPDATE:
                self.messages.edit(message, data, call.uploads)
            return message
        else:
            flags = int(data.get("flags") or 0) | (LOADING if kind == DEFERRED else 0)
            shown = {"flags": flags} if kind == DEFERRED else {**data, "flags": flags}
            return self._show(asked, shown, call.uploads, original=True)
        return None

    def _callback_json(self, asked: Interaction, kind: int, message: Message | None) -> Json:
        about: Json = {"id": str(asked.id), "type": asked.type}
        if message is None:
            return {"interaction": about}
        about |= {
            "response_message_id": str(message.id),
            "response_message_loading": message.loading,
            "response_message_ephemeral": message.ephemeral,
        }
        return {
            "interaction": about,
            "resource": {"type": kind, "message": self.messages.json(message)},
        }

    def follow_up(self, call: Call) -> Answer:
        """Post a further message; the first one after a defer takes the placeholder's place."""
        asked = self._asked(call)
        original = self.world.messages.get(asked.original_id or 0)
        if (
            asked.response_type == DEFERRED
            and original
            and original.loading
            and not original.deleted
        ):
            self.messages.edit(original, call.body, call.uploads)
            return self.messages.json(original)
        return self.messages.json(self._show(asked, call.body, call.uploads, original=False))

    def get_reply(self, call: Call) -> Answer:
        return self.messages.json(self._reply(call))

    def edit_reply(self, call: Call) -> Answer:
        message = self._reply(call)
        self.messages.edit(message, call.body, call.uploads)
        return self.messages.json(message)

    def delete_reply(self, call: Call) -> Answer:
        self._reply(call).deleted = True

    def _show(
        self, asked: Interaction, body: Json, uploads: list[Upload], *, original: bool
    ) -> Message:
        channel = self.world.channels[asked.channel_id]
        message = self.messages.create(
            body, uploads, channel=channel, author_id=self.bot_id, asked_by=asked
        )
        if original:
            asked.original_id = message.id
        else:
            message.type = 19 if asked.original_id else 0
            asked.follow_ups.append(message.id)
        return message

    def _asked(self, call: Call) -> Interaction:
        asked = self.world.interactions.get(call.params["token"])
        mine = int(call.params["application_id"]) == self.bot_id
        if asked is None or not mine or asked.response_type is None:
            raise Refusal(404, 10015, "Unknown Webhook")
        if self.world.clock.now() - asked.sent_at > TOKEN_LIFE:
            raise Refusal(401, 50027, "Invalid Webhook Token")
        return asked

    def _reply(self, call: Call) -> Message:
        asked = self._asked(call)
        named = call.params.get("message_id")
        message = self.world.messages.get(int(named) if named else asked.original_id or 0)
        if message is None or message.deleted:
            raise Refusal(404, 10008, "Unknown Message")
        mine = message.asked_by is asked or message.id == asked.source_id
        if not mine:
            raise Refusal(404, 10008, "Unknown Message")
        return message


def _check_response(asked: Interaction, kind: int) -> None:
    """Refuse a kind of response that the interaction cannot have."""
    if (kind == CHOICES) != (asked.type == TYPED) or kind == PONG:
        raise invalid(f"type: {kind} does not answer an interaction of type {asked.type}")
    if kind == MODAL and asked.type == SUBMITTED:
        raise invalid("type: a modal cannot follow a modal")
    if kind in {DEFERRED_UPDATE, UPDATE} and asked.source_id is None:
        raise invalid("type: there is no message to update")
