"""The usage of a local cloud: what its servers counted, by cause, with the waits that only Google's cloud has."""

from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

from tipoff.prices import Usage
from tipoff_local.host.model import HostedFunction
from tipoff_local.mesh import Names
from tipoff_local.usage import FOLDER, Used, read_usage

OTHER = "other"


class Causes:
    """Names of causes by what the servers write: ids of workflows, subscriptions, topics, buckets and tables."""

    def __init__(self, names: Names) -> None:
        self._known = {
            **{name: f"topic {key}" for key, name in names.topics.items()},
            **{name: f"bucket {key}" for key, name in names.buckets.items()},
            **{found.name: key for key, found in names.subscriptions.items()},
            **{found.name: key for key, found in names.workflows.items()},
        }

    def of(self, written: str) -> str:
        """The key of a workflow or subscription; for other resources their kind and key; `other` for a person."""
        return self._known.get(written) or (f"table {written}" if "." in written else OTHER)


def counted_usage(names: Names, data: Path, start_s: float, end_s: float) -> dict[str, Usage]:
    """Usage by cause from `start_s` until before `end_s`, from the usage logs in the data folder of a local cloud."""
    return by_cause(names, read_usage(data / FOLDER, start_s, end_s))


def by_cause(names: Names, lines: Iterable[Used]) -> dict[str, Usage]:
    """The sum of the lines by cause. A function waits for each of its statements."""
    causes, total = Causes(names), defaultdict[str, Usage](Usage)
    sizes = function_sizes(names)
    for line in lines:
        used = Usage(**line.amounts)
        vcpu, gib = sizes.get(line.function, (0.0, 0.0))
        cause = causes.of(line.cause)
        total[cause] += used + used.waits(vcpu, gib)
    return dict(total)


def function_sizes(names: Names) -> dict[str, tuple[float, float]]:
    """vCPU and GiB of each function by its key, which labels its jobs. Requests have the name of its service."""
    return {key: (found.declared.cpu, _gib(found.declared.memory)) for key, found in names.functions.items()}


def _gib(memory: str) -> float:
    declared = HostedFunction(name="", zip="", env={}, service="", invokers=frozenset(), memory=memory)
    return declared.memory_bytes / 2**30
