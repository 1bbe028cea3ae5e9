"""What operators write in the environment, and what they are told when it cannot be."""

from decimal import Decimal
from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from bot.domain.errors import SetupError
from bot.domain.shards import ALL, Shards
from bot.settings import (
    Settings,
    is_secret,
    load_settings,
    require_key,
    secrets_of,
    shards_of,
    token_of,
)

CANARY = "canary-0123456789-canary"

FIXED_NAMES = {
    "DISCORD_TOKEN",
    "OPENAI_API_KEY",
    "OPENAI_BASE_URL",
    "OPENAI_MODEL",
    "IMAGE_PROVIDER",
    "DATABASE_URL",
    "DEFAULT_MEMBER_PICTURES_PER_DAY",
    "DEFAULT_SERVER_DOLLARS_PER_MONTH",
    "MEMBER_JOBS_AT_ONCE",
    "MONTHLY_BUDGET_DOLLARS",
    "LOG_LEVEL",
    "LOG_FORMAT",
}
SECRETS = sorted(name for name, field in Settings.model_fields.items() if is_secret(field))


def test_nothing_needs_to_be_set() -> None:
    settings = load_settings({})

    assert settings.discord_token is None
    assert settings.openai_model == "gpt-image-2.5-flare"
    assert settings.database_url.get_secret_value() == "sqlite+aiosqlite:///data/easel.db"
    assert settings.default_member_pictures_per_day == 20
    assert settings.default_server_dollars_per_month == Decimal(10)
    assert settings.monthly_budget_dollars is None
    assert settings.health_port is None


def test_the_names_that_deployments_rely_on_stay() -> None:
    assert {name.upper() for name in Settings.model_fields} >= FIXED_NAMES


def test_values_are_read_and_trimmed() -> None:
    settings = load_settings(
        {
            "DISCORD_TOKEN": f" {CANARY}\n",
            "IMAGE_PROVIDER": "Sketch",
            "MONTHLY_BUDGET_DOLLARS": "12.50",
            "EXTRA_IMAGE_HOSTS": "Images.example.org, 127.0.0.1:8080,",
            "LOG_LEVEL": "debug",
            "LOG_FORMAT": "JSON",
            "HEALTH_PORT": "8080",
            "OPENAI_DIALECT": "DALLE",
        }
    )

    assert settings.discord_token == SecretStr(CANARY)
    assert settings.image_provider == "sketch"
    assert settings.monthly_budget_dollars == Decimal("12.50")
    assert settings.extra_image_hosts == {"images.example.org", "127.0.0.1:8080"}
    assert (settings.log_level, settings.log_format) == ("DEBUG", "json")
    assert settings.health_port == 8080
    assert settings.openai_dialect == "dalle"


def test_empty_means_default() -> None:
    assert load_settings({name.upper(): " " for name in Settings.model_fields}) == load_settings({})


def test_the_process_environment_is_not_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOG_LEVEL", "ERROR")

    assert load_settings({}).log_level == "INFO"


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(ValidationError):
        setattr(load_settings({}), "log_level", "DEBUG")  # noqa: B010 - what the types forbid


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("IMAGE_PROVIDER", "midjourney"),
        ("OPENAI_BASE_URL", "api.example.org"),
        ("OPENAI_DIALECT", "sd"),
        ("OPENAI_MODEL", "m" * 65),
        ("OPENAI_API_KEY", "sk-ключ"),
        ("OPENAI_API_KEY", "sk-one\nsk-two"),
        ("DISCORD_TOKEN", "token\u2026"),
        ("OPENAI_ORGANIZATION", "Atelier\u00e9"),
        ("OPENAI_ORGANIZATION", "o" * 201),
        ("DEFAULT_MEMBER_PICTURES_PER_DAY", "-1"),
        ("DEFAULT_MEMBER_PICTURES_PER_DAY", "2.5"),
        ("DEFAULT_SERVER_DOLLARS_PER_MONTH", "ten"),
        ("BOT_LIMITS", "5 pictures a fortnight"),
        ("MONTHLY_BUDGET_DOLLARS", "NaN"),
        ("MONTHLY_BUDGET_DOLLARS", "inf"),
        ("MEMBER_JOBS_AT_ONCE", "0"),
        ("UNKNOWN_PRICE_DOLLARS", "-0.01"),
        ("LOG_LEVEL", "TRACE"),
        ("LOG_FORMAT", "xml"),
        ("PROVIDER_CALLS_AT_ONCE", "1000"),
        ("PROVIDER_TIMEOUT_SECONDS", "9999"),
        ("IMAGE_WORKERS", "many"),
        ("EXTRA_IMAGE_HOSTS", "https://images.example.org"),
        ("EXTRA_IMAGE_HOSTS", "images.example.org:0"),
        ("EXTRA_IMAGE_HOSTS", "images.example.org:70000"),
        ("HASH_KEY", "short"),
        ("HEALTH_PORT", "70000"),
        ("DISCORD_API_URL", "localhost:8000"),
        ("DISCORD_GATEWAY_URL", "https://gateway.example.org"),
    ],
)
def test_a_wrong_value_is_named_with_its_cure_and_never_shown(variable: str, value: str) -> None:
    with pytest.raises(SetupError) as caught:
        load_settings({variable: value})

    sentence = str(caught.value)
    assert sentence.startswith(f"{variable} must be ")
    secret = variable.lower() in (*SECRETS, "database_url")
    assert ("leave it empty for the default" in sentence) is not secret
    assert value not in sentence.removeprefix(variable)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("name", SECRETS)
def test_each_secret_can_come_from_a_file(name: str, tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text(f"{CANARY}\n")

    settings = load_settings({f"{name.upper()}_FILE": str(file)})

    assert getattr(settings, name) == SecretStr(CANARY)
    assert CANARY in secrets_of(settings)


def test_only_secrets_come_from_files(tmp_path: Path) -> None:
    assert load_settings({"LOG_LEVEL_FILE": str(tmp_path / "none")}).log_level == "INFO"


def test_a_secret_that_is_set_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match=r"DISCORD_TOKEN and DISCORD_TOKEN_FILE are both set"):
        load_settings({"DISCORD_TOKEN": CANARY, "DISCORD_TOKEN_FILE": str(tmp_path / "token")})


@pytest.mark.parametrize("content", [None, b"", b" \n", b"\xff\xfe"])
def test_a_secret_file_that_cannot_be_used_is_named(content: bytes | None, tmp_path: Path) -> None:
    file = tmp_path / "token"
    if content is not None:
        file.write_bytes(content)

    with pytest.raises(SetupError) as caught:
        load_settings({"DISCORD_TOKEN_FILE": str(file)})

    assert "DISCORD_TOKEN_FILE names the file" in str(caught.value)
    assert str(file) in str(caught.value)


def test_what_a_start_needs_is_asked_for() -> None:
    with pytest.raises(SetupError, match=r"DISCORD_TOKEN is not set"):
        token_of(load_settings({}))
    with pytest.raises(SetupError, match=r"OPENAI_API_KEY is not set"):
        require_key(load_settings({}))

    settings = load_settings({"DISCORD_TOKEN": CANARY, "IMAGE_PROVIDER": "sketch"})
    require_key(settings)
    require_key(load_settings({"OPENAI_API_KEY": CANARY}))
    assert token_of(settings) == CANARY


def test_no_secret_in_any_picture_of_the_settings() -> None:
    settings = load_settings({name.upper(): CANARY for name in SECRETS})

    pictures = repr(settings), str(settings), str(settings.model_dump()), settings.model_dump_json()
    assert not any(CANARY in picture for picture in pictures)


@pytest.mark.parametrize(
    ("environ", "shards"),
    [
        ({}, ALL),
        ({"SHARD_COUNT": "3"}, Shards(3, (0, 1, 2))),
        ({"SHARD_COUNT": "8", "SHARD_IDS": "6, 0-2"}, Shards(8, (0, 1, 2, 6))),
        ({"SHARD_COUNT": "1", "SHARD_IDS": "0"}, Shards(1, (0,))),
    ],
)
def test_shards_are_numbers_and_ranges(environ: dict[str, str], shards: Shards) -> None:
    assert shards_of(load_settings(environ)) == shards


@pytest.mark.parametrize(
    ("environ", "said"),
    [
        ({"SHARD_IDS": "0"}, "SHARD_IDS is set, but SHARD_COUNT is not; set it to"),
        ({"SHARD_COUNT": "4", "SHARD_IDS": "2-4"}, "names shard 4, but SHARD_COUNT is 4, so the"),
        ({"SHARD_COUNT": "0"}, "SHARD_COUNT must be a whole number from 1 to 16384"),
        ({"SHARD_COUNT": "4", "SHARD_IDS": "3-1"}, "SHARD_IDS must be shards' numbers, from 0"),
        ({"SHARD_COUNT": "4", "SHARD_IDS": "one"}, "SHARD_IDS must be shards' numbers, from 0"),
        ({"SHARD_COUNT": "4", "SHARD_IDS": "-1"}, "SHARD_IDS must be shards' numbers, from 0"),
        ({"SHARD_COUNT": "4", "SHARD_IDS": "0-99999"}, "SHARD_IDS must be shards' numbers"),
    ],
)
def test_shards_that_cannot_be_are_told_plainly(environ: dict[str, str], said: str) -> None:
    with pytest.raises(SetupError, match=said):
        load_settings(environ)
