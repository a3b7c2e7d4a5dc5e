"""A server that gives fixed answers, and may break one off: what the command line makes of them."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

ANY_PORT = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole:
    """A whole answer as it is, of any status."""

    body: bytes
    status: int = 200


@contextmanager
def scripted_server(answers: dict[str, Any], *, port: int = ANY_PORT) -> Iterator[int]:
    """Serve `answers` by path on 127.0.0.1 and give the port. Bytes are the first chunk of an answer that breaks off
    there; `Whole` is one as it is; anything else is a whole answer in JSON."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            answer = answers[urlsplit(self.path).path]
            is_broken_off = isinstance(answer, bytes)
            if isinstance(answer, Whole):
                body, status = answer.body, answer.status
            else:
                body = b"%x\r\n%s\r\n" % (len(answer), answer) if is_broken_off else json.dumps(answer).encode()
                status = 200
            self.send_response(status)
            name, value = ("Transfer-Encoding", "chunked") if is_broken_off else ("Content-Length", str(len(body)))
            self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)
            self.close_connection = True

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", port), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()
