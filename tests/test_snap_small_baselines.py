"""Small baselines out of a single-master export: equal to directly formed interferograms, whole or not at all."""

import json
import os
import re

import numpy as np
import pytest

from helpers import tiny_stacks
from stamps import mt_prep_snap, setparm, simulate, stamps
from stamps.errors import InputError, ParameterError, WorkspaceError
from stamps.frontends.headers import raster_size
from stamps.frontends.snap.pair_choice import ExportImages, PairChoice, chosen_pairs
from stamps.frontends.snap.small_baselines import RECORD, main, small_baselines
from stamps.simulation.truth import compare_with_truth


@pytest.fixture
def export(tmp_path):
    """A single-master export of five images, 24 × 30 pixels, that may be damaged."""
    return tiny_stacks.copy_of(tmp_path / "INSAR")


@pytest.fixture(scope="module")
def made(tmp_path_factory, tiny_export):
    """All pairs of it (read only)."""
    return small_baselines(tiny_export, PairChoice(connections=4), tmp_path_factory.mktemp("made") / "out")


def dates_of(stack):
    return [str(date) for date in np.load(stack / "truth.npz")["dates"]]


def pairs_of(stack):
    return sorted(path.name for path in (stack / "SMALL_BASELINES").iterdir())


def image(stack, date):
    return np.fromfile(stack / "rslc" / f"{date}.rslc", ">c8").astype(np.complex128)


# ---------------------------------------------------------------------- what is written


def test_interferograms_equal_those_formed_directly(made, tiny_export):
    dates = dates_of(tiny_export)
    assert pairs_of(made) == [f"{a}_{b}" for k, a in enumerate(dates) for b in dates[k + 1 :]]
    master = image(tiny_export, tiny_stacks.master_of(tiny_export))
    for name in pairs_of(made):
        one, other = (image(tiny_export, date) for date in name.split("_"))
        direct = one * np.conj(other)
        written = np.fromfile(made / "SMALL_BASELINES" / name / f"{name}.diff", ">c8")
        valid = (direct != 0) & (master != 0)
        assert valid.mean() > 0.8
        assert np.abs(np.angle(written[valid] * np.conj(direct[valid]))).max() < 1e-6
        assert np.abs(np.abs(written[valid]) / np.abs(direct[valid]) - 1).max() < 1e-6
        assert not written[direct == 0].any()


def test_baselines_are_those_of_the_pairs(made, tiny_pairs):
    """Against those of the same images simulated as small baselines, to the digits that files hold."""

    def numbers(file, field):
        return [float(word) for word in re.search(field + r"\s+(\S+)\s+(\S+)\s+(\S+)", file.read_text()).groups()]

    common = set(pairs_of(made)) & set(pairs_of(tiny_pairs))
    assert len(common) >= 4
    for name in common:
        for field in (r"initial_baseline\(TCN\):", "initial_baseline_rate:"):
            ours, direct = (numbers(top / f"SMALL_BASELINES/{name}/{name}.base", field) for top in (made, tiny_pairs))
            assert np.abs(np.subtract(ours, direct)).max() < 1.6e-7


def test_images_and_geometry_are_those_of_the_export(made, tiny_export):
    for name in pairs_of(made):
        for date in name.split("_"):
            for end in (".rslc", ".rslc.par"):
                assert os.path.samefile(made / f"SMALL_BASELINES/{name}/{date}{end}", tiny_export / f"rslc/{date}{end}")
    for folder in ("geo", "dem"):
        names = {path.name for path in (tiny_export / folder).iterdir()}
        assert {path.name for path in (made / folder).iterdir()} == names


def test_blocks_of_lines_change_nothing(export, made, monkeypatch):
    monkeypatch.setattr("stamps.frontends.snap.small_baselines._BLOCK", 3 * tiny_stacks.SAMPLES)
    again = small_baselines(export, PairChoice(connections=4))
    for name in pairs_of(made):
        file = f"SMALL_BASELINES/{name}/{name}.diff"
        assert (again / file).read_bytes() == (made / file).read_bytes()


def test_zeros_of_the_master_stay_zeros(export):
    master = tiny_stacks.master_of(export)
    others = [date for date in dates_of(export) if date != master]

    def without_corner(values):
        values[:4, :5] = 0
        return values

    for path in (export / f"rslc/{master}.rslc", *(export / f"diff0/{master}_{date}.diff" for date in others)):
        tiny_stacks.edit_raster(path, without_corner, ">c8")
    out = small_baselines(export, PairChoice([f"{others[0]} {others[1]}", f"{others[1]} {others[2]}"]))
    name = f"{others[0]}_{others[1]}"
    values = np.fromfile(out / f"SMALL_BASELINES/{name}/{name}.diff", ">c8").reshape(tiny_stacks.LINES, -1)
    assert not values[:4, :5].any() and np.isfinite(values).all() and values[5:, 6:].any()


def test_header_of_a_master_that_is_not_in_the_network(export):
    master = tiny_stacks.master_of(export)
    others = [date for date in dates_of(export) if date != master]
    out = small_baselines(export, PairChoice([f"{a}_{b}" for a, b in zip(others, others[1:], strict=False)]))
    assert out == export.parent / f"SB_{master}"
    found = [path.parent.name for path in out.glob(f"SMALL_BASELINES/*/{master}.rslc.par")]
    assert found == [f"{others[0]}_{others[1]}"]
    assert not list(out.glob(f"SMALL_BASELINES/*/{master}.rslc"))
    mt_prep_snap(master, out, 0.6, 1, 1, workdir=out)
    assert (out / "PATCH_1/pscands.1.ij").stat().st_size
    assert raster_size(out / f"SMALL_BASELINES/{found[0]}/{master}.rslc.par") == (30, 24)


# ---------------------------------------------------------------------- which pairs


@pytest.fixture
def images():
    dates = ("20180101", "20180113", "20180125", "20180206")
    return ExportImages(dates, "20180113", np.array([0.0, 100, -40, 30]))


def test_limits(images):
    found = chosen_pairs(images, PairChoice(max_days=24))
    assert [f"{a[4:]}-{b[4:]}" for a, b in found] == ["0101-0113", "0101-0125", "0113-0125", "0113-0206", "0125-0206"]
    found = chosen_pairs(images, PairChoice(max_days=24, max_perp=100))
    assert [f"{a[4:]}-{b[4:]}" for a, b in found] == ["0101-0113", "0101-0125", "0113-0206", "0125-0206"]


def test_neighbours(images):
    assert len(chosen_pairs(images, PairChoice(connections=1))) == 3
    assert len(chosen_pairs(images, PairChoice(connections=3))) == 6


def test_list_may_leave_images_out(images, tmp_path):
    (tmp_path / "pairs.txt").write_text("# the first three\n20180113 20180101\n20180113_20180125\n\n")
    assert chosen_pairs(images, PairChoice(tmp_path / "pairs.txt")) == [
        ("20180101", "20180113"),
        ("20180113", "20180125"),
    ]


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (["20180101 20180113", "20180113 20180101"], "line 2: the pair 20180101_20180113 stands in line 1 already"),
        (["20180101 20180102"], "line 1: there is no image of 20180102"),
        (["20180101"], "line 1: '20180101' is no pair of dates"),
        (["20180101 20180101"], "20180101 is paired with itself"),
        (["20180101 20180113", "20180125 20180206"], "falls apart into 2 groups"),
        (["# nothing"], "No two of the 4 images are a pair"),
    ],
)
def test_lists_that_cannot_be_used(images, lines, words):
    with pytest.raises(InputError, match=words):
        chosen_pairs(images, PairChoice(lines))


def test_limits_that_leave_images_alone(images):
    with pytest.raises(InputError, match="falls apart into .*: add"):
        chosen_pairs(images, PairChoice(max_days=24, max_perp=60))
    with pytest.raises(InputError, match="No two of the 4 images"):
        chosen_pairs(images, PairChoice(max_perp=1))


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"max_days": 12, "connections": 1},
        {"pairs": [], "max_perp": 1},
        {"max_days": -1},
        {"max_perp": float("nan")},
        {"connections": 0},
    ],
)
def test_choices_that_are_none(values):
    with pytest.raises(ParameterError):
        PairChoice(**values)


# ---------------------------------------------------------------------- broken exports


def remove_master(stack, master, other):
    (stack / f"rslc/{master}.rslc").unlink()
    return f"The master {master} is absent"


def remove_header(stack, master, other):
    (stack / f"rslc/{master}.rslc.par").unlink()
    return f"no header {master}"


def numberless(stack, master, other):
    def spoilt(values):
        values[7, 3] = np.nan
        return values

    tiny_stacks.edit_raster(stack / f"diff0/{master}_{other}.diff", spoilt, ">c8")
    return f"{master}_{other}.diff holds values that are no numbers, first in line 8"


def numberless_baseline(stack, master, other):
    path = stack / f"diff0/{master}_{other}.base"
    path.write_text(re.sub(r"(TCN\):\s+)\S+", r"\1NaN", path.read_text(), count=1))
    return r"has 'NaN .*' in field 'initial_baseline\(TCN\)'"


def cut(stack, master, other):
    path = stack / f"rslc/{other}.rslc"
    path.write_bytes(path.read_bytes()[:-80])
    return f"{other}.rslc has .* bytes"


def without_interferograms(stack, master, other):
    for path in (stack / "diff0").iterdir():
        path.unlink()
    return "holds no interferogram"


def small_already(stack, master, other):
    (stack / "SMALL_BASELINES").mkdir()
    return "holds small baselines already"


BROKEN = (remove_master, remove_header, numberless, numberless_baseline, cut, without_interferograms, small_already)


@pytest.mark.parametrize("breaks", BROKEN)
def test_broken_exports(export, breaks, capsys):
    master = tiny_stacks.master_of(export)
    other = next(date for date in dates_of(export) if date != master)
    words = breaks(export, master, other)
    assert main([str(export), "--connections", "2"]) == 1
    text = capsys.readouterr().out
    assert text.startswith("Error: ") and re.search(words, text)
    assert not (export.parent / f"SB_{master}").exists()
    assert [path.name for path in export.parent.iterdir()] == ["INSAR"]


def test_folder_without_export(tmp_path):
    with pytest.raises(InputError, match="no export"):
        small_baselines(tmp_path, PairChoice(connections=1))
    with pytest.raises(InputError, match="cannot be read"):
        small_baselines(tiny_stacks.copy_of(tmp_path / "INSAR_x"), PairChoice(tmp_path / "absent.txt"))


# ---------------------------------------------------------------------- the folder that is written


def test_export_is_found_in_the_folder_of_the_job(export, capsys):
    master = tiny_stacks.master_of(export)
    export.rename(export.parent / f"INSAR_{master}")
    assert main([str(export.parent), "--max-days", "400"]) == 0
    assert f"SB_{master}" in capsys.readouterr().out
    assert json.loads((export.parent / f"SB_{master}" / RECORD).read_text())["master"] == master


def test_earlier_network_is_replaced_as_a_whole(export):
    out = small_baselines(export, PairChoice(connections=4))
    assert len(pairs_of(out)) == 10
    assert small_baselines(export, PairChoice(connections=1)) == out
    assert len(pairs_of(out)) == 4
    assert len(json.loads((out / RECORD).read_text())["pairs"]) == 4
    numberless(export, tiny_stacks.master_of(export), next(path.stem[9:] for path in (export / "diff0").glob("*.diff")))
    with pytest.raises(InputError, match="no numbers"):
        small_baselines(export, PairChoice(connections=4))
    assert len(pairs_of(out)) == 4


def test_foreign_folders_are_left_alone(export, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/notes.txt").write_text("mine")
    with pytest.raises(WorkspaceError, match="holds something else than small baselines"):
        small_baselines(export, PairChoice(connections=1), tmp_path / "mine")
    out = small_baselines(export, PairChoice(connections=1))
    (out / "parms.mat").touch()
    with pytest.raises(WorkspaceError, match="parms.mat"):
        small_baselines(export, PairChoice(connections=2))
    with pytest.raises(InputError, match="lies in the export"):
        small_baselines(export, PairChoice(connections=1), export / "SB")


# ---------------------------------------------------------------------- on to a time series


def test_chain_recovers_the_truth(tmp_path):
    """The network of ``sb_small`` out of the single-master stack with the same images: 99.96 % on the true cycle, 6.1 mm/yr."""
    stack = tmp_path / "stack"
    simulate.main([str(stack), "--preset", "ps_small", "--seed", "1", "--n-images", "14", "--quiet"])
    simulate.main([str(tmp_path / "sb"), "--preset", "sb_small", "--seed", "1", "--quiet"])
    out = small_baselines(stack, PairChoice(pairs_of(tmp_path / "sb")), tmp_path / "SB")
    assert pairs_of(out) == pairs_of(tmp_path / "sb")
    (tmp_path / "project").mkdir()
    mt_prep_snap(tiny_stacks.master_of(stack), out, 0.6, 1, 1, workdir=tmp_path / "project")
    setparm("unwrap_grid_size", 50, workdir=tmp_path / "project")
    stamps(1, 8, workdir=tmp_path / "project")
    figures = compare_with_truth(tmp_path / "project", stack)
    assert figures.n_pixels > 150
    assert figures.share_true_cycle >= 0.99
    assert figures.velocity_rms <= 6.2
