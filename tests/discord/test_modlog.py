"""``/modlog`` and its page buttons, as managers use them and as nobody else can."""

import pytest
from simcord.actors import MemberActor
from simcord.backend.errors import SetupError
from simcord.builders import ChannelHandle
from simcord.results import InteractionResult

from bot.domain.errors import ContentRefused, PrecheckRefused
from bot.domain.moderation import ModerationEvent
from bot.services.moderation import record
from tests.discord.managing import show_to_everyone, take_roles
from tests.discord.world import World, private_text
from tests.services.studio import Told

pytestmark = pytest.mark.usefixtures("told")


async def _log(
    world: World, number: int, *, member: MemberActor | None = None, reason: str = "violence"
) -> None:
    """Write *number* events, one a minute, told apart by their codes."""
    for each in range(number):
        world.clock.advance(minutes=1)
        event = ModerationEvent(
            guild_id=world.guild.id,
            channel_id=world.art_room.id,
            user_id=(member or world.ann).id,
            job_code=f"code{each:04}",
            command="imagine",
            model="gpt-image-2.5-flare",
            source="vendor",
            stage="input",
            categories=(reason,),
            request_id="req_1",
            fingerprint=f"words {each}",
            at=world.clock.now(),
        )
        await world.services.database.write(lambda c, event=event: record(c, event))


def _codes(text: str) -> list[int]:
    return [int(word[5:]) for word in text.split() if word.startswith("#code")]


async def _pressed(member: MemberActor, shown: InteractionResult, label: str) -> str:
    """Press a button of a panel, which changes in place; return what it says then."""
    assert shown.response is not None
    pressed = await member.click(shown.response, label=label)
    assert not pressed.followups
    return private_text(shown)


def _buttons(shown: InteractionResult) -> dict[str, bool]:
    """Return whether each button of a panel can be pressed."""
    assert shown.response is not None
    rows = [row for box in shown.response.components for row in box["components"]]
    inner = [each for row in rows for each in row.get("components", [])]
    return {each["label"]: not each.get("disabled", False) for each in inner}


async def test_a_declined_request_is_found_without_its_words(
    told: Told, ann: MemberActor, greta: MemberActor, art_room: ChannelHandle
) -> None:
    told.outcome = ContentRefused(
        stage="output", categories=("sexual", "violence/graphic"), request_id="req_77"
    )
    await ann.slash(art_room, "imagine", prompt="something forbidden")

    text = private_text(await greta.slash(art_room, "modlog"))

    assert "1 request was declined for its content." in text
    assert f"<t:1795348800:f> · {ann.mention} · {art_room.mention} · /imagine" in text
    assert (
        "**sexual, violence/graphic** — declined by the picture service for what was made" in text
    )
    assert "told-1" in text
    assert "the picture service's number for it: req\\_77" in text
    assert "forbidden" not in text


async def test_what_the_server_itself_declined_shows_how_sure_it_was(
    told: Told, ann: MemberActor, greta: MemberActor, art_room: ChannelHandle
) -> None:
    scores = {"sexual": 0.042, "violence": 0.934}
    told.outcome = PrecheckRefused(stage="input", categories=tuple(scores), scores=scores)
    await ann.slash(art_room, "imagine", prompt="something forbidden")

    text = private_text(await greta.slash(art_room, "modlog"))

    assert (
        "**violence 93 %, sexual 4.2 %** — declined here, before the picture service was asked"
        in text
    )
    assert "number for it" not in text


async def test_the_same_words_again_are_told_as_such(
    told: Told, ann: MemberActor, bob: MemberActor, greta: MemberActor, art_room: ChannelHandle
) -> None:
    told.outcome = ContentRefused(stage="input", categories=("hate",))
    await ann.slash(art_room, "imagine", prompt="something forbidden")
    await bob.slash(art_room, "imagine", prompt="Something  forbidden")
    await bob.slash(art_room, "imagine", prompt="something else")

    text = private_text(await greta.slash(art_room, "modlog"))

    assert text.count("the same words were declined 2 times here") == 2
    assert text.count("**hate**") == 3


async def test_an_empty_log_has_no_buttons(greta: MemberActor, art_room: ChannelHandle) -> None:
    shown = await greta.slash(art_room, "modlog")

    assert "0 requests were declined for their content." in private_text(shown)
    assert _buttons(shown) == {}


async def test_older_and_newer_lead_through_the_pages(
    world: World, greta: MemberActor, art_room: ChannelHandle
) -> None:
    await _log(world, 23)
    shown = await greta.slash(art_room, "modlog")
    first = private_text(shown)
    assert _codes(first) == list(range(22, 12, -1))
    assert "1 to 10, newest first" in first
    assert _buttons(shown) == {"Newer": False, "Older": True}

    second = await _pressed(greta, shown, "Older")
    assert _codes(second) == list(range(12, 2, -1))
    assert "11 to 20, newest first" in second
    assert _buttons(shown) == {"Newer": True, "Older": True}

    third = await _pressed(greta, shown, "Older")
    assert _codes(third) == [2, 1, 0]
    assert _buttons(shown) == {"Newer": True, "Older": False}

    assert await _pressed(greta, shown, "Newer") == second
    assert await _pressed(greta, shown, "Newer") == first


async def test_a_page_button_outlives_a_restart(
    world: World, greta: MemberActor, art_room: ChannelHandle
) -> None:
    await _log(world, 12)
    shown = await greta.slash(art_room, "modlog")

    await world.restart()

    assert _codes(await _pressed(greta, shown, "Older")) == [1, 0]


async def test_filters_hold_on_every_page(
    world: World, bob: MemberActor, greta: MemberActor, art_room: ChannelHandle
) -> None:
    await _log(world, 11, member=bob, reason="sexual/minors")
    await _log(world, 5, member=bob, reason="hate")
    await _log(world, 5, reason="sexual/minors")

    shown = await greta.slash(
        art_room, "modlog", member=bob, category="sexual/minors", stage="input"
    )
    first = private_text(shown)
    second = await _pressed(greta, shown, "Older")

    for text in (first, second):
        assert "11 requests were declined for their content." in text
        assert f"Only those of {bob.mention}" in text
        assert "Only for the reason sexual/minors" in text
        assert "Only those declined for what was asked" in text
        assert "hate" not in text
    assert (_codes(first), _codes(second)) == (list(range(10, 0, -1)), [0])


async def test_reasons_that_occurred_are_offered(
    world: World, greta: MemberActor, art_room: ChannelHandle
) -> None:
    await _log(world, 2, reason="violence")
    await _log(world, 1, reason="sexual/minors")
    await _log(world, 1, reason="violence, but with a name that no button has room for")

    offered = await greta.autocomplete(art_room, "modlog", "category", "VIO")

    assert [choice["value"] for choice in offered] == ["violence"]


async def test_members_do_not_see_the_command(
    ann: MemberActor, mona: MemberActor, art_room: ChannelHandle
) -> None:
    assert "modlog" in mona.available_commands(art_room)
    assert "modlog" not in ann.available_commands(art_room)
    with pytest.raises(SetupError, match="default-member-permissions"):
        await ann.slash(art_room, "modlog")


async def test_an_override_at_discord_does_not_open_the_log(
    world: World, ann: MemberActor, art_room: ChannelHandle
) -> None:
    await _log(world, 1)
    await show_to_everyone(world, "modlog")

    text = private_text(await ann.slash(art_room, "modlog"))

    assert text.startswith("This is for people with the Manage Messages permission.")
    assert await ann.autocomplete(art_room, "modlog", "category", "") == []


async def test_who_is_no_longer_a_moderator_cannot_turn_pages(
    world: World, greta: MemberActor, art_room: ChannelHandle
) -> None:
    await _log(world, 12)
    shown = await greta.slash(art_room, "modlog")
    take_roles(world, greta)
    assert shown.response is not None

    pressed = await greta.click(shown.response, label="Older")

    assert private_text(pressed).startswith(
        "This is for people with the Manage Messages permission."
    )
    assert len(_codes(private_text(shown))) == 10


async def test_the_longest_events_and_filters_still_fit(
    world: World, ann: MemberActor, greta: MemberActor, art_room: ChannelHandle
) -> None:
    reason = "_" * 36
    await _log(world, 12, reason=reason)

    shown = await greta.slash(art_room, "modlog", member=ann, category=reason, stage="input")

    assert "…" not in private_text(shown)
    assert len(_codes(private_text(shown))) == 10
    assert len(_codes(await _pressed(greta, shown, "Older"))) == 2


async def test_what_a_vendor_named_is_shown_as_plain_text(
    world: World, greta: MemberActor, art_room: ChannelHandle
) -> None:
    await _log(world, 1, reason="**loud** @everyone <@1>")

    text = private_text(await greta.slash(art_room, "modlog"))

    assert "**loud**" not in text
    assert "@everyone" not in text
    assert "<@1>" not in text
