"""The person at the keyboard of a virtual world: what API calls do, as plans the control plane takes."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from slipway.core.decision import Context
from slipway.core.deployments.deploy import Workload, begin_deployment, decide_delete
from slipway.core.deployments.roll_back import request_roll_back
from slipway.core.model.alarms import Alarm, AlarmState
from slipway.core.model.clusters import Cluster
from slipway.core.model.load_balancing import (
    ForwardAction,
    HealthCheck,
    Listener,
    LoadBalancer,
    TargetGroup,
    TargetType,
    WeightedTargetGroup,
)
from slipway.core.model.services import SchedulingStrategy, Service, ServiceLoadBalancer
from slipway.core.model.task_definitions import (
    ContainerDefinition,
    ContainerHealthCheck,
    NetworkMode,
    PortMapping,
    TaskDefinition,
)
from slipway.core.model.tasks import LaunchType, StopCode
from slipway.core.plan import Plan, Put, Record, Remove
from slipway.core.snapshot import Snapshot
from slipway.core.tasks.launch import Launch, launch_tasks, start_command
from slipway.core.tasks.leaving import decide_leave
from slipway.core.tasks.stopping import decide_stop
from slipway.sim.behaviours import Behaviour
from slipway.sim.world import World

CLUSTER = "default"
CONTAINER = "app"
CONTAINER_PORT = 8080


class Operator:
    """Calls on one world, all in the cluster `default`. A call takes effect at this instant, at the next step."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._arn = ""

        def begin(snapshot: Snapshot, context: Context) -> Plan:
            self._arn = context.arns.cluster(CLUSTER)
            if self._arn in snapshot.clusters:
                return Plan()
            cluster = Cluster(arn=self._arn, name=CLUSTER, created_at=context.now)
            return Plan(changes=(Put(record=cluster, cause="created"),))

        world.apply(begin)

    def register(
        self,
        family: str,
        *,
        cpu: int = 256,
        memory: int = 256,
        stop_timeout_s: int | None = None,
        network_mode: NetworkMode = NetworkMode.BRIDGE,
        host_port: int = 0,
        health_check: ContainerHealthCheck | None = None,
        behaviour: Behaviour = Behaviour(),
    ) -> TaskDefinition:
        """The next revision of a family of one container `app` with port 8080; `cpu` in CPU units, `memory` in MiB."""
        known = self.world.snapshot.revisions(family)
        revision = known[-1].revision + 1 if known else 1
        container = ContainerDefinition(
            name=CONTAINER,
            image=f"{family}:{revision}",
            cpu=cpu,
            memory=memory,
            port_mappings=(PortMapping(container_port=CONTAINER_PORT, host_port=host_port),),
            stop_timeout_s=stop_timeout_s,
            health_check=health_check,
        )
        made: list[TaskDefinition] = []

        def register(snapshot: Snapshot, context: Context) -> Plan:
            definition = TaskDefinition(
                arn=context.arns.task_definition(family, revision),
                family=family,
                revision=revision,
                registered_at=context.now,
                containers=(container,),
                document={},
                network_mode=network_mode,
                cpu=cpu,
                memory=memory,
            )
            made.append(definition)
            return Plan(changes=(Put(record=definition, cause="registered"),))

        self.world.behaviours[f"{family}:{revision}"] = behaviour
        self.world.apply(register)
        return made[0]

    def create_target_group(
        self, name: str, *, health_check: HealthCheck = HealthCheck(), deregistration_delay_s: int = 300
    ) -> TargetGroup:
        """A target group, and a load balancer of the same name whose listener forwards to it."""
        made: list[TargetGroup] = []

        def create(snapshot: Snapshot, context: Context) -> Plan:
            group = TargetGroup(
                arn=context.arns.target_group(name, context.ids.hex(16)),
                name=name,
                created_at=context.now,
                target_type=TargetType.IP,
                health_check=health_check,
                attributes={"deregistration_delay.timeout_seconds": str(deregistration_delay_s)},
            )
            balancer = LoadBalancer(
                arn=context.arns.load_balancer(name, context.ids.hex(16)),
                name=name,
                address="127.0.0.2",
                dns_name=f"{name}.elb.local.localhost",
                created_at=context.now,
            )
            listener = Listener(
                arn=context.arns.listener(balancer.arn, context.ids.hex(16)),
                load_balancer_arn=balancer.arn,
                port=80,
                created_at=context.now,
                default_action=ForwardAction(target_groups=(WeightedTargetGroup(target_group_arn=group.arn),)),
            )
            made.append(group)
            return Plan(changes=tuple(Put(record=record, cause="created") for record in (group, balancer, listener)))

        self.world.apply(create)
        return made[0]

    def create_service(
        self,
        name: str,
        definition: TaskDefinition,
        *,
        desired: int = 1,
        minimum_healthy_percent: int = 100,
        maximum_percent: int = 200,
        target_group: TargetGroup | None = None,
        health_check_grace_period_s: int = 0,
        scheduling_strategy: SchedulingStrategy = SchedulingStrategy.REPLICA,
        **members: Any,
    ) -> None:
        """A service with these and other `members` (`circuit_breaker`, `tags` …), and its first deployment."""
        balanced = () if target_group is None else (_binding(target_group),)

        def create(snapshot: Snapshot, context: Context) -> Plan:
            service = Service(
                arn=context.arns.service(CLUSTER, name),
                name=name,
                cluster_arn=self._arn,
                created_at=context.now,
                desired_count=desired,
                minimum_healthy_percent=minimum_healthy_percent,
                maximum_percent=maximum_percent,
                health_check_grace_period_s=health_check_grace_period_s,
                scheduling_strategy=scheduling_strategy,
                **members,
            )
            workload = _workload(definition, balanced)
            begun = begin_deployment(snapshot, service, workload, context=context, deployment_configuration={})
            return Plan(changes=(Put(record=service, cause="created"), *begun))

        self.world.apply(create)

    def deploy(self, service: str, definition: TaskDefinition) -> None:
        """A new deployment of a service, with the load balancing it has."""

        def deploy(snapshot: Snapshot, context: Context) -> Plan:
            known = self.world.service(service)
            primary = snapshot.primary(known.arn)
            assert primary is not None, f"{service} is not ACTIVE"
            balanced = snapshot.service_revisions[primary.revision_arn].load_balancers
            workload = _workload(definition, balanced)
            begun = begin_deployment(snapshot, known, workload, context=context, deployment_configuration={})
            return Plan(changes=(*begun, Put(record=replace(known, blocked_by=None), cause="updated")))

        self.world.apply(deploy)

    def force(self, service: str) -> None:
        """A new deployment of what the service runs, as UpdateService with `forceNewDeployment` begins."""
        primary = self.world.snapshot.primary(self.world.service(service).arn)
        assert primary is not None, f"{service} is not ACTIVE"
        self.deploy(service, self.world.snapshot.task_definitions[primary.task_definition_arn])

    def update(self, service: str, **members: Any) -> None:
        """Set members of the service that begin no deployment: `desired_count`, `minimum_healthy_percent` …"""
        self._put(lambda: replace(self.world.service(service), **members), "updated")

    def delete(self, service: str) -> None:
        """Delete a service and stop its tasks, as DeleteService with `force` does."""
        self._put(lambda: decide_delete(self.world.service(service)), "deleted")

    def _put(self, make: Callable[[], Service], cause: str) -> None:
        self.world.apply(lambda snapshot, context: Plan(changes=(Put(record=make(), cause=cause),)))

    def run_task(self, definition: TaskDefinition, *, count: int = 1) -> tuple[str, ...]:
        """Standalone tasks, as many as there is room for; their ARNs."""
        made: list[str] = []

        def run(snapshot: Snapshot, context: Context) -> Plan:
            launch = Launch(
                cluster_arn=self._arn,
                cluster_name=CLUSTER,
                definition=definition,
                group=f"family:{definition.family}",
                launch_type=LaunchType.EC2,
            )
            tasks, _ = launch_tasks(snapshot, launch, count, arns=context.arns, ids=context.ids, now=context.now)
            made.extend(task.arn for task in tasks)
            return Plan(
                changes=tuple(Put(record=task, cause="run") for task in tasks),
                commands=tuple(start_command(snapshot, task) for task in tasks),
            )

        self.world.apply(run)
        return tuple(made)

    def stop_task(self, task_arn: str, *, reason: str = "Task stopped by user") -> None:
        """Stop one task, drained before it is signalled."""

        def stop(snapshot: Snapshot, context: Context) -> Plan:
            task = snapshot.tasks[task_arn]
            stopped = decide_stop(task, code=StopCode.USER_INITIATED, reason=reason, now=context.now)
            return Plan(changes=() if stopped is task else (Put(record=stopped, cause="stopped by user"),))

        self.world.apply(stop)

    def protect(self, task_arn: str, *, minutes: float | None) -> None:
        """Protect a task from scale-in and roll-outs for so long, or no more (None), as UpdateTaskProtection does."""

        def protect(snapshot: Snapshot, context: Context) -> Plan:
            until = None if minutes is None else context.now + 60 * minutes
            return Plan(
                changes=(Put(record=replace(snapshot.tasks[task_arn], protected_until=until), cause="updated"),)
            )

        self.world.apply(protect)

    def stop_deployment(self, service: str) -> None:
        """Ask for the way back of the deployment in progress, as StopServiceDeployment with ROLLBACK does."""

        def stop(snapshot: Snapshot, context: Context) -> Plan:
            primary = snapshot.primary(self.world.service(service).arn)
            assert primary is not None, f"{service} is not ACTIVE"
            roll_out = request_roll_back(snapshot.roll_out(primary), now=context.now)
            return Plan(changes=(Put(record=roll_out, cause="roll-back requested"),))

        self.world.apply(stop)

    def set_alarm(self, name: str, state: AlarmState, *, period_s: int = 60, evaluation_periods: int = 1) -> None:
        """An alarm in a state, made if there is none of that name, as PutMetricAlarm and SetAlarmState do."""

        def put(snapshot: Snapshot, context: Context) -> Plan:
            arn = context.arns.alarm(name)
            known = snapshot.alarms.get(arn) or Alarm(
                arn=arn,
                name=name,
                namespace="sim",
                metric_name=name,
                period_s=period_s,
                evaluation_periods=evaluation_periods,
                datapoints_to_alarm=evaluation_periods,
            )
            return Plan(changes=(Put(record=replace(known, state=state, state_updated_at=context.now), cause="set"),))

        self.world.apply(put)

    def leave(self, host_id: str) -> None:
        """Have a host leave: its tasks are drained and stopped, and it gets no others."""
        self.world.apply(lambda snapshot, context: decide_leave(snapshot, host_id, context))

    def delete_target_group(self, group: TargetGroup) -> None:
        """Delete a target group with its listeners and its targets, whoever needs them."""

        def delete(snapshot: Snapshot, context: Context) -> Plan:
            gone: list[Record] = [*snapshot.group_listeners(group.arn), *snapshot.group_targets(group.arn), group]
            return Plan(changes=tuple(Remove(record=record, cause="deleted") for record in gone))

        self.world.apply(delete)


def _binding(group: TargetGroup) -> ServiceLoadBalancer:
    return ServiceLoadBalancer(target_group_arn=group.arn, container_name=CONTAINER, container_port=CONTAINER_PORT)


def _workload(definition: TaskDefinition, balanced: tuple[ServiceLoadBalancer, ...]) -> Workload:
    return Workload(task_definition_arn=definition.arn, launch_type=LaunchType.EC2, load_balancers=balanced)
