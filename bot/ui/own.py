"""What somebody is offered who presses the buttons of another one's result: their own."""

from typing import Any, Final

from discord import ButtonStyle, Interaction
from discord.ui import Button, View

from bot.domain.asks import Command
from bot.domain.errors import NotYours
from bot.domain.jobs import Job
from bot.domain.messages import Slash
from bot.ui.asking import ask_and_show, asked_again, place_of
from bot.ui.drafting import draft_message
from bot.ui.edit_form import MOST_WORDS
from bot.ui.forms import ask_in_form, long_field, written_in
from bot.ui.host import Host
from bot.ui.offers import can
from bot.ui.replies import tell
from bot.ui.results import PROMPT_SHOWN
from bot.ui.words import refusal, say

_LOOKS: Final = ("shape", "style")
"""What somebody's own picture takes from the one that they saw: what can be seen of it."""


async def offer_own(interaction: Interaction[Any], host: Host, job: Job) -> None:
    """Say privately whose the buttons are, and offer the same as one's own."""
    locale = interaction.locale.value
    view = View(timeout=None)
    view.add_item(_button(say(locale, "Make your own"), f"own:make:{job.code}"))
    message = interaction.message
    if message is not None and message.attachments:
        draft = await draft_message(interaction, message, Command.EDIT)
        offers = {
            Command.EDIT: say(locale, "Edit it as yours"),
            Command.VARY: say(locale, "Vary it as yours"),
        }
        for command, label in offers.items():
            if can(host.provider.models, command):
                view.add_item(_button(label, f"draft:{command}:{draft.code}"))
    view.stop()
    await tell(interaction, refusal(locale, NotYours(command=Slash(job.command))), view)


async def answer_own(interaction: Interaction[Any], parts: list[str]) -> None:
    """Open the form for a picture of one's own, or make what it says."""
    verb, code = parts
    host: Host = interaction.client
    job = await host.studio.books.find(place_of(interaction).guild_id, code)
    if verb == "make":
        await _ask(interaction, job)
        return
    prompt = written_in(interaction)["prompt"]
    looks = {name: job.options[name] for name in _LOOKS if name in job.options}
    seen = asked_again(
        interaction,
        looks if job.command is Command.IMAGINE else {},
        command=Command.IMAGINE,
        prompt=prompt,
        parent=None,
    )
    await ask_and_show(interaction, host.studio, seen)


async def _ask(interaction: Interaction[Any], job: Job) -> None:
    """Open the form, with the words that everybody can read under the picture."""
    locale = interaction.locale.value
    public = job.command is Command.IMAGINE and not job.private and job.message_id is not None
    words = " ".join((job.prompt or "").split())[:PROMPT_SHOWN] if public else ""
    fields = {
        say(locale, "What shall be drawn?"): long_field("prompt", usual=words, most=MOST_WORDS)
    }
    await ask_in_form(interaction, f"own:made:{job.code}", say(locale, "Make your own"), fields)


def _button(label: str, custom_id: str) -> Button[View]:
    return Button(style=ButtonStyle.secondary, label=label, custom_id=custom_id)
