"""An ask is remembered without people and secrets, and recalled for another interaction."""

import json

from bot.domain.asks import Ask, Asker, Command, Origin, Place, Source, Strength, recall, remember
from bot.domain.pictures import Fit, Shape

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
        source=Source(url="https://cdn.discordapp.com/a", name="a.png", size=7),
        mask=Source(url="https://cdn.discordapp.com/b", name="b.png", size=8),
        fit=Fit.CROP,
        shape=Shape.LANDSCAPE,
        quality="high",
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


def test_words_and_secrets_are_not_among_the_options() -> None:
    ask = Ask(command=Command.IMAGINE, origin=ORIGIN, asker=ASKER, place=PLACE, prompt="a door")

    assert "a door" not in json.dumps(remember(ask))
    assert "a secret token" not in json.dumps(remember(ask))
    assert "a secret token" not in repr(ask)
    assert "a door" not in repr(ask)
