"""The deployments whose predictions are held against reality: services of many kinds, each rolled several times."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Roll:
    """One deployment: the settings it runs under. Times are seconds."""

    minimum: int = 100
    maximum: int = 200
    interval: int = 5  # between health checks; ELB's least
    threshold: int = 2
    drain: int = 2  # deregistration delay
    fails: str | None = None  # "crashes" or "never-healthy": how the new version fails; None: it is good


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A service that is rolled once unmeasured, so that its times are known, and then as its rolls say."""

    name: str
    tasks: int
    room: int  # tasks that fit on the host
    rolls: tuple[Roll, ...]
    ready_s: float = 0.0
    exit_s: float | None = 0.2  # None: it ignores SIGTERM
    stop_timeout: int = 5
    new_target_checks: int = 0  # the server's setting; 0: as many as the group's threshold says
    is_race: bool = False  # tasks that end at one time: in which order they are seen to decides the rounds
    is_held: bool = False  # each task has a request open that never ends


#: CPU units of the host, of which a task takes its share by the room it is to find.
HOST_CPU = 2520

PROCESS = (
    Subject(
        name="quick",
        tasks=4,
        room=8,
        rolls=(
            Roll(),
            Roll(minimum=50),
            Roll(minimum=50, maximum=100),
            Roll(interval=6, threshold=3),
            Roll(maximum=150),
        ),
    ),
    Subject(
        name="tight",
        new_target_checks=1,
        tasks=6,
        room=8,
        rolls=(Roll(), Roll(minimum=50), Roll(minimum=50, interval=6), Roll(maximum=125), Roll(minimum=0, maximum=100)),
    ),
    Subject(
        name="held",
        tasks=4,
        room=6,
        is_held=True,
        rolls=(Roll(drain=3), Roll(drain=6), Roll(drain=1, minimum=50), Roll(drain=4, minimum=75, maximum=125)),
    ),
    Subject(
        name="deaf",
        new_target_checks=1,
        tasks=3,
        room=6,
        exit_s=None,
        stop_timeout=3,
        rolls=(Roll(), Roll(minimum=66), Roll(maximum=134), Roll(minimum=0, maximum=100)),
    ),
    Subject(
        name="slow",
        tasks=4,
        room=6,
        ready_s=3.3,
        exit_s=1.5,
        rolls=(Roll(), Roll(minimum=50), Roll(threshold=3, interval=6), Roll(maximum=125)),
    ),
    Subject(
        name="wide",
        new_target_checks=1,
        tasks=12,
        room=15,
        exit_s=0.5,
        rolls=(Roll(), Roll(minimum=50), Roll(maximum=110), Roll(minimum=75, maximum=100)),
    ),
    Subject(
        name="single",
        tasks=1,
        room=2,
        rolls=(Roll(), Roll(interval=7), Roll(minimum=0, maximum=100)),
    ),
    Subject(
        name="failing",
        tasks=4,
        room=8,
        rolls=(
            Roll(fails="crashes", maximum=125),
            Roll(fails="never-healthy"),
            Roll(fails="crashes", minimum=75, maximum=100),
            Roll(fails="never-healthy", maximum=125),
        ),
    ),
    Subject(
        name="crowd",
        tasks=4,
        room=8,
        is_race=True,
        rolls=(Roll(fails="crashes"), Roll(fails="crashes", minimum=50, maximum=150)),
    ),
)

DOCKER = (
    Subject(
        name="docker-quick",
        tasks=3,
        room=6,
        rolls=(Roll(), Roll(minimum=50), Roll(maximum=134), Roll(interval=6, threshold=3)),
    ),
    Subject(
        name="docker-held",
        tasks=3,
        room=4,
        is_held=True,
        exit_s=1.0,
        rolls=(Roll(drain=3), Roll(drain=5, minimum=34)),
    ),
    Subject(
        name="docker-deaf",
        new_target_checks=1,
        tasks=2,
        room=4,
        exit_s=None,
        stop_timeout=3,
        rolls=(Roll(), Roll(minimum=50, maximum=100)),
    ),
    Subject(
        name="docker-failing",
        tasks=3,
        room=6,
        rolls=(Roll(fails="crashes", maximum=134), Roll(fails="never-healthy", maximum=134)),
    ),
)
