"""Files that claim more than they hold, never end, or are no files."""

import os
import socket
import struct
import zlib

import h5py
import numpy as np
import pytest

from stamps.errors import InputError, StampsError, WorkspaceError
from stamps.frontends.headers import read_header
from stamps.frontends.rasters import map_raster
from stamps.workspace import Workspace, matfile


def claims(path, shape, content=b"", compressed=True):
    """A level-5 file whose only variable has a shape that its content does not fill."""
    header = struct.pack("<IIII", 6, 8, 6, 0) + struct.pack("<II", 5, 8) + struct.pack("<ii", *shape)
    header += struct.pack("<HH4s", 1, 1, b"x") + struct.pack("<II", 9, 8) + content.ljust(8, b"\0")
    element = struct.pack("<II", 14, len(header)) + header
    packed = zlib.compress(element)
    body = struct.pack("<II", 15, len(packed)) + packed if compressed else element
    path.write_bytes(b"MATLAB 5.0 MAT-file".ljust(116) + bytes(8) + b"\x00\x01IM" + body)


@pytest.mark.parametrize("compressed", [True, False])
@pytest.mark.parametrize("shape", [(2**31 - 1, 2**31 - 1), (-1, 5), (2**30, 1), (60_000, 60_000), (0, -7)])
def test_level_5_with_impossible_shapes(tmp_path, shape, compressed):
    claims(tmp_path / "x.mat", shape, compressed=compressed)
    with pytest.raises(WorkspaceError, match=r"x\.mat cannot be read as a MAT file"):
        matfile.read(tmp_path / "x.mat")


def test_hdf5_of_two_kilobytes_that_claims_terabytes(tmp_path):
    with h5py.File(tmp_path / "ph2.mat", "w", userblock_size=512) as file:
        item = file.create_dataset("ph", (1 << 20, 1 << 20), "f8", chunks=(1024, 1024), compression="gzip")
        item.attrs["MATLAB_class"] = np.bytes_("double")
    with open(tmp_path / "ph2.mat", "r+b") as file:
        file.write(b"MATLAB 7.3 MAT-file".ljust(116) + bytes(8) + b"\x00\x02IM")
    assert (tmp_path / "ph2.mat").stat().st_size < 10_000
    with pytest.raises(WorkspaceError, match="claims 8.19e\\+03 GiB"):
        Workspace(tmp_path).load("ph2")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\0" * 128,
        b"MATLAB" + b"\xff" * 400,
        struct.pack("<5i", 0, 2**30, 2**30, 0, 2) + b"x\0",
        bytes(range(256)),
    ],
)
def test_other_nonsense(tmp_path, content):
    (tmp_path / "ps2.mat").write_bytes(content)
    with pytest.raises(StampsError, match=r"ps2\.mat"):
        Workspace(tmp_path).load("ps2")


def no_file(path, kind):
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "socket":
        here = os.getcwd()
        os.chdir(path.parent)
        try:
            with socket.socket(socket.AF_UNIX) as made:
                made.bind(path.name)
        finally:
            os.chdir(here)
    elif kind == "folder":
        path.mkdir()
    else:
        path.symlink_to("/dev/zero")


@pytest.mark.parametrize("kind", ["pipe", "socket", "folder", "device"])
def test_what_is_no_file_is_not_waited_for(tmp_path, kind):
    for name in ("x.mat", "x.par", "x.diff"):
        no_file(tmp_path / name, kind)
    said = {"pipe": "a pipe", "socket": "a socket", "folder": "a folder", "device": "a device"}[kind]
    for read in (matfile.read, matfile.names, matfile.headers):
        with pytest.raises(WorkspaceError, match=rf"x\.mat cannot be read as a MAT file \(it is {said}, not a file\)"):
            read(tmp_path / "x.mat")
    with pytest.raises(InputError, match=rf"x\.par cannot be read \(it is {said}"):
        read_header(tmp_path / "x.par")
    with pytest.raises(InputError, match=r"x\.diff"):
        map_raster(tmp_path / "x.diff", np.complex64, 10)


def test_a_text_of_gigabytes_is_not_read(tmp_path):
    with open(tmp_path / "x.par", "wb") as file:
        file.truncate(5 << 30)
    with pytest.raises(InputError, match="which no text file of this kind has"):
        read_header(tmp_path / "x.par")


def test_a_pipe_in_the_place_of_a_header_stops_the_preparation(sandbox):
    stack = sandbox.stack()
    header = next(stack.rglob("*.par"))
    header.unlink()
    os.mkfifo(header)
    sandbox.prepare(stack, watch=False, seconds=20).refuses(header.name)


# ---------------------------------------------------------------------- cells and structures


def variable(matlab_class, shape, content, name=b""):
    """An uncompressed data element: a variable of a level-5 file."""
    head = struct.pack("<IIII", 6, 8, matlab_class, 0) + struct.pack("<IIii", 5, 8, *shape)
    head += struct.pack("<II", 1, len(name)) + name + bytes(-len(name) % 8)
    return struct.pack("<II", 14, len(head) + len(content)) + head + content


def nested(levels):
    """A number in a cell in a cell in a cell …"""
    content, number = [], variable(6, (1, 1), struct.pack("<IId", 9, 8, 3.0))
    size = len(number)
    for level in range(levels):
        head = variable(1, (1, 1), b"", b"x" if level == levels - 1 else b"")
        content.append(struct.pack("<II", 14, len(head) - 8 + size) + head[8:])
        size += len(head)
    return b"".join(reversed(content)) + number


def stored(path, element, compressed):
    if compressed:
        packed = zlib.compress(element)
        element = struct.pack("<II", 15, len(packed)) + packed
    path.write_bytes(b"MATLAB 5.0 MAT-file".ljust(116) + bytes(8) + b"\x00\x01IM" + element)
    return path


@pytest.mark.parametrize("compressed", [True, False])
@pytest.mark.parametrize("levels", [101, 5_000, 300_000])
def test_cells_within_cells_without_end(tmp_path, levels, compressed):
    path = stored(tmp_path / "ps2.mat", nested(levels), compressed)
    for read in (matfile.read, matfile.headers):
        with pytest.raises(WorkspaceError, match="more than 100 deep"):
            read(path)


@pytest.mark.parametrize("compressed", [True, False])
def test_a_few_cells_within_cells_are_read(tmp_path, compressed):
    assert matfile.read(stored(tmp_path / "x.mat", nested(20), compressed))["x"] == 3


@pytest.mark.parametrize("compressed", [True, False])
@pytest.mark.parametrize("matlab_class", [1, 2])
def test_cells_and_structures_that_are_not_there(tmp_path, matlab_class, compressed):
    fields = struct.pack("<HHI", 5, 4, 8) + struct.pack("<II", 1, 8) + b"a".ljust(8, b"\0")
    element = variable(matlab_class, (2**31 - 1, 1), fields if matlab_class == 2 else b"", b"x")
    with pytest.raises(WorkspaceError, match="cells or structures of 2147483647 x 1"):
        matfile.read(stored(tmp_path / "x.mat", element, compressed))


def test_a_cell_that_unpacks_to_more_than_the_memory(tmp_path, monkeypatch):
    monkeypatch.setattr("stamps.workspace.matfile_claims.available_gib", lambda: 0.01)
    n = 1 << 23
    element = variable(1, (1, 1), variable(6, (n // 8, 1), struct.pack("<II", 9, n) + bytes(n)), b"x")
    with pytest.raises(WorkspaceError, match="a quarter of the memory"):
        matfile.read(stored(tmp_path / "x.mat", element, True))


@pytest.mark.parametrize(
    "name",
    ["patch.list", "width.txt", *(pytest.param(n, marks=pytest.mark.exhaustive) for n in ("pscphase.in", "rsc.txt"))],
)
def test_lists_that_are_no_texts_stop_the_run(sandbox, name):
    project = sandbox.state(0)
    (project / name).unlink(missing_ok=True)
    with open(project / name, "wb") as file:
        file.truncate(3 << 30)
    sandbox.run("stamps", "1", "1", seconds=30).refuses(name, "which no text file of this kind has")


def test_a_cell_of_many_parts_that_unpack_to_more_than_the_memory(tmp_path, monkeypatch):
    """None of them alone is too large, and the last one ends the file."""
    monkeypatch.setattr("stamps.workspace.matfile_claims.available_gib", lambda: 0.01)
    n = 1 << 21
    parts = variable(6, (n // 8, 1), struct.pack("<II", 9, n) + bytes(n)) * 2
    with pytest.raises(WorkspaceError, match="a quarter of the memory"):
        matfile.read(stored(tmp_path / "x.mat", variable(1, (2, 1), parts, b"x"), True))
