"""What SNAP leaves is looked at: products cut short, exports that cannot be; exports of pairs become one."""

import os
import shutil

import numpy as np
import pytest

from helpers.snap_exports import dimap, export_pairs
from stamps.errors import InputError
from stamps.frontends.snap import run_graph
from stamps.frontends.snap.join import MASK, RECORD, join, main
from stamps.frontends.snap.outputs import CHECKS, count_unusable
from stamps.frontends.snap.run_settings import RunSettings, digest_of
from stamps.frontends.snap.taken_over import found_export
from stamps.simulation.command import parse_args
from stamps.simulation.stack import simulate
from stamps.workspace.plain_files import read_json


@pytest.fixture(scope="module")
def stack(tmp_path_factory):
    """A simulated stack of 100 lines in SNAP's layout (read only)."""
    folder = tmp_path_factory.mktemp("stack") / "stack"
    simulate(parse_args([str(folder), "--preset", "tiny", "--layout", "snap", "--lines", "100", "--quiet"]))
    return folder


@pytest.fixture
def exports(stack, tmp_path):
    """Working directory, master and secondaries of exported pairs."""
    return tmp_path, *export_pairs(stack, tmp_path)


def edited(path, dtype, edit):
    """Change the numbers of a raster."""
    values = np.fromfile(path, dtype)
    edit(values)
    values.tofile(path)


# ---------------------------------------------------------------------- products


def test_a_complete_product_is_accepted(tmp_path):
    assert CHECKS["dimap"](str(dimap(tmp_path / "a.dim"))) == ""


def test_bands_that_may_be_zero_are(tmp_path):
    path = dimap(tmp_path / "a.dim", bands=("i_VV", "elevation"))
    edited(tmp_path / "a.data" / "elevation.img", ">f4", lambda values: values.fill(0))
    assert CHECKS["dimap"](str(path)) == ""


def cut_short(path):
    os.truncate(path.with_suffix(".data") / "q_VV.img", 100)


def half_written(path):
    edited(path.with_suffix(".data") / "i_VV.img", ">f4", lambda values: values[len(values) // 3 :].fill(0))


def without_band(path):
    (path.with_suffix(".data") / "q_VV.img").unlink()


def without_header(path):
    (path.with_suffix(".data") / "q_VV.hdr").unlink()


def without_data(path):
    shutil.rmtree(path.with_suffix(".data"))


def broken(path):
    path.write_text(path.read_text()[:-40])


def empty(path):
    path.write_text("<Dimap_Document/>")


@pytest.mark.parametrize(
    "spoil, reason",
    [
        (cut_short, "has 100 bytes, but 12 × 200 × 4 = 9600 were expected"),
        (half_written, "i_VV.img .* holds nothing but zeros from line 100 on"),
        (without_band, "lacks its band q_VV.img"),
        (without_header, "has no q_VV.hdr"),
        (without_data, "i_VV"),
        (broken, "is broken"),
        (empty, "names no size"),
        (os.unlink, "cannot be read"),
    ],
)
def test_half_a_product_is_refused(tmp_path, spoil, reason):
    path = dimap(tmp_path / "20200115_IW2.dim")
    spoil(path)
    said = CHECKS["dimap"](str(path))
    with pytest.raises(AssertionError, match=reason):
        raise AssertionError(said)
    assert "20200115" in said


def test_pair_and_interferogram_must_have_one_size(tmp_path):
    dimap(tmp_path / "coreg" / "x.dim")
    path = dimap(tmp_path / "ifg" / "x.dim", length=197)
    assert "12 × 197 and 12 × 200 pixels" in CHECKS["same_size"](str(path))
    shutil.rmtree(tmp_path / "ifg")
    assert CHECKS["same_size"](str(dimap(tmp_path / "ifg" / "x.dim"))) == ""


# ---------------------------------------------------------------------- exports


def text(path, old, new):
    path.write_text(path.read_text().replace(old, new))


def zero_baseline(pair, master, date):
    path = pair / "diff0" / f"{master}_{date}.base"
    first, *rest = path.read_text().splitlines()
    path.write_text("\n".join(["\t".join([first.split("\t")[0], "0.0", "0.0", "0.0", "m"]), *rest]))


def nan_baseline(pair, master, date):
    path = pair / "diff0" / f"{master}_{date}.base"
    path.write_text("initial_baseline(TCN):\tNaN\t1.0\t2.0\tm\n")


def no_baseline(pair, master, date):
    (pair / "diff0" / f"{master}_{date}.base").unlink()


def no_positions(pair, master, date):
    edited(pair / "geo" / f"{master}.lon", ">f4", lambda values: values[: len(values) * 2 // 3].fill(np.nan))


def zero_block(pair, master, date):
    edited(pair / "diff0" / f"{master}_{date}.diff", ">c8", lambda values: values.reshape(100, -1)[20:90].fill(0))


def zero_end(pair, master, date):
    edited(pair / "rslc" / f"{date}.rslc", ">c8", lambda values: values.reshape(100, -1)[30:].fill(0))


def zeros(pair, master, date):
    edited(pair / "rslc" / f"{date}.rslc", ">c8", lambda values: values.fill(0))


def short(pair, master, date):
    os.truncate(pair / "rslc" / f"{date}.rslc", 800)


def half_written(pair, master, date, first=34):
    """All images end in the same line."""
    for name in (f"rslc/{master}.rslc", f"rslc/{date}.rslc", f"diff0/{master}_{date}.diff"):
        edited(pair / name, ">c8", lambda values: values.reshape(100, -1)[first:].fill(0))


def nothing_written(pair, master, date):
    half_written(pair, master, date, 0)


def no_heights(pair, master, date):
    (pair / "geo" / "elevation_dem.rdc").unlink()


def no_header(pair, master, date):
    (pair / "rslc" / f"{date}.rslc.par").unlink()


@pytest.mark.parametrize(
    "spoil, reason",
    [
        (zero_baseline, "The baseline of {date} is zero"),
        (nan_baseline, "The baseline of {date} is not finite"),
        (no_baseline, "The baseline of {date} is not finite or not complete"),
        (no_positions, "in the export of {date} have no position"),
        (zero_block, "diff of the export of {date} has 70 lines of zeros from line 21 on"),
        (zero_end, "{date}.rslc of the export of {date} has 70 lines of zeros from line 31 on"),
        (half_written, "{master}.rslc of the export of {date} has 66 lines of zeros from line 35 on"),
        (nothing_written, "{master}.rslc of the export of {date} holds nothing but zeros"),
        (zeros, "{date}.rslc of the export of {date} holds nothing but zeros"),
        (short, "{date}.rslc of the export of {date} has 800 bytes"),
        (no_heights, "The export of {date} lacks geo/"),
        (no_header, "The export of {date} is not complete"),
    ],
)
def test_a_spoilt_export_is_refused_by_cause_and_date(exports, spoil, reason):
    workdir, master, (date, *_) = exports
    pair = workdir / "export" / f"{master}_{date}"
    assert CHECKS["export_pair"](str(pair)) == ""
    spoil(pair, master, date)
    assert reason.format(date=date, master=master) in CHECKS["export_pair"](str(pair))


def test_an_incomplete_date_may_lack_lines_at_its_end(exports):
    workdir, master, (date, *_) = exports
    pair = workdir / "export" / f"{master}_{date}"
    edited(pair / "diff0" / f"{master}_{date}.diff", ">c8", lambda values: values.reshape(100, -1)[30:].fill(0))
    zero_end(pair, master, date)
    assert CHECKS["export_partial"](str(pair)) == "" != CHECKS["export_pair"](str(pair))
    zero_block(pair, master, date)


def test_lines_of_zeros_at_the_border_of_all_images_may_be(exports):
    workdir, master, (date, *_) = exports
    pair = workdir / "export" / f"{master}_{date}"
    half_written(pair, master, date, 80)
    assert CHECKS["export_pair"](str(pair)) == "" == CHECKS["export_partial"](str(pair))


def test_an_export_that_is_half_written_is_not_taken_over(exports):
    workdir, master, (date, other, *_) = exports
    assert found_export(workdir, master, date)
    half_written(workdir / "export" / f"{master}_{date}", master, date)
    zero_end(workdir / "export" / f"{master}_{other}", master, other)
    assert not found_export(workdir, master, date) and not found_export(workdir, master, date, lacking=True)
    assert not found_export(workdir, master, other) and found_export(workdir, master, other, lacking=True)


def test_pixels_without_a_place_are_counted(exports):
    workdir, master, (date, *_) = exports
    pair = workdir / "export" / f"{master}_{date}"
    edited(pair / "geo" / f"{master}.lon", ">f4", lambda values: values[:3].fill(np.nan))
    edited(pair / "geo" / f"{master}.lat", ">f4", lambda values: values[2:5].fill(0))
    edited(pair / "geo" / "elevation_dem.rdc", ">f4", lambda values: values[-1:].fill(np.inf))
    assert count_unusable(pair) == 6 and CHECKS["export_pair"](str(pair)) == ""


# ---------------------------------------------------------------------- joined


def tree(root):
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def test_joined_pairs_are_the_export_of_the_stack(stack, exports):
    workdir, master, dates = exports
    joined = tree(join(workdir, master, dates))
    assert joined.pop(RECORD)
    assert {name: content for name, content in tree(stack).items() if not name.startswith("truth")} == joined


def test_joining_takes_no_disk_where_there_are_links(exports):
    workdir, master, dates = exports
    target = join(workdir, master, dates)
    assert os.path.samefile(
        target / f"rslc/{dates[0]}.rslc", workdir / f"export/{master}_{dates[0]}/rslc/{dates[0]}.rslc"
    )


def test_joining_copies_where_there_are_no_links(exports, monkeypatch):
    workdir, master, dates = exports

    def no_link(*_):
        raise OSError("no links here")

    monkeypatch.setattr(os, "link", no_link)
    target = join(workdir, master, dates)
    assert (target / f"rslc/{dates[0]}.rslc").stat().st_nlink == 1


def test_joining_again_takes_away_what_is_not_wanted_and_nothing_else(exports):
    workdir, master, dates = exports
    target = join(workdir, master, dates)
    (target / "rslc" / "20300101.rslc").write_text("mine")
    join(workdir, master, dates[1:])
    left = {path.name for path in (target / "rslc").iterdir()}
    assert f"{dates[0]}.rslc" not in left and {f"{dates[1]}.rslc", "20300101.rslc"} <= left
    join(workdir, master, dates)
    assert (target / "diff0" / f"{master}_{dates[0]}.base").is_file()


def test_the_pair_that_differs_is_named(exports):
    workdir, master, dates = exports
    edited(workdir / f"export/{master}_{dates[2]}/geo/elevation_dem.rdc", ">f4", lambda values: values.fill(7))
    with pytest.raises(InputError, match=rf"The export of {dates[2]} \(its geo/elevation_dem.rdc\) differs"):
        join(workdir, master, dates)
    assert not (workdir / f"INSAR_{master}").exists()
    odd = workdir / f"export/{master}_{dates[2]}"
    assert not odd.exists() and (workdir / f"export/{master}_{dates[2]}.odd" / "rslc").is_dir()


def test_no_pair_is_set_aside_where_most_do_not_agree(exports):
    workdir, master, dates = exports
    edited(workdir / f"export/{master}_{dates[1]}/geo/elevation_dem.rdc", ">f4", lambda values: values.fill(7))
    with pytest.raises(InputError, match=f"{dates[1]} .* most do not agree"):
        join(workdir, master, dates[:2])
    assert (workdir / f"export/{master}_{dates[1]}").is_dir()


def test_titles_of_headers_may_differ(exports):
    workdir, master, dates = exports
    text(workdir / f"export/{master}_{dates[0]}/rslc/{master}.rslc.par", "title:\t", "title:\tother ")
    join(workdir, master, dates)
    text(workdir / f"export/{master}_{dates[0]}/rslc/{master}.rslc.par", "prf:\t", "prf:\t1")
    with pytest.raises(InputError, match=dates[0]):
        join(workdir, master, dates)


def test_pixels_without_a_place_are_masked(exports):
    workdir, master, dates = exports
    for date in dates:
        edited(workdir / f"export/{master}_{date}/geo/{master}.lat", ">f4", lambda values: values[5:7].fill(np.nan))
    target = join(workdir, master, dates)
    mask = np.fromfile(target / MASK, np.uint8)
    assert np.flatnonzero(mask).tolist() == [5, 6] and read_json(target / RECORD)["pixels_without_position"] == 2


def test_a_missing_export_is_an_error_line(exports, capsys):
    workdir, master, dates = exports
    shutil.rmtree(workdir / f"export/{master}_{dates[1]}")
    assert main([str(workdir), master, *dates]) == 1
    said = capsys.readouterr().out
    assert said.startswith(f"Error: There is no export of {dates[1]}") and said.count("\n") == 1


# ---------------------------------------------------------------------- the program that runs a graph


@pytest.fixture
def run(tmp_path):
    """Run a graph of one line with a script in place of gpt."""

    def run(script, *words, products=None):
        gpt = tmp_path / "gpt"
        gpt.write_text(f"#!/bin/sh\n{script}\n")
        gpt.chmod(0o755)
        graph, settings = tmp_path / "graph.xml", tmp_path / "run.json"
        graph.write_text("<graph/>")
        settings.write_text(RunSettings(str(gpt), "/home/user/.snap", "13.0.0", products or {}).text())
        options = {"settings": settings, "graph": graph, "digest": digest_of("<graph/>"), "workdir": tmp_path}
        given = [word for name, value in options.items() for word in (f"--{name}", str(value))]
        return run_graph.main([*given, "--cores", "3", "--memory", "1000", *words])

    return run


def test_nothing_runs_on_half_a_product(run, tmp_path, capfd):
    path = dimap(tmp_path / "20200115_IW2.dim")
    cut_short(path)
    assert run(f"touch {tmp_path}/ran", "--needs", str(path)) == 1
    assert "Error: The band q_VV.img" in capfd.readouterr().out and not (tmp_path / "ran").exists()
    assert run(f"touch {tmp_path}/ran", "--needs", str(tmp_path / "a.zip")) == 1 and not (tmp_path / "ran").exists()


def test_gpt_is_called_as_it_wants_to_be(run, tmp_path, capfd):
    assert run('echo "$LD_LIBRARY_PATH" "$@"') == 0
    first, last = capfd.readouterr().out.splitlines()
    assert first == f"SNAP 13.0.0: {tmp_path}/gpt, {tmp_path}/graph.xml"
    said = last.split()
    assert said[1:9] == [
        f"{tmp_path}/graph.xml",
        "-e",
        "-c",
        "600M",
        "-q",
        "3",
        "-J-Xmx1000M",
        "-Dsnap.userdir=/home/user/.snap",
    ]
    assert said[9:] == [f"-Pworkdir={tmp_path}", f"-Prun={os.getcwd()}"]


def test_the_status_of_the_program_is_kept(run, capfd):
    assert run("exit 7") == 7
    assert capfd.readouterr().out.endswith("Error: gpt ended with status 7 and said nothing.\n")
    assert run("echo some words; exit 7") == 7
    assert capfd.readouterr().out.endswith("xml\nsome words\n")
    assert run("kill -9 $$") == 1
    assert "Error: gpt was ended by SIGKILL (out of memory?)." in capfd.readouterr().out


def test_another_graph_than_the_planned_one_is_refused(run, tmp_path, capfd):
    assert run(f"echo '<other/>' > {tmp_path}/graph.xml") == 0
    assert run("exit 0", "--digest", "0" * 12) == 1
    assert "was changed after it was written" in capfd.readouterr().out


def test_products_go_only_after_their_export_is_in_its_place(exports, run):
    workdir, master, (date, other, *_) = exports
    pairs = {one: f"{master}_{one}" for one in (date, other)}
    names = {one: f"coreg/{pair}.dim" for one, pair in pairs.items()}
    for one in (date, other):
        product = dimap(workdir / names[one])
        os.utime(product, (1000, 1000))
    short(workdir / "export" / pairs[other], master, other)
    products = {pairs[one]: [names[one]] for one in (date, other)} | {"x_y": ["../outside.dim"]}
    assert run("exit 0", products=products) == 0 and (workdir / names[date]).exists()
    assert run("exit 0", "--sweep", products=products) == 0
    assert not (workdir / names[date]).exists() and not (workdir / names[date]).with_suffix(".data").exists()
    assert (workdir / names[other]).exists()


def test_products_that_are_newer_than_their_export_stay(exports, run):
    workdir, master, (date, *_) = exports
    product = dimap(workdir / "coreg" / "x.dim")
    later = os.stat(product).st_mtime + 1000
    os.utime(product, (later, later))
    assert run("exit 0", "--sweep", products={f"{master}_{date}": ["coreg/x.dim"]}) == 0
    assert product.exists()
