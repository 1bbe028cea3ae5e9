"""Who may ask the desk of a running Easel."""

import aiohttp
import pytest

from bot.web.desk import HEADER, Desk, desk_routes
from bot.web.health import serve_health
from tests.web.test_health import free_port


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1", 200),
        ("localhost", 200),
        ("[::1]", 200),
        ("a-page.example", 403),
        ("127.0.0.1.a-page.example", 403),
        ("10.0.0.1", 403),
    ],
)
async def test_a_page_whose_name_leads_to_this_machine_is_sent_away(host: str, status: int) -> None:
    desk = Desk(stops=tuple, retry=lambda: 0, cancel=lambda _code: None)
    port = free_port()
    headers = {HEADER: "1", "Host": f"{host}:{port}"}
    async with (
        serve_health("127.0.0.1", port, {}, routes=desk_routes(desk)),
        aiohttp.ClientSession() as session,
        session.get(f"http://127.0.0.1:{port}/desk/stops", headers=headers) as answer,
    ):
        assert answer.status == status
