"""Every language has every message, and nothing escapes the catalogues."""

import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from gettext import GNUTranslations
from importlib import import_module
from pathlib import Path
from string import Formatter
from typing import Any

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po
from discord import Locale, app_commands
from discord.app_commands import TranslationContext, TranslationContextLocation

import bot
from bot.domain.messages import CHOICE, COMMAND, OPTION, Counted, Name, Phrase, Slash
from bot.ui.translating import CatalogueTranslator
from bot.ui.words import name_in, say, say_many
from tests.catalogue import LOCALES, template

ROOT = Path(bot.__file__).parent.parent
LANGUAGES = sorted(path.name for path in LOCALES.iterdir() if path.is_dir())
NAME = re.compile(r"[-_'\w]{1,32}")
TYPED = re.compile(r"`/([^`]+)`")


@pytest.fixture(scope="module")
def script() -> Any:
    """What finds the messages and writes the catalogues."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "path", [str(ROOT / "scripts"), *sys.path])
        return import_module("catalogues")


@pytest.fixture(params=LANGUAGES)
def language(request: pytest.FixtureRequest) -> str:
    return request.param


def translated(language: str) -> Catalog:
    with (LOCALES / language / "LC_MESSAGES" / "easel.po").open("rb") as file:
        return read_po(file, locale=language)


def forms(said: object) -> list[str]:
    return [said] if isinstance(said, str) else [str(each) for each in list[Any](said or [])]  # type: ignore[call-overload]


def sentences(catalogue: Catalog) -> list[Message]:
    return [each for each in catalogue if each.id]


def places(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def test_german_is_there() -> None:
    assert "de" in LANGUAGES


def test_the_files_are_what_the_script_writes(script: Any) -> None:
    stale = [str(path) for path, data in script.files() if path.read_bytes() != data]

    assert stale == [], "run `make format`"


def test_every_message_is_translated_and_no_other(language: str) -> None:
    wanted = {(each.context, str(each.id)) for each in sentences(template())}
    there = {(each.context, str(each.id)): each for each in sentences(translated(language))}

    assert there.keys() == wanted
    assert [key for key, each in there.items() if each.fuzzy] == []
    assert [key for key, each in there.items() if not all(forms(each.string))] == []
    assert not translated(language).obsolete


def test_every_translation_has_the_places_of_its_message(language: str) -> None:
    catalogue = translated(language)
    for each in sentences(catalogue):
        wanted = set[str]().union(*map(places, forms(each.id)))
        said = forms(each.string)
        plural = not isinstance(each.id, str)
        assert len(said) == (catalogue.num_plurals if plural else 1), each.id
        for text in said:
            missing = wanted - places(text) - ({"count"} if plural else set())
            assert not missing, (text, missing)
            assert places(text) <= wanted, text


def test_every_translation_keeps_what_is_marked(language: str) -> None:
    marks = ("**", "<@&", "<@{", "<#", "\n", "⚠️")
    for each in sentences(translated(language)):
        for text in forms(each.string):
            counts = [(text.count(mark), forms(each.id)[-1].count(mark)) for mark in marks]
            assert all(one == other for one, other in counts), text
            assert text.count("`") == forms(each.id)[-1].count("`"), text
            assert text == text.strip(), text


def test_what_is_compiled_says_what_is_written(language: str) -> None:
    with (LOCALES / language / "LC_MESSAGES" / "easel.mo").open("rb") as file:
        compiled = GNUTranslations(file)
    for each in sentences(translated(language)):
        if each.context:
            assert compiled.pgettext(each.context, str(each.id)) == each.string
        elif isinstance(each.id, str):
            assert compiled.gettext(each.id) == each.string
        else:
            assert compiled.ngettext(*forms(each.id), n=1) == forms(each.string)[0]


def test_what_the_template_does_not_know_is_told(unknown_words: set[str]) -> None:
    say("de", "Nobody marked this.")
    name_in("de", OPTION, "nowhere")

    assert unknown_words == {"Nobody marked this.", "nowhere"}
    unknown_words.clear()


def test_a_sentence_that_is_put_together_is_refused(script: Any) -> None:
    with pytest.raises(ValueError, match="say one literal"):
        list(script.said_in('say(locale, f"{amount} left")', "somewhere.py"))


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ('say(locale, "a" if here else "b")', [("a",), ("b",)]),
        ('say_many(locale, "one", "many", 3)', [("one", "many")]),
        ('TABLE = {1: N_("in a table")}', [("in a table",)]),
        ('BadOption(option="shape", problem=Phrase("no"))', [("shape",), ("no",)]),
        ('class Gone(UserError):\n    message = "What."\n    tip: str = "Next."',
         [("What.",), ("Next.",)]),
        ("say(locale, marked_elsewhere)", []),
    ],
)  # fmt: skip
def test_messages_are_found(script: Any, source: str, found: list[tuple[str, ...]]) -> None:
    assert sorted(each.forms for each in script.said_in(source, "here.py")) == sorted(found)


def test_phrases_are_translated_where_they_fill_a_place() -> None:
    problem = Phrase("it is from {least} to {most}", least=Counted(
        "{count} picture", "{count} pictures", 1), most="∞")  # fmt: skip
    text = say("de", "{option}: {problem}.", option=Name(OPTION, "shape"), problem=problem)

    assert text == "form: möglich ist 1 Bild bis ∞."
    assert problem == "it is from 1 picture to ∞"


def test_commands_are_named_as_the_reader_types_them() -> None:
    text = say("de", "Make your own with {command}.", command=Slash("quota set"))

    assert text == "Mach dein eigenes Bild mit /limits setzen."
    assert say("fr", "Make your own with {command}.", command=Slash("quota set")).endswith(
        "/quota set."
    )


def test_a_language_serves_its_regions_and_others_read_english() -> None:
    assert say("de-AT", "Cancel") == "Abbrechen"
    assert say("pt-BR", "Cancel") == say("en-GB", "Cancel") == "Cancel"
    assert say_many("de", "{count} picture", "{count} pictures", 1) == "1 Bild"
    assert say_many("de", "{count} picture", "{count} pictures", 2) == "2 Bilder"


AnyCommand = app_commands.Command[Any, ..., Any] | app_commands.Group | app_commands.ContextMenu


def all_commands(script: Any) -> Iterator[AnyCommand]:
    for path in sorted((ROOT / "cogs").glob("[!_]*.py")):
        yield from script.commands_of(import_module(f"cogs.{path.stem}"))


def named(commands: Iterable[AnyCommand], language: str) -> dict[str, AnyCommand]:
    """Return *commands* by their names, of which no two may be the same."""
    pairs = [(name_in(language, COMMAND, each.name), each) for each in commands]
    assert len(dict(pairs)) == len(pairs), sorted(name for name, _ in pairs)
    assert all(NAME.fullmatch(name) and name == name.lower() for name, _ in pairs), pairs
    return dict(pairs)


def typed_paths(commands: Iterable[AnyCommand], language: str) -> Iterator[tuple[str, set[str]]]:
    """Yield each command as it is typed, with the names of its options."""
    for name, command in named(commands, language).items():
        if isinstance(command, app_commands.Group):
            for below, options in typed_paths(command.commands, language):
                yield f"{name} {below}", options
            yield name, set()
        elif isinstance(command, app_commands.Command):
            options = [name_in(language, OPTION, each.display_name) for each in command.parameters]
            assert len(set(options)) == len(options), (name, options)
            assert all(NAME.fullmatch(each) and each == each.lower() for each in options), options
            yield name, set(options)


def chat(script: Any) -> list[AnyCommand]:
    menus = app_commands.ContextMenu
    return [each for each in all_commands(script) if not isinstance(each, menus)]


def test_names_and_descriptions_fit_discord(script: Any, language: str) -> None:
    assert len(list(typed_paths(chat(script), language))) > 25
    for message in script.messages():
        (text, *_) = message.forms
        if message.path.startswith("cogs/"):
            shown = name_in(language, message.context, text) if message.context else text
            most = 32 if message.context and message.context != CHOICE else 100
            assert len(shown) <= most, shown
            assert message.context or "{" in text or len(say(language, text)) <= 100, text


def test_sentences_name_commands_as_the_reader_types_them(script: Any, language: str) -> None:
    paths: Mapping[str, set[str]] = dict(typed_paths(chat(script), language))
    for each in sentences(translated(language)):
        for typed in (found for text in forms(each.string) for found in TYPED.findall(text)):
            words = typed.split()
            path = next(
                " ".join(words[:n])
                for n in range(len(words), 0, -1)
                if " ".join(words[:n]) in paths
            )
            options = [word.partition(":")[0] for word in words[len(path.split()) :]]
            assert set(options) <= paths[path], typed


def choices_of(command: app_commands.Command[Any, ..., Any]) -> Iterator[list[str]]:
    for option in command.parameters:
        yield [choice.name for choice in option.choices]


def leaves(commands: Iterable[AnyCommand]) -> Iterator[app_commands.Command[Any, ..., Any]]:
    for each in commands:
        if isinstance(each, app_commands.Group):
            yield from leaves(each.commands)
        elif isinstance(each, app_commands.Command):
            yield each


def test_choices_stay_apart(script: Any, language: str) -> None:
    for command in leaves(chat(script)):
        for names in choices_of(command):
            shown = [name_in(language, CHOICE, name) for name in names]
            assert len(set(shown)) == len(shown), shown


async def test_discord_is_told_no_language_that_there_is_not() -> None:
    at: Any = TranslationContextLocation.group_name
    context = TranslationContext[Any, Any](location=at, data=None)
    name = app_commands.locale_str("quota")
    translate = CatalogueTranslator().translate

    assert await translate(name, Locale.german, context) == "limits"
    assert await translate(name, Locale.japanese, context) is None
    assert await translate(name, Locale.american_english, context) is None
