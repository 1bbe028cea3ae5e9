"""Builds every object once and closes it again, in reverse."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from bot.domain.clock import Clock, Park, SystemClock, park
from bot.domain.errors import SetupError
from bot.domain.money import micros
from bot.domain.shards import Ownership
from bot.imaging import sketch
from bot.imaging.pool import Imaging, open_imaging
from bot.metrics import Metrics
from bot.providers.base import ImageProvider, OnCall, ProviderSettings, SketchOrder, uncounted
from bot.providers.images_client import VENDOR_URL
from bot.providers.moderations import ModeratorSettings, open_moderator
from bot.providers.openai_images import is_vendor
from bot.providers.rates import SharedStates
from bot.providers.registry import open_provider
from bot.providers.scores import Moderator
from bot.services.admission import Admission
from bot.services.alerts import Alerts
from bot.services.auditing import AuditLog
from bot.services.books import Books
from bot.services.budget_alerts import BudgetAlerts
from bot.services.cases import Cases
from bot.services.conduct import Conduct
from bot.services.confirmations import Confirmations
from bot.services.digests import Digests
from bot.services.downloads import Downloader, open_downloads
from bot.services.drafts import Drafts
from bot.services.fingerprints import Fingerprints, key_of, load_keys
from bot.services.guilds import Guilds
from bot.services.history import History
from bot.services.house_rules import HouseRules
from bot.services.moderation import ModerationLog
from bot.services.places import Places
from bot.services.prechecks import Prechecks
from bot.services.preparing import Preparing
from bot.services.privacy import Policy, Privacy
from bot.services.queue import FairQueue, QueueDesk, share
from bot.services.quota import QuotaDefaults, Quotas
from bot.services.recovery import Recovery
from bot.services.reports import Reports
from bot.services.returning import Returning
from bot.services.rule_plans import RulePlans
from bot.services.sharding import Identifies, SharedRates
from bot.services.studio import Studio, Waiting
from bot.services.sweeping import Sweeping
from bot.services.usual import UsualTimes
from bot.services.welcomes import Welcomes
from bot.services.wishes import Wishes
from bot.services.wordlists import WordLists
from bot.settings import Settings
from bot.storage.address import SqliteFile, parse
from bot.storage.database import Database, open_database

_JOBS_A_REQUEST = 8  # four pictures, and more than what is given with them


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """Everything that commands may ask for."""

    studio: Studio
    recovery: Recovery
    queue: QueueDesk
    quotas: Quotas
    guilds: Guilds
    confirmations: Confirmations
    drafts: Drafts
    wishes: Wishes
    welcomes: Welcomes
    plans: RulePlans
    prechecks: Prechecks
    conduct: Conduct
    words: WordLists
    cases: Cases
    history: History
    moderation: ModerationLog
    audit: AuditLog
    alerts: Alerts
    budget_alerts: BudgetAlerts
    digests: Digests
    reports: Reports
    privacy: Privacy
    policy: Policy
    sweeping: Sweeping
    provider: ImageProvider
    imaging: Imaging
    database: Database
    metrics: Metrics
    clock: Clock
    ownership: Ownership
    identifies: Identifies
    usual: UsualTimes


@asynccontextmanager
async def open_services(
    settings: Settings,
    *,
    clock: Clock | None = None,
    park: Park = park,
    downloads: Downloader | None = None,
    provider: ImageProvider | None = None,
    moderator: Moderator | None = None,
) -> AsyncGenerator[Services]:
    """Open everything that *settings* describe; a simulated Discord brings its own *downloads*.

    Raises:
        SetupError: something cannot be used; the text says what and how to mend it.
    """
    clock, metrics = clock or SystemClock(), Metrics()
    url = settings.database_url.get_secret_value()
    alone = isinstance(parse(url), SqliteFile)
    ownership = Ownership()
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(open_database(url))
        fingerprints = Fingerprints(*await asyncio.to_thread(hash_keys, settings, url))
        imaging = await stack.enter_async_context(
            open_imaging(
                workers=settings.image_workers,
                park=park,
                queue_limit=_JOBS_A_REQUEST * settings.provider_calls_at_once,
            )
        )
        if provider is None:
            shared = None if alone else SharedRates(database)
            asked = open_settings_provider(settings, shared, metrics.called)
            provider = await stack.enter_async_context(asked)
        if downloads is None:
            downloads = await stack.enter_async_context(open_downloads(settings.discord_api_url))
        if moderator is None and settings.moderation != "off":
            watched = open_moderator(moderator_settings(settings))
            moderator = await stack.enter_async_context(watched)
        prechecks = Prechecks(moderator, imaging, pictures=settings.moderation == "all")
        guilds = Guilds(database, clock)
        quotas = Quotas(database, clock, _quota_defaults(settings))
        returning = Returning(fingerprints)
        conduct, words = Conduct(database, returning, clock), WordLists(database, clock)
        books = Books(
            database, quotas, fingerprints, conduct, clock, ownership=ownership, metrics=metrics
        )
        rules = HouseRules(guilds, conduct, words)
        admission = Admission(
            database, quotas, rules, provider, fingerprints, returning=returning, clock=clock
        )
        at_once = settings.provider_calls_at_once
        queue = FairQueue(
            at_once,
            per_guild=settings.server_jobs_at_once or share(at_once),
            most_waiting=settings.most_waiting_jobs,
            clock=clock,
            park=park,
        )
        usual = UsualTimes(database, clock)
        await usual.load()
        studio = Studio(
            admission,
            books,
            provider,
            imaging,
            Preparing(imaging, downloads, provider, prechecks),
            waiting=Waiting(queue=queue, places=Places(queue, clock, park), usual=usual),
            metrics=metrics,
        )
        reports = Reports(database, quotas, clock)
        yield Services(
            studio=studio,
            recovery=Recovery(studio, admission, clock, at_once=at_once),
            queue=QueueDesk(queue, database, clock),
            quotas=quotas,
            guilds=guilds,
            confirmations=Confirmations(database, provider, clock, ownership),
            drafts=Drafts(database, clock),
            wishes=Wishes(database, clock, ownership),
            welcomes=Welcomes(database, clock),
            plans=RulePlans(database, guilds, clock, _quota_defaults(settings)),
            prechecks=prechecks,
            conduct=conduct,
            words=words,
            cases=Cases(database, clock),
            history=History(database),
            moderation=ModerationLog(database),
            audit=AuditLog(database),
            alerts=Alerts(
                database,
                provider,
                clock,
                ownership=ownership,
                operator_channel=settings.operator_channel_id,
            ),
            budget_alerts=BudgetAlerts(
                database,
                quotas,
                guilds,
                clock,
                ownership=ownership,
                out_of_money=admission.out_of_money,
            ),
            digests=Digests(database, reports, clock, ownership),
            reports=reports,
            privacy=Privacy(database, returning, conduct, clock),
            policy=Policy(settings.privacy_policy_url, settings.terms_url),
            sweeping=Sweeping(database, clock),
            provider=provider,
            imaging=imaging,
            database=database,
            metrics=metrics,
            clock=clock,
            ownership=ownership,
            identifies=Identifies(None if alone else database),
            usual=usual,
        )


def moderator_settings(settings: Settings) -> ModeratorSettings:
    """Return whom to ask; without a key of its own, the picture service's if it is the same host.

    A key never goes to another host than the one it was given for.
    """
    same = (
        urlsplit(settings.moderation_base_url or VENDOR_URL).netloc
        == urlsplit(settings.openai_base_url).netloc
    )
    key = settings.moderation_api_key or (settings.openai_api_key if same else None)
    return ModeratorSettings(
        base_url=settings.moderation_base_url,
        api_key=key.get_secret_value() if key else None,
        model=settings.moderation_model,
    )


def open_settings_provider(
    settings: Settings, shared: SharedStates | None = None, on_call: OnCall = uncounted
) -> AbstractAsyncContextManager[ImageProvider]:
    """Open the picture maker that *settings* name; *shared* is what several processes know."""
    told = replace(provider_settings(settings), on_call=on_call)
    return open_provider(told, draw=_draw, shared=shared)


def provider_settings(settings: Settings) -> ProviderSettings:
    """Return the part of *settings* that picture makers know."""
    key = settings.openai_api_key
    elsewhere = settings.image_provider == "azure" and is_vendor(settings.openai_base_url)
    return ProviderSettings(
        name=settings.image_provider,
        api_key=key.get_secret_value() if key else None,
        base_url=None if elsewhere else settings.openai_base_url,  # Azure has no usual address
        model=settings.openai_model,
        organization=settings.openai_organization,
        dialect=settings.openai_dialect,
        calls_at_once=settings.provider_calls_at_once,
        timeout_seconds=settings.provider_timeout_seconds,
        price_micros_unknown=micros(settings.unknown_price_dollars),
        extra_image_hosts=tuple(sorted(settings.extra_image_hosts)),
        images_per_minute=settings.provider_images_per_minute,
        api_version=settings.openai_api_version,
        model_family=settings.openai_model_family,
    )


def _quota_defaults(settings: Settings) -> QuotaDefaults:
    budget = settings.monthly_budget_dollars
    return QuotaDefaults(
        member_pictures_per_day=settings.default_member_pictures_per_day,
        server_micros_per_month=micros(settings.default_server_dollars_per_month),
        member_jobs_at_once=settings.member_jobs_at_once,
        bot_micros_per_month=None if budget is None else micros(budget),
        bot_limits=settings.bot_limits,
    )


def hash_keys(settings: Settings, url: str) -> tuple[bytes, ...]:
    """Return the keys of the fingerprints, the newest first. Raises SetupError; blocks."""
    old = settings.hash_key_old
    if settings.hash_key:
        named = (settings.hash_key, old) if old else (settings.hash_key,)
        return tuple(key_of(each.get_secret_value()) for each in named)
    if old:
        raise SetupError("HASH_KEY_OLD is set, but HASH_KEY is not; set the key in use, too.")
    address = parse(url)
    if not isinstance(address, SqliteFile):
        raise SetupError("HASH_KEY is not set; with PostgreSQL every process needs the same one.")
    return load_keys(address.key)


async def _draw(order: SketchOrder) -> bytes:
    return await asyncio.to_thread(sketch.draw, order)
