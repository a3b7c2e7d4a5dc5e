"""The behaviours that random trials are played with: those of good revisions, and of every kind of bad one."""

from math import inf

from slipway.core.model.task_definitions import ContainerHealthCheck
from slipway.sim.behaviours import Behaviour, HealthScript

#: What runs well wherever there is room, whatever the health checks: a service of such a revision comes to rest.
SOUND = {
    "good": Behaviour(pull_s=5, launch_s=3, exits_in_s=2, linger_s=10, jitter=0.3),
    "quick": Behaviour(),
    "deaf": Behaviour(launch_s=1, exits_in_s=None, linger_s=None),
    "lazy": Behaviour(pull_s=40, launch_s=10, exits_in_s=15, linger_s=30, jitter=0.5),
}

#: What fails, for a time or for ever.
UNSOUND = {
    "slow": Behaviour(
        launch_s=30,
        exits_in_s=20,
        linger_s=40,
        health=HealthScript(ready_s=45),
        container_health=HealthScript(ready_s=50),
        jitter=0.5,
    ),
    "crashes": Behaviour(launch_s=1, runs_s=4, jitter=0.5),
    "crashes at once": Behaviour(runs_s=0),
    "crashes late": Behaviour(launch_s=1, runs_s=400, jitter=0.2),
    "never starts": Behaviour(pull_s=2, start_error="CannotPullContainerError: pull image manifest: not found"),
    "never healthy": Behaviour(
        launch_s=1, health=HealthScript(ready_s=inf), container_health=HealthScript(ready_s=inf)
    ),
    "sick containers": Behaviour(launch_s=1, container_health=HealthScript(ready_s=inf)),
    "falls ill": Behaviour(launch_s=1, health=HealthScript(sick_s=90), container_health=HealthScript(sick_s=120)),
    "flaps": Behaviour(launch_s=1, health=HealthScript(up_s=70, down_s=50)),
    "flapping containers": Behaviour(launch_s=1, container_health=HealthScript(up_s=130, down_s=100)),
}

CAST = {**SOUND, **UNSOUND}

#: The container health check of services that have one.
CONTAINER_CHECK = ContainerHealthCheck(
    command=("CMD-SHELL", "true"), interval_s=10, timeout_s=2, retries=2, start_period_s=20
)
