"""The life of a task for `docs/design/task-model.md`, from the table of legal moves in `core/tasks/lifecycle.py`."""

from itertools import pairwise

from slipway.core.tasks.lifecycle import MOVES, ORDER, may_move


def state_diagram() -> str:
    """The states in their order as a Mermaid diagram, and all legal moves of `last_status` as a table."""
    return "\n".join([*_diagram(), "", *_table()])


def _diagram() -> list[str]:
    """Each state to the next it may move to, and from every state to STOPPED; the table has the moves that skip."""
    first, last = ORDER[0], ORDER[-1]
    steps = [(old, new) for old, new in pairwise(ORDER) if may_move(old, new)]
    ends = [(old, last) for old in ORDER if may_move(old, last) and (old, last) not in steps]
    arrows = [f"    {old} --> {new}" for old, new in (*steps, *ends)]
    return ["```mermaid", "stateDiagram-v2", f"    [*] --> {first}", *arrows, f"    {last} --> [*]", "```"]


def _table() -> list[str]:
    """A row for each state a task may leave, a column for each it may enter."""
    entered = ORDER[1:]
    rows = [
        f"| {old} | {' | '.join('yes' if may_move(old, new) else '' for new in entered)} |"
        for old in ORDER
        if MOVES[old]
    ]
    return [f"| from, to | {' | '.join(entered)} |", "| --- " * (len(entered) + 1) + "|", *rows]
