"""Comparison of trees: every rule, every kind of difference, the command."""

import json
import math
import shutil

import numpy as np
import pytest

from stamps.cli.verify import main
from stamps.verify import compare, matching, rules, texts, values
from stamps.verify.rules import Context, Rule
from stamps.workspace import matfile


@pytest.fixture
def project(tmp_path):
    """A small project, twice: (run, golden)."""
    rng = np.random.default_rng(1)
    ours, theirs = tmp_path / "run", tmp_path / "golden"
    theirs.mkdir()
    matfile.write(
        theirs / "phuw2.mat",
        {
            "ph_uw": rng.normal(0, 3, (40, 5)).astype(np.float32),
            "msd": rng.random((5, 1)).astype(np.float32),
        },
    )
    matfile.write(
        theirs / "ps2.mat",
        {
            "day": 737000.0 + np.arange(5.0)[:, None],
            "ij": np.column_stack([np.arange(1, 41.0), np.arange(40.0), 3 * np.arange(40.0)]),
            "n_ps": np.array([[40.0]]),
            "xy": rng.normal(0, 1000, (40, 3)).astype(np.float32),
        },
    )
    matfile.write(
        theirs / "select1.mat",
        {
            "ix": np.arange(1, 31.0)[:, None],
            "keep_ix": rng.random((30, 1)) > 0.5,
            "ph_patch2": (rng.normal(size=(30, 5)) + 1j).astype(np.complex64),
            "small_baseline_flag": "n",
            "ph_res2": rng.uniform(-3, 3, (30, 5)).astype(np.float32),
        },
    )
    (theirs / "patch.list").write_text("PATCH_1\nPATCH_2\n")
    (theirs / "pscands.1.ph").write_bytes(bytes(range(256)))
    shutil.copytree(theirs, ours)
    return ours, theirs


def _change(path, **changes):
    content = matfile.read(path)
    content.update(changes)
    matfile.write(path, {name: value for name, value in content.items() if value is not None})


def _failures(report):
    assert not report.ok
    return {(row.file, row.variable): row for row in report.failures}


def test_equal_trees_agree(project):
    report = compare(*project)
    assert report.ok
    assert report.n_compared == report.n_agreeing == 13
    assert report.n_skipped == 0


def test_index_off_by_one(project):
    ix = matfile.read(project[0] / "select1.mat")["ix"]
    ix[17] += 1
    _change(project[0] / "select1.mat", ix=ix)
    failures = _failures(compare(*project))
    assert list(failures) == [("select1.mat", "ix")]
    assert failures["select1.mat", "ix"].count == 1
    assert "(18,1)" in failures["select1.mat", "ix"].detail


def test_mask_flipped(project):
    keep = matfile.read(project[0] / "select1.mat")["keep_ix"]
    keep[3] = ~keep[3]
    _change(project[0] / "select1.mat", keep_ix=keep)
    assert list(_failures(compare(*project))) == [("select1.mat", "keep_ix")]


def test_ten_samples_on_another_cycle(project):
    phase = matfile.read(project[0] / "phuw2.mat")["ph_uw"]
    phase.flat[5:15] += np.float32(2 * np.pi)
    _change(project[0] / "phuw2.mat", ph_uw=phase)
    row = _failures(compare(*project))["phuw2.mat", "ph_uw"]
    assert row.count == 10
    assert "10 of 200 on another cycle" in row.detail


def test_wrapped_phase_is_modulo_two_pi(project):
    phase = matfile.read(project[0] / "select1.mat")["ph_res2"]
    phase.flat[5:15] += np.float32(2 * np.pi)
    _change(project[0] / "select1.mat", ph_res2=phase)
    assert compare(*project).ok


@pytest.mark.parametrize(
    ("file", "variable", "change", "word"),
    [
        ("phuw2", "ph_uw", lambda v: v.astype(np.float64), "class double instead of single"),
        ("ps2", "day", lambda v: v.T, "shape 1x5 instead of 5x1"),
        ("select1", "keep_ix", lambda v: v.astype(np.float64), "class double instead of logical"),
        ("select1", "ph_patch2", lambda v: v.real, "class single instead of complex single"),
        ("select1", "small_baseline_flag", lambda v: "y", "'y' instead of 'n'"),
        ("phuw2", "msd", lambda v: np.where(np.arange(5)[:, None] == 2, np.float32(np.nan), v), "1 NaN instead of 0"),
        ("phuw2", "msd", lambda v: v * np.float32(1.03), "5 of 5 beyond 0.02"),
    ],
)
def test_fault_is_named(project, file, variable, change, word):
    path = project[0] / f"{file}.mat"
    _change(path, **{variable: change(matfile.read(path)[variable])})
    failures = _failures(compare(*project))
    assert list(failures) == [(f"{file}.mat", variable)]
    assert word in failures[f"{file}.mat", variable].detail


def test_nan_at_another_place(project):
    for folder, place in zip(project, (3, 4), strict=True):
        phase = matfile.read(folder / "phuw2.mat")["ph_uw"]
        phase[place] = np.nan
        _change(folder / "phuw2.mat", ph_uw=phase)
    assert "10 places differ" in _failures(compare(*project))["phuw2.mat", "ph_uw"].detail


def test_nan_at_the_same_place_agrees(project):
    for folder in project:
        phase = matfile.read(folder / "phuw2.mat")["ph_uw"]
        phase[3] = np.nan
        phase[4] = -np.inf
        _change(folder / "phuw2.mat", ph_uw=phase)
    assert compare(*project).ok


def test_missing_and_extra_variables_are_all_named(project):
    _change(project[0] / "phuw2.mat", msd=None, ph_new=np.ones((2, 2)))
    day = matfile.read(project[0] / "ps2.mat")["day"]
    _change(project[0] / "ps2.mat", day=day + 1, n_ps=np.array([[41.0]]))
    failures = _failures(compare(*project))
    statuses = {key: row.status for key, row in failures.items()}
    assert statuses == {
        ("phuw2.mat", "msd"): "missing",
        ("phuw2.mat", "ph_new"): "extra",
        ("ps2.mat", "day"): "differs",
        ("ps2.mat", "n_ps"): "differs",
    }


def test_missing_and_extra_files(project):
    (project[0] / "phuw2.mat").unlink()
    (project[0] / "PATCH_1").mkdir()
    (project[0] / "PATCH_1" / "rc2.mat").write_bytes(b"anything")
    statuses = {key[0]: row.status for key, row in _failures(compare(*project)).items()}
    assert statuses == {"phuw2.mat": "missing", "PATCH_1/rc2.mat": "extra"}


def test_what_users_make_of_a_run_does_not_count(project):
    (project[0] / "report").mkdir()
    for name in ("view.html", "report/index.html", "export_v-d.gpkg", "stamps_tsexport.csv", "ps_plot_v-d.png"):
        (project[0] / name).write_bytes(b"anything")
    assert compare(*project).ok


def test_damaged_file(project):
    path = project[0] / "select1.mat"
    path.write_bytes(path.read_bytes()[:400])
    failures = _failures(compare(*project))
    assert failures["select1.mat", ""].status == "unreadable"


def test_text_and_bytes(project):
    (project[0] / "patch.list").write_text("PATCH_1\n")
    content = bytearray((project[0] / "pscands.1.ph").read_bytes())
    content[7] ^= 1
    (project[0] / "pscands.1.ph").write_bytes(content)
    failures = _failures(compare(*project))
    assert "first line 2: '(nothing)' instead of 'PATCH_2'" in failures["patch.list", ""].detail
    assert "first byte 8" in failures["pscands.1.ph", ""].detail


def test_scratch_and_volatile_items_do_not_count(project):
    for name in ("tmp_scla2_20260101_120000.mat", "snaphu.in", "scla.1.node", "scla.2.edge", "triangle_scla.log"):
        (project[0] / name).write_bytes(b"x")
    for folder, day in zip(project, ("01-Jan-2026", "02-Jan-2026"), strict=True):
        matfile.write(folder / "parms.mat", {"Created": day, "clap_win": np.array([[32.0]])})
    assert compare(*project).ok


def test_logs_count_only_on_request(project):
    line = "21-Nov-2026 02:02:37 STAMPS           Directory is {}\n21-Nov-2026 02:02:37 PS_WEED          {} PS kept\n"
    (project[0] / "STAMPS.log").write_text(line.format("here", 7).replace("21-Nov", "22-Nov"))
    (project[1] / "STAMPS.log").write_text(line.format("there", 7))
    assert compare(*project, logs=True).ok
    (project[0] / "STAMPS.log").write_text(line.format("here", 8))
    assert compare(*project).ok
    assert "first line 2" in _failures(compare(*project, logs=True))["STAMPS.log", ""].detail


def test_nothing_compared_is_no_agreement(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    assert not compare(tmp_path / "a", tmp_path / "b").ok


def test_placeholders_stand_for_the_same_path():
    wanted = b"200\n@STACK@/geo/a.lon\n@STACK@/geo/a.lat\n"
    assert texts.compare_text(b"200\n/data/x/geo/a.lon\n/data/x/geo/a.lat\n", wanted).agrees
    assert texts.compare_text(wanted, wanted).agrees
    assert not texts.compare_text(b"200\n/data/x/geo/a.lon\n/data/y/geo/a.lat\n", wanted).agrees
    outcome = texts.compare_text(b"100\n/data/x/geo/a.lon\n/data/x/geo/b.lat\n", wanted)
    assert outcome.count == 2
    assert "first line 1" in outcome.detail


def test_numbers_in_text_are_compared_by_column():
    rule = _rule("relative", 1e-5)
    assert texts.compare_numbers(b"1.000000 200\n2 400\n", b"1.000001 200\n2 400\n", rule).agrees
    outcome = texts.compare_numbers(b"1.001 200\n2 400\n", b"1 200\n2 400\n", rule)
    assert "column 1" in outcome.detail
    assert not texts.compare_numbers(b"1 200\n", b"1 200\n2 400\n", rule).agrees
    assert not texts.compare_numbers(b"1 nonsense\n", b"1 200\n", rule).agrees


def _rule(kind, bound, outliers=0.0, outlier_bound=math.inf):
    return Rule("*", "*", "", kind, bound, bound, math.nan, outliers, outlier_bound, "")


def test_single_cells_may_lie_beyond_the_bound():
    rule = _rule("relative", 1e-4, 0.01, 5e-3)
    wanted = np.ones((100, 10), np.float32)
    value = wanted.copy()
    value[0] += 4e-3
    assert values.compare_values(value, wanted, rule).agrees
    value[1, 0] += 4e-3
    assert "11 of 1000" in values.compare_values(value, wanted, rule).detail
    value = wanted.copy()
    value[0, 0] += 6e-3
    assert "beyond 0.005" in values.compare_values(value, wanted, rule).detail


def test_random_draws_are_compared_before_their_rescaling():
    rule = _rule("counts", 2)
    draws = np.array([[100_000.0, 150_000, 50_000, 0]])
    moved = draws + [[2, -2, 0, 0]]
    assert values.compare_values(moved * 0.003, draws * 0.003, rule).agrees
    assert not values.compare_values((draws + [[3, -3, 0, 0]]) * 0.003, draws * 0.003, rule).agrees
    assert not values.compare_values(draws * 0.0031, draws * 0.003, rule).agrees


def test_zero_rms_demands_zeros():
    rule = _rule("relative", 1e-3)
    assert values.compare_values(np.zeros((3, 1)), np.zeros((3, 1)), rule).agrees
    assert not values.compare_values(np.full((3, 1), 1e-30), np.zeros((3, 1)), rule).agrees


def test_every_rule_is_usable():
    for rule in rules.table():
        assert rule.comparison in rules.COMPARISONS, rule
        assert not rule.when or Context({}).holds(rule.when) in (True, False)
        assert rule.comparison in ("exact", "skip") or max(rule.bound(np.float32), rule.bound(np.float64)) > 0, rule


def test_conditions():
    context = Context({"merge_resample_size": np.array([[100.0]]), "scn_kriging_flag": "Y"}, chain=1)
    assert context.resampled
    assert context.holds("chain & merge & merge_resample_size>0")
    assert not Context(context.parameters, chain=6).holds("merge")
    assert context.holds("scn_kriging_flag=y")
    assert not context.holds("unwrap_spatial_cost_func_flag=y")
    assert not Context({"merge_resample_size": np.zeros((1, 1))}).resampled


def _resampled(folder, order, rng_seed=2):
    """A resampled merge whose rows stand in a given order."""
    rng = np.random.default_rng(rng_seed)
    n = 50
    place = np.column_stack([np.arange(n) // 2, np.arange(n) // 2 * 3]).astype(float)  # pairs share (az, rg)
    lonlat = np.column_stack([14 + np.arange(n) * 1e-3, 40 + rng.random(n)])
    xy = rng.normal(0, 1000, (n, 2)).astype(np.float32)
    phase = np.exp(1j * rng.normal(size=(n, 4)))
    number = np.arange(1.0, n + 1)
    folder.mkdir()
    matfile.write(folder / "parms.mat", {"merge_resample_size": np.array([[100.0]])})
    matfile.write(
        folder / "ps2.mat",
        {
            "ij": np.column_stack([number, place[order]]),
            "lonlat": lonlat[order],
            "xy": np.column_stack([number, xy[order]]).astype(np.float32),
            "n_ps": np.array([[float(n)]]),
        },
    )
    matfile.write(folder / "rc2.mat", {"ph_rc": phase[order]})
    return folder


def test_rows_of_a_resampled_merge_are_matched(tmp_path):
    theirs = _resampled(tmp_path / "golden", np.arange(50))
    swapped = np.arange(50).reshape(-1, 2)[:, ::-1].ravel()
    ours = _resampled(tmp_path / "run", swapped)
    assert compare(ours, theirs).ok
    matfile.write(theirs / "parms.mat", {"merge_resample_size": np.array([[0.0]])})
    matfile.write(ours / "parms.mat", {"merge_resample_size": np.array([[0.0]])})
    assert not compare(ours, theirs).ok


@pytest.mark.parametrize("variable", ["ij", "lonlat", "numbers"])
def test_rows_that_match_nothing_are_found(tmp_path, variable):
    theirs = _resampled(tmp_path / "golden", np.arange(50))
    ours = _resampled(tmp_path / "run", np.arange(50))
    content = matfile.read(ours / "ps2.mat")
    if variable == "ij":
        content["ij"][7, 2] += 1
    elif variable == "lonlat":
        content["lonlat"][7] += 3e-5
    else:
        content["ij"][7, 0] += 1
    matfile.write(ours / "ps2.mat", content)
    assert ("ps2.mat", "ij" if variable == "numbers" else "(rows)") in _failures(compare(ours, theirs))


def test_pairs_with_the_same_place_are_matched_by_position():
    ij = np.array([[1.0, 5, 5], [2, 5, 5], [3, 6, 6]])
    lonlat = np.array([[14.0, 40], [14.00002, 40], [14.1, 40]])
    rows, wanted = matching.match_rows(ij, lonlat, ij, lonlat[[1, 0, 2]])
    assert rows.tolist() == [1, 0, 2]
    assert wanted.tolist() == [0, 1, 2]


# ---------------------------------------------------------------------- command


def test_command(project, capsys):
    run, wanted = map(str, project)
    assert main([run, wanted]) == 0
    text = capsys.readouterr().out
    assert "13 compared, 13 agree, 0 failures, 0 skipped" in text
    assert all(name in text for name in ("numpy", "ortools", "snaphu", "triangle"))
    (project[0] / "patch.list").unlink()
    assert main([run, wanted]) == 1
    assert "missing    patch.list" in capsys.readouterr().out
    assert main([run, wanted, "--json"]) == 1
    content = json.loads(capsys.readouterr().out)
    assert content["ok"] is False
    assert [row["file"] for row in content["rows"] if row["status"] == "missing"] == ["patch.list"]


def test_command_explains_what_it_cannot_compare(project, capsys):
    assert main([str(project[0]), str(project[1] / "nowhere")]) == 2
    assert "nowhere" in capsys.readouterr().err
    assert main([str(project[0] / "nowhere"), str(project[1])]) == 2
    with pytest.raises(SystemExit):
        main([str(project[0]), str(project[1]), "--after", "9"])
