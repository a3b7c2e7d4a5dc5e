"""Amazon ECS: the operations served, and why others are not."""

from collections.abc import Mapping

from slipway.api import (
    ecs_clusters,
    ecs_container_instances,
    ecs_reads,
    ecs_service_deployments,
    ecs_services,
    ecs_settings,
    ecs_tags,
    ecs_task_definitions,
    ecs_task_protection,
    ecs_tasks,
)
from slipway.api.call import Handler

HANDLERS: Mapping[str, Handler] = {
    **ecs_clusters.HANDLERS,
    **ecs_task_definitions.HANDLERS,
    **ecs_container_instances.HANDLERS,
    **ecs_services.HANDLERS,
    **ecs_tasks.HANDLERS,
    **ecs_task_protection.HANDLERS,
    **ecs_reads.HANDLERS,
    **ecs_service_deployments.HANDLERS,
    **ecs_tags.HANDLERS,
    **ecs_settings.HANDLERS,
}

_HOSTS = "Hosts join by themselves and are container instances of every cluster, always ACTIVE."
_AGENT = "This operation is for ECS agents; Slipway's hosts report to it in the server itself."
_PROVIDERS = "The capacity providers are FARGATE and FARGATE_SPOT, and every host serves both."
_TASK_SETS = "Task sets are for the deployment controllers CODE_DEPLOY and EXTERNAL; use UpdateService to roll."
_DAEMONS = "Managed daemons run on ECS Managed Instances; use a service with schedulingStrategy DAEMON."
_EXPRESS = "Use CreateService with a load balancer of your own."
_GATEWAYS = "Use a load balancer of your own."
_ATTRIBUTES = "Container instances have built-in attributes only; DescribeContainerInstances shows them."

#: Why an operation of the model is refused, one sentence each, where there is a reason to tell.
REFUSED: Mapping[str, str] = {
    **dict.fromkeys(("RegisterContainerInstance", "DeregisterContainerInstance", "UpdateContainerAgent"), _HOSTS),
    "UpdateContainerInstancesState": f"{_HOSTS} Draining them is not served yet.",
    **dict.fromkeys(("DiscoverPollEndpoint", "SubmitTaskStateChange", "SubmitContainerStateChange"), _AGENT),
    "SubmitAttachmentStateChanges": _AGENT,
    **dict.fromkeys(("CreateCapacityProvider", "UpdateCapacityProvider", "DeleteCapacityProvider"), _PROVIDERS),
    "DescribeCapacityProviders": _PROVIDERS,
    **dict.fromkeys(("CreateTaskSet", "UpdateTaskSet", "DeleteTaskSet", "DescribeTaskSets"), _TASK_SETS),
    "UpdateServicePrimaryTaskSet": _TASK_SETS,
    **dict.fromkeys(("CreateDaemon", "UpdateDaemon", "DeleteDaemon", "DescribeDaemon", "ListDaemons"), _DAEMONS),
    **dict.fromkeys(("DescribeDaemonDeployments", "ListDaemonDeployments", "DescribeDaemonRevisions"), _DAEMONS),
    **dict.fromkeys(("RegisterDaemonTaskDefinition", "DescribeDaemonTaskDefinition"), _DAEMONS),
    **dict.fromkeys(("ListDaemonTaskDefinitions", "DeleteDaemonTaskDefinition"), _DAEMONS),
    **dict.fromkeys(("CreateExpressGatewayService", "UpdateExpressGatewayService"), _EXPRESS),
    **dict.fromkeys(("DeleteExpressGatewayService", "DescribeExpressGatewayService"), _EXPRESS),
    **dict.fromkeys(("CreateGateway", "UpdateGateway", "DeleteGateway", "DescribeGateway", "ListGateways"), _GATEWAYS),
    **dict.fromkeys(("AssociateGatewayWithCluster", "DisassociateGatewayFromCluster"), _GATEWAYS),
    **dict.fromkeys(("ListGatewayClusterAssociations", "DescribeGatewayResources"), _GATEWAYS),
    **dict.fromkeys(("DescribeGatewayRoute", "ListGatewayRoutes"), _GATEWAYS),
    **dict.fromkeys(("PutAttributes", "DeleteAttributes", "ListAttributes"), _ATTRIBUTES),
    "ContinueServiceDeployment": "Deployments have no lifecycle hooks that could wait.",
    "StartTask": "Use RunTask, which chooses a host with room.",
    "ExecuteCommand": "Use docker exec on the host: DescribeTasks shows the container's runtimeId.",
    "ListServicesByNamespace": "Slipway has no Cloud Map namespaces; use ListServices.",
}
