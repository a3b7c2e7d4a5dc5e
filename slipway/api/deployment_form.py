"""`deploymentConfiguration` and `deploymentController` of a service: what a roll may do."""

from collections.abc import Mapping
from typing import Any

from slipway.api.detector_form import alarms_of, bake_time_s_of, check_detectors, circuit_breaker_of
from slipway.api.errors import ApiError
from slipway.api.parameters import invalid
from slipway.core.model.services import SchedulingStrategy

_PLACE = "deploymentConfiguration."
_DEFAULTS = {SchedulingStrategy.REPLICA: (100, 200), SchedulingStrategy.DAEMON: (0, 100)}

#: Members of deploymentConfiguration that this version acts on.
_SERVED = ("minimumHealthyPercent", "maximumPercent", "deploymentCircuitBreaker", "alarms", "bakeTimeInMinutes")

#: What ECS shows of a deployment configuration that names none of these.
_SHOWN_DEFAULTS: Mapping[str, Any] = {
    "strategy": "ROLLING",
    "deploymentCircuitBreaker": {"enable": False, "rollback": False},
    "bakeTimeInMinutes": 0,
}

#: Members of deploymentConfiguration that belong to strategies this version does not have.
_UNSERVED = (
    "lifecycleHooks",
    "linearConfiguration",
    "canaryConfiguration",
    "earlySuccessCriteria",
)


def read_deployment_configuration(
    params: Mapping[str, Any], strategy: SchedulingStrategy, known: Mapping[str, Any]
) -> dict[str, Any]:
    """The configuration as shown again: what is given laid over `known` (empty at creation: the defaults).

    A member that is given replaces the known one as a whole, and leaves the others. Raises InvalidParameterException
    for percentages that could never stop or start a task, and for detectors that could never detect anything, and
    UnsupportedFeatureException for other strategies than ROLLING.
    """
    given = params.get("deploymentConfiguration") or {}
    if given.get("strategy", "ROLLING") != "ROLLING" or any(given.get(name) for name in _UNSERVED):
        raise _unsupported(
            "deploymentConfiguration asks for a strategy other than ROLLING, which this version does not serve; "
            "leave strategy out or set it to ROLLING, and leave out its stages, hooks and early success criteria."
        )
    minimum, maximum = _DEFAULTS[strategy]
    read = {"minimumHealthyPercent": minimum, "maximumPercent": maximum, "strategy": "ROLLING", **known}
    read |= {name: given[name] for name in _SERVED if name in given}
    _check_percentages(read["minimumHealthyPercent"], read["maximumPercent"], strategy)
    check_detectors(read)
    return read


def service_fields(configuration: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a `Service` that a configuration asks for, as `read_deployment_configuration` gives it."""
    return {
        "minimum_healthy_percent": configuration["minimumHealthyPercent"],
        "maximum_percent": configuration["maximumPercent"],
        "circuit_breaker": circuit_breaker_of(configuration),
        "alarms": alarms_of(configuration),
        "bake_time_s": bake_time_s_of(configuration),
    }


def shown_deployment_configuration(configuration: Mapping[str, Any]) -> dict[str, Any]:
    """`configuration` with what ECS shows of members that were not given. A bake time that the alarms decide is not
    shown: the 0 that ECS shows there would be one that was asked for."""
    shown = {**_SHOWN_DEFAULTS, **configuration}
    if configuration.get("alarms", {}).get("enable") and "bakeTimeInMinutes" not in configuration:
        del shown["bakeTimeInMinutes"]
    return shown


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


def _unsupported(sentence: str) -> ApiError:
    return ApiError("UnsupportedFeatureException", sentence)
