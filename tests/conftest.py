"""For all tests: three rules, and the databases.

Where REQUIRE_ALL is set, nothing may be skipped. What is said must be in the catalogues. And what
was compiled is kept, whatever the environment says: a run starts a thousand processes, and half of
their time would be compiling.
"""

import os
import sys
from collections.abc import Generator, Sequence
from zlib import crc32

import pytest

from tests.catalogue import watched
from tests.fakes.steady.npm import MissingError
from tests.hostile_texts import naughty
from tests.migrated import KINDS, on_postgresql
from tests.postgres import NoPostgresql, Postgresql, running
from tests.workers import KeptCrew

os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False


def _refuse_skip(report: pytest.TestReport | pytest.CollectReport) -> None:
    expected = hasattr(report, "wasxfail")
    if report.skipped and not expected and os.environ.get("REQUIRE_ALL"):
        report.outcome = "failed"
        report.longrepr = f"REQUIRE_ALL is set, but this was skipped: {report.longrepr}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    _refuse_skip(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    _refuse_skip(report)
    return report


@pytest.fixture(autouse=True)
def unknown_words() -> Generator[set[str]]:
    """Fail where something is said that no catalogue can have."""
    with watched() as unknown:
        yield unknown
    assert not unknown, "mark these with N_ where they stand, then run `make format`"


@pytest.fixture(scope="session")
def postgresql() -> Generator[Postgresql]:
    """A server of this session's own. Where there is none the test is skipped, if it may be."""
    try:
        with running() as server:
            yield server
    except NoPostgresql as error:
        if os.environ.get("REQUIRE_PG"):
            pytest.fail(f"REQUIRE_PG is set, but {error}")
        pytest.skip(str(error))


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--database",
        choices=[*KINDS, "both", "shared"],
        default="shared",
        help="what is tested on; shared: all but the tests of the whole bot on both, these on one",
    )


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    chosen = [mark.args[0] for mark in metafunc.definition.iter_markers("parametrize")]
    if "database_kind" in metafunc.fixturenames and "database_kind" not in chosen:
        kinds = _kinds(str(metafunc.config.getoption("database")), metafunc)
        metafunc.parametrize("database_kind", kinds, indirect=True)


def _kinds(wanted: str, metafunc: pytest.Metafunc) -> Sequence[str]:
    """Return on which databases a test runs.

    The tests of the whole bot in Discord share the two out among them, by their names: what they
    are about lies above the database, and they are half of the suite's time.
    """
    if wanted in KINDS:
        return [wanted]
    both = wanted == "both" or metafunc.definition.get_closest_marker("both_databases")
    if both or "world" not in metafunc.fixturenames:
        return KINDS
    name = metafunc.definition.nodeid.partition("[")[0]
    return [KINDS[crc32(name.encode()) % len(KINDS)]]


@pytest.fixture
def database_kind(request: pytest.FixtureRequest) -> Generator[str]:
    """Which kind of database this run of the test is on."""
    if request.param == "sqlite":
        yield request.param
        return
    server: Postgresql = request.getfixturevalue("postgresql")
    with on_postgresql(server):
        yield request.param


@pytest.fixture
def postgresql_url(postgresql: Postgresql) -> Generator[str]:
    """The address of a migrated database."""
    with postgresql.database() as url:
        yield url


@pytest.fixture(scope="session")
def naughty_strings() -> list[str]:
    """The Big List of Naughty Strings. Where it cannot be had the test is skipped, if it may be."""
    try:
        return naughty()
    except MissingError as error:
        pytest.skip(str(error))


@pytest.fixture
def kept_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let image workers go from test to test, where their start is not the point."""
    monkeypatch.setattr("bot.imaging.pool.Crew", KeptCrew)
