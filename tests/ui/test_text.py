"""Text that people wrote is shown harmlessly."""

import re

import pytest

from bot.ui.text import shown

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
    "\x00",
    "a" * 32_000,
]


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: ascii(text)[:30])
def test_hostile_text_loses_its_power(text: str) -> None:
    line = shown(text)

    assert not re.search(r"@(everyone|here)|<[@#/:tia]", line)
    assert not re.search(r"(?<!\\)[*_~|`\[\]]", line)
    assert not re.search(r"\w://", line)
    assert not re.search(r"discord(app)?\.(gg|com)", line)
    assert not re.match(r"[#>-]|\d+\.", line)
    assert not re.search("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\u200b-\u200c\u200f]", line)
    assert not re.search("[\u0300-\u036f]{3}", line)
    line.encode()
    assert len(line) <= 2 * 200


@pytest.mark.parametrize(
    "text",
    [
        "a red kite over the sea",
        "Ein Käfer, größer als ein Haus!",
        "猫が好き",
        "👩‍👩‍👧 ok",
        "5 > 3",
    ],
)
def test_ordinary_text_stays_as_it_is(text: str) -> None:
    assert shown(text) == text


def test_long_text_ends_in_an_ellipsis() -> None:
    assert shown("word " * 100, 20) == "word word word word…"
