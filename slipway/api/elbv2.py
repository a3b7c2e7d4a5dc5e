"""Elastic Load Balancing v2: the operations served, and why others are not."""

from collections.abc import Mapping

from slipway.api import (
    elbv2_account,
    elbv2_attributes,
    elbv2_listeners,
    elbv2_load_balancers,
    elbv2_networks,
    elbv2_rules,
    elbv2_tags,
    elbv2_target_groups,
    elbv2_targets,
)
from slipway.api.call import Handler

HANDLERS: Mapping[str, Handler] = {
    **elbv2_load_balancers.HANDLERS,
    **elbv2_networks.HANDLERS,
    **elbv2_listeners.HANDLERS,
    **elbv2_rules.HANDLERS,
    **elbv2_target_groups.HANDLERS,
    **elbv2_targets.HANDLERS,
    **elbv2_attributes.HANDLERS,
    **elbv2_tags.HANDLERS,
    **elbv2_account.HANDLERS,
}

_RULES = "Listener rules are not served yet; a listener has its default action, which may forward by weight."
_CERTIFICATES = "Certificates are for HTTPS listeners, and Slipway serves HTTP listeners only."
_TRUST_STORES = "Trust stores are for mutual TLS, and Slipway serves HTTP listeners only."
_CAPACITY = "Slipway's load balancers have no capacity to reserve: they take what the machine gives."

#: Why an operation of the model is refused, one sentence each, where there is a reason to tell.
REFUSED: Mapping[str, str] = {
    "CreateRule": _RULES,
    "ModifyRule": _RULES,
    "DeleteRule": _RULES,
    "SetRulePriorities": _RULES,
    "AddListenerCertificates": _CERTIFICATES,
    "RemoveListenerCertificates": _CERTIFICATES,
    "CreateTrustStore": _TRUST_STORES,
    "ModifyTrustStore": _TRUST_STORES,
    "DeleteTrustStore": _TRUST_STORES,
    "DescribeTrustStores": _TRUST_STORES,
    "DescribeTrustStoreAssociations": _TRUST_STORES,
    "DescribeTrustStoreRevocations": _TRUST_STORES,
    "AddTrustStoreRevocations": _TRUST_STORES,
    "RemoveTrustStoreRevocations": _TRUST_STORES,
    "GetTrustStoreCaCertificatesBundle": _TRUST_STORES,
    "GetTrustStoreRevocationContent": _TRUST_STORES,
    "DeleteSharedTrustStoreAssociation": _TRUST_STORES,
    "GetResourcePolicy": "Resource policies are for shared trust stores, which Slipway does not have.",
    "ModifyCapacityReservation": _CAPACITY,
    "ModifyIpPools": "Slipway has no IPAM; a load balancer's address comes from the server's --lb-address-pool.",
}
