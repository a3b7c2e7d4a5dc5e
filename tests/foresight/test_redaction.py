"""What health checks printed is left out of a recording, in records and in what hosts reported."""

from dataclasses import replace

from slipway.core.model.hosts import Host
from slipway.core.model.tasks import Container, HealthProbe, Task, TaskStatus
from slipway.core.observations import ContainerReport, HostReport, TargetDrained, TaskReport
from slipway.journal.redaction import MARK, redacted, redacted_observation

PRINTED = HealthProbe(at=5.0, exit_code=1, output="password=swordfish")
SILENT = HealthProbe(at=6.0, exit_code=0)
MARKED = (replace(PRINTED, output=MARK), SILENT)
HOST = Host(id="a" * 32, cpu=1024, memory=1024, address="127.0.0.1", runtime="sim", registered_at=0.0)
REPORT = TaskReport(
    task_arn="arn:task",
    host_id=HOST.id,
    last_status=TaskStatus.RUNNING,
    containers=(ContainerReport(name="app", last_status=TaskStatus.RUNNING, health_probes=(PRINTED, SILENT)),),
    at=7.0,
)


def test_a_task() -> None:
    container = Container(name="app", arn="arn:container", image="web", health_probes=(PRINTED, SILENT))
    task = Task(
        arn="arn:task",
        cluster_arn="arn:cluster",
        task_definition_arn="arn:definition",
        host_id=HOST.id,
        containers=(container,),
        cpu=256,
        memory=256,
        created_at=0.0,
        group="service:web",
    )
    kept = redacted(task)
    assert isinstance(kept, Task)
    assert kept == replace(task, containers=(replace(container, health_probes=MARKED),))
    assert redacted(kept) == kept


def test_what_a_host_reports() -> None:
    kept = redacted_observation(REPORT)
    assert isinstance(kept, TaskReport)
    assert kept.containers[0].health_probes == MARKED
    told = redacted_observation(HostReport(host=HOST, tasks=(REPORT,), at=8.0))
    assert told == HostReport(host=HOST, tasks=(kept,), at=8.0)


def test_what_says_nothing_of_checks_stays() -> None:
    drained = TargetDrained(target_key="group 127.0.0.1:80", at=9.0)
    assert redacted_observation(drained) is drained
    unchecked = replace(REPORT, containers=(ContainerReport(name="app", last_status=TaskStatus.RUNNING),))
    assert redacted_observation(unchecked) is unchecked
