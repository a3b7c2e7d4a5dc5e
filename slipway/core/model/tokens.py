"""Idempotency tokens: a call with the same client token is answered with what the first one made."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientToken:
    """What a call with this token made. `fingerprint` is a digest of its parameters."""

    scope: str  # the operation and the cluster's ARN
    token: str
    fingerprint: str
    resource_arns: tuple[str, ...]
    created_at: float

    @property
    def key(self) -> str:
        """Scope and token."""
        return f"{self.scope} {self.token}"
