"""Names and descriptions of commands, in the languages that Discord shows them in."""

from collections.abc import Mapping
from typing import Final

from discord import Locale, app_commands
from discord.app_commands import TranslationContextLocation as Location

from bot.domain.messages import CHOICE, COMMAND, MENU, OPTION
from bot.ui.words import is_spoken, name_in, say

_CONTEXTS: Final[Mapping[Location, str]] = {
    Location.command_name: COMMAND,
    Location.group_name: COMMAND,
    Location.parameter_name: OPTION,
    Location.choice_name: CHOICE,
}


class CatalogueTranslator(app_commands.Translator):
    """Tells Discord what the catalogues have; where there is no language, it shows English."""

    async def translate(
        self,
        string: app_commands.locale_str,
        locale: Locale,
        context: app_commands.TranslationContextTypes,
    ) -> str | None:
        """Return *string* in the language of *locale*, or None."""
        if not is_spoken(locale.value):
            return None
        if isinstance(context.data, app_commands.ContextMenu):
            return name_in(locale.value, MENU, string.message)
        if context.location in _CONTEXTS:
            return name_in(locale.value, _CONTEXTS[context.location], string.message)
        return say(locale.value, string.message)
