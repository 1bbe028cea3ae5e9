"""What an ask may say of a model: checked for free, then made into a complete request."""

from collections.abc import Callable, Collection
from typing import Final

from bot.domain.asks import Ask, Command, Source
from bot.domain.errors import BadOption, NotSupported, PictureTooLarge, PromptTooLong, UserError
from bot.domain.guild import Fidelity, GuildChoices, Strictness
from bot.domain.messages import OPTION, Counted, Name, Phrase, Slash
from bot.domain.pictures import (
    EXTENSIONS,
    REGIONS,
    TRANSPARENT_PARTS,
    Fit,
    Shape,
    Size,
    regions_in,
)
from bot.domain.sizes import SizeImpossible
from bot.imaging.values import SQUARE_BYTES, Framing
from bot.providers.base import (
    HINT_JOINT,
    Capabilities,
    ImageProvider,
    InputPicture,
    Operation,
    PictureRequest,
)
from bot.services.downloads import MAX_BYTES

OPERATIONS = {
    Command.IMAGINE: Operation.GENERATE,
    Command.EDIT: Operation.EDIT,
    Command.VARY: Operation.VARY,
    Command.BLEND: Operation.EDIT,
}

BLEND_INSTRUCTION: Final = (
    "Blend the given pictures into one single, coherent picture: bring what each of them shows "
    "together in one scene, in one style and one light, as if it had always been one picture."
)
"""What a blend asks of a model that takes several pictures; a person's words follow."""

_LEAST_TAKEN: Final = {Command.BLEND: 2}  # pictures that a model must take at once

SQUARE_SIDE: Final = 1024
"""The longest side of a square: a larger one seldom stays under its bytes."""

OWN_BYTES: Final = 8_000_000
"""A picture in its own shape has fewer bytes than this, whatever a model takes."""

PREVIEWS: Final = 2
"""Pictures in the making that are asked for where a server wants them."""

PNG_BYTES_A_PIXEL: Final = 2.3
"""What a photograph takes as PNG; only noise takes more."""

_ANIMATED = "gif"
_TO_COME = InputPicture(b"")


def does(can: Capabilities, command: Command) -> bool:
    """Whether a model can do what *command* needs."""
    takes = can.pictures >= _LEAST_TAKEN.get(command, 0)
    return takes and OPERATIONS[command] in can.operations


def request_for(ask: Ask, choices: GuildChoices, can: Capabilities, member: str) -> PictureRequest:
    """Return the request for *ask*, all defaults applied; its pictures' bytes are yet to come.

    Raises:
        BadOption: the size is one that the model does not make.
    """
    usual = choices.quality if choices.quality in can.qualities else None
    size = size_for(ask, choices, can)
    output_format = ask.output_format or _fitting_format(ask, can, size)
    given = (*((ask.source,) if ask.source else ()), *ask.references)
    return PictureRequest(
        operation=OPERATIONS[ask.command],
        model=can.model,
        prompt=_words(ask),
        size=size,
        count=ask.count,
        quality=ask.quality or usual or can.default_quality,
        style=ask.style,
        background=ask.background,
        verbatim=ask.verbatim,
        strength=ask.strength,
        images=(_TO_COME,) * len(given),
        mask=b"" if ask.is_masked else None,
        markup=b"" if ask.markup else None,
        output_format=output_format,
        compression=_compression(ask, can, output_format),
        previews=_previews(ask, choices, can),
        strictness=choices.strictness if ask.place.age_restricted else Strictness.AUTO,
        member=member,
    )


def known_price(
    ask: Ask, choices: GuildChoices, can: Capabilities, provider: ImageProvider
) -> int | None:
    """Return the most that *ask* costs in micro-dollars; None: it cannot be made, or none knows."""
    try:
        check_options(ask, can)
        provider.ready(can.model)
        price = provider.estimate(request_for(ask, choices, can, ""))
    except UserError:
        return None
    return price.micros if price.known else None


def size_for(ask: Ask, choices: GuildChoices, can: Capabilities) -> Size:
    """Return the size to ask for: the one named, the picture's own, or a square.

    Raises:
        BadOption: the model makes nothing like it; the nearest that it makes is named.
    """
    if ask.shape is None and ask.source is not None and keeps_shape(choices, can, ask.fit):
        return can.sizes.like(_pixels(ask) or can.sizes.shapes[Shape.SQUARE])
    try:
        return can.sizes.chosen(ask.shape or Shape.SQUARE)
    except SizeImpossible as error:
        problem = Phrase(
            "{model} does not make {size}; the nearest that it makes is {nearest}",
            model=can.model, size=ask.shape, nearest=error,
        )  # fmt: skip
        raise BadOption(option="shape", problem=problem) from error


def _pixels(ask: Ask) -> Size | None:
    """Return the size of what is sent as the first picture, as far as Discord told it."""
    pixels = ask.source.pixels if ask.source else None
    return EXTENSIONS[ask.extend].around(pixels) if pixels and ask.extend else pixels


def _words(ask: Ask) -> str:
    """Return what the model is told."""
    if ask.command is not Command.BLEND:
        return ask.prompt
    return HINT_JOINT.join(filter(None, (BLEND_INSTRUCTION, ask.prompt.strip())))


def keeps_shape(choices: GuildChoices, can: Capabilities, fit: Fit) -> bool:
    """Whether pictures are sent in their own shape: the server's wish, and the model takes it."""
    return choices.fidelity is Fidelity.OWN and can.own_shape and fit is Fit.PAD


def framing_for(choices: GuildChoices, can: Capabilities, fit: Fit) -> Framing:
    """Return how pictures are laid out for the model that *can* do this."""
    if keeps_shape(choices, can, fit):
        limit = min(can.input_bytes, OWN_BYTES)
        return Framing(side=can.input_sides[-1], fit=Fit.KEEP, limit=limit, types=can.input_types)
    side = max(side for side in can.input_sides if side <= SQUARE_SIDE)
    return Framing(side=side, fit=fit, limit=SQUARE_BYTES)


def check_options(ask: Ask, can: Capabilities) -> None:
    """Raise a UserError where *ask* wants what the model does not do; nothing was booked."""
    if not does(can, ask.command):
        raise NotSupported(model=can.model, feature=Slash(ask.command))
    for name, accepted in _VALUES.items():
        _check_value(ask, name, accepted(can), can.model)
    if not 1 <= ask.count <= can.max_count:
        problem = Phrase("{model} makes 1 to {most} at once", model=can.model, most=can.max_count)
        raise BadOption(option="count", problem=problem)
    if ask.verbatim and not can.verbatim:
        raise NotSupported(model=can.model, feature=Name(OPTION, "verbatim"))
    room = can.prompt_room(OPERATIONS[ask.command], verbatim=ask.verbatim)
    room -= len(_words(ask)) - len(ask.prompt)
    if len(ask.prompt) > room:
        raise PromptTooLong(length=len(ask.prompt), limit=room)
    _check_files(ask, can)
    _check_parts(ask)
    _check_together(ask, can)


_VALUES: Final[dict[str, Callable[[Capabilities], Collection[str]]]] = {
    "shape": lambda can: can.sizes.shapes,
    "quality": lambda can: can.qualities,
    "style": lambda can: can.styles,
    "background": lambda can: can.backgrounds,
    "output_format": lambda can: can.formats,
}
_NAMES: Final = {"output_format": "format"}


def _check_value(ask: Ask, name: str, accepted: Collection[str], model: str) -> None:
    value = getattr(ask, name)
    if value is None or isinstance(value, Size) or value in accepted:
        return
    offered = ", ".join(accepted) or Phrase("none")
    problem = Phrase(
        "{model} does not know “{value}”; it offers: {offered}",
        model=model, value=value[:40], offered=offered,
    )  # fmt: skip
    raise BadOption(option=_NAMES.get(name, name), problem=problem)


def _check_files(ask: Ask, can: Capabilities) -> None:
    named = (
        (ask.source, "picture"),
        (ask.mask, "mask"),
        (ask.difference, "painted copy"),
        (ask.markup, "drawing"),
    )
    for source, what in (*named, *((each, "picture") for each in ask.references)):
        _check_bytes(source, what)
    if ask.references and can.pictures < 1 + bool(ask.source):
        raise NotSupported(model=can.model, feature=Name(OPTION, "reference"))
    brought = bool(ask.source) + len(ask.references)
    if brought > max(1, can.pictures):
        problem = Counted(
            "{model} takes at most {count} picture",
            "{model} takes at most {count} pictures",
            can.pictures,
            model=can.model,
        )
        raise BadOption(option="reference", problem=problem)
    if ask.markup and not can.markup:
        raise NotSupported(model=can.model, feature=Name(OPTION, "markup"))


def _check_parts(ask: Ask) -> None:
    """Refuse parts of the picture that there are not."""
    named = ask.region is not None and ask.region != TRANSPARENT_PARTS
    if named and not set(regions_in(ask.region or "")) <= set(REGIONS):
        offered = ", ".join((*REGIONS, TRANSPARENT_PARTS))
        raise BadOption(option="region", problem=Phrase("it is one of: {offered}", offered=offered))
    if ask.extend is not None and ask.extend not in EXTENSIONS:
        offered = ", ".join(EXTENSIONS)
        raise BadOption(option="extend", problem=Phrase("it is one of: {offered}", offered=offered))


def _check_bytes(source: Source | None, what: str) -> None:
    if source is not None and source.size > MAX_BYTES:
        size, limit = f"{source.size / 1e6:.0f} MB", f"{MAX_BYTES / 1e6:.0f} MB"
        raise PictureTooLarge(what=what, size=size, limit=limit)


def _check_together(ask: Ask, can: Capabilities) -> None:
    """Refuse options that exclude each other."""
    masked, parts = ask.is_masked, (ask.mask, ask.difference, ask.region, ask.extend)
    see_through = ask.background == "transparent" and ask.output_format is not None
    wrong = (
        (ask.mask and ask.region, "region", Phrase("give a mask or a region, not both")),
        (
            sum(part is not None for part in parts) > 1,
            "extend" if ask.extend else "difference",
            Phrase("give a mask, a painted copy, a region or room around it, and only one of them"),
        ),
        (
            ask.extend and ask.fit is not Fit.PAD,
            "fit",
            Phrase("a picture that is extended is always sent whole"),
        ),
        (masked and ask.markup, "markup", Phrase("give a drawing, or a mask or region, not both")),
        (
            masked and ask.shape not in (None, Shape.SQUARE),
            "shape",
            Phrase("an edit with a mask keeps the picture's own shape"),
        ),
        (
            masked and ask.output_format == _ANIMATED,
            "format",
            Phrase("an animated picture cannot be an edit with a mask"),
        ),
        (
            see_through and ask.output_format not in can.transparent,
            "format",
            Phrase(
                "a transparent background needs one of: {offered}",
                offered=", ".join(can.transparent),
            ),
        ),
    )
    for holds, option, problem in wrong:
        if holds:
            raise BadOption(option=option, problem=problem)


def _fitting_format(ask: Ask, can: Capabilities, size: Size) -> str | None:
    """Return a smaller file type where a PNG would hardly fit the place; None for the usual."""
    expected = size.width * size.height * PNG_BYTES_A_PIXEL
    small = [name for name in can.compressed if name in can.transparent]
    return small[0] if small and expected > ask.place.upload_limit else None


def _compression(ask: Ask, can: Capabilities, output_format: str | None) -> int | None:
    """Return how well a compressed picture is kept: nearly all where it was wished for."""
    if output_format not in can.compressed:
        return None
    return 95 if ask.output_format else 90


def _previews(ask: Ask, choices: GuildChoices, can: Capabilities) -> int:
    """Return how many pictures in the making are wanted; several pictures or frames show none."""
    shown = choices.previews and ask.count == 1 and ask.output_format != _ANIMATED
    return min(PREVIEWS, can.previews) if shown else 0
