"""Derive the schema of the google provider from its CDK bindings, for the resources and data sources Tipoff uses.

The google provider is published as a binary on a registry that CI cannot reach, and no dump of its schema is
published anywhere. Its field names, types and required/optional/computed flags are all inside the generated
CDK bindings on PyPI (`cdktn-provider-google`, MPL-2.0), which this script reads without installing them:

    python tools/terraform/extract_schema.py [--wheel PATH]        # rewrites google_schema.json

What the bindings have lost (enums, ranges, conflicts, defaults) is tested on the plan instead; see docs/terraform.md.
"""

from __future__ import annotations

import argparse
import importlib.util
import io
import json
import re
import subprocess
import sys
import tarfile
import tempfile
import venv
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PACKAGE = "cdktn-provider-google"
PACKAGE_VERSION = "21.1.0"
OUTPUT = Path(__file__).with_name("google_schema.json")
RESOURCES = Path(__file__).with_name("resources.txt")

_FLAGS = re.compile(r"// (\w+) - computed: (true|false), optional: (true|false), required: (true|false)\n")
_GETTER = re.compile(r"return (?:cdktn\.Fn\.to(?P<set>list)\()?this\.get(?P<kind>\w+)Attribute\('\w+'\)")
_COMPLEX = re.compile(r"_\w+ = new (?P<cls>[\w.]+)\(this, \"\w+\"(?:, (?P<flag>true|false))?\)")
_HCL = re.compile(
    r"^ +(\w+): \{\n\s+value: .*\n\s+isBlock: (true|false),\n\s+type: \"(\w+)\",\n\s+storageClassType: \"(\w+)\"", re.M
)
_CLASS = re.compile(r"^class (\w+) extends cdktn\.(\w+) \{", re.M)

# What the CDK calls a value, as Terraform writes its type.
_SCALARS: dict[str, Any] = {
    "String": "string",
    "Number": "number",
    "Boolean": "bool",
    "List": ["list", "string"],
    "NumberList": ["list", "number"],
    "StringMap": ["map", "string"],
    "NumberMap": ["map", "number"],
    "BooleanMap": ["map", "bool"],
}
_MAPS: dict[str, Any] = {
    "cdktn.StringMap": ["map", "string"],
    "cdktn.NumberMap": ["map", "number"],
    "cdktn.BooleanMap": ["map", "bool"],
    "cdktn.StringMapList": ["list", ["map", "string"]],
}


class Unreadable(Exception):
    """The bindings have a field that this script cannot read. It writes no schema then."""


@dataclass(frozen=True)
class Field:
    """A field of a class: its flags, and its scalar type or the class of its content."""

    name: str
    computed: bool
    optional: bool
    required: bool
    type: Any
    cls: str | None
    is_set: bool


@dataclass(frozen=True)
class Source:
    """One `index.js`: its classes, and the whole text with the converters of nested structs between them."""

    classes: dict[str, str]
    text: str

    @classmethod
    def of(cls, text: str) -> Source:
        """Split the text at its class headers."""
        heads = list(_CLASS.finditer(text))
        ends = [head.start() for head in heads[1:]] + [len(text)]
        bodies = {head.group(1): text[head.end() : end] for head, end in zip(heads, ends, strict=True)}
        return cls(bodies, text)

    def nesting(self, cls_name: str) -> dict[str, tuple[bool, str]]:
        """For each configurable field of a class or struct: whether it is a block, and its collection."""
        found = _HCL.findall(self._hcl(cls_name))
        return {name: (block == "true", kind) for name, block, kind, _ in found}

    def _hcl(self, cls_name: str) -> str:
        body = self.classes[cls_name]
        if "synthesizeHclAttributes() {" in body:
            return body.split("synthesizeHclAttributes() {", 1)[1]
        struct = cls_name.removesuffix("OutputReference")
        start = f"function {struct[0].lower()}{struct[1:]}ToHclTerraform(struct) {{"
        if start not in self.text:
            return ""  # a struct that is only ever read
        return self.text.split(start, 1)[1].split("\nfunction ", 1)[0]


def fields(body: str) -> list[Field]:
    """Read the fields of one class from the comments and getters the generator writes for each."""
    parts = _FLAGS.split(body)
    rows = zip(*[iter(parts[1:])] * 5, strict=True)
    return [_field(name, c == "true", o == "true", r == "true", text) for name, c, o, r, text in rows]


def _field(name: str, computed: bool, optional: bool, required: bool, text: str) -> Field:
    complex_ = _COMPLEX.search(text)
    if complex_ and complex_["cls"] in _MAPS:
        return Field(name, computed, optional, required, _MAPS[complex_["cls"]], None, False)
    if complex_:
        return Field(name, computed, optional, required, None, complex_["cls"], complex_["flag"] == "true")
    getter = _GETTER.search(text)
    if not getter or getter["kind"] not in _SCALARS:
        raise Unreadable(f"{name}: {text[:200]!r}")
    kind = _SCALARS[getter["kind"]]
    return Field(name, computed, optional, required, ["set", kind[1]] if getter["set"] else kind, None, False)


def block(source: Source, cls_name: str) -> dict[str, Any]:
    """Build the schema of one block, in the shape of `terraform providers schema -json` (without descriptions)."""
    nesting = source.nesting(cls_name)
    attributes: dict[str, Any] = {}
    block_types: dict[str, Any] = {}
    for field in fields(source.classes[cls_name]):
        is_block, kind = nesting.get(field.name, (False, ""))
        if is_block:
            block_types[field.name] = _nested(source, field, kind)
        else:
            attributes[field.name] = {"type": _type(source, field), **_flags(field)}
    return {key: value for key, value in (("attributes", attributes), ("block_types", block_types)) if value}


def _flags(field: Field) -> dict[str, bool]:
    given = (("required", field.required), ("optional", field.optional), ("computed", field.computed))
    return {name: True for name, set_ in given if set_}


def _inner(field: Field) -> tuple[str, bool]:
    """The class of one element, and whether the field holds a single one (the bindings then have no List class)."""
    name = str(field.cls)
    if name.endswith("OutputReference"):
        return name, True
    return name.removesuffix("List").removesuffix("Map") + "OutputReference", False


def _nested(source: Source, field: Field, kind: str) -> dict[str, Any]:
    inner, single = _inner(field)
    mode = "single" if kind == "struct" else "set" if field.is_set else "list"
    schema: dict[str, Any] = {"nesting_mode": mode, "block": block(source, inner)}
    if mode != "single":
        schema |= {"min_items": 1} if field.required else {}
        schema |= {"max_items": 1} if single else {}
    return schema


def _type(source: Source, field: Field) -> Any:
    """The type of a field that is no block: a scalar, or a collection of objects (what is only computed)."""
    if field.cls is None:
        return field.type
    inner, _ = _inner(field)
    members = {f.name: _type(source, f) for f in fields(source.classes[inner])}
    return ["set" if field.is_set else "list", ["object", members]]


def bindings(wheel: Path) -> dict[str, str]:
    """Read every `lib/<folder>/index.js` of the wheel's inner tarball, by folder name."""
    with zipfile.ZipFile(wheel) as outer:
        inner = next(name for name in outer.namelist() if name.endswith(".jsii.tgz"))
        with tarfile.open(fileobj=io.BytesIO(outer.read(inner))) as tar:
            wanted = {f"package/lib/{folder(name)}/index.js" for name in names()} | {"package/lib/provider/index.js"}
            members = [m for m in tar if m.name in wanted]
            return {m.name.split("/")[2]: tar.extractfile(m).read().decode() for m in members}  # type: ignore[union-attr]


def folder(name: str) -> str:
    """The folder of the bindings of a resource. Those of data sources have the prefix `data-`."""
    kind, _, stem = name.rpartition("google_")
    return {"": "", "data.": "data-google-"}[kind] + stem.replace("_", "-")


def names() -> list[str]:
    """What Tipoff's modules may use, one per line in resources.txt. A data source has the prefix `data.`."""
    return [line for line in RESOURCES.read_text().split("\n") if line and not line.startswith("#")]


def main_class(text: str, marker: str) -> str:
    """The class of the resource or data source itself, not of its nested structs."""
    return next(m.group(1) for m in _CLASS.finditer(text) if m.group(2) == marker)


def document(wheel: Path) -> dict[str, Any]:
    """The whole schema document; every resource must be there and state the same provider version."""
    texts = bindings(wheel)
    versions = {v for t in texts.values() for v in re.findall(r"providerVersion: '([\d.]+)'", t)}
    if len(versions) != 1:
        raise Unreadable(f"provider versions: {versions}")
    schemas: dict[str, Any] = {}
    for name in names():
        text, marker = texts[folder(name)], "TerraformDataSource" if name.startswith("data.") else "TerraformResource"
        schemas[name] = {"version": 0, "block": block(Source.of(text), main_class(text, marker))}
    return {
        "origin": f"derived by tools/terraform/extract_schema.py from PyPI {PACKAGE} {PACKAGE_VERSION} (MPL-2.0); "
        "names, types and flags only",
        "provider": "hashicorp/google",
        "provider_version": versions.pop(),
        "provider_schema": {"version": 0, "block": provider_block(texts["provider"])},
        "resource_schemas": {name: spec for name, spec in schemas.items() if not name.startswith("data.")},
        "data_source_schemas": {name[5:]: spec for name, spec in schemas.items() if name.startswith("data.")},
    }


def provider_block(text: str) -> dict[str, Any]:
    """The arguments of the provider, all optional, without its two blocks (batching, external credentials)."""
    storage = {"string": "string", "boolean": "bool", "stringList": ["list", "string"], "stringMap": ["map", "string"]}
    found = _HCL.findall(text.split("synthesizeHclAttributes() {", 1)[1])
    return {"attributes": {n: {"type": storage[cls], "optional": True} for n, b, _, cls in found if b == "false"}}


def download(folder: Path) -> Path:
    """Fetch the wheel without its dependencies (jsii, node), which are not needed to read it."""
    python = sys.executable
    if importlib.util.find_spec("pip") is None:
        venv.create(folder / "venv", with_pip=True)
        python = str(folder / "venv" / "bin" / "python")
    command = [python, "-m", "pip", "download", "-q", "--no-deps", f"{PACKAGE}=={PACKAGE_VERSION}", "-d", str(folder)]
    subprocess.run(command, check=True)
    return next(folder.glob("*.whl"))


def main() -> None:
    """Write google_schema.json beside this file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--wheel", type=Path, help=f"a downloaded wheel of {PACKAGE} {PACKAGE_VERSION}")
    wheel = parser.parse_args().wheel
    with tempfile.TemporaryDirectory() as folder:
        schema = document(wheel or download(Path(folder)))
    OUTPUT.write_text(json.dumps(schema, indent=None, separators=(",", ":"), sort_keys=True) + "\n")
    sys.stdout.write(
        f"{len(schema['resource_schemas'])} resources of google {schema['provider_version']} -> {OUTPUT}\n"
    )


if __name__ == "__main__":
    main()
