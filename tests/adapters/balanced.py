"""Load-balancing records for tests: a balancer, its listeners, groups and targets."""

from dataclasses import replace

from slipway.core.model.load_balancing import (
    ForwardAction,
    HealthCheck,
    Listener,
    LoadBalancer,
    Target,
    TargetGroup,
    TargetState,
    WeightedTargetGroup,
)
from slipway.core.plan import Change, Put, Remove
from slipway.core.snapshot import Snapshot

ARN = "arn:aws:elasticloadbalancing:us-east-1:000000000000"


class Balanced:
    """A load balancer in a snapshot, which several may share; every method applies its change and gives it, for
    `configure`."""

    def __init__(
        self,
        *,
        address: str = "127.0.0.2",
        seed: str = "balanced",
        name: str = "web",
        snapshot: Snapshot | None = None,  # None: a new one
        **attributes: str,
    ) -> None:
        self.snapshot = snapshot or Snapshot(seed=seed)
        self.balancer = LoadBalancer(
            arn=f"{ARN}:loadbalancer/app/{name}/50dc6c495c0c9188",
            name=name,
            address=address,
            dns_name=f"{name}-50dc6c49.elb.us-east-1.localhost",
            created_at=0,
            attributes={name.replace("__", "."): value for name, value in attributes.items()},
        )

    def apply(self, *changes: Change) -> tuple[Change, ...]:
        self.snapshot.apply(changes)
        return changes

    def balance(self) -> tuple[Change, ...]:
        return self.apply(Put(record=self.balancer))

    def unbalance(self) -> tuple[Change, ...]:
        """Remove the load balancer and its listeners."""
        listeners = self.snapshot.load_balancer_listeners(self.balancer.arn)
        return self.apply(*(Remove(record=listener) for listener in listeners), Remove(record=self.balancer))

    def listen(self, port: int, **weights: int) -> tuple[Change, ...]:
        """A listener on `port` that forwards to groups by name, with their weights."""
        shares = tuple(
            WeightedTargetGroup(target_group_arn=group_arn(name), weight=weight) for name, weight in weights.items()
        )
        return self.apply(Put(record=self.listener(port, shares)))

    def listener(self, port: int, shares: tuple[WeightedTargetGroup, ...]) -> Listener:
        return Listener(
            arn=f"{ARN}:listener/app/{self.balancer.name}/50dc6c495c0c9188/{port:016x}",
            load_balancer_arn=self.balancer.arn,
            port=port,
            created_at=0,
            default_action=ForwardAction(target_groups=shares),
        )

    def silence(self, port: int) -> tuple[Change, ...]:
        """Remove the listener on `port`."""
        return self.apply(Remove(record=self.snapshot.listeners[self.listener(port, ()).arn]))

    def group(self, name: str, *, check: HealthCheck | None = None, **fields: object) -> tuple[Change, ...]:
        group = TargetGroup(arn=group_arn(name), name=name, created_at=0, health_check=check or HealthCheck())
        return self.apply(Put(record=replace(group, **fields)))  # type: ignore[arg-type]  # fields by name

    def ungroup(self, name: str) -> tuple[Change, ...]:
        return self.apply(Remove(record=self.snapshot.target_groups[group_arn(name)]))

    def target(
        self, name: str, port: int, state: TargetState, *, address: str = "127.0.0.1", is_drained: bool = False
    ) -> tuple[Change, ...]:
        """Put a target of group `name` in a state; others of its fields are a registration's."""
        target = Target(
            target_group_arn=group_arn(name),
            id=address,
            port=port,
            address=address,
            registered_at=0,
            state=state,
            is_drained=is_drained,
        )
        return self.apply(Put(record=target))

    def untarget(self, name: str, port: int, *, address: str = "127.0.0.1") -> tuple[Change, ...]:
        return self.apply(Remove(record=self.snapshot.targets[f"{group_arn(name)} {address}:{port}"]))


def group_arn(name: str) -> str:
    return f"{ARN}:targetgroup/{name}/{sum(name.encode()):016x}"
