"""Golden sets: states laid over each other, variants, and that every variable is watched."""

import json
import shutil

import numpy as np
import pytest

from helpers.spoilt_golden import SETS, context_of, golden_trees, spoilt_copy
from stamps.errors import InputError
from stamps.verify import compare, compare_files, golden
from stamps.workspace import matfile

_TREES = {f"{name} {tree[0]}": tree[1:] for name in SETS for tree in golden_trees(name)}


_QUICK = [key for key in _TREES if key.startswith("ps_mini")]


_REST = [pytest.param(key, marks=pytest.mark.parity) for key in _TREES if key not in _QUICK]


@pytest.fixture
def small_set(tmp_path):
    """A golden set of two steps and a variant."""
    folder = tmp_path / "sets" / "tiny"
    (folder / "step0" / "PATCH_1").mkdir(parents=True)
    (folder / "step1" / "PATCH_1").mkdir(parents=True)
    (folder / "stack").mkdir()
    matfile.write(folder / "step0" / "parms.mat", {"scn_wavelength": np.array([[100.0]]), "scla_method": "L2"})
    (folder / "step0" / "rsc.txt").write_text("@STACK@/rslc/a.par\n@WORKDIR@\n")
    (folder / "step0" / "PATCH_1" / "old.txt").write_text("old\n")
    matfile.write(folder / "step1" / "PATCH_1" / "da1.mat", {"D_A": np.ones((3, 1))})
    (folder / "step1" / "REMOVED").write_text("PATCH_1/old.txt\n")
    variant = folder / "variants" / "other"
    variant.mkdir(parents=True)
    setparm = [["scn_wavelength", "[3 8]"], ["scla_method", "'L1'"]]
    (variant / "variant.json").write_text(json.dumps({"after_step": 1, "setparm": setparm, "start": 2, "end": 3}))
    (variant / "patch.list").write_text("PATCH_1\n")
    return folder


def test_states_are_laid_over_each_other(small_set, tmp_path):
    state = golden.build_state(small_set, 1, tmp_path / "run")
    assert not (state / "PATCH_1" / "old.txt").exists()
    assert not (state / "REMOVED").exists()
    assert (state / "rsc.txt").read_text() == f"{small_set / 'stack'}/rslc/a.par\n{state}\n"
    assert compare(state, small_set, 1).ok
    (state / "PATCH_1" / "old.txt").write_text("old\n")
    report = compare(state, small_set, 1, only_step=True)
    assert [(row.file, row.status) for row in report.failures] == [("PATCH_1/old.txt", "extra")]


def test_variant_starts_from_its_parameters(small_set, tmp_path):
    state = golden.build_state(small_set, None, tmp_path / "run", variant_name="other")
    parameters = matfile.read(state / "parms.mat")
    assert parameters["scla_method"] == "L1"
    np.testing.assert_array_equal(parameters["scn_wavelength"], [[3, 8]])
    assert (state / "PATCH_1" / "da1.mat").exists()
    report = compare(state, small_set, variant="other")
    assert [(row.file, row.status) for row in report.failures] == [("patch.list", "missing")]


def test_missing_states_are_explained(small_set, tmp_path):
    with pytest.raises(InputError, match="step3"):
        golden.build_state(small_set, 3, tmp_path / "run")
    with pytest.raises(InputError, match="other"):
        golden.variant(small_set, "unknown")
    with pytest.raises(InputError, match="STAMPS_GOLDEN"):
        golden.find_set("nonsense", tmp_path)
    with pytest.raises(InputError, match="--after"):
        compare(tmp_path, small_set)


def test_incomplete_set_gives_no_state(small_set):
    (small_set / "INCOMPLETE").touch()
    assert golden.find_set("tiny", small_set.parent) == small_set.resolve()
    with pytest.raises(InputError, match="complete golden set"):
        golden.find_set("tiny", small_set.parent, complete=True)


def _variants_with_parameters():
    folder = golden.find_set("ps_mini") if _QUICK else None
    found = [golden.variant(folder, name) for name in golden.variants(folder)] if folder else []
    return [v.name for v in found if v.after_step is not None and (v.path / "parms.mat").exists()]


@pytest.mark.parametrize("name", _variants_with_parameters())
def test_variant_parameters_are_the_reference_ones(golden_dir, golden_state, name):
    wanted = golden_dir("ps_mini") / "variants" / name / "parms.mat"
    state = golden_state("ps_mini", None, variant=name)
    assert compare_files(state, {"parms.mat": wanted}, partial=True).ok


@pytest.mark.parametrize("key", [*_QUICK, *_REST])
def test_every_variable_beyond_its_tolerance_is_objected_to(key, tmp_path):
    overlay, layers, chain = _TREES[key]
    context = context_of(layers, chain)
    files = golden.overlay_files(overlay)
    state = golden.state_files(layers)
    same = compare_files(overlay, files, state, chain=chain, partial=True, logs=True)
    assert same.ok, same.text()
    for round_ in range(2):
        target = tmp_path / f"round{round_}"
        spoilt = spoilt_copy(files, target, context, round_)
        if context.resampled and "ps2.mat" not in files and "ps2.mat" in state:
            shutil.copyfile(state["ps2.mat"], target / "ps2.mat")
        report = compare_files(target, files, state, chain=chain, partial=True, logs=True)
        named = {(row.file, row.variable) for row in report.failures}
        assert spoilt <= named, f"not objected to: {sorted(spoilt - named)}"
        compared = {(row.file, row.variable) for row in same.rows if row.counts and row.status == "ok"}
        free = {("ps2.mat", name) for name in ("(rows)", "ij", "lonlat")} if context.resampled else set()
        assert compared - free == spoilt - free, "something that is compared was not spoilt"
        shutil.rmtree(target)
