"""Text that means harm, and what is left of it where it is shown."""

import json
import re

from tests.fakes.steady.npm import MODULES, install

HOSTILE = [
    "@everyone",
    "@here come",
    "<@1234> <@!1234> <@&1234> <#1234>",
    "</imagine:1234> <t:0:R> <id:home> <:a:1>",
    "@\u200beveryone",
    "[free nitro](https://evil.example)",
    "[x](<https://evil.example>)",
    "https://evil.example http://evil.example ftp://evil.example",
    "discord.gg/evil discordapp.com/invite/evil",
    "1https://evil.example _https://evil.example é://evil.example",
    "é9discord.gg/abc _discordapp.com/invite/abc",
    "steam://run/1",
    "**bold** __under__ ~~gone~~ ||spoiler|| `code` ```block```",
    "# heading",
    "-# small",
    "> quote",
    ">>> quotes",
    "- item",
    "1. item",
    "two\nlines\r\nand\u2028more\u2029still\x85end",
    "\u202eevil\u202c \u2066isolate\u2069 \u200f",
    "z" + "\u0300" * 50,
    "\x1b[31mred\x1b[0m",
    "\ud800 lone",
    "{0.__class__} %n %s",
    "=1+1",
    "nul\x00nul",
    "a" * 32_000,
]


def naughty() -> list[str]:
    """Return the Big List of Naughty Strings. Raises MissingError where it cannot be had."""
    install()
    found: list[str] = json.loads((MODULES / "blns/resources/blns.json").read_text("utf-8"))
    return [text for text in found if text]


def assert_harmless(line: str) -> None:
    """Fail where *line*, shown as a message or a part of one, does or hides anything."""
    assert not re.search(r"@(everyone|here)|<[@#/:tia]", line)
    assert not re.search(r"(?<!\\)[*_~|`\[\]]", line)
    assert not re.search(r"\w://", line)
    assert not re.search(r"discord(app)?\.(gg|com)", line, re.IGNORECASE)
    assert not re.match(r"[#>-]\s|\d+\.\s", line)
    assert not re.search("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\u200b-\u200c\u200f]", line)
    assert not re.search("[\u0300-\u036f]{3}", line)
    line.encode()
