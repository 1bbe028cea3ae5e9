"""Everything that can go wrong and that a person can understand, in our own words.

A `UserError` carries a message and its values, never a finished sentence: `bot.ui.words`
translates and fills it. Anything else that is raised is a bug.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import ClassVar

from bot.domain.blocks import Strikes
from bot.domain.messages import N_, OPTION, Counted, Name, Phrase

NO_SCORES: Mapping[str, float] = MappingProxyType({})


class Cost(StrEnum):
    """What a failure cost the asker; every refusal of what could cost something says it."""

    NOT_ASKED = "not asked"
    NOTHING = "nothing"
    UNKNOWN = "unknown"
    CHARGED = "charged"


class UserError(Exception):
    """Something the asker can understand and act on.

    Attributes:
        message: what happened, with ``{named}`` places that *values* fill.
        tip: what to do next, with the same places.
        cost: what it cost; whoever ends a request sets it to what the books say.
    """

    message: ClassVar[str] = "That did not work."
    tip: ClassVar[str] = "Try again in a moment."
    cost: Cost = Cost.NOTHING

    def __init__(self, **values: object) -> None:
        super().__init__(self.message)
        self.values = values

    @property
    def said(self) -> Mapping[str, object]:
        """What fills the places: the values, in words where they are none."""
        return self.values


# --- free checks, before anything is booked ---------------------------------------------------


class NotYours(UserError):
    cost = Cost.NOT_ASKED
    message = "These buttons belong to the person who asked for this."
    tip = "Make your own with {command}."


class OthersRequest(UserError):
    cost = Cost.NOT_ASKED
    message = "That request is somebody else's."
    tip = "What is not private is where it was posted; `/history` shows your own."


class NotOurs(UserError):
    cost = Cost.NOT_ASKED
    message = "This is not a result of Easel's."
    tip = "Choose the command on a message with a picture that Easel made."


class ModeratorsOnly(UserError):
    cost = Cost.NOT_ASKED
    message = "This is for people with the Manage Messages permission."
    tip = "Ask someone who moderates this server."


class NoPicture(UserError):
    cost = Cost.NOT_ASKED
    message = "There is no picture in this message."
    tip = "Choose the command on a message that shows one."


class CannotPost(UserError):
    cost = Cost.NOT_ASKED
    message = "Easel may not post pictures in this channel; it lacks: {missing}."
    tip = "Ask someone who runs this server to allow it, and press again."


class CannotChange(UserError):
    cost = Cost.NOT_ASKED
    message = "Discord did not let Easel change this message; it may be gone, or private."
    tip = "Look whether it is still there."


class ServersOnly(UserError):
    cost = Cost.NOT_ASKED
    message = "Easel works on servers only, where the server's limits and budget hold."
    tip = "Ask in a channel of a server that has Easel."


class ManagersOnly(UserError):
    cost = Cost.NOT_ASKED
    message = "This is for people with the Manage Server permission."
    tip = "Ask someone who runs this server."


class ChannelClosed(UserError):
    message = "Pictures are not made in this channel."
    tip = "Try one of these: {channels}."


class RoleMissing(UserError):
    message = "Making pictures here needs one of these roles: {roles}."
    tip = "Ask someone who runs this server."


class BadOption(UserError):
    """*problem* is the rest of a sentence, without its full stop."""

    message = "{option}: {problem}."
    tip = "Change it and ask again."

    def __init__(self, *, option: str, problem: Phrase) -> None:
        super().__init__(option=Name(OPTION, option), problem=problem)
        self.problem = problem


class ChangedMeanwhile(UserError):
    cost = Cost.NOT_ASKED
    message = "Somebody changed this meanwhile, so nothing was overwritten."
    tip = "Look at it again."


class PromptTooLong(UserError):
    message = "Your prompt has {length} characters; this model reads at most {limit}."
    tip = "Shorten it and ask again."


class NotSupported(UserError):
    message = "{model} cannot do that ({feature})."
    tip = "Leave that option out, or choose another model."


class Blocked(UserError):
    message = "You may not make pictures on this server: you are blocked until {until}."
    tip = "Ask someone who moderates this server if you think that is a mistake."


class BlockedForGood(Blocked):
    message = "You may not make pictures on this server until a moderator lifts your block."


class BlockedBecause(Blocked):
    message = "You may not make pictures on this server until {until}: “{reason}”."


class BlockedForGoodBecause(Blocked):
    message = "You may not make pictures on this server until a moderator lifts it: “{reason}”."


class TooManyAtOnce(UserError):
    """*limit* is how many requests may run at once."""

    message = "You already have {requests} running here."
    tip = "Wait for one to finish, then ask again."

    @property
    def said(self) -> Mapping[str, object]:
        """What fills the places: the limit with its noun."""
        limit = self.values.get("limit")
        if not isinstance(limit, int):
            return self.values
        return {**self.values, "requests": Counted("{count} request", "{count} requests", limit)}


class TooManyAtOnceHere(TooManyAtOnce):
    message = "{whose} of {requests} at once is reached."


class QuotaDenied(UserError):
    message = "{who}: a manager of this server has decided so."
    tip = "Ask someone who runs this server."


@dataclass(frozen=True, slots=True, kw_only=True)
class Needed:
    """What a refused request would have been, and cost at most in micro-dollars."""

    command: str
    pictures: int
    quality: str | None
    micros: int


class QuotaFull(UserError):
    """*unit* is pictures, requests or dollars; *used*, *in_flight* and *limit* are in that unit.

    Attributes:
        needed: what was refused, where the refusal comes from a request.
    """

    message = (
        "{whose} is {limit} {spoken}: {used} used, {in_flight} in flight, {left} left; "
        "this needs {asked}."
    )
    tip = "It resets {resets}."
    needed: "Needed | None" = None


class AlreadyAnswered(UserError):
    message = "This was answered already, or it has expired."
    tip = "Ask again if you still want it."


class PriceChanged(UserError):
    message = "It would cost {now} by now, and not {before}."
    tip = "Ask again to see the new price."


class WishAnswered(UserError):
    cost = Cost.NOT_ASKED
    message = "Somebody answered this already, or it has expired."
    tip = "See what was given with `/quota list`."


class RollingFull(QuotaFull):
    """Part of it comes back at a time: enough for the request at *resets*."""

    tip = "Enough of it is free again {resets}."


class QuotaUsedUp(QuotaFull):
    """What never starts anew, or waits for nothing but what runs."""

    tip = "Ask someone who runs this server for more."


class NoEntry(UserError):
    cost = Cost.NOT_ASKED
    message = "“{text}” cannot be on the list, so nothing was added."
    tip = "Write words of two letters or more, at most {most} characters an entry."


class CaseClosed(UserError):
    cost = Cost.NOT_ASKED
    message = "Somebody has dealt with this already."
    tip = "`/modlog` shows how."


class NoLogChannel(UserError):
    cost = Cost.NOT_ASKED
    message = "Easel could not reach the people who moderate this server."
    tip = "Write to one of them; a manager can choose a log channel with `/settings panel`."


class NoSuchGrant(UserError):
    cost = Cost.NOT_ASKED
    message = "There is no grant {id} here that something is left of."
    tip = "`/quota grants` shows those that there are."


class GiftsOff(UserError):
    cost = Cost.NOT_ASKED
    message = "This server does not let members give grants on."
    tip = "A manager can allow it with `/settings set gifts`."


class NothingToGive(UserError):
    cost = Cost.NOT_ASKED
    message = "You can give away {left}; this is {asked}."
    tip = "Only grants that are your own can be given on; `/quota show` lists them."


class Closing(UserError):
    message = "Easel is being restarted."
    tip = "Ask again in a minute."


class TooBusy(UserError):
    message = "Easel has more requests than it can take just now."
    tip = "Ask again in a minute."


class Cancelled(UserError):
    message = "Your request {code} was cancelled, as you wished."
    tip = "Ask again whenever you like."


class CancelledByManager(UserError):
    message = "Your request {code} was cancelled by the people who run this server."
    tip = "Ask them why, or ask for another picture."


class NotInQueue(UserError):
    cost = Cost.NOT_ASKED
    message = "No request {code} is waiting here."
    tip = "See what is waiting with `/queue show`."


class AlreadyBegun(UserError):
    cost = Cost.NOT_ASKED
    message = "The request {code} has begun, so it cannot be cancelled: it would be billed anyway."
    tip = "Wait a moment for its pictures."


class StorageBusy(UserError):
    message = "Easel could not write to its database just now."
    tip = "Ask again in a minute; tell the people who run this bot if it stays."


class NoSuchJob(UserError):
    message = "There is no request {code} on this server, or its details have been erased."
    tip = "Make a new one with {command}."


class DeliveryFailed(UserError):
    message = "The pictures are made, but could not be posted here."
    tip = "Ask someone who runs this server to let Easel send messages and files here."
    cost = Cost.UNKNOWN


class Undelivered(UserError):
    """The pictures could not be shown, now; they are kept for a while."""

    cost = Cost.NOT_ASKED
    message = "The pictures are made, but could not be posted here."
    tip = "They are kept for 24 hours: get them with `/show code:{code}`."


class Interrupted(UserError):
    """Easel ended while the picture service was at work; nobody knows what became of it."""

    cost = Cost.UNKNOWN
    message = "Easel was restarted while this was being made, and what was made is lost."
    tip = "Your allowance was given back; ask again."


class NotResumed(UserError):
    message = "Easel was away, and this request could not be made in time."
    tip = "Ask again."


class NothingKept(UserError):
    cost = Cost.NOT_ASKED
    message = "There are no pictures kept for you under {code}."
    tip = "What was posted stays in its channel; what was not is kept for 24 hours."


# --- pictures that people give us -------------------------------------------------------------


_YOURS: Mapping[object, str] = {
    "picture": N_("Your picture"),
    "mask": N_("Your mask"),
    "drawing": N_("Your drawing"),
}


_SIZES: Mapping[object, str] = {"more": N_("more")}


class PictureError(UserError):
    """A picture that cannot be used; *what* is "picture", "mask" or "drawing"."""

    message = "{what} could not be used."
    tip = "Send a JPEG, PNG, WebP or GIF picture."

    @property
    def said(self) -> Mapping[str, object]:
        """What fills the places: the file as its sender's."""
        words = {"what": _YOURS, "size": _SIZES}
        return {
            name: Phrase(words[name][value]) if value in words.get(name, ()) else value
            for name, value in self.values.items()
        }


class EmptyPicture(PictureError):
    message = "{what} is an empty file."


class NotAPicture(PictureError):
    message = "{what} is not a picture that Easel knows."


class HeicPicture(PictureError):
    message = "{what} is an HEIC picture, which this Easel cannot open."
    tip = (
        "Save or share it as JPEG and send that. "
        "On an iPhone: Settings > Camera > Formats > Most Compatible."
    )


class DamagedPicture(PictureError):
    message = "{what} is damaged and could not be opened."
    tip = "Save it again as PNG or JPEG and send that."


class PictureTooLarge(PictureError):
    """*size* and *limit* are in pixels or bytes, with their unit."""

    message = "{what} is too large: {size}, where at most {limit} is possible."
    tip = "Make it smaller and send it again."


class PictureTooHeavy(PictureError):
    message = "{what} takes too long to open."
    tip = "Save it again as an ordinary PNG or JPEG and send that."


class MaskSelectsNothing(PictureError):
    message = "The mask selects nothing, so there is nothing to change."
    tip = "Paint the part to change white or make it transparent, or name a region."


class MaskSelectsAll(PictureError):
    message = "The mask selects the whole picture."
    tip = "Leave the mask out to change everything."


class MarkupEmpty(PictureError):
    message = "Your drawing shows nothing on the picture."
    tip = "Draw on a copy of the picture, or on a transparent one of its size, and send that."


class MarkupCoversAll(PictureError):
    message = "Your drawing covers the whole picture."
    tip = "Draw on a copy of the picture, or leave transparent what should be seen, and send that."


class DownloadFailed(PictureError):
    message = "{what} could not be fetched from Discord."
    tip = "Upload it again."


class Elsewhere(DownloadFailed):
    message = "{what} is on another site, and Easel fetches from Discord only."
    tip = "Save it and upload it here."


# --- the picture makers -----------------------------------------------------------------------


class Billed(StrEnum):
    """Whether the provider may charge for a failed call."""

    NO = "no"
    MAYBE = "maybe"
    YES = "yes"


class ProviderError(UserError):
    """A picture maker failed. No vendor text is in it; *request_id* finds the call at the vendor.

    Attributes:
        billed: whether the call may have been charged for.
        retry: whether the call surely did not run, so that asking again is safe.
        operator: what the operator should read in the log, or empty.
        refused: what was declined beside this, by parallel calls of the same request.
    """

    billed: ClassVar[Billed] = Billed.NO
    retry: ClassVar[bool] = False
    refused: "tuple[ContentRefused, ...]" = ()

    def __init__(
        self, *, request_id: str | None = None, operator: str = "", **values: object
    ) -> None:
        super().__init__(**values)
        self.request_id = request_id
        self.operator = operator


WORD_LIST = "word list"
"""The category of what a server's own word list declines."""


_STAGES: Mapping[str, str] = {
    "input": N_("what was asked"),
    "output": N_("what was made"),
    "unknown": N_("it did not say why"),
}


class ContentRefused(ProviderError):
    """The vendor's safety system said no. *stage* is input, output or unknown.

    Attributes:
        source: who declined, as the moderation log says it.
        scores: by category how sure the pre-check was, 0 to 1; the vendor does not tell.
        code: the request's, once it is in the books.
        pictures: whether the request brought pictures.
        strikes: how often this member was declined of late, where the server counts that.
    """

    message = "The picture service declined this request ({reason})."
    tip = "Change the words or the picture and ask again."
    source: ClassVar[str] = "vendor"
    code = ""
    pictures = False
    strikes: Strikes | None = None

    def __init__(
        self,
        *,
        stage: str,
        categories: tuple[str, ...] = (),
        scores: Mapping[str, float] = NO_SCORES,
        request_id: str | None = None,
    ) -> None:
        reason = ", ".join(categories) or Phrase(_STAGES.get(stage, stage))
        super().__init__(request_id=request_id, reason=reason)
        self.stage = stage
        self.categories = categories
        self.scores = scores


class PrecheckRefused(ContentRefused):
    """This server's own check said no before the picture service was asked."""

    message = "This server's content check declined this request ({reason})."
    source = "server"


class WordsRefused(ContentRefused):
    """The prompt has *entry*, which this server's word list names; nothing was booked."""

    message = "This server does not make pictures about “{entry}”."
    tip = "Leave that out and ask again."
    source = "words"

    def __init__(self, entry: str) -> None:
        super().__init__(stage="input", categories=(WORD_LIST,))
        self.entry = entry
        self.values["entry"] = entry


class PictureRejected(ProviderError):
    message = "The picture service could not use your picture."
    tip = "Save it again as PNG and send that."


class ParameterRejected(ProviderError):
    message = "The picture service does not take this combination of options."
    tip = "Leave the options out and ask again; tell the people who run this bot if it stays."


class ProviderBusy(ProviderError):
    """*retry_after* is in seconds, or None where the vendor did not say."""

    message = "The picture service is busy."
    tip = "Ask again in a minute."
    retry = True

    def __init__(self, *, retry_after: float | None = None, request_id: str | None = None) -> None:
        super().__init__(request_id=request_id)
        self.retry_after = retry_after


class OutOfBudget(ProviderError):
    message = "The bot's budget at the picture service is used up."
    tip = "The people who run this bot have been told."


class NotSetUp(ProviderError):
    message = "The picture service does not accept this bot's set-up."
    tip = "Tell the people who run this bot; `easel doctor` names the cause."


class ModelGone(ProviderError):
    message = "The model {model} is not available."
    tip = "Choose another model, or tell the people who run this bot."


class ProviderUnreachable(ProviderError):
    """No connection: the call surely did not run."""

    message = "The picture service could not be reached."
    tip = "Ask again in a minute."
    retry = True


class ProviderFailed(ProviderError):
    """A plain failure on the vendor's side that it does not charge for."""

    message = "The picture service had a failure of its own."
    tip = "Ask again in a minute."


class MaybeBilled(ProviderError):
    """No answer came, and the call may have run."""

    message = "The picture service did not answer in time."
    tip = "Your allowance was given back; ask again."
    cost = Cost.UNKNOWN
    billed = Billed.MAYBE


class NonsenseAnswer(ProviderError):
    """The call ran and what came back is not a usable picture."""

    message = "The picture service sent something that is not a picture."
    tip = "Your allowance was given back; ask again."
    cost = Cost.UNKNOWN
    billed = Billed.YES


_WORK: Mapping[object, str] = {
    "generate": N_("make pictures from words"),
    "edit": N_("edit pictures"),
    "vary": N_("vary pictures"),
}


class OperationMissing(ProviderError):
    """The server does not have this endpoint (404, 405 or 410)."""

    message = "The picture service cannot {operation}."
    tip = "Ask the people who run this bot."

    @property
    def said(self) -> Mapping[str, object]:
        """What fills the places: what cannot be done, in words."""
        operation = self.values.get("operation")
        return {"operation": Phrase(_WORK[operation]) if operation in _WORK else operation}


class ProviderPaused(ProviderError):
    """It failed several times in a row, so nobody is asked for a while."""

    message = "The picture service failed several times in a row, so Easel is not asking it now."
    tip = "Ask again in a few minutes; the people who run this bot have been told."


class ModerationUnavailable(ProviderError):
    """Words or a picture could not be checked, whatever the cause; asking costs nothing.

    Attributes:
        lasting: whether it stays so until the operator acts, so that telling once is enough.
    """

    message = "The content check that this server asks for could not be made."
    tip = "Ask again in a minute; tell the people who run this bot if it stays."

    def __init__(
        self, *, operator: str, lasting: bool = False, request_id: str | None = None
    ) -> None:
        super().__init__(request_id=request_id, operator=operator)
        self.lasting = lasting


# --- privacy ----------------------------------------------------------------------------------


class StillRunning(UserError):
    message = "Nothing was deleted: your request {code} has not come to its end yet."
    cost = Cost.NOT_ASKED
    tip = (
        "Wait until it is shown or stop it with its button, then try again. A picture that could "
        "not be posted is kept for 24 hours at most; `/show` posts it."
    )


# --- starting and running ---------------------------------------------------------------------


class SetupError(Exception):
    """Easel cannot start. The text is one plain sentence with its cure; the exit code is 78."""


class DatabaseInUse(SetupError):
    """Another Easel holds the database; for the doctor that is no problem."""


class CallsStopped(Exception):
    """Discord refused too many calls, so none is made for some minutes; nobody can be told."""


class ShardsLost(Exception):
    """Others may have this process's shards by now. The text is plain; the exit code is 1."""

    def __init__(self) -> None:
        super().__init__(
            "The connection to PostgreSQL that holds this process's shards is gone, so it ended at "
            "once; start it again, it waits until its shards are free."
        )


class DiscordUnreachable(Exception):
    """Discord did not answer, or not as it should; it may later. The text is one sentence."""
