"""``/settings``, as managers use it and as nobody else can."""

from dataclasses import replace
from typing import Any

import discord
import pytest
from simcord.actors import MemberActor
from simcord.backend.errors import SetupError
from simcord.builders import ChannelHandle

from bot.domain.guild import Fidelity, GuildChoices, Strictness, Unchecked
from bot.providers.base import ImageProvider
from bot.providers.scores import CLEAN, NEVER, Moderator, Scores
from bot.services.guild_edits import OPEN_CATEGORIES
from bot.storage import audit
from tests.discord.managing import show_to_everyone
from tests.discord.world import World, private_text
from tests.services.studio import Told, answer, picture


class Scorer:
    """A moderation service that finds hate in words with "hate", as sure as it is told."""

    score = 0.5

    async def words(self, text: str) -> Scores:
        found = {"hate": self.score} if "hate" in text else {}
        return Scores(categories={**CLEAN.categories, **found})

    async def picture(self, data: bytes, media_type: str) -> Scores:
        del data, media_type
        return CLEAN


@pytest.fixture
def told() -> Told:
    told = Told(answer(picture()))
    rich = {"strictness": True, "own_shape": True, "previews": 2}
    told.models["told-1"] = replace(told.models["told-1"], **rich)
    return told


@pytest.fixture
def moderator() -> Moderator:
    return Scorer()


@pytest.fixture
def provider(told: Told) -> ImageProvider:
    return told


async def _settings(member: MemberActor, room: ChannelHandle, what: str, /, **options: Any) -> str:
    return private_text(await member.slash(room, f"settings {what}", **options))


async def _chosen(world: World) -> GuildChoices:
    return await world.services.guilds.choices(world.guild.id)


async def test_a_new_server_sees_what_holds(greta: MemberActor, art_room: ChannelHandle) -> None:
    text = await _settings(greta, art_room, "show")

    assert "**Model**: told-1 (the bot's own choice)" in text
    assert "**Quality**: low (the model's own)" in text
    assert "**Channels**: every channel" in text
    assert "**Roles**: everyone" in text
    assert "**Moderation**: as usual" in text
    assert "**Time zone**: UTC" in text
    assert "**Log channel**: none" in text
    assert "**Prompts are kept**: 24 hours after the request" in text
    assert "**Members' pictures are sent**: as squares" in text
    assert "**Previews**: off" in text
    assert "**Pre-check**: on" in text
    assert "**The pre-check declines**: what the moderation service flags" in text
    assert "**What could not be checked**: is made all the same" in text


async def test_everything_can_be_changed_at_once(
    world: World, greta: MemberActor, art_room: ChannelHandle
) -> None:
    text = await _settings(
        greta,
        art_room,
        "set",
        model="told-1",
        quality="high",
        moderation="low",
        timezone="europe/berlin",
        log_channel=art_room,
        prompt_hours=1,
        fidelity="own",
        previews=True,
        precheck=False,
        unchecked="refuse",
    )

    assert await _chosen(world) == GuildChoices(
        model="told-1",
        quality="high",
        strictness=Strictness.LOW,
        timezone="Europe/Berlin",
        log_channel=art_room.id,
        prompt_hours=1,
        fidelity=Fidelity.OWN,
        previews=True,
        precheck=False,
        unchecked=Unchecked.REFUSE,
    )
    assert "**Model**: told-1 (the bot's own choice) → told-1" in text
    assert "**Quality**: low (the model's own) → high" in text
    assert "**Time zone**: UTC → Europe/Berlin" in text
    assert "low in age-restricted channels" in text
    assert f"**Log channel**: none → {art_room.mention}" in text
    assert "**Prompts are kept**: 24 hours after the request → 1 hour after the request" in text
    assert "**Members' pictures are sent**: as squares → in their own shape" in text
    assert "**Previews**: off → on" in text
    assert "each preview costs this server a little" in text
    assert "**Pre-check**: on → off" in text
    assert "**What could not be checked**: is made all the same → is refused" in text
    assert "**Quality**: high" in await _settings(greta, art_room, "show")


async def test_the_servers_model_and_quality_are_used(
    told: Told, ann: MemberActor, greta: MemberActor, art_room: ChannelHandle
) -> None:
    await _settings(greta, art_room, "set", quality="high")
    await ann.slash(art_room, "imagine", prompt="a red kite")
    text = await _settings(greta, art_room, "set", model="told-draw")
    await ann.slash(art_room, "imagine", prompt="a red kite")

    assert "**Quality**: high → the model's own" in text
    assert [(each.model, each.quality) for each in told.requests] == [
        ("told-1", "high"),
        ("told-draw", None),
    ]


async def test_a_model_that_is_gone_gives_way_to_the_bots(
    told: Told, greta: MemberActor, art_room: ChannelHandle
) -> None:
    await _settings(greta, art_room, "set", model="told-draw")
    del told.models["told-draw"]

    text = await _settings(greta, art_room, "show")

    assert "**Model**: told-1, because told-draw is no longer here" in text


async def test_what_is_taken_back_follows_the_bot_again(
    world: World, greta: MemberActor, art_room: ChannelHandle
) -> None:
    changes = {
        "model": "told-1",
        "log_channel": art_room,
        "moderation": "low",
        "prompt_hours": 0,
        "fidelity": "own",
        "previews": True,
        "precheck": False,
        "unchecked": "refuse",
    }
    await _settings(greta, art_room, "set", **changes)

    for what in changes:
        assert "Settings changed" in await _settings(greta, art_room, "reset", what=what)

    assert await _chosen(world) == GuildChoices()
    assert "Nothing changed" in await _settings(greta, art_room, "reset", what="everything")


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({}, "settings: name at least one that is to change"),
        ({"model": "gone"}, "model: it is one of: told-1, told-draw"),
        ({"quality": "finest"}, "quality: it is one of: low, high"),
        ({"model": "told-draw", "quality": "low"}, "quality: it is one of: none"),
        ({"timezone": "Middle Earth"}, "timezone: it is a name such as Europe/Berlin"),
    ],
)
async def test_a_value_that_cannot_be_is_refused_in_plain_words(
    world: World,
    greta: MemberActor,
    art_room: ChannelHandle,
    options: dict[str, str],
    problem: str,
) -> None:
    assert (await _settings(greta, art_room, "set", **options)).startswith(problem)
    assert await _chosen(world) == GuildChoices()


async def test_a_log_channel_must_be_one_where_easel_may_write(
    world: World, greta: MemberActor, art_room: ChannelHandle
) -> None:
    silent = discord.PermissionOverwrite(send_messages=False)
    closed = world.guild.create_text_channel("rules", overwrites={world.guild.default_role: silent})

    text = await _settings(greta, art_room, "set", log_channel=closed)

    assert text.startswith("log_channel: Easel may not write there")
    assert (await _chosen(world)).log_channel is None


async def test_pictures_are_made_only_in_the_channels_named(
    world: World, ann: MemberActor, greta: MemberActor, art_room: ChannelHandle
) -> None:
    lobby = world.guild.create_text_channel("lobby")
    added = await _settings(greta, art_room, "channels add", channel=lobby)
    assert f"**Channels**: every channel → {lobby.mention}" in added

    refused = private_text(await ann.slash(art_room, "imagine", prompt="a red kite"))
    assert refused.startswith("Pictures are not made in this channel.")
    assert lobby.mention in refused

    await _settings(greta, art_room, "channels add", channel=art_room)
    result = await ann.slash(art_room, "imagine", prompt="a red kite")
    assert result.response is not None
    assert result.response.attachments

    removed = await _settings(greta, art_room, "channels remove", channel=art_room)
    assert f"→ {lobby.mention}" in removed
    cleared = await _settings(greta, art_room, "channels clear")
    assert f"**Channels**: {lobby.mention} → every channel" in cleared
    assert (await _chosen(world)).channels == frozenset()


async def test_pictures_are_made_only_by_the_roles_named(
    world: World, ann: MemberActor, greta: MemberActor, art_room: ChannelHandle
) -> None:
    cy = world.guild.add_member(world.env.create_user("cy"), roles=[world.painters])
    added = await _settings(greta, art_room, "roles add", role=world.painters)
    assert f"**Roles**: everyone → {world.painters.mention}" in added

    refused = private_text(await ann.slash(art_room, "imagine", prompt="a red kite"))
    assert refused.startswith("Making pictures here needs one of these roles")
    result = await cy.slash(art_room, "imagine", prompt="a red kite")
    assert result.response is not None
    assert result.response.attachments

    removed = await _settings(greta, art_room, "roles remove", role=world.painters)
    assert f"**Roles**: {world.painters.mention} → everyone" in removed
    await _settings(greta, art_room, "roles add", role=world.painters)
    await _settings(greta, art_room, "roles clear")
    assert (await _chosen(world)).roles == frozenset()


async def test_only_what_the_model_has_is_offered(
    greta: MemberActor, art_room: ChannelHandle
) -> None:
    async def offered(option: str, typed: str, **filled: Any) -> list[str]:
        choices = await greta.autocomplete(art_room, "settings set", option, typed, **filled)
        return [choice["value"] for choice in choices]

    assert await offered("model", "DRAW") == ["told-draw"]
    assert await offered("quality", "") == ["low", "high"]
    assert await offered("quality", "", model="told-draw") == []
    await _settings(greta, art_room, "set", model="told-draw")
    assert await offered("quality", "") == []
    assert await offered("quality", "hi", model="told-1") == ["high"]


async def test_time_zones_are_offered_with_their_present_time(
    greta: MemberActor, art_room: ChannelHandle
) -> None:
    offered = await greta.autocomplete(art_room, "settings set", "timezone", "new york")
    anything = await greta.autocomplete(art_room, "settings set", "timezone", "")

    assert offered == [{"name": "America/New_York (07:00)", "value": "America/New_York"}]
    assert len(anything) == 25
    assert anything[0]["value"] == "UTC"


async def test_members_and_moderators_do_not_see_the_command(
    ann: MemberActor, mona: MemberActor, art_room: ChannelHandle
) -> None:
    for member in (ann, mona):
        assert not [n for n in member.available_commands(art_room) if n.startswith("settings")]
        with pytest.raises(SetupError, match="default-member-permissions"):
            await member.slash(art_room, "settings show")


@pytest.mark.parametrize(
    "what",
    ["show", "set", "threshold", "reset", "channels add", "channels remove", "channels clear",
     "roles add", "roles remove", "roles clear"],
)  # fmt: skip
async def test_an_override_at_discord_does_not_open_the_settings(
    world: World, ann: MemberActor, mona: MemberActor, art_room: ChannelHandle, what: str
) -> None:
    await show_to_everyone(world, "settings")
    options: dict[str, dict[str, Any]] = {
        "set": {"prompt_hours": 1},
        "threshold": {"category": "hate", "from_percent": "never"},
        "reset": {"what": "everything"},
        "channels add": {"channel": art_room},
        "channels remove": {"channel": art_room},
        "roles add": {"role": world.painters},
        "roles remove": {"role": world.painters},
    }

    for member in (ann, mona):
        text = await _settings(member, art_room, what, **options.get(what, {}))
        assert text.startswith("This is for people with the Manage Server permission.")
    assert await _chosen(world) == GuildChoices()


async def test_words_that_are_not_kept_are_told_so(
    greta: MemberActor, art_room: ChannelHandle
) -> None:
    text = await _settings(greta, art_room, "set", prompt_hours=0)

    assert text.split("\n")[1].endswith("24 hours after the request → until the request ends")


async def _threshold(
    greta: MemberActor, room: ChannelHandle, category: str, from_percent: str
) -> str:
    options = {"category": category, "from_percent": from_percent}
    return await _settings(greta, room, "threshold", **options)


async def test_a_server_chooses_what_the_pre_check_declines(
    world: World, ann: MemberActor, greta: MemberActor, art_room: ChannelHandle
) -> None:
    passed = await ann.slash(art_room, "imagine", prompt="hate mail")
    assert passed.response is not None
    assert passed.response.attachments

    text = await _threshold(greta, art_room, "hate", "40 %")

    assert "what the moderation service flags → hate from 40 %, and what else" in text
    assert "from 0 % on everything is declined" in text
    assert "hate" in private_text(await ann.slash(art_room, "imagine", prompt="hate mail"))
    await _threshold(greta, art_room, "hate", "62.5")
    again = await ann.slash(art_room, "imagine", prompt="hate mail")
    assert again.response is not None
    assert again.response.attachments
    (newest,) = await world.services.database.read(
        lambda connection: audit.page(connection, world.guild.id, most=1).entries
    )
    assert (newest.user_id, newest.target) == (greta.id, "thresholds")
    assert (newest.before, newest.after) == ({"hate": 0.4}, {"hate": 0.625})


async def test_thresholds_are_kept_and_taken_back_one_by_one(
    world: World, greta: MemberActor, art_room: ChannelHandle
) -> None:
    await _threshold(greta, art_room, "hate", "0")
    await _threshold(greta, art_room, "violence", "never")
    await _threshold(greta, art_room, "sexual", "100%")
    assert (await _chosen(world)).thresholds == {"hate": 0, "violence": NEVER, "sexual": 1}
    shown = await _settings(greta, art_room, "show")
    assert "hate from 0 %, sexual from 100 %, violence never, and what else" in shown

    await _threshold(greta, art_room, "violence", "Vendor")
    assert (await _chosen(world)).thresholds == {"hate": 0, "sexual": 1}
    assert "Nothing changed" in await _threshold(greta, art_room, "violence", "vendor")

    assert "Settings changed" in await _settings(greta, art_room, "reset", what="thresholds")
    assert await _chosen(world) == GuildChoices()


@pytest.mark.parametrize(
    ("category", "share", "problem"),
    [
        ("hate", "much", "from_percent: write a percentage from 0 to 100, or never, or vendor"),
        ("hate", "101", "from_percent: write a percentage"),
        ("hate", "-1", "from_percent: write a percentage"),
        ("hate", "nan", "from_percent: write a percentage"),
        ("rudeness", "40", "category: it is one of: harassment, "),
        ("rudeness", "vendor", "category: it is one of: harassment, "),
        ("sexual/minors", "never", "category: sexual/minors is always declined"),
    ],
)
async def test_a_threshold_that_cannot_be_is_refused(
    world: World,
    greta: MemberActor,
    art_room: ChannelHandle,
    category: str,
    share: str,
    problem: str,
) -> None:
    assert (await _threshold(greta, art_room, category, share)).startswith(problem)
    assert await _chosen(world) == GuildChoices()


async def test_thresholds_are_offered(greta: MemberActor, art_room: ChannelHandle) -> None:
    async def offered(option: str, typed: str) -> list[tuple[str, str]]:
        choices = await greta.autocomplete(art_room, "settings threshold", option, typed)
        return [(choice["name"], choice["value"]) for choice in choices]

    words = [("as the moderation service judges", "vendor"), ("never", "never")]
    assert [name for name, _ in await offered("category", "hate")] == ["hate", "hate/threatening"]
    assert len(await offered("category", "")) == len(OPEN_CATEGORIES)
    assert await offered("from_percent", "") == words
    assert await offered("from_percent", "nev") == words[1:]
    assert await offered("from_percent", "never") == words[1:]
    assert await offered("from_percent", "35") == [("from 35 %", "35")]
    assert await offered("from_percent", "3500") == []


async def test_what_hangs_on_a_pre_check_that_is_off_is_not_shown(
    greta: MemberActor, art_room: ChannelHandle
) -> None:
    assert "`/settings threshold`" in await _settings(greta, art_room, "show")
    await _settings(greta, art_room, "set", precheck=False)

    text = await _settings(greta, art_room, "show")

    assert "**Pre-check**: off" in text
    assert "**The pre-check declines**" not in text
    assert "**What could not be checked**" not in text


async def test_every_threshold_at_once_fits_into_one_panel(
    world: World, greta: MemberActor, art_room: ChannelHandle
) -> None:
    for category in OPEN_CATEGORIES:
        await world.services.guilds.set_threshold(
            world.guild.id, greta.id, category=category, share=0.123456
        )

    assert "Settings changed" in await _settings(greta, art_room, "reset", what="everything")


async def test_low_moderation_holds_in_age_restricted_channels_only(
    world: World,
    told: Told,
    ann: MemberActor,
    greta: MemberActor,
    art_room: ChannelHandle,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cellar = world.guild.create_text_channel("cellar")

    def is_nsfw(channel: discord.TextChannel) -> bool:
        return channel.id == cellar.id  # the simulator knows no age-restricted channels

    monkeypatch.setattr(discord.TextChannel, "is_nsfw", is_nsfw)
    await _settings(greta, art_room, "set", moderation="low")

    for room in (art_room, cellar):
        await ann.slash(room, "imagine", prompt="a red kite")

    assert [each.strictness for each in told.requests] == ["auto", "low"]


async def test_many_places_fit_into_one_panel(
    world: World, greta: MemberActor, art_room: ChannelHandle
) -> None:
    ids = frozenset(range(10**18, 10**18 + 50))
    await world.services.guilds.add(world.guild.id, greta.id, channels=ids, roles=ids)

    shown = await _settings(greta, art_room, "show")
    cleared = await _settings(greta, art_room, "reset", what="everything")

    assert shown.count("<#") == shown.count("<@&") == 50
    assert "Settings changed" in cleared
