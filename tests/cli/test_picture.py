"""What `slipway watch` and `slipway status` draw, held against transcripts; `pytest --rewrite` writes them anew."""

import io
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from rich.console import Console, RenderableType

from slipway.cli.picture import render_picture
from slipway.cli.picture_line import PictureLines
from slipway.cli.picture_svg import write_svg
from slipway.cli.picture_words import clock_text, short_message, state_of
from slipway.cli.status_table import render_overview, render_service
from tests.cli import pictures

TRANSCRIPTS = Path(__file__).parent / "transcripts"


def plain(drawn: RenderableType, width: int) -> str:
    """What a console without colour prints, blanks at the ends of lines left out."""
    screen = Console(file=io.StringIO(), width=width, no_color=True, highlight=False)
    screen.print(drawn)
    assert isinstance(screen.file, io.StringIO)
    return "\n".join(line.rstrip() for line in screen.file.getvalue().splitlines()) + "\n"


def hold(name: str, text: str, *, rewrite: bool) -> None:
    """Hold the text against its transcript, or write it."""
    file = TRANSCRIPTS / f"{name}.txt"
    if rewrite:
        file.write_text(text)
    assert text == file.read_text()


@pytest.mark.parametrize("name", pictures.PICTURES)
@pytest.mark.parametrize("width", [60, 80, 100])
def test_picture_reads_without_colour(name: str, width: int, rewrite: bool) -> None:
    drawn = plain(render_picture(pictures.PICTURES[name](), width=width), width)
    assert max(map(len, drawn.splitlines())) <= width
    hold(f"picture-{name}-{width}", drawn, rewrite=rewrite)


@pytest.mark.parametrize(
    ("name", "state"),
    [
        ("rolling", "rolling users:1 → users:2"),
        ("steady", "steady on users:2"),
        ("blocked", "starting users:2"),
        ("failing", "rolling users:1 → users:2"),
        ("going_back", "going back to users:1"),
        ("rolled_back", "rolled back to users:1"),
        ("back_failed", "way back to users:1 failed"),
        ("baking", "watching users:2, which is healthy"),
        ("deleted", "being deleted, 1 task left"),
    ],
)
def test_state_in_a_few_words(name: str, state: str) -> None:
    assert state_of(pictures.PICTURES[name]()) == state


def test_a_roll_whose_old_tasks_are_gone_is_no_start() -> None:
    alone = pictures.rolling()
    assert state_of(alone | {"deployments": alone["deployments"][:1]}) == "rolling to users:2"


def test_a_new_deployment_ends_the_talk_of_the_last_one() -> None:
    lost = pictures.rolled_back()["roll_outs"]
    renewed = pictures.steady() | {"roll_outs": [pictures.roll_out(3, "SUCCESSFUL"), *lost]}
    drawn = plain(render_picture(renewed), 100)
    assert "steady on users:2" in drawn
    assert "last deployment" not in drawn


def test_no_event_is_cut_and_many_tasks_are_counted() -> None:
    message = pictures.going_back()["events"][0]["message"]
    assert (
        short_message(message)
        == "has started 8 tasks: (task 00000000) (task 00000000) (task 00000000) (task 00000000) and 4 more."
    )
    assert short_message(f"{message[:-1]} and 4 more.").endswith("and 8 more.")
    assert "…" not in plain(render_picture(pictures.going_back(), width=60), 60)


@pytest.mark.parametrize("name", ["rolling", "failing", "going_back", "rolled_back", "blocked"])
def test_service_table(name: str, rewrite: bool) -> None:
    hold(f"status-{name}", plain(render_service(pictures.PICTURES[name]()), 100), rewrite=rewrite)


def test_a_service_that_is_slow_to_stop_is_told_so() -> None:
    told = "web ignores SIGTERM (killed at its stop timeout): 30 s per stop; use the exec form of its command."
    drawn = plain(render_service(pictures.steady() | {"slow_stops": [told]}), 200)
    assert f"slow to stop: {told}" in drawn


@pytest.mark.parametrize("width", [60, 80])
def test_nothing_is_cut_from_a_table_on_a_narrow_screen(width: int) -> None:
    listed = overview(name="payments-api-" * 4, addresses=["http://127.0.0.77:18480"])
    for table in (render_service(pictures.PICTURES["failing"]()), render_overview(listed, "http://127.0.0.1:8400")):
        drawn = plain(table, width)
        assert max(map(len, drawn.splitlines())) <= width
        assert "…" not in drawn


def overview(**service: Any) -> dict[str, Any]:
    listed = {
        "name": "users",
        "status": "ACTIVE",
        "desired_count": 4,
        "healthy": 3,
        "task_definition": "users:2",
        "is_steady": False,
        "blocked_by": None,
        "addresses": ["http://127.0.0.2:8080"],
        "last_deployment": pictures.roll_out(2, "SUCCESSFUL"),
        "deployments": [{"status": "PRIMARY", "rollout_state": "COMPLETED"}],
        **service,
    }
    alone = {"id": "ab" * 16, "task_definition": "job:1", "last_status": "RUNNING", "created_at": pictures.NOW - 61}
    host = {
        "id": "f" * 32,
        "runtime": "process",
        "tasks": 5,
        "cpu": 4096,
        "cpu_left": 3072,
        "memory": 8192,
        "memory_left": 7680,
        "is_connected": True,
    }
    clusters = [{"name": "shop", "services": [listed] if service != {"name": ""} else [], "tasks": [alone]}]
    return {"at": pictures.NOW, "clusters": clusters, "hosts": [host]}


ROLLING = [{"status": "PRIMARY", "rollout_state": "IN_PROGRESS"}, {"status": "ACTIVE", "rollout_state": "COMPLETED"}]


@pytest.mark.parametrize(
    ("name", "service"),
    [
        pytest.param("mending", {}, id="mending"),
        pytest.param("steady", {"is_steady": True, "healthy": 4}, id="steady"),
        pytest.param("rolling", {"deployments": ROLLING}, id="rolling"),
        pytest.param("blocked", {"blocked_by": "RESOURCE:CPU " + "f" * 32}, id="blocked"),
        pytest.param("deleted", {"status": "DRAINING", "addresses": [], "task_definition": None}, id="deleted"),
        pytest.param(
            "rolled_back",
            {
                "is_steady": True,
                "healthy": 4,
                "task_definition": "users:1",
                "last_deployment": pictures.rolled_back()["roll_outs"][0],
            },
            id="rolled back",
        ),
        pytest.param(
            "going_back",
            {"deployments": ROLLING, "last_deployment": pictures.going_back()["roll_outs"][0]},
            id="going back",
        ),
        pytest.param(
            "failed",
            {
                "deployments": [{"status": "PRIMARY", "rollout_state": "FAILED"}],
                "last_deployment": pictures.roll_out(2, "STOPPED", status_reason=pictures.BROKEN),
            },
            id="failed",
        ),
        pytest.param("empty", {"name": ""}, id="empty"),
    ],
)
def test_overview_table(name: str, service: dict[str, Any], rewrite: bool) -> None:
    drawn = plain(render_overview(overview(**service), "http://127.0.0.1:8400"), 100)
    hold(f"overview-{name}", drawn, rewrite=rewrite)


def test_lines_tell_changes_and_new_events_once() -> None:
    lines = PictureLines()
    first, rolling = pictures.steady(), pictures.rolling()
    assert lines.new(first) == [
        "1:00 steady on users:2 | users:2 4 healthy | healthy 4 of at least 4, wanted 4 of at most 8"
    ]
    assert lines.new(first) == []
    assert lines.new(rolling) == [
        "1:00 has started 2 tasks: (task 00000000) (task 00000000).",
        "1:00 registered 3 targets in (target-group users)",
        "1:00 has begun draining connections on 2 tasks.",
        "1:00 rolling users:1 → users:2 | users:2 2 healthy, 1 running, 1 starting | users:1 2 healthy, 2 stopping"
        " | healthy 4 of at least 4, wanted 6 of at most 8",
    ]
    assert lines.new(rolling) == []


def test_lines_leave_out_events_from_before_the_deployment_and_those_nobody_wants() -> None:
    rolling = pictures.rolling()
    rolling["roll_outs"][0]["created_at"] = pictures.NOW - 6.5
    assert [line.partition(" ")[2] for line in PictureLines().new(rolling)[:-1]] == [
        "registered 3 targets in (target-group users)",
        "has begun draining connections on 2 tasks.",
    ]
    quiet = PictureLines(has_events=False)
    quiet.new(pictures.steady())
    assert len(quiet.new(pictures.rolling())) == 1


def test_svg_is_a_whole_file_that_loads_nothing(tmp_path: Path) -> None:
    file = tmp_path / "img" / "watch.svg"
    write_svg(pictures.rolling(), file)
    assert ElementTree.parse(file).getroot().tag == "{http://www.w3.org/2000/svg}svg"
    assert "url(http" not in file.read_text()
    assert "@font-face" not in file.read_text()


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0:00"), (7.9, "0:07"), (754, "12:34"), (3723, "1:02:03"), (-1, "0:00")],
)
def test_clock_text(seconds: float, text: str) -> None:
    assert clock_text(seconds) == text


def test_messages_are_cut_to_what_differs() -> None:
    message = (
        f"(service users) (task {'0123456789abcdef' * 2}) (port 1) is unhealthy in (target-group {pictures.GROUP})"
    )
    assert short_message(message) == "(task 01234567) (port 1) is unhealthy in (target-group users)"
