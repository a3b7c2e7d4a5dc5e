"""A container that asks for what this version cannot give is not started without it."""

import pytest

from slipway.adapters.container_runtime import RuntimeFault
from slipway.adapters.unserved import check_served
from slipway.core.plan import ContainerPayload


def container(**document: object) -> ContainerPayload:
    return ContainerPayload(name="app", arn="app", image="app", essential=True, document=document)


@pytest.mark.parametrize(
    ("member", "name"),
    [
        pytest.param("secrets", "ResourceInitializationError", id="secrets"),
        pytest.param("environmentFiles", "ResourceInitializationError", id="environment files"),
        pytest.param("mountPoints", "CannotCreateContainerError", id="mount points"),
    ],
)
def test_a_member_that_cannot_be_given_is_a_fault_that_names_it(member: str, name: str) -> None:
    with pytest.raises(RuntimeFault, match="container app") as caught:
        check_served(container(**{member: [{}]}))
    assert caught.value.name == name


def test_an_empty_member_asks_for_nothing() -> None:
    check_served(container(secrets=[], environmentFiles=[], mountPoints=[]))
