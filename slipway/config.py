"""Settings: every default is here. A flag wins over the environment, the environment over the file, the file over all.

A setting `data` is the flag `--data`, the environment variable `SLIPWAY_DATA` and the key `data` of the TOML file;
underscores are hyphens in flags. `docs/settings.md` lists them; a test holds it against this file.
"""

import ipaddress
import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from math import inf
from pathlib import Path
from typing import Any, get_type_hints

#: Addresses a pool may have at most; each is written out, and each load balancer takes one.
POOL_LIMIT = 4096


class SettingsError(Exception):
    """A setting that cannot be; the sentence names it and the fix."""


def _setting(default: Any, about: str) -> Any:
    return field(default=default, metadata={"about": about})


def default_data() -> Path:
    """Where the state is kept unless told otherwise: `$XDG_DATA_HOME/slipway`, else `~/.local/share/slipway`.

    Raises `SettingsError` for a user without a home, as a service's may be.
    """
    if folder := os.environ.get("XDG_DATA_HOME"):
        return Path(folder) / "slipway"
    try:
        return Path.home() / ".local" / "share" / "slipway"
    except RuntimeError as error:
        raise SettingsError("This user has no home directory to keep data in: name a directory by --data.") from error


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The settings of one server. Times are in seconds."""

    data: Path = field(metadata={"about": "Directory of all state; made if it is not there."})
    listen: str = _setting("127.0.0.1:8400", "HOST:PORT the API listens on; port 0 takes a free one.")
    runtime: str = _setting("auto", "What runs containers: docker, process, or auto: docker if an engine answers.")
    cpu: int = _setting(0, "CPU units the local host offers, 1024 a processor; 0: what the machine has.")
    memory: int = _setting(0, "MiB of memory the local host offers; 0: what the machine has.")
    lb_address_pool: str = _setting(
        "127.0.0.2-127.0.0.254", "Addresses load balancers get, one each: FIRST-LAST, a CIDR, or a list with commas."
    )
    account: str = _setting("000000000000", "The AWS account id in ARNs, 12 digits.")
    region: str = _setting("us-east-1", "The AWS region in ARNs and host names.")
    no_auth: bool = _setting(False, "Take requests without a signature; on loopback addresses only.")
    stop_tasks: bool = _setting(False, "Stop all tasks and the load balancer when the server ends.")
    image_pull_behavior: str = _setting(
        "default", "When docker images are pulled: default, always, once or prefer-cached (as the ECS agent)."
    )
    healthy_after_running_s: float = _setting(
        40.0, "Seconds after RUNNING at which a task without any health check counts as healthy (ECS: 40)."
    )
    new_target_checks: int = _setting(
        0, "Checks a new target must pass to be healthy; 0: the healthy threshold of its target group."
    )
    fail_on_certainty: bool = _setting(
        True, "Two failures that will come again for ever end a deployment with a circuit breaker at once."
    )
    stopped_task_kept_s: float = _setting(3600.0, "Seconds a stopped task can still be described (ECS: an hour).")
    envoy_concurrency: int = _setting(0, "Worker threads of Envoy; 0: one a processor.")

    @property
    def host_and_port(self) -> tuple[str, int]:
        """`listen` in its two parts."""
        host, _, port = self.listen.rpartition(":")
        return host.strip("[]"), int(port)

    @property
    def address_pool(self) -> tuple[str, ...]:
        """`lb_address_pool` written out."""
        return tuple(_addresses(self.lb_address_pool))


def load_settings(
    flags: Mapping[str, Any], *, environment: Mapping[str, str] | None = None, file: Path | None = None
) -> Settings:
    """The settings by these flags (None: not given), environment and TOML file. Raises `SettingsError`."""
    environment = os.environ if environment is None else environment
    read = _from_file(file) if file is not None else {}
    names = {item.name for item in fields(Settings)}
    if unknown := sorted(read.keys() - names):
        raise SettingsError(f"{file}: {unknown[0]} is no setting; the settings are {', '.join(sorted(names))}.")
    values: dict[str, Any] = {name: _typed(name, value, str(file)) for name, value in read.items()}
    for name in names:
        text = environment.get(f"SLIPWAY_{name.upper()}")
        if text:
            values[name] = _typed(name, text, f"SLIPWAY_{name.upper()}")
    values |= {name: _typed(name, value, _flag(name)) for name, value in flags.items() if value is not None}
    if "data" not in values:
        values["data"] = default_data()
    settings = Settings(**values)
    _check(settings)
    return settings


def _flag(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def _from_file(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text())
    except OSError as error:
        raise SettingsError(f"The settings file {file} cannot be read: {error.strerror}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"The settings file {file} is not TOML: {error}.") from error


_TRUTHS = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}


def _typed(name: str, value: Any, source: str) -> Any:
    """The value as the setting's type. Raises `SettingsError` naming where it came from."""
    kind = get_type_hints(Settings)[name]
    try:
        if kind is bool:
            return value if isinstance(value, bool) else _TRUTHS[str(value).lower()]
        if isinstance(value, bool):
            raise ValueError(value)
        return kind(value).expanduser() if kind is Path else kind(value)
    except (KeyError, ValueError, TypeError, RuntimeError) as error:  # RuntimeError: no such home
        wanted = {int: "a whole number", float: "a number of seconds", bool: "true or false", Path: "a directory"}.get(
            kind, "text"
        )
        raise SettingsError(f"{source} is '{value}'; {name} takes {wanted}.") from error


#: The settings that are numbers: none is below 0, and instants must be finite to be waited for.
_NUMBERS = (
    *("cpu", "memory", "envoy_concurrency"),
    *("healthy_after_running_s", "new_target_checks", "stopped_task_kept_s"),
)


def _check(settings: Settings) -> None:
    host, port = _parse_listen(settings.listen)
    if not 0 <= port <= 65535:
        raise SettingsError(f"--listen has port {port}; give one from 0 to 65535.")
    for name, allowed in (
        ("runtime", ("auto", "docker", "process")),
        ("image_pull_behavior", ("default", "always", "once", "prefer-cached")),
    ):
        if getattr(settings, name) not in allowed:
            raise SettingsError(f"{_flag(name)} is '{getattr(settings, name)}'; use one of {', '.join(allowed)}.")
    for name in _NUMBERS:
        if not 0 <= getattr(settings, name) < inf:  # nan is neither
            raise SettingsError(f"{_flag(name)} is {getattr(settings, name)}; give a number from 0 up.")
    if not re.fullmatch(r"[0-9]{12}", settings.account):
        raise SettingsError(f"--account is '{settings.account}'; an AWS account id has 12 digits.")
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", settings.region):  # it is a part of ARNs and of host names
        raise SettingsError(f"--region is '{settings.region}'; give one as us-east-1: a-z, 0-9 and hyphens.")
    if settings.no_auth and not _is_loopback(host):
        raise SettingsError(
            f"--no-auth with --listen {settings.listen} would let anyone who reaches it run commands here; "
            "listen on a loopback address, as 127.0.0.1, or leave --no-auth out."
        )
    if not settings.address_pool:
        raise SettingsError("--lb-address-pool is empty; give at least one address.")


def _parse_listen(listen: str) -> tuple[str, int]:
    host, colon, port = listen.rpartition(":")
    if not colon or not host or not port.isdecimal():
        raise SettingsError(f"--listen is '{listen}'; give HOST:PORT, as 127.0.0.1:8400.")
    return host.strip("[]"), int(port)


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _addresses(pool: str) -> Iterator[str]:
    """The addresses of a pool as it is written. Raises `SettingsError`."""
    for part in filter(None, (part.strip() for part in pool.split(","))):
        try:
            yield from _part(part)
        except ValueError as error:
            raise SettingsError(
                f"--lb-address-pool has '{part}': {error}; write 127.0.0.2-127.0.0.254, 10.0.0.0/28, or a list."
            ) from error


def _part(part: str) -> Iterator[str]:
    if "/" in part:
        network = ipaddress.ip_network(part)
        _bound(network.num_addresses)
        return map(str, network.hosts())
    first, _, last = part.partition("-")
    low, high = int(ipaddress.IPv4Address(first.strip())), int(ipaddress.IPv4Address((last or first).strip()))
    _bound(high - low + 1)
    return (str(ipaddress.IPv4Address(number)) for number in range(low, high + 1))


def _bound(count: int) -> None:
    if not 0 < count <= POOL_LIMIT:
        raise ValueError(f"it has {count} addresses, and a pool has 1 to {POOL_LIMIT}")
