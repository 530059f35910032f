"""NiceGUI, started when the first reader comes; the only module that knows how it is put together.

NiceGUI has one application a process, so one endpoint of a process can have the console.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import Final

from fastapi import FastAPI
from jinja2 import BaseLoader, Environment
from nicegui import app as nicegui_app
from nicegui import ui
from nicegui.client import templates
from starlette.requests import Request
from starlette.types import ASGIApp

from clearance.server.console import frame
from clearance.server.console.acting import Acting
from clearance.server.console.door import PREFIX, ConsoleError
from clearance.server.console.page import Desk, Page
from clearance.server.console.registry import PAGES
from clearance.server.console.view import View

__all__ = ["Opened", "opened"]

SECONDS: Final = 30  # to build a page; a busy machine may take a few
# Which theme a reader chose is kept in the browser and applied before anything is drawn.
_THEME: Final = """
    app.use(Quasar, {config: vue_config});
    applyColors(vue_config.brand);
    Quasar.lang.set(Quasar.lang[language.replace('-', '')]);
    darkSetter = (dark) => Quasar.Dark.set(dark === None ? "auto" : dark);
    setDark({dark: true, light: false}[localStorage.getItem('clearance-theme')] ?? None);
"""
_HEAD: Final = f"""
<link rel="stylesheet" href="{PREFIX}/assets/console.css">
<link rel="stylesheet" href="{PREFIX}/assets/views.css">
<script src="{PREFIX}/assets/console.js"></script>
"""
_NONCE: Final = """<script nonce="{{ request.scope['clearance.nonce'] }}\""""


class Opened:
    """The running console of one endpoint."""

    def __init__(self, parent: ASGIApp, stack: AsyncExitStack) -> None:
        self.application = parent
        self._stack = stack

    async def close(self) -> None:
        """Stop what NiceGUI does in the background."""
        await self._stack.aclose()


_taken: list[View] = []


async def opened(view: View, acting: Acting) -> Opened:
    """Start the console in the event loop of the endpoint.

    Raises:
        ConsoleError: another endpoint of this process has it.
    """
    if _taken:
        raise ConsoleError("Another endpoint of this process has the console.")
    _taken.append(view)
    parent = FastAPI(openapi_url=None)
    _set_up(parent)
    for page in PAGES:
        _register(page, view, acting)
    stack = AsyncExitStack()
    await stack.enter_async_context(parent.router.lifespan_context(parent))
    return Opened(parent, stack)


def _set_up(parent: FastAPI) -> None:
    templates.env.loader = _Nonces(templates.env.loader)
    config = nicegui_app.config
    config.socket_io_js_transports = ["websocket"]  # the door lets no other through
    config.vue_config_script = _THEME
    config.quasar_config["brand"] = {
        "primary": "#3457d5",
        "dark": "#171c24",
        "dark-page": "#0f1319",
    }
    ui.add_head_html(_HEAD, shared=True)
    ui.run_with(
        parent,
        mount_path=PREFIX,
        title="Clearance",
        favicon=None,
        dark=None,
        language="en-US",
        tailwind=False,
        show_welcome_message=False,
        reconnect_timeout=5,
        message_history_length=200,
        binding_refresh_interval=None,
    )


class _Nonces(BaseLoader):
    """The framework's templates with a nonce in each script they write, and in no other.

    The mark goes into the template and not into its output: a script that somebody smuggled in
    with a name stays without.
    """

    def __init__(self, inner: BaseLoader | None) -> None:
        self.inner = inner

    def get_source(
        self, environment: Environment, template: str
    ) -> tuple[str, str | None, Callable[[], bool] | None]:
        """The source of a template."""
        assert self.inner is not None  # noqa: S101 - NiceGUI's templates come from its folder
        source, path, fresh = self.inner.get_source(environment, template)
        return source.replace("<script", _NONCE), path, fresh


def _register(page: Page, view: View, acting: Acting) -> None:
    @ui.page(f"/{page.name}", title=f"{page.title} · Clearance", response_timeout=SECONDS)
    async def build(request: Request) -> None:
        client = request.client
        source_ip = client.host if client else ""
        desk = Desk(view, acting, dict(request.query_params), request.url.query, source_ip)
        await frame.show(page, PAGES, desk)
