"""What the loopback Discord knows: servers, channels, people, roles, and what they posted."""

import itertools
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime

import discord

from tests.fakes.discord_posts import Interaction, Message, StoredFile, media_type_of, picture_size
from tests.fakes.discord_schema import Json

DISCORD_EPOCH_MS = 1_420_070_400_000
MIB = 1024 * 1024

ALL_PERMISSIONS = discord.Permissions.all().value
EVERYONE_MAY = discord.Permissions(
    view_channel=True,
    send_messages=True,
    send_messages_in_threads=True,
    embed_links=True,
    attach_files=True,
    read_message_history=True,
    use_application_commands=True,
    use_external_apps=True,
).value


class Snowflakes:
    """Makes ids as Discord does: the time of their making, then a counter."""

    def __init__(self) -> None:
        self._counter = itertools.count(1)

    def next(self) -> int:
        made = int(time.time() * 1000) - DISCORD_EPOCH_MS
        return (made << 22) | (next(self._counter) & 0x3FFFFF)


class Clock:
    """Seconds since the epoch; `advance` moves only Discord's clock, not the bot's."""

    def __init__(self) -> None:
        self._ahead = 0.0

    def now(self) -> float:
        return time.time() + self._ahead

    def advance(self, seconds: float) -> None:
        self._ahead += seconds

    def iso(self) -> str:
        return datetime.fromtimestamp(self.now(), UTC).isoformat()


@dataclass(slots=True)
class User:
    id: int
    name: str
    bot: bool = False
    locale: str = "en-US"
    takes_dms: bool = True

    def json(self) -> Json:
        return {
            "id": str(self.id),
            "username": self.name,
            "global_name": self.name.title(),
            "discriminator": "0",
            "avatar": None,
            "bot": self.bot,
            "public_flags": 0,
            "flags": 0,
            "primary_guild": None,
        }


@dataclass(slots=True)
class Role:
    id: int
    name: str
    permissions: int = 0
    position: int = 1

    def json(self) -> Json:
        return {
            "id": str(self.id),
            "name": self.name,
            "permissions": str(self.permissions),
            "position": self.position,
            "color": 0,
            "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
            "hoist": False,
            "managed": False,
            "mentionable": False,
            "icon": None,
            "unicode_emoji": None,
            "flags": 0,
        }


@dataclass(slots=True)
class Overwrite:
    """A channel's rule for a role or a member: bits of permissions."""

    allow: int = 0
    deny: int = 0
    member: bool = False


@dataclass(slots=True)
class Channel:
    id: int
    name: str
    guild_id: int | None
    type: int = 0
    nsfw: bool = False
    parent_id: int | None = None
    position: int = 0
    recipient_id: int | None = None
    overwrites: dict[int, Overwrite] = field(default_factory=dict[int, Overwrite])

    def json(self) -> Json:
        rules = [
            {
                "id": str(key),
                "type": int(rule.member),
                "allow": str(rule.allow),
                "deny": str(rule.deny),
            }
            for key, rule in self.overwrites.items()
        ]
        return {
            "id": str(self.id),
            "type": self.type,
            "guild_id": str(self.guild_id),
            "name": self.name,
            "position": self.position,
            "permission_overwrites": rules,
            "parent_id": str(self.parent_id) if self.parent_id else None,
            "topic": None,
            "nsfw": self.nsfw,
            "rate_limit_per_user": 0,
            "last_message_id": None,
            "flags": 0,
        }


@dataclass(slots=True)
class Member:
    user: User
    role_ids: list[int] = field(default_factory=list[int])
    nick: str | None = None

    def json(self) -> Json:
        return {
            "user": self.user.json(),
            "roles": [str(role_id) for role_id in self.role_ids],
            "nick": self.nick,
            "avatar": None,
            "banner": None,
            "joined_at": "2024-01-01T00:00:00+00:00",
            "premium_since": None,
            "communication_disabled_until": None,
            "deaf": False,
            "mute": False,
            "pending": False,
            "flags": 0,
        }


@dataclass(slots=True)
class Guild:
    """A server. *upload_limit* is in bytes a file, told in every interaction."""

    id: int
    name: str
    owner_id: int
    locale: str = "en-US"
    upload_limit: int = 10 * MIB
    roles: dict[int, Role] = field(default_factory=dict[int, Role])
    channels: dict[int, Channel] = field(default_factory=dict[int, Channel])
    members: dict[int, Member] = field(default_factory=dict[int, Member])

    def permissions(self, user_id: int, channel: Channel | None = None) -> int:
        """Return what a member may do, in *channel* or in the server, by Discord's rules."""
        if user_id == self.owner_id:
            return ALL_PERMISSIONS
        mine = {self.id, *self.members[user_id].role_ids}
        bits = 0
        for role_id in mine:
            bits |= self.roles[role_id].permissions
        if bits & discord.Permissions.administrator.flag:
            return ALL_PERMISSIONS
        rules = channel.overwrites if channel else {}
        for keys in ({self.id}, mine - {self.id}, {user_id}):
            chosen = [rules[key] for key in keys if key in rules]
            for rule in chosen:
                bits &= ~rule.deny
            for rule in chosen:
                bits |= rule.allow
        return bits

    def json(self) -> Json:
        return {
            "id": str(self.id),
            "name": self.name,
            "owner_id": str(self.owner_id),
            "icon": None,
            "splash": None,
            "discovery_splash": None,
            "banner": None,
            "description": None,
            "afk_channel_id": None,
            "afk_timeout": 300,
            "region": "deprecated",
            "verification_level": 0,
            "default_message_notifications": 0,
            "explicit_content_filter": 0,
            "mfa_level": 0,
            "nsfw_level": 0,
            "premium_tier": 0,
            "premium_subscription_count": 0,
            "premium_progress_bar_enabled": False,
            "preferred_locale": self.locale,
            "application_id": None,
            "system_channel_id": None,
            "system_channel_flags": 0,
            "rules_channel_id": None,
            "public_updates_channel_id": None,
            "safety_alerts_channel_id": None,
            "vanity_url_code": None,
            "widget_enabled": False,
            "widget_channel_id": None,
            "max_members": 500_000,
            "max_presences": None,
            "features": [],
            "emojis": [],
            "stickers": [],
            "incidents_data": None,
            "roles": [role.json() for role in self.roles.values()],
        }

    def created(self, bot: Member) -> Json:
        """Return the server as GUILD_CREATE carries it, without other members (no such intent)."""
        return self.json() | {
            "joined_at": "2024-01-01T00:00:00+00:00",
            "large": False,
            "unavailable": False,
            "member_count": len(self.members),
            "channels": [channel.json() for channel in self.channels.values()],
            "members": [bot.json()],
            "threads": [],
            "voice_states": [],
            "presences": [],
            "stage_instances": [],
            "guild_scheduled_events": [],
            "soundboard_sounds": [],
        }


@dataclass(slots=True)
class World:
    """Everything above, by id."""

    clock: Clock = field(default_factory=Clock)
    ids: Snowflakes = field(default_factory=Snowflakes)
    users: dict[int, User] = field(default_factory=dict[int, User])
    guilds: dict[int, Guild] = field(default_factory=dict[int, Guild])
    channels: dict[int, Channel] = field(default_factory=dict[int, Channel])
    messages: dict[int, Message] = field(default_factory=dict[int, Message])
    files: dict[int, StoredFile] = field(default_factory=dict[int, StoredFile])
    interactions: dict[str, Interaction] = field(default_factory=dict[str, Interaction])
    commands: dict[int | None, list[Json]] = field(default_factory=dict["int | None", list[Json]])

    def add_user(self, name: str, *, bot: bool = False, locale: str = "en-US") -> User:
        user = User(self.ids.next(), name, bot, locale)
        self.users[user.id] = user
        return user

    def add_guild(self, name: str, *members: User, owner: User | None = None) -> Guild:
        """Make a server with its @everyone role, a channel `general`, and *members*."""
        owner = owner or self.add_user(f"{name}-owner")
        guild = Guild(self.ids.next(), name, owner.id)
        guild.roles[guild.id] = Role(guild.id, "@everyone", EVERYONE_MAY, 0)
        self.guilds[guild.id] = guild
        self.add_channel(guild, "general")
        for user in (owner, *members):
            guild.members[user.id] = Member(user)
        return guild

    def add_channel(self, guild: Guild, name: str, *, nsfw: bool = False) -> Channel:
        channel = Channel(self.ids.next(), name, guild.id, nsfw=nsfw, position=len(guild.channels))
        guild.channels[channel.id] = self.channels[channel.id] = channel
        return channel

    def add_role(self, guild: Guild, name: str, permissions: discord.Permissions) -> Role:
        role = Role(self.ids.next(), name, permissions.value, len(guild.roles))
        guild.roles[role.id] = role
        return role

    def add_file(
        self,
        owner_id: int,
        name: str,
        data: bytes,
        *,
        ephemeral: bool,
        description: str | None = None,
    ) -> StoredFile:
        stored = StoredFile(
            id=self.ids.next(),
            owner_id=owner_id,
            name=name,
            data=data,
            media_type=media_type_of(name),
            description=description,
            ephemeral=ephemeral,
            size=picture_size(data),
        )
        self.files[stored.id] = stored
        return stored

    def dm_channel(self, user: User) -> Channel:
        for channel in self.channels.values():
            if channel.recipient_id == user.id:
                return channel
        channel = Channel(self.ids.next(), "", None, type=1, recipient_id=user.id)
        self.channels[channel.id] = channel
        return channel
