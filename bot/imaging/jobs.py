"""The jobs that a worker can do, by name: frames in, frames out, nothing else touched."""

from collections.abc import Callable
from dataclasses import replace
from typing import cast

from PIL import Image, ImageChops

from bot.domain.pictures import Backdrop, Fit, Focus, Geometry, Margins, Region
from bot.imaging import masks, replies, sheets
from bot.imaging.charts import draw_chart
from bot.imaging.finish import finish, finished, glimpse
from bot.imaging.markup import markup_png
from bot.imaging.normalise import normalise, whole_picture
from bot.imaging.outpaint import outpaint
from bot.imaging.values import Bar, Chart, Finished, Framing, Made
from bot.imaging.wire import Frame, Head

Job = Callable[[Frame, int], Frame]


def run(frame: Frame, *, budget: int) -> Frame:
    """Do the job that *frame* names within *budget* bytes of decoding. Raises PictureError."""
    return JOBS[str(frame.head["job"])](frame, budget)


def _normalise(frame: Frame, budget: int) -> Frame:
    framing, what = _framing(frame.head), str(frame.head["what"])
    made = normalise(frame.parts[0], framing, what=what, budget=budget)
    return Frame(replies.normalised_head(made), (made.data,))


def _framing(head: Head) -> Framing:
    red, green, blue = cast("list[int]", head["colour"])
    return Framing(
        side=_number(head, "side"),
        fit=Fit(str(head["fit"])),
        backdrop=Backdrop(str(head["backdrop"])),
        colour=(red, green, blue),
        focus=Focus(str(head["focus"])),
        limit=_number(head, "limit"),
        types=tuple(cast("list[str]", head["types"])),
    )


def _mask(frame: Frame, budget: int) -> Frame:
    head, geometry = frame.head, replies.geometry_of(frame.head["geometry"])
    selected = SELECT[str(head["recipe"])](frame, geometry, budget)
    if head["invert"]:
        selected = ImageChops.invert(selected)
    selected = masks.grown(selected, _number(head, "grow"))
    named = head["recipe"] == "regions"
    feather = _number(head, "feather")
    made = masks.mask_png(selected, geometry, all_allowed=named, feather=feather)
    return Frame({}, (made,))


def _regions(frame: Frame, geometry: Geometry, _budget: int) -> Image.Image:
    edges = cast("list[list[float]]", frame.head["regions"])
    return masks.select_regions([Region(*each) for each in edges], geometry)


def _uploaded(frame: Frame, geometry: Geometry, budget: int) -> Image.Image:
    return masks.select_uploaded(frame.parts[0], geometry, budget=budget)


def _difference(frame: Frame, geometry: Geometry, budget: int) -> Image.Image:
    copy, canvas = frame.parts
    return masks.select_difference(copy, canvas, geometry, budget=budget)


def _own(frame: Frame, geometry: Geometry, budget: int) -> Image.Image:
    return masks.select_transparent(frame.parts[0], geometry, budget=budget)


def _outpaint(frame: Frame, budget: int) -> Frame:
    head = frame.head
    left, top, right, bottom = cast("list[float]", head["margins"])
    done = outpaint(
        frame.parts[0],
        Margins(left=left, top=top, right=right, bottom=bottom),
        _framing(head),
        what=str(head["what"]),
        budget=budget,
    )
    return Frame(replies.normalised_head(done.picture), (done.picture.data, done.mask))


def _finish(frame: Frame, budget: int) -> Frame:
    said = frame.head["geometry"]
    answer, canvas, mask, source = (part or None for part in frame.parts)
    done = finish(
        Made(answer=answer or b"", canvas=canvas, mask=mask, source=source),
        None if said is None else replies.geometry_of(said),
        limit=_number(frame.head, "limit"),
        budget=budget,
        wanted=cast("str | None", frame.head["wanted"]),
    )
    return _sent(done)


def _glimpse(frame: Frame, budget: int) -> Frame:
    said, (answer,) = frame.head["geometry"], frame.parts
    geometry = None if said is None else replies.geometry_of(said)
    return _sent(glimpse(answer, geometry, limit=_number(frame.head, "limit"), budget=budget))


def _markup(frame: Frame, budget: int) -> Frame:
    drawing, canvas = frame.parts
    geometry = replies.geometry_of(frame.head["geometry"])
    return Frame({}, (markup_png(drawing, canvas, geometry, budget=budget),))


def _preview(frame: Frame, budget: int) -> Frame:
    head, geometry = frame.head, replies.geometry_of(frame.head["geometry"])
    canvas, mask = frame.parts
    picture = whole_picture(canvas, what="picture", budget=budget)
    picture = picture.crop(masks.edges(geometry.place))
    selected = masks.selection_of(mask, geometry, budget=budget)
    image = sheets.preview(picture, selected, str(head["legend"]))
    done = finished(image, _number(head, "limit"))
    return _sent(replace(done, changed=masks.share(selected)))


def _chart(frame: Frame, _budget: int) -> Frame:
    head = frame.head
    rows = cast("list[list[str | float]]", head["bars"])
    bars = tuple(
        Bar(label=str(label), value=float(value), shown=str(shown)) for label, value, shown in rows
    )
    chart = Chart(title=str(head["title"]), bars=bars, dark=bool(head["dark"]))
    return _sent(finished(draw_chart(chart), _number(head, "limit")))


def _sheet(frame: Frame, budget: int) -> Frame:
    head = frame.head
    pictures = [_cell(data, budget) for data in frame.parts]
    captions = cast("list[str]", head["captions"])
    sheet = sheets.contact_sheet(pictures, captions, dark=bool(head["dark"]))
    return _sent(finished(sheet, _number(head, "limit"), lossless=False))


def _cell(data: bytes, budget: int) -> Image.Image:
    """Decode one picture of a sheet, no larger than it needs to be."""
    framing = Framing(side=sheets.CELL, fit=Fit.KEEP)
    small = normalise(data, framing, what="picture", budget=budget)
    return whole_picture(small.data, what="picture", budget=budget)


def _sent(done: Finished) -> Frame:
    return Frame(replies.finished_head(done), (done.data,))


def _number(head: Head, name: str) -> int:
    return cast("int", head[name])


JOBS: dict[str, Job] = {
    "normalise": _normalise,
    "mask": _mask,
    "outpaint": _outpaint,
    "finish": _finish,
    "glimpse": _glimpse,
    "markup": _markup,
    "preview": _preview,
    "chart": _chart,
    "sheet": _sheet,
}

SELECT: dict[str, Callable[[Frame, Geometry, int], Image.Image]] = {
    "regions": _regions,
    "uploaded": _uploaded,
    "difference": _difference,
    "own": _own,
}
"""What each kind of mask recipe selects."""
