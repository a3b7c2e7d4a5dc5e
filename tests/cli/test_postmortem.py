"""`slipway postmortem`: the text against its transcript, the page as a whole and harmless document, and the command."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from slipway.cli.postmortem_page import postmortem_page
from slipway.cli.postmortem_text import postmortem_text
from slipway.cli.postmortem_words import after_text, failures_line, last_lines
from tests.cli import postmortems
from tests.cli.scripted_server import scripted_server
from tests.cli.test_answers import begun
from tests.cli.test_picture import hold
from tests.html_page import Page

OVERVIEW = {"clusters": [{"name": "demo", "services": [{"name": "users"}], "tasks": []}], "hosts": [], "at": 0}
PATH = "/slipway/v1/clusters/demo/services/users/postmortem"
REPORTS = {"rolled_back": postmortems.postmortem, "going_on": postmortems.going_on}


def instant(at: float) -> str:
    return f"at {at - postmortems.BEGAN:g} s"


@pytest.mark.parametrize("name", REPORTS)
def test_text(name: str, rewrite: bool) -> None:
    screen = Console(file=io.StringIO(), width=100, no_color=True, highlight=False)
    for line in postmortem_text(REPORTS[name](), lines=2, instant=instant):
        screen.print(line, soft_wrap=True)
    assert isinstance(screen.file, io.StringIO)
    hold(f"postmortem-{name}", screen.file.getvalue(), rewrite=rewrite)


@pytest.mark.parametrize("name", REPORTS)
def test_page_is_whole_and_loads_nothing(name: str) -> None:
    source = postmortem_page(REPORTS[name](), instant=instant)
    page = Page(source)
    assert not {"script", "link", "img", "iframe", "object"} & {tag for tag, _ in page.elements}
    assert not {"src", "href", "onload", "onclick"} & {key for _, attrs in page.elements for key in attrs}
    assert "url(" not in source
    policies = [attrs["content"] for _, attrs in page.elements if attrs.get("http-equiv") == "Content-Security-Policy"]
    assert policies == ["default-src 'none'; style-src 'unsafe-inline'"]
    assert "prefers-color-scheme: dark" in source


def test_page_shows_what_it_is_given_as_text() -> None:
    page = Page(postmortem_page(postmortems.postmortem(), instant=instant))
    assert page.text.count(postmortems.NASTY) == 3, "in the difference, a health check and the log"
    assert "users:3 (ecs-svc/3) of users in demo" in page.text
    assert "Counted: 3 of 3: 2 crash, 1 health." in page.text
    assert "by the circuit breaker" in page.text
    assert "74% of the time was detection" in page.text
    assert "exit code 1, health check UNHEALTHY, restarted 2 times" in page.text
    assert "no exit code, CannotPullContainerError: no such image" in page.text
    assert "log: it never ran" in page.text
    assert "it is not kept any more" in page.text


def test_page_has_a_row_a_failed_task_and_folds_logs() -> None:
    page = Page(postmortem_page(postmortems.postmortem(), instant=instant))
    assert page.count("div", "row") == 2
    assert page.count("div", "mark") + page.count("div", "mark late") == 4
    assert page.count("details") == 3, "one a task, and one for the log that there is"
    assert (page.count("span", "added"), page.count("span", "removed")) == (1, 1)


def test_all_places_are_on_the_chart() -> None:
    early = postmortems.failed_task(1, created_at=postmortems.BEGAN - 30, started_at=postmortems.BEGAN - 20)
    page = Page(postmortem_page(postmortems.postmortem(tasks=[early]), instant=instant))
    styles = [attrs["style"] or "" for _, attrs in page.elements if "left:" in (attrs.get("style") or "")]
    lefts = [float(style.partition("left:")[2].partition("%")[0]) for style in styles]
    assert styles
    assert all(0 <= left <= 100 for left in lefts), lefts


@pytest.mark.parametrize(
    ("count", "threshold", "classes", "line"),
    [
        (3, 3, {"crash": 2, "health": 1}, "3 of 3: 2 crash, 1 health"),
        (1, 3, {"health": 9}, "1 of 3 at its end; told one by one: 9 health"),
        (2, None, {"crash": 2}, "2: 2 crash"),
        (0, None, {}, "none"),
    ],
)
def test_failures_in_a_line(count: int, threshold: int | None, classes: dict[str, int], line: str) -> None:
    failures = {"count": count, "threshold": threshold, "classes": classes}
    assert failures_line(postmortems.postmortem(failures=failures)) == line


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.0, "0:00.0"), (0.26, "0:00.3"), (59.96, "1:00.0"), (75.5, "1:15.5"), (-1.0, "0:00.0")]
)
def test_after_text(seconds: float, text: str) -> None:
    assert after_text(seconds) == text


@pytest.mark.parametrize(
    ("lines", "lack", "count", "told"),
    [
        (["a", "b"], None, 1, ("last line", ["b"])),
        (["a", "b"], "more was lost", 9, ("last 2 lines (more was lost)", ["a", "b"])),
        (["a"], None, 0, ("not shown", [])),
        ([], None, 5, ("it printed nothing", [])),
        ([], "no log: it never ran", 5, ("it never ran", [])),
    ],
)
def test_last_lines(lines: list[str], lack: str | None, count: int, told: tuple[str, list[str]]) -> None:
    assert last_lines({"lines": lines, "lack": lack}, count) == told


def asked(*arguments: str, answer: Any) -> tuple[int, str, str]:
    """Exit status, output and errors of `slipway postmortem users` with these arguments."""
    with scripted_server({"/slipway/v1/overview": OVERVIEW, PATH: answer}) as port:
        ending = begun(port, "postmortem", "users", *arguments)
        output, errors = ending.communicate(timeout=60)
    return ending.returncode, output, errors


def test_json_is_what_the_route_gives() -> None:
    status, output, _ = asked("--json", answer=postmortems.postmortem())
    assert (status, json.loads(output)) == (0, postmortems.postmortem())


def test_a_page_is_written(tmp_path: Path) -> None:
    file = tmp_path / "reports" / "users.html"
    status, output, _ = asked("ecs-svc/3", "--html", str(file), answer=postmortems.postmortem())
    assert (status, output) == (0, f"{file} has the post-mortem of ecs-svc/3.\n")
    assert file.read_text("utf-8").startswith("<!doctype html>")


def test_a_page_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    status, output, errors = asked("--html", str(tmp_path), answer=postmortems.postmortem())
    assert (status, output, errors) == (1, "", f"slipway: {tmp_path} cannot be written: Is a directory.\n")
