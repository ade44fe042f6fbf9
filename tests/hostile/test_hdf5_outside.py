"""MAT files of version 7.3 that keep data in other files."""

import h5py
import numpy as np
import pytest

from stamps.errors import WorkspaceError
from stamps.workspace import matfile


@pytest.fixture
def secret(tmp_path):
    path = tmp_path / "secret.bin"
    np.arange(4.0).tofile(path)
    with h5py.File(tmp_path / "other.h5", "w") as file:
        file["y"] = np.ones((2, 2))
    return path


def mat_file(path, build):
    """A file of version 7.3 whose HDF5 part ``build(file)`` makes."""
    with h5py.File(path, "w", userblock_size=512) as file:
        build(file)
    with open(path, "r+b") as file:
        file.write(b"MATLAB 7.3 MAT-file".ljust(116) + bytes(8) + b"\x00\x02IM")
    return path


def double(dataset):
    dataset.attrs["MATLAB_class"] = np.bytes_("double")


def external(file, secret, name="x"):
    double(file.create_dataset(name, (4, 1), "f8", external=[(str(secret), 0, 32)]))


def external_in_a_struct(file, secret):
    external(file, secret, "s/x")
    file["s"].attrs["MATLAB_class"] = np.bytes_("struct")


def external_behind_a_reference(file, secret):
    external(file, secret, "#refs#/a")
    cells = file.create_dataset("c", (1, 1), h5py.ref_dtype)
    cells[0, 0] = file["#refs#/a"].ref
    cells.attrs["MATLAB_class"] = np.bytes_("cell")


def link(file, secret):
    file["x"] = h5py.ExternalLink(str(secret.with_name("other.h5")), "/y")


def link_to_nowhere(file, secret):
    file["x"] = h5py.ExternalLink(str(secret.with_name("nowhere.h5")), "/y")


def soft_link_through_a_link(file, secret):
    file["g/out"] = h5py.ExternalLink(str(secret.with_name("other.h5")), "/")
    file["x"] = h5py.SoftLink("/g/out/y")


def virtual(file, secret):
    layout = h5py.VirtualLayout((2, 2), "f8")
    layout[:] = h5py.VirtualSource(str(secret.with_name("other.h5")), "y", (2, 2))
    double(file.create_virtual_dataset("x", layout))


BUILDERS = (
    external,
    external_in_a_struct,
    external_behind_a_reference,
    link,
    link_to_nowhere,
    soft_link_through_a_link,
    virtual,
)


@pytest.mark.parametrize("reading", [matfile.read, matfile.headers, matfile.names])
@pytest.mark.parametrize("build", BUILDERS)
def test_data_in_another_file_is_refused(tmp_path, secret, build, reading):
    path = mat_file(tmp_path / "a.mat", lambda file: build(file, secret))
    with pytest.raises(WorkspaceError) as error:
        reading(path)
    assert "a.mat" in str(error.value) and "\n" not in str(error.value)
    if build is not soft_link_through_a_link and build is not link_to_nowhere:
        assert "outside of itself" in str(error.value)


@pytest.mark.parametrize("target", ["/x", "/nowhere"])
def test_links_to_nowhere_and_in_a_circle_end(tmp_path, target):
    path = mat_file(tmp_path / "a.mat", lambda file: file.__setitem__("x", h5py.SoftLink(target)))
    with pytest.raises(WorkspaceError, match="a.mat"):
        matfile.read(path)


def test_what_the_package_writes_is_read(tmp_path, monkeypatch):
    monkeypatch.setattr(matfile, "LARGE_BYTES", 8)
    matfile.write(tmp_path / "a.mat", {"x": np.eye(3), "name": "text"})
    assert (matfile.read(tmp_path / "a.mat")["x"] == np.eye(3)).all()
