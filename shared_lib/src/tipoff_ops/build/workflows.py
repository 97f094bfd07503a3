"""Composes `dist/workflows`: each workflow joined with the subworkflows of `workflows/lib` that it calls."""

import re
from collections.abc import Mapping

from tipoff_ops.build.folders import write_folder
from tipoff_ops.build.project import Project

_HEADER = "# Composed by tipoff_ops.build.workflows (make build) from workflows/{name} and workflows/lib.\n#\n"
# A call without a dot in its name calls a subworkflow; others call the standard library or a connector.
_CALL = re.compile(r"^ *(?:- )?call: (\w+)$", re.MULTILINE)
_SUBWORKFLOW = re.compile(r"^(\w+):", re.MULTILINE)


def write_workflows(project: Project) -> None:
    """Bring `dist/workflows` up to date: one complete file for each workflow."""
    folder = project.root / "workflows"
    library = {path.stem: path.read_text("utf-8") for path in sorted((folder / "lib").glob("*.yaml"))}
    sources = {path.name: path.read_text("utf-8") for path in sorted(folder.glob("*.yaml"))}
    composed = {name: _HEADER.format(name=name) + compose_workflow(text, library) for name, text in sources.items()}
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
