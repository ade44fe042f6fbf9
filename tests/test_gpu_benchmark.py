"""``benchmarks/gpu.py``: formulas of bytes, what counts as agreement, what is written; all of it with the stand-in for CuPy."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from helpers import fake_cupy
from helpers.fresh_backends import forgotten

ROOT = Path(__file__).resolve().parent.parent
sys.path.append(str(ROOT / "benchmarks"))

import gpu  # noqa: E402
import gpu_kernels  # noqa: E402
import gpu_parity  # noqa: E402
import gpu_traffic  # noqa: E402
from gpu_page import page  # noqa: E402
from gpu_steps import STEPS, Budget, Meter, Shape, Workload, counted, measured  # noqa: E402

from stamps import native  # noqa: E402
from stamps.native import backends  # noqa: E402
from stamps.native.high_pass import high_pass  # noqa: E402
from stamps.native.topofit import topofit  # noqa: E402


@pytest.fixture
def device(monkeypatch):
    """The stand-in, and a process that has not found out anything yet."""
    with forgotten(monkeypatch), fake_cupy.installed(monkeypatch) as stand_in:
        yield stand_in


# ---------------------------------------------------------------------- bytes and growth


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize(("side", "m"), [(66, 4), (70, 9)])
def test_bytes_by_formula_are_those_that_the_stand_in_counts(device, monkeypatch, step, side, m):
    work, meter, moved = Workload(Shape(side, m, 1000)), Meter(), {}
    with backends.selected("cuda"):
        if step == 3:
            work.run(2)
        with counted(meter):
            timed = native.run

            def counting(kernel, *versions):
                device.counting, before = True, device.moved
                result = timed(kernel, *versions)
                device.counting = False
                moved[kernel] = moved.get(kernel, 0) + device.moved - before
                return result

            with monkeypatch.context() as patch:
                patch.setattr(native, "run", counting)
                work.run(step)
    formulas = work.shape.traffic(step)
    assert formulas.keys() == moved.keys()
    for kernel, bytes_of in formulas.items():
        assert moved[kernel] == pytest.approx(bytes_of.moved, rel=0.05), kernel
        assert meter.to_device[kernel] == pytest.approx(bytes_of.to_device, rel=0.05), kernel
        assert meter.to_host[kernel] == pytest.approx(bytes_of.to_host, rel=0.05), kernel


def test_bytes_add_up():
    both = gpu_traffic.topofit(10, 4, 12) + gpu_traffic.high_pass(10, 4)
    assert both.to_device == 12 * 40 + 4 * 40 + 8 * 16
    assert both.least == both.to_device + both.to_host
    assert gpu_traffic.topofit(20, 4, 12) == gpu_traffic.topofit(10, 4, 12) + gpu_traffic.topofit(10, 4, 12)


def test_growth_is_the_slope_of_the_logarithms():
    assert gpu_traffic.exponent((10, 1.0), (1000, 100.0)) == pytest.approx(1)
    assert gpu_traffic.exponent((100, 3.0), (200, 12.0)) == pytest.approx(2)
    rows = [{"step": 2, "candidates": n, "seconds": {"cuda": n**0.5, "pythran": n}} for n in (10, 100, 10_000)]
    rows += [{"step": 3, "candidates": 10, "seconds": {"cuda": 1, "pythran": 1}}, {"step": 3, "candidates": 100}]
    found = gpu.growth(rows)
    assert found.keys() == {"2"}
    assert found["2"] == pytest.approx({"cuda": 0.5, "pythran": 1})


def test_the_shape_of_a_workload_is_that_of_its_arrays():
    shape = Shape.about(2000, 5, 100)
    work = Workload(shape)
    assert shape.side % 2 == 0 and abs(shape.n - 2000) < 100
    assert work.ph.shape == (shape.n, 5) and len(work.quarter) == shape.n_selected
    assert len(np.unique(work.edges, axis=0)) == len(work.edges) and work.edges.max() == shape.n_selected - 1


# ---------------------------------------------------------------------- what counts as agreement


def test_a_kernel_that_agrees_agrees(device):
    row = gpu_kernels.compare("topofit", lambda: topofit(*_phasors(), 1.5))
    assert row["ok"] and row["agreeing"] == row["decisions"] > 100 and row["error"] <= row["tolerance"]


def test_a_kernel_that_computes_wrongly_is_found(device, monkeypatch):
    cupy, right = sys.modules["cupy"], sys.modules["cupy"].cos
    monkeypatch.setattr(cupy, "cos", lambda values: right(values) * 1.001)
    row = gpu_kernels.compare("topofit", lambda: topofit(*_phasors(), 1.5))
    assert not row["ok"] and row["error"] > row["tolerance"]


def test_a_kernel_that_fails_on_the_device_has_not_agreed(device, monkeypatch):
    def broken(*arguments, **keywords):
        raise RuntimeError("no such kernel image")

    monkeypatch.setattr(sys.modules["cupy"], "cos", broken)
    row = gpu_kernels.compare("topofit", lambda: topofit(*_phasors(), 1.5))
    assert not row["ok"] and "no such kernel image" in row["note"]


def test_without_a_device_no_kernel_agrees(monkeypatch):
    with forgotten(monkeypatch):
        monkeypatch.setitem(sys.modules, "cupy", None)
        row = gpu_kernels.compare("high_pass", lambda: high_pass(np.ones((5, 3)), np.eye(3)))
    assert not row["ok"] and "did not run" in row["note"]


def test_decisions_are_signs_zeros_and_missing_values():
    same = gpu_kernels._same_decisions
    reference = np.array([1.0, -2, 0, np.nan, 1e-9])
    assert same(reference.copy(), reference, 2e-5).all()
    for k, value in ((0, -1.0), (1, np.nan), (3, 0.0)):
        other = reference.copy()
        other[k] = value
        assert not same(other, reference, 2e-5).all()
    assert same(np.array([1, -2, 0, np.nan, -1e-9]), reference, 2e-5).all()  # within the tolerance there is no sign
    assert list(same(np.array([1, 2]), np.array([1, 3]), 2e-5)) == [True, False]


def test_angles_differ_by_less_than_half_a_turn():
    near = np.array([np.pi - 1e-7]), np.array([-np.pi + 1e-7])
    assert gpu_kernels._difference(*near, angle=True) < 1e-6 < gpu_kernels._difference(*near, angle=False)


def test_there_is_a_call_on_a_project_for_every_kernel():
    assert sorted(gpu_kernels.project_calls(gpu_kernels.simulated_inputs(300, 5))) == sorted(gpu_kernels.ON_DEVICE)


def _phasors():
    data = gpu_kernels.simulated_inputs(200, 8)
    return data.ph, data.bperp_mat


# ---------------------------------------------------------------------- seconds


def test_what_the_seconds_cannot_hold_is_not_measured(device):
    work = Workload(Shape(20, 4, 300))
    assert measured(work, 8, "numpy", Budget(0)) is None
    found = measured(work, 8, "numpy", Budget(60), repeat=2)
    assert found["runs"] == 2 and found["kernels"].keys() == {"high_pass", "gaussian_smooth"}
    assert found["seconds"].keys() == {"cuda", "numpy"} and not found["failed"]
    assert all(0 <= found["outside"][backend] <= found["seconds"][backend] for backend in ("cuda", "numpy"))
    assert found["bus"]["high_pass"]["to_host"] == 8 * work.ph_uw.size


def test_a_kernel_that_fails_within_a_step_is_named(device, monkeypatch):
    monkeypatch.setattr(sys.modules["cupy"], "exp", lambda values: 1 / 0)
    found = measured(Workload(Shape(20, 4, 300)), 8, "numpy", Budget(60), repeat=1)
    assert found["failed"] == ["gaussian_smooth"]
    assert (
        "gaussian_smooth failed"
        in gpu.faults({"steps": [{"step": 8, "candidates": 400, "failed": found["failed"]}]})[0]
    )


# ---------------------------------------------------------------------- parity


def test_another_backend_in_the_place_of_cuda_is_a_fault():
    text = "one\nstamps: the CUDA version of clap has failed: no memory; the run goes on with numpy.\ntwo"
    assert gpu_parity.fallen_back(text) == [text.splitlines()[1]]
    assert gpu_parity.fallen_back("stamps: all is well") == []


def test_what_does_not_end_in_time_is_killed_with_what_it_started(tmp_path):
    script = "import subprocess, sys, time; subprocess.Popen([sys.executable, '-c', sys.argv[1]]); time.sleep(60)"
    child = f"import time, pathlib; time.sleep(4); pathlib.Path({str(tmp_path / 'alive')!r}).touch()"
    with pytest.raises(subprocess.TimeoutExpired):
        gpu_parity.bounded([sys.executable, "-c", script, child], tmp_path, os.environ, 1.5)
    time.sleep(4)
    assert not (tmp_path / "alive").exists()


# ---------------------------------------------------------------------- what is written


def device_result():
    """As on a device."""
    bus = {"to_device": 100, "to_host": 50, "seconds": 0.01}
    kernel = {"seconds": {"cuda": 0.1, "pythran": 2.0}, "bus": bus, "moved": 9e10, "fraction_of_copy": 0.25}
    size = {"candidates": 10**6, "interferograms": 30}
    step = {
        "step": 2,
        **size,
        "seconds": {"cuda": 0.2, "pythran": 2.4},
        "outside": {"cuda": 0.1},
        "runs": 3,
        "failed": [],
    }
    return {
        "date": "2026-01-01",
        "machine": {
            "stand_in": False,
            "reason": "",
            "device": "Card 9",
            "cupy": "14.2.0",
            "cuda": "13.0",
            "cpu": "Processor",
            "cores": 16,
            "copy_bandwidth": 4.3e12,
            "to_device_bandwidth": 9e9,
            "to_host_bandwidth": 8e9,
            "peak_bandwidth": None,
        },
        "other": "pythran",
        "steps": [{**step, "kernels": {"topofit": kernel}}, {"step": 3, **size}],
        "growth": {"2": {"cuda": 0.5, "pythran": 0.98}},
    }


def test_the_page_shows_the_figures_of_a_device():
    text = page(device_result(), "gpu.json")
    assert "Card 9" in text and "4300 GB/s" in text and "No device" not in text
    assert "| 2 | 1 000 000 | 0.200 s | 2.400 s | 12.0 | 3 | 5% | 0.100 s |" in text
    assert "| 2 | 1 000 000 | `topofit` | 0.100 s | 2.000 s | 20.0 | 10% | 90.0 GB | 25% |" in text
    assert "| 3 | 1 000 000 | not measured |" in text
    assert "step 2: cuda 0.50, pythran 0.98" in text
    assert text.count("Not run.") == 2  # kernels, parity


def test_the_stand_in_never_replaces_figures_of_a_device(tmp_path, capsys):
    gpu.write(device_result(), tmp_path)
    before = (tmp_path / "gpu.md").read_text()
    assert gpu.main(["--stand-in", "--output", str(tmp_path)]) == 2
    assert "holds figures of a device" in capsys.readouterr().err
    assert (tmp_path / "gpu.md").read_text() == before
    assert "cupy" not in sys.modules or sys.modules["cupy"].__spec__ is not None


def test_figures_are_written_section_by_section(device, tmp_path, monkeypatch):
    row = {"input": "random", "error": 0.0, "tolerance": 0.0, "decisions": 1, "agreeing": 1, "ok": True, "note": ""}
    monkeypatch.setattr(gpu, "check_kernels", lambda: iter([{"kernel": "clap", **row}]))

    def killed(*arguments):
        assert json.loads((tmp_path / "gpu.json").read_text())["kernels"] == [{"kernel": "clap", **row}]
        raise KeyboardInterrupt

    monkeypatch.setattr(gpu, "parity", killed)
    options = gpu._parser().parse_args(["--output", str(tmp_path)])
    with pytest.raises(KeyboardInterrupt):
        gpu.run(options, True, "of a test")
    assert json.loads((tmp_path / "gpu.json").read_text())["machine"]["reason"] == "of a test"
    assert (tmp_path / "gpu.md").is_file()


def test_what_looks_like_a_device_is_measured(device, tmp_path, capsys):
    sizes = ["--sizes", "4356x2x200", "4900x2x200"]
    assert gpu.main(["--sections", "steps", *sizes, "--output", str(tmp_path)]) == 0
    result = json.loads((tmp_path / "gpu.json").read_text())
    assert not result["machine"]["stand_in"] and result["machine"]["device"] == "Stand-in"
    assert gpu.holds_device_figures(tmp_path)
    for row in result["steps"]:
        kernels = row["kernels"]
        assert kernels.keys() == Shape.about(row["candidates"], 2, 200).traffic(row["step"]).keys()
        assert sum(kernel["seconds"]["cuda"] for kernel in kernels.values()) < row["seconds"]["cuda"]
        assert all(kernel["least"] <= kernel["moved"] for kernel in kernels.values())
    shown = capsys.readouterr().out
    assert "Stand-in, CuPy 0, CUDA 12.6" in shown and "| 3 | 4 900 | `clap_patch` |" in shown
    assert "Growth exponent between the two sizes: step 2: cuda" in shown


def test_faults_are_kernels_that_differ_and_a_parity_that_fails():
    row = {"kernel": "clap", "input": "random", "error": 0.1, "agreeing": 1, "decisions": 2, "note": ""}
    result = {"kernels": [{**row, "ok": False}, {**row, "ok": True}], "parity": {"faults": ["step 2: differs"]}}
    assert gpu.faults(result) == ["clap (random): error 0.1, 1 of 2 decisions agree", "step 2: differs"]


def test_the_whole_script_with_the_stand_in(tmp_path, golden_dir):
    golden_dir("ps_mini")
    command = [sys.executable, ROOT / "benchmarks" / "gpu.py", "--stand-in", "--output", tmp_path, "--only", "step 8"]
    command += ["--sizes", "4356x2x200", "4900x2x200"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    result = json.loads((tmp_path / "gpu.json").read_text())
    assert {row["kernel"] for row in result["kernels"]} == set(gpu_kernels.ON_DEVICE) and all(
        row["ok"] for row in result["kernels"]
    )
    assert result["parity"]["compared"] == result["parity"]["agreeing"] > 0
    assert [row["step"] for row in result["steps"]] == [*STEPS, *STEPS] and all(
        "seconds" in row for row in result["steps"]
    )
    assert result["growth"].keys() == set(map(str, STEPS))
    assert "No device was at hand (the stand-in was asked for)" in (tmp_path / "gpu.md").read_text()


@pytest.mark.exhaustive
def test_the_whole_parity_without_a_golden_set(tmp_path, monkeypatch):
    monkeypatch.setattr(gpu_parity, "where_golden", lambda: "")
    found = gpu_parity.parity(tmp_path, True, 600)
    assert found["ok"], found["faults"]
    assert found["compared"] == found["agreeing"] > 100 and found["what"].startswith("No golden set")


@pytest.mark.parametrize("name", ["gpu.md", "gpu.json"])
def test_the_page_of_the_documentation_is_of_the_last_run(name):
    assert (ROOT / "docs" / name).is_file()
    result = json.loads((ROOT / "docs" / "gpu.json").read_text(encoding="utf-8"))
    assert not gpu.faults(result)
    assert (ROOT / "docs" / "gpu.md").read_text(encoding="utf-8") == page(result, "gpu.json")
