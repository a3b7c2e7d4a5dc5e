"""Programs that the kernel refuses to run: the engine shows their containers as started, and ended at once by exit 1.

What the kernel said (`exec format error`, a missing interpreter) is only in the container's output, where the engine's
runtime left it as the last line.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from slipway.adapters.docker_engine import Engine, EngineError
from slipway.adapters.docker_logs import HEADER_SIZE
from slipway.adapters.docker_state import EngineContainer, read_container

#: How the engine's runtime (runc) ends when it could not run the program.
REFUSED_CODES = (1, 255)
#: A container that ran for longer was not refused.
REFUSED_WITHIN_S = 2.0
#: The runtime's last words, of versions before and after 1.1.
WORDS = re.compile(
    rb"(?:standard_init_linux\.go:\d+: )?"
    rb"(exec (?:user process caused|/.*): \"?(?:exec format error|no such file or directory|permission denied)\"?)"
)


async def read_ended(engine: Engine, document: Mapping[str, Any]) -> EngineContainer:
    """An answer of the engine's inspect, with the kernel's words as the reason where it refused the program."""
    found = read_container(document)
    ended, started_at = found.exit, found.started_at
    if ended is None or started_at is None or ended.reason is not None:
        return found
    if ended.exit_code not in REFUSED_CODES or ended.at - started_at > REFUSED_WITHIN_S:
        return found
    words = WORDS.fullmatch(await _last_line(engine, found.id))
    if words is None:
        return found
    reason = f"CannotStartContainerError: {words[1].decode(errors='replace')}"
    return replace(found, exit=replace(ended, reason=reason))


async def _last_line(engine: Engine, container_id: str) -> bytes:
    """The last line of the error output; empty where the log driver keeps none that can be read."""
    params = {"stderr": "1", "tail": "1"}
    try:
        async with engine.answer("GET", f"/containers/{container_id}/logs", params=params) as answer:
            output = await answer.read()
    except EngineError:
        return b""
    framed = output[:1] in (b"\0", b"\1", b"\2") and output[1:4] == b"\0\0\0"
    return (output[HEADER_SIZE:] if framed else output).strip()
