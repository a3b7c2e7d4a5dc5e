"""`slipway wait`: a deployment that has ended is told at once, however many came after it."""

import json

from tests.cli import pictures
from tests.cli.scripted_server import scripted_server
from tests.cli.test_answers import OVERVIEW, begun

PICTURE = "/slipway/v1/clusters/shop/services/users/picture"


def test_an_old_deployment_is_told_at_once() -> None:
    newer = [pictures.roll_out(number, "STOPPED") for number in range(9, 2, -1)]
    picture = pictures.steady() | {"roll_outs": [*newer, pictures.roll_out(2, "SUCCESSFUL")]}
    with scripted_server({"/slipway/v1/overview": OVERVIEW, PICTURE: picture}) as port:
        command = begun(port, "wait", "users", "--deployment", "ecs-svc/2", "--json")
        output, errors = command.communicate(timeout=60)
    assert (json.loads(output)["outcome"], errors, command.returncode) == ("SUCCESSFUL", "", 0)


def test_one_that_is_not_kept_is_refused() -> None:
    with scripted_server({"/slipway/v1/overview": OVERVIEW, PICTURE: pictures.steady()}) as port:
        command = begun(port, "wait", "users", "--deployment", "ecs-svc/7")
        _, errors = command.communicate(timeout=60)
    assert errors == "slipway: users has no deployment ecs-svc/7; its newest are: ecs-svc/2, ecs-svc/1.\n"
    assert command.returncode == 1
