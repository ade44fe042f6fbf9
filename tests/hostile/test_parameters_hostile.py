"""Parameters that cannot be meant: refused when they are set, and where they stand in the file, before a step works."""

import numpy as np
import pytest

from helpers.damaged_variables import silence
from stamps.errors import ParameterError
from stamps.legacy.stamps import stamps
from stamps.matlab import literals
from stamps.workspace import Workspace, matfile
from stamps.workspace.parameter_values import problem_of
from stamps.workspace.parameters import Parameters, table

WRONG = [
    ("weed_standard_dev", "abc"), ("weed_standard_dev", -1.0), ("drop_ifg_index", 1.5), ("drop_ifg_index", [0, 3]),
    ("drop_ifg_index", np.nan), ("max_topo_err", np.inf), ("max_topo_err", 1e9), ("clap_win", [32, 32]), ("clap_win", []),
    ("clap_win", 1e6), ("unwrap_gold_n_win", 1e7), ("filter_grid_size", -50.0), ("filter_grid_size", 1e-6),
    ("unwrap_grid_size", 1e-3), ("n_cores", 1e9), ("n_cores", 0.5), ("subtr_tropo", "yes"), ("scla_deramp", 1.0),
    ("unwrap_method", "4D"), ("select_method", "ALL"), ("slc_osf", 0.0), ("percent_rand", 1000.0), ("density_rand", -1.0),
    ("ref_lon", 3.0), ("ref_centre_lonlat", [1, 2, 3]), ("scn_wavelength", -100.0), ("merge_resample_size", -1.0),
    ("max_topo_err", 1 + 2j), ("gamma_max_iterations", 1e9), ("lambda", -1.0), ("heading", 1e4),
    ("plot_color_scheme", "x" * 5000),
    ("weed_time_win", 0.0), ("scn_deramp_ifg", "some"), ("unwrap_hold_good_values", ""),
]  # fmt: skip


@pytest.mark.parametrize(("name", "value"), WRONG)
def test_setparm_and_every_reader_refuse(tmp_path, name, value):
    ws = Workspace(tmp_path)
    own = Parameters(ws)
    own.fill_defaults()
    before = (tmp_path / "parms.mat").read_bytes()
    if not (np.size(value) == 1 and isinstance(value, float) and np.isnan(value)):  # NaN resets
        with pytest.raises(ParameterError, match=f"(P|p)arameter {name} "):
            own.set(name, value)
        with pytest.raises(ParameterError, match=f"(P|p)arameter {name} "):
            own.set(name, value, 2)
    assert (tmp_path / "parms.mat").read_bytes() == before
    stored = value if isinstance(value, str) else np.atleast_2d(np.asarray(value))
    matfile.write(tmp_path / "parms.mat", {**matfile.read(tmp_path / "parms.mat"), name: stored})
    for read in (lambda: Parameters(ws).get(name), Parameters(ws).check):
        with pytest.raises(ParameterError, match=f"Parameter {name} is .* expected: correct it"):
            read()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("weed_max_noise", np.inf), ("ref_radius", -np.inf), ("lambda", np.nan), ("heading", []), ("drop_ifg_index", []),
        ("scn_deramp_ifg", "all"), ("unwrap_method", "3d_quick"), ("subtr_tropo", "Y"), ("select_method", "percent"),
        ("ref_lon", [-np.inf, np.inf]), ("clap_win", 64.0), ("weed_time_win", np.inf), ("own_name", "anything"),
    ],
)  # fmt: skip
def test_what_users_of_the_original_type_is_taken(tmp_path, name, value):
    Parameters(tmp_path).set(name, value, 1)
    Parameters(tmp_path).check()


@pytest.mark.parametrize("value", [0.5, 4, -1, np.nan, [1, 2], [], "1.5"])
def test_ramps_have_the_degrees_that_there_are(tmp_path, value):
    with pytest.raises(ParameterError, match="Parameter deramp_degree is .* expected"):
        Parameters(tmp_path).set("deramp_degree", value, 1)
    for degree in (0, 0.4, 0.6, 1, 1.5, 2, 2.5, 3):
        Parameters(tmp_path).set("deramp_degree", degree, 1)


def test_all_defaults_are_as_expected():
    for row in table():
        for small_baselines in (False, True):
            value = row.default(small_baselines)
            assert value is None or not problem_of(row.expected, value), row.name


@pytest.mark.parametrize(
    "literal",
    [
        "1:1e12",
        "1:1e-300:2",
        "[" * 5000,
        "[" + "1:1e6 " * 5 + "]",
        "1e400",
        "[1 1e400]",
        "'" * 99,
        "1" * 2_000_000,
        "[1:1e9]",
    ],
)
def test_literals_without_end(literal):
    with pytest.raises(ParameterError) as refused:
        literals.parse(literal)
    assert len(str(refused.value)) < 300


def test_other_digits_are_no_numbers():
    assert literals.number("٣") is None and literals.parse("²") == "²"


@pytest.mark.parametrize(
    ("step", "name", "value"),
    [
        (2, "filter_grid_size", 0.02),
        (6, "unwrap_grid_size", 0.02),
        (5, "merge_resample_size", 1e-300),
        (2, "max_topo_err", 9e3),
    ],
)
def test_sizes_are_judged_before_memory_is_taken(sandbox, monkeypatch, step, name, value):
    project = sandbox.state(step - 1)
    monkeypatch.setattr("stamps.workspace.limits._MOST_WRAPS", 50)
    Parameters(project).set(name, value)
    with pytest.raises(ParameterError, match=f"{name} is") as refused, silence():
        stamps(step, step, workdir=project, cores=1)
    assert "set a" in str(refused.value)


def test_pixels_far_apart_are_named(sandbox):
    project = sandbox.state(5)
    raw = matfile.read(project / "ps2.mat")
    raw["xy"][-1, 1:] = 3e8
    matfile.write(project / "ps2.mat", raw)
    with pytest.raises(ParameterError, match="pixels with wrong coordinates"), silence():
        stamps(6, 6, workdir=project, cores=1)


def test_parameters_of_elsewhere_stop_run_and_dry_run_at_once(sandbox):
    project = sandbox.state(1)
    raw = matfile.read(project / "parms.mat")
    matfile.write(project / "parms.mat", {**raw, "scn_wavelength": "far"})
    for more in ((), ("--dry-run",)):
        sandbox.run("stamps", "2", "8", *more).refuses("scn_wavelength", "'far'", "expected")
    assert not list(project.glob("PATCH_*/pm1.mat"))


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (("stamps", "(1,8)"), "stamps 1 8"), (("stamps", "1,8"), "stamps 1 8"), (("stamps", "1-8"), "stamps 1 8"),
        (("stamps", "(1,", "8)"), "stamps 1 8"), (("stamps", "8", "1"), "stamps 1 8"), (("setparm", "clap_win"), "needs a value"),
        (("getparm", "clap_wim"), "did you mean clap_win"), (("getparm", "nosuch"), "lists all names"),
    ],
)  # fmt: skip
def test_hints(tmp_path, capsys, words, hint):
    from stamps.cli import program as cli

    assert cli.run(words[0], [*words[1:], *(["--workdir", str(tmp_path)] if words[0] != "stamps" else [])]) != 0
    assert hint in capsys.readouterr().err
