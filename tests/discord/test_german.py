"""A member who reads German reads German, and nobody else does."""

from typing import Any

import pytest
from simcord.actors import MemberActor
from simcord.builders import ChannelHandle

from bot.ui.translating import CatalogueTranslator
from tests.discord.pressing import opened
from tests.discord.world import World, private_text


@pytest.fixture
def world(world: World) -> World:
    world.rules.locale = "de"
    return world


async def test_a_picture(world: World, ann: MemberActor, art_room: ChannelHandle) -> None:
    result = await ann.slash(art_room, "imagine", prompt="ein roter Drache", quality="low")

    message = result.response
    assert message is not None
    second = message.content.split("\n")[1]
    assert " · Qualität niedrig · " in second
    assert " · kostenlos · heute noch 19 Bilder · #" in second
    assert [each.description for each in message.attachments] == ["KI-Bild: ein roter Drache"]
    labels = [child["label"] for row in message.components for child in row["components"]]
    assert labels == ["Nochmal", "Bearbeiten", "Variieren", "Details", "Löschen"]


async def test_a_refusal(world: World, ann: MemberActor, art_room: ChannelHandle) -> None:
    result = await ann.slash(art_room, "imagine", prompt="ein Drache", shape="round")

    assert private_text(result) == (
        "form: möglich ist square, portrait, landscape, wide, tall, "
        "oder eine Breite und eine Höhe wie 1536x1024. "
        "Es wurde nichts berechnet. Ändere es und frag noch einmal."
    )


async def test_a_panel_whose_log_channel_stays_english(
    world: World, greta: MemberActor, art_room: ChannelHandle
) -> None:
    panel = await opened(greta, art_room, "settings panel")

    assert "Einstellungen dieses Servers" in panel.text
    await panel.choose("settings:which", "week_start")
    assert panel.buttons() == {"Zurücksetzen": False, "Zurück": True}
    await panel.choose("settings:value:week_start", "sunday")
    assert "**Wochen beginnen am**: Montag → Sonntag" in panel.text
    await panel.press("Übernehmen")
    assert "✅ Geändert:" in panel.text
    world.rules.locale = "en-US"
    assert "Settings of this server" in (await opened(greta, art_room, "settings panel")).text


async def test_all_that_is_registered_has_german_names(world: World) -> None:
    tree = world.easel.tree
    for command in tree.get_commands():
        payload = await command.get_translated_payload(tree, CatalogueTranslator())
        assert unnamed(payload) == []


def unnamed(part: dict[str, Any]) -> list[str]:
    """Return what of *part* has no German name, or no German description."""
    fields = ["name", *(["description"] if part.get("description") else [])]
    lacking = [part["name"] for each in fields if "de" not in part[f"{each}_localizations"]]
    inner = [*part.get("options", []), *part.get("choices", [])]
    return [*lacking, *(name for each in inner for name in unnamed(each))]


async def test_the_record_of_changes(
    world: World, greta: MemberActor, art_room: ChannelHandle
) -> None:
    await greta.slash(art_room, "settings set", reset_hour=4)
    result = await greta.slash(art_room, "audit")

    assert "**Einstellung geändert**: tagesbeginn\n-# 0 → 4" in private_text(result)
