"""CreateLoadBalancer, DescribeLoadBalancers and DeleteLoadBalancer: application load balancers."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from slipway.api.call import Call, Handler
from slipway.api.elbv2_forms import at_most, chosen, invalid, one_of, resource_name
from slipway.api.elbv2_networks import ip_address_type_of, security_groups_of, subnets_of
from slipway.api.elbv2_pages import page
from slipway.api.elbv2_records import load_balancers, load_balancers_named
from slipway.api.elbv2_tags import tags_of
from slipway.api.elbv2_views import load_balancer_view
from slipway.api.errors import ApiError
from slipway.core.model.load_balancing import LoadBalancer
from slipway.core.model.tags import Tag

#: Load balancers one DescribeLoadBalancers may name (LoadBalancerArns).
MAX_DESCRIBED = 20

SCHEMES = ("internet-facing", "internal")

_NOT_SERVED = ("CustomerOwnedIpv4Pool", "EnablePrefixForIpv6SourceNat", "IpamPools")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wanted:
    """What a CreateLoadBalancer asks for, checked."""

    name: str
    scheme: str
    document: Mapping[str, Any]
    tags: tuple[Tag, ...]

    def is_met_by(self, item: LoadBalancer) -> bool:
        """Whether `item` is what was asked for, so that creating it again gives it back."""
        return (item.scheme, item.document, item.tags) == (self.scheme, self.document, self.tags)


def create_load_balancer(call: Call) -> dict[str, Any]:
    """CreateLoadBalancer; the address comes from the server's pool, and listeners bind it."""
    wanted = _wanted(call)
    existing = next((item for item in call.snapshot.load_balancers.values() if item.name == wanted.name), None)
    if existing is not None and not wanted.is_met_by(existing):
        raise ApiError(
            "DuplicateLoadBalancerNameException",
            f"A load balancer with the same name '{wanted.name}' exists, but with different settings",
        )
    item = existing or _created(call, wanted)
    return {"LoadBalancers": [load_balancer_view(call, item)]}


def _wanted(call: Call) -> _Wanted:
    params = call.params
    kind = one_of("Type", chosen(params, "Type", "application"), ("application", "network", "gateway"))
    if kind != "application":
        raise ApiError(
            "InvalidConfigurationRequestException",
            f"Load balancers of type '{kind}' are not served by Slipway; create one of type 'application'.",
        )
    for member in _NOT_SERVED:
        if member in params:
            raise ApiError("InvalidConfigurationRequestException", f"{member} is not served by Slipway; leave it out.")
    name = resource_name("Load balancer", params["Name"])
    if name.startswith("internal-"):
        raise invalid(f"Load balancer name '{name}' cannot begin with 'internal-'")
    return _Wanted(
        name=name,
        scheme=one_of("Scheme", chosen(params, "Scheme", SCHEMES[0]), SCHEMES),
        document={
            "Subnets": subnets_of(params),
            "SecurityGroups": security_groups_of(params),
            "IpAddressType": ip_address_type_of(params),
        },
        tags=tags_of(call),
    )


def _created(call: Call, wanted: _Wanted) -> LoadBalancer:
    address = _free_address(call)
    load_balancer_id = call.ids.hex(16)
    item = LoadBalancer(
        arn=call.arns.load_balancer(wanted.name, load_balancer_id),
        name=wanted.name,
        address=address,
        dns_name=f"{wanted.name}-{load_balancer_id}.elb.{call.arns.region}.localhost",
        created_at=call.now,
        scheme=wanted.scheme,
        document=wanted.document,
        tags=wanted.tags,
    )
    call.put(item, f"The load balancer was created at {address}.")
    return item


def _free_address(call: Call) -> str:
    """The first address of the pool that no load balancer has."""
    taken = {item.address for item in call.snapshot.load_balancers.values()}
    for address in call.site.address_pool:
        if address not in taken:
            return address
    raise ApiError(
        "TooManyLoadBalancersException",
        f"All {len(call.site.address_pool)} addresses for load balancers are taken; delete a load balancer, or start "
        "the server with more addresses in --lb-address-pool.",
    )


def describe_load_balancers(call: Call) -> dict[str, Any]:
    """DescribeLoadBalancers."""
    arns, names = call.params.get("LoadBalancerArns", []), call.params.get("Names", [])
    if arns and names:
        raise invalid("Load balancer names and load balancer ARNs cannot both be specified; give one of them.")
    if arns:
        at_most("LoadBalancerArns", arns, MAX_DESCRIBED)
        found = load_balancers(call, arns)
    elif names:
        at_most("Names", names, MAX_DESCRIBED)
        found = load_balancers_named(call, names)
    else:
        found = list(call.snapshot.load_balancers.values())
    return page(
        call,
        "LoadBalancers",
        found,
        position=lambda item: item.arn,
        view=lambda item: load_balancer_view(call, item),
    )


def delete_load_balancer(call: Call) -> dict[str, Any]:
    """DeleteLoadBalancer; one that does not exist is deleted already, and its listeners go with it."""
    arn = call.params["LoadBalancerArn"]
    item = call.snapshot.load_balancers.get(arn)
    if item is None:
        return {}
    if item.attributes.get("deletion_protection.enabled") == "true":
        raise ApiError(
            "OperationNotPermittedException",
            f"Load balancer '{arn}' cannot be deleted because deletion protection is enabled",
        )
    for listener in call.snapshot.load_balancer_listeners(arn):
        call.remove(listener, "The listener was deleted with its load balancer.")
    call.remove(item, "The load balancer was deleted.")
    return {}


HANDLERS: Mapping[str, Handler] = {
    "CreateLoadBalancer": create_load_balancer,
    "DescribeLoadBalancers": describe_load_balancers,
    "DeleteLoadBalancer": delete_load_balancer,
}
