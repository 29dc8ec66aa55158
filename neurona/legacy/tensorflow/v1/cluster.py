"""Clusters of `tf.train`: this process is the only task of one."""

from collections.abc import Callable, Mapping
from typing import Any

_WAY = "Neurona trains on several machines with jax.distributed; here one session runs in one process."


class ClusterSpec:
    """The addresses of the tasks of jobs.

    Args:
        cluster: for each job the list of its addresses, or another `ClusterSpec`.
    """

    def __init__(self, cluster: Any) -> None:
        given = cluster.as_dict() if isinstance(cluster, ClusterSpec) else cluster
        self._jobs = {
            job: list(tasks.values()) if isinstance(tasks, Mapping) else list(tasks)
            for job, tasks in dict(given).items()
        }

    @property
    def jobs(self) -> list[str]:
        """The names of the jobs."""
        return sorted(self._jobs)

    def as_dict(self) -> dict[str, list[str]]:
        """The addresses of each job."""
        return {job: list(tasks) for job, tasks in self._jobs.items()}

    def num_tasks(self, job_name: str) -> int:
        """How many tasks a job has."""
        return len(self._jobs[job_name])

    def job_tasks(self, job_name: str) -> list[str]:
        """The addresses of a job's tasks."""
        return list(self._jobs[job_name])

    def task_address(self, job_name: str, task_index: int) -> str:
        """The address of a task."""
        return self._jobs[job_name][task_index]


class Server:
    """The server of a cluster of one task, which is this process: `tf.Session(server.target)` runs in it.

    Args:
        server_or_cluster_def: the cluster.

    Raises:
        NotImplementedError: the cluster has more tasks.
    """

    target = ""

    def __init__(self, server_or_cluster_def: Any, *_: Any, **__: Any) -> None:
        cluster = ClusterSpec(server_or_cluster_def)
        count = sum(cluster.num_tasks(job) for job in cluster.jobs)
        if count > 1:
            raise NotImplementedError(f"tf.train.Server of {count} tasks is not here: {_WAY}")

    @classmethod
    def create_local_server(cls, config: Any = None, start: bool = True) -> "Server":
        """The server of this process alone."""
        return cls({"local": ["localhost"]})

    def start(self) -> None:
        """Nothing: it is there."""

    def join(self) -> None:
        """Nothing: no other task waits for this one."""


def replica_device_setter(*_: Any, **__: Any) -> Callable[[Any], str]:
    """For `tf.device`: where operations would lie in a cluster. XLA runs the program on one device."""
    return lambda operation: ""


def SyncReplicasOptimizer(*_: Any, **__: Any) -> Any:
    """Refuse, with the way to go."""
    raise NotImplementedError(f"tf.train.SyncReplicasOptimizer is not here: {_WAY}")
