"""Kind, alike pixels and temporal coherence in what users look at; the coherence of the inversion of small baselines."""

import csv
import json

import numpy as np
import pytest

import stamps
from helpers.linked_project import linked
from stamps import export, mt_add_ds, setparm
from stamps.errors import InputError, NoPixelsError
from stamps.linking.files import LinkFolder
from stamps.products.inversion_coherence import inversion_coherence
from stamps.products.quantities import Project
from stamps.products.view.content import content_of
from stamps.report import quality_report
from stamps.workspace import Workspace


@pytest.fixture(scope="module")
def network(tiny_export, tmp_path_factory):
    """A small-baseline project of linked pairs after step 8 (read only)."""
    project = linked(tmp_path_factory.mktemp("network") / "project", tiny_export)
    mt_add_ds(0.5, 10, network="sequential 3", direct=True, workdir=project)
    folder = project / "SMALL_BASELINES"
    setparm("unwrap_grid_size", 10, workdir=folder)
    setparm("unwrap_gold_n_win", 8, workdir=folder)
    stamps.stamps(6, 8, workdir=folder)
    return folder


def table(folder, name, **options):
    path = export("csv", folder / name, workdir=folder, n_boot=20, **options)
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


def test_columns_of_exports(network):
    rows = table(network, "all.csv")
    ps = Workspace(network).load("ps2")
    link = LinkFolder.open(network.parent)
    line, sample = ps["ij"][:, 1].astype(int), ps["ij"][:, 2].astype(int)
    assert len(rows) == ps["n_ps"]
    assert [int(row["N_SHP"]) for row in rows] == link.n_shp[line, sample].tolist()
    assert [float(row["TCOH"]) for row in rows] == pytest.approx(link.temporal_coherence[line, sample], abs=1e-4)
    kinds = {kind: sum(row["KIND"] == kind for row in rows) for kind in ("ps", "ds")}
    assert (
        kinds
        == {item.stage: {"ps": item.persistent, "ds": item.distributed} for item in stamps.status(network).scatterers}[
            "merged"
        ]
    )
    meaning = json.loads((network / "all.csv-metadata.json").read_text())["fields"]
    assert "linked phases" in meaning["TCOH"]["meaning"]


def test_coherence_of_the_inversion(network):
    ws = Workspace(network)
    found = inversion_coherence(Project.at(ws))
    unwrapped, predicted = ws.load("phuw_sb2")["ph_uw"], ws.load("phuw_sb_res2")["ph_res"]
    residual = unwrapped - unwrapped.mean(axis=0) - predicted
    assert found == pytest.approx(np.abs(np.exp(1j * residual.astype(np.float64)).mean(axis=1)), abs=1e-4)
    rows = table(network, "all.csv")
    assert [float(row["COH_INV"]) for row in rows] == pytest.approx(found, abs=1e-4)
    limit = float(np.median(found))
    assert len(table(network, "good.csv", min_inversion_coherence=limit)) == np.count_nonzero(found >= limit)
    with pytest.raises(NoPixelsError, match="min_inversion_coherence"):
        table(network, "none.csv", min_inversion_coherence=1, std_cutoff=0)
    for wrong in (1.1, -1, float("nan")):
        with pytest.raises(InputError, match="between 0 and 1"):
            table(network, "none.csv", min_inversion_coherence=wrong)


def test_a_single_master_has_no_inversion(finished_ps_mini, tmp_path):
    with pytest.raises(InputError, match="min_inversion_coherence asks for the inversion"):
        export("csv", tmp_path / "x.csv", workdir=finished_ps_mini, min_inversion_coherence=0.7, n_boot=20)
    path = export("csv", tmp_path / "x.csv", workdir=finished_ps_mini, n_boot=20)
    header = path.read_text().splitlines()[0].split(",")
    assert not {"KIND", "N_SHP", "TCOH", "COH_INV"} & set(header)


def test_layers_of_the_page(network):
    layers = {layer.name: layer.values for layer in content_of(Project.at(network), n_boot=20).layers}
    n_ds = next(item.distributed for item in stamps.status(network).scatterers if item.stage == "merged")
    assert layers["kind"].sum() == n_ds and layers["tcoh"].max() <= 1 and layers["n_shp"].max() >= 10


def test_other_formats_take_them(network, tmp_path):
    pytest.importorskip("pyogrio")
    geopandas = pytest.importorskip("pyogrio.raw")
    path = export("gpkg", tmp_path / "x.gpkg", workdir=network, n_boot=20)
    names = geopandas.read(path)[0]["fields"].tolist()
    assert {"KIND", "N_SHP", "TCOH", "COH_INV"} <= set(names)


def test_the_report_counts_kinds(network):
    report = quality_report(network)
    pixels = next(section for section in report.sections if section.key == "pixels")
    assert pixels.facts["scatterers"]["merged"]["ds"] > 20
    assert any(shown["caption"] == "Kinds of scatterers" for shown in pixels.tables)
