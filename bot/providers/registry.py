"""Every picture maker by name, and how it is opened."""

from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from bot.providers.azure import open_azure_images
from bot.providers.base import Draw, ImageProvider, ProviderName, ProviderSettings
from bot.providers.openai_images import open_openai_images
from bot.providers.rates import SharedStates
from bot.providers.sketch import open_sketch

Opener = Callable[
    [ProviderSettings, Draw | None, SharedStates | None], AbstractAsyncContextManager[ImageProvider]
]

PROVIDERS: Mapping[ProviderName, Opener] = {
    "openai": open_openai_images,
    "azure": open_azure_images,
    "sketch": open_sketch,
}


@asynccontextmanager
async def open_provider(
    settings: ProviderSettings, *, draw: Draw | None = None, shared: SharedStates | None = None
) -> AsyncGenerator[ImageProvider]:
    """Open the picture maker that *settings* name, and close its connections afterwards.

    *draw* is what `sketch` draws with, *shared* what several processes know together.

    Raises:
        SetupError: the settings are incomplete.
    """
    async with PROVIDERS[settings.name](settings, draw, shared) as provider:
        yield provider
