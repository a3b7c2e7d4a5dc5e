"""What every store keeps: a test class takes these tests by subclassing and says how a store is made."""

from dataclasses import replace

from slipway.core.model.clusters import Cluster
from slipway.core.model.services import Service, ServiceEvent
from slipway.core.model.tags import Tag
from slipway.core.model.tasks import NetworkBinding, TaskStatus
from slipway.core.plan import Change, Put, Record, Remove
from slipway.core.snapshot import EVENTS_KEPT
from slipway.ports import Commit, Store
from slipway.sim.operator import Operator
from slipway.sim.world import World
from tests.core.records import CLUSTER, a_host, a_target, a_task

SERVICE = "arn:aws:ecs:local:000000000000:service/default/web"


def a_cluster(name: str = "default", *tags: Tag) -> Cluster:
    return Cluster(arn=f"arn:aws:ecs:local:000000000000:cluster/{name}", name=name, created_at=1.5, tags=tags)


def an_event(number: int, service_arn: str = SERVICE) -> ServiceEvent:
    return ServiceEvent(
        id=f"event-{number}", service_arn=service_arn, created_at=float(number), message=f"event {number}"
    )


def commit(store: Store, *changes: Change, at: float = 10.0, sequence: int = 1) -> None:
    """Commit these changes as one step."""
    store.commit(Commit(at=at, changes=changes, sequence=sequence))


def records(store: Store) -> list[Record]:
    """All records of a store."""
    return list(store.load()[0])


class StoreContract:
    """The contract. `opened` is a fixture that gives a new store; `reopened` gives what is there after a restart."""

    def reopened(self, store: Store) -> Store:
        """The store as the next process finds it."""
        raise NotImplementedError

    def test_new_store_is_empty(self, opened: Store) -> None:
        assert records(opened) == []
        assert opened.load()[1] == 0
        assert opened.seed

    def test_gives_back_what_was_written(self, opened: Store) -> None:
        binding = NetworkBinding(bind_ip="127.0.0.1", container_port=80, host_port=32768)
        task = a_task(1, last_status=TaskStatus.RUNNING, started_at=0.25, document={"overrides": {"cpu": "1"}})
        task = replace(task, containers=(replace(task.containers[0], network_bindings=(binding,)),))
        written = (a_cluster("default", Tag(key="k", value="ü")), a_host(), task, a_target(task_arn=task.arn))
        commit(opened, *(Put(record=record) for record in written))
        assert set(map(repr, records(opened))) == set(map(repr, written))
        assert set(map(repr, records(self.reopened(opened)))) == set(map(repr, written))

    def test_keeps_seed_and_sequence(self, opened: Store) -> None:
        seed = opened.seed
        commit(opened, Put(record=a_cluster()), sequence=41)
        store = self.reopened(opened)
        assert (store.seed, store.load()[1]) == (seed, 41)

    def test_the_last_state_of_a_record_counts(self, opened: Store) -> None:
        first, second, third = a_task(1), a_task(1, version=2), a_task(1, version=3)
        commit(opened, Put(record=first), Put(record=second))
        commit(opened, Put(record=third))
        assert records(self.reopened(opened)) == [third]

    def test_removed_and_written_in_one_step(self, opened: Store) -> None:
        commit(opened, Put(record=a_task(1)), Put(record=a_task(2)), Put(record=a_task(3)))
        commit(opened, Remove(record=a_task(1)), Put(record=a_task(2, version=2)), Remove(record=a_task(2)))
        commit(opened, Remove(record=a_task(3)), Put(record=a_task(3, version=2)))
        assert records(self.reopened(opened)) == [a_task(3, version=2)]

    def test_the_order_of_first_writing_is_kept(self, opened: Store) -> None:
        """Oldest first is what `deployments[]` and lists are made from."""
        names = ["c", "a", "b"]
        for name in names:
            commit(opened, Put(record=a_cluster(name)))
        commit(opened, Put(record=a_cluster("c", Tag(key="later"))))
        found = [record.name for record in records(self.reopened(opened)) if isinstance(record, Cluster)]
        assert found == names

    def test_the_newest_events_are_kept(self, opened: Store) -> None:
        """A hundred of each service, those of a quiet service among them."""
        commit(opened, Put(record=an_event(0, "quiet")))
        for number in range(1, EVENTS_KEPT + 21):
            commit(opened, Put(record=an_event(number)))
        events = [record for record in records(self.reopened(opened)) if isinstance(record, ServiceEvent)]
        mine = [event.id for event in events if event.service_arn == SERVICE]
        assert mine == [f"event-{number}" for number in range(21, EVENTS_KEPT + 21)]
        assert [event.id for event in events if event.service_arn == "quiet"] == ["event-0"]

    def test_events_come_last(self, opened: Store) -> None:
        service = Service(arn=SERVICE, name="web", cluster_arn=CLUSTER, created_at=0, desired_count=1)
        commit(opened, Put(record=an_event(1)), Put(record=service))
        assert [type(record) for record in records(opened)] == [Service, ServiceEvent]

    def test_story(self, opened: Store) -> None:
        """Every change that has a cause, oldest first, also of what was written twice in one step or is gone."""
        commit(opened, Put(record=a_task(1), cause="created"), Put(record=a_task(1, version=2)), at=1.0)
        commit(opened, Put(record=a_task(1, version=3), cause="moved"), Put(record=a_task(2), cause="other"), at=2.0)
        commit(opened, Remove(record=a_task(1), cause="gone"), at=3.0)
        story = self.reopened(opened).story(a_task(1).arn)
        assert [(row.at, row.kind, row.cause) for row in story] == [
            (1.0, "Task", "created"),
            (2.0, "Task", "moved"),
            (3.0, "Task", "gone"),
        ]
        assert sorted(row.seq for row in story) == [row.seq for row in story]
        assert '"version":3' in story[1].document
        assert story[2].document == ""
        assert self.reopened(opened).story("nobody") == ()

    def test_a_world_goes_on_from_it(self, opened: Store) -> None:
        """A service made before a restart is rolled after it: nothing of a decision is elsewhere than in the store."""
        world = World(store=opened, is_checked=True)
        world.add_host(cpu=4096, memory=4096)
        user = Operator(world)
        user.create_service("web", user.register("web"), desired=3, target_group=user.create_target_group("web"))
        assert world.run()
        user.deploy("web", user.register("web"))
        world.run_for(60)
        world.crash()
        world.store.inner = self.reopened(opened)
        world.restart()
        assert world.run(), world.timeline.story()
        assert world.restarts == 1
        assert {host_starts for host in world.hosts.values() for host_starts in host.starts.values()} == {1}
        newest = world.snapshot.revisions("web")[-1]
        running = [task for task in world.tasks("web") if not task.is_stopped]
        assert [task.task_definition_arn for task in running] == [newest.arn] * 3
