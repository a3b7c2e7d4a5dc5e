"""The words and the colours of states, bands and segments."""

from slipway.core.explaining.segment import SegmentKind
from slipway.foresight.pages.course import Band, State

#: Colours by their names in the stylesheet.
BAND_COLOURS = {
    Band.OLD: "old",
    Band.NEW: "new",
    Band.RISING: "checked",
    Band.SICK: "sick",
    Band.LEAVING: "drain",
}

#: What is hatched too: it is sick, or leaves.
HATCHED = frozenset({"sick", "drain"})

_STATE_COLOURS = {
    State.PLACED: "placed",
    State.PULL: "pull",
    State.START: "start",
    State.CHECKED: "checked",
    State.SICK: "sick",
    State.DRAIN: "drain",
    State.STOP: "stop",
}

_KIND_COLOURS = {
    SegmentKind.PLACEMENT_WAIT: "placed",
    SegmentKind.CAPACITY_WAIT: "placed",
    SegmentKind.PULL: "pull",
    SegmentKind.CONTAINER_START: "start",
    SegmentKind.DEPENDENCY_WAIT: "start",
    SegmentKind.REGISTRATION: "checked",
    SegmentKind.HEALTH_WAIT: "checked",
    SegmentKind.FAILED_CHECKS: "sick",
    SegmentKind.FAILURE: "sick",
    SegmentKind.BAKE: "hold",
    SegmentKind.HOOK: "hold",
    SegmentKind.DRAIN: "drain",
    SegmentKind.SIGTERM_TO_EXIT: "stop",
    SegmentKind.KILL_WAIT: "stop",
    SegmentKind.BACK_OFF: "hold",
    SegmentKind.PAUSE: "hold",
    SegmentKind.SERVER_AWAY: "hold",
    SegmentKind.OVERHEAD: "overhead",
}

#: Kinds whose words are not simply their names.
_KIND_WORDS = {SegmentKind.SIGTERM_TO_EXIT: "SIGTERM to exit", SegmentKind.BACK_OFF: "back-off"}


def kind_words(kind: SegmentKind) -> str:
    """`health wait`."""
    return _KIND_WORDS.get(kind, kind.value.replace("_", " ").lower())


def kind_colour(kind: SegmentKind) -> str:
    """The colour of a segment: that of the state which a task is in meanwhile."""
    return _KIND_COLOURS[kind]


def style_of(colour: str) -> str:
    """The classes of a part of a page in this colour."""
    return f"{colour} hatched" if colour in HATCHED else colour


def state_colour(state: State, *, is_old: bool) -> str:
    """The colour of a task in a state: healthy ones of the old and of the new version differ."""
    if state is State.HEALTHY:
        return "old" if is_old else "new"
    return _STATE_COLOURS[state]
