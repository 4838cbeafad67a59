"""An application asked without a network: one request at a time, from an address that a test chooses."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
from starlette.types import ASGIApp


class Visitor:
    """Asks an application, as a browser or wallet at an address would."""

    def __init__(self, app: ASGIApp, *, address: str = "127.0.0.1") -> None:
        self.app = app
        self._address = address

    def request(self, method: str, path: str, **more: Any) -> httpx.Response:
        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(
                self.app,
                raise_app_exceptions=False,
                client=(self._address, 1),
            )
            async with httpx.AsyncClient(transport=transport, base_url="http://service.example") as client:
                return await client.request(method, path, **more)

        return asyncio.run(ask())

    def get(self, path: str, **more: Any) -> httpx.Response:
        return self.request("GET", path, **more)

    def post(self, path: str, **more: Any) -> httpx.Response:
        return self.request("POST", path, **more)
