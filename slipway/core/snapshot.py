"""The snapshot: every record by key, with the indexes and counters that decisions and answers read.

The writer owns it and changes it by `apply` only. Records are frozen; tables are plain dictionaries, and the indexes
are kept as changes are applied, so that reading costs what is asked and a step costs what changed.
"""

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator
from itertools import chain, islice

from slipway.core.arns import deployment_id_of
from slipway.core.deployments.extensions import extensions_of
from slipway.core.model.alarms import Alarm, AlarmState
from slipway.core.model.clusters import Cluster
from slipway.core.model.deployments import Deployment, DeploymentStatus, ServiceDeployment, ServiceRevision
from slipway.core.model.hosts import Host
from slipway.core.model.load_balancing import Listener, LoadBalancer, Target, TargetGroup, TargetState
from slipway.core.model.measured import MeasuredTimes
from slipway.core.model.services import SchedulingStrategy, Service, ServiceEvent
from slipway.core.model.task_definitions import TaskDefinition
from slipway.core.model.tasks import Task
from slipway.core.model.tokens import ClientToken
from slipway.core.placing.host_order import HostOrder
from slipway.core.placing.host_room import HostRoom
from slipway.core.plan import Change, Put, Record
from slipway.core.tasks.service_tasks import ServiceTasks
from slipway.core.timers import Timers

#: Events kept for a service (ECS API, `Service.events`).
EVENTS_KEPT = 100


class Snapshot:
    """All records of one region and account, and what is counted over them."""

    def __init__(self, *, seed: str) -> None:
        self.seed = seed
        self.clusters: dict[str, Cluster] = {}
        self.task_definitions: dict[str, TaskDefinition] = {}
        self.services: dict[str, Service] = {}
        self.deployments: dict[str, Deployment] = {}
        self.service_revisions: dict[str, ServiceRevision] = {}
        self.service_deployments: dict[str, ServiceDeployment] = {}
        self.tasks: dict[str, Task] = {}
        self.hosts: dict[str, Host] = {}
        self.load_balancers: dict[str, LoadBalancer] = {}
        self.listeners: dict[str, Listener] = {}
        self.target_groups: dict[str, TargetGroup] = {}
        self.targets: dict[str, Target] = {}
        self.alarms: dict[str, Alarm] = {}
        self.client_tokens: dict[str, ClientToken] = {}
        self.measured_times: dict[str, MeasuredTimes] = {}
        self._tables = self._tables_by_kind()
        self._events: dict[str, deque[ServiceEvent]] = defaultdict(lambda: deque(maxlen=EVENTS_KEPT))
        self._service_tasks: dict[str, ServiceTasks] = {}
        self._service_deployments: dict[str, dict[str, None]] = defaultdict(dict)
        self._listed: dict[str, tuple[Deployment, ...]] = {}  # those in order, until one of them changes
        self._service_history: dict[str, dict[str, None]] = defaultdict(dict)
        self._rooms: dict[str, HostRoom] = {}
        self.host_order = HostOrder()
        self._families: dict[str, dict[int, str]] = defaultdict(dict)
        self._cluster_services: dict[str, dict[str, None]] = defaultdict(dict)
        self._cluster_tasks: dict[str, dict[str, None]] = defaultdict(dict)
        self._group_targets: dict[str, dict[str, None]] = defaultdict(dict)
        self._task_targets: dict[str, dict[str, None]] = defaultdict(dict)
        self._group_listeners: dict[str, dict[str, None]] = defaultdict(dict)
        self._waiting_for_target: dict[str, dict[str, None]] = defaultdict(dict)  # tasks by the key they wait for
        self._counted_by: dict[str, str] = {}  # service deployments by the tasks whose failures they keep
        self._alarm_states: dict[str, AlarmState | None] = {}  # by name; None: there is no such alarm any more
        self._alarm_services: dict[str, set[str]] = defaultdict(set)  # services by the names of their alarms
        self.dirty_services: set[str] = set()
        self.dirty_tasks: set[str] = set()  # standalone ones; a service's are touched in its `ServiceTasks`
        self.dirty_targets: set[str] = set()
        self.waiting_for_room: set[str] = set()  # services whose last start found no room
        self._daemons: set[str] = set()  # services that have a task on every host
        self._timers = Timers()

    def _tables_by_kind(self) -> dict[type, dict[str, Record]]:
        return {
            Cluster: self.clusters,  # type: ignore[dict-item]  # one table a kind; put() keeps kind and table together
            TaskDefinition: self.task_definitions,  # type: ignore[dict-item]
            Service: self.services,  # type: ignore[dict-item]
            Deployment: self.deployments,  # type: ignore[dict-item]
            ServiceRevision: self.service_revisions,  # type: ignore[dict-item]
            ServiceDeployment: self.service_deployments,  # type: ignore[dict-item]
            Task: self.tasks,  # type: ignore[dict-item]
            Host: self.hosts,  # type: ignore[dict-item]
            LoadBalancer: self.load_balancers,  # type: ignore[dict-item]
            Listener: self.listeners,  # type: ignore[dict-item]
            TargetGroup: self.target_groups,  # type: ignore[dict-item]
            Target: self.targets,  # type: ignore[dict-item]
            Alarm: self.alarms,  # type: ignore[dict-item]
            ClientToken: self.client_tokens,  # type: ignore[dict-item]
            MeasuredTimes: self.measured_times,  # type: ignore[dict-item]
        }

    # Reading

    def records(self) -> Iterator[Record]:
        """All records but events, kind by kind, each in the order in which its records were first put."""
        return chain.from_iterable(table.values() for table in self._tables.values())

    def events(self, service_arn: str) -> Iterator[ServiceEvent]:
        """The service's events, newest first, at most a hundred; not those of a deleted one that had its name."""
        service = self.services.get(service_arn)
        since = 0.0 if service is None else service.created_at
        return (event for event in reversed(self._events.get(service_arn, ())) if event.created_at >= since)

    def service_tasks(self, service_arn: str) -> ServiceTasks:
        """The counted tasks of a service."""
        found = self._service_tasks.get(service_arn)
        if found is None:
            found = self._service_tasks[service_arn] = ServiceTasks()
        return found

    def service_deployments_of(self, service_arn: str) -> tuple[Deployment, ...]:
        """The deployments that are not INACTIVE, newest first: `deployments[]`."""
        keys = self._service_deployments.get(service_arn)
        if keys and service_arn not in self._listed:
            found = [self.deployments[key] for key in reversed(keys)]
            self._listed[service_arn] = tuple(sorted(found, key=lambda deployment: -deployment.created_at))
        return self._listed[service_arn] if keys else ()

    def service_history(self, service_arn: str) -> tuple[ServiceDeployment, ...]:
        """All service deployments of a service, newest first."""
        return tuple(self.service_deployments[key] for key in reversed(self._service_history.get(service_arn, {})))

    def deployment_of(self, roll_out: ServiceDeployment) -> Deployment | None:
        """The deployment that a service deployment brought; None: it is no longer kept. Both have the same number."""
        return self.deployments.get(deployment_id_of(roll_out.target_revision_arn))

    def roll_out(self, deployment: Deployment) -> ServiceDeployment:
        """The service deployment that a deployment belongs to now: the one it takes back, else its own."""
        return self.service_deployments[deployment.rolls_back or deployment.service_deployment_arn]

    def is_kept(self, task_arn: str) -> bool:
        """Whether a service deployment counts the task among its failures, with which its record is kept."""
        return task_arn in self._counted_by

    def primary(self, service_arn: str) -> Deployment | None:
        """The PRIMARY deployment; None for a service that is INACTIVE."""
        found = (
            deployment
            for deployment in self.service_deployments_of(service_arn)
            if deployment.status is DeploymentStatus.PRIMARY
        )
        return next(found, None)

    def room(self, host_id: str) -> HostRoom:
        """What is reserved on a host."""
        found = self._rooms.get(host_id)
        if found is None:
            found = self._rooms[host_id] = HostRoom()
        return found

    def families(self) -> Iterator[str]:
        """The names of all families that ever had a revision, sorted."""
        return iter(sorted(self._families))

    def revisions(self, family: str) -> tuple[TaskDefinition, ...]:
        """The revisions of a family, oldest first."""
        numbers = self._families.get(family, {})
        return tuple(self.task_definitions[numbers[number]] for number in sorted(numbers))

    def cluster_services(self, cluster_arn: str) -> Iterator[Service]:
        """The services of a cluster, oldest first."""
        return (self.services[key] for key in self._cluster_services.get(cluster_arn, {}))

    def cluster_tasks(self, cluster_arn: str) -> Iterator[Task]:
        """The tasks of a cluster, stopped ones among them, oldest first."""
        return (self.tasks[key] for key in self._cluster_tasks.get(cluster_arn, {}))

    def group_targets(self, target_group_arn: str) -> tuple[Target, ...]:
        """The targets of a group, in the order they were registered."""
        return tuple(self.targets[key] for key in self._group_targets.get(target_group_arn, {}))

    def task_targets(self, task_arn: str) -> tuple[Target, ...]:
        """The targets a task is registered as."""
        keys = self._task_targets.get(task_arn)
        return tuple(self.targets[key] for key in keys) if keys else ()

    def group_listeners(self, target_group_arn: str) -> tuple[Listener, ...]:
        """The listeners that forward to a group."""
        return tuple(self.listeners[key] for key in self._group_listeners.get(target_group_arn, {}))

    def load_balancer_listeners(self, load_balancer_arn: str) -> tuple[Listener, ...]:
        """The listeners of a load balancer, by port."""
        found = (item for item in self.listeners.values() if item.load_balancer_arn == load_balancer_arn)
        return tuple(sorted(found, key=lambda listener: listener.port))

    def known(self, record: Record) -> Record | None:
        """The record of that kind and key as it is now; None: there is none. Events are not looked up."""
        return self._tables[type(record)].get(record.key)

    # Changing

    def apply(self, changes: Iterable[Change]) -> None:
        """Apply changes in order, keep every index, and mark what must be decided again."""
        for change in changes:
            if isinstance(change, Put):
                self._put(change.record)
            else:
                self._remove(change.record)

    def _put(self, record: Record) -> None:
        if isinstance(record, ServiceEvent):
            self._events[record.service_arn].append(record)
            return
        table = self._tables[type(record)]
        old = table.get(record.key)
        table[record.key] = record
        self._index(old, record)

    def _remove(self, record: Record) -> None:
        if isinstance(record, ServiceEvent):
            return
        old = self._tables[type(record)].pop(record.key, None)
        if old is not None:
            self._index(old, None)

    def _index(self, old: Record | None, new: Record | None) -> None:
        match new if new is not None else old:
            case Task():
                self._timers.set(old, new)  # type: ignore[arg-type]  # old and new are of one kind
                self._index_task(old, new)  # type: ignore[arg-type]
            case Target():
                self._timers.set(old, new)  # type: ignore[arg-type]  # old and new are of one kind
                self._index_target(old, new)  # type: ignore[arg-type]
            case Deployment():
                self._timers.set(old, new)  # type: ignore[arg-type]  # old and new are of one kind
                self._index_deployment(new)  # type: ignore[arg-type]
            case Service() as service:
                self._index_service(old, service)  # type: ignore[arg-type]
            case Host() as host:
                self.dirty_services |= self.waiting_for_room | self._daemons
                self._index_host(host, gone=new is None)
            case TaskDefinition() as definition:
                self._index_definition(definition, gone=new is None)
            case Listener():
                self._index_listener(old, new)  # type: ignore[arg-type]
            case TargetGroup() as group:
                self.dirty_targets.update(self._group_targets.get(group.arn, {}))
            case Alarm() as alarm:
                self._alarm_states[alarm.name] = None if new is None else alarm.state
                self.dirty_services |= self._alarm_services.get(alarm.name, set())
            case ServiceDeployment() as roll_out:
                self.dirty_services.add(roll_out.service_arn)
                _toggle(self._service_history[roll_out.service_arn], roll_out.arn, present=new is not None)
                self._index_failures(roll_out, gone=new is None)
            case _:
                pass

    @property
    def wake_at(self) -> float | None:
        """When something is to be decided again though nothing happened; None: never."""
        return self._timers.next_at

    def wake(self, now: float) -> None:
        """Have everything whose time has come decided again."""
        for key in self._timers.due(now):
            if key in self.targets:
                self.dirty_targets.add(key)
            elif key in self.deployments:
                self.dirty_services.add(self.deployments[key].service_arn)
            else:
                self.touch_task(key)

    def _index_task(self, old: Task | None, new: Task | None) -> None:
        task = new or old
        assert task is not None
        room = self.room(task.host_id)
        if room.replace(old, new):
            if task.arn not in room.tasks:
                self.dirty_services |= self.waiting_for_room
            if task.host_id in self.hosts:
                self.host_order.put(self.hosts[task.host_id], room)
        _toggle(self._cluster_tasks[task.cluster_arn], task.arn, present=new is not None)
        for each, present in ((old, False), (new, True)):
            if each is not None and each.waits_for_target is not None:
                _toggle(self._waiting_for_target[each.waits_for_target], each.arn, present=present)
        if task.service_arn is None:
            (self.dirty_tasks.add if new is not None else self.dirty_tasks.discard)(task.arn)
            return
        tasks = self.service_tasks(task.service_arn)
        tasks.replace(old, new)
        self.dirty_services.add(task.service_arn)  # a task's end and its removal may come at one instant
        if new is not None:
            tasks.touched.add(new.arn)

    def _index_host(self, host: Host, *, gone: bool) -> None:
        if gone:
            self.host_order.discard(host.id)
        else:
            self.host_order.put(host, self.room(host.id))

    def _index_target(self, old: Target | None, new: Target | None) -> None:
        """A check that moves no state concerns nobody: only a target that drains is decided again, and its task."""
        target = new or old
        assert target is not None
        _toggle(self._group_targets[target.target_group_arn], target.key, present=new is not None)
        if new is None:
            self.dirty_targets.discard(target.key)
            for task_arn in self._waiting_for_target.get(target.key, {}):
                self.touch_task(task_arn)
        elif new.state is TargetState.DRAINING:
            self.dirty_targets.add(target.key)
        if old is not None and old.task_arn is not None and (new is None or new.task_arn != old.task_arn):
            keys = self._task_targets[old.task_arn]
            keys.pop(old.key, None)
            if not keys:
                del self._task_targets[old.task_arn]
            self.touch_task(old.task_arn)
        if new is not None and new.task_arn is not None:
            self._task_targets[new.task_arn][new.key] = None
            if old is None or old.state is not new.state:
                self.touch_task(new.task_arn)

    def touch_task(self, task_arn: str) -> None:
        """Have a task, and its service, decided again."""
        task = self.tasks.get(task_arn)
        if task is None:
            return
        if task.service_arn is None:
            self.dirty_tasks.add(task_arn)
        else:
            self.service_tasks(task.service_arn).touched.add(task_arn)
            self.dirty_services.add(task.service_arn)

    def _index_deployment(self, new: Deployment | None) -> None:
        if new is None:
            return
        shown = new.status is not DeploymentStatus.INACTIVE
        _toggle(self._service_deployments[new.service_arn], new.id, present=shown)
        self._listed.pop(new.service_arn, None)
        if not shown:
            self.service_tasks(new.service_arn).forget(new.id)
        self.dirty_services.add(new.service_arn)

    def _index_failures(self, roll_out: ServiceDeployment, *, gone: bool) -> None:
        """Failures are only added to a service deployment, and go with it."""
        for task_arn in (counted.task_arn for counted in roll_out.failures if counted.task_arn is not None):
            if gone:
                self._counted_by.pop(task_arn, None)
            else:
                self._counted_by[task_arn] = roll_out.arn

    def _index_service(self, old: Service | None, service: Service) -> None:
        self._cluster_services[service.cluster_arn][service.arn] = None
        self.dirty_services.add(service.arn)
        if old is not None and _judged_by(old) != _judged_by(service):
            self.service_tasks(service.arn).touch_running()
        is_daemon = service.scheduling_strategy is SchedulingStrategy.DAEMON
        (self._daemons.add if is_daemon else self._daemons.discard)(service.arn)
        for names, present in ((() if old is None else old.alarms.names, False), (service.alarms.names, True)):
            for name in names:
                (self._alarm_services[name].add if present else self._alarm_services[name].discard)(service.arn)
        (self.waiting_for_room.add if service.lacks_room else self.waiting_for_room.discard)(service.arn)

    def _index_definition(self, definition: TaskDefinition, *, gone: bool) -> None:
        if gone:
            self._families[definition.family].pop(definition.revision, None)
        else:
            self._families[definition.family][definition.revision] = definition.arn

    def _index_listener(self, old: Listener | None, new: Listener | None) -> None:
        for listener, present in ((old, False), (new, True)):
            if listener is not None:
                for weighted in listener.default_action.target_groups:
                    _toggle(self._group_listeners[weighted.target_group_arn], listener.arn, present=present)
                    self.dirty_targets.update(self._group_targets.get(weighted.target_group_arn, {}))
                    self._touch_tasks_of(weighted.target_group_arn)

    def _touch_tasks_of(self, target_group_arn: str) -> None:
        """Have the services decided again whose tasks are in a group: it is checked from now on, or no more."""
        for key in self._group_targets.get(target_group_arn, {}):
            task_arn = self.targets[key].task_arn
            if task_arn in self.tasks:
                self.touch_task(task_arn)

    def firing_alarms(self, service: Service) -> tuple[str, ...]:
        """The names of the service's alarms that are in ALARM now, in the order it names them."""
        return tuple(name for name in service.alarms.names if self._alarm_states.get(name) is AlarmState.ALARM)

    def recent_tasks(self, cluster_arn: str, count: int) -> tuple[Task, ...]:
        """The newest `count` tasks of a cluster, newest first."""
        return tuple(self.tasks[key] for key in islice(reversed(self._cluster_tasks.get(cluster_arn, {})), count))


def _judged_by(service: Service) -> tuple[object, ...]:
    """What of a service the health of its running tasks is judged by."""
    is_readiness_only = bool(service.tags) and extensions_of(service).is_readiness_only
    return service.health_check_grace_period_s, is_readiness_only


def _toggle(keys: dict[str, None], key: str, *, present: bool) -> None:
    if present:
        keys[key] = None
    else:
        keys.pop(key, None)
