"""The server of the page: on this machine only, for whoever has the token of this start."""

import asyncio
import contextlib
import hmac
import secrets
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

from neurona.errors import MissingDependencyError
from neurona.playground.export import EXPORTS, exported
from neurona.playground.refusal import Refusal
from neurona.playground.session import Session, parsed

try:
    import uvicorn
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import PlainTextResponse, RedirectResponse, Response
    from starlette.routing import Mount, Route, WebSocketRoute
    from starlette.staticfiles import StaticFiles
    from starlette.websockets import WebSocket, WebSocketDisconnect
except ImportError as error:
    raise MissingDependencyError(
        f"The playground needs {error.name}: pip install 'neurona[playground]'", name=error.name
    ) from None

HOST = "127.0.0.1"
STATIC = Path(__file__).parent / "static"
MOST_PAGES, LONGEST_MESSAGE = 8, 1 << 20
IDLE_SECONDS = 20.0
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src "
    "'self'; font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors {frames}"
)
_NO_PAGE = (
    "The page is not built. / La página no está construida.\n\n"
    "    cd neurona/playground/web && npm ci && npm run build\n"
)


class Playground:
    """The application, and the server that runs it.

    Args:
        port: where to listen; 0 takes a free one.
        state: what pages begin with.
        frames: where the page may be framed, as the content security policy spells it.

    Raises:
        OSError: the port is in use.
    """

    def __init__(self, port: int = 0, state: dict[str, Any] | None = None, frames: str = "'none'") -> None:
        self.socket = socket.socket()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            self.socket.bind((HOST, port))
            self.socket.listen(64)  # who comes before the server runs waits
        except OSError:
            self.socket.close()
            raise
        self.port = self.socket.getsockname()[1]
        self.token, self._state = secrets.token_urlsafe(32), state
        self._sessions: list[Session] = []  # of the open pages
        self._policy = POLICY.format(frames=frames)
        # uvicorn's own log_config closes all handlers of this process's logs, and with absl's stderr itself.
        config = uvicorn.Config(
            self._guarded(self._application()), log_config=None, log_level="error", access_log=False,
            server_header=False, ws="websockets-sansio", ws_max_size=LONGEST_MESSAGE,
            ws_ping_interval=IDLE_SECONDS, timeout_keep_alive=5, timeout_graceful_shutdown=2,
            limit_concurrency=64, h11_max_incomplete_event_size=16384,
        )  # fmt: skip
        self.server = uvicorn.Server(config)

    @property
    def address(self) -> str:
        """Where a browser opens the page, with the token."""
        return f"http://{HOST}:{self.port}/?token={self.token}"

    def run(self) -> None:
        """Serve until Ctrl-C."""
        self.server.run(sockets=[self.socket])

    @property
    def _cookie(self) -> str:
        return f"neurona_{self.port}"  # cookies do not tell ports apart

    def _application(self) -> Starlette:
        routes: list[Any] = [
            Route("/", self._page),
            Route("/favicon.svg", self._icon),
            Route("/export", self._export, methods=["POST"]),
            WebSocketRoute("/ws", self._socket),
        ]
        if (STATIC / "assets").is_dir():  # the page is built
            routes.append(Mount("/assets", StaticFiles(directory=STATIC / "assets")))
        return Starlette(routes=routes)

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

    # What there is.

    async def _page(self, request: Request) -> Response:
        if "token" in request.query_params:
            response: Response = RedirectResponse("/", 303)
            response.set_cookie(self._cookie, self.token, httponly=True, samesite="strict", path="/")
            return response
        return _file("index.html", "text/html; charset=utf-8")

    async def _icon(self, request: Request) -> Response:
        return _file("favicon.svg", "image/svg+xml")

    async def _export(self, request: Request) -> Response:
        body = b""
        async for part in request.stream():
            body += part
            if len(body) > LONGEST_MESSAGE:
                return PlainTextResponse("413", 413)
        try:
            message = parsed(body.decode("utf-8", "replace"))
            kind = message.get("format")
            shown = [one for session in self._sessions for one in [*session.shown]]
            content = await asyncio.to_thread(exported, message, shown)
        except Refusal as refusal:
            return Response(str(refusal), 400, media_type="text/plain")
        headers = {"content-disposition": f'attachment; filename="{EXPORTS[str(kind)]}"'}
        return Response(content, media_type="application/octet-stream", headers=headers)

    async def _socket(self, websocket: WebSocket) -> None:
        if len(self._sessions) >= MOST_PAGES:
            await websocket.close(1013)
            return
        loop, outgoing = asyncio.get_running_loop(), asyncio.Queue()
        session = Session(lambda data: _handed(loop, outgoing, data), self._state)
        self._sessions.append(session)
        sender = asyncio.create_task(_sender(websocket, outgoing))
        try:
            await websocket.accept()
            session.start()
            while True:
                message = await websocket.receive()
                if message["type"] != "websocket.receive":
                    break
                if not session.receive(message.get("text") or ""):
                    await websocket.close(1008)  # a page that floods
                    break
        except (WebSocketDisconnect, RuntimeError):
            pass
        finally:
            self._sessions.remove(session)
            session.close()
            sender.cancel()


def _handed(loop: Any, outgoing: Any, data: str | bytes) -> None:
    """Give a message from the session's thread to the loop, which may have ended."""
    with contextlib.suppress(RuntimeError):  # the loop is closed
        loop.call_soon_threadsafe(outgoing.put_nowait, data)


async def _sender(websocket: WebSocket, outgoing: Any) -> None:
    """Send what the session has said, in order."""
    while True:
        data = await outgoing.get()
        try:
            await (websocket.send_bytes(data) if isinstance(data, bytes) else websocket.send_text(data))
        except (WebSocketDisconnect, RuntimeError):
            return


def _file(name: str, kind: str) -> Response:
    """One of the page's own files."""
    path = STATIC / name
    if not path.is_file():
        return PlainTextResponse(_NO_PAGE, 503)
    return Response(path.read_bytes(), media_type=kind)
