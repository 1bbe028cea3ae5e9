"""What people, servers and models write is kept as it is, shown harmlessly, and never a bug."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

import pytest
from simcord.actors import MemberActor
from simcord.results import InteractionResult

from bot.domain.text import storable
from bot.providers.base import Answer, MadePicture, Price
from bot.storage import jobs
from tests.discord.files import photo
from tests.discord.world import World, log_room_of, text_of, words_of
from tests.hostile_texts import HOSTILE, assert_harmless
from tests.services.studio import Told, answer, picture

LONGEST = 4000  # letters of a prompt here
OWN_MENTION = re.compile(r"<@\d{15,}>")
POWER = re.compile(
    r"@(everyone|here)|<@&?1234>|<t:0:R>|</imagine:1234>|\w://evil|discord\.gg/evil|(?<!\\)\[free"
    "|[\x00\x1b\u202e\u2066]|\u0300{3}"
)
CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
WORST = (
    "@everyone <@1234> <@&1234> </imagine:1234> <t:0:R> [free](https://evil.example) "
    "discord.gg/evil \u202egro\u2066 z\u0300\u0300\u0300\u0300 \x1b[31m {0.__class__} %n \x00"
)


GRANT = {"scope": "member", "unit": "pictures", "amount": "3"}


@pytest.fixture
def environ() -> Mapping[str, str]:
    return {"DEFAULT_MEMBER_PICTURES_PER_DAY": "1000", "DEFAULT_SERVER_DOLLARS_PER_MONTH": "1000"}


@pytest.fixture
def told() -> Told:
    made = Told(answer(picture()))
    made.models = {k: replace(can, max_prompt=LONGEST) for k, can in made.models.items()}
    return made


pytestmark = [pytest.mark.usefixtures("told"), pytest.mark.both_databases]


def together(texts: list[str]) -> Iterator[str]:
    """Yield prompts that hold all of *texts*, as many in each as it takes."""
    prompt = ""
    for text in texts:
        if len(prompt) + len(text) >= LONGEST:
            yield prompt
            prompt = ""
        prompt += text[: LONGEST // 2] + "\n"
    yield prompt


def said(result: InteractionResult) -> str:
    messages = [each for each in (result.response, *result.followups) if each is not None]
    assert messages
    return "\n".join(text_of(each.content, each.components) for each in messages)


async def test_a_prompt_is_kept_and_sent_as_it_is_and_shown_harmlessly(
    world: World, ann: MemberActor, told: Told, naughty_strings: list[str]
) -> None:
    for text in (*(each[:LONGEST] for each in HOSTILE), *together(naughty_strings)):
        result = await ann.slash(world.art_room, "imagine", prompt=text)

        assert result.response is not None
        first, second = result.response.content.split("\n")
        assert_harmless(OWN_MENTION.sub("", first).replace("**", ""))
        assert told.requests[-1].prompt == storable(text)
        code = second.rpartition("#")[2].strip()
        job = await world.services.database.read(lambda c, code=code: jobs.by_code(c, code))
        assert job is not None
        assert job.prompt == storable(text)
        (shown,) = result.response.attachments
        assert shown.description
        assert not CONTROLS.search(shown.description)
        assert len(shown.description.encode("utf-16-le")) <= 2 * 1024
    assert all(rule == {"parse": []} for rule in world.rules.mentions)


async def test_what_a_model_says_it_drew_is_shown_harmlessly(
    world: World, ann: MemberActor, told: Told
) -> None:
    drew = MadePicture(data=picture(), media_type="image/png", revised_prompt=storable(WORST))
    told.outcome = Answer(pictures=(drew,), price=Price(micros=10, version="test"), request_id="r")
    result = await ann.slash(world.art_room, "imagine", prompt="a kite")

    assert result.response is not None
    details = await ann.click(result.response, label="Details")

    assert "evil" in said(details)
    assert not POWER.search(said(details))


async def test_every_other_text_is_shown_harmlessly(
    world: World, ann: MemberActor, mona: MemberActor, greta: MemberActor
) -> None:
    room, log_room = world.art_room, await log_room_of(world)
    world.guild.create_role(WORST[:90])
    words, seen = WORST[:95], list[str]()
    for who, command, options in (
        (greta, "quota grant", GRANT | {"member": ann, "reason": words}),
        (greta, "quota grants", {}),
        (greta, "words", {}),
        (mona, "block", {"member": ann, "duration": "1h", "reason": words}),
        (ann, "imagine", {"prompt": "a kite"}),
        (mona, "modlog", {"kind": "blocked"}),
        (mona, "unblock", {"member": ann}),
        (ann, "imagine", {"prompt": words, "shape": words}),
        (ann, "imagine", {"prompt": words, "model": words}),
        (ann, "edit", {"prompt": words, "image": photo()}),
        (ann, "history", {"search": words[:40]}),
        (greta, "settings set", {"timezone": words[:60]}),
        (greta, "audit", {}),
    ):
        seen.append(said(await who.slash(room, command, **options)))
    seen += [words_of(world, message) for message in log_room.history()]

    assert sum("evil" in text for text in seen) > 5
    for text in seen:
        assert not POWER.search(text), text
    assert all(rule == {"parse": []} for rule in world.rules.mentions)
