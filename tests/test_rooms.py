"""The laws of the house: what may import what."""

import pytest
import rooms


def test_the_scan_sees_modules_and_lazy_imports():
    found = rooms.imports()
    assert len(found) > 250
    assert "stamps.native.backends" in found["stamps.queries.backend_facts"]
    assert "stamps.run.engine" in found["stamps.run.patch_process"]  # imported inside of a function


def test_every_room_has_a_law():
    known = {rooms.room(name) for name in rooms.modules()} - {"stamps", "__main__", "errors", "simulate"}
    assert known <= rooms.MAY_IMPORT.keys()


def test_modules_do_not_lie_loose():
    assert rooms.loose() == ["errors", "external", "simulate"]


@pytest.mark.parametrize("name", sorted(rooms.imports()))
def test_laws(name):
    broken = [f"{name} imports {other}, but {rooms.WHY.get(rooms.room(name), 'this room may not')}"
              for one, other in rooms.broken() if one == name]  # fmt: skip
    assert not broken, "\n".join(broken)


def test_no_rings():
    assert rooms.rings() == []
    assert rooms.module_rings() == []
