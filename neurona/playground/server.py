"""The server of the page where a network learns."""

import asyncio
import contextlib
from typing import Any

from neurona.playground.export import EXPORTS, exported
from neurona.playground.local import (
    LONGEST_MESSAGE,
    LocalPage,
    PlainTextResponse,
    Request,
    Response,
    Route,
    WebSocket,
    WebSocketDisconnect,
    WebSocketRoute,
)
from neurona.playground.refusal import Refusal
from neurona.playground.session import Session, parsed

MOST_PAGES = 8


class Playground(LocalPage):
    """The application, and the server that runs it.

    Args:
        port: where to listen; 0 takes a free one.
        state: what pages begin with.
        frames: where the page may be framed, as the content security policy spells it.

    Raises:
        OSError: the port is in use.
    """

    def __init__(self, port: int = 0, state: dict[str, Any] | None = None, frames: str = "'none'") -> None:
        self._state = state
        self._sessions: list[Session] = []  # of the open pages
        routes = [Route("/export", self._export, methods=["POST"]), WebSocketRoute("/ws", self._socket)]
        super().__init__(port, routes, frames=frames)

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
