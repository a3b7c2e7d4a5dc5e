"""A command in a terminal of its own, as a person has it: what it shows is read, and keys are pressed."""

import fcntl
import os
import pty
import subprocess
import sys
import termios
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from tests.waiting import wait_until

CTRL_C = "\x03"
ROWS, COLUMNS = 50, 100
SHOWN_MOST = 3000  # characters, where a test fails
BOUND_S = 60  # on a hung command, no statement about speed


class Terminal:
    """The terminal of one running command."""

    def __init__(self, master: int, process: "subprocess.Popen[bytes]") -> None:
        self._master = master
        self._process = process
        self.shown = ""

    def await_text(self, text: str, *, times: int = 1) -> None:
        """Wait until the text was shown so often."""

        def is_shown() -> bool:
            self._read()
            return self.shown.count(text) >= times

        self._await(is_shown, f"{text!r} on the terminal")

    def press(self, keys: str) -> None:
        """Type keys; Ctrl-C is one, which the terminal makes a signal of."""
        os.write(self._master, keys.encode())

    def end(self) -> int:
        """The exit status, once the command has ended."""

        def has_ended() -> bool:
            self._read()
            return self._process.poll() is not None

        self._await(has_ended, "the command to end")
        self._read()
        return self._process.wait()

    def _await(self, condition: Callable[[], bool], what: str) -> None:
        try:
            wait_until(condition, timeout_s=BOUND_S, what=what)
        except AssertionError as error:
            raise AssertionError(f"{error}; shown was: {self.shown[-SHOWN_MOST:]}") from None

    def _read(self) -> None:
        try:
            while piece := os.read(self._master, 65536):
                self.shown += piece.decode(errors="replace")
        except OSError:
            return  # nothing more now (EAGAIN), or ever: the command has gone (EIO)


def _take_terminal() -> None:
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


@contextmanager
def terminal(*arguments: str, environment: Mapping[str, str]) -> Iterator[Terminal]:
    """Run `slipway` with these arguments in a terminal; it is ended with the `with`."""
    master, slave = pty.openpty()
    os.set_blocking(master, False)
    termios.tcsetwinsize(slave, (ROWS, COLUMNS))
    process = subprocess.Popen(
        [sys.executable, "-m", "slipway", *arguments],
        stdin=slave,
        stdout=slave,
        stderr=slave,
        env={**environment, "TERM": "xterm", "NO_COLOR": "1"},
        start_new_session=True,
        preexec_fn=_take_terminal,
    )
    os.close(slave)
    try:
        yield Terminal(master, process)
    finally:
        process.kill()
        process.wait()
        os.close(master)
