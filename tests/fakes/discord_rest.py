"""What the loopback Discord does for each call of its REST API that a bot makes."""

from typing import TYPE_CHECKING, cast

import discord

from tests.fakes import discord_commands
from tests.fakes.discord_checks import Refusal, invalid, may
from tests.fakes.discord_messages import Messages
from tests.fakes.discord_posts import EPHEMERAL, Message
from tests.fakes.discord_replies import Answer, Call, Replies
from tests.fakes.discord_schema import Json
from tests.fakes.discord_world import Channel, Guild, World

if TYPE_CHECKING:
    from tests.fakes.discord_gateway import Gateway

NONCE_LIFE = 5 * 60.0


class Rest:
    """The calls, one method each: take a `Call`, return JSON (None: 204), or raise `Refusal`."""

    def __init__(self, world: World, messages: Messages, gateway: "Gateway", bot_id: int) -> None:
        self.world = world
        self.messages = messages
        self.gateway = gateway
        self.bot_id = bot_id
        self.replies = Replies(world, messages, bot_id)
        self._nonces: dict[tuple[int, str], tuple[float, int]] = {}

    # Who the bot is

    def me(self, _call: Call) -> Answer:
        return self.world.users[self.bot_id].json() | {
            "mfa_enabled": True,
            "locale": "en-US",
            "verified": True,
        }

    def application(self, _call: Call) -> Answer:
        intents = self.gateway.allowed_privileged
        flags = (1 << 15 if intents & 1 << 1 else 0) | (1 << 19 if intents & 1 << 15 else 0)
        return {
            "id": str(self.bot_id),
            "name": self.world.users[self.bot_id].name,
            "icon": None,
            "description": "",
            "type": None,
            "bot_public": True,
            "bot_require_code_grant": False,
            "verify_key": "0" * 64,
            "flags": flags,
            "flags_new": str(flags),
            "redirect_uris": [],
            "interactions_endpoint_url": None,
            "role_connections_verification_url": None,
            "owner": self.world.add_user("operator").json(),
            "team": None,
            "approximate_guild_count": len(self.world.guilds),
            "approximate_user_install_count": 0,
            "approximate_user_authorization_count": 0,
            "explicit_content_filter": 0,
            "eligible_oauth2_scopes": [],
        }

    def my_guilds(self, _call: Call) -> Answer:
        return [
            {
                "id": str(guild.id),
                "name": guild.name,
                "icon": None,
                "banner": None,
                "owner": False,
                "permissions": str(guild.permissions(self.bot_id)),
                "features": list[str](),
            }
            for guild in self.world.guilds.values()
            if self.bot_id in guild.members
        ]

    def gateway_bot(self, _call: Call) -> Answer:
        limit = {
            "total": 1000,
            "remaining": 999,
            "reset_after": 14_400_000,
            "max_concurrency": self.gateway.max_concurrency,
        }
        return {
            "url": self.gateway.url,
            "shards": self.gateway.shards,
            "session_start_limit": limit,
        }

    def gateway_url(self, _call: Call) -> Answer:
        return {"url": self.gateway.url}

    # Servers, channels, people

    def guild(self, call: Call) -> Answer:
        found = self._guild(call)
        counts = {"approximate_member_count": len(found.members), "approximate_presence_count": 1}
        return found.json() | counts

    def guild_channels(self, call: Call) -> Answer:
        return [channel.json() for channel in self._guild(call).channels.values()]

    def guild_roles(self, call: Call) -> Answer:
        return [role.json() for role in self._guild(call).roles.values()]

    def member(self, call: Call) -> Answer:
        member = self._guild(call).members.get(int(call.params["user_id"]))
        if member is None:
            raise Refusal(404, 10007, "Unknown Member")
        return member.json()

    def user(self, call: Call) -> Answer:
        found = self.world.users.get(int(call.params["user_id"]))
        if found is None:
            raise Refusal(404, 10013, "Unknown User")
        return found.json()

    def channel(self, call: Call) -> Answer:
        found = self._channel(call)
        return found.json() if found.guild_id else self._dm_json(found)

    def open_dm(self, call: Call) -> Answer:
        user = self.world.users.get(int(call.body.get("recipient_id", 0)))
        if user is None:
            raise invalid("recipient_id: unknown")
        return self._dm_json(self.world.dm_channel(user))

    def typing(self, call: Call) -> Answer:
        self._channel(call)

    # Messages of channels

    def create_message(self, call: Call) -> Answer:
        channel = self._channel(call)
        self._check_sending(channel, call)
        body = call.body
        key = (channel.id, str(body.get("nonce")))
        if body.get("enforce_nonce") and body.get("nonce") is not None:
            posted, message_id = self._nonces.get(key, (0.0, 0))
            if self.world.clock.now() - posted < NONCE_LIFE:
                return self.messages.json(self.world.messages[message_id])
        self._check_reference(body.get("message_reference"), channel)
        posted = {**body, "flags": int(body.get("flags") or 0) & ~EPHEMERAL}
        message = self.messages.create(posted, call.uploads, channel=channel, author_id=self.bot_id)
        if body.get("nonce") is not None:
            self._nonces[key] = (self.world.clock.now(), message.id)
        return self.messages.json(message)

    def list_messages(self, call: Call) -> Answer:
        channel = self._channel(call)
        found = [m for m in self.world.messages.values() if m.channel_id == channel.id]
        before = int(call.query.get("before", "0")) or 1 << 63
        shown = [m for m in found if not m.deleted and not m.ephemeral and m.id < before]
        limit = int(call.query.get("limit", "50"))
        return [self.messages.json(m) for m in reversed(shown[-limit:])]

    def get_message(self, call: Call) -> Answer:
        return self.messages.json(self._message(call))

    def edit_message(self, call: Call) -> Answer:
        message = self._message(call)
        if message.author_id != self.bot_id:
            raise Refusal(403, 50005, "Cannot edit a message authored by another user")
        self.messages.edit(message, call.body, call.uploads)
        return self.messages.json(message)

    def delete_message(self, call: Call) -> Answer:
        message = self._message(call)
        channel = self.world.channels[message.channel_id]
        guild = self.world.guilds.get(channel.guild_id or 0)
        manage = discord.Permissions.manage_messages.flag
        if message.author_id != self.bot_id and not may(guild, self.bot_id, channel, manage):
            raise Refusal(403, 50013, "Missing Permissions")
        message.deleted = True

    # Commands

    def commands(self, call: Call) -> Answer:
        return self.world.commands.get(self._scope(call), [])

    def set_commands(self, call: Call) -> Answer:
        scope = self._scope(call)
        payloads = cast("list[Json]", call.payload)
        before = self.world.commands.get(scope, [])
        made = discord_commands.kept(payloads, before, self.bot_id, self.world.ids, scope)
        self.world.commands[scope] = made
        return made

    def add_command(self, call: Call) -> Answer:
        scope = self._scope(call)
        name, kind = call.body["name"], call.body.get("type", 1)
        before = self.world.commands.get(scope, [])
        others = [item for item in before if (item["name"], item["type"]) != (name, kind)]
        made = discord_commands.kept([call.body], before, self.bot_id, self.world.ids, scope)
        self.world.commands[scope] = [*others, *made]
        return made[0]

    def delete_command(self, call: Call) -> Answer:
        scope = self._scope(call)
        before = self.world.commands.get(scope, [])
        after = [item for item in before if item["id"] != call.params["command_id"]]
        if len(after) == len(before):
            raise Refusal(404, 10063, "Unknown application command")
        self.world.commands[scope] = after

    # What the calls have in common

    def _scope(self, call: Call) -> int | None:
        if int(call.params["application_id"]) != self.bot_id:
            raise Refusal(403, 20012, "You are not authorized to perform this action")
        return self._guild(call).id if "guild_id" in call.params else None

    def _guild(self, call: Call) -> Guild:
        found = self.world.guilds.get(int(call.params["guild_id"]))
        if found is None:
            raise Refusal(404, 10004, "Unknown Guild")
        if self.bot_id not in found.members:
            raise Refusal(403, 50001, "Missing Access")
        return found

    def _channel(self, call: Call) -> Channel:
        found = self.world.channels.get(int(call.params["channel_id"]))
        if found is None:
            raise Refusal(404, 10003, "Unknown Channel")
        guild = self.world.guilds.get(found.guild_id or 0)
        left = guild is not None and self.bot_id not in guild.members
        if left or not may(guild, self.bot_id, found, discord.Permissions.view_channel.flag):
            raise Refusal(403, 50001, "Missing Access")
        return found

    def _message(self, call: Call) -> Message:
        channel = self._channel(call)
        found = self.world.messages.get(int(call.params["message_id"]))
        if found is None or found.deleted or found.ephemeral or found.channel_id != channel.id:
            raise Refusal(404, 10008, "Unknown Message")
        return found

    def _check_sending(self, channel: Channel, call: Call) -> None:
        guild = self.world.guilds.get(channel.guild_id or 0)
        needed = discord.Permissions.send_messages.flag
        if call.uploads:
            needed |= discord.Permissions.attach_files.flag
        if not may(guild, self.bot_id, channel, needed):
            raise Refusal(403, 50013, "Missing Permissions")
        person = self.world.users.get(channel.recipient_id or 0)
        if person and not person.takes_dms:
            raise Refusal(403, 50007, "Cannot send messages to this user")

    def _check_reference(self, reference: Json | None, channel: Channel) -> None:
        if not reference:
            return
        found = self.world.messages.get(int(reference["message_id"]))
        gone = found is None or found.deleted or found.channel_id != channel.id
        if gone and reference.get("fail_if_not_exists", True):
            raise invalid("message_reference: Unknown message")

    def _dm_json(self, channel: Channel) -> Json:
        person = self.world.users[cast("int", channel.recipient_id)]
        return {
            "id": str(channel.id),
            "type": 1,
            "flags": 0,
            "last_message_id": None,
            "recipients": [person.json()],
        }
