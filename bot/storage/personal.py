"""What every column holds of a person, how long, and what erasing a member does to it.

One entry for each table; `docs/privacy-policy.md` names each with its retention. A test fails
where a table or a column is missing.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, TypedDict, Unpack

from sqlalchemy import Column, ColumnElement, Table, and_, or_

from bot.domain import retention as keep
from bot.domain.messages import N_, Phrase
from bot.domain.retention import UNTIL_PURGE, Chosen, Retention, by_choice
from bot.storage import tables
from bot.storage.types import Json


class Kind(StrEnum):
    """What a column holds of a person."""

    PLAIN = "nothing of a person: amounts, states, instants, places on Discord"
    OWNER = "the id of the member whom the row is about"
    ACTOR = "the id of a member who did something"
    WORDS = "what somebody wrote"
    NAMING = "text or JSON that may name members"
    TOKEN = "a secret of Discord's that lives 15 minutes"  # noqa: S105 - no secret itself
    PRINT = "a keyed fingerprint"
    FILE = "a picture's bytes"


class Fate(StrEnum):
    """What erasing a member does to the rows that have their id in a column."""

    DELETE = "the rows are deleted"
    UNNAME = "a random number takes the id's place"
    NOTHING = "it stays"


When = Callable[[Table], ColumnElement[bool]]
WhenAt = Callable[[Table, datetime], ColumnElement[bool]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What one column holds.

    Attributes:
        fate: of rows that have the member's id here.
        when: the rows in which it is a member's id at all.
        as_text: whether the id stands there as text.
        of: the columns whose member this is erased with.
        stays: the rows in which it is not erased, because it is still needed.
        erased: what takes its place where it cannot be empty.
        hidden_from: the column whose member does not get to see it: it says who told on them.
    """

    kind: Kind = Kind.PLAIN
    fate: Fate = Fate.NOTHING
    when: When | None = None
    as_text: bool = False
    of: tuple[str, ...] = ()
    stays: WhenAt | None = None
    erased: object = None
    hidden_from: str | None = None

    @property
    def is_person(self) -> bool:
        """Whether it may hold a member's id as such."""
        return self.kind in {Kind.OWNER, Kind.ACTOR}

    def is_in(self, table: Table, name: str, user_id: int) -> ColumnElement[bool]:
        """Return which rows of *table* have the member's id in the column *name*."""
        same = table.c[name] == (str(user_id) if self.as_text else user_id)
        return same if self.when is None else and_(same, self.when(table))


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One table.

    Attributes:
        says: what it has, for members.
        told: whether a member is shown their rows of it.
        through: the table through whose references a member's rows are found.
        purged: whether the rows go with their server; else they stay without any ids.
    """

    table: Table
    says: str
    retention: Retention
    columns: Mapping[str, Held]
    told: bool = True
    through: Table | None = None
    purged: bool = True

    @property
    def people(self) -> Mapping[str, Held]:
        """The columns that may hold a member's id."""
        return {name: held for name, held in self.columns.items() if held.is_person}

    @property
    def texts(self) -> list[Column[Any]]:
        """The columns in which somebody may be named in passing."""
        naming = {Kind.WORDS, Kind.NAMING}
        return [self.table.c[name] for name, held in self.columns.items() if held.kind in naming]


_PLAIN: Final = Held()
_TOKEN: Final = Held(kind=Kind.TOKEN)
_FILE: Final = Held(kind=Kind.FILE)
_WORDS: Final = Held(kind=Kind.WORDS)
_NAMING: Final = Held(kind=Kind.NAMING)
_PRINT: Final = Held(kind=Kind.PRINT)
_MINE: Final = Held(kind=Kind.OWNER, fate=Fate.DELETE)
_UNNAMED: Final = Held(kind=Kind.OWNER, fate=Fate.UNNAME)
_ACTOR: Final = Held(kind=Kind.ACTOR, fate=Fate.UNNAME)
_NOTHING_TAKEN: Final[Mapping[str, object]] = {"counters": [], "grants": []}
_FORMS: Final = Retention(Phrase("{minutes} minutes at most", minutes=keep.MINUTES))


def _is_member(table: Table) -> ColumnElement[bool]:
    return table.c.scope == "member"


class _More(TypedDict, total=False):
    told: bool
    through: Table
    purged: bool


def _entry(
    table: Table,
    says: str,
    retention: Retention,
    columns: Mapping[str, Held],
    **more: Unpack[_More],
) -> Entry:
    """Return the entry of *table*: what *columns* hold, and those that say nothing of a person."""
    plain = dict.fromkeys(_PLAIN_COLUMNS[table.name], _PLAIN)
    return Entry(table=table, says=says, retention=retention, columns={**plain, **columns}, **more)


_PLAIN_COLUMNS: Final[Mapping[str, frozenset[str]]] = {
    table: frozenset(names.split())
    for table, names in {
        "guilds": "guild_id choices changed_at",
        "jobs": "id code interaction_id application_id guild_id channel_id command state provider "
        "model quality count made private roles parent estimate_micros cost_micros failure "
        "request_id message_channel_id message_id created_at calling_at made_at delivered_at "
        "finished_at prompt_until keep_until",
        "confirmations": "id code interaction_id application_id guild_id channel_id command parent "
        "micros cheaper_micros expires_at",
        "drafts": "id code guild_id command parent expires_at",
        "pictures": "job_id position role media_type",
        "bookings": "id reference guild_id channel_id command model pictures micros state "
        "created_at closed_at",
        "counters": "guild_id scope unit window starts_at ends_at used reserved ceiling since",
        "ledger": "id reference kind guild_id channel_id command model pictures micros price_known "
        "price_version at",
        "grant_uses": "id reference grant_id holder unit amount guild_id at",
        "daily": "guild_id dimension day requests pictures micros unsure_micros done refused "
        "failed unknown turned_away",
        "quota_rules": "id guild_id scope unit window amount effect changed_at",
        "grants": "id guild_id scope unit amount used reserved expires_at granted_at passed_on "
        "revoked_at gift_of",
        "wishes": "id guild_id channel_id locale scope unit window amount command pictures quality "
        "micros state card_channel_id card_message_id created_at expires_at answered_at granted "
        "grant_until is_told",
        "moderation_events": "id guild_id channel_id job_code command model source stage "
        "categories scores at",
        "blocks": "guild_id until blocked_at",
        "words": "id guild_id added_at",
        "cases": "id guild_id kind job_code channel_id message_id state card_channel_id "
        "card_message_id opened_at closed_at outcome",
        "audit": "id guild_id action at",
        "notices": "key guild_id told_at",
        "erasures": "id guild_id pseudonym until at",
        "buckets": "name state",
        "departures": "guild_id left_at",
        "erasing": "code",
    }.items()
}

REGISTRY: Final[tuple[Entry, ...]] = (
    _entry(
        tables.jobs,
        N_("Your requests: what you asked for, when and where, and how it ended"),
        Retention(
            Phrase(
                "words {hours} hours after the end unless the server chose otherwise "
                "(prompt_hours), the rest {rest}",
                hours=keep.PROMPT_HOURS,
                rest=by_choice(Chosen.HISTORY).says,
            ),
            Chosen.HISTORY,
        ),
        {
            "user_id": _MINE,
            "token": _TOKEN,
            "options": _NAMING,
            "place": _NAMING,
            "prompt": _WORDS,
            "revised_prompt": _WORDS,
            "kept": _NAMING,
        },
    ),
    _entry(
        tables.pictures,
        N_("Pictures of yours that could not be shown yet"),
        Retention(Phrase("24 hours at most")),
        {"data": _FILE},
    ),
    _entry(
        tables.confirmations,
        N_("Requests that wait until you agree to their price"),
        _FORMS,
        {
            "user_id": _MINE,
            "token": _TOKEN,
            "options": _NAMING,
            "cheaper": _NAMING,
            "place": _NAMING,
            "prompt": _WORDS,
        },
    ),
    _entry(
        tables.drafts,
        N_("Pictures that you chose and have not said yet what to do with"),
        _FORMS,
        {"user_id": _MINE, "sources": _NAMING},
    ),
    _entry(
        tables.bookings,
        N_("What was reserved for your requests"),
        UNTIL_PURGE,
        {
            "user_id": _UNNAMED,
            "taken": Held(kind=Kind.NAMING, of=("user_id",), erased=_NOTHING_TAKEN),
        },
        through=tables.ledger,
        purged=False,
    ),
    _entry(
        tables.grant_uses,
        N_("What extra allowance paid of your requests"),
        UNTIL_PURGE,
        {"user_id": _UNNAMED},
        through=tables.ledger,
    ),
    _entry(
        tables.ledger,
        N_("The ledger: what your requests used and cost"),
        UNTIL_PURGE,
        {"user_id": _UNNAMED},
        purged=False,
    ),
    _entry(
        tables.counters,
        N_("How much of your limits is used"),
        Retention(
            Phrase("{days} days after the limit's window has ended", days=keep.COUNTERS.days)
        ),
        {"scope_id": Held(kind=Kind.OWNER, fate=Fate.DELETE, when=_is_member)},
    ),
    _entry(
        tables.daily,
        N_("Your use by days and months, added up"),
        Retention(
            Phrase(
                "by member {days} days, without members {rest}",
                days=keep.MEMBER_DAYS.days,
                rest=UNTIL_PURGE.says,
            )
        ),
        {
            "name": Held(
                kind=Kind.OWNER,
                fate=Fate.UNNAME,
                as_text=True,
                when=lambda table: table.c.dimension.in_(["member", "member-month"]),
            )
        },
    ),
    _entry(
        tables.quota_rules,
        N_("Limits that were set for you, or that you set"),
        UNTIL_PURGE,
        {
            "scope_id": Held(kind=Kind.OWNER, fate=Fate.UNNAME, when=_is_member),
            "changed_by": _ACTOR,
        },
    ),
    _entry(
        tables.grants,
        N_("Extra allowance that you were given, or gave"),
        UNTIL_PURGE,
        {
            "scope_id": Held(kind=Kind.OWNER, fate=Fate.UNNAME, when=_is_member),
            "granted_by": _ACTOR,
            "reason": Held(kind=Kind.WORDS, of=("scope_id", "granted_by"), erased=""),
        },
    ),
    _entry(
        tables.wishes,
        N_("What you asked the people who run a server for, or answered"),
        by_choice(Chosen.LOGS),
        {
            "user_id": _MINE,
            "answered_by": _ACTOR,
            "reason": Held(kind=Kind.WORDS, of=("answered_by",), erased=""),
        },
    ),
    _entry(
        tables.moderation_events,
        N_("Requests of yours that were declined for their content"),
        by_choice(Chosen.LOGS),
        {
            "user_id": _UNNAMED,
            "fingerprint": Held(kind=Kind.PRINT, of=("user_id",), erased=""),
            "request_id": Held(kind=Kind.NAMING, of=("user_id",)),
        },
    ),
    _entry(
        tables.blocks,
        N_("Blocks: of you, or by you"),
        Retention(
            Phrase("while it holds, then {rest}", rest=by_choice(Chosen.LOGS).says), Chosen.LOGS
        ),
        {
            "user_id": _UNNAMED,
            "blocked_by": _ACTOR,
            "reason": Held(
                kind=Kind.WORDS,
                of=("user_id",),
                erased="",
                stays=lambda table, now: or_(table.c.until.is_(None), table.c.until > now),
            ),
        },
    ),
    _entry(
        tables.cases,
        N_("Reports and second looks that you asked for, or that were about you, or closed by you"),
        Retention(
            Phrase(
                "what was written {days} days, the rest {rest}",
                days=keep.CASE_TEXT.days,
                rest=by_choice(Chosen.LOGS).says,
            ),
            Chosen.LOGS,
        ),
        {
            "user_id": Held(kind=Kind.OWNER, fate=Fate.DELETE, hidden_from="about_id"),
            "about_id": _UNNAMED,
            "closed_by": _ACTOR,
            "locale": Held(hidden_from="about_id"),
            "text": Held(
                kind=Kind.WORDS,
                of=("about_id",),
                erased="",
                stays=lambda table, _now: table.c.state == "open",
                hidden_from="about_id",
            ),
        },
    ),
    _entry(
        tables.words,
        N_("Words that you put on a server's list"),
        UNTIL_PURGE,
        {"added_by": _ACTOR, "text": _WORDS},
    ),
    _entry(
        tables.audit,
        N_("What you changed on a server, and changes that name you"),
        by_choice(Chosen.LOGS),
        {"user_id": _ACTOR, "target": _NAMING, "before": _NAMING, "after": _NAMING},
    ),
    _entry(
        tables.erasures,
        N_("What stands in for you where your data was deleted and a limit or block still holds"),
        Retention(Phrase("until the limit's window or the block ends")),
        {"person": _PRINT},
        told=False,
    ),
    _entry(tables.guilds, N_("A server's settings"), UNTIL_PURGE, {}, told=False),
    _entry(
        tables.notices,
        N_("Which notices a server got already"),
        keep.days(keep.NOTICES),
        {},
        told=False,
    ),
    _entry(
        tables.buckets,
        N_("How fast the picture service and Discord may be asked"),
        Retention(Phrase("until it is overwritten")),
        {},
        told=False,
    ),
    _entry(
        tables.departures,
        N_("Which servers removed Easel, and when"),
        UNTIL_PURGE,
        {},
        told=False,
    ),
    _entry(
        tables.erasing,
        N_("A mark that stands only while something is erased"),
        Retention(Phrase("less than a second")),
        {},
        told=False,
    ),
)
"""Every table, in the order in which members' rows are erased: the ledger after what it finds."""


def is_json(column: Column[Any]) -> bool:
    """Whether *column* holds JSON."""
    return isinstance(column.type, Json)
