"""What a container printed, for readers who have begun to read: where it is gone, the last line says so."""

from collections.abc import AsyncIterator

from slipway.adapters.container_runtime import RuntimeFault


async def told(lines: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The lines; a fault of the runtime (a container discarded, an engine gone) ends them as a line, not as an error.

    The answer has begun when the first line is asked for, and could only be broken off.
    """
    try:
        async for line in lines:
            yield line
    except RuntimeFault as fault:
        yield f"slipway: no more can be read: {fault}\n".encode()
