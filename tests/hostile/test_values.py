"""Every variable of the files of a project, damaged in every way: refused by file and name, or read as it was."""

import functools
import os
import re
import shutil

import numpy as np
import pytest

from helpers.damaged_variables import damaged, silence, write
from helpers.run_projects import golden_set
from stamps.errors import StampsError, WorkspaceError
from stamps.legacy.stamps import stamps
from stamps.verify import golden
from stamps.workspace import Workspace, contents, matfile
from stamps.workspace.parameters import Parameters
from stamps.workspace.step_files import Situation, files_of

#: Numbers that are as good as any others: what a file should have held nobody knows.
PLAUSIBLE = ("0", "-3", "1.5", "1e+09")

#: Variables that hold a setting, or a list of interferograms of which any part would do.
FREE = {("select1", name) for name in ("clap_alpha", "clap_beta", "gamma_stdev_reject", "max_percent_rand", "coh_thresh")} | {
    ("select1", "ifg_index"), ("weed1", "ifg_index"), ("phuw2", "unwrap_ifg_index_sm"), ("scn2", "ph_hpt"),
    ("weed1", "ix_weed"), ("pm1", "gamma_change_save"), ("weed1", "ps_std"), ("weed1", "ps_max"),
    ("pm1", "low_pass"),  # its size is compared with clap_win by step 3
}  # fmt: skip


@pytest.fixture
def state(sandbox):
    return functools.partial(sandbox.state, 8)


def trials(folder, name):
    """(raw values, variable, kind of damage, damaged value) of a file."""
    raw = matfile.read(folder / name)
    for variable, value in raw.items():
        for kind, bad in damaged(value).items():
            yield raw, variable, kind, bad


def is_same(ours, theirs):
    if isinstance(ours, str) or isinstance(theirs, str) or ours is None or theirs is None:
        return (ours is None and theirs is None) or (isinstance(ours, str) and ours == theirs)
    ours, theirs = (value.toarray() if hasattr(value, "toarray") else np.asarray(value) for value in (ours, theirs))
    return ours.shape == theirs.shape and np.allclose(ours, theirs, rtol=1e-6, equal_nan=True)


def judge(folder, name, step_kinds=None):
    """Load a file in all its damaged forms; what was accepted with another value than before."""
    path, stem, content = folder / name, name.removesuffix(".mat"), (folder / name).read_bytes()
    clean, accepted, n = Workspace(folder).load(stem), [], 0
    for raw, variable, kind, bad in trials(folder, name):
        if step_kinds and kind not in step_kinds:
            continue
        n += 1
        write(path, {**raw, variable: bad})
        try:
            loaded = Workspace(folder).load(stem)
        except WorkspaceError as error:
            assert str(path) in str(error) and variable in str(error), f"{variable} {kind}: {error}"
            assert len(str(error).splitlines()) == 1
            continue
        if not is_same(loaded[variable], clean[variable]):
            accepted.append((stem, variable, kind))
    path.write_bytes(content)
    return n, accepted


def unexplained(accepted, raw_nan):
    """Of what was accepted, what is neither plausible nor allowed by the table."""
    return [
        (file, variable, kind)
        for file, variable, kind in accepted
        if kind not in PLAUSIBLE
        and (file, variable) not in FREE
        and not (raw_nan(file, variable) and "nan" in kind)
        and kind != "empty"
        and (variable, kind) != ("mean_range", "row_missing")
    ]


def may_be_nan(file, variable):
    rows = contents.variables_of_file(file)
    return any(row.name == variable and row.nan for row in rows)


FAST = ("ps2.mat", "rc2.mat", "ifgstd2.mat", "phuw2.mat", "scla2.mat", "psver.mat", "PATCH_1/weed1.mat")
FEW = (
    "transposed",
    "row_missing",
    "char",
    "cell",
    "complex",
    "real",
    "logical",
    "first_nan",
    "last_inf",
    "1.5",
    "1e+09",
)


def test_damaged_variables_are_refused_by_name(state):
    project = state()
    for name in FAST:
        n, accepted = judge((project / name).parent, (project / name).name, FEW)
        assert n and unexplained(accepted, may_be_nan) == []


@pytest.mark.exhaustive
@pytest.mark.parametrize("name", ["ps_mini", "sb_mini"])
def test_every_variable_of_every_file_in_every_way(state, name):
    project = state(set_name=name)
    n = 0
    for path in [*project.glob("*.mat"), *(project / "PATCH_1").glob("*.mat")]:
        if path.stem in ("parms", "localparms") or path.stem.startswith("uw_"):  # the latter are scratch of one step
            continue
        count, accepted = judge(path.parent, path.name)
        n += count
        assert unexplained(accepted, may_be_nan) == [], path
    assert n > 2500


@pytest.mark.exhaustive
@pytest.mark.parametrize("step", range(2, 9))
@pytest.mark.parametrize("name", ["ps_mini", "sb_mini"])
def test_steps_end_well_or_in_one_sentence(tmp_path, name, step):
    """What the border lets pass, and every variable that is missing, in the step that reads it."""
    source = golden_set(name, complete=True, step=step - 1)
    base = golden.build_state(source, step - 1, tmp_path / "base")
    if step <= 5:
        (base / "patch.list").write_text("PATCH_1\n")
    for path, variable, kind, content in passing(base, step):
        copy = tmp_path / "copy"
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(base, copy, copy_function=os.link)
        for log in copy.rglob("STAMPS.log"):
            log.unlink()
        (copy / path).unlink()
        write(copy / path, content)
        try:
            with silence():
                stamps(step, step, workdir=copy, cores=1)
        except StampsError as error:
            assert len(str(error).splitlines()) == 1, (path, variable, kind)


def passing(base, step):
    """Damaged files of a step that can be loaded, and files without one of their variables."""
    ws = Workspace(base)
    situation = Situation(ws, ws / "PATCH_1", Parameters(ws, read_only=True), patches=True, first=True)
    for row in files_of(step, "read", situation):
        path = situation.folder(row.place).path / row.file
        if not path.is_file() or path.suffix != ".mat" or path.stem == "parms":
            continue
        raw, relative = matfile.read(path), path.relative_to(base)
        for variable in raw if "*" in row.variables else row.variables:
            if variable not in raw:
                continue
            yield relative, variable, "missing", {key: value for key, value in raw.items() if key != variable}
            for kind, bad in damaged(raw[variable]).items():
                if kind not in (*PLAUSIBLE, "other_precision") and can_be_loaded(path, {**raw, variable: bad}):
                    yield relative, variable, kind, {**raw, variable: bad}


def can_be_loaded(path, content):
    kept = path.read_bytes()
    try:
        write(path, content)
        Workspace(path.parent).load(path.stem)
    except WorkspaceError:
        return False
    finally:
        path.write_bytes(kept)
    return True


# ---------------------------------------------------------------------- the steps themselves


@pytest.mark.parametrize(
    ("step", "file", "variable", "number"),
    [
        (7, "ifgstd2", "ifg_std", np.nan), (6, "rc2", "ph_rc", np.inf), (5, "PATCH_1/ph2", "ph", np.nan),
        (6, "ps2", "bperp", np.nan), (5, "PATCH_1/pm2", "K_ps", np.nan), (4, "PATCH_1/hgt1", "hgt", np.inf),
        (4, "PATCH_1/la1", "la", np.nan), (7, "phuw2", "ph_uw", np.inf), (8, "scla2", "ph_scla", -np.inf),
        (4, "PATCH_1/ps1", "xy", np.nan), (4, "PATCH_1/ps1", "lonlat", np.inf), (6, "ps2", "day", np.nan),
        (2, "PATCH_1/bp1", "bperp_mat", np.inf), (3, "PATCH_1/pm1", "coh_ps", np.nan),
    ],
)  # fmt: skip
def test_one_number_that_is_none_stops_the_step(sandbox, step, file, variable, number):
    project = sandbox.state(step - 1)
    path = project / f"{file}.mat"
    raw = matfile.read(path)
    raw[variable][-1, -1] = number
    write(path, raw)
    files = [other for other in path.parent.glob("*.mat") if other.name != "parms.mat"]
    before = [other.read_bytes() for other in files]
    with pytest.raises(StampsError) as refused, silence():
        stamps(step, step, workdir=project, cores=1)
    assert re.search(rf"{path.name}: variable '{variable}' holds 1 (NaN|Inf) among", str(refused.value))
    assert re.search(r"run step \d again", str(refused.value))
    assert [other.read_bytes() for other in files] == before


def test_the_command_says_it_in_one_sentence_and_status_goes_on(sandbox):
    project = sandbox.state(6)
    raw = matfile.read(project / "ifgstd2.mat")
    raw["ifg_std"][2] = np.nan
    write(project / "ifgstd2.mat", raw)
    sentence = sandbox.run("stamps", "7", "7").refuses("ifgstd2.mat", "'ifg_std'", "1 NaN among 18", "run step 5 again")
    assert "row 3" in sentence
    for words in (("status",), ("7", "8", "--dry-run")):
        sandbox.run("stamps", *words).bounded()


def test_what_nobody_foresaw_is_one_sentence_with_the_traceback_in_the_log(sandbox, monkeypatch):
    from stamps.cli import program as cli
    from stamps.legacy import ps_calc_ifg_std

    project = sandbox.state(4)

    def broken(*arguments, **keywords):
        raise IndexError("index 7 is out of bounds")

    monkeypatch.setattr(ps_calc_ifg_std, "ps_calc_ifg_std", broken)
    with silence():
        assert cli.run("stamps", ["5", "5", "--workdir", str(project), "--cores", "1"]) == 1
        with pytest.raises(IndexError):
            stamps(5, 5, workdir=project, cores=1)
    assert "Traceback (most recent call last)" in (project / "STAMPS.log").read_text()


def test_finite_numbers_whose_sum_overflows_are_finite():
    assert contents.all_finite(np.full(5000, 3e38, np.float32))
    assert not contents.all_finite(np.array([1e38, np.inf], np.float32))
    assert not contents.all_finite(np.array([[1, complex(0, np.nan)]], np.complex64))
