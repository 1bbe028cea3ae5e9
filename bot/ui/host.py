"""What buttons, options and answers may ask of the client that runs them."""

from typing import Protocol

from discord.ui import LayoutView, View

from bot.domain.clock import Clock
from bot.imaging.pool import Imaging
from bot.providers.base import ImageProvider
from bot.services.auditing import AuditLog
from bot.services.cases import Cases
from bot.services.conduct import Conduct
from bot.services.confirmations import Confirmations
from bot.services.drafts import Drafts
from bot.services.guilds import Guilds
from bot.services.history import History
from bot.services.moderation import ModerationLog
from bot.services.privacy import Policy, Privacy
from bot.services.queue import QueueDesk
from bot.services.quota import Quotas
from bot.services.recovery import Recovery
from bot.services.reports import Reports
from bot.services.rule_plans import RulePlans
from bot.services.studio import Studio
from bot.services.wishes import Wishes
from bot.services.wordlists import WordLists


class Reading(Protocol):
    """The client's services, as far as what is only read and shown needs them."""

    @property
    def moderation(self) -> ModerationLog:
        """What was declined for its content."""
        ...

    @property
    def audit(self) -> AuditLog:
        """What managers changed."""
        ...

    @property
    def history(self) -> History:
        """What members asked for."""
        ...

    @property
    def reports(self) -> Reports:
        """What adds up."""
        ...

    @property
    def privacy(self) -> Privacy:
        """What shows and erases what is stored of members."""
        ...

    @property
    def policy(self) -> Policy:
        """Where the operator's privacy policy is."""
        ...

    @property
    def clock(self) -> Clock:
        """The clock."""
        ...

    @property
    def recovery(self) -> Recovery:
        """What knows the pictures that could not be posted."""
        ...

    @property
    def imaging(self) -> Imaging:
        """What draws."""
        ...


class Host(Protocol):
    """The client, as far as this room knows it."""

    @property
    def services(self) -> Reading:
        """What is read and shown."""
        ...

    @property
    def studio(self) -> Studio:
        """The studio that makes pictures."""
        ...

    @property
    def queue(self) -> QueueDesk:
        """Who waits for their turn."""
        ...

    @property
    def provider(self) -> ImageProvider:
        """The picture maker whose models are offered."""
        ...

    @property
    def guild_choices(self) -> Guilds:
        """What servers have chosen."""
        ...

    @property
    def confirmations(self) -> Confirmations:
        """Requests whose price is not agreed to yet."""
        ...

    @property
    def drafts(self) -> Drafts:
        """Pictures that were chosen and wait for a form."""
        ...


class Board(Protocol):
    """What posts in channels with the bot's own rights."""

    async def post(self, channel_id: int, text: str, buttons: View | None = None) -> None:
        """Post *text*, with *buttons* below."""
        ...

    async def put(self, channel_id: int, view: LayoutView) -> int | None:
        """Post *view*; return the message's id, None where it was not taken."""
        ...


class BoardHost(Host, Protocol):
    """The client, as far as cards in log channels know it."""

    @property
    def notices(self) -> Board:
        """What posts the cards."""
        ...


class WishHost(BoardHost, Protocol):
    """The client, as far as wishes for more know it."""

    @property
    def quotas(self) -> Quotas:
        """The limits."""
        ...

    @property
    def wishes(self) -> Wishes:
        """What members asked for."""
        ...


class ModerationHost(BoardHost, Protocol):
    """The client, as far as those who moderate know it."""

    @property
    def conduct(self) -> Conduct:
        """Who is blocked."""
        ...

    @property
    def words(self) -> WordLists:
        """What servers do not want in prompts."""
        ...

    @property
    def cases(self) -> Cases:
        """What members asked moderators to look at."""
        ...


class PanelHost(WishHost, Protocol):
    """The client, as far as the panels of rules and settings know it."""

    @property
    def plans(self) -> RulePlans:
        """What changes of rules would do."""
        ...

    @property
    def prechecked(self) -> bool:
        """Whether the operator has set the pre-check up."""
        ...
