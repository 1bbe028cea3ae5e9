"""At which moments Easel is killed: one point for each boundary in the life of a request."""

import asyncio
from dataclasses import dataclass
from typing import Literal, TypeAlias

from tests.fakes.discord_faults import Fault
from tests.fakes.images_answers import Fault as ImagesFault
from tests.process.dying_bot import Moment, When
from tests.process.stage import Stage

CALLBACK = "POST /interactions/{interaction_id}/{token}/callback"
ORIGINAL = "PATCH /webhooks/{application_id}/{token}/messages/@original"
POST = "POST /channels/{channel_id}/messages"
FILE = "GET attachment"

TOKEN_DIES = (16 * 60.0,)
SOON = (0.0, 4 * 60.0)
AT_ONCE = (0.0,)
PAUSES = (0.0, 0.0, 4 * 60.0, 7 * 60.0, 16 * 60.0, 25 * 3600.0)
ALL = ("imagine", "edit", "vary")
WITH_PICTURE = ("edit", "vary")


class Held(asyncio.Event):
    """A gate that tells when somebody stands before it."""

    def __init__(self) -> None:
        super().__init__()
        self.reached = asyncio.Event()

    async def wait(self) -> Literal[True]:
        self.reached.set()
        return await super().wait()


@dataclass(frozen=True, slots=True)
class AtDiscord:
    """While a request at *route* is on its way: it took effect already, or never does."""

    route: str
    effect: bool

    def arm(self, stage: Stage) -> Held:
        held = Held()
        stage.discord.faults.on(self.route, Fault(status=500, after=self.effect, hold=held))
        return held


@dataclass(frozen=True, slots=True)
class AtImages:
    """While the picture service has the request, or has sent *half* of its answer."""

    half: bool = False

    def arm(self, stage: Stage) -> Held:
        held = Held()
        if self.half:
            held.set()
        fault = ImagesFault(gate=held, trickle=0.2 if self.half else None)
        stage.images.script(fault)
        return held


@dataclass(frozen=True, slots=True)
class Stopping:
    """After the signal to stop, while a request is still at the picture service."""

    def arm(self, stage: Stage) -> Held:
        return AtImages().arm(stage)


Death: TypeAlias = Moment | AtDiscord | AtImages | Stopping


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One moment at which it is killed, and if there are several *deaths*, the lives after it.

    Attributes:
        deaths: how each life but the last one ends.
        commands: which commands come by the first moment.
        pauses: seconds between two lives, of which the seed takes one.
        at_once: how many requests run together; None: the seed decides.
        fails: whether the picture service refuses what is asked.
        open: whether every way to the asker stays open.
    """

    name: str
    deaths: tuple[Death, ...]
    commands: tuple[str, ...] = ALL
    pauses: tuple[float, ...] = PAUSES
    at_once: int | None = None
    fails: bool = False
    open: bool = False


def _write(work: str, when: When) -> Moment:
    return Moment(what=work, when=when)


def _call(method: str, when: When) -> Moment:
    return Moment(what=method, when=when)


BOOKED = _write("Admission.book", "after")
CALLING = _write("Books.calling", "after")
MADE = _write("Books.made", "after")

POINTS = (
    Point(name="asked", deaths=(_write("Admission.book", "before"),)),
    Point(name="booking", deaths=(_write("Admission.book", "within"),)),
    Point(name="booked", deaths=(BOOKED,)),
    Point(name="deferring", deaths=(AtDiscord(CALLBACK, effect=False),)),
    Point(name="deferred", deaths=(AtDiscord(CALLBACK, effect=True),)),
    Point(
        name="waiting",
        deaths=(_call("bot.ui.stage:ReplyStage._try", "during"),),
        at_once=1,
    ),
    Point(name="downloading", deaths=(AtDiscord(FILE, effect=False),), commands=WITH_PICTURE),
    Point(
        name="imaging",
        deaths=(_call("bot.imaging.pool:Imaging.frame", "during"),),
        commands=WITH_PICTURE,
    ),
    Point(name="checked", deaths=(_call("bot.services.prechecks:Prechecks.look", "after"),)),
    Point(name="about to call", deaths=(_write("Books.calling", "within"),)),
    Point(name="calling", deaths=(CALLING,)),
    Point(name="called", deaths=(AtImages(),)),
    Point(name="half answered", deaths=(AtImages(half=True),)),
    Point(name="answered", deaths=(_write("Books.made", "before"),)),
    Point(name="storing", deaths=(_write("Books.made", "within"),)),
    Point(name="made", deaths=(MADE,)),
    Point(name="finishing", deaths=(_call("bot.imaging.pool:Imaging.finish_all", "during"),)),
    Point(name="editing", deaths=(AtDiscord(ORIGINAL, effect=False),), at_once=32),
    Point(name="edited", deaths=(AtDiscord(ORIGINAL, effect=True),), at_once=32),
    Point(name="about to settle", deaths=(_write("Books.done", "before"),)),
    Point(name="settling", deaths=(_write("Books.done", "within"),)),
    Point(name="settled", deaths=(_write("Books.done", "after"),)),
    Point(name="failing", deaths=(_write("Books._closing", "within"),), fails=True),
    Point(name="failed", deaths=(_write("Books._closing", "after"),), fails=True),
    Point(name="stopping", deaths=(Stopping(),)),
    Point(
        name="posting", deaths=(MADE, AtDiscord(POST, effect=False)), pauses=TOKEN_DIES, open=True
    ),
    Point(name="posted", deaths=(MADE, AtDiscord(POST, effect=True)), pauses=TOKEN_DIES, open=True),
    Point(
        name="recovering: read",
        deaths=(MADE, _call("bot.services.recovery:Recovery.left", "after")),
    ),
    Point(name="recovering: called", deaths=(BOOKED, CALLING), pauses=SOON),
    Point(name="recovering: made", deaths=(BOOKED, MADE), pauses=SOON),
    Point(
        name="recovering: edited", deaths=(MADE, AtDiscord(ORIGINAL, effect=True)), pauses=AT_ONCE
    ),
    Point(name="recovering: settling", deaths=(MADE, _write("Books.done", "within")), open=True),
    Point(
        name="recovering: telling",
        deaths=(CALLING, AtDiscord(ORIGINAL, effect=False)),
        pauses=AT_ONCE,
    ),
    Point(
        name="recovering: told", deaths=(CALLING, AtDiscord(ORIGINAL, effect=True)), pauses=AT_ONCE
    ),
    Point(
        name="recovering: told in the channel",
        deaths=(CALLING, AtDiscord(POST, effect=True)),
        pauses=TOKEN_DIES,
        open=True,
    ),
    Point(name="recovering: closing", deaths=(CALLING, _write("Books.interrupted", "within"))),
)
