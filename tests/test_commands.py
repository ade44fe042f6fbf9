"""The table of shell commands, and the products at the prompt: arguments, what is written and printed, what goes wrong."""

import re

import numpy as np
import pytest

import stamps
from helpers import finished_project as finished
from stamps.cli import program as cli
from stamps.cli.command import Argument, Command, Option, literal, matrix, perform, usage
from stamps.cli.legacy import COMMANDS
from stamps.errors import InputError, ParameterError
from stamps.products.arguments import POSITIONAL
from stamps.products.value_types import known_names
from stamps.workspace.parameters import Parameters

#: What docs/method/products.md names.
PRODUCTS = """ps_mean_v ps_plot ps_plot_ifg ps_plot_tca ts_plot ts_plotdiff ps_output ps_info sb_info ps_baseline_plot
sb_baseline_plot ps_gescatter gescatter ps_shapefile K2q ps_calc_tca ps_load_mean_amp ps_load_dem ps_load_info ps_plot_ica
sb_fix_unwrap_manual plot_sb_baselines env_oscilator_corr""".split()


@pytest.fixture(scope="module")
def ps(tmp_path_factory):
    """A single-master project; tests only add files to it."""
    return finished.single_master(tmp_path_factory.mktemp("ps"))


@pytest.fixture(scope="module")
def sb(tmp_path_factory):
    """A small-baseline project; tests only add files to it."""
    return finished.small_baselines(tmp_path_factory.mktemp("sb"))


@pytest.fixture
def drawn(monkeypatch):
    """Pictures are possible, small, and without a window."""
    pytest.importorskip("matplotlib")
    from stamps.products import figures

    for name in ("DISPLAY", "WAYLAND_DISPLAY", "JPY_PARENT_PID"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(figures, "_DPI", 30)


@pytest.fixture
def at_prompt(capsys):
    """Run a command line in a project: exit status, output, error."""

    def at(ws, *words):
        status = cli.run(words[0], [*words[1:], "--workdir", str(ws.path)])
        answer = capsys.readouterr()
        return status, answer.out, answer.err

    return at


class TestTable:
    def test_every_product_is_a_command(self):
        assert set(PRODUCTS) <= set(COMMANDS)

    @pytest.mark.parametrize("name", COMMANDS)
    def test_help_has_everything(self, name, capsys):
        command = COMMANDS[name]
        assert cli.run(name, ["--help"]) == 0
        text = capsys.readouterr().out
        assert command.about.splitlines()[0] in text and f"  {name}" in text.split("example:")[1]
        for word in (*command.arguments, *(option for option in command.options if option.about)):
            assert word.name in text
        assert ("--backend" in text) == command.kernels
        assert max(len(line) for line in text.splitlines()) < 150

    @pytest.mark.parametrize("name", COMMANDS)
    def test_examples_are_understood(self, name, monkeypatch):
        calls = []
        for line in COMMANDS[name].example.splitlines():
            words = [word.strip("'") for word in re.findall(r"'[^']*'|\S+", line.split("#")[0])]
            monkeypatch.setitem(vars(stamps), words[0], lambda *args, **kwargs: calls.append((args, kwargs)))
            if COMMANDS[words[0]].call is None:
                assert cli.run(words[0], words[1:]) == 0
                assert calls.pop()[1]["workdir"] == "."

    def test_usage_nests_what_may_be_left_out(self):
        command = Command("", (Argument("A"), Argument("B"), Argument("C")), required=1, kernels=False)
        assert usage("x", command) == "usage: x A [B [C]] [--workdir DIR]"
        command = Command("", repeats="WORD", options=(Option("--out", "FILE", about="where"),))
        assert usage("x", command) == "usage: x [WORD …] [--out FILE] [--workdir DIR] [--backend NAME]"

    def test_options_are_handed_over_only_if_given(self, monkeypatch):
        calls = []
        monkeypatch.setitem(vars(stamps), "x", lambda *args, **kwargs: calls.append(kwargs))
        options = (Option("--a", "N", int), Option("--b"), Option("--c", "N", float, default=None))
        command = Command("", options=options, kernels=False)
        assert perform("x", command, []) == 0 and calls.pop() == {"workdir": ".", "c": None}
        assert perform("x", command, ["--a", "3", "--b", "--c", "1.5"]) == 0
        assert calls == [{"workdir": ".", "a": 3, "b": True, "c": 1.5}]

    @pytest.mark.parametrize("argv", [["--nothing"], ["--out"], ["u", "--seed", "x"]])
    def test_bad_options_are_one_line(self, argv, capsys):
        assert cli.run("ps_plot", argv) == 2
        error = capsys.readouterr().err
        assert error.startswith("ps_plot: ") and error.count("\n") == 1 and "ps_plot --help" in error

    def test_readers(self, tmp_path):
        assert list(literal("[3 5]")) == [3, 5] and literal("ts") == "ts" and literal("-1") == -1
        np.testing.assert_array_equal(matrix("[1 2; 3 4.5]"), [[1, 2], [3, 4.5]])
        (tmp_path / "corners.txt").write_text("1 2\n3 4\n5 6\n")
        assert matrix(str(tmp_path / "corners.txt")).shape == (3, 2)
        with pytest.raises(ParameterError, match="different lengths"):
            matrix("[1 2; 3]")
        with pytest.raises(InputError, match="neither a matrix"):
            matrix(str(tmp_path / "nothing.txt"))


class TestPlotHelp:
    def test_it_lists_every_value_type_and_switch(self, capsys):
        cli.run("ps_plot", ["--help"])
        text = capsys.readouterr().out
        listed = set(re.findall(r"^  (\S+) ", text, re.MULTILINE))
        for name in {*known_names(False), *known_names(True)}:
            assert {name, name.lower()} & listed, name
        assert all(f" {number}  a_" in text for number in range(1, 42))
        assert "'ifg N'" in text and "'ext PATH'" in text and "i_as" in text

    def test_positions_are_those_of_the_function(self):
        names = [argument.name.lower() for argument in COMMANDS["ps_plot"].arguments[1:]]
        assert tuple(names) == POSITIONAL
        assert {f"--{name}" for name in names} < {option.name for option in COMMANDS["ps_plot"].options}


class TestPlots:
    def test_saved_values(self, ps, at_prompt):
        status, out, _ = at_prompt(ps, "ps_plot", "u-dm", "-1", "0", "0", "[3 5]")
        assert status == 0 and "ps_plot_u-dm.mat" in out
        saved = ps.load_raw("ps_plot_u-dm")
        assert saved["ph_disp"].shape == (60, 2) and saved["ifg_list"].ravel().tolist() == [3, 5]
        assert at_prompt(ps, "ps_plot", "u-dm", "--plot_flag", "-1", "--ifg_list", "[3 5]")[0] == 0
        np.testing.assert_array_equal(ps.load_raw("ps_plot_u-dm")["ph_disp"], saved["ph_disp"])

    def test_legacy_words_at_any_place(self, ps, at_prompt):
        assert at_prompt(ps, "ps_plot", "v-da", "a_gacos", "-1")[0] == 0
        saved = ps.load_raw("ps_plot_v-da")["ph_disp"]
        assert at_prompt(ps, "ps_plot", "v-da", "-1", "[]", "0", "a_gacos")[0] == 0
        np.testing.assert_array_equal(ps.load_raw("ps_plot_v-da")["ph_disp"], saved)

    @pytest.mark.parametrize("ending", ["png", "pdf"])
    def test_picture_where_it_is_wanted(self, ps, at_prompt, drawn, ending):
        path = ps.path / f"wanted.{ending}"
        status, out, _ = at_prompt(ps, "ps_plot", "v-d", "1", "[-20 20]", "--out", path.name)
        assert status == 0 and path.stat().st_size > 3000 and str(path) in out

    def test_picture_without_a_display(self, ps, at_prompt, drawn):
        assert str(ps.path / "ps_plot_hgt.png") in at_prompt(ps, "ps_plot", "hgt")[1]
        assert (ps.path / "ps_plot_hgt.png").is_file()
        at_prompt(ps, "ps_plot", "v-d", "-1")
        assert str(ps.path / "ps_plot_data.png") in at_prompt(ps, "ps_plot_ifg", "ps_plot_v-d", "0")[1]

    def test_series(self, ps, at_prompt, drawn):
        assert at_prompt(ps, "ps_plot", "v-d", "ts")[0] == 0
        lonlat = ps.load("ps2")["lonlat"]
        one, two = ([f"{number:.6f}" for number in lonlat[k]] for k in (3, 40))
        status, out, _ = at_prompt(ps, "ts_plot", *one, "200", "--out", "one.png")
        assert status == 0 and "mm/yr towards the satellite, 8 dates" in out and (ps.path / "one.png").is_file()
        status, out, _ = at_prompt(ps, "ts_plotdiff", *one, *two, "200")
        assert status == 0 and (ps.path / "ts_plotdiff.png").is_file()
        status, _, error = at_prompt(ps, "ts_plotdiff", *one)
        assert status == 1 and "need 4 numbers" in error

    def test_networks(self, ps, sb, at_prompt, drawn):
        assert "baseline_plot.png" in at_prompt(ps, "ps_baseline_plot")[1]
        assert "baseline_plot.png" in at_prompt(sb, "sb_baseline_plot")[1]
        assert "some.pdf" in at_prompt(sb, "plot_sb_baselines", "[1 4 7]", "--out", "some.pdf")[1]
        assert at_prompt(ps, "sb_baseline_plot")[0] == at_prompt(sb, "ps_baseline_plot")[0] == 1


class TestOthers:
    def test_velocity_with_standard_deviation_and_its_export(self, ps, at_prompt):
        assert at_prompt(ps, "ps_mean_v", "[]", "50", "d", "0", "1", "--seed", "3")[0] == 0
        assert ps.load("mv2")["n_boot"] == 50 and ps.load("mv2")["subtract_switches"] == "d"
        at_prompt(ps, "ps_plot", "v-d", "-1")
        assert at_prompt(ps, "ps_output")[0] == 0
        plain = np.loadtxt(ps.path / "ps_data.xy")
        assert at_prompt(ps, "ps_output", "--corrected")[0] == 0
        corrected = np.loadtxt(ps.path / "ps_data.xy")
        assert not plain[:, 3].any() and corrected[:, 3].any()
        np.testing.assert_allclose(corrected[:, 2], np.loadtxt(ps.path / "ps_mean_v.xy")[:, 2], atol=1e-3)
        assert at_prompt(ps, "gescatter", "points", "ps_mean_v.xy", "[-20 20]", "0.5")[0] == 0
        assert (ps.path / "points.kml").read_text().count("<Placemark>") == 60

    def test_google_earth(self, ps, at_prompt):
        at_prompt(ps, "ps_plot", "v-d", "-1")
        status, out, _ = at_prompt(ps, "ps_gescatter", "map", "ps_plot_v-d", "2", "0.6", "[-20 20]", "--seed", "1")
        assert status == 0 and "30 pixels" in out and (ps.path / "map.kml").is_file()

    def test_shapefile(self, ps, at_prompt):
        pytest.importorskip("pyogrio")
        at_prompt(ps, "ps_plot", "v-d", "-1")
        assert at_prompt(ps, "ps_shapefile", "map", "ps_plot_v-d", "4")[0] == 0 and (ps.path / "map.shp").is_file()

    def test_numbers_in_numbers_out(self, ps, at_prompt):
        status, out, _ = at_prompt(ps, "K2q", "[0.01 -0.02]", "[1200 2300]", "A")
        assert status == 0
        np.testing.assert_allclose(
            [float(line) for line in out.split()], stamps.K2q([0.01, -0.02], [1200, 2300], "A"), rtol=1e-5
        )

    def test_tropospheric_corrections(self, ps, at_prompt):
        status, out, _ = at_prompt(ps, "ps_calc_tca", "[3 5]", "[0 600]", "[-10 10]")
        assert status == 0 and "Ifg 3:" in out and "Ifg 5:" in out
        assert at_prompt(ps, "ps_calc_tca", "[3 5]", "[0 600; 10 500]", "[-10 10]")[0] == 0  # a row for each
        out = at_prompt(ps, "ps_plot_tca")[1]
        assert "a_gacos" in out and "a_linear-man = a_lman" in out and "a_era5" not in out
        out = at_prompt(ps, "ps_plot_tca", "tca2", "a_lman")[1]
        assert len(out.splitlines()) == 10 and "mean    0.000 rad" in out.splitlines()[1]
        assert len(at_prompt(ps, "ps_plot_ica")[1].splitlines()) == 10
        assert len(at_prompt(ps, "ps_plot_ica", "ica2.mat", "i_as")[1].splitlines()) == 10

    def test_cycles_are_moved(self, tmp_path, at_prompt):
        ws = finished.small_baselines(tmp_path)
        before, lonlat = ws.load("phuw_sb2")["ph_uw"], ws.load("ps2")["lonlat"]
        (left, bottom), (right, top) = lonlat.min(axis=0) - 1, lonlat.max(axis=0) + 1
        corners = f"[{left} {bottom}; {right} {bottom}; {right} {top}; {left} {top}]"
        assert at_prompt(ws, "sb_fix_unwrap_manual", "2", "-1", corners)[0] == 0
        moved = ws.load("phuw_sb2")["ph_uw"] - before
        np.testing.assert_allclose(moved[:, 1], -2 * np.pi, rtol=1e-5)
        assert not np.delete(moved, 1, axis=1).any()

    def test_oscillator(self, ps, at_prompt):
        assert "not Envisat's" in at_prompt(ps, "env_oscilator_corr")[1]
        assert "mm/yr from near to far range" in at_prompt(ps, "env_oscilator_corr", "y")[1]

    def test_backgrounds(self, ps, at_prompt):
        ps.write_text("width.txt", "520\n")
        np.full((150, 520), 7, np.float32).tofile(ps.path / "mean_amp.flt")
        assert at_prompt(ps, "ps_load_mean_amp")[0] == 0 and ps.exists("amp_mean")
        np.arange(200 * 150, dtype=np.float32).tofile(ps.path / "dem.flt")
        ps.write_text("demparms.in", "dem.flt\n200\n150\n13.99\n40.03\n0.0003\nfloat\n")
        assert at_prompt(ps, "ps_load_dem")[0] == 0 and ps.exists("dem")

    def test_dates_and_baselines_alone(self, tmp_path, at_prompt):
        from stamps.workspace import Workspace

        ws = Workspace.at(tmp_path)
        texts = {
            "bperp": "10\n-20\n",
            "day": "20180101\n20180301\n",
            "master_day": "20180201\n",
            "heading": "-10\n",
            "lambda": "0.0555\n",
        }
        for name, text in texts.items():
            ws.write_text(f"{name}.1.in", text)
        assert at_prompt(ws, "ps_load_info")[0] == 0 and ws.load("ps1")["n_ifg"] == 3
        assert "01-Feb-2018" in at_prompt(ws, "ps_info")[1]


class TestWhatGoesWrong:
    """From the shell: one line, a status that is not 0, nothing drawn."""

    @pytest.fixture
    def one_line(self, at_prompt):
        def expect(ws, *words):
            before = {path.name for path in ws.path.iterdir()}
            status, _, error = at_prompt(ws, *words)
            assert status != 0 and error.count("\n") == 1 and error.startswith(f"{words[0]}: ")
            assert error.count(words[0] + ": ") == 1 and "Traceback" not in error
            assert {path.name for path in ws.path.iterdir()} - before <= {"STAMPS.log"}
            return error

        return expect

    @pytest.mark.parametrize(
        ("missing", "step", "value_type"),
        [
            ("scla2", 7, "v-d"),
            ("scla2", 7, "u-dm"),
            ("scla2", 7, "d"),
            ("scla_smooth2", 7, "w-d"),
            ("phuw2", 6, "u"),
            ("phuw2", 6, "v"),
            ("scn2", 8, "v-ds"),
            ("scn2", 8, "s"),
            ("scla2", 7, "vs-d"),
            ("uw_grid", 6, "wf"),
        ],
    )
    def test_plotting_too_early(self, tmp_path, one_line, missing, step, value_type):
        ws = finished.single_master(tmp_path)
        (ws.path / f"{missing}.mat").unlink(missing_ok=True)
        error = one_line(ws, "ps_plot", value_type)
        assert f"{missing}.mat is missing: run step {step} first (stamps {step} {step})" in error

    @pytest.mark.parametrize(("missing", "value_type"), [("scla_sb2", "v-d"), ("scla_sb2", "usb-d"), ("scla2", "V-d")])
    def test_plotting_small_baselines_too_early(self, tmp_path, one_line, missing, value_type):
        ws = finished.small_baselines(tmp_path)
        ws.delete(f"{missing}.mat")
        assert f"{missing}.mat is missing: run step 7 first" in one_line(ws, "ps_plot", value_type)

    @pytest.mark.parametrize(
        ("value_type", "nearest"),
        [("v-dox", "v-do"), ("u-md", "u-dm"), ("hgtt", "hgt"), ("V-DOX", "v-do"), ("x", "v-d")],
    )
    def test_no_such_value_type(self, ps, one_line, value_type, nearest):
        error = one_line(ps, "ps_plot", value_type)
        assert f"'{value_type}' is not a value type of this project: did you mean" in error
        assert nearest in re.split(r"did you mean | or |\?", error)

    def test_value_type_of_the_other_kind_of_project(self, ps, one_line):
        assert "small-baseline projects only" in one_line(ps, "ps_plot", "usb")

    @pytest.mark.parametrize(
        ("parameter", "value"), [("ref_lon", [100, 101]), ("ref_lat", [-3, -2]), ("ref_radius", 0.001)]
    )
    def test_reference_area_without_pixels(self, tmp_path, one_line, parameter, value):
        ws = finished.single_master(tmp_path)
        Parameters(ws).set(parameter, value)
        for words in (["ps_plot", "v-d"], ["ps_plot", "u", "-1"], ["ps_mean_v"]):
            error = one_line(ws, *words)
            assert "is in the reference area: change ref_lon, ref_lat, ref_centre_lonlat and ref_radius" in error

    def test_missing_tropospheric_variable(self, ps, sb, one_line):
        for ws, name in ((ps, "tca2.mat"), (sb, "tca_sb2.mat")):
            error = one_line(ws, "ps_plot", "v-da", "a_era5")
            assert f"{name} has no variable 'ph_tropo_era5', which tropo_method 'a_era5' needs" in error
        assert "has no variable 'ph_tropo_era5'" in one_line(ps, "ps_plot_tca", "tca2", "a_era5")

    def test_missing_tropospheric_file(self, tmp_path, one_line):
        ws = finished.single_master(tmp_path)
        ws.delete("tca2.mat")
        assert "tca2.mat is missing" in one_line(ws, "ps_plot", "v-da", "a_gacos")

    def test_no_such_correction(self, ps, one_line):
        assert "'a_gacos'" in one_line(ps, "ps_plot", "v-da", "a_gacoz")
        assert "Say which tropospheric correction" in one_line(ps, "ps_plot", "v-da")

    def test_no_tides(self, tmp_path, one_line):
        ws = finished.single_master(tmp_path)
        ws.delete("tide2.mat")
        assert "tide2.mat is missing: write the phase of the tides" in one_line(ws, "ps_plot", "vt")

    @pytest.mark.parametrize(
        ("words", "message"),
        [
            (["ps_plot", "u", "9"], "plot_flag"),
            (["ps_plot", "u", "1", "[3"], "brackets"),
            (["ps_plot", "u", "-1", "0", "0", "[40]"], "ifg_list holds 40"),
            (["ps_plot", "usb-dm"], "did you mean"),
            (["K2q", "0.01", "2300", "Z"], "the sensor 'Z'"),
            (["ts_plot", "14"], "need 2 numbers"),
            (["ps_gescatter", "x", "ps_plot_nothing"], "save the plot first"),
            (["gescatter", "x", "no.xy"], "no.xy"),
            (["ps_plot_ifg", "ps_plot_nothing"], "save the plot first"),
            (["ps_load_info"], "day.1.in"),
            (["sb_fix_unwrap_manual", "1", "1", "[1 2; 3 4; 5 6]"], "single master"),
        ],
    )
    def test_wrong_arguments(self, ps, one_line, words, message):
        assert message in one_line(ps, *words)

    def test_wrong_usage_is_short(self, capsys):
        assert cli.run("ps_plot", []) == 2
        error = capsys.readouterr().err
        assert error.startswith("usage: ps_plot VALUE_TYPE") and len(error.splitlines()) < 5
