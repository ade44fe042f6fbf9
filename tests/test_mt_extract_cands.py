"""Candidates of a prepared project, all or in parts."""

import pytest

from helpers.preparation_files import tree
from helpers.tiny_stacks import master_of
from stamps.errors import InputError
from stamps.frontends.amplitudes import KeptAmplitudes
from stamps.legacy.mt_extract_cands import mt_extract_cands
from stamps.legacy.mt_prep_snap import mt_prep_snap


@pytest.fixture
def project(tmp_path):
    folder = tmp_path / "project"
    folder.mkdir()
    return folder


def test_extraction_forgets_kept_amplitudes(tiny_export, project, monkeypatch):
    stores = []

    class Spy(KeptAmplitudes):
        def clear(self):
            stores.append(len(self._images))
            super().clear()

    monkeypatch.setattr("stamps.frontends.project.KeptAmplitudes", Spy)
    mt_prep_snap(master_of(tiny_export), tiny_export, 0.4, 2, 1, workdir=project)
    assert len(stores) == 1
    assert stores[0] == len(list((tiny_export / "rslc").glob("*.rslc")))


def test_extract_parts(tiny_export, project):
    mt_prep_snap(master_of(tiny_export), tiny_export, 0.4, 2, 1, workdir=project)
    before = tree(project)
    for folder in project.glob("PATCH_*"):
        for name in ("ll", "hgt", "ph"):
            (folder / f"pscands.1.{name}").unlink()
    ij = (project / "PATCH_2" / "pscands.1.ij").read_text().splitlines(keepends=True)
    (project / "PATCH_2" / "pscands.1.ij").write_text("".join(ij[:3]))
    (project / "some.list").write_text("PATCH_2\n")
    mt_extract_cands(1, 0, 1, 0, "f", 1, None, "some.list", workdir=project)
    assert not (project / "PATCH_1" / "pscands.1.ph").exists()
    assert not (project / "PATCH_2" / "pscands.1.ll").exists()
    assert (project / "PATCH_2" / "pscands.1.hgt").read_bytes() == before["PATCH_2/pscands.1.hgt"][:12]
    mt_extract_cands(byteswap=1, workdir=project)
    (project / "some.list").unlink()
    assert tree(project) == before


def test_extract_complains(tiny_export, project):
    with pytest.raises(InputError, match=r"patch\.list is missing"):
        mt_extract_cands(workdir=project)
    mt_prep_snap(master_of(tiny_export), tiny_export, workdir=project)
    (project / "patch.list").write_text("PATCH_1\nPATCH_7\n")
    with pytest.raises(InputError, match=r"without patch\.in: PATCH_7"):
        mt_extract_cands(workdir=project)
