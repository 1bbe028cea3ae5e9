"""Forms that are answered by their id, so that one opened before a restart is answered too."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, time, timedelta
from typing import Any, Final

from discord import Interaction, TextStyle
from discord.ui import Item, Label, Modal, TextInput

from bot.domain.asks import Source
from bot.domain.errors import BadOption
from bot.domain.messages import Phrase
from bot.domain.text import storable
from bot.domain.windows import zone
from bot.ui.sources import of_upload

MOST_DAYS: Final = 3650
_LABEL: Final = 45  # characters that Discord takes
_HINT: Final = 100


async def ask_in_form(
    interaction: Interaction[Any], custom_id: str, title: str, fields: Mapping[str, Item[Any]]
) -> None:
    """Open a form with *fields* by their labels; `bot.ui.controls` finds its answer by its id."""
    modal = Modal(title=title[:_LABEL], custom_id=custom_id)
    for label, field in fields.items():
        modal.add_item(Label(text=label[:_LABEL], component=field))
    modal.stop()  # discord.py keeps nothing of it in memory
    await interaction.response.send_modal(modal)


def text_field(
    name: str, *, usual: str = "", hint: str = "", most: int = 20, needed: bool = True
) -> TextInput[Any]:
    """Return a field for one line; with *usual* it is filled in."""
    return TextInput(
        custom_id=name,
        default=usual or None,
        placeholder=hint or None,
        max_length=most,
        required=needed,
    )


def long_field(
    name: str, *, usual: str = "", hint: str = "", most: int = 300, needed: bool = True
) -> TextInput[Any]:
    """Return a field for a few sentences; with *usual* it is filled in."""
    return TextInput(
        custom_id=name,
        style=TextStyle.paragraph,
        default=usual[:most] or None,
        placeholder=hint[:_HINT] or None,
        max_length=most,
        required=needed,
    )


def written_in(interaction: Interaction[Any]) -> dict[str, str]:
    """Return what was written into the form, by the fields' names."""
    return {
        str(each["custom_id"]): storable(str(each["value"] or ""))
        for each in _parts(interaction)
        if "custom_id" in each and "value" in each
    }


def picked_in(interaction: Interaction[Any]) -> dict[str, list[str]]:
    """Return what was chosen in the form's selects, by the fields' names."""
    return {
        str(each["custom_id"]): [str(value) for value in each["values"] or ()]
        for each in _parts(interaction)
        if "custom_id" in each and "values" in each
    }


def uploaded_in(interaction: Interaction[Any]) -> dict[str, tuple[Source, ...]]:
    """Return what was uploaded into the form, by the fields' names."""
    data: Any = interaction.data or {}
    files = data.get("resolved", {}).get("attachments", {})
    return {
        name: tuple(of_upload(files[each]) for each in values if each in files)
        for name, values in picked_in(interaction).items()
    }


def chosen_in(interaction: Interaction[Any]) -> str:
    """Return the value that was chosen in a select for one; empty where there is none."""
    data: Any = interaction.data or {}
    return str(next(iter(data.get("values", [])), ""))


def until_in(text: str, now: datetime, timezone: str) -> datetime:
    """Return the instant that *text* says: so many days from *now*, or the end of a date.

    Raises:
        BadOption: it says neither, or one that is past or too far.
    """
    written = text.strip()
    try:
        until = _in_days(written, now) or _end_of(written, timezone)
    except (ValueError, OverflowError):
        problem = Phrase("write a number of days, or a date such as 2026-12-24")
        raise BadOption(option="until", problem=problem) from None
    if not now < until <= now + timedelta(days=MOST_DAYS):
        problem = Phrase("it is 1 to {most} days from now", most=MOST_DAYS)
        raise BadOption(option="until", problem=problem)
    return until


def _in_days(text: str, now: datetime) -> datetime | None:
    return now + timedelta(days=int(text)) if text.isascii() and text.isdigit() else None


def _end_of(text: str, timezone: str) -> datetime:
    day = datetime.strptime(text, "%Y-%m-%d").date() + timedelta(days=1)  # noqa: DTZ007 - a date
    return datetime.combine(day, time(), zone(timezone)).astimezone(UTC)


def _parts(interaction: Interaction[Any]) -> Iterator[Mapping[str, Any]]:
    """Yield every part of the form that was sent."""
    data: Any = interaction.data or {}
    yield from _flat(data.get("components", []))


def _flat(components: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    for each in components:
        yield each
        inner = each.get("component")
        yield from _flat([*each.get("components", []), *([inner] if inner else [])])
