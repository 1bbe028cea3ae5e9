"""The free checks, in order, and the one write that books a request."""

import secrets
from dataclasses import dataclass, replace
from datetime import datetime

from bot.domain.asks import Ask, Command, remember
from bot.domain.clock import Clock
from bot.domain.errors import (
    BadOption,
    ChannelClosed,
    NotSupported,
    PictureTooLarge,
    PromptTooLong,
    RoleMissing,
)
from bot.domain.guild import GuildChoices, Strictness
from bot.domain.pictures import REGIONS, TRANSPARENT_PARTS, Shape, Size
from bot.domain.sizes import SizeImpossible, Wanted
from bot.providers.base import Capabilities, ImageProvider, Operation, PictureRequest, Price
from bot.services.downloads import MAX_BYTES
from bot.services.fingerprints import Fingerprints
from bot.services.guilds import Guilds, effective_model
from bot.services.quota import Claim, Quotas
from bot.storage import jobs
from bot.storage.database import Connection, Database

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_CODE_LENGTH = 8

OPERATIONS = {
    Command.IMAGINE: Operation.GENERATE,
    Command.EDIT: Operation.EDIT,
    Command.VARY: Operation.VARY,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """An admitted request: it is booked, and everything needed to make it is here but pictures."""

    job_id: int
    code: str
    ask: Ask
    request: PictureRequest
    model: Capabilities
    estimate: Price
    prompt_hours: int
    admitted_at: datetime


class AlreadyAsked(Exception):  # noqa: N818 - nothing went wrong: Discord delivered it twice
    """This interaction was admitted before; there is nothing to do and nothing to say."""


class Admission:
    """Decides whether a request may run, and books it."""

    def __init__(
        self,
        database: Database,
        quotas: Quotas,
        guilds: Guilds,
        provider: ImageProvider,
        fingerprints: Fingerprints,
        clock: Clock,
    ) -> None:
        self._database = database
        self._quotas = quotas
        self._guilds = guilds
        self._provider = provider
        self._fingerprints = fingerprints
        self._clock = clock

    async def admit(self, ask: Ask) -> Ticket:
        """Check *ask* for free, then book it in one transaction.

        Raises:
            UserError: it may not run; nothing was booked.
            AlreadyAsked: the same interaction was delivered before.
        """
        choices = await self._guilds.choices(ask.place.guild_id)
        _check_place(ask, choices)
        capabilities = self._model(ask, choices)
        _check_options(ask, capabilities)
        request = self._request(ask, choices, capabilities)
        ticket = Ticket(
            job_id=0,
            code="".join(secrets.choice(_ALPHABET) for _ in range(_CODE_LENGTH)),
            ask=ask,
            request=request,
            model=capabilities,
            estimate=self._provider.estimate(request),
            prompt_hours=choices.prompt_hours,
            admitted_at=self._clock.now(),
        )
        job_id = await self._database.write(lambda c: self._book(c, ticket, choices.timezone))
        return replace(ticket, job_id=job_id)

    def _book(self, connection: Connection, ticket: Ticket, timezone: str) -> int:
        ask = ticket.ask
        if jobs.known_interaction(connection, ask.origin.interaction_id):
            raise AlreadyAsked
        claim = Claim(
            reference=ticket.code,
            guild_id=ask.place.guild_id,
            channel_id=ask.place.channel_id,
            user_id=ask.asker.user_id,
            role_ids=ask.asker.role_ids,
            command=ask.command.value,
            model=ticket.request.model,
            pictures=ask.count,
            micros=ticket.estimate.micros,
            at=ticket.admitted_at,
            timezone=timezone,
        )
        self._quotas.book(connection, claim)
        return jobs.add(
            connection,
            code=ticket.code,
            interaction_id=ask.origin.interaction_id,
            application_id=ask.origin.application_id,
            token=ask.origin.token,
            guild_id=ask.place.guild_id,
            channel_id=ask.place.channel_id,
            user_id=ask.asker.user_id,
            command=ask.command.value,
            options=remember(ask),
            prompt=ask.prompt,
            provider=self._provider.name,
            model=ticket.request.model,
            count=ask.count,
            private=ask.private,
            parent=ask.parent,
            estimate_micros=ticket.estimate.micros,
            created_at=ticket.admitted_at,
        )

    def _model(self, ask: Ask, choices: GuildChoices) -> Capabilities:
        models = self._provider.models
        if ask.model is None:
            return effective_model(choices, models)
        if ask.model not in models:
            offered = ", ".join(models)
            raise BadOption(option="model", problem=f"it is one of: {offered}")
        return models[ask.model]

    def _request(
        self, ask: Ask, choices: GuildChoices, capabilities: Capabilities
    ) -> PictureRequest:
        usual = choices.quality if choices.quality in capabilities.qualities else None
        return PictureRequest(
            operation=OPERATIONS[ask.command],
            model=capabilities.model,
            prompt=ask.prompt,
            size=_size(ask.shape or Shape.SQUARE, capabilities),
            count=ask.count,
            quality=ask.quality or usual or capabilities.default_quality,
            style=ask.style,
            background=ask.background,
            verbatim=ask.verbatim,
            strength=ask.strength,
            strictness=choices.strictness if ask.place.age_restricted else Strictness.AUTO,
            member=self._fingerprints.member(ask.asker.user_id),
        )


def _size(wanted: Wanted, can: Capabilities) -> Size:
    """Return the size to ask for. Raises BadOption where the model makes nothing like it."""
    try:
        return can.sizes.chosen(wanted)
    except SizeImpossible as error:
        problem = f"{can.model} does not make {wanted}; the nearest that it makes is {error}"
        raise BadOption(option="shape", problem=problem) from error


def _check_place(ask: Ask, choices: GuildChoices) -> None:
    here = {ask.place.channel_id, ask.place.parent_id}
    if choices.channels and not choices.channels & here:
        names = ", ".join(f"<#{channel}>" for channel in sorted(choices.channels))
        raise ChannelClosed(channels=names)
    if choices.roles and not choices.roles & ask.asker.role_ids:
        raise RoleMissing(roles=", ".join(f"<@&{role}>" for role in sorted(choices.roles)))


def _check_options(ask: Ask, can: Capabilities) -> None:
    if OPERATIONS[ask.command] not in can.operations:
        raise NotSupported(model=can.model, feature=f"/{ask.command}")
    for name, accepted in (
        ("shape", can.sizes.shapes),
        ("quality", can.qualities),
        ("style", can.styles),
        ("background", can.backgrounds),
    ):
        value = getattr(ask, name)
        if value is not None and not isinstance(value, Size) and value not in accepted:
            offered = ", ".join(accepted) or "none"
            problem = f"{can.model} does not know “{value[:40]}”; it offers: {offered}"
            raise BadOption(option=name, problem=problem)
    if not 1 <= ask.count <= can.max_count:
        raise BadOption(option="count", problem=f"{can.model} makes 1 to {can.max_count} at once")
    if ask.verbatim and not can.verbatim:
        raise NotSupported(model=can.model, feature="verbatim")
    room = can.prompt_room(OPERATIONS[ask.command], verbatim=ask.verbatim)
    if len(ask.prompt) > room:
        raise PromptTooLong(length=len(ask.prompt), limit=room)
    _check_pictures(ask)


def _check_pictures(ask: Ask) -> None:
    for source, what in ((ask.source, "picture"), (ask.mask, "mask")):
        if source is not None and source.size > MAX_BYTES:
            size, limit = f"{source.size / 1e6:.0f} MB", f"{MAX_BYTES / 1e6:.0f} MB"
            raise PictureTooLarge(what=what, size=size, limit=limit)
    if ask.region is not None and ask.region not in (*REGIONS, TRANSPARENT_PARTS):
        offered = ", ".join((*REGIONS, TRANSPARENT_PARTS))
        raise BadOption(option="region", problem=f"it is one of: {offered}")
    if ask.mask is not None and ask.region is not None:
        raise BadOption(option="region", problem="give a mask or a region, not both")
    if (ask.mask or ask.region) and ask.shape not in (None, Shape.SQUARE):
        raise BadOption(option="shape", problem="an edit with a mask keeps the picture's own shape")
