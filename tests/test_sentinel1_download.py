"""Downloads that a project.conf asks for: what is looked for, what comes and how, and one sentence for each error."""

import errno
import http.server
import os
import shutil
import threading
import types

import asf_search
import pytest

from helpers.safe_products import AREA, made_products, stack_settings
from stamps.errors import ExternalProgramError, InputError, ParameterError, StampsError
from stamps.frontends.sentinel1 import archive
from stamps.frontends.sentinel1.archive import Granule, find_granules, open_session, parse_day, parse_platforms
from stamps.frontends.sentinel1.download import fetch, main, missing_of, wanted_of
from stamps.frontends.snap.project_conf import read_project_conf

TOKEN = "s3cr3t-token"


@pytest.fixture(scope="module")
def products(tmp_path_factory):
    """Zip files of three dates."""
    paths = made_products(tmp_path_factory.mktemp("archive"), stack_settings(n_images=3), zipped=True)
    return [path for several in paths.values() for path in several]


class _Handler(http.server.BaseHTTPRequestHandler):
    """Gives files to those who are signed in; ``faults`` says for whom it does something else."""

    files: dict = {}
    faults: dict = {}
    asked: list = []

    def do_GET(self):
        name = self.path.rpartition("/")[2]
        self.asked.append(name)
        fault, content = self.faults.get(name), self.files.get(name)
        if self.headers.get("Authorization") != f"Bearer {TOKEN}":
            return self.send_error(401)
        if fault in (403, 500) or content is None:
            return self.send_error(fault or 404)
        content = {"other": content[:-100], "no zip": b"<html>" + content[6:], "damaged": _damaged(content)}.get(
            fault, content
        )
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content[: len(content) // 2] if fault == "cut short" else content)

    def log_message(self, *_):
        """Be quiet."""


def _damaged(content):
    middle = content.index(b"<adsHeader") if b"<adsHeader" in content else 400
    return content[:middle] + bytes(byte ^ 0xFF for byte in content[middle : middle + 20]) + content[middle + 20 :]


@pytest.fixture
def server(products, monkeypatch):
    """The archive's stand-in, on this machine."""
    monkeypatch.setattr(_Handler, "files", {path.name: path.read_bytes() for path in products})
    monkeypatch.setattr(_Handler, "faults", {})
    monkeypatch.setattr(_Handler, "asked", [])
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    monkeypatch.setattr(asf_search.ASFSession, "auth_with_token", _signed_in)
    monkeypatch.setenv("EARTHDATA_TOKEN", TOKEN)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    yield types.SimpleNamespace(url=f"http://127.0.0.1:{server.server_port}/slc", handler=_Handler)
    server.shutdown()
    server.server_close()


def _signed_in(session, token):
    session.headers["Authorization"] = f"Bearer {token}"
    return session


def result(name, url="https://archive/slc", *, size=None, track=44, **changes):
    told = {
        "fileName": name,
        "url": f"{url}/{name}",
        "bytes": size,
        "pathNumber": track,
        "flightDirection": "DESCENDING",
    }
    return types.SimpleNamespace(properties={**told, **changes})


def name_of(date, orbit, take, platform="S1A"):
    return f"{platform}_IW_SLC__1SDV_{date}T050543_{date}T050609_{orbit:06d}_{take:06X}_AB12.zip"


@pytest.fixture
def searches(monkeypatch):
    """What is asked of the archive, and the list that it answers with."""
    kept = types.SimpleNamespace(queries=[], results=[], complete=True, error=None)

    class Results(list):
        searchComplete = property(lambda _: kept.complete)

    def search(**query):
        assert asf_search.REPORT_ERRORS is False
        kept.queries.append(query)
        if kept.error:
            raise kept.error
        return Results(kept.results)

    monkeypatch.setattr(asf_search, "search", search)
    yield kept
    assert asf_search.REPORT_ERRORS is True


def conf_of(folder, **keys):
    west, south, east, north = AREA
    given = {"PROJECTFOLDER": folder, "LONMIN": west, "LATMIN": south, "LONMAX": east, "LATMAX": north, "SAT": "S1",
             "autoDownload": "Y", "TRACK": 44, "START": "2018-01-01", "END": "2018-12-31", "beamMode": "SLC", **keys}  # fmt: skip
    path = folder / "project.conf"
    path.write_text("".join(f"{key}={value}\n" for key, value in given.items() if value is not None))
    return path


def granules_of(products, url, **sizes):
    return [Granule(path.name, f"{url}/{path.name}", sizes.get("size", path.stat().st_size), 44) for path in products]


# ---------------------------------------------------------------------- what is looked for


def test_the_search(tmp_path, searches):
    searches.results = [result(name_of("20180201", 20441, 7)), result("S1A_IW_RAW.zip"), result("../x.zip")]
    conf = read_project_conf(conf_of(tmp_path))
    assert [one.name for one in find_granules(wanted_of(conf))] == [name_of("20180201", 20441, 7)]
    (query,) = searches.queries
    assert query["platform"] == ["Sentinel-1A", "Sentinel-1B", "Sentinel-1C", "Sentinel-1D"]
    assert (query["beamMode"], query["processingLevel"], query["relativeOrbit"]) == ("IW", "SLC", [44])
    assert (query["start"], query["end"]) == ("2018-01-01T00:00:00Z", "2018-12-31T23:59:59Z")
    assert query["intersectsWith"].startswith("POLYGON")


def test_words_of_the_search_are_those_of_the_library():
    options = asf_search.ASFSearchOptions(
        platform=["Sentinel-1A"], processingLevel="SLC", beamMode="IW", intersectsWith="POLYGON((1 1,2 1,2 2,1 1))",
        relativeOrbit=[44], start="2018-01-01T00:00:00Z", end="2018-12-31T23:59:59Z",
    )  # fmt: skip
    assert len(dict(options)) >= 7


@pytest.mark.parametrize(
    ("text", "letters"), [("S1", ()), ("", ()), ("S1A", ("A",)), ("Sentinel-1B, s1c", ("B", "C")), ("S1A S1", ())]
)
def test_platforms(text, letters):
    assert parse_platforms(text) == letters


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"autoDownload": "N"}, "set autoDownload = Y"),
        ({"SENSOR": "TSX"}, "only products of Sentinel-1"),
        ({"LONMIN": None}, "names no area. project.conf: LONMIN is missing"),
        ({"beamMode": "EW"}, "beamMode = EW is none of IW"),
        ({"TRACK": 300}, "TRACK = 300 is no number"),
        ({"START": "spring"}, "START = spring is no day"),
        ({"START": "2019-01-01"}, "is later than END"),
        ({"SAT": "ERS"}, "The platform ERS is none"),
    ],
)
def test_searches_that_cannot_be(tmp_path, keys, said, searches, capsys):
    assert main([str(conf_of(tmp_path, **keys))]) == 1
    assert said in capsys.readouterr().err and not searches.queries


def test_days():
    assert (
        parse_day("2020-01-31", "START") == parse_day("20200131", "START") == parse_day("2020-01-31T05:00:00", "START")
    )
    assert parse_day("", "END") is None
    with pytest.raises(ParameterError):
        parse_day("2020-02-30", "END")


def test_slices_beyond_the_equator_belong_to_the_track(tmp_path, searches):
    own = [result(name_of("20180201", 20440, 7), track=28), result(name_of("20180201", 20441, 7), track=29)]
    other = [result(name_of("20180204", 20484, 9), track=29), result(name_of("20180205", 20499, 11), track=27)]
    conf = read_project_conf(conf_of(tmp_path, LATMIN=-0.5, LATMAX=0.5, TRACK=28))
    searches.results = [*own, *other[1:]]
    assert [one.track for one in find_granules(wanted_of(conf))] == [28, 29]
    assert searches.queries[-1]["relativeOrbit"] == [27, 28, 29]
    searches.results = other
    with pytest.raises(InputError, match="no product of Sentinel-1, IW, track 28, 2018-01-01 to 2018-12-31"):
        find_granules(wanted_of(conf))


def test_several_tracks_need_a_choice(tmp_path, searches):
    searches.results = [result(name_of("20180201", 20441, 7)), result(name_of("20180202", 20514, 9), track=117)]
    with pytest.raises(
        InputError, match=r"several tracks over the area: 117 descending, 44 descending. Choose one \(TRACK\)"
    ):
        find_granules(wanted_of(read_project_conf(conf_of(tmp_path, TRACK=None))))


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ConnectionError("x"), "there is no connection"),
        (asf_search.exceptions.ASFSearch5xxError("HTTP 503: away"), r"cannot be searched \(HTTP 503: away\)"),
        (asf_search.exceptions.ASFWKTError("odd"), "does not take the area"),
    ],
)
def test_an_archive_that_cannot_be_searched(tmp_path, searches, error, said):
    searches.error = error
    with pytest.raises(InputError, match=said):
        find_granules(wanted_of(read_project_conf(conf_of(tmp_path))))


def test_lists_that_are_empty_or_cut_short(tmp_path, searches, capsys):
    assert main([str(conf_of(tmp_path))]) == 1
    assert "has no product of Sentinel-1, IW, track 44" in capsys.readouterr().err
    searches.results, searches.complete = [result(name_of("20180201", 20441, 7))], False
    assert main([str(conf_of(tmp_path))]) == 1
    assert "only a part of its list" in capsys.readouterr().err


def test_without_the_library(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "asf_search", None)
    with pytest.raises(ExternalProgramError, match=r"stamps-insar\[download\]"):
        archive.asf_library()


# ---------------------------------------------------------------------- who asks


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("EARTHDATA_TOKEN", raising=False)

    def write(text, mode=0o600):
        (tmp_path / ".netrc").write_text(text)
        (tmp_path / ".netrc").chmod(mode)

    return write


def test_credentials_of_netrc(home, monkeypatch):
    seen = []
    monkeypatch.setattr(asf_search.ASFSession, "auth_with_creds", lambda session, *words: seen.append(words) or session)
    home("machine urs.earthdata.nasa.gov login me password s3cr3t\n")
    assert isinstance(open_session(), asf_search.ASFSession) and seen == [("me", "s3cr3t")]


@pytest.mark.parametrize(
    ("text", "mode", "said"),
    [
        (None, 0o600, "There is no ~/.netrc and no EARTHDATA_TOKEN"),
        ("machine elsewhere login me password s3cr3t\n", 0o600, "does not know urs.earthdata.nasa.gov"),
        ("machine urs.earthdata.nasa.gov login me password s3cr3t\n", 0o644, "chmod 600"),
        ("machin s3cr3t\n", 0o600, "well-formed"),
    ],
)
def test_credentials_that_are_not_there(home, text, mode, said):
    if text is not None:
        home(text, mode)
    with pytest.raises(InputError) as caught:
        open_session()
    assert said in str(caught.value) and "s3cr3t" not in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (asf_search.exceptions.ASFAuthenticationError("s3cr3t"), "refuses EARTHDATA_TOKEN"),
        (ConnectionError("s3cr3t"), "no connection to urs.earthdata.nasa.gov"),
    ],
)
def test_credentials_that_are_refused(monkeypatch, error, said):
    def refuse(*_):
        raise error

    monkeypatch.setenv("EARTHDATA_TOKEN", "s3cr3t")
    monkeypatch.setattr(asf_search.ASFSession, "auth_with_token", refuse)
    with pytest.raises(InputError, match=said) as caught:
        open_session()
    assert "s3cr3t" not in str(caught.value)


# ---------------------------------------------------------------------- what comes


@pytest.mark.parametrize("folder", ["slaves", "secondaries"])
def test_products_come_into_the_folder_that_is_there(tmp_path, products, server, searches, capsys, folder):
    (tmp_path / folder).mkdir()
    shutil.copy(products[0], tmp_path / folder)
    (tmp_path / folder / f"{products[1].name}.part").write_bytes(b"left behind")
    (tmp_path / folder / products[2].name).write_bytes(b"cut short")
    searches.results = [result(path.name, server.url, size=path.stat().st_size) for path in products]
    conf = str(conf_of(tmp_path, ASF_USER="me", ASF_PASS="s3cr3t"))
    assert main([conf, "--list"]) == 0 and not server.handler.asked
    assert main([conf]) == 0
    out, err = capsys.readouterr()
    assert "3 products of 3 dates, 1 there;" in out and out.count(" has come.") == 2
    assert "ASF_PASS is not read" in err and "~/.netrc" in err
    assert "s3cr3t" not in out + err and TOKEN not in out + err
    assert sorted(server.handler.asked) == sorted(path.name for path in products[1:])
    assert {path.name: path.read_bytes() for path in (tmp_path / folder).iterdir()} == server.handler.files
    assert main([conf]) == 0 and len(server.handler.asked) == 2
    assert TOKEN.encode() not in b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())


def test_another_folder_and_a_folder_that_is_made(tmp_path, products, server, searches):
    searches.results = [result(path.name, server.url) for path in products]
    assert main([str(conf_of(tmp_path)), "--folder", str(tmp_path / "a" / "b"), "--at-once", "1"]) == 0
    assert len(list((tmp_path / "a" / "b").glob("*.zip"))) == 3
    assert main([str(conf_of(tmp_path))]) == 0
    assert len(list((tmp_path / "slaves").glob("*.zip"))) == 3


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("other", "bytes instead of"),
        ("no zip", "no whole zip file|came damaged"),
        ("damaged", "came damaged|no whole zip file"),
        (404, "cannot be downloaded (HTTP 404)"),
        (500, "cannot be downloaded (HTTP 500)"),
    ],
)
def test_a_product_that_is_not_whole_does_not_hinder_others(tmp_path, products, server, fault, said):
    name = products[1].name
    if fault == 404:
        del server.handler.files[name]
    else:
        server.handler.faults[name] = fault
    failures = fetch(granules_of(products, server.url), tmp_path, say=lambda _: None)
    assert len(failures) == 1 and name in failures[0] and any(part in failures[0] for part in said.split("|"))
    assert "\n" not in failures[0] and "<" not in failures[0]
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted({path.name for path in products} - {name})


# the library leaves a connection that breaks to the collector of garbage
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_faults_that_hinder_all(tmp_path, products, server, monkeypatch):
    wanted = granules_of(products, server.url)

    def given_up(said):
        with pytest.raises(InputError, match=said) as caught:
            fetch(wanted, tmp_path, 1, say=lambda _: None)
        assert "\n" not in str(caught.value) and TOKEN not in str(caught.value)
        assert not list(tmp_path.glob("*.part"))

    monkeypatch.setenv("EARTHDATA_TOKEN", "expired")
    given_up("HTTP 401")
    assert len(server.handler.asked) < 3
    monkeypatch.setenv("EARTHDATA_TOKEN", TOKEN)
    server.handler.faults[products[0].name] = 403
    given_up("HTTP 403")
    server.handler.faults[products[0].name] = "cut short"
    given_up("start again")
    monkeypatch.setattr("shutil.disk_usage", lambda _: types.SimpleNamespace(free=1000))
    given_up("room for")


def test_a_disk_that_becomes_full(tmp_path, products, server, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(asf_search, "download_url", full)
    with pytest.raises(InputError, match="There is no room left in"):
        fetch(granules_of(products, server.url), tmp_path, say=lambda _: None)


def test_no_network(tmp_path, products, server):
    closed = granules_of(products, "http://127.0.0.1:9/slc")
    with pytest.raises(InputError, match="The connection was lost or not made"):
        fetch(closed, tmp_path, say=lambda _: None)


def test_a_folder_that_cannot_be_made(tmp_path, products, server):
    (tmp_path / "file").write_text("")
    with pytest.raises(StampsError, match="cannot be made"):
        fetch(granules_of(products, server.url), tmp_path / "file" / "below", say=lambda _: None)


def test_what_is_there(tmp_path, products):
    wanted = granules_of(products, "x")
    shutil.copy(products[0], tmp_path)
    (tmp_path / products[1].name.replace(".zip", ".SAFE")).mkdir()
    assert [one.name for one in missing_of(wanted, [tmp_path, tmp_path / "none"])] == [products[2].name]
    assert len(missing_of(granules_of(products, "x", size=7), [tmp_path])) == 2
    assert len(missing_of(granules_of(products, "x", size=None), [tmp_path])) == 1
