"""Which version of a kernel runs: requests, the automatic choice, commands and processes."""

import json
import os
import sys

import numpy as np
import pytest

import stamps
from helpers import fake_cupy
from helpers.fresh_backends import forgotten
from stamps import native
from stamps.cli import program as cli
from stamps.errors import ParameterError
from stamps.native import backends
from stamps.run import patch_task
from stamps.workspace import matfile


@pytest.fixture(autouse=True)
def fresh(monkeypatch):
    """A process that has not found out anything yet."""
    with forgotten(monkeypatch):
        yield


@pytest.fixture
def no_cupy(monkeypatch):
    """CuPy cannot be imported."""
    monkeypatch.setitem(sys.modules, "cupy", None)


@pytest.fixture
def stand_in(monkeypatch):
    with fake_cupy.installed(monkeypatch) as device:
        yield device


def test_requests_are_understood():
    request = backends.parse(" AUTO, topofit = cuda,fringe_frequency=numpy ")
    assert request == backends.Request("auto", {"topofit": "cuda", "fringe_frequency": "numpy"})
    assert str(request) == "auto,topofit=cuda,fringe_frequency=numpy" and backends.parse(str(request)) == request
    assert backends.parse("") == backends.Request("auto", {})
    assert backends.parse("topofit=numpy").default == "auto"
    assert request.of("topofit") == "cuda" and request.of("temporal_smooth") == "auto"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("abacus", "'abacus'.*only auto, numpy, pythran, cuda exist"),
        ("numpy,cuda", "two backends, numpy and cuda"),
        ("numpy,tofu=cuda", "kernel is 'tofu'.*topofit"),
        ("fringe_frequency=pythran", "fringe_frequency has no pythran version.*cuda and numpy"),
        ("topofit=", "backend is ''"),
    ],
)
def test_wrong_requests_are_explained(text, message, monkeypatch):
    with pytest.raises(ParameterError, match=message):
        backends.parse(text)
    monkeypatch.setenv("STAMPS_BACKEND", text)
    with pytest.raises(ParameterError, match=message):
        backends.order("topofit")


def test_the_option_counts_before_the_environment_and_only_inside(monkeypatch):
    monkeypatch.setenv("STAMPS_BACKEND", "pythran")
    with backends.selected("numpy"):
        assert str(backends.requested()) == "numpy"
        with backends.selected(None):
            assert str(backends.requested()) == "numpy"
    assert str(backends.requested()) == "pythran" and os.environ["STAMPS_BACKEND"] == "pythran"
    with pytest.raises(ParameterError), backends.selected("abacus"):
        pass


def compiled(monkeypatch, yes):
    monkeypatch.setattr(backends, "pythran_problem", lambda kernel: None if yes else "not all kernels are compiled")


def test_a_request_may_be_a_mapping(monkeypatch, golden_state):
    monkeypatch.setenv("STAMPS_BACKEND", "pythran")
    with backends.selected({"default": "numpy", "fringe_frequency": "auto"}):
        assert backends.requested() == backends.Request("numpy", {"fringe_frequency": "auto"})
    with backends.selected({"topofit": "numpy"}):
        assert str(backends.requested()) == "auto,topofit=numpy"
    with pytest.raises(ParameterError, match="kernel is 'topo'"), backends.selected({"topo": "numpy"}):
        pass
    with pytest.raises(ParameterError, match="backend is 'gpu'"):
        stamps.stamps(8, 8, workdir=golden_state("ps_mini", 7), backend={"default": "gpu"})


def test_automatic_choice(monkeypatch, no_cupy, capsys):
    compiled(monkeypatch, True)
    assert backends.order("topofit") == ("pythran", "numpy")
    assert backends.order("fringe_frequency") == ("numpy",)
    compiled(monkeypatch, False)
    assert backends.order("topofit") == ("numpy",)
    assert capsys.readouterr().err == ""


def test_automatic_choice_with_a_device(monkeypatch, stand_in):
    compiled(monkeypatch, True)
    assert backends.order("topofit") == ("cuda", "pythran", "numpy")
    assert backends.order("fringe_frequency") == ("cuda", "numpy")
    assert backends.order("candidates") == ("pythran", "numpy")  # more to move than to compute
    with backends.selected("auto,candidates=cuda,topofit=numpy"):
        assert backends.order("candidates") == ("cuda", "pythran", "numpy")
        assert backends.order("topofit") == ("numpy",)


def test_requests_for_all_kernels(monkeypatch, stand_in):
    compiled(monkeypatch, True)
    for text, topofit_order, fringe_order in (
        ("numpy", ("numpy",), ("numpy",)),
        ("pythran", ("pythran", "numpy"), ("numpy",)),
        ("cuda", ("cuda", "pythran", "numpy"), ("cuda", "numpy")),
    ):
        with backends.selected(text):
            assert (backends.order("topofit"), backends.order("fringe_frequency")) == (topofit_order, fringe_order)


def test_a_driver_without_a_device_is_no_cuda(monkeypatch):
    with fake_cupy.installed(monkeypatch, count=0):
        assert backends.cuda_problem() == "there is no CUDA device"


def test_a_device_that_cannot_compute_is_no_cuda(monkeypatch):
    with fake_cupy.installed(monkeypatch, memory=0):
        assert "OutOfMemoryError" in backends.cuda_problem()


def test_a_compiled_module_that_cannot_be_loaded_is_not_there(monkeypatch):
    for name in ("_topofit", f"_topofit{backends.WIDE}"):
        monkeypatch.setitem(sys.modules, f"stamps.native.{name}", None)
    assert "_topofit" in backends.pythran_problem("topofit")
    assert "pythran" not in backends.order("topofit")


def test_description_with_a_device(stand_in, monkeypatch, capsys):
    compiled(monkeypatch, True)
    assert (
        cli.run("stamps", ["describe-backends", "--json", "--backend", "auto,topofit=cuda,fringe_frequency=numpy"]) == 0
    )
    facts = json.loads(capsys.readouterr().out)
    assert facts["requested"] == "auto,topofit=cuda,fringe_frequency=numpy"
    assert facts["kernels"].keys() == facts["versions"].keys() == backends.KERNELS.keys()
    assert [facts["kernels"][name] for name in ("topofit", "fringe_frequency", "temporal_smooth", "candidates")] == [
        "cuda",
        "numpy",
        "cuda",
        "pythran",
    ]
    assert facts["backends"]["cuda"].startswith("Stand-in, 1024.0 of 1024.0 GiB free, CUDA 12.6")
    assert facts["threads"] >= 1 and facts["cpus"] >= 1
    assert {"numpy", "cupy", "pythran", "ortools"} <= facts["libraries"].keys() and "snaphu" in facts["programs"]


def test_description_without_a_device(no_cupy, monkeypatch, capsys):
    monkeypatch.setenv("STAMPS_BACKEND", "cuda")
    assert cli.run("stamps", ["describe-backends"]) == 0
    said = capsys.readouterr()
    assert "not available" in said.out and "threads of a kernel:" in said.out
    lines = dict(line.split(maxsplit=1) for line in said.out.splitlines() if line.startswith("  "))
    assert lines["fringe_frequency"].startswith("numpy") and "cuda" in lines["fringe_frequency"]
    assert said.err.count("cuda was asked for") == 1


def test_the_option_of_a_command(monkeypatch, capsys):
    seen = []
    record = lambda *args, **keywords: seen.append((str(backends.requested()), keywords))  # noqa: E731
    monkeypatch.setitem(vars(stamps), "calamp", record)
    assert cli.run("calamp", ["list", "10", "--backend", "numpy,topofit=cuda"]) == 0
    assert cli.run("calamp", ["list", "10"]) == 0
    assert seen == [("numpy,topofit=cuda", {"workdir": "."}), ("auto", {"workdir": "."})]
    assert cli.run("calamp", ["list", "10", "--backend", "abacus"]) == 1
    assert "abacus" in capsys.readouterr().err and "STAMPS_BACKEND" not in os.environ


def test_threads_of_a_pool_follow_the_request(monkeypatch):
    monkeypatch.setenv("STAMPS_BACKEND", "pythran")
    with backends.selected("numpy,topofit=cuda"), native.thread_pool(2) as pool:
        assert {str(told) for told in pool.map(lambda _: backends.requested(), range(4))} == {"numpy,topofit=cuda"}


def test_a_whole_run_with_each_backend(golden_state, stand_in):
    """Steps 5 to 8: nothing goes to the device unasked, much goes there when asked, and the results agree."""
    found = {}
    for backend in ("numpy", "cuda"):
        before = stand_in.operations
        workdir = golden_state("ps_mini", 4)
        assert cli.run("stamps", ["5", "8", "--workdir", str(workdir), "--cores", "1", "--backend", backend]) == 0
        found[backend] = matfile.read(workdir / "scn2.mat") | matfile.read(workdir / "scla2.mat")
        assert (stand_in.operations - before > 1000) == (backend == "cuda")
        assert backend == "cuda" or stand_in.operations == before
    assert not backends._given_up
    for name, reference in found["numpy"].items():
        np.testing.assert_allclose(found["cuda"][name], reference, rtol=1e-5, atol=1e-6, err_msg=name)


def test_what_started_processes_are_told(no_cupy, monkeypatch, capsys):
    compiled(monkeypatch, True)
    assert backends.for_processes(here=True) == ""
    with backends.selected("numpy,topofit=pythran"):
        assert backends.for_processes(here=True) == "numpy,topofit=pythran"
    monkeypatch.setenv("STAMPS_BACKEND", "cuda")
    assert backends.for_processes(here=False) == "cuda"  # another machine may have a device
    assert capsys.readouterr().err == ""
    told = backends.parse(backends.for_processes(here=True))
    assert told.of("topofit") == "pythran" and told.of("fringe_frequency") == "numpy"
    assert capsys.readouterr().err.count("\n") == 1
    with backends.selected(str(told)):
        assert {backends.order(kernel)[0] for kernel in backends.KERNELS} == {"numpy", "pythran"}
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("task_backend", "expected"), [("numpy,fringe_frequency=cuda", "numpy,fringe_frequency=cuda"), ("", "pythran")]
)
def test_a_task_sets_the_backend_of_its_process_only(task_backend, expected, monkeypatch, tmp_path):
    monkeypatch.setenv("STAMPS_BACKEND", "pythran")
    script = tmp_path / "python"
    script.write_text('#!/bin/sh\necho "backend:$STAMPS_BACKEND"\n')
    script.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(script))
    result = patch_task.run_patch_task(patch_task.PatchTask(str(tmp_path / "PATCH_1"), 1, 1, {}, 1, task_backend))
    assert f"backend:{expected}\n" in result.output
    assert os.environ["STAMPS_BACKEND"] == "pythran"


def test_patches_get_the_backend_of_the_run(golden_state, monkeypatch):
    told = []
    monkeypatch.setattr(
        "stamps.run.engine.run_patch_task",
        lambda task: told.append(task.backend) or patch_task.PatchResult(task.name, task.start, ""),
    )
    workdir = golden_state("ps_mini", 1)
    assert cli.run("stamps", ["2", "2", "--workdir", str(workdir), "--cores", "2", "--backend", "numpy"]) == 0
    assert told == ["numpy", "numpy"]
