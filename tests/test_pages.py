"""Asking a running Easel for its pages."""

import threading
from collections.abc import Generator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from bot.console import pages
from bot.settings import load_settings


class _Easel(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"it works")

    def log_message(self, format: str, *args: object) -> None: ...  # noqa: A002 - its name there


@pytest.fixture
def easel() -> Generator[str]:
    with HTTPServer(("127.0.0.1", 0), _Easel) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_no_proxy_is_asked_for_this_machine(easel: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")

    assert pages.fetch(easel, "/metrics") == "it works"


@pytest.mark.parametrize(
    ("host", "address"),
    [("127.0.0.1", "127.0.0.1:8080"), ("0.0.0.0", "127.0.0.1:8080"), ("::1", "[::1]:8080")],  # noqa: S104 - told, not opened
)
def test_the_address_is_the_one_that_is_listened_on(host: str, address: str) -> None:
    settings = load_settings({"HEALTH_HOST": host, "HEALTH_PORT": "8080"})

    assert pages.addresses(settings) == [address]
