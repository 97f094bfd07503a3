"""docs/mesh.md shows the mesh that is, and the picture shows all of it that it promises to."""

import re

import gate
from rules import Case
from toolbox import REPOSITORY

from tipoff import tables
from tipoff_local import mesh
from tipoff_ops import mesh_picture

PAGE = mesh.load(REPOSITORY / "terraform" / "mesh.yaml")


def test_the_page_is_fresh() -> None:
    """Otherwise: python -m tipoff_ops.mesh_picture"""
    committed = (REPOSITORY / mesh_picture.PAGE).read_text("utf-8")
    assert committed == mesh_picture.document(PAGE, tables.all_tables())


def test_the_readme_shows_the_mesh_that_is() -> None:
    """Otherwise: python -m tipoff_ops.mesh_picture"""
    readme = (REPOSITORY / mesh_picture.README).read_text("utf-8")
    assert readme == mesh_picture.redrawn(readme, PAGE)


def test_the_picture_joins_only_what_it_draws() -> None:
    drawn = mesh_picture.picture(PAGE)
    nodes = set(re.findall(r"(\w+)[^\s\w]+[^:]*:::", drawn))
    arrows = re.findall(r"^  (\w+) (?:-->|-\.->|==>|---|-- [a-z ]+ -->) ([\w &]+)$", drawn, re.M)
    ends = {end for start, group in arrows for end in (start, *group.split(" & "))}
    assert ends <= nodes
    assert {f"function_{key}" for key in PAGE.functions} <= ends


def test_the_terminal_shows_every_function_and_what_starts_it() -> None:
    shown = mesh_picture.text(PAGE)
    assert all(f"[{key}] {function.service}" in shown for key, function in PAGE.functions.items())
    assert "started by topic landing-objects" in re.sub(" +", " ", shown)


def test_a_plan_prints_as_a_tree(cases: dict[str, Case]) -> None:
    tree = gate.tree(cases["dev"].plan)
    assert "dev: " in tree
    assert "+- pubsub_topic (8)" in tree
    assert "|  +- this[raw-ready]" in tree
