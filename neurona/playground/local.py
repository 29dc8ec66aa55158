"""A page of this machine: served on loopback only, to whoever has the token of this start."""

import hmac
import secrets
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

from neurona.errors import MissingDependencyError

try:
    import uvicorn
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
    from starlette.routing import Mount, Route, WebSocketRoute
    from starlette.staticfiles import StaticFiles
    from starlette.websockets import WebSocket, WebSocketDisconnect
except ImportError as error:
    raise MissingDependencyError(
        f"The playground needs {error.name}: pip install 'neurona[playground]'", name=error.name
    ) from None

# What the pages' servers are written with; they take it from here, where its absence has its message.
__all__ = [
    "JSONResponse",
    "LocalPage",
    "PlainTextResponse",
    "Request",
    "Response",
    "Route",
    "WebSocket",
    "WebSocketDisconnect",
    "WebSocketRoute",
]

HOST = "127.0.0.1"
STATIC = Path(__file__).parent / "static"
LONGEST_MESSAGE = 1 << 20
IDLE_SECONDS = 20.0
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src "
    "'self'; font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors {frames}"
)
_NO_PAGE = (
    "The page is not built. / La página no está construida.\n\n"
    "    cd neurona/playground/web && npm ci && npm run build\n"
)


class LocalPage:
    """A page's application, and the server that runs it.

    Args:
        port: where to listen; 0 takes a free one.
        routes: what there is beside the page's own files.
        index: the page's file.
        frames: where the page may be framed, as the content security policy spells it.

    Raises:
        OSError: the port is in use.
    """

    def __init__(
        self, port: int, routes: list[Any], index: str = "index.html", frames: str = "'none'"
    ) -> None:
        self.socket = socket.socket()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            self.socket.bind((HOST, port))
            self.socket.listen(64)  # who comes before the server runs waits
        except OSError:
            self.socket.close()
            raise
        self.port = self.socket.getsockname()[1]
        self.token, self._index = secrets.token_urlsafe(32), index
        self._policy = POLICY.format(frames=frames)
        # uvicorn's own log_config closes all handlers of this process's logs, and with absl's stderr itself.
        config = uvicorn.Config(
            self._guarded(self._application(routes)), log_config=None, log_level="error", access_log=False,
            server_header=False, ws="websockets-sansio", ws_max_size=LONGEST_MESSAGE,
            ws_ping_interval=IDLE_SECONDS, timeout_keep_alive=5, timeout_graceful_shutdown=2,
            limit_concurrency=64, h11_max_incomplete_event_size=16384,
        )  # fmt: skip
        self.server = uvicorn.Server(config)

    @property
    def address(self) -> str:
        """Where a browser opens the page, with the token."""
        return f"http://{HOST}:{self.port}/?token={self.token}"

    @property
    def is_built(self) -> bool:
        """Whether the page's files are there."""
        return (STATIC / self._index).is_file()

    def run(self) -> None:
        """Serve until Ctrl-C."""
        self.server.run(sockets=[self.socket])

    @property
    def _cookie(self) -> str:
        return f"neurona_{self.port}"  # cookies do not tell ports apart

    def _application(self, routes: list[Any]) -> Starlette:
        own: list[Any] = [Route("/", self._page), Route("/favicon.svg", self._icon)]
        if (STATIC / "assets").is_dir():  # the page is built
            own.append(Mount("/assets", StaticFiles(directory=STATIC / "assets")))
        return Starlette(routes=[*own, *routes])

    # Who may come in.

    def _guarded(self, application: Any) -> Callable[..., Any]:
        """The application behind exact checks of Host, Origin and token, before any upgrade."""

        async def guard(scope: Any, receive: Any, send: Any) -> None:
            if scope["type"] == "lifespan":
                return await application(scope, receive, send)
            problem = self._problem(
                Request({**scope, "type": "http", "method": scope.get("method", "GET")}), scope
            )
            if problem is None:
                return await application(scope, receive, self._with_headers(send))
            if scope["type"] == "websocket":
                await receive()
                return await send({"type": "websocket.close", "code": 1008})  # before accept: status 403
            return await PlainTextResponse(problem, 403)(scope, receive, self._with_headers(send))

        return guard

    def _problem(self, request: Any, scope: Any) -> str | None:
        """Why a request is refused."""
        hosts = [f"{HOST}:{self.port}", f"localhost:{self.port}"]
        host, origin = request.headers.getlist("host"), request.headers.getlist("origin")
        if len(host) != 1 or host[0] not in hosts:
            return "Host"
        needs_origin = scope["type"] == "websocket" or scope["method"] not in ("GET", "HEAD")
        if (origin or needs_origin) and origin != [f"http://{host[0]}"]:
            return "Origin"
        given = request.cookies.get(self._cookie, "")
        if scope["path"] == "/" and "token" in request.query_params and scope["type"] == "http":
            given = request.query_params["token"]
        return None if hmac.compare_digest(given.encode(), self.token.encode()) else "Token"

    def _with_headers(self, send: Any) -> Callable[..., Any]:
        headers = {
            "content-security-policy": self._policy,
            "x-content-type-options": "nosniff",
            "referrer-policy": "no-referrer",
            "cache-control": "no-store",
        }

        async def sending(message: Any) -> None:
            if message["type"] == "http.response.start":
                extra = [(name.encode(), value.encode()) for name, value in headers.items()]
                message = {**message, "headers": [*message.get("headers", []), *extra]}
            await send(message)

        return sending

    # The page's own files.

    async def _page(self, request: Request) -> Response:
        if "token" in request.query_params:
            response: Response = RedirectResponse("/", 303)
            response.set_cookie(self._cookie, self.token, httponly=True, samesite="strict", path="/")
            return response
        return _file(self._index, "text/html; charset=utf-8")

    async def _icon(self, request: Request) -> Response:
        return _file("favicon.svg", "image/svg+xml")


def _file(name: str, kind: str) -> Response:
    """One of the page's own files."""
    path = STATIC / name
    if not path.is_file():
        return PlainTextResponse(_NO_PAGE, 503)
    return Response(path.read_bytes(), media_type=kind)
