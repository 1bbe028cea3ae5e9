"""What the people who run a server should know of Easel there: what is missing, and its cure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, cast

import discord
from discord import Interaction
from discord.ui import Item, LayoutView

from bot.domain.errors import UserError
from bot.domain.guild import GuildChoices
from bot.domain.messages import Slash
from bot.domain.money import dollars
from bot.domain.quota import Scope, Standing
from bot.providers.base import Finding, ImageProvider, Operation, PictureRequest
from bot.services.guild_edits import effective_model
from bot.ui.asking import place_of
from bot.ui.host import PanelHost
from bot.ui.panels import panel, show, small
from bot.ui.permissions import NOTICE_PERMISSIONS, PERMISSIONS, missing
from bot.ui.text import shown
from bot.ui.words import refusal, say, say_many

_NAMED = 10  # channels that are named in one line


@dataclass(frozen=True, slots=True, kw_only=True)
class Patient:
    """A server as the doctor sees it: *here* is what Easel may do where it is asked."""

    locale: str
    guild: discord.Guild
    here: discord.Permissions
    channel: Any
    choices: GuildChoices
    provider: ImageProvider
    prechecked: bool
    standings: tuple[Standing, ...]


async def examined(interaction: Interaction[Any], host: PanelHost) -> list[Finding]:
    """Return what is to be said of this server, problems first; nothing is spent."""
    place, guild = place_of(interaction), interaction.guild
    if guild is None:
        raise discord.app_commands.NoPrivateMessage
    choices = await host.guild_choices.choices(place.guild_id)
    patient = Patient(
        locale=interaction.locale.value,
        guild=guild,
        here=interaction.app_permissions,
        channel=interaction.channel,
        choices=choices,
        provider=host.provider,
        prechecked=host.prechecked,
        standings=await host.quotas.standing(place.guild_id, 0, frozenset(), choices.clocks),
    )
    return sorted(_findings(patient), key=lambda each: each.well)


async def show_doctor(interaction: Interaction[Any]) -> None:
    """Show what is to be said of this server to the one who asks."""
    host = cast("PanelHost", interaction.client)
    found = await examined(interaction, host)
    await show(interaction, doctor_panel(interaction.locale.value, found))


def doctor_panel(
    locale: str,
    findings: Iterable[Finding],
    *,
    heading: str = "",
    buttons: Iterable[Item[Any]] = (),
) -> LayoutView:
    """Return the findings: each problem with its cure, then in short what is well."""
    found = list(findings)
    sick = [each for each in found if not each.well]
    title = say_many(
        locale, "{count} thing to look at", "{count} things to look at", len(sick)
    ) if sick else say(locale, "Easel is well here")  # fmt: skip
    problems = [
        "\n".join([f"⚠️ **{each.subject}**: {each.says}", small([each.cure])]) for each in sick
    ]
    well = "\n".join(f"✅ **{each.subject}**: {each.says}" for each in found if each.well)
    note = f"**{title}**" if heading else ""
    return panel(heading or title, [note, "\n".join(problems), well], list(buttons))


def channel_warnings(locale: str, guild: discord.Guild, channels: Iterable[int]) -> list[str]:
    """Return a line for each of *channels* in which Easel lacks something."""
    found = _chosen(locale, guild, channels)
    return [f"⚠️ {each.says} {each.cure}" for each in found if not each.well]


def _names(locale: str, permissions: Iterable[str]) -> str:
    return ", ".join(say(locale, each) for each in permissions)


def _findings(patient: Patient) -> Iterator[Finding]:
    locale, choices = patient.locale, patient.choices
    yield _here(patient)
    yield from _chosen(locale, patient.guild, choices.channels)
    yield _commands(patient)
    yield _log_channel(patient)
    yield from _service(patient)
    yield _model(patient)
    yield from _price(patient)
    yield _precheck(patient)
    yield from _money(patient)


def _here(patient: Patient) -> Finding:
    locale, subject = patient.locale, say(patient.locale, "This channel")
    lacking = missing(patient.here, PERMISSIONS)
    if lacking:
        says = say(locale, "Easel lacks {names} here.", names=_names(locale, lacking))
        return Finding(subject=subject, well=False, says=says, cure=_allow(locale))
    says = say(locale, "Easel may do all that it needs.")
    return Finding(subject=subject, well=True, says=says)


def _chosen(locale: str, guild: discord.Guild, channels: Iterable[int]) -> Iterator[Finding]:
    subject, well = say(locale, "Where pictures may be made"), list[str]()
    for channel_id in sorted(channels):
        channel = guild.get_channel(channel_id)
        mention = f"<#{channel_id}>"
        if channel is None:
            says = say(locale, "One of the chosen channels is gone, or Easel cannot see it.")
            cure = say(
                locale,
                "Take it off the list with `{command}`, or allow Easel View Channels there.",
                command=Slash("settings panel"),
            )
            yield Finding(subject=subject, well=False, says=says, cure=cure)
        elif lacking := missing(channel.permissions_for(guild.me), PERMISSIONS):
            names = _names(locale, lacking)
            says = say(locale, "In {channel} Easel lacks {names}.", channel=mention, names=names)
            yield Finding(subject=subject, well=False, says=says, cure=_allow(locale))
        else:
            well.append(mention)
    if well:
        more = ["…"] if len(well) > _NAMED else []
        yield Finding(subject=subject, well=True, says=", ".join([*well[:_NAMED], *more]))


def _commands(patient: Patient) -> Finding:
    locale, subject = patient.locale, say(patient.locale, "Commands")
    channel = patient.channel.parent if _is_thread(patient.channel) else patient.channel
    everyone = patient.guild.default_role
    if isinstance(channel, discord.abc.GuildChannel) and not (
        channel.permissions_for(everyone).use_application_commands
    ):
        return Finding(
            subject=subject,
            well=False,
            says=say(locale, "Not everyone may use commands in this channel."),
            cure=say(
                locale,
                "Allow Use Application Commands to @everyone in this channel's permissions, unless "
                "you want it so.",
            ),
        )
    says = say(
        locale, "Everyone may use them here, unless Server Settings, Integrations says otherwise."
    )
    return Finding(subject=subject, well=True, says=says)


def _log_channel(patient: Patient) -> Finding:
    locale, subject = patient.locale, say(patient.locale, "Log channel")
    log_channel = patient.choices.log_channel
    if log_channel is None:
        says = say(locale, "None is chosen, so nobody is told what was declined or reported.")
        return Finding(subject=subject, well=True, says=says)
    channel = patient.guild.get_channel_or_thread(log_channel)
    if channel is None:
        return Finding(
            subject=subject,
            well=False,
            says=say(locale, "It is gone, or Easel cannot see it."),
            cure=say(locale, "Choose another with `{command}`.", command=Slash("easel setup")),
        )
    if lacking := missing(channel.permissions_for(patient.guild.me), NOTICE_PERMISSIONS):
        mention, names = f"<#{log_channel}>", _names(locale, lacking)
        says = say(locale, "In {channel} Easel lacks {names}.", channel=mention, names=names)
        return Finding(subject=subject, well=False, says=says, cure=_allow(locale))
    return Finding(subject=subject, well=True, says=f"<#{log_channel}>")


def _service(patient: Patient) -> Iterator[Finding]:
    locale, subject = patient.locale, say(patient.locale, "Picture service")
    model = effective_model(patient.choices, patient.provider.models).model
    try:
        patient.provider.ready(model)
    except UserError as error:
        cure = say(locale, "The people who run this bot see the cause; nobody is charged.")
        yield Finding(subject=subject, well=False, says=refusal(locale, error), cure=cure)
        return
    yield Finding(subject=subject, well=True, says=say(locale, "It takes requests."))


def _model(patient: Patient) -> Finding:
    locale, subject = patient.locale, say(patient.locale, "Model")
    chosen = patient.choices.model
    name = shown(effective_model(patient.choices, patient.provider.models).model)
    if chosen is not None and chosen not in patient.provider.models:
        return Finding(
            subject=subject,
            well=False,
            says=say(
                locale,
                "The chosen model {chosen} is not offered any more; {name} is used.",
                chosen=shown(chosen),
                name=name,
            ),
            cure=say(locale, "Choose another with `{command}`.", command=Slash("settings panel")),
        )
    return Finding(subject=subject, well=True, says=name)


def _price(patient: Patient) -> Iterator[Finding]:
    """Yield what a picture costs at most, as the bot's own books count it."""
    locale, choices = patient.locale, patient.choices
    model = effective_model(choices, patient.provider.models)
    size = next(iter(model.sizes.shapes.values()), None)
    if size is None or Operation.GENERATE not in model.operations:
        return
    request = PictureRequest(
        operation=Operation.GENERATE,
        model=model.model,
        prompt="",
        size=size,
        quality=choices.quality or model.default_quality,
    )
    price, subject = patient.provider.estimate(request), say(locale, "Prices")
    amount = dollars(price.micros)
    if price.known:
        says = say(locale, "A picture costs {amount} at most.", amount=amount)
    else:
        says = say(locale, "Not known for this model; a picture counts {amount}.", amount=amount)
    yield Finding(subject=subject, well=True, says=says)


def _precheck(patient: Patient) -> Finding:
    locale, subject = patient.locale, say(patient.locale, "Pre-check")
    if not patient.prechecked:
        says = say(locale, "The people who run this bot have set none up.")
    elif patient.choices.precheck:
        says = say(locale, "Words and pictures are looked at before the picture service is asked.")
    else:
        says = say(locale, "Off, as this server chose.")
    return Finding(subject=subject, well=True, says=says)


def _money(patient: Patient) -> Iterator[Finding]:
    locale = patient.locale
    if any(each.scope is Scope.SERVER and each.left <= 0 for each in patient.standings):
        yield Finding(
            subject=say(locale, "Limits"),
            well=False,
            says=say(locale, "A limit of the whole server is used up, so no pictures are made."),
            cure=say(locale, "See when there is more, or raise it, with `{command}`.",
                     command=Slash("quota panel")),
        )  # fmt: skip


def _allow(locale: str) -> str:
    return say(locale, "Allow them to Easel's role in that channel's permissions.")


def _is_thread(channel: object) -> bool:
    return isinstance(channel, discord.Thread)
