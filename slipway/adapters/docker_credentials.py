"""What `docker login` left on this machine for a registry, as the engine takes it."""

import base64
import binascii
import os
from pathlib import Path

import msgspec

#: The key under which `docker login` keeps Docker Hub.
DOCKER_HUB = "https://index.docker.io/v1/"


def registry_auth(name: str, folder: Path | None = None) -> dict[str, str]:
    """The `X-Registry-Auth` header for the repository `name`; empty where there was no login.

    `folder` is that of docker's config.json (default DOCKER_CONFIG, else ~/.docker). Credential helpers are not asked.
    """
    folder = folder or Path(os.path.expanduser(os.environ.get("DOCKER_CONFIG") or "~/.docker"))
    try:
        auths = msgspec.json.decode((folder / "config.json").read_bytes()).get("auths") or {}
        login = base64.b64decode(auths[_registry(name)]["auth"], validate=True).decode()
    except (OSError, msgspec.DecodeError, KeyError, TypeError, AttributeError, binascii.Error, UnicodeDecodeError):
        return {}  # no login, or none that can be read: the registry is asked as anybody
    user, _, password = login.partition(":")
    header = msgspec.json.encode({"username": user, "password": password, "serveraddress": _registry(name)})
    return {"X-Registry-Auth": base64.urlsafe_b64encode(header).decode()}


def _registry(name: str) -> str:
    """The registry of a repository: its first part if that looks like a host (as docker tells them apart)."""
    head, slash, _ = name.partition("/")
    return head if slash and ("." in head or ":" in head or head == "localhost") else DOCKER_HUB
