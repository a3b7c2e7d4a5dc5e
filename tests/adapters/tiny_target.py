"""A target for tests: an HTTP server whose answers, and whose waiting, a test commands."""

import asyncio
from collections import Counter
from types import TracebackType
from typing import Self


class TinyTarget:
    """Answers every request with its name. `/hold` waits for `release`; `/status/N` answers N; `/echo` the request."""

    def __init__(self, name: str, *, address: str = "127.0.0.1") -> None:
        self.name = name
        self.address = address
        self.port = 0
        self.requests: Counter[str] = Counter()  # by path
        self.heads: list[str] = []
        self.held = asyncio.Event()  # a request waits in /hold
        self.release = asyncio.Event()
        self.status = 200
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, self.address, self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Refuse new connections and cut the open ones."""
        assert self._server is not None
        self._server.close()
        for connection in self._connections:
            connection.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = asyncio.get_running_loop().create_task(self._serve(reader, writer))
        self._connections.add(connection)
        connection.add_done_callback(self._connections.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                writer.write(await self._answer(head))
                await writer.drain()
                if "connection: close" in head.lower():
                    return
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            writer.close()

    async def _answer(self, head: str) -> bytes:
        path = head.split()[1]
        self.requests[path] += 1
        self.heads.append(head)
        status, body = self.status, self.name
        if path == "/hold":
            self.held.set()
            await self.release.wait()
        elif path == "/echo":
            body = head
        elif path.startswith("/status/"):
            status = int(path.rpartition("/")[2])
        content = body.encode()
        return f"HTTP/1.1 {status} X\r\nServer: tiny\r\nContent-Length: {len(content)}\r\n\r\n".encode() + content
