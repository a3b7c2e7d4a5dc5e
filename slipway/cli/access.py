"""How a server is reached and with which key: from its data directory, or from the AWS variables of the environment."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from slipway.cli.failure import CliError
from slipway.config import SettingsError, default_data
from slipway.data_directory import DataDirectory, DataError

DEFAULT_REGION = "us-east-1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """A server's address and the key its requests are signed with. Its repr shows no secret."""

    endpoint: str
    region: str
    access_key_id: str
    secret_access_key: str

    def __repr__(self) -> str:
        return f"Access(endpoint={self.endpoint!r}, access_key_id={self.access_key_id!r}, secret_access_key=***)"

    @property
    def exports(self) -> dict[str, str]:
        """The environment in which `aws`, boto3 and Terraform talk to this server."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": self.access_key_id,
            "AWS_SECRET_ACCESS_KEY": self.secret_access_key,
            "AWS_DEFAULT_REGION": self.region,
            "AWS_REGION": self.region,
        }


def find_access(data: Path | None) -> Access:
    """The access by `--data`, else by the environment if it names an endpoint and keys, else by the default directory.

    Raises `CliError` with the command that mends it.
    """
    if data is None:
        access = _from_environment(os.environ)
        if access is not None:
            return access
    return access_of(data)


def access_of(data: Path | None) -> Access:
    """The access written in a data directory, None the default one. Works while the server is down, if it ever ran.

    Raises `CliError`.
    """
    try:
        directory = DataDirectory(data.expanduser() if data is not None else default_data())
        address, key = directory.read_address(), directory.read_root_key()
    except (DataError, SettingsError) as error:
        raise CliError(str(error)) from error
    except RuntimeError as error:
        raise CliError(f"The data directory {data} is below a home that is not known.") from error
    return Access(
        endpoint=address.endpoint,
        region=address.region,
        access_key_id=key.access_key_id,
        secret_access_key=key.secret_access_key,
    )


def _from_environment(environment: Mapping[str, str]) -> Access | None:
    endpoint = environment.get("AWS_ENDPOINT_URL", "")
    key, secret = environment.get("AWS_ACCESS_KEY_ID", ""), environment.get("AWS_SECRET_ACCESS_KEY", "")
    if not (endpoint and key and secret):
        return None
    return Access(
        endpoint=endpoint.rstrip("/"),
        region=environment.get("AWS_REGION") or environment.get("AWS_DEFAULT_REGION") or DEFAULT_REGION,
        access_key_id=key,
        secret_access_key=secret,
    )
