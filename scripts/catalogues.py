"""Writes the catalogues of messages: bot/locales/easel.pot, and each language's .po and .mo.

`python scripts/catalogues.py` finds every message in the code, takes them into each language's
catalogue and compiles it; with `--check` it only tells which are stale. A language is begun by
copying easel.pot to bot/locales/<language>/LC_MESSAGES/easel.po.
"""

import ast
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib import import_module
from io import BytesIO
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from discord import app_commands
from discord.ext import commands

ROOT: Final = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from bot.domain.messages import CHOICE, COMMAND, MENU, OPTION  # noqa: E402 - the path comes first

LOCALES: Final = ROOT / "bot" / "locales"
TEMPLATE: Final = LOCALES / "easel.pot"

_SPEAKING: Final = ("bot.domain.errors", "bot.domain.messages", "bot.ui.words")
"""What a module imports that says something; the others need not be read."""

_SINGLE: Final = {"say": 1, "N_": 0, "Phrase": 0}
_PLURAL: Final = {"say_many": 1, "Nn_": 0, "Counted": 0}
"""What takes a message, and as which argument; a plural takes its other form after it."""

_SENTENCES: Final = {"message", "tip"}
"""What an error says, in its class."""

_CONTEXTS: Final = {"COMMAND": COMMAND, "OPTION": OPTION, "CHOICE": CHOICE}
_RULES: Final = {
    COMMAND: "A name: lower case, no spaces, at most 32 characters.",
    OPTION: "A name: lower case, no spaces, at most 32 characters.",
    CHOICE: "A choice: at most 100 characters.",
    MENU: "In the menu of a message: at most 32 characters.",
}
_KEPT: Final = {
    "Project-Id-Version", "Language", "MIME-Version", "Content-Type", "Content-Transfer-Encoding",
    "Plural-Forms",
}  # fmt: skip
_HEAD: Final = "# The messages of Easel. Written by `make format`; the translations are kept."


@dataclass(frozen=True, slots=True)
class Message:
    """What is said somewhere: one form, or one and many; names have a context."""

    forms: tuple[str, ...]
    path: str
    context: str | None = None


class _Catalogue(Catalog):
    """A catalogue without dates and versions, so that it changes when a message does."""

    @property
    def mime_headers(self) -> list[tuple[str, str]]:  # type: ignore[override]
        return [each for each in super().mime_headers if each[0] in _KEPT]


def main() -> int:
    """Write or check every catalogue; the exit code is 1 where one is stale."""
    stale = [(path, data) for path, data in files() if _there(path) != data]
    if "--check" not in sys.argv[1:]:
        for path, data in stale:
            path.write_bytes(data)
        return 0
    for path, _ in stale:
        sys.stderr.write(f"{path.relative_to(ROOT)} is stale: run `make format`.\n")
    return 1 if stale else 0


def _there(path: Path) -> bytes | None:
    return path.read_bytes() if path.exists() else None


def files() -> Iterator[tuple[Path, bytes]]:
    """Yield the template and both files of each language, with the bytes they should have."""
    words = template(messages())
    yield TEMPLATE, _po(words)
    for path in translated():
        catalogue = merged(path, words)
        yield path, _po(catalogue)
        data = BytesIO()
        write_mo(data, catalogue)
        yield path.with_suffix(".mo"), data.getvalue()


def translated() -> list[Path]:
    """Return the file of each language."""
    return sorted(LOCALES.glob("*/LC_MESSAGES/easel.po"))


def messages() -> Iterator[Message]:
    """Yield every message of the code, then every name and description of a command."""
    for room in ("bot", "cogs"):
        for path in sorted((ROOT / room).rglob("*.py")):
            source = path.read_text("utf-8")
            if any(room in source for room in _SPEAKING):
                yield from said_in(source, path.relative_to(ROOT).as_posix())
    for path in sorted((ROOT / "cogs").glob("[!_]*.py")):
        module = import_module(f"cogs.{path.stem}")
        for command in commands_of(module):
            yield from _named(command, path.relative_to(ROOT).as_posix())


def said_in(source: str, path: str) -> Iterator[Message]:
    """Yield the messages of one module. Raises ValueError where one is put together."""
    nodes = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.expr | ast.stmt)]
    for node in sorted(nodes, key=lambda node: node.lineno):
        match node:
            case ast.Call(func=ast.Name(name), args=args) if name in _SINGLE:
                texts = _texts(args[_SINGLE[name] :][:1], path)
                yield from (Message((text,), path) for text in texts)
            case ast.Call(func=ast.Name(name), args=args) if name in _PLURAL:
                forms = _texts(args[_PLURAL[name] :][:2], path)
                if len(forms) > 1:
                    yield Message(tuple(forms), path)
            case ast.Call(func=ast.Name("BadOption"), keywords=keywords):
                named = [each.value for each in keywords if each.arg == "option"]
                yield from (Message((text,), path, OPTION) for text in _texts(named, path))
            case ast.Call(func=ast.Name("Name"), args=[ast.Name(context), text]):
                named = _texts([text], path)
                yield from (Message((each,), path, _CONTEXTS[context]) for each in named)
            case ast.ClassDef(body=body):
                yield from (Message((text,), path) for text in _said_by_class(body, path))
            case _:
                pass


def _texts(nodes: Iterable[ast.expr], path: str) -> list[str]:
    """Return the literals that *nodes* are; a variable's text is marked where it stands."""
    texts: list[str] = []
    for node in nodes:
        match node:
            case ast.Constant(value=str(text)):
                texts.append(text)
            case ast.IfExp(body=first, orelse=second):
                texts += _texts([first, second], path)
            case ast.JoinedStr() | ast.BinOp():
                problem = f"{path}:{node.lineno}: say one literal, with {{places}}"
                raise ValueError(problem)
            case _:
                pass
    return texts


def _said_by_class(body: Iterable[ast.stmt], path: str) -> Iterator[str]:
    for statement in body:
        match statement:
            case ast.Assign(targets=[ast.Name(name)], value=value) if name in _SENTENCES:
                yield from _texts([value], path)
            case ast.AnnAssign(target=ast.Name(name), value=ast.expr() as value):
                yield from _texts([value] if name in _SENTENCES else [], path)
            case _:
                pass


AnyCommand = app_commands.Command[Any, ..., Any] | app_commands.Group | app_commands.ContextMenu


def commands_of(module: ModuleType) -> Iterator[AnyCommand]:
    """Yield the commands that a module of `cogs` has, whatever is left out where it runs."""
    for each in vars(module).values():
        if isinstance(each, app_commands.ContextMenu):
            yield each
        elif isinstance(each, type) and issubclass(each, commands.GroupCog):
            group = app_commands.Group(
                name=each.__cog_group_name__, description=each.__cog_group_description__
            )
            for command in each.__cog_app_commands__:
                group.add_command(command)
            yield group
        elif isinstance(each, type) and issubclass(each, commands.Cog):
            yield from each.__cog_app_commands__


def _named(command: AnyCommand, path: str) -> Iterator[Message]:
    """Yield what people read of *command* before they use it."""
    if isinstance(command, app_commands.ContextMenu):
        yield Message((command.name,), path, MENU)
        return
    yield Message((command.name,), path, COMMAND)
    yield Message((command.description,), path)
    if isinstance(command, app_commands.Group):
        for each in command.commands:
            yield from _named(each, path)
        return
    for option in command.parameters:
        yield Message((option.display_name,), path, OPTION)
        yield Message((str(option.description),), path)
        yield from (Message((choice.name,), path, CHOICE) for choice in option.choices)


def template(found: Iterable[Message]) -> Catalog:
    """Return a catalogue of *found* without translations."""
    catalogue = _Catalogue(project="Easel", version="1", header_comment=_HEAD, fuzzy=False)
    for each in found:
        one, *many = each.forms
        catalogue.add(
            (one, *many) if many else one,
            locations=[(each.path, 0)],
            flags=["python-brace-format"] if "{" in "".join(each.forms) else [],
            auto_comments=[_RULES[each.context]] if each.context else [],
            context=each.context,
        )
    return catalogue


def merged(path: Path, words: Catalog) -> Catalog:
    """Return the language of *path* with the messages that there are now.

    One that was reworded keeps the translation of the old words, marked as fuzzy: it is not used.
    """
    language = path.parent.parent.name
    with path.open("rb") as file:
        before = read_po(file, locale=language)
    catalogue = _Catalogue(
        locale=language, project="Easel", version="1", header_comment=_HEAD, fuzzy=False
    )
    for each in before:
        if each.id:
            catalogue.add(
                each.id, each.string, flags=each.flags, context=each.context,
                user_comments=each.user_comments,
            )  # fmt: skip
    catalogue.update(words, update_header_comment=False)
    return catalogue


def _po(catalogue: Catalog) -> bytes:
    data = BytesIO()
    write_po(data, catalogue, width=100, include_lineno=False, ignore_obsolete=True)
    return data.getvalue()


if __name__ == "__main__":
    sys.exit(main())
