"""What a container printed, by line, for readers who have begun to read."""

from collections.abc import AsyncIterator

from slipway.adapters.container_runtime import RuntimeFault

#: A line longer than this, in bytes, is given in pieces, so that one endless line cannot fill the memory.
LONGEST_LINE = 1024 * 1024


async def told(lines: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The lines; a fault of the runtime (a container discarded, an engine gone) ends them as a line, not as an error.

    The answer has begun when the first line is asked for, and could only be broken off.
    """
    try:
        async for line in lines:
            yield line
    except RuntimeFault as fault:
        yield f"slipway: no more can be read: {fault}\n".encode()
