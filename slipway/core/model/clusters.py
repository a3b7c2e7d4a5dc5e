"""Clusters: the grouping and isolation of services and tasks."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from slipway.core.model.tags import Tag


class ClusterStatus(StrEnum):
    """The states of a cluster that Slipway uses; `INACTIVE` ones stay describable."""

    ACTIVE = "ACTIVE"
    INACTIVE = "INACTIVE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """A cluster. `document` holds the members shown again as given: settings, configuration, serviceConnectDefaults."""

    arn: str
    name: str
    created_at: float
    status: ClusterStatus = ClusterStatus.ACTIVE
    capacity_providers: tuple[str, ...] = ()
    document: Mapping[str, Any] = field(default_factory=dict)
    tags: tuple[Tag, ...] = ()

    @property
    def key(self) -> str:
        """The cluster's ARN."""
        return self.arn
