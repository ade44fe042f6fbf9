"""``patch_search``: patches by height, by box, and before step 1 by their limits; step 5.5 of the driver."""

import numpy as np
import pytest

from stamps.errors import InputError, ParameterError
from stamps.legacy.patch_search import patch_search
from stamps.run.plan import plan_run
from stamps.workspace import Workspace


@pytest.fixture
def ws(tmp_path):
    """Four patches: land, sea, a box apart, one without pixels."""
    ws = Workspace(tmp_path / "INSAR")
    for number, (height, lon) in enumerate([(100, 14.0), (-1, 14.0), (200, 15.0)], 1):
        patch = ws / f"PATCH_{number}"
        patch.path.mkdir(parents=True)
        patch.save("hgt1", {"hgt": np.array([0.0, height, 0])})
        patch.save("ps1", {"lonlat": np.array([[lon, 40.0], [lon + 0.1, 40.1], [lon + 0.2, 40.2]]), "n_ps": 3})
    (ws.path / "PATCH_4").mkdir()
    return ws


def listed(ws, name):
    return ws.read_text(name).split()


def test_heights_and_box(ws):
    found = patch_search(hgt_threshold=50, bbox_SNWE=[39.9, 40.15, 13.9, 14.5], workdir=ws)
    assert found == (["PATCH_1"], ["PATCH_4"], ["PATCH_2"], ["PATCH_3"])
    assert listed(ws, "patch_new.list") == ["PATCH_1"] and listed(ws, "patch_fail.list") == ["PATCH_4"]
    assert listed(ws, "patch_reject_region.list") == ["PATCH_2"]  # names, no commands
    assert patch_search(workdir=ws).new == ["PATCH_1", "PATCH_2", "PATCH_3"]
    one_pixel = [39.9, 40.05, 13.9, 14.5]
    assert patch_search(bbox_SNWE=one_pixel, workdir=ws).new == []
    ws.write_text("some.list", "PATCH_3\n")
    assert patch_search("some.list", workdir=ws).new == ["PATCH_3"]


def test_before_step_1(ws):
    for number, limits in enumerate([(1, 5, 1, 4), (6, 10, 1, 4), (1, 5, 5, 8)], 1):
        (ws.path / f"PATCH_{number}" / "patch_noover.in").write_text("".join(f"{n}\n" for n in limits))
    lat, lon = np.mgrid[0:8, 0:10] * 0.1
    lon[0, 0] = -14  # 0 is missing
    for name, values in (("lon", 14 + lon), ("lat", 40 - lat)):
        values.astype(np.float32).tofile(ws.path.parent / f"{name}.raw")
    ws.write_text("width.txt", "10\n")
    ws.write_text("len.txt", "8\n")
    found = patch_search(hgt_threshold="raw", bbox_SNWE=[39.65, 40.1, 13.9, 14.45], workdir=ws)
    assert found == (["PATCH_1"], ["PATCH_4"], [], ["PATCH_2", "PATCH_3"])
    assert patch_search(hgt_threshold="raw", workdir=ws).new == ["PATCH_1", "PATCH_2", "PATCH_3"]
    ws.write_text("len.txt", "9\n")
    with pytest.raises(InputError, match="10 x 9 pixels"):
        patch_search(hgt_threshold="raw", workdir=ws)


def test_what_cannot_be_right(ws, tmp_path):
    for box in ([1, 2, 3], [41, 40, 13, 14], [40, np.nan, 13, 14]):
        with pytest.raises(ParameterError, match="south, north, west and east"):
            patch_search(bbox_SNWE=box, workdir=ws)
    with pytest.raises(ParameterError, match="nan"):
        patch_search(hgt_threshold=np.nan, workdir=ws)
    with pytest.raises(InputError, match="lon.raw was found neither"):
        patch_search(hgt_threshold="raw", workdir=ws)
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="no patches"):
        patch_search(workdir=tmp_path / "empty")


class TestStepFiveAndAHalf:
    def test_merging_alone(self, ws):
        run = plan_run(ws, 5.5, 5.5)
        assert run == plan_run(ws, 5, 5, part_limitation=2)
        assert (run.start, run.end, run.in_patches, run.in_project, len(run.patches)) == (5, 5, False, True, 4)
        assert plan_run(ws, "5.5", 8) == plan_run(ws, 5, 8, part_limitation=2)
        assert plan_run(ws, 1, 5.5) == plan_run(ws, 1, 5)

    @pytest.mark.parametrize("steps", [(1.5, 8), (5.4, 5.5), (1, 7.5)])
    def test_other_parts_of_steps(self, ws, steps):
        with pytest.raises(InputError, match=r"does not exist: give numbers from 1 to 8"):
            plan_run(ws, *steps)

    def test_patches_alone_is_the_other_part(self, ws):
        with pytest.raises(InputError, match="leaves out"):
            plan_run(ws, 5.5, 5.5, part_limitation=1)


@pytest.mark.parametrize("height", [np.nan, [1, 2], []])
def test_a_height_that_is_none(ws, height):
    with pytest.raises(ParameterError, match="a height in metres was expected"):
        patch_search(hgt_threshold=height, workdir=ws)


def test_a_list_of_patches_that_are_not_there(ws):
    ws.write_text("some.list", "PATCH_9\n")
    with pytest.raises(InputError, match="none of the patches that some.list names, PATCH_9"):
        patch_search("some.list", workdir=ws)
