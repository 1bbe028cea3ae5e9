"""Price before spending: what a dear request shows first, and what its buttons do."""

import asyncio
from dataclasses import replace

import pytest
from simcord.actors import MemberActor
from simcord.builders import ChannelHandle
from simcord.components import walk_components
from simcord.results import InteractionResult, ResponseMessage
from sqlalchemy import Connection, Table, func, select

from bot.domain.asks import Place
from bot.domain.errors import AlreadyAnswered
from bot.providers.base import ImageProvider, PictureRequest
from bot.services.admission import Agreed, Ticket
from bot.storage.tables import bookings, confirmations, jobs
from tests.discord.files import photo
from tests.discord.world import World, private_text
from tests.services.studio import Told, answer, ask, picture

PRICES = {"low": 50_000, "medium": 90_000, "high": 200_000, None: 20_000}


def _price(request: PictureRequest) -> int:
    return PRICES[request.quality]


@pytest.fixture
def told() -> Told:
    told = Told(answer(picture()), each=_price)
    three = {"qualities": ("low", "medium", "high"), "max_count": 4}
    told.models["told-1"] = replace(told.models["told-1"], **three)
    return told


@pytest.fixture
def provider(told: Told) -> ImageProvider:
    return told


async def _above(greta: MemberActor, room: ChannelHandle, dollars: str = "0.10") -> None:
    await greta.slash(room, "settings set", ask_above=dollars)


async def _card(
    member: MemberActor, room: ChannelHandle, **options: object
) -> tuple[ResponseMessage, str]:
    wanted = {"prompt": "a red kite", "quality": "high", **options}
    return _answer(await member.slash(room, "imagine", **wanted))


def _answer(result: InteractionResult) -> tuple[ResponseMessage, str]:
    text = private_text(result)
    assert result.response is not None
    return result.response, text


async def _rows(world: World, *tables: Table) -> list[int]:
    def count(connection: Connection) -> list[int]:
        queries = (select(func.count()).select_from(table) for table in tables)
        return [connection.execute(query).scalar_one() for query in queries]

    return await world.services.database.read(count)


async def test_a_dear_request_shows_its_price_first_and_books_nothing(
    world: World, told: Told, ann: MemberActor, greta: MemberActor, art_room: ChannelHandle
) -> None:
    await _above(greta, art_room)

    _, text = await _card(ann, art_room)

    assert "As you asked: **$0.20**\n1 picture · high quality · 64×64 · told-1" in text
    assert "Cheaper: **$0.0900**\nmedium quality instead of high" in text
    assert "asks first where a request may cost more than $0.10" in text
    assert "Nothing is booked yet." in text
    assert told.requests == []
    assert await _rows(world, bookings, jobs) == [0, 0]
    assert art_room.history() == []


@pytest.mark.parametrize("above", [None, "0.20"])
async def test_nobody_is_asked_below_the_threshold_or_without_one(
    ann: MemberActor, greta: MemberActor, art_room: ChannelHandle, above: str | None
) -> None:
    if above:
        await _above(greta, art_room, above)

    result = await ann.slash(art_room, "imagine", prompt="a red kite", quality="high")

    assert result.response is not None
    assert result.response.attachments


@pytest.mark.parametrize(
    ("label", "quality"),
    [("Make it ($0.20)", "high"), ("Make the cheaper one ($0.0900)", "medium")],
)
async def test_what_is_pressed_is_made_for_all_to_see_and_the_card_goes(
    told: Told,
    ann: MemberActor,
    greta: MemberActor,
    art_room: ChannelHandle,
    label: str,
    quality: str,
) -> None:
    await _above(greta, art_room)
    shown = await ann.slash(art_room, "imagine", prompt="a red kite", quality="high")
    assert shown.response is not None

    made = await ann.click(shown.response, label=label)

    assert made.response is not None
    assert made.response.attachments
    assert not made.response.ephemeral
    assert [request.quality for request in told.requests] == [quality]
    assert shown.response is None
    assert len(art_room.history()) == 1


async def test_cancel_costs_nothing_and_forgets_the_words(
    world: World, told: Told, ann: MemberActor, greta: MemberActor, art_room: ChannelHandle
) -> None:
    await _above(greta, art_room)
    card, _ = await _card(ann, art_room)

    await ann.click(card, label="Cancel")

    assert "Nothing was made" in str(card.components)
    assert "Make it" not in str(card.components)
    assert told.requests == []
    assert await _rows(world, bookings, confirmations) == [0, 0]


async def test_fifty_presses_make_one_picture(
    world: World, told: Told, ann: MemberActor, greta: MemberActor, art_room: ChannelHandle
) -> None:
    await _above(greta, art_room)
    card, _ = await _card(ann, art_room)
    world.env.inject_error("DELETE", "/webhooks/*/*/messages/@original", status=500, times=50)

    results = [await ann.click(card, label="Make it ($0.20)") for _ in range(50)]

    assert len(told.requests) == 1
    assert await _rows(world, bookings, jobs) == [1, 1]
    assert len(art_room.history()) == 1
    assert all("answered already" in private_text(each) for each in results[1:])


async def test_fifty_presses_at_the_same_moment_book_once(
    world: World, ann: MemberActor, greta: MemberActor, art_room: ChannelHandle
) -> None:
    await _above(greta, art_room)
    card, _ = await _card(ann, art_room)
    code = str(card.components).partition("price:make:")[2][:8]
    asks = [ask(place=Place(guild_id=world.guild.id, channel_id=art_room.id)) for _ in range(50)]

    ended = await asyncio.gather(
        *(world.services.studio.admit(each, Agreed(code, 200_000)) for each in asks),
        return_exceptions=True,
    )

    assert sum(isinstance(each, AlreadyAnswered) for each in ended) == 49
    assert await _rows(world, bookings, jobs) == [1, 1]
    (ticket,) = [each for each in ended if isinstance(each, Ticket)]
    await world.services.studio.books.withdrawn(ticket, "test")


async def test_a_card_is_pressed_by_its_asker_alone(
    world: World, told: Told, ann: MemberActor, greta: MemberActor, art_room: ChannelHandle
) -> None:
    await _above(greta, art_room)
    card, _ = await _card(ann, art_room)
    stored = world.env.backend.get_message(art_room.id, card.id)
    stored.flags &= ~64  # as if somebody else could see it

    text = private_text(await greta.click(card.message, label="Make it ($0.20)"))

    assert "belong to the person who asked" in text
    assert told.requests == []
    assert await _rows(world, confirmations) == [1]


async def test_a_card_and_its_pictures_outlive_a_restart(
    world: World, told: Told, ann: MemberActor, greta: MemberActor, art_room: ChannelHandle
) -> None:
    await _above(greta, art_room)
    options = {"prompt": "a door", "quality": "high", "region": "left half", "count": 2}
    shown = await ann.slash(art_room, "edit", image=photo(), **options)
    assert shown.response is not None
    text = private_text(shown)
    assert "What is striped changes: 50 % of the picture. At most: **$0.40**" in text
    assert "asks first where a request may cost more than $0.10" in text
    labels = [each.get("label") for each in walk_components(shown.response.components)]
    assert [label for label in labels if label] == [
        "Looks right", "Make the cheaper one ($0.10)", "Invert", "Bigger", "Smaller", "Cancel"
    ]  # fmt: skip

    await world.restart()
    made = await ann.click(shown.response, label="Looks right")

    assert made.response is not None
    assert made.response.attachments
    (request,) = told.requests
    assert (request.prompt, request.count, len(request.images)) == ("a door", 2, 1)
    assert request.images[0].data
    assert request.mask


async def test_a_limit_refuses_at_the_press_and_leaves_the_card(
    world: World, told: Told, ann: MemberActor, greta: MemberActor, art_room: ChannelHandle
) -> None:
    await _above(greta, art_room)
    card, _ = await _card(ann, art_room)
    limit = {"scope": "everyone", "unit": "dollars", "window": "day"}
    await greta.slash(art_room, "quota set", amount="0.15", **limit)

    assert "limit is" in private_text(await ann.click(card, label="Make it ($0.20)"))
    assert await _rows(world, bookings, confirmations) == [0, 1]

    made = await ann.click(card, label="Make the cheaper one ($0.0900)")
    assert made.response is not None
    assert made.response.attachments
    assert [request.quality for request in told.requests] == ["medium"]


async def test_a_higher_price_than_shown_is_not_booked(
    told: Told, ann: MemberActor, greta: MemberActor, art_room: ChannelHandle
) -> None:
    await _above(greta, art_room)
    card, _ = await _card(ann, art_room)
    told.each = lambda request: 300_000 * request.count

    text = private_text(await ann.click(card, label="Make it ($0.20)"))

    assert "It would cost $0.30 by now, and not $0.20." in text
    assert told.requests == []


async def test_a_card_that_nobody_answers_ends_gently(
    world: World, told: Told, ann: MemberActor, greta: MemberActor, art_room: ChannelHandle
) -> None:
    await _above(greta, art_room)
    card, _ = await _card(ann, art_room)
    kept, _ = await _card(ann, art_room)
    world.clock.advance(minutes=13)

    text = private_text(await ann.click(kept, label="Make it ($0.20)"))
    await world.env.advance_time(61)

    assert "has expired" in text
    assert "This offer has ended" in str(card.components)
    assert "Make it" not in str(card.components)
    assert told.requests == []
    assert await _rows(world, bookings, confirmations) == [0, 0]


async def test_a_private_request_stays_private(
    ann: MemberActor, greta: MemberActor, art_room: ChannelHandle
) -> None:
    await _above(greta, art_room)
    card, _ = await _card(ann, art_room, private=True)

    made = await ann.click(card, label="Make it ($0.20)")

    assert made.response is not None
    assert made.response.ephemeral
    assert art_room.history() == []


async def test_again_asks_first_as_well(
    told: Told, ann: MemberActor, greta: MemberActor, art_room: ChannelHandle
) -> None:
    first = await ann.slash(art_room, "imagine", prompt="a red kite", quality="high")
    assert first.response is not None
    await _above(greta, art_room)

    card, text = _answer(await ann.click(first.response, label="Again"))

    assert "As you asked: **$0.20**" in text
    assert len(told.requests) == 1
    made = await ann.click(card, label="Make it ($0.20)")
    assert made.response is not None
    assert made.response.attachments


async def test_again_shows_the_part_as_it_was_made(
    told: Told, ann: MemberActor, greta: MemberActor, art_room: ChannelHandle
) -> None:
    await _above(greta, art_room, "0.01")
    options = {"prompt": "a door", "region": "center"}
    shown = await ann.slash(art_room, "edit", image=photo(), **options)
    assert shown.response is not None
    await ann.click(shown.response, label="Bigger")
    made = await ann.click(shown.response, label="Looks right")
    assert made.response is not None

    again = await ann.click(made.response, label="Again")
    assert "16 % of the picture" in private_text(again)
    assert again.response is not None
    await ann.click(again.response, label="Looks right")

    first, second = (request.mask for request in told.requests)
    assert first == second


async def test_what_cannot_be_asked_is_refused_without_a_card(
    world: World, ann: MemberActor, greta: MemberActor, art_room: ChannelHandle
) -> None:
    await _above(greta, art_room)

    text = private_text(await ann.slash(art_room, "imagine", prompt="a kite", quality="superb"))

    assert "does not know" in text
    assert await _rows(world, confirmations) == [0]


async def test_only_managers_set_the_threshold_and_it_can_be_taken_back(
    world: World, ann: MemberActor, greta: MemberActor, art_room: ChannelHandle
) -> None:
    changed = private_text(await greta.slash(art_room, "settings set", ask_above="0.10"))
    wrong = private_text(await greta.slash(art_room, "settings set", ask_above="much"))
    too_much = private_text(await greta.slash(art_room, "settings set", ask_above="5000"))
    back = private_text(await greta.slash(art_room, "settings reset", what="ask_above"))

    assert "**Asks before spending**: never → where a request may cost more than $0.10" in changed
    assert "ask_above: write an amount of dollars" in wrong
    assert "it is $0 to" in too_much
    assert "more than $0.10 → never" in back
    assert (await world.services.guilds.choices(world.guild.id)).ask_above is None


async def _small(member: MemberActor, room: ChannelHandle, **options: object) -> str:
    result = await member.slash(room, "imagine", prompt="a red kite", **options)
    assert result.response is not None
    return result.response.content.split("\n")[1]


async def test_the_small_line_says_what_it_cost_and_what_is_left(
    ann: MemberActor, art_room: ChannelHandle
) -> None:
    assert " · $0.0130 · 19 pictures left today · #" in await _small(ann, art_room)
    assert " · $0.0130 · 18 pictures left today · #" in await _small(ann, art_room)


async def test_what_is_left_is_of_the_limit_that_ends_first(
    ann: MemberActor, greta: MemberActor, art_room: ChannelHandle
) -> None:
    limit = {"scope": "server", "unit": "dollars", "window": "week"}
    await greta.slash(art_room, "quota set", amount="0.25", **limit)

    line = await _small(ann, art_room, quality="high")

    assert "$0.24 left for this server this week" in line
