"""A program to be rolled, whose times are its settings: what a prediction is held against. The standard library only.

Environment: PORT; READY_S, seconds from its start until it passes its checks; EXIT_S, seconds from SIGTERM until it
exits, or `ignores`; CRASH_AFTER_S, seconds from its start until it ends with 1 (empty: it does not). `GET /hold` sends
the name of the task at once and then keeps its request open.
"""

import os
import signal
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

BEGAN = time.monotonic()
NAME = f"{os.getpid()}-{BEGAN}"
READY_S = float(os.environ.get("READY_S", "0"))
EXIT_S = os.environ.get("EXIT_S", "0")
CRASH_AFTER_S = os.environ.get("CRASH_AFTER_S", "")
HELD_MOST_S = 600.0


class Handler(BaseHTTPRequestHandler):
    """Answers checks by the age of the program, and holds what is to be held."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        if self.path.startswith("/hold"):
            self._hold()
            return
        is_ready = time.monotonic() - BEGAN >= READY_S
        body = NAME.encode()
        self.send_response(200 if is_ready else 503)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _hold(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(NAME) + 2))
        self.end_headers()
        self.wfile.write(f"{NAME}\n".encode())
        self.wfile.flush()
        threading.Event().wait(HELD_MOST_S)

    def log_message(self, *_: object) -> None:
        """Nothing: checks would fill the log."""


def stop(*_: object) -> None:
    """Exit when it is time; threads that hold requests do not keep it."""
    threading.Timer(float(EXIT_S), os._exit, (0,)).start()


def main() -> None:
    """Serve until told to stop, or until it crashes."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN if EXIT_S == "ignores" else stop)
    if CRASH_AFTER_S:
        threading.Timer(float(CRASH_AFTER_S), os._exit, (1,)).start()
    server = ThreadingHTTPServer(("0.0.0.0", int(os.environ.get("PORT", "8080"))), Handler)
    server.daemon_threads = True
    server.serve_forever(poll_interval=60)


if __name__ == "__main__":
    main()
