"""`deploymentConfiguration` and `deploymentController` of a service: what a roll may do."""

from collections.abc import Mapping
from typing import Any

from slipway.api.errors import ApiError
from slipway.api.parameters import invalid
from slipway.core.model.services import SchedulingStrategy

_PLACE = "deploymentConfiguration."
_DEFAULTS = {SchedulingStrategy.REPLICA: (100, 200), SchedulingStrategy.DAEMON: (0, 100)}

#: Members of deploymentConfiguration that belong to strategies this version does not have.
_UNSERVED = (
    "bakeTimeInMinutes",
    "lifecycleHooks",
    "linearConfiguration",
    "canaryConfiguration",
    "earlySuccessCriteria",
)


def read_deployment_configuration(
    params: Mapping[str, Any], strategy: SchedulingStrategy, known: Mapping[str, Any]
) -> dict[str, Any]:
    """The configuration as shown again: what is given laid over `known` (empty at creation: the defaults).

    Raises InvalidParameterException for percentages that could never stop or start a task, and
    UnsupportedFeatureException for other strategies than ROLLING.
    """
    given = params.get("deploymentConfiguration") or {}
    if given.get("strategy", "ROLLING") != "ROLLING" or any(given.get(name) for name in _UNSERVED):
        raise _unsupported(
            "deploymentConfiguration asks for a strategy other than ROLLING, which this version does not serve; "
            "leave strategy out or set it to ROLLING, and leave out its stages, hooks and bake time."
        )
    minimum, maximum = _DEFAULTS[strategy]
    read = {"minimumHealthyPercent": minimum, "maximumPercent": maximum, "strategy": "ROLLING", **known}
    read |= {
        name: given[name]
        for name in ("minimumHealthyPercent", "maximumPercent", "deploymentCircuitBreaker", "alarms")
        if name in given
    }
    _check_percentages(read["minimumHealthyPercent"], read["maximumPercent"], strategy)
    return read


def _check_percentages(minimum: int, maximum: int, strategy: SchedulingStrategy) -> None:
    if not 0 <= minimum <= 100:
        raise invalid(f"{_PLACE}minimumHealthyPercent is {minimum}; give a number from 0 to 100.")
    if strategy is SchedulingStrategy.DAEMON and maximum != 100:
        raise invalid(f"The daemon scheduling strategy needs {_PLACE}maximumPercent 100; it is {maximum}.")
    if maximum < 100:
        raise invalid(f"{_PLACE}maximumPercent is {maximum}; give a number of at least 100.")
    if minimum == 100 and maximum == 100:
        raise invalid("Both maximumPercent and minimumHealthyPercent cannot be 100 as this will block deployments.")


def read_deployment_controller(params: Mapping[str, Any]) -> dict[str, Any]:
    """`{"deploymentController": …}` as shown again; empty where none was given. Raises UnsupportedFeatureException."""
    given = params.get("deploymentController")
    if not given:
        return {}
    kind = given.get("type", "ECS")
    if kind not in ("ECS", "CODE_DEPLOY", "EXTERNAL"):
        raise invalid(f"deploymentController.type '{kind}' is not known; use ECS.")
    if kind != "ECS":
        raise _unsupported(f"The deployment controller {kind} is not served by this version; use ECS.")
    return {"deploymentController": {"type": kind}}


def unacted(configuration: Mapping[str, Any]) -> list[str]:
    """The detectors that are accepted and shown, but that this version does not act on."""
    return [name for name in ("deploymentCircuitBreaker", "alarms") if configuration.get(name, {}).get("enable", False)]


def unacted_containers(document: Mapping[str, Any]) -> list[str]:
    """Members of a definition's containers that are accepted and shown, but that this version does not act on."""
    containers = document.get("containerDefinitions", ())
    return [
        f"{member} of container {container['name']}"
        for container in containers
        for member in ("dependsOn", "healthCheck", "restartPolicy")
        if container.get(member)
    ]


def _unsupported(sentence: str) -> ApiError:
    return ApiError("UnsupportedFeatureException", sentence)
