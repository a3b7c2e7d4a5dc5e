"""What is run for a container: its command line, environment, folder and limits, checked before anything is started."""

import grp
import os
import pwd
import re
import resource
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from slipway.adapters.container_runtime import RuntimeFault
from slipway.adapters.unserved import check_served
from slipway.core.model.tasks import NetworkBinding
from slipway.core.plan import ContainerPayload

#: Variables of the server's environment that every container gets.
INHERITED = ("PATH", "HOME", "LANG")
#: Names a POSIX shell does not pass on as they were.
_SHELL_OWN = frozenset(
    {"_", "IFS", "LINENO", "OLDPWD", "OPTIND", "PPID", "PS4", "PWD", "SHLVL", "SHELLOPTS", "BASHOPTS"}
)
_SHELL_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
#: Runs a program as another user, with limits of its own, or with variables whose names a shell would drop. It costs
#: the start of an interpreter, so only containers that ask for one of these pay for it.
_LAUNCHER = """
import json, os, resource, sys
order = json.loads(os.environ["SLIPWAY_LAUNCH"])
try:
    for name, soft, hard in order["limits"]:
        resource.setrlimit(getattr(resource, name), (soft, hard))
    if order["user"] is not None:
        uid, gid, groups = order["user"]
        os.setgroups(groups)
        os.setgid(gid)
        os.setuid(uid)
    os.execve(sys.argv[1], sys.argv[1:], order["environment"])
except (OSError, ValueError) as error:
    sys.stderr.write(f"slipway: {sys.argv[1]} could not be run: {error}\\n")
    sys.exit(126)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """A program ready to be run."""

    arguments: tuple[str, ...]  # the first is the path of the program
    environment: Mapping[str, str]
    directory: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _User:
    uid: int
    gid: int
    groups: tuple[int, ...]
    home: str


def check_has_command(container: ContainerPayload) -> None:
    """Raise `RuntimeFault("CannotPullContainerError", …)` for a container that names no program to run."""
    if not (container.entry_point or container.command):
        raise RuntimeFault(
            "CannotPullContainerError",
            f"container {container.name} has no command, and image {container.image} cannot give it one: the process "
            "runtime runs commands, image names are labels. Give the container a `command`, or use --runtime docker",
        )


def plan_launch(container: ContainerPayload, bindings: tuple[NetworkBinding, ...]) -> Launch:
    """What to run for `container`, told its ports by `PORT` and `PORT_<containerPort>`.

    The folder is the container's, else the one the server was started in; the environment is `INHERITED`, then the
    container's, then the ports. A container with ports that does not say where to listen is told `HOST`, the address
    they are reached at: a program that heeds it serves the balancer and nobody else.

    Raises `RuntimeFault("CannotStartContainerError", …)`: what cannot be run and why.
    """
    check_has_command(container)
    check_served(container)
    directory = os.path.abspath(container.working_directory or os.getcwd())
    if not os.path.isdir(directory):
        raise _fault(container, f"working directory {directory} does not exist")
    user = _user_of(container)
    environment = {name: os.environ[name] for name in INHERITED if name in os.environ}
    if user is not None:
        environment["HOME"] = user.home
    environment |= container.environment
    for binding in reversed(bindings):
        environment["PORT"] = environment[f"PORT_{binding.container_port}"] = str(binding.host_port)
        environment.setdefault("HOST", binding.bind_ip)
    arguments = (*container.entry_point, *container.command)
    program = _find(container, arguments[0], environment.get("PATH", os.defpath), directory)
    launch = Launch(arguments=(program, *arguments[1:]), environment=environment, directory=directory)
    limits = _limits_of(container)
    if user is None and not limits and all(map(_is_kept_by_shell, environment)):
        return launch
    return _by_launcher(launch, user, limits)


def _find(container: ContainerPayload, program: str, path: str, directory: str) -> str:
    if "/" in program:
        program = os.path.join(directory, program)
    found = shutil.which(program, path=path)
    if found is not None:
        return os.path.join(directory, found)
    if os.path.exists(program):
        raise _fault(container, f"{program} is not executable: permission denied")
    where = "no such file or directory" if "/" in program else f"executable file not found in PATH ({path})"
    raise _fault(container, f"program {program}: {where}")


def _user_of(container: ContainerPayload) -> _User | None:
    """The user to run as; None: the server's own. `user` is a name or uid, with a group's name or gid after a colon."""
    if not container.user:
        return None
    name, _, group = container.user.partition(":")
    try:
        entry = pwd.getpwuid(int(name)) if name.isdigit() else pwd.getpwnam(name)
        uid, gid, home = entry.pw_uid, entry.pw_gid, entry.pw_dir
        groups = tuple(os.getgrouplist(entry.pw_name, gid))
    except KeyError:
        if not name.isdigit():
            raise _fault(container, f"user {name} does not exist on this machine") from None
        uid, gid, home, groups = int(name), 0, "/", ()
    if group:
        try:
            gid = int(group) if group.isdigit() else grp.getgrnam(group).gr_gid
        except KeyError:
            raise _fault(container, f"group {group} does not exist on this machine") from None
        groups = (gid,)
    if os.geteuid() not in (0, uid):
        raise _fault(container, f"user {container.user} was asked for, but only root may change users: start as root, "
                                "or leave `user` out")  # fmt: skip
    return _User(uid=uid, gid=gid, groups=groups, home=home) if os.geteuid() == 0 else None


def _limits_of(container: ContainerPayload) -> list[tuple[str, int, int]]:
    limits = []
    for name, soft, hard in container.ulimits:
        constant = f"RLIMIT_{name.upper()}"
        if not hasattr(resource, constant):
            raise _fault(container, f"ulimit {name} is not known to the process runtime")
        _, most = resource.getrlimit(getattr(resource, constant))
        if os.geteuid() != 0 and most != resource.RLIM_INFINITY and not 0 <= hard <= most:
            raise _fault(container, f"ulimit {name} {hard} is above the limit of this server, {most}")
        limits.append((constant, soft, hard))
    return limits


def _is_kept_by_shell(name: str) -> bool:
    return name not in _SHELL_OWN and _SHELL_NAME.fullmatch(name) is not None


def _by_launcher(launch: Launch, user: _User | None, limits: list[tuple[str, int, int]]) -> Launch:
    order = {
        "limits": limits,
        "user": None if user is None else (user.uid, user.gid, user.groups),
        "environment": launch.environment,
    }
    return Launch(
        arguments=(sys.executable, "-I", "-S", "-c", _LAUNCHER, *launch.arguments),
        environment={"SLIPWAY_LAUNCH": msgspec.json.encode(order).decode()},
        directory=launch.directory,
    )


def _fault(container: ContainerPayload, sentence: str) -> RuntimeFault:
    return RuntimeFault("CannotStartContainerError", f"container {container.name}: {sentence}")
