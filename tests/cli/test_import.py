"""`slipway import`: files and plans as rollouts, what they lack, and what cannot be."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from slipway.cli.failure import CliError, UsageError
from slipway.cli.main import app
from slipway.foresight.rollout_file import load_rollout

SAVED = Path(__file__).parent / "saved_answers"
SERVICES = ("--services", str(SAVED / "services.json"))
WEB = (
    *("web", *SERVICES, "--task-definition", str(SAVED / "task-definition.json")),
    *("--target-groups", str(SAVED / "target-groups.json")),
    *("--target-group-attributes", str(SAVED / "attributes-web.json")),
    *("--target-group-attributes", str(SAVED / "attributes-web-internal.json")),
    *("--service-deployments", str(SAVED / "service-deployments.json")),
    *("--tasks", str(SAVED / "tasks.json")),
)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["import", *arguments])


def answer(*arguments: str) -> Any:
    result = run(*arguments, "--json")
    assert result.exit_code == 0, (result.output, result.exception)
    return json.loads(result.stdout)


def test_saved_answers_are_a_rollout() -> None:
    told = answer("aws", *WEB)
    assert told["rollout"] | {"room": None} == told["rollout"]
    assert {name: told["rollout"][name] for name in ("desired", "deregistration_delay", "stop_timeout", "exit")} == {
        "desired": 6,
        "deregistration_delay": 300,
        "stop_timeout": 20,
        "exit": "ignores",
    }
    assert told["sources"]["pull_time"] == "pullStartedAt to pullStoppedAt, median of 2 tasks"
    assert sorted(told["assumed"]) == ["bake_time", "connection_age", "ready_time"]


def test_recent_deployments_are_told_beside_the_simulated_ones() -> None:
    told = answer("aws", *WEB)["deployments"]
    assert [(one["id"], one["measured_s"]) for one in told] == [
        ("NCWGC2ZR-taawPAYrIaU5", 790),
        ("4bL0cOIHh5rfPHoQdrK4K", 1400),
    ]
    assert told[0]["simulated_s"] == sum(told[0]["kinds"].values())
    assert told[0]["sentence"].startswith("AWS took 13 m 10 s; with these settings the scheduler needs ")


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(("aws", *WEB), id="aws"),
        pytest.param(
            ("aws", "worker", *SERVICES, "--task-definition", str(SAVED / "worker-definition.json")), id="worker"
        ),
        pytest.param(("terraform", str(SAVED / "plan.json"), "--service", "web"), id="terraform"),
        pytest.param(("terraform", str(SAVED / "plan.json"), "--service", "worker"), id="terraform, unknown"),
    ],
)
def test_the_file_says_what_the_answer_says(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    file = tmp_path / "new" / "roll.toml"
    told = answer(*arguments, "--output", str(file))
    rollout = load_rollout({}, file)
    assert told["rollout"]["desired"] == rollout.desired
    for name in ("room", "healthy_after", "bake_time", "circuit_breaker", "start_time", "minimum_healthy_percent"):
        assert told["rollout"][name] == getattr(rollout, name)
    for name, lack in told["assumed"].items():
        line = next(one for one in file.read_text().splitlines() if one.startswith(f"{name.replace('_', '-')} ="))
        assert f"# not known: {lack}; assumed: " in line
    simulated = CliRunner().invoke(app, ["simulate", str(file), "--no-ways-back", "--json"])
    assert simulated.exit_code == 0, simulated.output


def test_people_are_told_what_was_assumed(tmp_path: Path) -> None:
    file = tmp_path / "web.toml"
    told = run("aws", *WEB, "--output", str(file)).stdout
    assert f"Service web in cluster shop is in {file}." in told
    assert "  not known: bake time, which ECS computes from its alarms (web-5xx); assumed: 5 m" in told
    assert f"Next: slipway simulate {file}; slipway advise --rollout {file}" in told


def test_without_a_file_stdout_is_the_rollout(tmp_path: Path) -> None:
    result = run("aws", *WEB)
    file = tmp_path / "web.toml"
    file.write_text(result.stdout)
    assert load_rollout({}, file).desired == 6
    assert "Assumed, for nobody says so" in result.stderr


def test_a_plan_refers_to_its_parts() -> None:
    told = answer("terraform", str(SAVED / "plan.json"), "--service", "web")
    names = ("health_interval", "deregistration_delay", "stop_timeout", "bake_time", "cpu", "memory")
    assert [told["rollout"][name] for name in names] == [15, 60, 45, 180, 512, 1024]
    lack = "aws_lb_target_group: health_check.timeout of target group web (known after apply)"
    assert told["assumed"]["health_timeout"] == lack


def test_a_plan_of_modules_names_what_is_known_after_apply() -> None:
    told = answer("terraform", str(SAVED / "plan.json"), "--service", "worker")
    address = 'module.worker["eu"].aws_ecs_service.this[0]'
    assert told["assumed"]["desired"] == "number of tasks (known after apply)"
    assert told["assumed"]["maximum_percent"] == f"{address}: deployment_maximum_percent (known after apply)"
    assert told["assumed"]["stop_timeout"] == "stopTimeout (known after apply)"
    assert told["sources"]["load_balancer"] == f"{address}: load_balancer is empty"


@pytest.mark.parametrize(
    ("arguments", "kind", "sentence"),
    [
        (("aws",), UsageError, "Name a SERVICE, or give --services FILE: what `aws ecs describe-services` printed."),
        (("aws", "web", "--tasks", "t.json"), UsageError, "Saved answers need --services FILE"),
        (("aws", *SERVICES), UsageError, "services.json has 3 services (web, agent, worker): name one of them."),
        (("aws", "shop", *SERVICES), CliError, "services.json has no service shop; it has web, agent, worker."),
        (("aws", "agent", *SERVICES), CliError, "agent is a DAEMON service; only REPLICA services can be simulated."),
        (("aws", "--services", "nowhere.json"), CliError, "nowhere.json cannot be read: No such file or directory."),
        (
            ("aws", "--services", str(SAVED / "tasks.json")),
            CliError,
            "tasks.json is no answer of `aws ecs describe-services`: it has no services.",
        ),
        (
            ("aws", "web", *SERVICES, "--task-definition", str(SAVED / "worker-definition.json")),
            CliError,
            "worker-definition.json is task definition worker, and web runs web.",
        ),
        (
            (*("aws", *WEB), "--target-group-attributes", str(SAVED / "attributes-web.json")),
            UsageError,
            "--target-group-attributes was given 3 times, and the service has 2 described target groups",
        ),
        (("terraform", "nowhere.json"), CliError, "nowhere.json cannot be read: No such file or directory."),
        (("terraform", str(SAVED / "tasks.json")), CliError, "It is no Terraform plan in JSON"),
        (("terraform", str(SAVED / "plan.json")), CliError, "The plan has 2 services: name one of web, worker by"),
    ],
)
def test_what_cannot_be_is_one_sentence(arguments: tuple[str, ...], kind: type[Exception], sentence: str) -> None:
    refused = run(*arguments).exception
    assert isinstance(refused, kind)
    assert sentence in str(refused)


@pytest.mark.parametrize("text", ["{", "", "[" * 100_000])
def test_what_is_no_json_is_told(tmp_path: Path, text: str) -> None:
    file = tmp_path / "plan.json"
    file.write_text(text)
    refused = run("terraform", str(file)).exception
    assert isinstance(refused, CliError)
    assert "is not JSON" in str(refused)


def test_an_answer_must_be_as_the_model_has_it(tmp_path: Path) -> None:
    file = tmp_path / "services.json"
    file.write_text('{"services": [{"serviceName": "web", "desiredCount": "six", "isNewerThanTheModel": 1}]}')
    refused = run("aws", "--services", str(file)).exception
    assert isinstance(refused, CliError)
    assert "is no answer of `aws ecs describe-services`: Invalid type for parameter services[0].desiredCount" in str(
        refused
    )
    file.write_text('{"services": [{"serviceName": "web", "desiredCount": 6, "isNewerThanTheModel": 1}]}')
    assert answer("aws", "--services", str(file))["rollout"]["desired"] == 6


@pytest.mark.parametrize("count", ["six", [6], {"a": 1}])
def test_a_plan_with_an_odd_value_is_told(tmp_path: Path, count: object) -> None:
    service = {"address": "aws_ecs_service.a", "type": "aws_ecs_service", "values": {"desired_count": count}}
    file = tmp_path / "plan.json"
    file.write_text(json.dumps({"planned_values": {"root_module": {"resources": [service]}}}))
    refused = run("terraform", str(file)).exception
    assert isinstance(refused, CliError)
    assert "has a value that the AWS provider does not give" in str(refused)


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"desired_count": 2.5}, "desired_count is 2.5, and takes a whole number"),
        ({"deployment_maximum_percent": "x"}, "deployment_maximum_percent is 'x', and takes a whole number"),
    ],
)
def test_a_number_of_a_plan_that_is_none_is_told_by_its_name(
    tmp_path: Path, values: dict[str, object], sentence: str
) -> None:
    service = {"address": "aws_ecs_service.a", "type": "aws_ecs_service", "values": {"desired_count": 2, **values}}
    file = tmp_path / "plan.json"
    file.write_text(json.dumps({"planned_values": {"root_module": {"resources": [service]}}}))
    assert sentence in str(run("terraform", str(file)).exception)


def test_an_answer_without_a_service_says_what_is_missing(tmp_path: Path) -> None:
    file = tmp_path / "services.json"
    file.write_text('{"services": [], "failures": [{"arn": "arn:aws:ecs:x:1:service/a/web", "reason": "MISSING"}]}')
    refused = run("aws", "--services", str(file)).exception
    assert isinstance(refused, CliError)
    assert "services.json has no service: `aws ecs describe-services` found none." in str(refused)
    assert str(refused).endswith("arn:aws:ecs:x:1:service/a/web is MISSING.")


def test_a_rollout_file_that_was_edited_is_not_written_over(tmp_path: Path) -> None:
    file = tmp_path / "web.toml"
    file.write_text("desired = 7\n")
    refused = run("aws", "web", *SERVICES, "--output", str(file)).exception
    assert isinstance(refused, CliError)
    assert "is there already: give another --output, or --force to write over it." in str(refused)
    assert file.read_text() == "desired = 7\n"
    assert run("aws", "web", *SERVICES, "--output", str(file), "--force").exit_code == 0
    assert "desired = 7" not in file.read_text()
