"""Files of GNSS stations: what they mean, and files that are none."""

import os

import numpy as np
import pytest

from stamps.errors import InputError
from stamps.matlab.dates import datenum
from stamps.products.gnss_files import read_gnss

HEADER = (
    "site YYMMMDD yyyy.yyyy __MJD week d reflon _e0(m) __east(m) ____n0(m) _north(m) u0(m) ____up(m) _ant(m) sig_e(m) sig_n(m) "
    "sig_u(m) __corr_en __corr_eu __corr_nu _latitude(deg) _longitude(deg) __height(m)"
)
MIDAS = (
    "{name} MIDAS5 2010.0 2020.5 10.5 3800 3700 5000 0.020 0.015 -0.003 0.0002 0.0003 0.0008 0 0 0 0 0 0 0.01 0.01 0.02 1 "
    "{lat} {lon} 100.0"
)
TABLE = "site,lon,lat,ve,vn,vu,se,sn,su\n"


def day(mjd, east=0.5, e0=4781, north=-0.25, up=0.8, lon=-229.156, site="00NA"):
    return (
        f"{site} 08MAR27 2008.2355 {mjd} 1472 5 130.8 {e0} {east:.6f} -1378706 {north:.6f} 104 {up:.6f} 0.0000 0.001 0.002 0.004 "
        f"0.1 -0.2 0.3 -12.47 {lon} 105.1"
    )


def write(path, *lines):
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_positions_are_whole_metres_and_fractions(tmp_path):
    path = write(
        tmp_path / "00NA.tenv3",
        HEADER,
        day(54552, 0.999),
        day(54553, 0.001, e0=4782),
        day(54560, 0.004, e0=4782, up=0.79),
    )
    (station,) = read_gnss(path)
    assert station.name == "00NA" and [station.lon, station.lat] == pytest.approx([130.844, -12.47])
    assert station.position == pytest.approx(np.array([[0, 0, 0], [2, 0, 0], [5, 0, -10.0]]), abs=1e-6)
    assert station.days.tolist() == [datenum(20080327) + k for k in (0, 1, 8)]
    assert station.position_std[0] == pytest.approx([1, 2, 4]) and station.correlation[0].tolist() == [0.1, -0.2, 0.3]
    assert (station.first, station.last) == (station.days[0], station.days[-1]) and station.velocity is None


def test_columns_are_found_by_name(tmp_path):
    """A variant with columns of loading in between, and lines that end as Windows has them."""
    header = HEADER.replace("_ant(m)", "_load(m) _ant(m)")
    lines = [header] + [day(54552 + k, 0.1 * k).replace("0.0000 0.001", "9.9 0.0000 0.001") for k in range(3)]
    path = tmp_path / "a.tenv3"
    path.write_bytes("\r\n".join(lines).encode() + b"\r\n")
    (station,) = read_gnss(str(path))
    assert station.position[:, 0] == pytest.approx([0, 100, 200]) and station.position_std[0] == pytest.approx(
        [1, 2, 4]
    )


def test_midas(tmp_path):
    lines = [MIDAS.format(name=name, lat=40.5, lon=lon) for name, lon in (("AAAA", -345.9), ("BBBB", 14.2))]
    first, second = read_gnss(write(tmp_path / "midas.EU.txt", *lines))
    assert [first.lon, second.lon] == pytest.approx([14.1, 14.2]) and first.lat == 40.5
    assert first.velocity == pytest.approx([20, 15, -3]) and first.velocity_std == pytest.approx([0.2, 0.3, 0.8])
    assert first.first == datenum(20100101) and abs(first.last - datenum(20200702)) < 1.1 and first.days is None


def test_own_table(tmp_path):
    path = tmp_path / "own.csv"
    path.write_text(
        "﻿Site, lon ,LAT,vn,ve,vu,se,sn,su,note\nB,14,40,2,1,3,.1,.2,.3,x\nA,374,41,0,0,0,1,1,1,\n", encoding="utf-8"
    )
    a, b = read_gnss([path])
    assert (a.name, a.lon, b.name) == ("A", pytest.approx(14), "B")
    assert b.velocity.tolist() == [1, 2, 3] and b.velocity_std.tolist() == [0.1, 0.2, 0.3] and np.isnan(b.first)


def test_folders_and_several_files(tmp_path):
    write(tmp_path / "x.tenv3", HEADER, day(54552, site="XXXX"))
    write(tmp_path / "y.tenv3", HEADER, day(54552, site="YYYY"))
    table = write(tmp_path / "own.csv", TABLE + "A,14,40,2,1,3,.1,.2,.3")
    assert [station.name for station in read_gnss([tmp_path, table])] == ["A", "XXXX", "YYYY"]
    write(tmp_path / "again.TENV3", HEADER, day(54552, site="XXXX"))
    with pytest.raises(InputError, match="XXXX stands in the files of GNSS twice"):
        read_gnss(tmp_path)
    (tmp_path / "again.TENV3").unlink()
    assert len(read_gnss([tmp_path, tmp_path / "x.tenv3"])) == 2  # the same file is read once
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match=r"holds no file \*.tenv3"):
        read_gnss(tmp_path / "empty")


HOSTILE = {
    "empty": ("", "is empty"),
    "blank": ("\n \n", "is empty"),
    "prose": ("dear reader\nthis is it\n", "is no tenv3 file"),
    "page": ("<html><body>404 Not Found</body></html>\n", "is no tenv3 file"),
    "long line": ("x" * 5000, "more than 512 characters"),
    "header only": (HEADER, "holds no day"),
    "short row": (f"{HEADER}\n00NA 08MAR27", "has 2 fields, but the header has 23"),
    "no number": (f"{HEADER}\n{day(54552).replace('0.500000', 'abc')}", "Line 2 of .*: east is 'abc'"),
    "nan": (f"{HEADER}\n{day(54552).replace('0.500000', 'nan')}", "east is 'nan'"),
    "infinite": (f"{HEADER}\n{day(54552).replace('0.500000', '1e999')}", "a number was expected"),
    "no error": (f"{HEADER}\n{day(54552).replace('0.001 0.002', '0.000 0.002')}", "standard deviation of 0"),
    "backwards": (f"{HEADER}\n{day(54553)}\n\n# note\n{day(54552)}", "Line 5 of .* do not ascend"),
    "twice": (f"{HEADER}\n{day(54552)}\n{day(54552)}", "one stands twice"),
    "no day": (f"{HEADER}\n{day(10**9)}", "Line 2 of .* has a day that is none"),
    "two stations": (f"{HEADER}\n{day(54552)}\n{day(54553, site='ELSE')}", "several stations"),
    "off the globe": (f"{HEADER}\n{day(54552, lon=9999)}", "no longitude and latitude"),
    "old": (
        " ".join(HEADER.split()[:20]) + "\n" + " ".join(day(54552).split()[:20]),
        "has no latitude and longitude",
    ),
    "no column": (HEADER.replace("u0(m)", "q") + "\n" + day(54552), "has no column u0"),
    "cut at the end": (f"{HEADER}\n{day(54552)}\n{day(54553)[:-20]}", "Line 3 of .* has 21 fields"),
    "a field too many": (f"{HEADER}\n{day(54552)} 7", "has 24 fields, but the header has 23"),
    "header cut off": (f"{day(54552)}\n{day(54553)}", "tenv3 without its first line"),
    "millimetres": (f"{HEADER}\n{day(54552).replace('0.001 0.002 0.004', '1.1 2.2 4.4')}", "are they millimetres"),
    "underscore": (f"{HEADER}\n{day(54552).replace('0.500000', '0_5')}", "east is '0_5'"),
    "formula": (TABLE + "=1+2,14,40,1,1,1,1,1,1", "'=1.2' is no name of a site"),
    "formula of tenv3": (f"{HEADER}\n{day(54552, site='@SUM')}", "'@SUM' is no name of a site"),
    "long name": (TABLE + "A" * 80 + ",14,40,1,1,1,1,1,1", "longer than 64"),
    "midas of millimetres": (
        MIDAS.format(name="A", lat=1, lon=2).replace(
            "0.020 0.015 -0.003 0.0002 0.0003 0.0008", "3.0 2.0 -1.0 0.2 0.3 0.8"
        ),
        "are its numbers mm/yr",
    ),
    "table of metres": (TABLE + "A,14,40,0.02,0.01,0.001,0.0002,0.0002,0.0008", "are its numbers m/yr"),
    "twice a column": (TABLE.replace("\n", ",ve\n") + "A,14,40,1,1,1,1,1,1,2", "the column ve twice"),
    "commas for points": (TABLE + "A,14,5,40,1,1,1,1,1,1", "not as many fields"),
    "midas cut": (
        MIDAS.format(name="A", lat=1, lon=2) + "\nB MIDAS5 2010",
        "Line 2 of .* has 3 fields, but MIDAS has 27",
    ),
    "midas text": (MIDAS.format(name="A", lat="x", lon=2), "the latitude is 'x'"),
    "midas epochs": (MIDAS.format(name="A", lat=1, lon=2).replace("2020.5", "1e6"), "no first and last epoch"),
    "midas order": (MIDAS.format(name="A", lat=1, lon=2).replace("2020.5", "2001"), "no first and last epoch"),
    "midas speed": (MIDAS.format(name="A", lat=1, lon=2).replace("0.020", "20.0"), "20000 mm/yr is not possible"),
    "midas error": (MIDAS.format(name="A", lat=1, lon=2).replace("0.0002", "0"), "standard deviation is 0 or less"),
    "no rows": (TABLE, "There is no station"),
    "few fields": (TABLE + "A,14,40", "not as many fields"),
    "more fields": (TABLE + "A,14,40,1,1,1,1,1,1,1", "not as many fields"),
    "open quote": (TABLE + '"A,14,40,1,1,1,1,1,1\nB,14,40,1,1,1,1,1,1', "not as many fields|is no CSV"),
    "no name": (TABLE + " ,14,40,1,1,1,1,1,1", "names no site"),
    "no place": (TABLE + "A,14,140,1,1,1,1,1,1", "14, 140 is no longitude and latitude"),
    "negative error": (TABLE + "A,14,40,1,1,1,-1,1,1", "standard deviation is 0 or less"),
    "metres": (TABLE + "A,14,40,1e9,1,1,1,1,1", "is not possible"),
    "same site": (TABLE + "A,14,40,1,1,1,1,1,1\nA,15,40,1,1,1,1,1,1", "stands in the files of GNSS twice"),
    "no velocity": ("site,lon,lat\nA,14,40\n", "There is no station"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_files_that_are_none(tmp_path, name):
    text, said = HOSTILE[name]
    path = tmp_path / "stations.txt"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=said) as raised:
        read_gnss(path)
    assert "\n" not in str(raised.value) and len(str(raised.value)) < 400


def test_what_is_no_text(tmp_path):
    path = tmp_path / "a.tenv3"
    path.write_bytes(bytes(range(128, 256)))
    with pytest.raises(InputError, match="is no text"):
        read_gnss(path)
    path.write_bytes(HEADER.encode() + b"\n" + b"\0" * 100)
    with pytest.raises(InputError):
        read_gnss(path)
    with pytest.raises(InputError, match="is missing"):
        read_gnss(tmp_path / "none.csv")


@pytest.mark.parametrize("separator", [";", "\t"])
def test_tables_of_spreadsheets(tmp_path, separator):
    """Semicolons or tabs, commas for points, a byte order mark, lines as Windows ends them, comments."""
    lines = ["# of last year", TABLE.strip(), '"SITE, A",14,25,40,5,1,5,-2,0,0,5,0,2,0,2,0,4', ""]
    lines[2] = separator.join(['"SITE, A"', "14,25", "40,5", "1,5", "-2,0", "0,5", "0,2", "0,2", "0,4"])
    lines[1] = lines[1].replace(",", separator)
    path = tmp_path / "own.csv"
    path.write_bytes("\ufeff".encode() + "\r\n".join(lines).encode())
    (station,) = read_gnss(path)
    assert (station.name, station.lon, station.lat) == ("SITE, A", 14.25, 40.5)
    assert station.velocity.tolist() == [1.5, -2, 0.5] and station.velocity_std.tolist() == [0.2, 0.2, 0.4]
    path.write_text("\n".join([*lines[:3], lines[2].replace("40,5", "north")]))
    with pytest.raises(InputError, match="Line 4 of .*: lat is 'north'"):
        read_gnss(path)


def test_older_files_with_places_from_a_table(tmp_path):
    """20 columns, without latitude and longitude; a year beyond 80 is of the last century, as its day says."""
    rows = [" ".join(day(48000 + k).replace("08MAR27", "90APR19").split()[:20]) for k in range(3)]
    old = write(tmp_path / "00NA.tenv3", " ".join(HEADER.split()[:20]), *rows)
    with pytest.raises(InputError, match="has no latitude and longitude.*site,lon,lat with 00NA"):
        read_gnss(old)
    places = write(tmp_path / "places.csv", "site,lon,lat", "ELSE,1,1", "00NA,-229.156,-12.47")
    (station,) = read_gnss([old, places])
    assert [station.lon, station.lat] == pytest.approx([130.844, -12.47])
    assert station.days.tolist() == [datenum(19900419) + k for k in range(3)]


def test_frames_are_in_names(tmp_path):
    line = MIDAS.format(name="AAAA", lat=40.5, lon=14.2)
    named = {"midas.IGS14.txt": "IGS14", "midas.EU.txt": "EU", "velocities.txt": "", "midas.txt": ""}
    for name, frame in named.items():
        assert read_gnss(write(tmp_path / name, line))[0].frame == frame
    for name, frame in {"P123.NA.tenv3": "NA", "P123.tenv3": ""}.items():
        assert read_gnss(write(tmp_path / name, HEADER, day(54552)))[0].frame == frame


@pytest.mark.parametrize("start", [b"\x1f\x8b\x08", b"PK\x03\x04", b"BZh9"])
def test_packed_files_are_to_be_unpacked(tmp_path, start):
    (tmp_path / "a.tenv3.gz").write_bytes(start + b"rest")
    with pytest.raises(InputError, match="is a packed file: unpack it"):
        read_gnss(tmp_path / "a.tenv3.gz")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.csv")
    with pytest.raises(InputError, match="is missing"):
        read_gnss(tmp_path / "pipe.csv")


def test_letters_that_command_terminals_are_not_shown(tmp_path):
    path = write(tmp_path / "own.csv", TABLE + "A\x1b[31m,14,40,x\x1b[2J,1,1,1,1,1")
    with pytest.raises(InputError) as raised:
        read_gnss(path)
    assert "\x1b" not in str(raised.value)


def test_a_file_without_end_is_given_up(tmp_path):
    path = tmp_path / "many.csv"
    path.write_text(TABLE + "A,14,40,1,1,1,1,1,1\n" * 200_001)
    with pytest.raises(InputError, match="more than 200000 lines"):
        read_gnss(path)
