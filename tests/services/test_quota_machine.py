"""A server's life, drawn by hypothesis: whatever happens, the books add up and limits hold.

A short form runs with the tests; `make quota-machine` runs two thousand lives.
"""

import os
import shutil
import tempfile
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    invariant,
    multiple,
    precondition,
    rule,
)

from bot.domain.errors import (
    NoSuchGrant,
    NothingToGive,
    QuotaDenied,
    QuotaFull,
    TooManyAtOnce,
    TooManyAtOnceHere,
    UserError,
)
from bot.domain.guild import GuildChoices
from bot.domain.quota import Effect, Grant, QuotaDefaults, Rule, Scope, Unit
from bot.domain.ruling import Whom, deciding, with_defaults
from bot.domain.windows import Clocks, Period, Rolling, Weekday, Window, span
from bot.providers.base import Price
from bot.services import quota_booking, quota_changes, quota_closing, quota_giving
from bot.services.quota import Claim
from bot.storage import guilds, rules
from bot.storage.check_ledger import differences
from bot.storage.database import Connection
from bot.storage.migrate import migrate
from bot.storage.sqlite_file import driver, writing_engine
from tests.services.quotas import BOSS, CENT, NOON, claim

RUNS = int(os.environ.get("QUOTA_MACHINE_RUNS", "8"))
STEPS = 40
SERVERS, ROOMS, MEMBERS, ROLES = (100, 101), (20, 21), (1, 2, 3), (10, 11)
LIMITS = QuotaDefaults(
    member_pictures_per_day=12,
    server_micros_per_month=60 * CENT,
    member_jobs_at_once=3,
    bot_micros_per_month=100 * CENT,
)
COUNTED = (Unit.PICTURES, Unit.REQUESTS, Unit.DOLLARS)
PERIODS: tuple[Period, ...] = (*Window, Rolling(1), Rolling(5), Rolling(48))
NAMES = {
    Scope.SERVER: (0,),
    Scope.EVERYONE: (0,),
    Scope.CHANNEL: ROOMS,
    Scope.ROLE: ROLES,
    Scope.MEMBER: MEMBERS,
}
REFUSALS = (QuotaDenied, QuotaFull, TooManyAtOnce, TooManyAtOnceHere)
CLOCKS = (Clocks(), Clocks("Asia/Tokyo", Weekday.SUNDAY, 5), Clocks("America/New_York"))


@dataclass
class Line:
    """What the machine itself remembers of a request, to judge by."""

    claim: Claim
    running: bool = True
    pictures: int = 0
    micros: int = 0

    def takes(self, unit: Unit) -> int:
        if self.running:
            return self.claim.amount(unit)
        spent = {Unit.PICTURES: self.pictures, Unit.DOLLARS: self.micros}
        return {**spent, Unit.REQUESTS: int(self.pictures > 0), Unit.JOBS: 0}[unit]


@st.composite
def limits(draw: st.DrawFn) -> Rule:
    scope = draw(st.sampled_from(list(NAMES)))
    unit = draw(st.sampled_from((*COUNTED, Unit.JOBS)))
    much = draw(st.integers(1 if unit is Unit.JOBS else 0, 15))
    return Rule(
        scope=scope,
        scope_id=draw(st.sampled_from(NAMES[scope])),
        unit=unit,
        window=None if unit is Unit.JOBS else draw(st.sampled_from(PERIODS)),
        amount=much * CENT if unit is Unit.DOLLARS else much,
    )


@st.composite
def effects(draw: st.DrawFn) -> Rule:
    denies = draw(st.integers(0, 3)) == 0
    scopes = list(NAMES) if denies else [Scope.EVERYONE, Scope.ROLE, Scope.MEMBER]
    scope = draw(st.sampled_from(scopes))
    return Rule(
        scope=scope,
        scope_id=draw(st.sampled_from(NAMES[scope])),
        unit=None if denies else draw(st.sampled_from((None, *COUNTED))),
        effect=Effect.DENY if denies else Effect.UNLIMITED,
    )


class Quotas(RuleBasedStateMachine):
    """Asks, answers, failures, time, changes of rules, grants, gifts and crashes."""

    begun: Bundle[Line] = Bundle("begun")
    given: Bundle[int] = Bundle("given")
    template: Path

    def __init__(self) -> None:
        super().__init__()
        self._directory = tempfile.TemporaryDirectory()
        self._path = Path(self._directory.name, "easel.db")
        shutil.copy(self.template, self._path)
        self._connect()
        self.now = NOON
        self.clocks = dict.fromkeys(SERVERS, CLOCKS[0])
        self.lines: list[Line] = []
        self.granted: list[Grant] = []
        for server in SERVERS:
            self._write(lambda c, s=server: self._choose(c, s))

    def teardown(self) -> None:
        self._connection.close()
        self._directory.cleanup()

    # --- what happens -------------------------------------------------------------------------

    @rule(
        target=begun,
        server=st.sampled_from((SERVERS[0], *SERVERS)),
        room=st.sampled_from(ROOMS),
        member=st.sampled_from(MEMBERS),
        roles=st.frozensets(st.sampled_from(ROLES)),
        pictures=st.integers(1, 4),
        cents=st.integers(0, 3),
    )
    def ask(
        self, server: int, room: int, member: int, roles: frozenset[int], pictures: int, cents: int
    ) -> Any:
        wanted = claim(
            guild_id=server,
            channel_id=room,
            user_id=member,
            role_ids=roles,
            pictures=pictures,
            micros=pictures * cents * CENT,
            at=self.now,
            clocks=self.clocks[server],
        )
        refused: UserError | None = None
        try:
            self._write(lambda c: quota_booking.book(c, wanted, LIMITS))
        except REFUSALS as error:
            refused = error
        if refused is not None:
            assert self._is_refused(wanted, refused), refused.values
            return multiple(*list[Line]())
        assert not self._must_be_refused(wanted)
        self.lines.append(line := Line(wanted))
        return line

    @rule(
        line=consumes(begun), made=st.integers(0, 4), cents=st.integers(0, 14), twice=st.booleans()
    )
    def settle(self, line: Line, made: int, cents: int, twice: bool) -> None:
        made, price = min(made, line.claim.pictures), Price(micros=cents * CENT)
        for _ in range(1 + twice):
            self._write(
                lambda c: quota_closing.settle(
                    c, line.claim.reference, pictures=made, price=price, at=self.now
                )
            )
        line.running, line.pictures, line.micros = False, made, price.micros

    @rule(line=consumes(begun), twice=st.booleans())
    def release(self, line: Line, twice: bool) -> None:
        for _ in range(1 + twice):
            self._write(lambda c: quota_closing.release(c, line.claim.reference, self.now))
        line.running = False

    @rule(line=consumes(begun), then_settled=st.booleans())
    def mark_unknown(self, line: Line, then_settled: bool) -> None:
        self._write(lambda c: quota_closing.mark_unknown(c, line.claim.reference, self.now))
        if then_settled:
            paid = Price(micros=9 * CENT)
            reference = line.claim.reference
            self._write(
                lambda c: quota_closing.settle(c, reference, pictures=1, price=paid, at=self.now)
            )
        line.running, line.micros = False, line.claim.micros

    @rule(minutes=st.sampled_from((0, 1, 7, 60, 300, 1440, 10_000)))
    def time_passes(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes, milliseconds=1)

    @rule(new=limits() | limits() | effects())
    def set_rule(self, new: Rule) -> None:
        checked = quota_changes.checked(new)
        server = SERVERS[0]
        self._write(
            lambda c: quota_changes.set_rule(c, guild_id=server, rule=checked, by=BOSS, at=self.now)
        )

    @rule(data=st.data())
    def clear_rule(self, data: st.DataObject) -> None:
        known = self._read(lambda c: rules.of_guild(c, SERVERS[0]))
        if known:
            gone = data.draw(st.sampled_from(known))
            self._write(
                lambda c: quota_changes.clear_rule(
                    c, guild_id=SERVERS[0], rule=gone, by=BOSS, at=self.now
                )
            )

    @rule(server=st.sampled_from(SERVERS), clocks=st.sampled_from(CLOCKS))
    def change_clocks(self, server: int, clocks: Clocks) -> None:
        self.clocks[server] = clocks

    @rule(
        target=given,
        scope=st.sampled_from((Scope.SERVER, Scope.ROLE, Scope.MEMBER)),
        unit=st.sampled_from((Unit.PICTURES, Unit.DOLLARS)),
        amount=st.integers(1, 9),
        days=st.sampled_from((None, 1, 30)),
        data=st.data(),
    )
    def grant(self, scope: Scope, unit: Unit, amount: int, days: int | None, data: Any) -> int:
        new = Grant(
            id=0,
            scope=scope,
            scope_id=data.draw(st.sampled_from(NAMES[scope])),
            unit=unit,
            amount=amount * CENT if unit is Unit.DOLLARS else amount,
            used=0,
            in_flight=0,
            expires_at=None if days is None else self.now + timedelta(days=days),
            reason="luck",
            granted_at=self.now,
            granted_by=BOSS,
        )
        made = self._write(lambda c: quota_giving.give(c, guild_id=SERVERS[0], grant=new))
        self.granted.append(made)
        return made.id

    @rule(which=consumes(given))
    def revoke(self, which: int) -> None:
        try:
            self._write(
                lambda c: quota_giving.revoke(
                    c, guild_id=SERVERS[0], grant_id=which, by=BOSS, at=self.now
                )
            )
        except NoSuchGrant:
            raise AssertionError(which) from None

    @rule(giver=st.sampled_from(MEMBERS), to=st.sampled_from(MEMBERS), amount=st.integers(1, 4))
    def gift(self, giver: int, to: int, amount: int) -> None:
        if giver == to:
            return
        new = Grant(
            id=0,
            scope=Scope.MEMBER,
            scope_id=to,
            unit=Unit.PICTURES,
            amount=amount,
            used=0,
            in_flight=0,
            expires_at=None,
            reason="",
            granted_at=self.now,
            granted_by=giver,
        )
        try:
            parts = self._write(lambda c: quota_giving.pass_on(c, guild_id=SERVERS[0], gift=new))
        except NothingToGive:
            return
        self.granted += parts

    @precondition(lambda self: any(line.running for line in self.lines))
    @rule()
    def crash(self) -> None:
        """The process dies while it books; what was committed before is there afterwards."""
        wanted = claim(guild_id=SERVERS[0], at=self.now, clocks=self.clocks[SERVERS[0]], micros=0)
        self._connection.begin()
        with suppress(*REFUSALS):
            quota_booking.book(self._connection, wanted, LIMITS)
        driver(self._connection).close()
        self._connection.invalidate()
        self._connection.close()
        self._connect()

    # --- what holds ---------------------------------------------------------------------------

    @invariant()
    def the_books_add_up(self) -> None:
        assert self._read(differences) == []

    @invariant()
    def no_more_is_taken_than_was_given(self) -> None:
        wrong = """SELECT id FROM grants WHERE used < 0 OR reserved < 0 OR passed_on < 0
            OR used + reserved + passed_on > amount"""
        found = self._read(lambda c: c.exec_driver_sql(wrong).all())
        assert found == []

    # --- judging by what the machine itself remembers -----------------------------------------

    def _is_refused(self, wanted: Claim, refusal: UserError) -> bool:
        """Whether there is a reason: more than a limit, not counting that grants may bear some."""
        ruling = self._ruling(wanted)
        if isinstance(refusal, QuotaDenied):
            return ruling.denied is not None
        return any(self._taken(each, wanted) > each.amount for each in ruling.limits)

    def _must_be_refused(self, wanted: Claim) -> bool:
        """Whether it is denied, or what a limit has no room for is more than all grants ever were.

        What went over a limit before, since it was set later or a call cost more than was held, is
        no grant's to bear.
        """
        ruling = self._ruling(wanted)
        return ruling.denied is not None or any(
            self._lacking(each, wanted) > self._extra(each, wanted) for each in ruling.limits
        )

    def _lacking(self, each: Rule, wanted: Claim) -> int:
        over = self._taken(each, wanted) - each.amount
        return min(max(0, over), wanted.amount(each.unit or Unit.PICTURES))

    def _ruling(self, wanted: Claim) -> Any:
        own = self._read(lambda c: rules.of_guild(c, wanted.guild_id))
        whom = Whom(wanted.user_id, wanted.role_ids, wanted.channel_id)
        return deciding(with_defaults(own, LIMITS), whom)

    def _taken(self, each: Rule, wanted: Claim) -> int:
        unit = each.unit or Unit.PICTURES
        others = (line for line in self.lines if self._counts(each, line, wanted))
        return wanted.amount(unit) + sum(line.takes(unit) for line in others)

    def _counts(self, each: Rule, line: Line, wanted: Claim) -> bool:
        theirs = line.claim
        same = {
            Scope.BOT: True,
            Scope.SERVER: theirs.guild_id == wanted.guild_id,
            Scope.CHANNEL: (theirs.guild_id, theirs.channel_id)
            == (wanted.guild_id, wanted.channel_id),
            Scope.MEMBER: (theirs.guild_id, theirs.user_id) == (wanted.guild_id, wanted.user_id),
        }[each.holder]
        return same and self._within(each, line, wanted)

    def _within(self, each: Rule, line: Line, wanted: Claim) -> bool:
        at = line.claim.at
        match each.window:
            case None:
                return line.running
            case Rolling() as rolling:
                return line.running or at > wanted.at - rolling.length
            case window:
                clocks = Clocks() if each.holder is Scope.BOT else wanted.clocks
                starts, ends = span(window, wanted.at, clocks)
                return starts <= at < ends

    def _extra(self, each: Rule, wanted: Claim) -> int:
        helps = {Scope.SERVER: {Scope.SERVER}, Scope.MEMBER: {Scope.MEMBER, Scope.ROLE}}
        return sum(
            grant.amount
            for grant in self.granted
            if wanted.guild_id == SERVERS[0]
            and grant.unit is each.unit
            and grant.scope in helps.get(each.holder, set())
        )

    # --- the database -------------------------------------------------------------------------

    def _connect(self) -> None:
        self._connection = writing_engine(self._path).connect()
        driver(self._connection).execute("PRAGMA synchronous=OFF")

    def _write(self, work: Callable[[Connection], Any]) -> Any:
        with self._connection.begin():
            return work(self._connection)

    def _read(self, work: Callable[[Connection], Any]) -> Any:
        return self._write(work)

    def _choose(self, connection: Connection, server: int) -> None:
        guilds.load_to_change(connection, server, self.now)
        guilds.save(connection, server, GuildChoices(gifts=True), self.now)


@contextmanager
def _template() -> Generator[Path]:
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory, "template.db")
        migrate(f"sqlite+aiosqlite:///{path}")
        yield path


@pytest.fixture(autouse=True, scope="module")
def template() -> Generator[None]:
    with _template() as path:
        Quotas.template = path
        yield


TestQuotas = Quotas.TestCase
TestQuotas.settings = settings(
    max_examples=RUNS,
    stateful_step_count=STEPS,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
