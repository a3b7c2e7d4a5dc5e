"""CloudWatch by its real clients: the `aws` CLI raises and clears an alarm, Terraform makes and changes one."""

import contextlib
import json
import sqlite3
import subprocess
import sysconfig
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.e2e.server_process import ServerProcess, serving
from tests.e2e.test_terraform_example import UNCHANGED, Terraform, plugins
from tests.waiting import wait_until

__all__ = ["plugins"]  # a fixture

AWS = Path(sysconfig.get_path("scripts")) / "aws"
COMMAND_S = 120  # a bound on a hung command
METRIC = ("--namespace", "shop", "--metric-name", "Errors", "--dimensions")

TERRAFORM = """
terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}
provider "aws" {}
variable "threshold" { default = 1 }
resource "aws_cloudwatch_metric_alarm" "errors" {
  alarm_name          = "errors"
  namespace           = "shop"
  metric_name         = "Errors"
  dimensions          = { Service = "users", Stage = "prod" }
  statistic           = "Sum"
  period              = 10
  evaluation_periods  = 3
  datapoints_to_alarm = 2
  threshold           = var.threshold
  comparison_operator = "GreaterThanOrEqualToThreshold"
  treat_missing_data  = "notBreaching"
  alarm_description   = "errors while a deployment bakes"
  tags                = { team = "users" }
}
resource "aws_cloudwatch_metric_alarm" "slow" {
  alarm_name                            = "slow"
  namespace                             = "AWS/ApplicationELB"
  metric_name                           = "TargetResponseTime"
  extended_statistic                    = "p99"
  period                                = 60
  unit                                  = "Seconds"
  evaluation_periods                    = 1
  threshold                             = 0.5
  comparison_operator                   = "GreaterThanThreshold"
  evaluate_low_sample_count_percentiles = "ignore"
  alarm_actions                         = ["arn:aws:sns:us-east-1:000000000000:ops"]
}
"""


class Cli:
    """`aws cloudwatch` against a server."""

    def __init__(self, server: ServerProcess) -> None:
        self._server = server

    def __call__(self, command: str, *options: str) -> Any:
        """What a command prints, None where that is nothing."""
        done = subprocess.run(
            [str(AWS), "cloudwatch", command, *options, "--output", "json"],
            env=self._server.environment,
            capture_output=True,
            text=True,
            timeout=COMMAND_S,
            check=False,
        )
        assert done.returncode == 0, f"{command} ended with {done.returncode}\n{done.stderr}\n{self._server.log}"
        return json.loads(done.stdout) if done.stdout.strip() else None

    def publish(self, value: int) -> None:
        """A value of the metric, now."""
        self("put-metric-data", *METRIC, "Service=users", "--value", str(value), "--storage-resolution", "1")

    def alarm(self) -> dict[str, Any]:
        """The alarm."""
        (alarm,) = self("describe-alarms", "--alarm-names", "errors")["MetricAlarms"]
        return dict(alarm)

    def publish_until(self, state: str, value: int) -> dict[str, Any]:
        """The alarm in `state`, which values published again and again bring about."""

        def is_there() -> dict[str, Any] | None:
            self.publish(value)
            alarm = self.alarm()
            return alarm if alarm["StateValue"] == state else None

        alarm = wait_until(is_there, timeout_s=120, what=f"the alarm to be {state}")
        assert alarm is not None
        return alarm

    def published(self) -> float:
        """How many values were published within the last hour and are known."""
        now = datetime.now(UTC)
        times = ("--start-time", f"{now - timedelta(hours=1):%FT%TZ}", "--end-time", f"{now:%FT%TZ}")
        options = ("--period", "3600", "--statistics", "SampleCount")
        answer = self("get-metric-statistics", *METRIC, "Name=Service,Value=users", *times, *options)
        return sum(float(point["SampleCount"]) for point in answer["Datapoints"])


def _written(server: ServerProcess) -> float:
    """How many values are in the server's file."""
    with contextlib.closing(sqlite3.connect(server.data / "metrics.db")) as connection:
        (count,) = connection.execute("SELECT sum(sample_count) FROM bucket WHERE length_s = 60").fetchone()
    return float(count or 0)


def test_an_alarm_is_raised_and_cleared_by_what_is_published(tmp_path: Path) -> None:
    with serving(tmp_path / "data") as server:
        aws = Cli(server)
        aws(
            *("put-metric-alarm", "--alarm-name", "errors", *METRIC, "Name=Service,Value=users"),
            *("--statistic", "Maximum", "--period", "10", "--evaluation-periods", "1", "--threshold", "1"),
            *("--comparison-operator", "GreaterThanThreshold"),
        )
        assert aws.alarm()["StateValue"] == "INSUFFICIENT_DATA"
        raised = aws.publish_until("ALARM", 5)
        assert raised["StateReason"].startswith("Threshold Crossed: 1 out of the last 1 datapoints [5.0 (")
        known = aws.published()

        wait_until(lambda: _written(server) >= known, timeout_s=60, what="what was published to be written")
        server.kill9()
        server.restart()
        assert aws.published() == known
        cleared = aws.publish_until("OK", 0)
        assert "was not greater than the threshold (1.0)" in cleared["StateReason"]

        aws("set-alarm-state", "--alarm-name", "errors", "--state-value", "ALARM", "--state-reason", "a drill")
        aws.publish_until("OK", 0)
        aws("delete-alarms", "--alarm-names", "errors")
        assert aws("describe-alarms")["MetricAlarms"] == []


def test_terraform_makes_changes_and_removes_alarms(plugins: str, tmp_path: Path) -> None:
    configuration = tmp_path / "main.tf"
    configuration.write_text(TERRAFORM)
    with serving(tmp_path / "data") as server:
        terraform = Terraform(server, tmp_path / "alarms", plugins, configuration)
        terraform.run("apply", "-auto-approve")
        terraform.run("plan", "-detailed-exitcode", status=UNCHANGED)
        terraform.run("apply", "-auto-approve", "-var", "threshold=7")
        terraform.run("plan", "-detailed-exitcode", "-var", "threshold=7", status=UNCHANGED)
        alarms = server.client("cloudwatch").describe_alarms()["MetricAlarms"]
        assert [(alarm["AlarmName"], alarm["Threshold"]) for alarm in alarms] == [("errors", 7.0), ("slow", 0.5)]
        terraform.run("destroy", "-auto-approve")
        assert server.client("cloudwatch").describe_alarms()["MetricAlarms"] == []
