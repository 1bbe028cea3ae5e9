"""``/quota panel``: rules seen, made, changed and taken away, with a preview before each."""

from typing import Any

import pytest
from simcord.actors import MemberActor
from simcord.backend.errors import SetupError
from simcord.builders import ChannelHandle

from bot.domain.quota import Effect, Rule, Scope, Unit
from bot.domain.windows import Rolling, Window
from bot.storage import audit
from tests.discord.managing import take_roles
from tests.discord.pressing import Pressed, opened
from tests.discord.world import World, private_text

DAY = {"unit": "pictures", "window": "day"}


@pytest.fixture
async def panel(greta: MemberActor, art_room: ChannelHandle) -> Pressed:
    return await opened(greta, art_room, "quota panel")


async def _rules(world: World) -> tuple[Rule, ...]:
    return await world.services.quotas.rules(world.guild.id)


async def _compose(panel: Pressed, **choices: Any) -> None:
    await panel.press("Add a rule…")
    for step, value in choices.items():
        await panel.choose(f"quota:{step}:", value)


async def _audit(world: World) -> list[tuple[str, str, object, object]]:
    entries = await world.services.database.read(
        lambda connection: audit.page(connection, world.guild.id, most=50).entries
    )
    return [(each.action, each.target, each.before, each.after) for each in reversed(entries)]


async def test_a_new_server_sees_the_defaults_and_what_is_used(
    ann: MemberActor, greta: MemberActor, art_room: ChannelHandle
) -> None:
    await ann.slash(art_room, "imagine", prompt="a red kite")

    text = (await opened(greta, art_room, "quota panel")).text

    assert "**The whole server together**\n$10.00 a month — $0.00 used" in text
    assert "**Each member**\n**2 requests at once** (the bot's default)" in text
    assert "**20 pictures a day** (the bot's default)" in text
    assert "`/quota set`" in text


async def test_a_limit_is_put_together_previewed_and_applied(
    world: World, ann: MemberActor, panel: Pressed
) -> None:
    await ann.slash(world.art_room, "imagine", prompt="a red kite", count=2)
    await panel.press("Add a rule…")
    assert panel.buttons()["How much…"] is False
    await panel.choose("quota:who:", "everyone")
    await panel.choose("quota:what:", "pictures")
    await panel.choose("quota:window:", "day")
    assert "**Each member · Limit pictures · a day**" in panel.text
    assert panel.default("quota:window:") == ["day"]

    await panel.write("How much…", amount="2")

    text = panel.text
    assert "This would change" in text
    assert "Each member: 20 pictures a day (the bot's default) → **2 pictures a day**" in text
    assert "1 member has used so much already" in text
    assert "Nothing is changed yet" in text
    assert await _rules(world) == ()

    await panel.press("Apply")

    assert "✅ Changed:\nEach member: 20 pictures a day (the bot's default)" in panel.text
    assert "**Each member**\n`1` **2 pictures a day**" in panel.text
    assert await _rules(world) == (
        Rule(scope=Scope.EVERYONE, unit=Unit.PICTURES, window=Window.DAY, amount=2),
    )
    assert await _audit(world) == [("quota.set", "everyone pictures day", None, 2)]
    refused = await ann.slash(world.art_room, "imagine", prompt="a red kite")
    assert "limit is 2 pictures a day" in private_text(refused)


@pytest.mark.parametrize(
    ("choices", "form", "rule"),
    [
        (
            {"who": "server", "what": "dollars", "window": "month"},
            {"amount": "25"},
            Rule(scope=Scope.SERVER, unit=Unit.DOLLARS, window=Window.MONTH, amount=25_000_000),
        ),
        (
            {"who": "server", "what": "requests", "window": "hours"},
            {"amount": "9", "hours": "6"},
            Rule(scope=Scope.SERVER, unit=Unit.REQUESTS, window=Rolling(6), amount=9),
        ),
        (
            {"who": "everyone", "what": "pictures", "window": "lifetime"},
            {"amount": "1,000"},
            Rule(scope=Scope.EVERYONE, unit=Unit.PICTURES, window=Window.LIFETIME, amount=1000),
        ),
        (
            {"who": "server", "what": "jobs"},
            {"amount": "3"},
            Rule(scope=Scope.SERVER, unit=Unit.JOBS, amount=3),
        ),
        (
            {"who": "server", "what": "deny"},
            None,
            Rule(scope=Scope.SERVER, unit=None, effect=Effect.DENY),
        ),
        (
            {"who": "everyone", "what": "free-pictures"},
            None,
            Rule(scope=Scope.EVERYONE, unit=Unit.PICTURES, effect=Effect.UNLIMITED),
        ),
    ],
)
async def test_every_kind_of_rule_can_be_made(
    world: World, panel: Pressed,
    choices: dict[str, str], form: dict[str, str] | None, rule: Rule,
) -> None:  # fmt: skip
    await _compose(panel, **choices)
    if form is None:
        await panel.press("See what would change")
    else:
        await panel.write("How much…", **form)
    assert "This would change" in panel.text
    await panel.press("Apply")

    assert panel.text.startswith("## Limits of this server\n✅ Changed:")
    assert await _rules(world) == (rule,)


async def test_rules_for_a_role_a_channel_and_a_member(
    world: World, ann: MemberActor, panel: Pressed
) -> None:
    for who, which in (("role", world.painters), ("channel", world.art_room), ("member", ann)):
        await _compose(panel, who=who)
        assert panel.buttons()["How much…"] is False
        await panel.choose("quota:which:", which)
        assert panel.default("quota:which:") == [str(which.id)]
        await panel.choose("quota:what:", "pictures")
        await panel.choose("quota:window:", "r24")
        await panel.write("How much…", amount="7")
        assert which.mention in panel.text
        assert "no rule → **7 pictures in any 24 hours**" in panel.text
        await panel.press("Apply")

    rules = await _rules(world)
    assert {(each.scope, each.scope_id, each.window, each.amount) for each in rules} == {
        (Scope.ROLE, world.painters.id, Rolling(24), 7),
        (Scope.CHANNEL, world.art_room.id, Rolling(24), 7),
        (Scope.MEMBER, ann.id, Rolling(24), 7),
    }
    text = panel.text
    assert f"**Roles: each of their members**\n`1` {world.painters.mention}: **7 pictures" in text
    assert f"**Single members**\n`3` {ann.mention}: **7 pictures" in text
    limit = "7 pictures in any 24 hours for"
    assert list(panel.options("quota:rule:").values()) == [
        f"1 · {limit} Painter", f"2 · {limit} art-room", f"3 · {limit} a member ({ann.id})",
    ]  # fmt: skip


async def test_what_does_not_go_together_is_not_kept(panel: Pressed) -> None:
    await _compose(panel, who="member", what="free")
    assert panel.default("quota:what:") == ["free"]
    assert "free" in panel.options("quota:what:")

    await panel.choose("quota:who:", "server")

    assert "free" not in panel.options("quota:what:")
    assert panel.default("quota:what:") == []
    await panel.choose("quota:what:", "jobs")
    with pytest.raises(AssertionError):
        panel.options("quota:window:")


@pytest.mark.parametrize(
    ("window", "written", "problem"),
    [
        ("day", {"amount": "many"}, "“many” cannot be: write a whole number of pictures"),
        ("day", {"amount": "-1"}, "“-1” cannot be: write a whole number of pictures"),
        ("day", {"amount": "a:b/c"}, "“a:b/c” cannot be: write a whole number"),
        ("hours", {"amount": "5", "hours": "999"}, "“5 · 999” cannot be: write a whole number"),
        ("hours", {"amount": "5", "hours": "x/y"}, "“5 · x/y” cannot be: write a whole number"),
    ],
)
async def test_bad_input_is_told_and_nothing_is_lost(
    world: World, panel: Pressed, window: str, written: dict[str, str], problem: str
) -> None:
    await _compose(panel, who="everyone", what="pictures", window=window)

    await panel.write("How much…", **written)

    assert problem in panel.text
    assert "**Each member · Limit pictures" in panel.text
    form = await panel.press("Write it again…")
    assert written["amount"] in str(form.modal)
    await panel.member.submit_modal(form, {**written, "amount": "5", "hours": "6"}
                                    if window == "hours" else {"amount": "5"})  # fmt: skip
    assert "This would change" in panel.text
    await panel.press("Change it")
    assert "**Each member · Limit pictures" in panel.text
    assert await _rules(world) == ()


async def test_a_rule_is_changed_and_taken_away(
    world: World, greta: MemberActor, art_room: ChannelHandle
) -> None:
    await greta.slash(art_room, "quota set", scope="everyone", amount="5", **DAY)
    panel = await opened(greta, art_room, "quota panel")

    await panel.choose("quota:rule:", "everyone/0/pictures/day")
    assert "**5 pictures a day** for each member" in panel.text
    await panel.write("How much…", amount="6")
    assert "Each member: 5 pictures a day → **6 pictures a day**" in panel.text
    await panel.press("Apply")
    await panel.choose("quota:rule:", "everyone/0/pictures/day")
    await panel.press("Take it away…")
    assert "Each member: 6 pictures a day → **20 pictures a day (the bot's default)**" in panel.text
    assert len(await _rules(world)) == 1
    await panel.press("Apply")

    assert await _rules(world) == ()
    assert await _audit(world) == [
        ("quota.set", "everyone pictures day", None, 5),
        ("quota.set", "everyone pictures day", 5, 6),
        ("quota.clear", "everyone pictures day", 6, None),
    ]


async def test_a_new_window_that_drops_the_default_says_so(panel: Pressed) -> None:
    await _compose(panel, who="everyone", what="pictures", window="week")

    await panel.write("How much…", amount="40")

    assert "Each member: 20 pictures a day (the bot's default) → **no rule**" in panel.text
    assert "takes the place of the bot's default" in panel.text
    assert "Each member: no rule → **40 pictures a week**" in panel.text


async def test_cancel_and_back_change_nothing(world: World, panel: Pressed) -> None:
    await _compose(panel, who="server", what="deny")
    await panel.press("See what would change")
    await panel.press("Cancel")

    assert panel.text.startswith("## Limits of this server\nNothing was changed.")
    await panel.press("Add a rule…")
    await panel.press("Back")
    assert panel.text.startswith("## Limits of this server\n**The whole server")
    assert await _rules(world) == ()


async def test_what_changed_meanwhile_is_shown_and_not_overwritten(
    world: World, greta: MemberActor, art_room: ChannelHandle, panel: Pressed
) -> None:
    await _compose(panel, who="everyone", what="pictures", window="day")
    await panel.write("How much…", amount="6")
    await greta.slash(art_room, "quota set", scope="everyone", amount="9", **DAY)

    await panel.press("Apply")

    assert "Somebody changed this meanwhile; nothing was overwritten." in panel.text
    assert "Each member: 9 pictures a day → **6 pictures a day**" in panel.text
    (rule,) = await _rules(world)
    assert rule.amount == 9
    await panel.press("Apply")
    (rule,) = await _rules(world)
    assert rule.amount == 6


async def test_a_rule_that_is_gone_is_told(
    world: World, greta: MemberActor, art_room: ChannelHandle
) -> None:
    await greta.slash(art_room, "quota set", scope="everyone", amount="5", **DAY)
    panel = await opened(greta, art_room, "quota panel")
    await greta.slash(art_room, "quota clear", scope="everyone", **DAY)

    await panel.choose("quota:rule:", "everyone/0/pictures/day")

    assert "That rule is gone" in panel.text
    assert "**20 pictures a day** (the bot's default)" in panel.text


async def test_the_panel_lives_on_after_a_restart(world: World, panel: Pressed) -> None:
    await _compose(panel, who="everyone", what="pictures")
    await world.restart()
    await panel.choose("quota:window:", "day")
    form = await panel.press("How much…")
    await world.restart()
    await panel.member.submit_modal(form, {"amount": "4"})
    await world.restart()

    await panel.press("Apply")

    (rule,) = await _rules(world)
    assert rule.amount == 4


async def test_who_is_no_manager_any_more_gets_a_private_answer(
    world: World, greta: MemberActor, panel: Pressed
) -> None:
    await _compose(panel, who="server", what="deny")
    await panel.press("See what would change")
    before = panel.text
    take_roles(world, greta)

    for act in (panel.press("Apply"), panel.press("Cancel")):
        assert "Manage Server" in private_text(await act)

    assert panel.text == before
    assert await _rules(world) == ()


async def test_strangers_cannot_open_it_or_press_it(
    world: World, ann: MemberActor, mona: MemberActor, art_room: ChannelHandle, panel: Pressed
) -> None:
    for member in (ann, mona):
        for command, options in (("quota panel", {}), ("quota preset", {"name": "public"})):
            refused = private_text(await member.slash(art_room, command, **options))
            assert refused.startswith("This is for people with the Manage Server permission.")
        with pytest.raises(SetupError, match="not visible"):  # Discord shows it to nobody else
            await panel.press("Add a rule…", by=member)
    assert await _rules(world) == ()


async def test_many_rules_have_pages(
    world: World, greta: MemberActor, art_room: ChannelHandle
) -> None:
    for number in range(32):
        rule = Rule(scope=Scope.MEMBER, scope_id=10**18 + number, unit=Unit.DOLLARS,
                    window=Rolling(700), amount=999_999_999_999)  # fmt: skip
        await world.services.quotas.set_rule(world.guild.id, rule, by=greta.id)
    panel = await opened(greta, art_room, "quota panel")

    counts: list[int] = []
    for label in ("Next", "Next", "Previous"):
        counts.append(panel.text.count("<@"))
        assert len(panel.options("quota:rule:")) == counts[-1]
        await panel.press(label)

    assert counts == [15, 15, 2]
    assert panel.text.count("<@") == 15


async def test_the_fullest_page_keeps_within_discords_limits(
    world: World, greta: MemberActor, art_room: ChannelHandle
) -> None:
    for hours in range(300, 316):
        rule = Rule(scope=Scope.SERVER, unit=Unit.DOLLARS, window=Rolling(hours),
                    amount=999_999_999_999)  # fmt: skip
        await world.services.quotas.set_rule(world.guild.id, rule, by=greta.id)

    panel = await opened(greta, art_room, "quota panel")

    assert panel.text.count(" left**") == len(panel.options("quota:rule:")) == 15


async def test_a_member_is_explained(
    world: World, ann: MemberActor, greta: MemberActor, art_room: ChannelHandle
) -> None:
    cy = world.guild.add_member(world.env.create_user("cy"), roles=[world.painters])
    await greta.slash(art_room, "quota set", scope="role", role=world.painters, amount="3", **DAY)
    panel = await opened(greta, art_room, "quota panel")

    await panel.press("Explain a member…")
    await panel.choose("quota:explain:", cy)
    assert f"For {cy.mention}, here" in panel.text
    assert f"**3 pictures a day** for {world.painters.mention}" in panel.text
    await panel.choose("quota:explain:", ann)
    assert f"For {ann.mention}, here" in panel.text
    assert "**3 pictures a day**" not in panel.text
    await panel.press("Back")
    assert panel.text.startswith("## Limits of this server")
