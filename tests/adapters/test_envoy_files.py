"""Which files are written for which change, and in which order."""

from pathlib import Path
from typing import Any

import msgspec

from slipway.adapters.envoy_files import EnvoyFiles, touched_by
from slipway.core.model.load_balancing import TargetState
from slipway.core.plan import Change
from tests.adapters.balanced import Balanced, group_arn


class Written:
    """The files of a world, and which of them a change wrote, oldest first."""

    def __init__(self, directory: Path) -> None:
        self.world = Balanced()
        self.directory = directory / "xds"
        self.files = EnvoyFiles(directory, envoy_pid=lambda: None)
        self.files.rewrite(self.world.snapshot)

    def by(self, changes: tuple[Change, ...]) -> list[str]:
        before = self.stamps()
        self.files.write(self.world.snapshot, touched_by(changes))
        if self.files.awaited:
            self.files.release(self.world.snapshot)
        after = self.stamps()
        names = [name for name in after if after[name] != before.get(name)]
        return sorted(names, key=lambda name: (self.directory / name).stat().st_ctime_ns)

    def stamps(self) -> dict[str, tuple[int, int]]:
        return {path.name: (path.stat().st_ino, path.stat().st_ctime_ns) for path in self.directory.iterdir()}

    def resources(self, name: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = msgspec.json.decode((self.directory / name).read_bytes())["resources"]
        return found


def kinds(names: list[str]) -> list[str]:
    return [name.split(".")[0] for name in names]


def test_a_listener_comes_after_all_that_it_needs(tmp_path: Path) -> None:
    written = Written(tmp_path)
    world = written.world
    written.by(world.balance() + world.group("web") + world.target("web", 8001, TargetState.HEALTHY))
    assert kinds(written.by(world.listen(80, web=1))) == ["eds", "cds", "rds", "lds"]


def test_a_thousand_changed_targets_are_one_file(tmp_path: Path) -> None:
    written = Written(tmp_path)
    world = written.world
    written.by(world.balance() + world.group("web") + world.group("other") + world.listen(80, web=1, other=1))
    changes = tuple(change for port in range(8000, 9000) for change in world.target("web", port, TargetState.HEALTHY))
    assert kinds(written.by(changes)) == ["eds"]


def test_what_changes_nothing_writes_nothing(tmp_path: Path) -> None:
    written = Written(tmp_path)
    world = written.world
    written.by(world.balance() + world.group("web") + world.listen(80, web=1))
    assert written.by(world.target("web", 8001, TargetState.INITIAL)) == []
    assert written.by(world.listen(80, web=1)) == []


def test_new_weights_are_one_file(tmp_path: Path) -> None:
    written = Written(tmp_path)
    world = written.world
    written.by(world.balance() + world.group("blue") + world.group("green") + world.listen(80, blue=1, green=1))
    assert kinds(written.by(world.listen(80, blue=1, green=3))) == ["rds"]


def test_a_group_without_a_listener_is_taken_away_later(tmp_path: Path) -> None:
    written = Written(tmp_path)
    world = written.world
    written.by(world.balance() + world.group("blue") + world.group("green") + world.listen(80, blue=1))
    assert kinds(written.by(world.listen(80, green=1))) == ["eds", "cds", "rds"]
    assert written.files.groups == {group_arn("blue"), group_arn("green")}
    written.files.prune(world.snapshot, written.files.unneeded(world.snapshot))
    assert written.files.groups == {group_arn("green")}
    assert [cluster["name"] for cluster in written.resources("cds.json")] == [group_arn("green")]
    assert len([name for name in written.stamps() if name.startswith("eds.")]) == 1


def test_a_group_that_lost_its_listener_stays_while_it_drains(tmp_path: Path) -> None:
    written = Written(tmp_path)
    world = written.world
    written.by(world.balance() + world.group("blue") + world.group("green") + world.listen(80, blue=1))
    written.by(world.target("blue", 8001, TargetState.DRAINING) + world.listen(80, green=1))
    assert not written.files.unneeded(world.snapshot)
    written.by(world.untarget("blue", 8001))
    assert kinds(sorted(written.files.unneeded(world.snapshot))) == ["eds"]


def test_a_group_made_again_is_served_again(tmp_path: Path) -> None:
    written = Written(tmp_path)
    world = written.world
    written.by(world.balance() + world.group("web") + world.listen(80, web=1))
    written.by(world.silence(80) + world.ungroup("web"))
    written.files.prune(world.snapshot, written.files.unneeded(world.snapshot))
    assert sorted(written.stamps()) == ["cds.json", "lds.json"]
    assert kinds(written.by(world.group("web") + world.listen(80, web=1))) == ["eds", "cds", "rds", "lds"]


def test_files_of_an_earlier_control_plane_are_kept_if_they_are_right(tmp_path: Path) -> None:
    written = Written(tmp_path)
    world = written.world
    written.by(world.balance() + world.group("web") + world.listen(80, web=1))
    before = written.stamps()
    EnvoyFiles(tmp_path, envoy_pid=lambda: None).rewrite(world.snapshot)
    assert written.stamps() == before


def test_a_torn_file_is_written_anew(tmp_path: Path) -> None:
    written = Written(tmp_path)
    world = written.world
    written.by(world.balance() + world.group("web") + world.listen(80, web=1))
    whole = (written.directory / "cds.json").read_bytes()
    (written.directory / "cds.json").write_bytes(whole[:40])
    EnvoyFiles(tmp_path, envoy_pid=lambda: None).rewrite(world.snapshot)
    assert (written.directory / "cds.json").read_bytes() == whole


def test_what_is_needed_again_is_not_taken_away(tmp_path: Path) -> None:
    written = Written(tmp_path)
    world = written.world
    written.by(world.balance() + world.group("blue") + world.group("green") + world.listen(80, blue=1))
    written.by(world.listen(80, green=1))
    unneeded = written.files.unneeded(world.snapshot)
    written.by(world.listen(80, blue=1))
    written.files.prune(world.snapshot, unneeded)
    assert written.files.groups == {group_arn("blue"), group_arn("green")}


def test_routes_wait_until_envoy_has_the_clusters_they_name(tmp_path: Path) -> None:
    written = Written(tmp_path)
    world = written.world
    written.by(world.balance() + world.group("blue") + world.group("green") + world.listen(80, blue=1))
    before = written.stamps()
    written.files.write(world.snapshot, touched_by(world.listen(80, green=1)))
    written.files.write(world.snapshot, touched_by(world.listen(80, green=2, blue=1)))
    assert written.files.awaited == {group_arn("green")}
    routes = [name for name in before if name.startswith("rds.")]
    assert [written.stamps()[name] for name in routes] == [before[name] for name in routes]
    written.files.release(world.snapshot)
    assert not written.files.awaited
    action = written.resources(routes[0])[0]["virtual_hosts"][0]["routes"][0]["route"]
    assert [cluster["weight"] for cluster in action["weighted_clusters"]["clusters"]] == [1, 2]
