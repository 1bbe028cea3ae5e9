"""What members see, delete and are told of what is stored on them."""

import json
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import discord
import pytest
from simcord.actors import MemberActor
from simcord.builders import ChannelHandle
from simcord.results import InteractionResult

from bot.services.privacy import TOLD, Policy
from bot.ui.privacy import file_of, policy_panel
from tests.discord.pressing import opened
from tests.discord.world import World, log_room_of, private_text
from tests.services.studio import Told
from tests.storage.people import beside

pytestmark = pytest.mark.both_databases

PROMPT = "a heron of canary-7f3a"


@pytest.fixture(autouse=True)
def _told(told: Told) -> None:  # pyright: ignore[reportUnusedFunction]
    pass


async def _file(result: InteractionResult) -> dict[str, Any]:
    assert result.response is not None
    assert result.response.ephemeral
    (file,) = result.response.attachments
    assert file.filename == "easel-data.json"
    return json.loads(await file.read())


def _tables(written: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    return {each["table"]: each["rows"] for each in written["stored"]}


async def test_everything_that_is_stored_on_somebody_comes_as_a_file(
    world: World, ann: MemberActor, bob: MemberActor, mona: MemberActor, art_room: ChannelHandle
) -> None:
    room = await log_room_of(world)
    shown = await ann.slash(art_room, "imagine", prompt=PROMPT)
    await bob.slash(art_room, "imagine", prompt="a secret of Bob's")
    assert shown.response is not None
    form = await bob.context_menu(art_room, "Report image", shown.response.message)
    await bob.submit_modal(form, {"text": "Bob tells on Ann"})
    await mona.slash(art_room, "block", member=ann, reason="enough")

    result = await ann.slash(room, "privacy show")

    assert "everything that is stored on you" in private_text(result)
    written = await _file(result)
    assert written["user_id"] == ann.id
    tables = _tables(written)
    assert tables["jobs"][0]["prompt"] == PROMPT
    assert tables["blocks"][0]["reason"] == "enough"
    assert tables["blocks"][0]["blocked_by"] == "(somebody else)"
    (case,) = tables["cases"]
    assert (case["about_id"], case["user_id"], case["text"]) == (
        ann.id,
        "(somebody else)",
        "(somebody else)",
    )
    text = json.dumps(written)
    assert not any(word in text for word in (str(bob.id), str(mona.id), "Bob"))
    what = {each["table"]: each["what"] for each in written["stored"]}
    assert what["ledger"] == "The ledger: what your requests used and cost"
    assert all(each["kept"] for each in written["stored"])
    theirs = _tables(await _file(await mona.slash(room, "privacy show")))
    assert str(ann.id) not in json.dumps(theirs)
    assert theirs["audit"][0]["target"] == "member:(somebody else)"


async def test_who_is_unknown_is_told_so(bob: MemberActor, art_room: ChannelHandle) -> None:
    assert "Nothing is stored on you" in private_text(await bob.slash(art_room, "privacy show"))
    panel = await opened(bob, art_room, "privacy delete")
    await panel.press("Delete my data")
    assert "Nothing was stored on you" in panel.text


def test_a_large_file_is_packed() -> None:
    packed = file_of("en-US", [], 7, most=10)

    assert packed.filename == "easel-data.zip"
    with ZipFile(BytesIO(packed.fp.read())) as archive:
        assert json.loads(archive.read("easel-data.json"))["user_id"] == 7


async def test_deleting_asks_first_and_gives_a_receipt(
    world: World, tmp_path: Path, ann: MemberActor, greta: MemberActor, art_room: ChannelHandle
) -> None:
    await ann.slash(art_room, "imagine", prompt=PROMPT)
    panel = await opened(ann, art_room, "privacy delete")
    assert "for all servers with this bot" in panel.text
    assert "What stays, and why" in panel.text

    await panel.press("Keep it")
    assert "Everything is as it was." in panel.text
    panel = await opened(ann, art_room, "privacy delete")
    await world.restart()
    await panel.press("Delete my data")

    assert "Your data is deleted" in panel.text
    assert "1 · Your requests" in panel.text
    assert "a limit that is in use or a block goes on to hold" in panel.text
    code = panel.text.partition("Receipt `")[2].partition("`")[0]
    audit = private_text(await greta.slash(art_room, "audit"))
    assert "Somebody deleted their data" in audit
    assert code in audit
    assert ann.mention not in audit
    assert "Nothing here yet" in private_text(await ann.slash(art_room, "history"))
    files = b"".join(each.read_bytes() for each in beside(tmp_path / "easel.db"))
    for each in (PROMPT.encode(), str(ann.id).encode(), ann.id.to_bytes(8, "big")):
        assert each not in files


async def test_it_works_where_nothing_else_does(
    world: World, ann: MemberActor, mona: MemberActor, greta: MemberActor, art_room: ChannelHandle
) -> None:
    await ann.slash(art_room, "imagine", prompt=PROMPT)
    await greta.slash(art_room, "settings roles add", role=world.painters)
    other = world.guild.create_text_channel("other")
    await greta.slash(art_room, "settings channels add", channel=art_room)
    await mona.slash(art_room, "block", member=ann, duration="forever", reason="enough")

    panel = await opened(ann, other, "privacy delete")
    await panel.press("Delete my data")

    assert "Your data is deleted" in panel.text
    assert "Nothing is stored" in private_text(await ann.slash(other, "privacy show"))
    await greta.slash(art_room, "settings roles clear")
    refused = private_text(await ann.slash(art_room, "imagine", prompt="again"))
    assert "enough" in refused, "the block holds"
    assert "can ask for pictures again" in private_text(
        await mona.slash(art_room, "unblock", member=ann)
    )


async def test_an_old_result_of_somebody_who_left_is_handled(
    ann: MemberActor, bob: MemberActor, art_room: ChannelHandle
) -> None:
    shown = await ann.slash(art_room, "imagine", prompt=PROMPT)
    panel = await opened(ann, art_room, "privacy delete")
    await panel.press("Delete my data")
    assert shown.response is not None

    for member in (ann, bob):
        said = private_text(await member.click(shown.response, label="Again"))
        assert "no picture" in said.lower() or "not" in said.lower()


async def test_the_policy_is_a_summary_or_a_link(ann: MemberActor, art_room: ChannelHandle) -> None:
    panel = await opened(ann, art_room, "privacy policy")

    assert all(entry.says in panel.text for entry in TOLD.values())
    assert "365 days unless the server chose otherwise (history_days)" in panel.text
    assert "`/privacy show`" in panel.text


@pytest.mark.parametrize("locale", ["en-US", "de"])
def test_the_policy_of_an_operator_is_linked(locale: str) -> None:
    view = policy_panel(locale, Policy("https://example.org/privacy", "https://example.org/terms"))

    buttons = [each for each in view.walk_children() if isinstance(each, discord.ui.Button)]
    assert [each.url for each in buttons] == [
        "https://example.org/privacy",
        "https://example.org/terms",
    ]


async def test_nothing_goes_while_a_request_runs(
    world: World, ann: MemberActor, art_room: ChannelHandle
) -> None:
    await ann.slash(art_room, "imagine", prompt=PROMPT)
    unended = "UPDATE jobs SET finished_at = NULL"
    await world.services.database.write(lambda c: c.exec_driver_sql(unended))
    panel = await opened(ann, art_room, "privacy delete")

    said = private_text(await panel.press("Delete my data"))

    assert "Nothing was deleted: your request #" in said


async def test_german(world: World, ann: MemberActor, art_room: ChannelHandle) -> None:
    world.rules.locale = "de"
    await ann.slash(art_room, "imagine", prompt=PROMPT)

    panel = await opened(ann, art_room, "privacy policy")
    assert "365 Tage, wenn der Server nichts anderes gewählt hat" in panel.text
    panel = await opened(ann, art_room, "privacy delete")
    await panel.press("Meine Daten löschen")
    assert "Deine Daten sind gelöscht" in panel.text


async def test_a_server_that_removes_easel_is_marked_and_unmarked(
    world: World, ann: MemberActor, art_room: ChannelHandle
) -> None:
    await ann.slash(art_room, "imagine", prompt=PROMPT)
    guild_id = world.guild.id

    await _fed(world, "GUILD_DELETE", {"id": str(guild_id), "unavailable": True})
    assert await _departed(world) == []
    await _fed(world, "GUILD_DELETE", {"id": str(guild_id)})
    assert await _departed(world) == [guild_id]
    await world.restart()
    assert await _departed(world) == [], "it is there, as the new connection says"


async def _fed(world: World, event: str, payload: dict[str, Any]) -> None:
    for feed in list(world.env.backend.subscribers):
        feed(event, payload)
    await world.env.settle()


async def _departed(world: World) -> list[int]:
    return await world.services.database.read(
        lambda c: list(c.exec_driver_sql("SELECT guild_id FROM departures").scalars())
    )
