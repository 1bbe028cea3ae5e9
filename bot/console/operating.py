"""`easel top`, `easel jobs` and `easel stops`: looking at a running Easel, and a hand in it."""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial

import click

from bot.console.environment import database_url, settings
from bot.domain.errors import SetupError
from bot.domain.jobs import Job
from bot.domain.money import dollars

ADDRESSES = click.argument("addresses", nargs=-1, metavar="[HOST:PORT]...")


@click.command()
@ADDRESSES
@click.option("--every", type=click.FloatRange(0.2, 60), default=2.0, help="Seconds between looks.")
@click.option("--times", type=click.IntRange(1), help="End after so many looks.")
def top(addresses: Sequence[str], every: float, times: int | None) -> None:
    """Watch queue, rates, money and health of one Easel, or of several added up."""
    from bot.console import pages
    from bot.console.top import Watched, watch

    try:
        watch(Watched(pages.addresses(settings(), addresses), every, times))
    except KeyboardInterrupt:
        return


@click.group()
def jobs() -> None:
    """Look at requests that have not ended, at one of them, or cancel it."""


@jobs.command("list")
def list_jobs() -> None:
    """List every request without a final state, oldest first; Easel may run or not."""
    from bot.storage import jobs as storage
    from bot.storage.looking import look

    found = look(database_url(), storage.unfinished)
    for job in found:
        click.echo(_line(job))
    click.echo(f"{len(found)} have not ended." if found else "Nothing is open.")


@jobs.command()
@click.argument("code")
def show(code: str) -> None:
    """Show what is stored of the request CODE, but not what was written in it."""
    from bot.storage import jobs as storage
    from bot.storage.looking import look

    url = database_url()
    job = look(url, partial(storage.by_code, code=code.removeprefix("#")))
    if job is None:
        raise SetupError(f"There is no request {code}.")
    for name, value in _told(job).items():
        click.echo(f"{name:<20}{value}")


@jobs.command()
@click.argument("code")
@click.argument("address", required=False, metavar="[HOST:PORT]")
def cancel(code: str, address: str | None) -> None:
    """Cancel the request CODE, which waits or is being prepared, in the Easel that runs."""
    from bot.console import pages

    at = pages.addresses(settings(), [address] if address else ())[0]
    code = code.removeprefix("#")
    try:
        pages.ask(at, f"/desk/jobs/{code}/cancel", post=True)
    except pages.Refused as refused:
        raise SetupError(_REFUSED[str(refused)].format(code=code)) from None
    click.echo(f"#{code} is cancelled; what it held is given back and its asker is told.")


_REFUSED = {
    "NotInQueue": "#{code} neither waits nor is it being prepared there; see `easel jobs list`.",
    "AlreadyBegun": "The picture service was asked for #{code} already; it cannot be cancelled.",
}


@click.group()
def stops() -> None:
    """See why the picture service is not asked, and let the next request try at once."""


@stops.command("list")
@ADDRESSES
def list_stops(addresses: Sequence[str]) -> None:
    """List what is stopped, since when, and why."""
    from bot.console import pages

    for address in pages.addresses(settings(), addresses):
        found = pages.ask(address, "/desk/stops")
        for stop in found:
            model = f" of {stop['model']}" if stop["model"] else ""
            minutes = stop["since"] / 60
            click.echo(f"{address}: {stop['cause']}{model}, {minutes:.0f} min: {stop['operator']}")
        if not found:
            click.echo(f"{address}: the picture service is asked as usual.")


@stops.command()
@ADDRESSES
def retry(addresses: Sequence[str]) -> None:
    """End the pauses now: the next request finds out whether the service answers again."""
    from bot.console import pages

    for address in pages.addresses(settings(), addresses):
        tried = pages.ask(address, "/desk/stops/retry", post=True)["tried"]
        said = f"{tried} may be tried by the next request" if tried else "nothing was stopped"
        click.echo(f"{address}: {said}.")


COMMANDS = (top, jobs, stops)


def _line(job: Job) -> str:
    age = (datetime.now(UTC) - job.created_at).total_seconds() / 60
    where = f"server {job.guild_id}, member {job.user_id}"
    return f"#{job.code}  {job.state:<8} {age:5.0f} min  /{job.command}  {job.model}  {where}"


def _told(job: Job) -> dict[str, object]:
    return {
        "code": f"#{job.code}",
        "state": job.state,
        "command": f"/{job.command}",
        "model": job.model,
        "pictures": f"{job.made} of {job.count}",
        "server": job.guild_id,
        "channel": job.channel_id,
        "member": job.user_id,
        "booked": dollars(job.estimate_micros),
        "cost": "open" if job.cost_micros is None else dollars(job.cost_micros),
        "asked": _at(job.created_at),
        "service asked": _at(job.calling_at),
        "made": _at(job.made_at),
        "shown": _at(job.delivered_at),
        "ended": _at(job.finished_at),
    }


def _at(instant: datetime | None) -> str:
    return "-" if instant is None else instant.strftime("%Y-%m-%d %H:%M:%S UTC")
