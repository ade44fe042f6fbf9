"""Impossible headers in step 1."""

import re

import numpy as np
import pytest

from helpers import text_project, tiny_stacks
from helpers.gamma_project import HEADER, PAIRS, single_master, write_stack
from helpers.gsar_project import XML
from helpers.gsar_project import write_project as write_gsar
from stamps.errors import InputError
from stamps.frontends import isce
from stamps.legacy.ps_load_info import ps_load_info
from stamps.legacy.ps_load_initial import ps_load_initial
from stamps.legacy.ps_load_initial_gamma import ps_load_initial_gamma
from stamps.legacy.ps_load_initial_gsar import ps_load_initial_gsar
from stamps.legacy.ps_load_initial_isce import ps_load_initial_isce
from stamps.legacy.sb_load_initial_gamma import sb_load_initial_gamma
from stamps.workspace import Workspace


@pytest.fixture
def stack(tmp_path):
    return tiny_stacks.copy_of(tmp_path / "stack")


def put(path, field, value):
    """Give a field of a header another value; None takes the line away."""
    line = "" if value is None else f"{field}:\t{value}\n"
    text, count = re.subn(rf"(?m)^{re.escape(field)}:.*\n", lambda _: line, path.read_text())
    assert count == 1
    path.write_text(text)


@pytest.mark.parametrize("loader", [ps_load_initial_gamma, sb_load_initial_gamma])
@pytest.mark.parametrize(
    ("field", "value"), [("heading", "400"), ("radar_frequency", "5.4"), ("prf", "-500"), ("range_pixel_spacing", "0")]
)
def test_step_1_refuses_impossible_headers(tmp_path, loader, field, value):
    names = single_master() if loader is ps_load_initial_gamma else [f"{a}_{b}" for a, b in PAIRS]
    patch, _ = write_stack(tmp_path / "project", names, header={**HEADER, field: value})
    with pytest.raises(InputError, match=field) as caught:
        loader(patch)
    assert "\n" not in str(caught.value) and not Workspace(patch).exists("ps1")


@pytest.mark.parametrize("across", ["1e9", "0"])
def test_step_1_refuses_impossible_baselines(tmp_path, across):
    patch, _ = write_stack(tmp_path / "project", single_master())
    for path in (tmp_path / "project").glob("*.base"):
        path.write_text(f"initial_baseline(TCN): 3 {across} 0\ninitial_baseline_rate: 0 0 0\n")
    with pytest.raises(InputError, match=r"\.base"):
        ps_load_initial_gamma(patch)


TEXTS = [
    ("heading.1.in", "720"), ("heading.1.in", "nan"), ("lambda.1.in", "5.6"), ("lambda.1.in", "0"), ("lambda.1.in", "-0.056"),
    ("bperp.1.in", "1 2 1e9"), ("bperp.1.in", "0 0 0"), ("bperp.1.in", "1 nan 3"), ("bperp.1.in", "1 2"),
    ("day.1.in", "20180225 20181301 20180120"), ("day.1.in", "20180225 20180225 20180120"), ("master_day.1.in", "20180108"),
]  # fmt: skip


@pytest.mark.parametrize("loader", [ps_load_initial, ps_load_initial_isce])
@pytest.mark.parametrize(("name", "text"), TEXTS)
def test_step_1_refuses_impossible_text_headers(tmp_path, loader, name, text):
    patch, _ = text_project.write_project(tmp_path / "INSAR")
    (tmp_path / "INSAR" / name).write_text(text.replace(" ", "\n") + "\n")
    with pytest.raises(InputError) as caught:
        loader(workdir=patch)
    assert name in str(caught.value) or "day.1.in" in str(caught.value)
    assert not Workspace(patch).exists("ps1")
    if name in ("heading.1.in", "lambda.1.in") and text != "nan":
        with pytest.raises(InputError):
            ps_load_info(tmp_path / "INSAR")


@pytest.mark.parametrize("value", [np.nan, 0.0, 95.0])
def test_step_1_refuses_impossible_angles_and_grids(tmp_path, value):
    patch, _ = text_project.write_project(tmp_path / "INSAR", processor="isce")
    raster = np.full(text_project.SIZE[::-1], value, "<f4")
    path = tmp_path / "INSAR" / "inc_angle.raw"
    raster.tofile(path)
    isce.write_header(f"{path}.xml", *text_project.SIZE, raster.dtype, path.name)
    with pytest.raises(InputError, match=r"inc_angle\.raw"):
        ps_load_initial_isce(workdir=patch)
    for date in text_project.SLAVES:
        path = tmp_path / "INSAR" / f"baselineGRID_{date}"
        np.full((5, 7), 1e9, "<f4").tofile(path)
        isce.write_header(f"{path}.xml", 7, 5, "<f4", path.name)
    with pytest.raises(InputError, match="baselineGRID_"):
        ps_load_initial_isce(workdir=patch)


@pytest.mark.parametrize(
    ("old", "new"), [("-166.6", "1666"), ("5.4e9", "5.4"), ("{}", "1e9"), ("{}", "0"), ("{}", "nan"), ("5.4e9", "")]
)
def test_step_1_refuses_impossible_xml(tmp_path, old, new):
    patch, _ = write_gsar(tmp_path / "project", xml=XML.replace(old, new))
    with pytest.raises(InputError, match="xml"):
        ps_load_initial_gsar(patch)


def test_command_refuses_an_impossible_heading_in_one_sentence(sandbox):
    stack = sandbox.stack()
    put(stack / "rslc" / "20180426.rslc.par", "heading", "1234.5 degrees")
    sandbox.prepare(stack).refuses("20180426.rslc.par", "1234.5", "heading")
