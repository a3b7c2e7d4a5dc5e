"""Amazon resource names, in the long formats (ECS Developer Guide, account settings; ELBv2 API examples)."""

from dataclasses import dataclass

from slipway.core.ids import stable_hex


@dataclass(frozen=True, slots=True, kw_only=True)
class Arns:
    """Builds ARNs for one account and region."""

    account: str
    region: str

    def _ecs(self, resource: str) -> str:
        return f"arn:aws:ecs:{self.region}:{self.account}:{resource}"

    def _elb(self, resource: str) -> str:
        return f"arn:aws:elasticloadbalancing:{self.region}:{self.account}:{resource}"

    def cluster(self, name: str) -> str:
        """`cluster/<name>`"""
        return self._ecs(f"cluster/{name}")

    def service(self, cluster: str, name: str) -> str:
        """`service/<cluster>/<name>`"""
        return self._ecs(f"service/{cluster}/{name}")

    def task(self, cluster: str, task_id: str) -> str:
        """`task/<cluster>/<32 hex>`"""
        return self._ecs(f"task/{cluster}/{task_id}")

    def container(self, cluster: str, task_id: str, container_id: str) -> str:
        """`container/<cluster>/<task>/<uuid>`"""
        return self._ecs(f"container/{cluster}/{task_id}/{container_id}")

    def task_definition(self, family: str, revision: int) -> str:
        """`task-definition/<family>:<revision>`"""
        return self._ecs(f"task-definition/{family}:{revision}")

    def container_instance(self, cluster: str, host_id: str) -> str:
        """`container-instance/<cluster>/<32 hex>`: every host is one in every cluster, the id derived from both."""
        return self._ecs(f"container-instance/{cluster}/{stable_hex(host_id, cluster)}")

    def service_deployment(self, cluster: str, service: str, deployment: str) -> str:
        """`service-deployment/<cluster>/<service>/<21 characters>`"""
        return self._ecs(f"service-deployment/{cluster}/{service}/{deployment}")

    def service_revision(self, cluster: str, service: str, number: str) -> str:
        """`service-revision/<cluster>/<service>/<digits>`"""
        return self._ecs(f"service-revision/{cluster}/{service}/{number}")

    def load_balancer(self, name: str, load_balancer_id: str) -> str:
        """`loadbalancer/app/<name>/<16 hex>`"""
        return self._elb(f"loadbalancer/app/{name}/{load_balancer_id}")

    def listener(self, load_balancer_arn: str, listener_id: str) -> str:
        """`listener/app/<name>/<load balancer>/<16 hex>`"""
        return f"{load_balancer_arn.replace(':loadbalancer/', ':listener/', 1)}/{listener_id}"

    def target_group(self, name: str, group_id: str) -> str:
        """`targetgroup/<name>/<16 hex>`"""
        return self._elb(f"targetgroup/{name}/{group_id}")

    def alarm(self, name: str) -> str:
        """`alarm:<name>`"""
        return f"arn:aws:cloudwatch:{self.region}:{self.account}:alarm:{name}"


def resource_name(arn_or_name: str) -> str:
    """The last part of an ARN's resource (`cluster/web` gives `web`), or the name itself."""
    return arn_or_name.rpartition("/")[2]


def cluster_name(arn: str) -> str:
    """The cluster's name in the ARN of a cluster, service, task or container instance."""
    return arn.split("/")[1]


def deployment_id_of(revision_arn: str) -> str:
    """The id of the deployment that brings a revision: both have the same number, which Terraform relies on."""
    return f"ecs-svc/{resource_name(revision_arn)}"
