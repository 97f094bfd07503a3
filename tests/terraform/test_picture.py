"""The picture of the mesh joins only what it shows, and the terminal shows every function."""

import re

import gate
from rules import Case
from toolbox import REPOSITORY

from tipoff_local import mesh
from tipoff_ops.mesh.picture import picture
from tipoff_ops.mesh.text import text

PAGE = mesh.load(REPOSITORY / "terraform" / "mesh.yaml")


def test_the_picture_joins_only_what_it_draws() -> None:
    drawn = picture(PAGE)
    nodes = set(re.findall(r"(\w+)[^\s\w]+[^:]*:::", drawn))
    arrows = re.findall(r"^  (\w+) (?:-->|-\.->|==>|---|-- [a-z ]+ -->) ([\w &]+)$", drawn, re.M)
    ends = {end for start, group in arrows for end in (start, *group.split(" & "))}
    assert ends <= nodes
    assert {f"function_{key}" for key in PAGE.functions} <= ends


def test_the_terminal_shows_every_function_and_what_starts_it() -> None:
    shown = text(PAGE)
    assert all(f"[{key}] {function.service}" in shown for key, function in PAGE.functions.items())
    assert "started by topic landing-objects" in re.sub(" +", " ", shown)


def test_a_plan_prints_as_a_tree(cases: dict[str, Case]) -> None:
    tree = gate.tree(cases["dev"].plan)
    assert "dev: " in tree
    assert "+- pubsub_topic (8)" in tree
    assert "|  +- this[raw-ready]" in tree
