"""The configuration of the function host. It is sent to the host's process as JSON."""

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

SHARED_INSTANCE = "functions"
_UNITS = {"Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "k": 10**3, "M": 10**6, "G": 10**9, "": 1}


class HostedFunction(msgspec.Struct, frozen=True, kw_only=True):
    """One function to run.

    Attributes:
        name: its key in mesh.yaml.
        zip: path of the built archive.
        env: its whole environment.
        service: its Cloud Run name, which is also the first part of its local path.
        invokers: e-mail addresses that may call it.
        timeout_s, concurrency, memory, cpu, max_instances: as in mesh.yaml; memory like `512Mi`.
        target: name of the entry point in main.py.
        instances: number of processes, if functions are isolated; at most `max_instances`.
    """

    name: str
    zip: str
    env: dict[str, str]
    service: str
    invokers: frozenset[str]
    timeout_s: float = 60.0
    concurrency: int = 1
    memory: str = "512Mi"
    cpu: float = 1.0
    target: str = "main"
    max_instances: int = 1
    instances: int = 1

    @property
    def threads(self) -> int:
        """How many requests a process of the function runs at a time: functions-framework 3.10.2 under gunicorn.

        It reads THREADS and otherwise starts four threads for each processor (`functions_framework._http.gunicorn`).
        """
        return min(self.concurrency, int(self.env.get("THREADS", (os.cpu_count() or 1) * 4)))

    @property
    def requests_max(self) -> int:
        """How many requests Cloud Run lets in at a time: concurrency x maximum instances.

        https://cloud.google.com/run/docs/about-instance-autoscaling
        """
        return self.concurrency * self.max_instances

    @property
    def memory_bytes(self) -> int:
        """The memory limit in bytes.

        Raises:
            ValueError: `memory` is not a Kubernetes quantity.
        """
        match = re.fullmatch(r"(\d+)([A-Za-z]*)", self.memory)
        if match is None or match.group(2) not in _UNITS:
            raise ValueError(f"{self.name}: memory {self.memory!r} is not a Kubernetes quantity")
        return int(match.group(1)) * _UNITS[match.group(2)]

    def audiences(self, host_url: str) -> frozenset[str]:
        """The accepted values of a token's `aud`: the local URL and the deterministic run.app URL of this function."""
        local = f"{host_url}/{self.service}"
        number, region = self.env.get("PROJECT_NUMBER"), self.env.get("REGION")
        deployed = {f"https://{self.service}-{number}.{region}.run.app"} if number and region else set()
        return frozenset({local, f"{local}/"} | deployed)


@dataclass(frozen=True)
class Instance:
    """Functions that share a process. Its log is named `name`."""

    name: str
    functions: tuple[HostedFunction, ...]


class HostConfig(msgspec.Struct, frozen=True):
    """The configuration of the host's process.

    Attributes:
        isolate: whether each function has a process of its own; otherwise all share one.
        pending_s: how long a request waits while `requests_max` others are in.
        enforces: whether the policy decides who may call, instead of the functions' `invokers`.
        usage_folder: where the usage log is kept; none if empty.
    """

    functions: list[HostedFunction]
    identity_folder: str
    folder: str
    port: int
    isolate: bool
    pending_s: float
    enforces: bool = False
    usage_folder: str = ""

    def instances(self) -> list[Instance]:
        """The processes to run, each with its functions."""
        if not self.isolate:
            return [Instance(SHARED_INSTANCE, tuple(self.functions))]
        return [Instance(f.service, (f,)) for f in self.functions for _ in range(f.instances)]

    def log(self, service: str) -> Path:
        """The log file of a function (by its service) or of an instance (by its name)."""
        return Path(self.folder) / "logs" / f"{service if self.isolate else SHARED_INSTANCE}.log"


class Ready(msgspec.Struct, frozen=True):
    """What the host's process reports once it is ready: its port and process ids, or the reason why it cannot serve."""

    port: int = 0
    pids: dict[str, int] = {}
    error: str | None = None


def shared_environment(functions: Sequence[HostedFunction]) -> Mapping[str, str]:
    """The variables that are equal for all functions; for one function, its whole environment."""
    first, *others = [environment(function).items() for function in functions]
    return dict(frozenset(first).intersection(*others))


def environment(function: HostedFunction) -> Mapping[str, str]:
    """The variables that a container of this function sees, including those that Cloud Run sets."""
    return function.env | {
        "K_SERVICE": function.service,
        "K_REVISION": f"{function.service}-00001-loc",
        "K_CONFIGURATION": function.service,
        "FUNCTION_TARGET": function.target,
        "FUNCTION_SIGNATURE_TYPE": "http",
    }
