"""Random stories: what users and the world do to two services, drawn by Hypothesis and told in a virtual world."""

from collections.abc import Callable
from dataclasses import dataclass, field
from math import inf

from hypothesis import strategies as st

from slipway.core.model.load_balancing import HealthCheck
from slipway.core.model.services import ServiceStatus
from slipway.core.model.tasks import Task
from slipway.sim.behaviours import Behaviour, HealthScript
from slipway.sim.operator import Operator
from slipway.sim.store import Faults
from slipway.sim.world import World

TASK = 256  # CPU units and MiB
SERVICES = ("web", "api")  # behind a load balancer, and without one

BEHAVIOURS = {
    "good": Behaviour(pull_s=5, launch_s=3, exits_in_s=2, linger_s=10, jitter=0.3),
    "quick": Behaviour(),
    "slow": Behaviour(launch_s=30, exits_in_s=20, linger_s=40, health=HealthScript(ready_s=45), jitter=0.5),
    "deaf": Behaviour(launch_s=1, exits_in_s=None, linger_s=None),
    "crashes": Behaviour(launch_s=1, runs_s=4, jitter=0.5),
    "crashes late": Behaviour(launch_s=1, runs_s=400, jitter=0.2),
    "never starts": Behaviour(pull_s=2, start_error="CannotPullContainerError: no such image"),
    "never healthy": Behaviour(launch_s=1, health=HealthScript(ready_s=inf)),
    "flaps": Behaviour(launch_s=1, health=HealthScript(up_s=70, down_s=50)),
}

Step = tuple[str, str, int]  # what happens, to which service or how, and a number

STEPS: st.SearchStrategy[Step] = st.one_of(
    st.tuples(st.just("run"), st.just(""), st.integers(0, 400)),
    st.tuples(st.just("deploy"), st.sampled_from(SERVICES), st.integers(0, len(BEHAVIOURS) - 1)),
    st.tuples(st.just("scale"), st.sampled_from(SERVICES), st.integers(0, 5)),
    st.tuples(st.just("minimum"), st.sampled_from(SERVICES), st.sampled_from((0, 50, 100))),
    st.tuples(st.just("maximum"), st.sampled_from(SERVICES), st.sampled_from((100, 150, 200))),
    st.tuples(st.just("grace"), st.just("web"), st.sampled_from((0, 30, 300))),
    st.tuples(st.sampled_from(("kill", "ill", "well", "stop")), st.sampled_from(SERVICES), st.integers(0, 9)),
    st.tuples(st.just("restart host"), st.just(""), st.integers(0, 1)),
    st.tuples(st.just("job"), st.just(""), st.integers(1, 3)),
    st.tuples(st.just("down"), st.just(""), st.integers(0, 100)),
    st.tuples(st.sampled_from(("fail", "crash before", "crash after")), st.just(""), st.integers(1, 4)),
)


@dataclass(frozen=True, kw_only=True)
class Setting:
    """Where a story takes place."""

    seed: int
    room: int  # tasks that fit on each of two hosts
    desired: int


SETTINGS = st.builds(Setting, seed=st.integers(0, 999), room=st.integers(2, 9), desired=st.integers(1, 4))


@dataclass(kw_only=True)
class Story:
    """A world in which steps are told; every invariant is asserted after each step of its control plane."""

    world: World
    user: Operator
    told: list[Step] = field(default_factory=list)

    @classmethod
    def begin(cls, setting: Setting) -> "Story":
        """Two hosts and two services whose first revision is good."""
        world = World(seed=str(setting.seed), is_checked=True)
        for _ in range(2):
            world.add_host(cpu=setting.room * TASK, memory=setting.room * TASK)
        user = Operator(world)
        check = HealthCheck(interval_s=10, healthy_threshold=2, unhealthy_threshold=2)
        group = user.create_target_group("web", health_check=check, deregistration_delay_s=60)
        for service in SERVICES:
            first = user.register(service, cpu=TASK, memory=TASK, behaviour=BEHAVIOURS["good"])
            user.create_service(
                service, first, desired=setting.desired, target_group=group if service == "web" else None
            )
        world.step()
        return cls(world=world, user=user)

    def tell(self, step: Step) -> None:
        """Have one step happen, and all that follows from it at that instant."""
        self.told.append(step)
        what, subject, number = step
        world, user = self.world, self.user
        match what:
            case "run":
                world.run_for(number)
            case "deploy":
                self.deploy(subject, list(BEHAVIOURS)[number])
            case "scale":
                user.update(subject, desired_count=number)
            case "minimum":
                user.update(subject, minimum_healthy_percent=number)
            case "maximum":
                user.update(subject, maximum_percent=number)
            case "grace":
                user.update(subject, health_check_grace_period_s=number)
            case "restart host":
                list(world.hosts.values())[number].restart()
            case "job":
                user.run_task(
                    user.register("job", cpu=TASK, memory=TASK, behaviour=Behaviour(runs_s=500)), count=number
                )
            case "down":
                world.crash()
                world.run_for(number)
                world.restart()
            case "fail" | "crash before" | "crash after":
                self._break(what, world.store.commits + number)
            case _:
                self._touch(what, subject, number)
        world.step()

    def deploy(self, service: str, behaviour: str) -> None:
        """A new revision that behaves so."""
        self.user.deploy(service, self.user.register(service, cpu=TASK, memory=TASK, behaviour=BEHAVIOURS[behaviour]))

    def _break(self, what: str, commit: int) -> None:
        at = frozenset({commit})
        self.world.store.faults = {
            "fail": Faults(fails=at),
            "crash before": Faults(crashes_before=at),
            "crash after": Faults(crashes_after=at),
        }[what]

    def _touch(self, what: str, service: str, number: int) -> None:
        """Something happens to one of the service's tasks that are not stopped, if it has any."""
        alive = [task for task in self.world.tasks(service) if not task.is_stopped]
        if not alive:
            return
        task = alive[number % len(alive)]
        acts: dict[str, Callable[[Task], None]] = {
            "kill": lambda task: self.world.hosts[task.host_id].kill(task.arn),
            "ill": lambda task: self.world.balancer.make_ill(task.arn),
            "well": lambda task: self.world.balancer.make_well(task.arn),
            "stop": lambda task: self.user.stop_task(task.arn),
        }
        acts[what](task)

    def mend(self) -> None:
        """End all that is wrong: every service gets a good revision, as many tasks as fit, and room to move."""
        world = self.world
        world.store.faults = Faults()
        for service in SERVICES:
            for task in world.tasks(service):
                world.balancer.make_well(task.arn)
            self.user.update(service, minimum_healthy_percent=50, maximum_percent=200, desired_count=2)
            self.deploy(service, "good")

    def why_not_settled(self) -> dict[str, str | None]:
        """What each service that is not settled says it waits for."""
        return {
            service.name: service.blocked_by
            for service in self.world.snapshot.services.values()
            if service.status is ServiceStatus.ACTIVE and service.steady_at is None
        }
