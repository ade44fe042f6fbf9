"""The laws of the house: what may import what."""

import re
from pathlib import Path

import pytest

from tools import rooms

MAP = Path(__file__).resolve().parents[1] / "CONTRIBUTING.md"


def test_the_scan_sees_modules_and_lazy_imports():
    found = rooms.imports()
    assert len(found) > 250
    assert "stamps.native.backends" in found["stamps.queries.backend_facts"]
    assert "stamps.run.engine" in found["stamps.run.patch_process"]  # imported inside of a function


def test_imports_of_type_checkers_obey_the_laws_but_make_no_ring():
    tree = rooms.ast.parse("import a\nif TYPE_CHECKING:\n    import b\nelse:\n    import c\n")
    names = [node.names[0].name for node in rooms._statements(tree, True) if isinstance(node, rooms.ast.Import)]
    assert sorted(names) == ["a", "b", "c"]
    names = [node.names[0].name for node in rooms._statements(tree, False) if isinstance(node, rooms.ast.Import)]
    assert names == ["a"]


def test_every_room_has_a_law():
    known = {rooms.room(name) for name in rooms.modules()} - rooms.EVERYWHERE - {"__main__", "simulate"}
    assert known <= rooms.MAY_IMPORT.keys()


def test_modules_do_not_lie_loose():
    assert rooms.loose() == ["_typing", "environment", "errors", "external", "simulate"]


@pytest.mark.parametrize("name", sorted(rooms.imports()))
def test_laws(name):
    broken = [
        f"{name} imports {other}, but {rooms.WHY.get(rooms.room(name), 'this room may not')}"
        for one, other in rooms.broken()
        if one == name
    ]
    assert not broken, "\n".join(broken)


def test_no_rings():
    assert rooms.rings() == []
    assert rooms.module_rings() == []


def test_the_map_says_what_the_laws_say():
    """The table of ``CONTRIBUTING.md`` has a row for each room that there is, with the rooms that it may import."""
    there = {rooms.room(name) for name in rooms.modules()}
    rows = re.findall(r"^\| `(\w+)` \|[^|]*\|([^|]*)\|[^|]*\|$", MAP.read_text(encoding="utf-8"), re.MULTILINE)
    said = {name: set(re.findall(r"`(\w+)`", may)) or may.strip() for name, may in rows}
    laws = {name: "everything" if may is None else (may & there) or "–" for name, may in rooms.MAY_IMPORT.items()}
    assert said == {name: may for name, may in laws.items() if name in there}
