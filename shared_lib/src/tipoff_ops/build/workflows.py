"""Composes `dist/workflows`: each workflow joined with the subworkflows of `workflows/lib` that it calls.

A workflow that collects sources first gets its list of them from what the sources state (`Collection.stages`).
"""

import re
from collections import defaultdict
from collections.abc import Mapping

from tipoff.core.collect.collection import Collection
from tipoff.sources import COLLECTIONS
from tipoff_ops.build.folders import write_folder
from tipoff_ops.build.project import Project

_HEADER = "# Composed by tipoff_ops.build.workflows (make build) from workflows/{name} and workflows/lib.\n#\n"
# A call without a dot in its name calls a subworkflow; others call the standard library or a connector.
_CALL = re.compile(r"^ *(?:- )?call: (\w+)$", re.MULTILINE)
_SUBWORKFLOW = re.compile(r"^(\w+):", re.MULTILINE)
_STAGES = re.compile(r"^( *)stages: \[\]  # make build: [^\n]*$", re.MULTILINE)


def write_workflows(project: Project) -> None:
    """Bring `dist/workflows` up to date: one complete file for each workflow."""
    folder = project.root / "workflows"
    library = {path.stem: path.read_text("utf-8") for path in sorted((folder / "lib").glob("*.yaml"))}
    sources = {path.name: path.read_text("utf-8") for path in sorted(folder.glob("*.yaml"))}
    composed = {
        name: _HEADER.format(name=name)
        + compose_workflow(compose_stages(name.removesuffix(".yaml"), text, COLLECTIONS), library)
        for name, text in sources.items()
    }
    write_folder(project.dist / "workflows", {name: text.encode() for name, text in composed.items()})


def compose_workflow(text: str, library: Mapping[str, str]) -> str:
    """A complete workflow: `text`, then each subworkflow of the library that it calls, in the order of the first calls.

    Raises:
        ValueError: `text` calls a subworkflow that neither it nor the library defines.
    """
    parts, own = [text], set(_SUBWORKFLOW.findall(text))
    for part in parts:  # Grows while subworkflows call others.
        for name in dict.fromkeys(_CALL.findall(part)):
            if name in own:
                continue
            if name not in library:
                raise ValueError(f"no subworkflow is called {name}")
            parts.append(library[name])
            own.add(name)
    return "\n".join(parts)


def compose_stages(workflow: str, text: str, collections: Mapping[str, Collection]) -> str:
    """The text with the stages of the workflow in place of its empty list, where it has one.

    Raises:
        ValueError: two sources of one stage have the same host.
    """
    stages: defaultdict[int, dict[str, str]] = defaultdict(dict)
    for name, collection in collections.items():
        stage = collection.stages.get(workflow)
        if stage is None:
            continue
        if collection.host.name in stages[stage.number]:
            raise ValueError(f"stage {stage.number} of {workflow} asks {collection.host.name} twice")
        stages[stage.number][collection.host.name] = _stage_entry(name, collection, stage.max_age_minutes)
    lists = ["- " + "\n  ".join(f"- {entry}" for entry in stages[number].values()) for number in sorted(stages)]
    return _STAGES.sub(lambda found: _indented("stages:", lists, found.group(1)), text)


def _stage_entry(name: str, collection: Collection, max_age_minutes: int) -> str:
    parts = [f"source: {name}", f"required: {str(collection.is_required).lower()}"]
    if max_age_minutes:
        parts.append(f"max_age_minutes: {max_age_minutes}")
    if collection.fallbacks:
        parts.append(f"fallbacks: [{', '.join(collection.fallbacks)}]")
    return f"{{{', '.join(parts)}}}"


def _indented(first: str, items: list[str], indent: str) -> str:
    lines = [line for item in items for line in item.splitlines()]
    return "\n".join([f"{indent}{first}", *(f"{indent}  {line}" for line in lines)])
