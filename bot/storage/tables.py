"""Every table, once, for SQLite and PostgreSQL alike. Instants are UTC, money is micro-dollars."""

from sqlalchemy import (
    Boolean,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from bot.storage.types import Json, Snowflake, UtcMs

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(column_0_label)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

guilds = Table(
    "guilds",
    metadata,
    Column("guild_id", Snowflake, primary_key=True, autoincrement=False),
    Column("choices", Json, nullable=False),  # only what differs from the defaults
    Column("changed_at", UtcMs, nullable=False),
)

jobs = Table(
    "jobs",
    metadata,
    Column("id", Snowflake, primary_key=True),
    Column("code", String(12), nullable=False, unique=True),
    Column("interaction_id", Snowflake, nullable=False, unique=True),
    Column("application_id", Snowflake, nullable=False),
    Column("token", Text),  # the interaction's; erased with the final state
    Column("guild_id", Snowflake, nullable=False),
    Column("channel_id", Snowflake, nullable=False),
    Column("user_id", Snowflake, nullable=False),
    Column("command", String(16), nullable=False),
    Column("state", String(16), nullable=False),
    Column("options", Json, nullable=False),  # the ask, without prompt and secrets
    Column("place", Json, nullable=False),  # what answering needs: locale, upload limit, ...
    Column("prompt", Text),  # erased by retention
    Column("revised_prompt", Text),  # erased by retention
    Column("provider", String(32), nullable=False),
    Column("model", String(64), nullable=False),
    Column("quality", String(32)),
    Column("count", Integer, nullable=False),
    Column("made", Integer, nullable=False, server_default=text("0")),
    Column("private", Boolean, nullable=False),
    Column("roles", Json),  # the asker's, for the daily roll-up; erased with the final state
    Column("parent", String(12)),
    Column("estimate_micros", Snowflake, nullable=False),
    Column("cost_micros", Snowflake),
    Column("failure", String(32)),  # the name of the error class
    Column("request_id", Text),  # the vendor's
    Column("kept", Json),  # what showing the pictures needs; erased with the final state
    Column("message_channel_id", Snowflake),
    Column("message_id", Snowflake),
    Column("created_at", UtcMs, nullable=False),
    Column("calling_at", UtcMs),
    Column("made_at", UtcMs),
    Column("delivered_at", UtcMs),
    Column("finished_at", UtcMs),
    Column("prompt_until", UtcMs),
    Column("keep_until", UtcMs),  # pictures that could not be shown are kept so long
    Index(
        "ix_jobs_unfinished",
        "id",
        sqlite_where=text("finished_at IS NULL"),
        postgresql_where=text("finished_at IS NULL"),
    ),
    Index("ix_jobs_member_at", "guild_id", "user_id", "created_at"),
    Index("ix_jobs_guild_at", "guild_id", "created_at"),
    Index("ix_jobs_message", "message_id"),
    Index(
        "ix_jobs_prompt_until",
        "prompt_until",
        sqlite_where=text("prompt_until IS NOT NULL"),
        postgresql_where=text("prompt_until IS NOT NULL"),
    ),
)

confirmations = Table(  # requests that wait for their price to be agreed to; erased when answered
    "confirmations",
    metadata,
    Column("id", Snowflake, primary_key=True),
    Column("code", String(12), nullable=False, unique=True),
    Column("interaction_id", Snowflake, nullable=False, unique=True),
    Column("application_id", Snowflake, nullable=False),
    Column("token", Text, nullable=False),  # the interaction's, to take the card back
    Column("guild_id", Snowflake, nullable=False),
    Column("channel_id", Snowflake, nullable=False),
    Column("user_id", Snowflake, nullable=False),
    Column("command", String(16), nullable=False),
    Column("options", Json, nullable=False),  # the ask, without prompt and secrets
    Column("cheaper", Json),  # the same of the cheaper version
    Column("place", Json, nullable=False),
    Column("prompt", Text, nullable=False),
    Column("parent", String(12)),
    Column("micros", Snowflake, nullable=False),
    Column("cheaper_micros", Snowflake),
    Column("expires_at", UtcMs, nullable=False),
    Index("ix_confirmations_expires_at", "expires_at"),
)

drafts = Table(  # pictures that were chosen in a menu and wait for what shall become of them
    "drafts",
    metadata,
    Column("id", Snowflake, primary_key=True),
    Column("code", String(12), nullable=False, unique=True),
    Column("guild_id", Snowflake, nullable=False),
    Column("user_id", Snowflake, nullable=False),
    Column("command", String(16), nullable=False),
    Column("sources", Json, nullable=False),  # the files on Discord's servers
    Column("parent", String(12)),
    Column("expires_at", UtcMs, nullable=False),
    Index("ix_drafts_expires_at", "expires_at"),
)

pictures = Table(  # received and not yet shown; erased when shown
    "pictures",
    metadata,
    Column("job_id", Snowflake, ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("role", String(16), nullable=False),  # answer, canvas, mask, source
    Column("media_type", String(32), nullable=False),
    Column("data", LargeBinary, nullable=False),
)

bookings = Table(
    "bookings",
    metadata,
    Column("id", Snowflake, primary_key=True),
    Column("reference", String(32), nullable=False, unique=True),  # the job's code
    Column("guild_id", Snowflake, nullable=False),
    Column("channel_id", Snowflake, nullable=False),
    Column("user_id", Snowflake, nullable=False),
    Column("command", String(16), nullable=False),
    Column("model", String(64), nullable=False),
    Column("pictures", Integer, nullable=False),
    Column("micros", Snowflake, nullable=False),
    Column("taken", Json, nullable=False),  # the exact counter keys and grants it holds
    Column("state", String(16), nullable=False),  # held, settled, released, unknown
    Column("created_at", UtcMs, nullable=False),
    Column("closed_at", UtcMs),
    Index(
        "ix_bookings_held",
        "id",
        sqlite_where=text("state = 'held'"),
        postgresql_where=text("state = 'held'"),
    ),
)

counters = Table(
    "counters",
    metadata,
    Column("guild_id", Snowflake, primary_key=True, autoincrement=False),  # 0: the whole bot
    Column("scope", String(16), primary_key=True),
    Column("scope_id", Snowflake, primary_key=True, autoincrement=False),
    Column("unit", String(16), primary_key=True),
    Column("window", String(16), primary_key=True),
    Column("starts_at", UtcMs, primary_key=True, autoincrement=False),
    Column("ends_at", UtcMs, nullable=False),
    Column("used", Snowflake, nullable=False),
    Column("reserved", Snowflake, nullable=False),
    Column("ceiling", Snowflake, nullable=False),  # the limit that the latest booking was held to
    Column("since", UtcMs),  # rolling windows: what was asked for from here on counts as used
    Index("ix_counters_ends_at", "ends_at"),
)

ledger = Table(  # append-only: triggers refuse updates and deletes
    "ledger",
    metadata,
    Column("id", Snowflake, primary_key=True),
    Column("reference", String(32), nullable=False),
    Column("kind", String(16), nullable=False),  # settled, unknown, released, refunded
    Column("guild_id", Snowflake, nullable=False),
    Column("channel_id", Snowflake, nullable=False),
    Column("user_id", Snowflake, nullable=False),
    Column("command", String(16), nullable=False),
    Column("model", String(64), nullable=False),
    Column("pictures", Integer, nullable=False),
    Column("micros", Snowflake, nullable=False),
    Column("price_known", Boolean, nullable=False),
    Column("price_version", String(64), nullable=False),
    Column("at", UtcMs, nullable=False),
    UniqueConstraint("reference", "kind"),
    Index("ix_ledger_at", "at"),
    Index("ix_ledger_guild_at", "guild_id", "at"),
    Index("ix_ledger_member_at", "guild_id", "user_id", "at"),
    Index("ix_ledger_channel_at", "guild_id", "channel_id", "at"),
)

grant_uses = Table(  # append-only: what grants bore of a line of the ledger, in place of limits
    "grant_uses",
    metadata,
    Column("id", Snowflake, primary_key=True),
    Column("reference", String(32), nullable=False),
    Column("grant_id", Snowflake, nullable=False),
    Column("holder", String(16), nullable=False),  # whose limits did not bear it: server, member
    Column("unit", String(16), nullable=False),
    Column("amount", Snowflake, nullable=False),
    Column("guild_id", Snowflake, nullable=False),
    Column("user_id", Snowflake, nullable=False),
    Column("at", UtcMs, nullable=False),
    UniqueConstraint("reference", "grant_id", "holder", "unit"),
    Index("ix_grant_uses_grant", "grant_id"),
    Index("ix_grant_uses_guild_at", "guild_id", "holder", "unit", "at"),
)

daily = Table(  # what ended, added up in the same unit of work; see bot.domain.usage.Dimension
    "daily",
    metadata,
    Column("guild_id", Snowflake, primary_key=True, autoincrement=False),
    Column("dimension", String(16), primary_key=True),
    Column("day", Date, primary_key=True),  # what the server's clocks showed at the request
    Column("name", String(64), primary_key=True),
    Column("requests", Integer, nullable=False),
    Column("pictures", Integer, nullable=False),
    Column("micros", Snowflake, nullable=False),
    Column("unsure_micros", Snowflake, nullable=False),
    Column("done", Integer, nullable=False),
    Column("refused", Integer, nullable=False),
    Column("failed", Integer, nullable=False),
    Column("unknown", Integer, nullable=False),
    Column("turned_away", Integer, nullable=False),
    sqlite_with_rowid=False,  # its key is its order: a report reads one stretch of it
)

quota_rules = Table(
    "quota_rules",
    metadata,
    Column("id", Snowflake, primary_key=True),
    Column("guild_id", Snowflake, nullable=False),
    Column("scope", String(16), nullable=False),  # server, channel, role, member, everyone
    Column("scope_id", Snowflake, nullable=False),  # 0 for server and everyone
    Column("unit", String(16), nullable=False),  # pictures, requests, dollars, jobs, any
    Column("window", String(16), nullable=False),  # hour, ..., rolling:24, lifetime, now, any
    Column("amount", Snowflake, nullable=False),  # pictures, requests, or micro-dollars
    Column("effect", String(16), nullable=False, server_default=text("'limit'")),
    Column("changed_at", UtcMs, nullable=False),
    Column("changed_by", Snowflake, nullable=False),
    UniqueConstraint("guild_id", "scope", "scope_id", "unit", "window"),
)

grants = Table(
    "grants",
    metadata,
    Column("id", Snowflake, primary_key=True),
    Column("guild_id", Snowflake, nullable=False),
    Column("scope", String(16), nullable=False),  # server, role, member
    Column("scope_id", Snowflake, nullable=False),
    Column("unit", String(16), nullable=False),
    Column("amount", Snowflake, nullable=False),
    Column("used", Snowflake, nullable=False),
    Column("reserved", Snowflake, nullable=False),
    Column("expires_at", UtcMs),
    Column("reason", Text, nullable=False),
    Column("granted_at", UtcMs, nullable=False),
    Column("granted_by", Snowflake, nullable=False),
    Column("passed_on", Snowflake, nullable=False, server_default=text("0")),
    Column("revoked_at", UtcMs),
    Column("gift_of", Snowflake),  # the grant that it was given from
    Index("ix_grants_scope", "guild_id", "scope", "scope_id"),
)

wishes = Table(  # what members asked the people who run a server for
    "wishes",
    metadata,
    Column("id", Snowflake, primary_key=True),
    Column("guild_id", Snowflake, nullable=False),
    Column("channel_id", Snowflake, nullable=False),
    Column("user_id", Snowflake, nullable=False),
    Column("locale", String(16), nullable=False),
    Column("scope", String(16), nullable=False),  # whose limit was full: member, server
    Column("unit", String(16), nullable=False),
    Column("window", String(16), nullable=False),
    Column("amount", Snowflake, nullable=False),  # what the request needed of it
    Column("command", String(16), nullable=False),
    Column("pictures", Integer, nullable=False),
    Column("quality", String(32)),
    Column("micros", Snowflake, nullable=False),
    Column("state", String(16), nullable=False),  # open, approved, denied, expired, unposted
    Column("card_channel_id", Snowflake),
    Column("card_message_id", Snowflake),
    Column("created_at", UtcMs, nullable=False),
    Column("expires_at", UtcMs, nullable=False),
    Column("answered_at", UtcMs),
    Column("answered_by", Snowflake),
    Column("granted", Snowflake),
    Column("grant_until", UtcMs),
    Column("reason", Text, nullable=False),
    Column("is_told", Boolean, nullable=False),
    Index(
        "uq_wishes_open",  # one open wish of a member about a limit
        "guild_id",
        "user_id",
        "scope",
        "unit",
        "window",
        unique=True,
        sqlite_where=text("state = 'open'"),
        postgresql_where=text("state = 'open'"),
    ),
    Index("ix_wishes_member", "guild_id", "user_id"),
)

moderation_events = Table(
    "moderation_events",
    metadata,
    Column("id", Snowflake, primary_key=True),
    Column("guild_id", Snowflake, nullable=False),
    Column("channel_id", Snowflake, nullable=False),
    Column("user_id", Snowflake, nullable=False),
    Column("job_code", String(12)),
    Column("command", String(16), nullable=False),
    Column("model", String(64), nullable=False),
    Column("source", String(16), nullable=False),  # vendor, server
    Column("stage", String(16), nullable=False),  # input, output, unknown
    Column("categories", Json, nullable=False),
    Column("scores", Json),  # {category: 0 to 1}, where this server's own check declined
    Column("request_id", Text),
    Column("fingerprint", String(64), nullable=False),  # keyed, of the prompt
    Column("at", UtcMs, nullable=False),
    Index("ix_moderation_events_guild_at", "guild_id", "at"),
    Index("ix_moderation_events_member_at", "guild_id", "user_id", "at"),
)

blocks = Table(  # who may not ask for pictures on a server, and until when
    "blocks",
    metadata,
    Column("guild_id", Snowflake, primary_key=True, autoincrement=False),
    Column("user_id", Snowflake, primary_key=True, autoincrement=False),
    Column("until", UtcMs),  # None: until somebody lifts it
    Column("reason", Text, nullable=False),
    Column("blocked_by", Snowflake),  # None: strikes did it
    Column("blocked_at", UtcMs, nullable=False),
)

words = Table(  # what a server does not want in prompts
    "words",
    metadata,
    Column("id", Snowflake, primary_key=True),
    Column("guild_id", Snowflake, nullable=False),
    Column("text", String(100), nullable=False),
    Column("added_by", Snowflake, nullable=False),
    Column("added_at", UtcMs, nullable=False),
    UniqueConstraint("guild_id", "text"),
)

cases = Table(  # what members asked those who moderate a server to look at
    "cases",
    metadata,
    Column("id", Snowflake, primary_key=True),
    Column("guild_id", Snowflake, nullable=False),
    Column("kind", String(16), nullable=False),  # report, appeal
    Column("user_id", Snowflake, nullable=False),  # who asks
    Column("about_id", Snowflake),  # whose picture or request it is about
    Column("job_code", String(12), nullable=False),  # empty: none of ours
    Column("channel_id", Snowflake, nullable=False),
    Column("message_id", Snowflake, nullable=False),  # the picture's; 0: none was shown
    Column("text", Text, nullable=False),
    Column("locale", String(16), nullable=False),
    Column("state", String(16), nullable=False),  # open, closed
    Column("card_channel_id", Snowflake),
    Column("card_message_id", Snowflake),
    Column("opened_at", UtcMs, nullable=False),
    Column("closed_at", UtcMs),
    Column("closed_by", Snowflake),
    Column("outcome", String(16)),
    Index(
        "uq_cases_open",  # one open case of a member about a picture or a request
        "guild_id",
        "user_id",
        "kind",
        "message_id",
        "job_code",
        unique=True,
        sqlite_where=text("state = 'open'"),
        postgresql_where=text("state = 'open'"),
    ),
    Index("ix_cases_guild_at", "guild_id", "opened_at"),
)

audit = Table(  # append-only: triggers refuse updates and deletes
    "audit",
    metadata,
    Column("id", Snowflake, primary_key=True),
    Column("guild_id", Snowflake, nullable=False),
    Column("user_id", Snowflake, nullable=False),
    Column("action", String(32), nullable=False),
    Column("target", Text, nullable=False),
    Column("before", Json),
    Column("after", Json),
    Column("at", UtcMs, nullable=False),
    Index("ix_audit_guild_at", "guild_id", "at"),
)

buckets = Table(  # what several processes use up together; `bot.storage.buckets`
    "buckets",
    metadata,
    Column("name", String(128), primary_key=True),
    Column("state", Json, nullable=False),
)

notices = Table(  # what was told once and is not told again
    "notices",
    metadata,
    Column("key", String(128), primary_key=True),  # what it is about
    Column("guild_id", Snowflake, primary_key=True, autoincrement=False),  # 0: the operator
    Column("told_at", UtcMs, nullable=False),
)

erasures = Table(  # members whose data was erased while something still holds: a limit, a block
    "erasures",
    metadata,
    Column("id", Snowflake, primary_key=True),
    Column("guild_id", Snowflake, nullable=False),
    Column("person", String(64), nullable=False),  # keyed, of the member on this server
    Column("pseudonym", Snowflake, nullable=False),  # what stands in the books in place of the id
    Column("until", UtcMs),  # None: as long as a block or a rule without end holds
    Column("at", UtcMs, nullable=False),
    Index("ix_erasures_person", "guild_id", "person"),
)

departures = Table(  # servers that removed Easel; their data is purged some time later
    "departures",
    metadata,
    Column("guild_id", Snowflake, primary_key=True, autoincrement=False),
    Column("left_at", UtcMs, nullable=False),
)

erasing = Table(  # never seen outside a transaction: while a row is here, records may be unnamed
    "erasing",
    metadata,
    Column("code", String(32), primary_key=True),
)
