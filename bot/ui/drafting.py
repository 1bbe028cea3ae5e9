"""What shall become of chosen pictures: which one, then a form; alive after a restart.

The ids carry the code of what `bot.services.drafts` keeps; whose it is, that says.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from discord import Interaction, Message, SelectOption
from discord.components import RadioGroupOption
from discord.ui import Item, RadioGroup, Select, View

from bot.domain.asks import Command, Source, Strength
from bot.domain.drafts import Draft
from bot.domain.errors import AlreadyAnswered, NoPicture
from bot.services.guild_edits import effective_model
from bot.ui.asking import ask_and_show, ask_of, place_of
from bot.ui.buttons import code_in
from bot.ui.edit_form import edit_form, edit_options
from bot.ui.forms import ask_in_form, chosen_in, long_field, picked_in, written_in
from bot.ui.host import Host
from bot.ui.replies import tell
from bot.ui.sources import image_sources
from bot.ui.words import say

_HINT: Final = 1000  # characters
_NAME: Final = 60
_STRENGTHS: Final = (Strength.MEDIUM, Strength.SUBTLE, Strength.STRONG)


async def draft_message(interaction: Interaction[Any], message: Message, command: Command) -> Draft:
    """Keep the pictures of *message*, whoever wrote it. Raises NoPicture: it has none."""
    host: Host = interaction.client
    sources = image_sources(message)
    if not sources:
        raise NoPicture
    private = message.flags.ephemeral
    return await host.drafts.keep(
        command,
        sources,
        guild_id=place_of(interaction).guild_id,
        user_id=interaction.user.id,
        found_in=None if private else f"{message.channel.id}/{message.id}",
        private=private,
        parent=await _parent(interaction, message),
    )


async def open_draft(interaction: Interaction[Any], draft: Draft) -> None:
    """Ask what shall become of the pictures of *draft*."""
    await (_ask_edit if draft.command is Command.EDIT else _ask_vary)(interaction, draft)


async def answer_draft(interaction: Interaction[Any], parts: list[str]) -> None:
    """Do what was pressed, chosen or sent, for the one who chose the pictures."""
    verb, code, *rest = parts
    host: Host = interaction.client
    guild_id = place_of(interaction).guild_id
    draft = await host.drafts.find(guild_id, code, interaction.user.id)
    await _VERBS[verb](interaction, draft, rest)


async def _ask_edit(
    interaction: Interaction[Any], draft: Draft, rest: list[str] | None = None
) -> None:
    """Open the form; of several pictures one is chosen before, as a form opens no other."""
    del rest
    if len(draft.sources) == 1:
        await _open_edit(interaction, draft, 0)
        return
    locale = interaction.locale.value
    view = View(timeout=None)
    view.add_item(_which(locale, draft, f"draft:which:{draft.code}"))
    view.stop()
    await tell(interaction, say(locale, "Which picture shall change?"), view)


async def _chosen(interaction: Interaction[Any], draft: Draft, rest: list[str]) -> None:
    del rest
    await _open_edit(interaction, draft, int(chosen_in(interaction)))


async def _open_edit(interaction: Interaction[Any], draft: Draft, position: int) -> None:
    host: Host = interaction.client
    locale = interaction.locale.value
    choices = await host.guild_choices.choices(draft.guild_id)
    fields = edit_form(locale, effective_model(choices, host.provider.models))
    custom_id = f"draft:edited:{draft.code}:{position}"
    await ask_in_form(interaction, custom_id, say(locale, "Edit a picture"), fields)


async def _edited(interaction: Interaction[Any], draft: Draft, rest: list[str]) -> None:
    host: Host = interaction.client
    options = edit_options(interaction)
    options |= {"source": _picture(draft, rest[0]), "private": draft.private}
    options |= {"parent": draft.parent, "found_in": draft.found_in}
    ask = ask_of(interaction, Command.EDIT, **options)
    await ask_and_show(interaction, host.studio, ask, look=True)


async def _ask_vary(
    interaction: Interaction[Any], draft: Draft, rest: list[str] | None = None
) -> None:
    del rest
    locale = interaction.locale.value
    strengths = RadioGroup[Any](
        custom_id="strength",
        required=False,
        options=[
            RadioGroupOption(
                label=say(locale, each.value), value=each.value, default=each is Strength.MEDIUM
            )
            for each in _STRENGTHS
        ],
    )
    fields: dict[str, Item[Any]] = {say(locale, "How far may it go?"): strengths}
    if len(draft.sources) > 1:
        fields[say(locale, "Which picture?")] = _which(locale, draft, "which", first=True)
    hint = say(locale, "A hint, if you like")
    fields[hint] = long_field("hint", most=_HINT, needed=False)
    title = say(locale, "Vary a picture")
    await ask_in_form(interaction, f"draft:varied:{draft.code}", title, fields)


async def _varied(interaction: Interaction[Any], draft: Draft, rest: list[str]) -> None:
    del rest
    host: Host = interaction.client
    written = written_in(interaction)
    which = next(iter(picked_in(interaction).get("which", [])), "0")
    ask = ask_of(
        interaction,
        Command.VARY,
        prompt=written["hint"],
        strength=Strength(written.get("strength") or Strength.MEDIUM),
        source=_picture(draft, which),
        private=draft.private,
        parent=draft.parent,
        found_in=draft.found_in,
    )
    await ask_and_show(interaction, host.studio, ask)


def _which(locale: str, draft: Draft, custom_id: str, *, first: bool = False) -> Select[Any]:
    """Return a choice of one of the pictures; *first*: the first one is chosen already."""
    options = [
        SelectOption(
            label=say(locale, "Picture {number}", number=number),
            value=str(number - 1),
            description=source.name[:_NAME] or None,
            default=first and number == 1,
        )
        for number, source in enumerate(draft.sources, 1)
    ]
    return Select(custom_id=custom_id, options=options, placeholder=say(locale, "Which picture?"))


def _picture(draft: Draft, position: str) -> Source:
    if int(position) >= len(draft.sources):
        raise AlreadyAnswered
    return draft.sources[int(position)]


async def _parent(interaction: Interaction[Any], message: Message) -> str | None:
    """Return the code of the request that *message* is the result of, where it is ours."""
    host: Host = interaction.client
    code = code_in(message)
    if code is None:
        return None
    job = await host.studio.books.look_up(place_of(interaction).guild_id, code)
    return code if job is not None and job.message_id == message.id else None


_VERBS: Final[Mapping[str, Callable[[Interaction[Any], Draft, list[str]], Awaitable[None]]]] = {
    "edit": _ask_edit,
    "which": _chosen,
    "edited": _edited,
    "vary": _ask_vary,
    "varied": _varied,
}
