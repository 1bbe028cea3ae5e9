"""What the settings become for those who make and check pictures."""

import pytest

from bot.bootstrap import moderator_settings, provider_settings
from bot.settings import load_settings

KEY = {"OPENAI_API_KEY": "sk-pictures"}
OWN = {"MODERATION_API_KEY": "sk-checks"}
ELSEWHERE = {"OPENAI_BASE_URL": "https://pictures.example/v1"}


@pytest.mark.parametrize(
    ("environ", "key"),
    [
        (KEY, "sk-pictures"),
        (KEY | OWN, "sk-checks"),
        (KEY | ELSEWHERE, None),
        (KEY | {"MODERATION_BASE_URL": "https://checks.example/v1"}, None),
        (
            KEY | ELSEWHERE | {"MODERATION_BASE_URL": "https://pictures.example/moderation"},
            "sk-pictures",
        ),
        (KEY | ELSEWHERE | OWN, "sk-checks"),
    ],
)
def test_a_key_goes_to_the_host_it_was_given_for_only(
    environ: dict[str, str], key: str | None
) -> None:
    assert moderator_settings(load_settings(environ)).api_key == key


def test_azure_has_no_usual_address() -> None:
    azure = {"IMAGE_PROVIDER": "azure", **KEY}
    assert provider_settings(load_settings(azure)).base_url is None
    named = azure | {"OPENAI_BASE_URL": "https://easel.openai.azure.com"}
    assert provider_settings(load_settings(named)).base_url == "https://easel.openai.azure.com"


def test_what_the_operator_says_reaches_the_picture_maker() -> None:
    said = {
        "PROVIDER_IMAGES_PER_MINUTE": "50",
        "OPENAI_API_VERSION": "2026-10-01",
        "OPENAI_MODEL_FAMILY": "gpt-image-2",
    }
    made = provider_settings(load_settings(said))
    assert made.images_per_minute == 50
    assert made.api_version == "2026-10-01"
    assert made.model_family == "gpt-image-2"
