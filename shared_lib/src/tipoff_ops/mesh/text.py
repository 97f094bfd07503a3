"""The mesh as a tree for a terminal."""

from collections.abc import Iterable

from tipoff_local.mesh import Function, Mesh


def text(page: Mesh) -> str:
    """The schedules, the workflows and each function: what starts it, what it reads, writes, publishes and starts."""
    blocks = [_text_block(page, key, function) for key, function in page.functions.items()]
    schedules = [
        f"{s.cron:<40} -> " + (f"workflow {s.workflow}" if s.workflow else f"function {s.function} {s.path}")
        for s in page.schedules.values()
    ]
    workflows = [
        f"{key:<12} -> {', '.join(workflow.calls)}" + (f" | runs {', '.join(workflow.runs)}" if workflow.runs else "")
        for key, workflow in page.workflows.items()
    ]
    return (
        "\n".join(["schedules", *_indented(schedules), "workflows", *_indented(workflows), "functions", *blocks]) + "\n"
    )


def _indented(lines: Iterable[str]) -> list[str]:
    return [f"  {line}" for line in lines]


def _text_block(page: Mesh, key: str, function: Function) -> str:
    may = function.may
    rows = {
        "started by": starters(page, key),
        "reads": [*may.read_buckets, *may.read_datasets],
        "writes": [*may.write_buckets, *may.write_datasets],
        "publishes": may.publish,
        "starts": may.start_workflows,
    }
    shown = [f"      {title:<11}{', '.join(names)}" for title, names in rows.items() if names]
    return "\n".join([f"  [{key}] {function.service} ({function.ingress})", *shown])


def starters(page: Mesh, function: str) -> list[str]:
    """What starts a function: topics that push to it, workflows that call it, and people where its ingress is `all`."""
    pushed = [f"topic {s.topic}" for s in page.subscriptions.values() if s.function == function]
    called = [f"workflow {key}" for key, workflow in page.workflows.items() if function in workflow.calls]
    return pushed + called + (["people"] if page.functions[function].ingress == "all" else [])
