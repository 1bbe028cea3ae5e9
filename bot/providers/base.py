"""What a picture maker is: a Protocol, its requests, its answers and its capabilities."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Literal, Protocol

from bot.domain.asks import Strength
from bot.domain.errors import ContentRefused
from bot.domain.pictures import Size
from bot.domain.sizes import Sizes


class Operation(StrEnum):
    """What a model may be able to do."""

    GENERATE = "generate"
    EDIT = "edit"
    VARY = "vary"


VERBATIM_PREFIX = (
    "I NEED to test how the tool works with extremely simple prompts. "
    "DO NOT add any detail, just use it AS-IS:"
)
"""What keeps a model that rewrites prompts from doing so; it counts toward the prompt's length."""

VARY_INSTRUCTIONS = {
    Strength.SUBTLE: (
        "Make another version of this picture that stays very close to it: the same subject, "
        "composition, style and colours, with only small differences in detail."
    ),
    Strength.MEDIUM: (
        "Make another version of this picture: keep its subject, style and mood, and change "
        "the composition, the pose and the details."
    ),
    Strength.STRONG: (
        "Make a bold new picture inspired by this one: keep only its main idea, and change the "
        "composition, the setting, the colours and the style freely."
    ),
}
"""What a variation asks of a model that has edits but no variations."""

HINT_JOINT = "\n\n"


PNG = "image/png"


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What one model can do: commands, validation and prices read this and nothing else.

    Attributes:
        model: the model's name as the server knows it.
        operations: what it can do (an operation that is emulated counts).
        sizes: the sizes that it makes.
        qualities: accepted values, cheapest first; empty where the model has no such option.
        default_quality: the quality used when nobody chose one; None where there is none.
        styles, backgrounds: accepted values; empty where the model has no such option.
        max_count: pictures that one request of ours may ask for.
        max_prompt: characters.
        masks: whether a mask is sent to it.
        needs_mask: whether an edit without a mask changes what is transparent in the picture.
        markup: whether a drawing laid over the picture can guide an edit, in place of a mask.
        pictures: how many pictures one request may bring; 0 where it takes words only.
        input_sides: sides of the square that edits and variations may send, in pixels, ascending.
        input_types: media types of the pictures that it takes.
        input_bytes: each of them has fewer bytes than this.
        own_shape: whether it takes pictures that are not square.
        formats: file types that can be asked for; empty where the model has no such option.
        compressed: those of *formats* that take a compression, 0 to 100.
        transparent: those of *formats* that can be transparent.
        previews: how many pictures in the making one call can show; 0 where it cannot.
        strictness: whether it takes a moderation level.
        verbatim: whether the model rewrites prompts, so that the verbatim prefix has a meaning.
    """

    model: str
    operations: frozenset[Operation]
    sizes: Sizes
    qualities: tuple[str, ...] = ()
    default_quality: str | None = None
    styles: tuple[str, ...] = ()
    backgrounds: tuple[str, ...] = ()
    max_count: int = 4
    max_prompt: int = 32_000
    masks: bool = True
    needs_mask: bool = False
    markup: bool = False
    pictures: int = 1
    input_sides: tuple[int, ...] = (256, 512, 1024)
    input_types: tuple[str, ...] = (PNG,)
    input_bytes: int = 4_000_000
    own_shape: bool = False
    formats: tuple[str, ...] = ()
    compressed: tuple[str, ...] = ()
    transparent: tuple[str, ...] = ()
    previews: int = 0
    strictness: bool = False
    verbatim: bool = False

    def prompt_room(self, operation: Operation, *, verbatim: bool = False) -> int:
        """Return how many characters a person may write, after what Easel itself adds."""
        added = 0
        if operation is Operation.VARY:
            added = max(len(text) for text in VARY_INSTRUCTIONS.values()) + len(HINT_JOINT)
        elif verbatim and self.verbatim:
            added = len(VERBATIM_PREFIX) + 1
        return self.max_prompt - added


@dataclass(frozen=True, slots=True)
class InputPicture:
    """A picture that goes with a request; *media_type* is what its bytes are."""

    data: bytes = field(repr=False)
    media_type: str = PNG


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureRequest:
    """One call for pictures, complete: every default is applied, every option validated.

    Attributes:
        prompt: what to draw; for a variation an optional hint.
        images: what goes with the words: the first is edited or varied, the others are references
            (all of them are for `GENERATE`). A square RGBA PNG under 4,000,000 bytes, or what the
            model's capabilities allow.
        mask: a PNG of the first picture's dimensions; alpha 0 is what to repaint.
        markup: a transparent PNG of the first picture's dimensions, drawn over it as a guide.
        output_format: the file type asked for; None is the model's own (PNG).
        compression: 0 to 100, for a format that takes one.
        previews: pictures in the making that are wanted; each may cost.
        strictness: the moderation level, where the model has one.
        member: a keyed hash of the asker, never an id.
        seed: makes `sketch` repeatable; vendors ignore it.
        within: seconds that `make` may take; what has come by then is returned. None: no limit.
    """

    operation: Operation
    model: str
    prompt: str = field(repr=False)
    size: Size
    count: int = 1
    quality: str | None = None
    style: str | None = None
    background: str | None = None
    verbatim: bool = False
    strength: Strength = Strength.MEDIUM
    images: tuple[InputPicture, ...] = ()
    mask: bytes | None = field(default=None, repr=False)
    markup: bytes | None = field(default=None, repr=False)
    output_format: str | None = None
    compression: int | None = None
    previews: int = 0
    strictness: str | None = None
    member: str = ""
    seed: int | None = None
    within: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MadePicture:
    """One picture as it was sent; *media_type* is what its bytes are, not what was claimed."""

    data: bytes = field(repr=False)
    media_type: str
    revised_prompt: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """An amount in micro-dollars; *known* is False where no price list covers the model."""

    micros: int
    known: bool = True
    version: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back: at least one picture, and what it cost.

    *refused* is what the vendor declined beside the pictures: one for each picture withheld and
    for each parallel call refused.
    """

    pictures: tuple[MadePicture, ...]
    price: Price
    request_id: str | None = None
    refused: tuple[ContentRefused, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One line of a check: what was looked at, whether it is well, and the cure where not."""

    subject: str
    well: bool
    says: str
    cure: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """Why a picture maker is not asked just now.

    Attributes:
        cause: "money", "access", "model" or "failure".
        model: the model that it is about; None for all of them.
        operator: what the people who run the bot should know and do.
        since: seconds since it began.
    """

    cause: str
    model: str | None = None
    operator: str = ""
    since: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """A model that the service will shut down, or has shut down or withdrawn.

    *day* is None where the model is not offered any more and nobody said since when.
    """

    model: str
    day: date | None
    successor: str | None = None


class Watch(Protocol):
    """Follows a request while it runs; neither method raises."""

    async def waiting(self, seconds: float) -> None:
        """The service is busy: nothing will be asked of it for about *seconds*."""
        ...

    async def partial(self, picture: bytes) -> None:
        """A picture in the making came; it has not been verified."""
        ...


class Unwatched:
    """A `Watch` that looks away."""

    async def waiting(self, seconds: float) -> None:
        """Do nothing."""

    async def partial(self, picture: bytes) -> None:
        """Do nothing."""


UNWATCHED = Unwatched()

ProviderName = Literal["openai", "azure", "sketch"]
DialectName = Literal["auto", "gpt-image", "dalle"]


OnCall = Callable[[str, str, float], None]
"""Told of a call's model, its outcome (ok, or the name of an error) and its seconds."""


def uncounted(model: str, outcome: str, seconds: float) -> None:
    """Tell nobody of a call."""
    del model, outcome, seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderSettings:
    """What the operator chose for one picture maker.

    Attributes:
        base_url: the server's address with its version path; None is the vendor's own.
        model: the default model; None is the provider's own default.
        dialect: which fields the server understands; auto follows the model's name.
        calls_at_once: calls in flight at the same moment in this process.
        timeout_seconds: one answer's longest time; large sizes and the high qualities get twice it.
        price_micros_unknown: micro-dollars a picture where no price list covers the model.
        extra_image_hosts: hosts, besides the server's own, that picture addresses may name.
        images_per_minute: pictures that may be begun a minute; None is what the server teaches us.
        api_version: which edition of its interface an Azure server is asked for.
        model_family: the known model that *model* is, where its name does not say it: an Azure
            deployment, a proxy's alias.
        on_call: told of every single call.
    """

    name: ProviderName
    api_key: str | None = field(default=None, repr=False)
    base_url: str | None = None
    model: str | None = None
    organization: str | None = None
    dialect: DialectName = "auto"
    calls_at_once: int = 32
    timeout_seconds: float = 300
    price_micros_unknown: int = 0
    extra_image_hosts: tuple[str, ...] = ()
    images_per_minute: int | None = None
    api_version: str | None = None
    model_family: str | None = None
    on_call: OnCall = field(default=uncounted, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class SketchOrder:
    """One local drawing, in plain values: the same order always gives the same bytes.

    Attributes:
        operation: "generate", "edit" or "vary".
        words: what the person wrote; shown in the label.
        seed: with *words* and *index* it decides the drawing.
        index: which of the pictures of one request this is, from 0.
        detail: how finely it is drawn, 0 (fast) to 2.
        transparent: whether the background is really transparent.
        strength: how far a variation goes, 0 to 1.
        image: the PNG to edit or vary.
        mask: a PNG of the same dimensions; only where its alpha is 0 may anything change.
        markup: a transparent PNG that is drawn over the edited picture.
        references: further PNGs; each is shown as a small inset.
        coarse: pixels that one block of a picture in the making is wide; 1 is the finished one.
    """

    operation: str
    words: str = field(repr=False)
    width: int
    height: int
    seed: int = 0
    index: int = 0
    detail: int = 1
    transparent: bool = False
    strength: float = 0.5
    image: bytes | None = field(default=None, repr=False)
    mask: bytes | None = field(default=None, repr=False)
    markup: bytes | None = field(default=None, repr=False)
    references: tuple[bytes, ...] = field(default=(), repr=False)
    coarse: int = 1


class Draw(Protocol):
    """Draws a `SketchOrder` off the event loop and returns a PNG of at most 300,000 bytes."""

    async def __call__(self, order: SketchOrder, /) -> bytes:
        """Return the PNG. Raises ValueError where the order's pictures cannot be read."""
        ...


class ImageProvider(Protocol):
    """A picture maker.

    `make` runs the request once and returns at least one verified picture, fewer than asked when
    that is what came. It raises only the errors of `bot.domain.errors` (`ProviderError`), and
    never repeats a call that may have been billed.
    """

    @property
    def name(self) -> str:
        """The provider's name in the registry."""
        ...

    @property
    def models(self) -> dict[str, Capabilities]:
        """The models that may be asked for, by name, the default one first."""
        ...

    def estimate(self, request: PictureRequest) -> Price:
        """Return an upper bound of what *request* costs, before it is made."""
        ...

    @property
    def stops(self) -> tuple[Stop, ...]:
        """Why requests are refused before anybody is asked; empty while all is well."""
        ...

    def retry(self) -> int:
        """Let the next request try what is stopped; return how many stops that concerns."""
        ...

    def ready(self, model: str) -> None:
        """Raise the ProviderError for which *model* is not asked just now, if there is one."""
        ...

    async def make(self, request: PictureRequest, watch: Watch = UNWATCHED) -> Answer:
        """Make the pictures."""
        ...

    async def endings(self) -> tuple[Ending, ...]:
        """Return which of `models` end soon or have ended. Raises ProviderError: nobody could say.

        Nothing is spent.
        """
        ...

    async def check(self) -> list[Finding]:
        """Look at key, model and reach, without spending anything."""
        ...
