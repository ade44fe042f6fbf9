"""project.conf of snap2stamps 1 and 2: what it comes to, what is said about it, and files that are hard to read."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from stamps.errors import InputError
from stamps.frontends.snap.conf_text import KEYS
from stamps.frontends.snap.project_conf import read_project_conf

FIXTURES = Path(__file__).parent / "fixtures" / "project_conf"
AREA = (14.85, 37.60, 15.20, 37.90)
ZIP = "S1A_IW_SLC__1SDV_20200415T165625_20200415T165653_032142_03B6D1_8C3E.zip"
BASE = {"PROJECTFOLDER": "/data/x", "MASTER": "/data/x/master/20200415.zip"} | dict(
    zip(("LONMIN", "LATMIN", "LONMAX", "LATMAX"), ("14.85", "37.6", "15.2", "37.9"), strict=True)
)


def conf_of(folder, text=None, *, content=None, **changes):
    """What a file comes to: lines of ``BASE`` with changes, None leaves a key out; or a text, or bytes."""
    lines = [f"{key} = {value}" for key, value in (BASE | changes).items() if value is not None]
    path = folder / "project.conf"
    path.write_bytes(content if content is not None else (text or "\n".join(lines)).encode())
    return read_project_conf(path)


# ---------------------------------------------------------------------- the three examples


def test_version_1():
    conf = read_project_conf(FIXTURES / "project_v1.conf")
    assert (conf.version, conf.sensor, conf.processor) == (1, "S1", "Snap_S1")
    assert conf.swaths == ("IW2",)  # of the key IW1, whatever else holds the word
    assert conf.master == "20200415" and conf.master_split.name.endswith("_IW2.dim")
    assert conf.folder == Path("/data/etna_T44") and conf.products == (Path("/data/etna_T44/slaves"),)
    assert conf.aoi == AREA and (conf.cpu, conf.memory, conf.gpt) == (8, "16G", Path("/opt/snap/bin/gpt"))
    assert conf.skip_existing and conf.keep == "all" and conf.dem is None and conf.track is None
    assert not conf.problems and len(conf.warnings) == 1 and "GRAPHSFOLDER has no effect" in conf.warnings[0]


def test_version_2_of_tops():
    conf = read_project_conf(FIXTURES / "project_topsar.conf")
    assert (conf.version, conf.sensor, conf.polarisation, conf.master) == (2, "S1", "VV", "middle")
    assert conf.folder == Path("/data/etna_T44")  # without the comment behind it
    assert conf.products == (Path("/data/etna_T44/slaves"), Path("/data/etna_T44/master"))
    assert conf.swaths is None and conf.dem is None and conf.aoi == AREA and conf.track == 44
    assert conf.gpt == Path("/opt/snap/bin/gpt") and conf.snap_folder == Path("/opt/snap")
    assert conf.snap_home == Path("/home/user/.snap") and (conf.cpu, conf.memory) == (8, "16G")
    assert conf.skip_existing and conf.keep == "export" and conf.download is None
    assert not conf.problems and len(conf.warnings) == 2


def test_version_2_of_stripmap():
    conf = read_project_conf(FIXTURES / "project_stripmap.conf")
    assert (conf.sensor, conf.polarisation, conf.processor) == ("TSX", "HH", "Snap_Stripmap")
    assert conf.master == "20220124" and conf.dem == Path("/data/dem/dgm5_4326.tif")
    assert conf.aoi == AREA and not conf.problems and conf.swaths is None


@pytest.mark.parametrize("name", ["project_v1", "project_topsar", "project_stripmap"])
@pytest.mark.parametrize("change", ["crlf", "cr", "utf-8-sig", "utf-16", "blanks", "lower"])
def test_examples_as_editors_leave_them(tmp_path, name, change):
    text = (FIXTURES / f"{name}.conf").read_text()
    changed = {
        "crlf": lambda: text.replace("\n", "\r\n").encode(),
        "cr": lambda: text.replace("\n", "\r").encode(),
        "blanks": lambda: text.replace("=", "\t =  ").replace("\n", "  \n\n").encode(),
        "lower": lambda: "\n".join(
            key.lower() + equals + value for key, equals, value in (line.partition("=") for line in text.split("\n"))
        ).encode(),
    }.get(change, lambda: text.encode(change))()
    plain, other = read_project_conf(FIXTURES / f"{name}.conf"), conf_of(tmp_path, content=changed)
    assert plain.keywords() | {"notes": 0} == other.keywords() | {"notes": 0}
    assert (plain.version, plain.problems, len(plain.warnings)) == (other.version, other.problems, len(other.warnings))


def test_keywords_are_only_what_the_file_decides(tmp_path):
    keywords = conf_of(tmp_path, MASTERSEL="AUTO").keywords()
    assert keywords["workdir"] == "/data/x" and keywords["resampling"] == "BILINEAR_INTERPOLATION"
    assert keywords["esd_coherence"] == 0.15 and keywords["aoi"] == list(AREA)
    assert not {"dem", "gpt", "cpu", "memory", "track", "swaths"} & keywords.keys()
    assert "esd_coherence" not in conf_of(tmp_path, SENSOR="TDX").keywords()


# ---------------------------------------------------------------------- keys and values


def test_keys_are_compared_whole(tmp_path):
    conf = conf_of(tmp_path, MASTER="/a/IW1/S1A_x_20200415T165625_IW3.dim", PROJECTFOLDER="/data/IW2=MASTER/CPU=9")
    assert conf.swaths == ("IW3",) and conf.folder == Path("/data/IW2=MASTER/CPU=9") and conf.cpu is None


@pytest.mark.parametrize(
    ("value", "swaths", "problem"),
    [
        ("IW2", ("IW2",), ""),
        ("iw3", ("IW3",), ""),
        ("IW4", None, "none of IW1"),
        ("IW2=IW3", None, "--swath"),
        ("2", None, "none of"),
    ],
)
def test_subswaths(tmp_path, value, swaths, problem):
    conf = conf_of(tmp_path, IW1=value)
    assert conf.swaths == swaths
    assert (problem in conf.problems[0]) if problem else not conf.problems


def test_a_subswath_that_contradicts_the_master(tmp_path):
    conf = conf_of(tmp_path, IW1="IW2", MASTER="/x/20200415_IW1.dim")
    assert "IW1 = IW2, but MASTER is a product of IW1" in conf.problems[0]


@pytest.mark.parametrize(
    ("value", "read"),
    [
        ("/a/b #comment", "/a/b"),
        ("/a/b\t# comment = x", "/a/b"),
        ("/a/b#no comment", "/a/b#no comment"),
        ("'/a/with blank'", "/a/with blank"),
        ('"/a/b" # c', "/a/b"),
        ("/a/%(x)s/100%", "/a/%(x)s/100%"),
        ("/a/ä ö & < >", "/a/ä ö & < >"),
    ],
)
def test_values_and_comments(tmp_path, value, read):
    assert conf_of(tmp_path, PROJECTFOLDER=value).folder == Path(read)


def test_latin_1(tmp_path):
    text = "\n".join(f"{key}={value}" for key, value in (BASE | {"PROJECTFOLDER": "/data/Ätna"}).items())
    assert conf_of(tmp_path, content=text.encode("latin-1")).folder == Path("/data/Ätna")


def test_relative_paths_count_from_the_folder_of_the_file(tmp_path):
    conf = conf_of(tmp_path, PROJECTFOLDER="etna", EXTDEM="dem.tif", AOI_MODE="KML", AOI_FILE="aoi.kml")
    assert (
        conf.folder == tmp_path / "etna" and conf.dem == tmp_path / "dem.tif" and conf.aoi == str(tmp_path / "aoi.kml")
    )


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"OVERWRITE": "Y"}, (False, "all")),
        ({"OVERWRITE": "n", "SMARTHDD": "y"}, (True, "export")),
        ({"SMARTHDD": "N"}, (True, "all")),
    ],
)
def test_what_runs_again_and_what_is_kept(tmp_path, changes, expected):
    conf = conf_of(tmp_path, **changes)
    assert (conf.skip_existing, conf.keep) == expected


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("SENSOR", "ERS", "none of S1, TSX, TDX"),
        ("POLARISATION", "XX", "none of VV, HH"),
        ("OVERWRITE", "maybe", "none of Y, N"),
        ("CPU", "0", "whole number from 1"),
        ("CPU", "many", "whole number from 1"),
        ("CACHE", "lots", "no amount of memory"),
        ("CACHE", "16", "no amount of memory"),
        ("TRACK", "176", "from 1 to 175"),
        ("LONMIN", "east", "LONMIN = east is no number"),
        ("LATMAX", "nan", "LATMAX = nan is no number"),
        ("LATMAX", None, "LATMAX is missing"),
        ("PROJECTFOLDER", None, "PROJECTFOLDER is missing"),
        ("AOI_MODE", "CIRCLE", "none of BBOX, WKT"),
        ("MASTER", "/x/product.zip", "no date"),
        ("AOI_MODE", "WKT", "needs WKT, which is empty"),
        ("AOI_MODE", "GeoJSON", "needs AOI_FILE, which is empty"),
    ],
)
def test_wrong_values_are_problems(tmp_path, key, value, said):
    conf = conf_of(tmp_path, **{key: value})
    assert len(conf.problems) == 1 and said in conf.problems[0] and conf.problems[0].startswith("project.conf: ")


def test_all_problems_at_once(tmp_path):
    assert len(conf_of(tmp_path, SENSOR="ERS", CPU="-1", CACHE="x", LONMIN="", IW1="IW9").problems) == 5


@pytest.mark.parametrize(("value", "read"), [("16G", "16G"), ("16 GB", "16G"), ("900m", "900M"), ("8GiB", "8G")])
def test_memory(tmp_path, value, read):
    assert conf_of(tmp_path, CACHE=value).memory == read


@pytest.mark.parametrize(
    ("mode", "key", "value"), [("WKT", "WKT", "POLYGON((1 2,3 2,3 4,1 2))"), ("shp", "AOI_FILE", "/a/b.shp")]
)
def test_areas(tmp_path, mode, key, value):
    assert conf_of(tmp_path, AOI_MODE=mode, **{key: value}).aoi == value


def test_exchanged_corners_are_told(tmp_path):
    conf = conf_of(tmp_path, LATMIN="38", LATMAX="37")
    assert not conf.problems and "corners are exchanged" in conf.warnings[0]


# ---------------------------------------------------------------------- the master


@pytest.mark.parametrize(
    ("changes", "master", "warned"),
    [
        ({"MASTERSEL": "AUTO", "MASTER": "/x/master"}, "middle", 0),
        ({"MASTERSEL": "first", "MASTER": "/x/master"}, "first", 0),
        ({"MASTERSEL": "LAST", "MASTER": None}, "last", 0),
        ({"MASTERSEL": "3", "MASTER": None}, "3", 1),
        ({"MASTERSEL": "20200101", "MASTER": None}, "20200101", 0),
        ({"MASTERSEL": "AUTO", "MASTER": f"/x/{ZIP}"}, "20200415", 0),
        ({"MASTER": None, "MASTERFOLDER": "/x/TSX_20201231_sub.dim"}, "20201231", 0),
        ({"MASTER": "/x/99999999_20200229.dim"}, "20200229", 0),
        ({"MASTER": None}, "middle", 0),
    ],
)  # fmt: skip
def test_masters(tmp_path, changes, master, warned):
    conf = conf_of(tmp_path, **changes)
    assert conf.master == master and not conf.problems and len(conf.warnings) == warned


def test_a_zip_of_the_master_is_a_product(tmp_path):
    conf = conf_of(tmp_path, PROJECTFOLDER=str(tmp_path))
    assert conf.products == (tmp_path / "slaves", Path("/data/x/master/20200415.zip")) and conf.master_split is None


def test_the_master_in_its_folder(tmp_path):
    folder = tmp_path / "master"
    folder.mkdir()
    changes = {"MASTERSEL": "MANUAL", "MASTER": str(folder)}
    assert "holds no product" in conf_of(tmp_path, **changes).problems[0]
    (folder / "20200415_IW3.dim").touch()
    (folder / "20200415_IW3.data").mkdir()
    conf = conf_of(tmp_path, **changes)
    assert conf.master == "20200415" and conf.swaths == ("IW3",) and conf.master_split == folder / "20200415_IW3.dim"
    (folder / "20200427.zip").touch()
    assert "products of 2 dates" in conf_of(tmp_path, **changes).problems[0]


def test_masters_that_are_none(tmp_path):
    assert "none of AUTO" in conf_of(tmp_path, MASTERSEL="BEST", MASTER=None).problems[0]
    assert "needs MASTER" in conf_of(tmp_path, MASTERSEL="MANUAL", MASTER=None).problems[0]


@pytest.mark.parametrize("names", [("slaves",), ("secondaries",), ("slaves", "secondaries"), ()])
def test_both_names_of_the_folder_of_products(tmp_path, names):
    for name in names:
        (tmp_path / name).mkdir()
    conf = conf_of(tmp_path, PROJECTFOLDER=str(tmp_path), MASTER=None)
    assert [path.name for path in conf.products] == list(names or ("slaves",))


# ---------------------------------------------------------------------- passwords, downloads, other lines


def test_a_password_goes_nowhere(tmp_path):
    conf = conf_of(tmp_path, ASF_USER="me", ASF_PASS="s3cr3t", ASF_PAS="s3cr3t", autoDownload="Y", START="2020-01-01")
    assert "s3cr3t" not in repr(conf) and "s3cr3t" not in str(conf.keywords())
    assert any("~/.netrc" in warning for warning in conf.warnings)
    assert any("is ASF_PASS meant?" in warning for warning in conf.warnings)
    twice = conf_of(tmp_path, "PROJECTFOLDER=/x\nASF_PASS=s3cr3t\nASF_PASS=t0ps3cr3t\ns3cr3t\n")
    assert "s3cr3t" not in repr(twice) and any("given again" in warning for warning in twice.warnings)


def test_downloads(tmp_path):
    conf = conf_of(tmp_path, autoDownload="y", TRACK="44", START="2020-01-01", END="2020-12-31", SAT="S1", NPD="4")
    wanted = {"track": "44", "start": "2020-01-01", "end": "2020-12-31", "platform": "S1", "at_once": "4"}
    assert conf.download == wanted and not conf.warnings


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("MASTRE = /x", "MASTRE is no key of snap2stamps and is passed over; is MASTER meant?"),
        ("LONMIM=1", "is LONMIN meant?"),
        ("COLOUR = blue", "COLOUR is no key of snap2stamps and is passed over."),
        ("PROJECTFOLDER /x", "is not KEY = VALUE"),
        ("= /x", "is not KEY = VALUE"),
        ("SET IW1 = IW2", "SET IW1 is no key"),
    ],
)
def test_lines_that_are_passed_over_are_told(tmp_path, line, said):
    text = "\n".join(f"{key}={value}" for key, value in BASE.items()) + f"\n{line}\n"
    warnings = conf_of(tmp_path, text).warnings
    assert len(warnings) == 1 and said in warnings[0] and warnings[0].startswith("project.conf, line 7: ")


def test_files_that_are_none(tmp_path):
    for content in (b"", b"# only a comment\n", b"\x89PNG\r\n\x00\x00", b"A=1\0\nMASTER=x"):
        with pytest.raises(InputError, match="project.conf"):
            conf_of(tmp_path, content=content)
    with pytest.raises(InputError, match="cannot be read"):
        read_project_conf(tmp_path / "missing.conf")
    with pytest.raises(InputError, match="a folder"):
        read_project_conf(tmp_path)
    with pytest.raises(InputError, match="20000 lines"):
        conf_of(tmp_path, "MASTER=x\n" * 20_000)


@given(st.data())
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_file_is_read_or_refused(tmp_path, data):
    """Whatever stands in it, there is a configuration with whole sentences, or one error."""
    words = st.text("abAB01/ #=[]\"'%\\.-", max_size=12)
    lines = data.draw(st.lists(st.tuples(st.sampled_from([*KEYS, "[A]", "x"]), words), max_size=12))
    text = "\n".join(f"{key}={value}" for key, value in lines)
    try:
        conf = conf_of(tmp_path, text or "#")
    except InputError:
        return
    for sentence in (*conf.problems, *conf.warnings):
        assert sentence.endswith((".", "?")) and "\n" not in sentence
    assert conf.keywords()["workdir"]


@given(st.binary(max_size=200))
@example(b"\xff\xfeA\x00")
@example(b"\xef\xbb\xbfMASTER=\xff")
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_are_read_or_refused(tmp_path, content):
    try:
        conf_of(tmp_path, content=content)
    except InputError:
        pass
