"""The demo's script: start on v1, roll to v2 under load, try a v3 that is never healthy, and see the way back to v2."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from rich.text import Text

from slipway.cli.access import Access
from slipway.cli.demo_report import Report, Stage, WayBack, versions_text, way_back
from slipway.cli.demo_service import NAME, TASKS, DemoService, make_balancer
from slipway.cli.demo_traffic import Traffic
from slipway.cli.endpoint import Endpoint
from slipway.cli.failure import CliError
from slipway.cli.follow import Outcome, outcome_of, roll_out_of
from slipway.cli.live import PictureShow
from slipway.cli.picture import kind_of
from slipway.cli.picture_svg import write_svg
from slipway.cli.picture_words import clock_text, primary_of

POLL_S = 0.2
STAGE_S = 60  # a bound: a stage that takes longer ends the demo
QUIET_S = 3  # how long users are seen on v1 before it is rolled, and on v2 at the end

Picture = Mapping[str, Any]


class Script:
    """One run of the demo against a server."""

    def __init__(self, access: Access, show: PictureShow) -> None:
        self._endpoint = Endpoint(access)
        self._access = access
        self._show = show
        self._traffic: Traffic | None = None  # None: no users yet
        self._stages: list[Stage] = []
        self._title = ""
        self._began = time.monotonic()
        self._least_healthy = TASKS
        self._frame: tuple[tuple[int, ...], Picture] | None = (
            None  # the most telling picture of the first roll, and how telling
        )
        self._way_back: WayBack | None = None  # of v3; None: not yet
        self.service: DemoService | None = None  # None: not made yet

    async def run(self) -> Report:
        """Play all stages; what was seen. Raises `CliError` where a stage does not end as it should."""
        service, group = await asyncio.to_thread(make_balancer, self._access)
        self.service = service
        v1 = await asyncio.to_thread(service.register, "v1")
        await self._stage("start 4 tasks of v1", lambda: service.create(v1, group), self._completed)
        self._traffic = Traffic(service.address, service.port)
        users = asyncio.create_task(self._traffic.run())
        try:
            await self._stage("users arrive", None, self._waited)
            await self._rolls(service)
        finally:
            self._traffic.stop()
            await users
        return Report(
            stages=tuple(self._stages),
            tally=self._traffic.tally,
            duration_s=time.monotonic() - self._began,
            least_healthy=self._least_healthy,
            tasks=TASKS,
            way_back=self._way_back,
        )

    async def _rolls(self, service: DemoService) -> None:
        v2 = await asyncio.to_thread(service.register, "v2")
        v3 = await asyncio.to_thread(lambda: service.register("v3", is_healthy=False))
        await self._stage("roll v1 to v2", lambda: service.roll(v2), self._completed)
        bad = await self._stage("try a v3 that is never healthy", lambda: service.roll(v3), self._found_out)
        await self._stage("the server goes back to v2", lambda: bad, self._taken_back)
        await self._stage("users stay on v2", None, self._waited)

    def write_frame(self, file: Path) -> None:
        """Write the most telling picture of the roll to v2 as an SVG. Raises `CliError`."""
        if self._frame is None:
            raise CliError(f"No picture of the roll was seen: {file} was not written.")
        write_svg(self._frame[1], file)

    async def _stage(
        self, title: str, begin: Callable[[], str] | None, is_over: Callable[[Picture, str, float], bool]
    ) -> str:
        """Begin (the id of the deployment it made), show pictures until it is over, and note what was seen; that id."""
        self._title = title
        self._show.headline(title)
        began, before = time.monotonic(), self._counted()
        deployment = await asyncio.to_thread(begin) if begin is not None else ""
        while True:
            picture = await asyncio.to_thread(self._endpoint.picture, NAME.cluster, NAME.service)
            self._see(picture)
            seconds = time.monotonic() - began
            if is_over(picture, deployment, seconds):
                break
            if seconds > STAGE_S:
                last = picture["events"][0]["message"] if picture["events"] else "nothing happened"
                raise CliError(f"The stage “{title}” was not over after {STAGE_S} s; the last event: {last}")
            await asyncio.sleep(POLL_S)
        found = next((one for one in picture["deployments"] if one["id"] == deployment), None)
        after = self._counted()
        self._stages.append(
            Stage(
                title=title,
                duration_s=time.monotonic() - began,
                rounds=len(found["rounds"]) if found is not None else None,
                requests=after[0] - before[0],
                failed=after[1] - before[1],
                versions=dict(after[2] - before[2]),
            )
        )
        return deployment

    def _counted(self) -> tuple[int, int, Counter[str]]:
        if self._traffic is None:
            return 0, 0, Counter()
        tally = self._traffic.tally
        return tally.sent, tally.failed, Counter(tally.versions)

    # When a stage is over

    @staticmethod
    def _completed(picture: Picture, deployment: str, _: float) -> bool:
        outcome = outcome_of(picture, deployment)
        if outcome is not None and outcome is not Outcome.SUCCESSFUL:
            raise CliError(f"The deployment {deployment} ended as {outcome}, not COMPLETED.")
        return outcome is Outcome.SUCCESSFUL

    @staticmethod
    def _found_out(picture: Picture, deployment: str, _: float) -> bool:
        roll_out = roll_out_of(picture, deployment)
        return roll_out is not None and roll_out["detected_at"] is not None

    def _taken_back(self, picture: Picture, deployment: str, _: float) -> bool:
        outcome, roll_out = outcome_of(picture, deployment), roll_out_of(picture, deployment)
        if outcome is None or roll_out is None:
            return False
        if outcome is not Outcome.ROLLBACK_SUCCESSFUL:
            raise CliError(f"The deployment {deployment} ended as {outcome}, not ROLLBACK_SUCCESSFUL.")
        self._way_back = way_back(roll_out)
        return True

    @staticmethod
    def _waited(_: Picture, __: str, seconds: float) -> bool:
        return seconds >= QUIET_S

    # Showing

    def _see(self, picture: Picture) -> None:
        if self._traffic is not None:
            self._least_healthy = min(self._least_healthy, picture["healthy"])
        if self._title.startswith("roll"):
            self._keep_frame(picture)
        above = Text.assemble(
            ("Slipway demo  ", "dim"), (self._title, "bold"), f"  {clock_text(time.monotonic() - self._began)}\n"
        )
        self._show.show(picture, above=above, below=self._users())

    def _keep_frame(self, picture: Picture) -> None:
        kinds = {kind_of(task) for task in picture["tasks"]} - {"stopped"}
        primary = primary_of(picture)
        rounds = len(primary["rounds"]) if primary is not None else 0
        telling = (len(picture["deployments"]), len(kinds), rounds, picture["alive"])
        if self._frame is None or telling >= self._frame[0]:
            self._frame = (telling, picture)

    def _users(self) -> Text:
        if self._traffic is None:
            return Text("\nusers   none yet", style="dim")
        tally = self._traffic.tally
        return Text.assemble(
            ("\nusers   ", "dim"),
            f"{tally.sent:,} requests, ",
            (f"{tally.failed:,} failed", "bold red" if tally.failed else "bold green"),
            f", answered by {versions_text(dict(tally.versions))}",
        )
