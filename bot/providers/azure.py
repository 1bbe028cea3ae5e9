"""Pictures from an Azure OpenAI resource: its paths, its key's header, a deployment for a model."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import openai

from bot.domain.errors import SetupError
from bot.providers.base import Draw, ImageProvider, ProviderSettings
from bot.providers.images_client import open_http
from bot.providers.models import MODELS
from bot.providers.openai_images import build, require_address
from bot.providers.rates import SharedStates

API_VERSION = "2025-04-01-preview"
"""The edition that is asked for where the settings name none: the first with GPT image models."""


@asynccontextmanager
async def open_azure_images(
    settings: ProviderSettings, draw: Draw | None = None, shared: SharedStates | None = None
) -> AsyncGenerator[ImageProvider]:
    """Open the connection to the Azure resource that *settings* name.

    `base_url` is the resource's address without a path, `model` the deployment's name, and
    `model_family` the model that was deployed.

    Raises:
        SetupError: address, key or deployment is missing, or the deployed model is not known.
    """
    del draw
    base_url, key = _required(settings)
    async with (
        open_http(seconds=settings.timeout_seconds * 2) as http,
        openai.AsyncAzureOpenAI(
            azure_endpoint=base_url,
            api_version=settings.api_version or API_VERSION,
            api_key=key,
            organization=settings.organization,
            timeout=http.timeout,
            max_retries=0,
            http_client=http,
        ) as sdk,
    ):
        sdk.organization = settings.organization  # else the SDK reads the environment by itself
        sdk.project = None
        yield build(sdk, http, settings, shared=shared)


def _required(settings: ProviderSettings) -> tuple[str, str]:
    """Return address and key; raises SetupError in the operator's words."""
    if not settings.base_url:
        raise SetupError("OPENAI_BASE_URL is not set; set it to the Azure resource's address.")
    require_address(settings.base_url)
    if not settings.api_key:
        raise SetupError("OPENAI_API_KEY is not set; set it to a key of the Azure resource.")
    if not settings.model:
        raise SetupError("OPENAI_MODEL is not set; set it to the name of the Azure deployment.")
    family = settings.model_family
    if family is not None and family not in MODELS:
        known = ", ".join(MODELS)
        raise SetupError(f"OPENAI_MODEL_FAMILY must be one of {known}.")
    return settings.base_url, settings.api_key
