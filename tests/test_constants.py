"""Numbers that several files share: their values, their classes, and that each stands once."""

import ast

import numpy as np
import pytest

from stamps.insar import constants
from stamps.insar.look_angle import largest_look_angle_error
from tools.rooms import modules

ONCE = (
    "SPEED_OF_LIGHT", "DAYS_PER_YEAR", "WGS84_SEMI_MAJOR", "WGS84_SEMI_MINOR", "WGS84_SECOND_ECCENTRICITY",
    "MEAN_EARTH_RADIUS_KM", "SLANT_RANGE",
)  # fmt: skip


def test_values_are_python_numbers():
    numbers = [getattr(constants, name) for name in constants.__all__ if name != "LOW_COHERENCE_BINS"]
    assert {type(number) for number in numbers} == {float}
    assert constants.DEFAULT_INCIDENCE == np.radians(21)
    a, b = constants.WGS84_SEMI_MAJOR, constants.WGS84_SEMI_MINOR
    assert constants.WGS84_SECOND_ECCENTRICITY == pytest.approx(np.sqrt((a / b) ** 2 - 1), rel=1e-10)
    assert constants.LOW_COHERENCE_BINS == {True: 15, False: 31}


def test_no_other_module_writes_them_out():
    values = {getattr(constants, name) for name in ONCE}
    found = {
        (module, node.value)
        for module, path in modules().items()
        if module != constants.__name__
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and type(node.value) in (int, float) and node.value in values
    }
    assert not found


def test_largest_look_angle_error():
    assert largest_look_angle_error(20, 0.0555, np.radians(30)) == pytest.approx(
        20 * 4 * np.pi / (0.0555 * 830e3 * 0.5)
    )
