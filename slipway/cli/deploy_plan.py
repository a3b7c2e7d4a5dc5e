"""What `slipway deploy` shows first: the plan of the deployment, in a few lines. Without one it goes on as well."""

from slipway.cli.definition_change import Images
from slipway.cli.failure import CliError
from slipway.cli.output import console, print_json, say
from slipway.cli.planner import NoPlan, Planner, Told

#: Seconds that a deployment waits for its plan: a large service's takes longer, and is asked for by `slipway plan`.
PATIENCE_S = 10.0


def show_plan(planner: Planner, changes: Images, task_definition: str | None, *, is_all: bool, as_json: bool) -> None:
    """Plan what is to be deployed and tell it. `is_all`: nothing else will be done, so that it is waited for.

    Raises `CliError` where there is no plan and it is all that was asked for.
    """
    if as_json and not is_all:
        return
    answer = _asked(planner, changes, task_definition, within_s=None if is_all else PATIENCE_S)
    if isinstance(answer, NoPlan):
        if is_all:
            raise CliError(f"There is no plan: {answer.sentence}")
        say(f"There is no plan: {answer.sentence}")
    elif as_json:
        print_json(answer.view)
    else:
        from slipway.cli.plan_text import summary_line

        screen = console()
        for number, sentence in enumerate(answer.sentences):
            screen.print(summary_line(sentence, is_first=number == 0), soft_wrap=True)


def _asked(planner: Planner, changes: Images, task_definition: str | None, *, within_s: float | None) -> Told | NoPlan:
    from slipway.foresight.fork_roll import PlannedChange

    change = PlannedChange(images=changes.images, environment=changes.environment, task_definition=task_definition)
    screen = console(stderr=True)
    planner.ask(change)
    if screen.is_terminal:
        with screen.status("Planning …"):
            answer = planner.answer(within_s=within_s)
    else:
        answer = planner.answer(within_s=within_s)
    if isinstance(answer, Told | NoPlan):
        return answer
    return NoPlan(sentence=f"it takes more than {within_s:g} s for this service; `slipway plan` tells it.")
