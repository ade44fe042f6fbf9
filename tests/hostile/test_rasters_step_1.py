"""Rasters that cannot be right, found in step 1; where findings are shown; and sound stacks, which are left in peace."""

import json

import numpy as np
import pytest

from helpers.raster_stacks import SOUND, layout, swapped
from stamps import simulate
from stamps.legacy.mt_prep_snap import mt_prep_snap
from stamps.legacy.ps_info import ps_info
from stamps.report import quality
from stamps.run import engine, step_calls
from stamps.workspace import Workspace, findings
from stamps.workspace.parameters import Parameters

RNG = np.random.default_rng(5)


def candidates(project):
    return len((project / "PATCH_1" / "pscands.1.ij").read_text().splitlines())


def damaged_patch(sandbox, change):
    """Step 1 of the first patch of a project that the original has prepared, with changed phases."""
    project = sandbox.state(0)
    patch = project / "PATCH_1"
    paths = (project / "pscphase.in").read_text().split()[1:]
    phases = np.fromfile(patch / "pscands.1.ph", ">c8").reshape(len(paths), -1)
    change(phases)
    phases.tofile(patch / "pscands.1.ph")
    ws = Workspace(patch)
    engine.run_patch(ws, 1, 1, step_calls.StepOptions.of(Parameters(ws)))
    return ws, paths, findings.collect(Workspace(project))


def emptied(phases):
    phases[4] = 0


def reversed_bytes(phases):
    phases[9] = phases[9].byteswap()


def ones(phases):
    phases[4] = 1


def copied(phases):
    phases[4] = np.conj(phases[3])


def half(phases):
    phases[4, ::2] = 0


def random(phases):
    phases[4] = np.exp(2j * np.pi * RNG.random(phases.shape[1]))


PHASES = {
    emptied: (4, ["empty", "every candidate"]),
    reversed_bytes: (9, ["bytes", "drop_ifg_index 11"]),
    ones: (4, ["same value", "drop_ifg_index 5"]),
    copied: (4, ["the same", "drop_ifg_index 4 or 5"]),
    half: (4, ["empty", "many candidates"]),
    random: (4, ["no coherence", "drop_ifg_index 5"]),
}


@pytest.mark.parametrize("change", PHASES)
def test_candidates_of_the_original(change, sandbox):
    which, words = PHASES[change]
    _, paths, found = damaged_patch(sandbox, change)
    (sentence,) = found
    assert paths[which] in sentence and all(word in sentence for word in words), sentence


@pytest.mark.parametrize("value", [np.inf, complex(0, -np.inf), np.nan])
def test_a_phase_that_is_no_number_costs_its_pixel(value, sandbox):
    def change(phases):
        phases[4, 17] = value

    untouched, _, found = damaged_patch(sandbox, lambda phases: None)
    assert found == []
    expected = {name: untouched.load(f"{name}1") for name in ("ps", "ph", "bp", "la", "da", "hgt")}
    row = int(np.flatnonzero(expected["ps"]["sort_ix"] == 17)[0])
    ws, _, _ = damaged_patch(sandbox, change)
    got = {name: ws.load(f"{name}1") for name in expected}
    n_ps = int(expected["ps"]["n_ps"]) - 1
    assert int(got["ps"]["n_ps"]) == n_ps
    for name, variable in (
        ("ph", "ph"),
        ("bp", "bperp_mat"),
        ("la", "la"),
        ("da", "D_A"),
        ("hgt", "hgt"),
        ("ps", "lonlat"),
    ):
        np.testing.assert_array_equal(got[name][variable], np.delete(expected[name][variable], row, axis=0))
    for variable in ("ij", "xy"):
        np.testing.assert_array_equal(got["ps"][variable][:, 0], np.arange(1, n_ps + 1))
        np.testing.assert_array_equal(
            got["ps"][variable][:, 1:], np.delete(expected["ps"][variable], row, axis=0)[:, 1:]
        )


def test_pixels_without_number_of_doris(tmp_path):
    _, project, run = layout(tmp_path, "doris")
    run()
    ws = Workspace(project / "PATCH_1")
    phases = np.fromfile(ws.path / "pscands.1.ph", "<c8")
    phases[[2, 5]] = np.inf, np.nan
    phases.tofile(ws.path / "pscands.1.ph")
    engine.run_patch(ws, 1, 1, step_calls.StepOptions.of(Parameters(ws)))
    assert int(ws.load("ps1")["n_ps"]) == candidates(project) - 2
    assert np.isfinite(ws.load("ph1")["ph"]).all()


def test_findings_are_shown(sandbox):
    stack = sandbox.stack()
    path = sorted((stack / "diff0").glob("*.diff"))[4]
    swapped(path)
    sandbox.prepare(stack).succeeds()
    lines = sandbox.run("stamps", "1", "1").succeeds().stdout.splitlines()
    assert any(line.startswith("STAMPS: Warning:") and path.name in line for line in lines[-2:])
    assert path.name in sandbox.run("stamps", "status").succeeds().stdout
    status = json.loads(sandbox.run("stamps", "status", "--json").succeeds().stdout)
    assert path.name in status["findings"][0]


def test_findings_of_a_finished_project(sandbox, capsys):
    project = sandbox.state(8)
    findings.record(Workspace(project), "rasters", ["The interferogram x.diff is strange."])
    facts = {section.key: section.facts for section in quality.quality_report(project).sections}
    assert facts["input"]["findings"] == ["The interferogram x.diff is strange."]
    ps_info(workdir=project)
    assert "Warning: The interferogram x.diff is strange." in capsys.readouterr().out


def test_refused_in_one_sentence(sandbox):
    stack = sandbox.stack()
    for path in sorted((stack / "rslc").glob("*.rslc"))[:3]:
        path.write_bytes(bytes(path.stat().st_size))
    sandbox.prepare(stack).refuses("20180108.rslc", "20180120.rslc", "empty")


def assert_sound(tmp_path, *options):
    stack, project = tmp_path / "stack", tmp_path / "project"
    simulate.main([str(stack), "--quiet", *options])
    project.mkdir()
    mt_prep_snap(json.loads((stack / "truth.json").read_text())["master"], stack, None, 1, 1, 10, 10, workdir=project)
    ws = Workspace(project / "PATCH_1")
    engine.run_patch(ws, 1, 1, step_calls.StepOptions.of(Parameters(ws)))
    assert findings.collect(Workspace(project)) == []


@pytest.mark.parametrize("name", SOUND)
def test_sound_stacks_are_not_complained_of(name, tmp_path):
    assert_sound(tmp_path, *SOUND[name])


@pytest.mark.exhaustive
@pytest.mark.parametrize("seed", range(11, 16))
@pytest.mark.parametrize("name", SOUND)
def test_many_sound_stacks_are_not_complained_of(name, seed, tmp_path):
    assert_sound(tmp_path, *SOUND[name], "--seed", str(seed))


@pytest.mark.parametrize("set_name", ["ps_mini", "sb_mini"])
def test_reference_candidates_are_not_complained_of(set_name, sandbox):
    ws = Workspace(sandbox.state(0, set_name) / "PATCH_2")
    engine.run_patch(ws, 1, 1, step_calls.StepOptions.of(Parameters(ws)))
    assert findings.collect(Workspace(sandbox.project)) == []
