"""Who may import whom (DESIGN section 2): functions -> steps -> runtime -> cloud -> tables -> core, and never up."""

import pytest

from tests.contract.house import Module, mains, modules

FLOORS = ("core", "tables", "cloud", "runtime", "steps")
PURE_FORBIDDEN = {"os", "time", "random", "requests", "socket", "subprocess", "google", "flask", "urllib.request"}


def room(name: str) -> str:
    """`core` of `tipoff.core.odds`; the package itself outside tipoff."""
    parts = name.split(".")
    return parts[1] if parts[0] == "tipoff" and len(parts) > 1 else parts[0]


def ours(module: Module) -> set[str]:
    return {name for name in module.imports if name.split(".")[0].startswith("tipoff")}


@pytest.mark.parametrize("module", [m for m in modules() if m.name.startswith("tipoff.")], ids=lambda m: m.name)
def test_a_room_imports_only_floors_below(module: Module) -> None:
    mine = room(module.name)
    for name in ours(module):
        theirs = room(name)
        if theirs == mine or name == "tipoff":
            continue
        if mine == "forecast":
            assert theirs == "core", f"{module.name} imports {name}"
        elif theirs == "forecast":
            assert mine == "steps", f"{module.name} imports {name}"
        else:
            assert theirs in FLOORS, f"{module.name} imports {name}"
            assert FLOORS.index(theirs) < FLOORS.index(mine), f"{module.name} climbs to {name}"


@pytest.mark.parametrize("module", modules(), ids=lambda m: m.name)
def test_only_cloud_imports_google(module: Module) -> None:
    if module.name.startswith("tipoff.") and room(module.name) != "cloud":
        assert not {name for name in module.imports if name.split(".")[0] == "google"}


@pytest.mark.parametrize("module", [m for m in modules() if room(m.name) in ("core", "forecast")], ids=lambda m: m.name)
def test_core_and_forecast_are_pure(module: Module) -> None:
    found = {name for name in module.imports if name in PURE_FORBIDDEN or name.split(".")[0] in PURE_FORBIDDEN}
    assert not found


@pytest.mark.parametrize("module", [m for m in modules() if not m.name.startswith("tipoff.")], ids=lambda m: m.name)
def test_the_local_cloud_and_the_simulator_know_their_place(module: Module) -> None:
    package = module.name.split(".")[0]
    allowed = {
        "tipoff_local": {"tipoff_local"},
        "tipoff_sim": {"tipoff_sim", "tipoff"},
        "tipoff_ops": {"tipoff_ops", "tipoff", "tipoff_local", "tipoff_sim"},
        "tipoff": {"tipoff"},
    }[package]
    assert {name.split(".")[0] for name in ours(module)} <= allowed
    if package == "tipoff_sim":
        assert {room(name) for name in ours(module) if name.startswith("tipoff.")} <= {"core"}


def test_there_are_no_circles() -> None:
    known = {module.name: module for module in modules()}
    done: set[str] = set()

    def visit(name: str, path: tuple[str, ...]) -> None:
        assert name not in path, f"a circle: {' -> '.join((*path, name))}"
        if name in done:
            return
        own_package = {".".join(name.split(".")[:n]) for n in range(1, len(name.split(".")))}
        for imported in sorted(known[name].imports & known.keys() - own_package):
            if imported != name and not imported.startswith(f"{name}."):
                visit(imported, (*path, name))
        done.add(name)

    for name in known:
        visit(name, ())


@pytest.mark.parametrize("module", mains(), ids=lambda m: m.name)
def test_a_function_imports_the_framework_and_tipoff(module: Module) -> None:
    assert {name.split(".")[0] for name in module.imports} <= {"functions_framework", "flask", "tipoff"}
