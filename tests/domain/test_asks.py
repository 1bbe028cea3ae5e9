"""An ask is remembered without people and secrets, and recalled for another interaction."""

import json

from bot.domain.asks import Ask, Asker, Command, Origin, Place, Source, Strength, recall, remember
from bot.domain.pictures import Fit, Shape, Size

ORIGIN = Origin(interaction_id=1, application_id=2, token="a secret token")
ASKER = Asker(user_id=3, role_ids=frozenset({4}))
PLACE = Place(guild_id=5, channel_id=6)


def test_what_is_remembered_is_recalled() -> None:
    ask = Ask(
        command=Command.EDIT,
        origin=ORIGIN,
        asker=ASKER,
        place=PLACE,
        prompt="a door",
        source=Source(
            url="https://cdn.discordapp.com/a", name="a.png", size=7, pixels=Size(640, 480)
        ),
        mask=Source(url="https://cdn.discordapp.com/b", name="b.png", size=8),
        markup=Source(url="https://cdn.discordapp.com/c", name="c.png", size=9),
        references=(
            Source(url="https://cdn.discordapp.com/d", name="d.png", size=10, pixels=Size(8, 9)),
        ),
        fit=Fit.CROP,
        shape=Shape.LANDSCAPE,
        quality="high",
        output_format="webp",
        count=3,
        verbatim=True,
        private=True,
        strength=Strength.STRONG,
        parent="aaaaaaaa",
    )

    options = json.loads(json.dumps(remember(ask)))
    recalled = recall(
        options,
        command=ask.command,
        prompt=ask.prompt,
        origin=ORIGIN,
        asker=ASKER,
        place=PLACE,
        parent="aaaaaaaa",
    )

    assert recalled == ask


def test_a_size_of_ones_own_is_recalled() -> None:
    ask = Ask(
        command=Command.IMAGINE, origin=ORIGIN, asker=ASKER, place=PLACE, shape=Size(1920, 1088)
    )

    assert json.loads(json.dumps(remember(ask)))["shape"] == "1920x1088"
    again = recall(
        remember(ask),
        command=ask.command,
        prompt="",
        origin=ORIGIN,
        asker=ASKER,
        place=PLACE,
        parent="aaaaaaaa",
    )
    assert again.shape == Size(1920, 1088)


def test_words_and_secrets_are_not_among_the_options() -> None:
    ask = Ask(command=Command.IMAGINE, origin=ORIGIN, asker=ASKER, place=PLACE, prompt="a door")

    assert "a door" not in json.dumps(remember(ask))
    assert "a secret token" not in json.dumps(remember(ask))
    assert "a secret token" not in repr(ask)
    assert "a door" not in repr(ask)
