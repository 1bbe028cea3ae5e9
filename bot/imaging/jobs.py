"""The jobs that a worker can do, by name: frames in, frames out, nothing else touched."""

from collections.abc import Callable
from typing import cast

from bot.domain.pictures import Backdrop, Fit, Focus, Region
from bot.imaging import replies
from bot.imaging.finish import finish
from bot.imaging.masks import own_mask, region_mask, uploaded_mask
from bot.imaging.normalise import normalise
from bot.imaging.values import Framing
from bot.imaging.wire import Frame, Head

Job = Callable[[Frame, int], Frame]


def run(frame: Frame, *, budget: int) -> Frame:
    """Do the job that *frame* names within *budget* bytes of decoding. Raises PictureError."""
    return JOBS[str(frame.head["job"])](frame, budget)


def _normalise(frame: Frame, budget: int) -> Frame:
    head = frame.head
    red, green, blue = cast("list[int]", head["colour"])
    framing = Framing(
        side=_number(head, "side"),
        fit=Fit(str(head["fit"])),
        backdrop=Backdrop(str(head["backdrop"])),
        colour=(red, green, blue),
        focus=Focus(str(head["focus"])),
        limit=_number(head, "limit"),
    )
    made = normalise(frame.parts[0], framing, what=str(head["what"]), budget=budget)
    return Frame(replies.normalised_head(made), (made.png,))


def _region(frame: Frame, _budget: int) -> Frame:
    edges = cast("list[float]", frame.head["region"])
    region = Region(edges[0], edges[1], edges[2], edges[3])
    return Frame({}, (region_mask(region, replies.geometry_of(frame.head["geometry"])),))


def _uploaded(frame: Frame, budget: int) -> Frame:
    geometry = replies.geometry_of(frame.head["geometry"])
    return Frame({}, (uploaded_mask(frame.parts[0], geometry, budget=budget),))


def _own(frame: Frame, budget: int) -> Frame:
    geometry = replies.geometry_of(frame.head["geometry"])
    return Frame({}, (own_mask(frame.parts[0], geometry, budget=budget),))


def _finish(frame: Frame, budget: int) -> Frame:
    said = frame.head["geometry"]
    answer, *rest = frame.parts
    square, mask = [*rest, None, None][:2]
    made = finish(
        answer,
        limit=_number(frame.head, "limit"),
        budget=budget,
        geometry=None if said is None else replies.geometry_of(said),
        square=square,
        mask=mask,
    )
    return Frame(replies.finished_head(made), (made.data,))


def _number(head: Head, name: str) -> int:
    return cast("int", head[name])


JOBS: dict[str, Job] = {
    "normalise": _normalise,
    "region": _region,
    "uploaded": _uploaded,
    "own": _own,
    "finish": _finish,
}
