"""Every call that the loopback Discord serves: who answers it, and the shape of what is sent."""

from collections.abc import Callable
from typing import TypeAlias

from tests.fakes.discord_replies import (
    CHOICES,
    DEFERRED,
    DEFERRED_UPDATE,
    MESSAGE,
    MODAL,
    UPDATE,
    Answer,
    Call,
    Replies,
)
from tests.fakes.discord_rest import Rest

Handler: TypeAlias = Callable[[Rest, Call], Answer]

_COMMANDS = "/applications/{application_id}/commands"
_GUILD_COMMANDS = "/applications/{application_id}/guilds/{guild_id}/commands"
_WEBHOOK = "/webhooks/{application_id}/{token}"
_MESSAGES = "/channels/{channel_id}/messages"


def _reply(method: Callable[[Replies, Call], Answer]) -> Handler:
    return lambda rest, call: method(rest.replies, call)


ROUTES: dict[str, tuple[Handler, str | None]] = {
    "GET /users/@me": (Rest.me, None),
    "GET /users/@me/guilds": (Rest.my_guilds, None),
    "POST /users/@me/channels": (Rest.open_dm, None),
    "GET /users/{user_id}": (Rest.user, None),
    "GET /oauth2/applications/@me": (Rest.application, None),
    "GET /applications/@me": (Rest.application, None),
    "GET /gateway": (Rest.gateway_url, None),
    "GET /gateway/bot": (Rest.gateway_bot, None),
    "GET /guilds/{guild_id}": (Rest.guild, None),
    "GET /guilds/{guild_id}/channels": (Rest.guild_channels, None),
    "GET /guilds/{guild_id}/roles": (Rest.guild_roles, None),
    "GET /guilds/{guild_id}/members/{user_id}": (Rest.member, None),
    "GET /channels/{channel_id}": (Rest.channel, None),
    "POST /channels/{channel_id}/typing": (Rest.typing, None),
    f"GET {_MESSAGES}": (Rest.list_messages, None),
    f"POST {_MESSAGES}": (Rest.create_message, "MessageCreateRequest"),
    f"GET {_MESSAGES}/{{message_id}}": (Rest.get_message, None),
    f"PATCH {_MESSAGES}/{{message_id}}": (Rest.edit_message, "MessageEditRequestPartial"),
    f"DELETE {_MESSAGES}/{{message_id}}": (Rest.delete_message, None),
    f"GET {_COMMANDS}": (Rest.commands, None),
    f"PUT {_COMMANDS}": (Rest.set_commands, "ApplicationCommandUpdateRequest"),
    f"POST {_COMMANDS}": (Rest.add_command, "ApplicationCommandCreateRequest"),
    f"DELETE {_COMMANDS}/{{command_id}}": (Rest.delete_command, None),
    f"GET {_GUILD_COMMANDS}": (Rest.commands, None),
    f"PUT {_GUILD_COMMANDS}": (Rest.set_commands, "ApplicationCommandUpdateRequest"),
    f"POST {_GUILD_COMMANDS}": (Rest.add_command, "ApplicationCommandCreateRequest"),
    f"DELETE {_GUILD_COMMANDS}/{{command_id}}": (Rest.delete_command, None),
    "POST /interactions/{interaction_id}/{token}/callback": (_reply(Replies.respond), "callback"),
    f"POST {_WEBHOOK}": (_reply(Replies.follow_up), "IncomingWebhookRequestPartial"),
    f"GET {_WEBHOOK}/messages/@original": (_reply(Replies.get_reply), None),
    f"PATCH {_WEBHOOK}/messages/@original": (
        _reply(Replies.edit_reply),
        "IncomingWebhookUpdateRequestPartial",
    ),
    f"DELETE {_WEBHOOK}/messages/@original": (_reply(Replies.delete_reply), None),
    f"GET {_WEBHOOK}/messages/{{message_id}}": (_reply(Replies.get_reply), None),
    f"PATCH {_WEBHOOK}/messages/{{message_id}}": (
        _reply(Replies.edit_reply),
        "IncomingWebhookUpdateRequestPartial",
    ),
    f"DELETE {_WEBHOOK}/messages/{{message_id}}": (_reply(Replies.delete_reply), None),
}
"""Every call that is served: method and path, who answers, and the schema of what is sent."""

CALLBACKS: dict[int, str] = {
    MESSAGE: "CreateMessageInteractionCallbackRequest",
    DEFERRED: "CreateMessageInteractionCallbackRequest",
    DEFERRED_UPDATE: "UpdateMessageInteractionCallbackRequest",
    UPDATE: "UpdateMessageInteractionCallbackRequest",
    CHOICES: "ApplicationCommandAutocompleteCallbackRequest",
    MODAL: "ModalInteractionCallbackRequest",
}
