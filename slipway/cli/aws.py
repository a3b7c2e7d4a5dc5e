"""Calls of the AWS API by botocore, configured for one server; refusals become sentences."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from slipway.cli.access import Access
from slipway.cli.failure import CliError, Unreachable

TIMEOUT_S = 30


def aws_client(access: Access, service: str) -> Any:
    """A botocore client of `service` (`ecs`, `elbv2`) that talks to this server and no other."""
    from botocore.config import Config
    from botocore.session import Session

    return Session().create_client(
        service,
        region_name=access.region,
        endpoint_url=access.endpoint,
        aws_access_key_id=access.access_key_id,
        aws_secret_access_key=access.secret_access_key,
        config=Config(
            connect_timeout=TIMEOUT_S,
            read_timeout=TIMEOUT_S,
            retries={"mode": "standard", "total_max_attempts": 3},
            proxies={},  # those of the environment are for the world outside, as in `slipway.cli.endpoint`
        ),
    )


@contextmanager
def told_plainly() -> Iterator[None]:
    """Turn botocore's exceptions into `CliError`: the service's own sentence, with what was asked and the code."""
    from botocore.exceptions import BotoCoreError, ClientError, ConnectionError, HTTPClientError

    try:
        yield
    except ClientError as error:
        told = error.response["Error"]
        raise CliError(f"{error.operation_name} was refused: {told['Message']} ({told['Code']})") from error
    except (ConnectionError, HTTPClientError) as error:
        raise Unreachable(f"The server does not answer: {error}; start it with `slipway up`.") from error
    except BotoCoreError as error:
        raise CliError(f"The AWS API could not be called: {error}.") from error


def stop_deployment(access: Access, service_deployment_arn: str) -> None:
    """Have a service deployment rolled back. Raises `CliError` where it has ended already."""
    with told_plainly():
        aws_client(access, "ecs").stop_service_deployment(serviceDeploymentArn=service_deployment_arn)
