"""The shim: a POSIX shell that runs one program, outlives the control plane and records how the program ended.

It is its program's parent and the leader of its session. It takes the container's lock by creating the pid file, which
also says who it is; a second shim of the same container finds the lock taken and runs nothing. From the `+` in the exit
file on, a signal to its group reaches the program, with its default effect, and passes the shim by; so it lives to
write the exit code below. Then it kills what is left of its group, and itself with it, as an engine ends a container
when its first process ends.
"""

import os
import resource
import signal
from contextlib import suppress

from slipway.adapters.process_launch import Launch

STDERR = 2
#: Signals that programs find with their default effects, whatever this process was started with: an interpreter ignores
#: SIGPIPE, `nohup` SIGHUP, and a script that starts a server with `&` has it ignore SIGINT and SIGQUIT, by which some
#: programs are stopped.
RESET_SIGNALS = tuple(sorted(signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}))
#: What a shim calls itself: the word after its script in its command line, before its parameters.
SHIM_NAME = "slipway-shim"
#: What the shell above a health check calls itself, at the same place.
CHECK_NAME = "slipway-check"
#: How a shim ends that ran nothing, and what that means.
REFUSALS = {
    120: "its pid file could not be written",
    121: "its working directory could not be entered",
    122: "its memory group could not be entered",
    123: "its limits could not be set",
}

#: $1 the files' stem, $2 boot id, $3 soft limit of open files, $4 the file to enter the memory group by, or nothing,
#: $5 limit of private memory in KiB, or nothing, $6 folder, then the command line. Positional parameters and one
#: variable of an unlikely name are all it uses: the program gets every other variable as it was given. Its own words
#: ("Terminated") are kept out of the log.
_SHIM = """\
set -C
{ read -r _slipway_stat </proc/$$/stat && echo "$2 $_slipway_stat" >"$1.pid"; } 2>/dev/null || exit 120
unset _slipway_stat
exec 3<>"$1.exit"
cd "$6" || exit 121
[ -z "$4" ] || echo $$ >|"$4" || exit 122
ulimit -S -n "$3" || exit 123
[ -z "$5" ] || ulimit -d "$5" || exit 123
shift 6
trap : TERM INT HUP QUIT USR1 USR2
exec 4>&2 2>/dev/null
(echo + >&3; exec "$@" 3>&- 4>&-) 2>&4
echo $? >&3
kill -s KILL 0
"""


class Shim:
    """Starts shims, each in a session of its own.

    Building one raises this process's own limit of open files to the most it may have, for every container costs one
    descriptor; programs still get the limit that was there before, `open_files`. Descriptors this process inherited
    itself are kept from the programs; those Python opened are anyway.
    """

    def __init__(self, boot_id: str) -> None:
        self._boot_id = boot_id
        self.open_files, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
        for descriptor in map(int, os.listdir("/proc/self/fd")):
            with suppress(OSError):  # the one that listed the folder is closed again
                if descriptor > STDERR:
                    os.set_inheritable(descriptor, False)

    def spawn(self, launch: Launch, stem: str, *, memory_group: str | None, data_limit_kib: int | None) -> int:
        """Start a shim for the container whose files begin with `stem`, and give its pid. Raises `OSError`."""
        entry = "" if memory_group is None else f"{memory_group}/cgroup.procs"
        data = "" if data_limit_kib is None else str(data_limit_kib)
        parameters = (stem, self._boot_id, str(self.open_files), entry, data, launch.directory)
        return os.posix_spawn(
            "/bin/sh",
            ("sh", "-c", _SHIM, SHIM_NAME, *parameters, *launch.arguments),
            launch.environment,
            setsid=True,
            setsigmask=(),
            setsigdef=RESET_SIGNALS,
            file_actions=(
                (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                (os.POSIX_SPAWN_OPEN, 1, f"{stem}.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600),
                (os.POSIX_SPAWN_DUP2, 1, 2),
            ),
        )
