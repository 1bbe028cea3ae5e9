"""What the operator decides: one frozen object, read once from the environment."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from bot.domain.errors import SetupError
from bot.domain.limit_text import EXAMPLE, limits_in
from bot.domain.quota import Rule, Unit
from bot.domain.shards import ALL, Shards

_MOST_SHARDS = 16_384  # of 2,500 servers each: more than Discord has bots for
_FILE_LIMIT = 64 * 1024  # bytes; no secret is longer


@dataclass(frozen=True, slots=True)
class Takes:
    """What a setting accepts, in words that follow "must be"."""

    words: str


def _hosts(value: object) -> object:
    if isinstance(value, str):
        return [host.strip().lower() for host in value.split(",") if host.strip()]
    return value


def _shards(value: object) -> object:
    """Return the numbers in a text such as ``0-3,7``. Raises ValueError: it is none such."""
    return _numbers(value) if isinstance(value, str) else value


def _numbers(text: str) -> tuple[int, ...]:
    found = set[int]()
    for part in text.split(","):
        first, dash, last = part.strip().partition("-")
        begin, end = int(first), int(last if dash else first)
        if not 0 <= begin <= end < _MOST_SHARDS:
            raise ValueError
        found.update(range(begin, end + 1))
    return tuple(sorted(found))


def _limits(value: object) -> object:
    return limits_in(value) if isinstance(value, str) else value


def _upper(value: object) -> object:
    return value.upper() if isinstance(value, str) else value


def _lower(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


def _header(value: SecretStr | str | None) -> SecretStr | str | None:
    text = value.get_secret_value() if isinstance(value, SecretStr) else value or ""
    if not (text.isascii() and text.isprintable()):
        raise ValueError  # no header can carry it
    return value


def _port(host: str) -> str:
    if int(host.partition(":")[2] or 1) not in range(1, 65536):
        raise ValueError
    return host


Host = Annotated[str, Field(pattern=r"^[a-z0-9.-]+(:\d{1,5})?$"), AfterValidator(_port)]
Secret = Annotated[
    SecretStr | None, AfterValidator(_header), Takes("a secret of printable ASCII characters")
]
HashKey = Annotated[
    SecretStr | None, Field(min_length=16), Takes("a secret of at least 16 characters")
]
Address = Annotated[SecretStr, Takes("a database's address")]
Web = Annotated[str, Field(pattern=r"^https?://[^\s/]+\S*$"), Takes("an http or https address")]
Gateway = Annotated[str, Field(pattern=r"^wss?://[^\s/]+\S*$"), Takes("a ws or wss address")]
Text = Annotated[str, Field(max_length=200), Takes("a text of at most 200 characters")]
Organization = Annotated[
    str,
    Field(max_length=200),
    AfterValidator(_header),
    Takes("a text of at most 200 printable ASCII characters"),
]
ModelName = Annotated[str, Field(max_length=64), Takes("a text of at most 64 characters")]
Pictures = Annotated[int, Field(ge=0, le=1_000_000), Takes("a whole number from 0 to 1000000")]
AtOnce = Annotated[int, Field(ge=1, le=256), Takes("a whole number from 1 to 256")]
Waiting = Annotated[int, Field(ge=1, le=100_000), Takes("a whole number from 1 to 100000")]
Workers = Annotated[int, Field(ge=1, le=64), Takes("a whole number from 1 to 64")]
PerMinute = Annotated[int, Field(ge=1, le=100_000), Takes("a whole number from 1 to 100000")]
ShardCount = Annotated[
    int, Field(ge=1, le=_MOST_SHARDS), Takes(f"a whole number from 1 to {_MOST_SHARDS}")
]
ShardIds = Annotated[
    tuple[int, ...],
    BeforeValidator(_shards),
    Takes("shards' numbers, from 0, with commas between them, such as 0,1 or 0-3"),
]
ChannelId = Annotated[int, Field(ge=1, lt=1 << 63), Takes("a channel's id, a long number")]
ApiVersion = Annotated[
    str,
    Field(pattern=r"^[0-9A-Za-z.-]{1,40}$"),
    Takes("a version such as 2026-10-01 or 2026-10-01-preview"),
]
Seconds = Annotated[int, Field(ge=1, le=3600), Takes("a whole number from 1 to 3600")]
Port = Annotated[int, Field(ge=1, le=65535), Takes("a whole number from 1 to 65535")]
Dollars = Annotated[
    Decimal,
    Field(ge=0, le=1_000_000, allow_inf_nan=False),
    Takes("an amount of dollars from 0 to 1000000, such as 12.50"),
]
Limits = Annotated[
    tuple[Rule, ...],
    BeforeValidator(_limits),
    Takes(f"limits with commas between them, such as: {EXAMPLE}"),
]
Hosts = Annotated[
    frozenset[Host],
    BeforeValidator(_hosts),
    Takes("host names, with or without a port, with commas between them"),
]
Provider = Annotated[
    Literal["openai", "azure", "sketch"],
    BeforeValidator(_lower),
    Takes("openai, azure or sketch"),
]
Dialect = Annotated[
    Literal["auto", "gpt-image", "dalle"],
    BeforeValidator(_lower),
    Takes("auto, gpt-image or dalle"),
]
Moderation = Annotated[
    Literal["off", "words", "all"], BeforeValidator(_lower), Takes("off, words or all")
]
LogLevel = Annotated[
    Literal["DEBUG", "INFO", "WARNING", "ERROR"],
    BeforeValidator(_upper),
    Takes("DEBUG, INFO, WARNING or ERROR"),
]
LogFormat = Annotated[Literal["text", "json"], BeforeValidator(_lower), Takes("text or json")]


class Settings(BaseSettings):
    """Every setting, named as its environment variable in lower case; build it by `load_settings`.

    Money is in dollars here; `bot.domain.money.micros` makes what the ledger counts in.
    """

    model_config = SettingsConfigDict(
        frozen=True, extra="forbid", hide_input_in_errors=True, use_attribute_docstrings=True
    )

    discord_token: Secret = None
    """The bot's token, from the Bot page of Discord's developer portal."""

    openai_api_key: Secret = None
    """The key for the picture service; not needed with IMAGE_PROVIDER=sketch."""

    openai_base_url: Web = "https://api.openai.com/v1"
    """Where the picture service is; change it for a compatible server."""

    openai_model: ModelName = "gpt-image-2.5-flare"
    """The model that makes pictures unless a server or a member chooses another."""

    openai_organization: Organization | None = None
    """The organisation that is billed, where a key belongs to several."""

    openai_api_version: ApiVersion | None = None
    """The version of Azure's API, such as 2026-10-01; only with IMAGE_PROVIDER=azure."""

    openai_model_family: ModelName | None = None
    """Which known model OPENAI_MODEL is, where the name does not tell (an Azure deployment)."""

    openai_dialect: Dialect = "auto"
    """Which parameters the model understands; auto tells from its name."""

    image_provider: Provider = "openai"
    """Who makes the pictures: openai, azure, or sketch, which draws them here for nothing."""

    database_url: Address = SecretStr("sqlite+aiosqlite:///data/easel.db")
    """The database that holds everything: a SQLite file, or a PostgreSQL database."""

    default_member_pictures_per_day: Pictures = 20
    """Pictures a member may make a day on a server without rules of its own."""

    default_server_dollars_per_month: Dollars = Decimal(10)
    """Dollars a server may spend a month while it has no rules of its own."""

    member_jobs_at_once: AtOnce = 2
    """Requests that a member may have running at the same time."""

    server_jobs_at_once: AtOnce | None = None
    """Requests of one server that are made at the same time; empty means three of four calls."""

    most_waiting_jobs: Waiting = 2000
    """Requests that may wait for their turn before new ones are refused."""

    monthly_budget_dollars: Dollars | None = None
    """Dollars that all servers together may spend a month; empty means no limit."""

    bot_limits: Limits = ()
    """More limits of all servers together, of pictures, requests or dollars; empty means none."""

    unknown_price_dollars: Dollars = Decimal(0)
    """Dollars counted for a picture of a model that has no known price, sketch among them."""

    operator_channel_id: ChannelId | None = None
    """The channel where Easel tells you, who run it, what needs you; empty means the log only."""

    log_level: LogLevel = "INFO"
    """How much is logged."""

    log_format: LogFormat = "text"
    """How it is logged: text for people, json for machines."""

    provider_calls_at_once: AtOnce = 32
    """Calls to the picture service that run at the same time."""

    provider_timeout_seconds: Seconds = 300
    """Seconds after which a call to the picture service is given up."""

    image_workers: Workers = 2
    """Processes that open the pictures people send."""

    provider_images_per_minute: PerMinute | None = None
    """Pictures a minute that the picture service allows; empty means that Easel learns it."""

    moderation: Moderation = "off"
    """What is checked before a picture is made: off, words, or all (words and pictures)."""

    moderation_base_url: Web | None = None
    """Where the moderation service is; empty means the vendor's own."""

    moderation_api_key: Secret = None
    """The key for the moderation service; empty means OPENAI_API_KEY where both are one host's."""

    moderation_model: ModelName = "omni-moderation-latest"
    """The model that checks words and pictures."""

    extra_image_hosts: Hosts = frozenset()
    """Further hosts from which a compatible server's pictures may be fetched."""

    hash_key: HashKey = None
    """The key for fingerprints of prompts; when empty, one is made beside the database."""

    hash_key_old: HashKey = None
    """The key that HASH_KEY took the place of, so that what it made is still recognised."""

    privacy_policy_url: Web | None = None
    """The address of your privacy policy, for /privacy policy; empty means a short summary."""

    terms_url: Web | None = None
    """The address of your terms of service, which /privacy policy names beside it."""

    health_host: Text = "127.0.0.1"
    """The address on which the health pages listen."""

    health_port: Port | None = None
    """The port of the health pages; empty means none (the container image sets 8080)."""

    discord_api_url: Web | None = None
    """Where Discord's REST API is, for a proxy; empty means Discord itself."""

    discord_gateway_url: Gateway | None = None
    """Where Discord's gateway is, for a proxy; empty means Discord itself."""

    shard_count: ShardCount | None = None
    """How many shards all processes have together; empty means as many as Discord recommends."""

    shard_ids: ShardIds = ()
    """The shards of this process, such as 0-3; empty means all of them."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take values from `load_settings` only, never from the process's environment."""
        del settings_cls, env_settings, dotenv_settings, file_secret_settings
        return (init_settings,)


def load_settings(environ: Mapping[str, str]) -> Settings:
    """Read all settings from *environ*; an empty variable counts as not set.

    Raises:
        SetupError: a value that cannot be, or a secret's file that cannot be read.
    """
    found = {name: _lookup(environ, name) for name in Settings.model_fields}
    try:
        settings = Settings.model_validate({name: value for name, value in found.items() if value})
    except ValidationError as error:
        raise SetupError(_sentence(str(error.errors()[0]["loc"][0]))) from None
    shards_of(settings)
    return settings


def variables() -> frozenset[str]:
    """Return the names of all variables that are read, those for secrets' files included."""
    fields = Settings.model_fields.items()
    files = (f"{name.upper()}_FILE" for name, field in fields if is_secret(field))
    return frozenset((*(name.upper() for name in Settings.model_fields), *files))


def token_of(settings: Settings) -> str:
    """Return the bot's token. Raises SetupError where none is set."""
    if settings.discord_token is None:
        raise SetupError(
            "DISCORD_TOKEN is not set; copy the bot's token from the Bot page of Discord's "
            f"developer portal into it, or into a file that DISCORD_TOKEN_FILE names.{_no_file()}"
        )
    return settings.discord_token.get_secret_value()


def require_key(settings: Settings) -> None:
    """Raise SetupError where the chosen picture maker needs a key and none is set."""
    if settings.image_provider != "sketch" and settings.openai_api_key is None:
        raise SetupError(
            "OPENAI_API_KEY is not set; put the picture service's key into it (any word, where a "
            "server needs none), or set IMAGE_PROVIDER=sketch to try Easel without one."
        )


def shards_of(settings: Settings) -> Shards:
    """Return the shards that this process shall have. Raises SetupError: there are none such."""
    count, ids = settings.shard_count, settings.shard_ids
    if count is None and ids:
        raise SetupError(
            "SHARD_IDS is set, but SHARD_COUNT is not; set it to the number of shards that all "
            "processes have together, the same in each."
        )
    if count is not None and ids and ids[-1] >= count:
        raise SetupError(
            f"SHARD_IDS names shard {ids[-1]}, but SHARD_COUNT is {count}, so the last shard is "
            f"{count - 1}; correct one of them."
        )
    return ALL if count is None else Shards(count, ids or tuple(range(count)))


def limits_money(settings: Settings) -> bool:
    """Whether something limits what all servers together may spend."""
    named = any(rule.unit is Unit.DOLLARS for rule in settings.bot_limits)
    return named or settings.monthly_budget_dollars is not None


def secrets_of(settings: Settings) -> frozenset[str]:
    """Return every secret that is set, so that a log can blot them out."""
    values = (getattr(settings, name) for name in Settings.model_fields)
    return frozenset(value.get_secret_value() for value in values if isinstance(value, SecretStr))


def is_secret(field: FieldInfo) -> bool:
    """Tell whether *field* holds a secret, which can also be read from the file in ``*_FILE``."""
    return SecretStr in (field.annotation, *get_args(field.annotation))


def takes(field: FieldInfo) -> str:
    """Return in words what *field* accepts."""
    return next((each.words for each in _metadata(field) if isinstance(each, Takes)), "a text")


def _lookup(environ: Mapping[str, str], name: str) -> str | None:
    variable, pointer = name.upper(), f"{name.upper()}_FILE"
    value = environ.get(variable, "").strip()
    path = environ.get(pointer, "").strip()
    if not path or not is_secret(Settings.model_fields[name]):
        return value or None
    if value:
        raise SetupError(f"{variable} and {pointer} are both set; keep one of them.")
    return _read_secret(pointer, Path(path))


def _read_secret(pointer: str, path: Path) -> str:
    try:
        with path.open(encoding="utf-8") as file:
            secret = file.read(_FILE_LIMIT).strip()
    except (OSError, ValueError):
        raise SetupError(
            f"{pointer} names the file {path}, which cannot be read; "
            "correct the path or the file's permissions."
        ) from None
    if not secret:
        raise SetupError(
            f"{pointer} names the file {path}, which is empty; write the secret there."
        )
    return secret


def _no_file() -> str:
    here = Path(".env")
    if here.exists():
        return ""
    return f" There is no file .env in {here.absolute().parent}; start Easel where it is."


def _sentence(name: str) -> str:
    field = Settings.model_fields[name]
    cure = "correct it" if is_secret(field) else "correct it, or leave it empty for the default"
    return f"{name.upper()} must be {takes(field)}; {cure}."


def _metadata(field: FieldInfo) -> tuple[Any, ...]:
    inner = (part for part in get_args(field.annotation) if hasattr(part, "__metadata__"))
    return (*field.metadata, *(each for part in inner for each in part.__metadata__))
