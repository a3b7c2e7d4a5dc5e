"""The stage of a simulated rollout: a world with the old version running, everything steady, and its way forward."""

from dataclasses import replace
from math import inf

from slipway.core.explaining.chronicle import Chronicle
from slipway.core.model.deployment_configuration import DeploymentCircuitBreaker
from slipway.core.model.deployments import Deployment, ServiceDeployment
from slipway.core.model.load_balancing import HealthCheck, TargetGroup
from slipway.core.model.task_definitions import TaskDefinition
from slipway.core.rules import Rules
from slipway.core.snapshot import Snapshot
from slipway.foresight.endless import fails_for_ever, goes_in_circles, why_endless
from slipway.foresight.rollout import Rollout, RolloutError
from slipway.ports import Commit
from slipway.sim.behaviours import Behaviour, HealthScript
from slipway.sim.operator import Operator
from slipway.sim.world import World

#: The name of the service, its target group and the family of its tasks.
NAME = "web"

#: Seconds of virtual time in which the old version has to come up: months, for it may start a few tasks at a time.
SET_UP_MOST_S = 10_000_000.0


class Stage:
    """One world in which `rollout` is rolled once. The old version is like the new one, without its failures."""

    def __init__(self, rollout: Rollout) -> None:
        self.rollout = rollout
        self.world = World(
            seed=rollout.seed,
            rules=Rules(is_sequential=rollout.sequential, healthy_after_running_s=rollout.healthy_after),
            watch=self._watch,
            keeps_story=False,
        )
        self.chronicle: Chronicle | None = None  # None: the roll has not begun
        self._user = Operator(self.world)
        self._add_hosts()
        self._old = self._register(_steady(rollout))
        self._new = self._register(_behaviour(rollout))
        self._set_up()

    def _watch(self, snapshot: Snapshot, commit: Commit) -> None:
        if self.chronicle is not None:
            self.chronicle.tell(commit.at, commit.changes)

    def _add_hosts(self) -> None:
        rollout = self.rollout
        if rollout.hosts is not None:
            for _ in range(rollout.hosts):
                self.world.add_host(cpu=rollout.host_cpu, memory=rollout.host_memory)
            return
        room = rollout.peak if rollout.room is None else rollout.room
        self.world.add_host(cpu=room * rollout.cpu, memory=room * rollout.memory)

    def _register(self, behaviour: Behaviour) -> TaskDefinition:
        rollout = self.rollout
        return self._user.register(
            NAME, cpu=rollout.cpu, memory=rollout.memory, stop_timeout_s=rollout.stop_timeout, behaviour=behaviour
        )

    def _set_up(self) -> None:
        rollout = self.rollout
        self._user.create_service(
            NAME,
            self._old,
            desired=rollout.desired,
            minimum_healthy_percent=rollout.minimum_healthy_percent,
            maximum_percent=rollout.maximum_percent,
            target_group=self._target_group() if rollout.load_balancer else None,
            health_check_grace_period_s=rollout.health_check_grace_period,
            circuit_breaker=DeploymentCircuitBreaker(is_enabled=rollout.circuit_breaker, rolls_back=rollout.rollback),
            bake_time_s=rollout.bake_time,
        )
        self.world.run(lambda: self.world.is_settled() or self._fails(), limit_s=SET_UP_MOST_S)
        if not self.world.is_settled():
            raise RolloutError(
                "ready_time",
                "The old version does not come up: its tasks fail their health checks before they are ready; make "
                "--health-check-grace-period longer than --ready-time.",
            )

    def _target_group(self) -> TargetGroup:
        rollout = self.rollout
        return self._user.create_target_group(
            NAME,
            health_check=HealthCheck(
                interval_s=rollout.health_interval,
                timeout_s=rollout.health_timeout,
                healthy_threshold=rollout.healthy_threshold,
                unhealthy_threshold=rollout.unhealthy_threshold,
            ),
            deregistration_delay_s=rollout.deregistration_delay,
        )

    # The roll

    @property
    def desired(self) -> int:
        """Tasks of the service."""
        return self.rollout.desired

    def begin(self) -> ServiceDeployment:
        """Begin the roll, and the chronicle with it."""
        world = self.world
        service = world.service(NAME)
        records = tuple(world.snapshot.records())
        self._user.deploy(NAME, self._new)
        begun = world.snapshot.service_history(service.arn)[0]
        self.chronicle = Chronicle(service.arn, records, at=begun.created_at)
        return begun

    def run_to_verdict(self, arn: str, *, limit_s: float) -> bool:
        """Go on to the verdict on the roll, or until none is to be expected. Whether there is one."""
        self.world.run(lambda: self.roll_out(arn).status.is_verdict or self._fails(), limit_s=limit_s)
        return self.roll_out(arn).status.is_verdict

    def _fails(self) -> bool:
        moves = 0 if self.chronicle is None else len(self.chronicle.moves)
        return fails_for_ever(self._primary(), self.rollout.desired) or goes_in_circles(moves, self.rollout.desired)

    def _primary(self) -> Deployment | None:
        return self.world.snapshot.primary(self.world.service(NAME).arn)

    def why_endless(self) -> str:
        """Why the roll has not ended, in a sentence."""
        assert self.chronicle is not None, "the roll has begun"
        looked_s = self.world.clock.now() - self.chronicle.began_at
        moves = len(self.chronicle.moves)
        return why_endless(self.world.service(NAME), self._primary(), self.rollout, moves=moves, looked_s=looked_s)

    def roll_out(self, arn: str) -> ServiceDeployment:
        """The record of the roll as it is now."""
        return self.world.snapshot.service_deployments[arn]


def _steady(rollout: Rollout) -> Behaviour:
    """How the old version behaves."""
    return Behaviour(
        pull_s=rollout.pull_time,
        launch_s=rollout.start_time,
        exits_in_s=None if rollout.exit == inf else rollout.exit,
        linger_s=None if rollout.connection_age == inf else rollout.connection_age,
        health=HealthScript(ready_s=rollout.ready_time),
        jitter=rollout.jitter_percent / 100,
    )


def _behaviour(rollout: Rollout) -> Behaviour:
    """How the new version behaves: like the old one, but for its failures."""
    steady = _steady(rollout)
    return replace(
        steady,
        runs_s=rollout.crash_after if rollout.crash_percent else None,
        crash_share=rollout.crash_percent / 100,
        slow_share=rollout.slow_start_percent / 100,
        slow_s=rollout.slow_start_time,
        health=replace(steady.health, ready_s=inf) if rollout.never_healthy else steady.health,
    )
