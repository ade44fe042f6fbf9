"""Graphs for SNAP: portable parameters only, the order of the operators, what ESD, subset and merging change."""

import csv
import itertools
import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path

import pytest

from stamps.errors import ParameterError
from stamps.frontends.snap import graphs, operators
from stamps.frontends.snap.dem import DEM_NAMES, Dem
from stamps.frontends.snap.orbit_files import ORBIT_TYPES

FIXTURE = Path(__file__).parent / "fixtures" / "snap_operators.csv"
AREA = "POLYGON((14.8 37.6,15.2 37.6,15.2 37.9,14.8 37.9,14.8 37.6))"
SETTINGS = graphs.GraphSettings("VV", Dem(DEM_NAMES["copernicus30"]), ORBIT_TYPES["precise"], subset=AREA)
FILE = Dem("External DEM", "/data/a & b/dem.tif", -9999.0)


def split(products=("/slc/a.zip", "/slc/b.zip"), settings=SETTINGS):
    return graphs.split_graph(products, settings, "IW2", (4, 7), "split/20200103_IW2.dim")


def coregister(settings=SETTINGS, bursts=4, alone=True):
    return graphs.coregister_graph("m.dim", "s.dim", settings, bursts, alone, "coreg/x.dim", "ifg/x.dim")


def merged(settings=SETTINGS):
    return graphs.merged_export_graph(["c1.dim", "c2.dim"], ["i1.dim", "i2.dim"], settings, "20200103_20200115")


def all_graphs(settings):
    yield split(settings=settings)
    yield split(("/slc/a.zip",), settings)
    for bursts, alone in itertools.product((1, 4), (True, False)):
        yield coregister(settings, bursts, alone)
    yield graphs.export_graph("c.dim", "i.dim", "20200103_20200115")
    yield merged(settings)
    yield graphs.subset_graph("/tsx/a.xml", settings, "subset/20200103_sub.dim")
    yield graphs.stripmap_coregister_graph("m.dim", "s.dim", settings, "coreg/x.dim")
    yield graphs.stripmap_interferogram_graph("c.dim", settings, "ifg/x.dim")


def variants():
    for dem, orbit, subset in itertools.product((SETTINGS.dem, FILE), ORBIT_TYPES.values(), (AREA, "")):
        yield replace(
            SETTINGS, dem=dem, orbit_type=orbit, subset=subset, resampling=graphs.BILINEAR, esd_coherence=0.15
        )


def nodes(graph):
    """Nodes by their names: operator, sources, parameters."""
    root = ET.fromstring(graph.text())
    assert root.findtext("version") == "1.0" and root.get("id") == "Graph"
    return {
        node.get("id"): (
            node.findtext("operator"),
            [source.get("refid") for source in node.find("sources")],
            {child.tag: child.text or "" for child in node.find("parameters")},
        )
        for node in root.findall("node")
    }


def path_to(found, name):
    """Operators from the first source to a node."""
    operator, sources, _ = found[name]
    return [*path_to(found, sources[0]), operator] if sources else [operator]


def fixture():
    with FIXTURE.open(newline="") as file:
        return {(row["operator"], row["parameter"]): row for row in csv.DictReader(file)}


# ---------------------------------------------------------------------- the table


def test_the_table_is_the_portable_part_of_what_snap_declares():
    declared = fixture()
    ours = operators.table()
    for key, parameter in ours.items():
        row = declared[key]
        assert row["portable"] == "y" and row["java_type"] == parameter.type, key
        assert set(row["allowed"].replace("|", " ").split()) == set(parameter.allowed.replace("|", " ").split()), key
    wanted = {key for key, row in declared.items() if row["portable"] == "y" and key[0] in operators.operators()}
    assert wanted == ours.keys()


def test_every_emitted_parameter_is_portable():
    declared = fixture()
    for settings in variants():
        for graph in all_graphs(settings):
            for operator, _, parameters in nodes(graph).values():
                for name, value in parameters.items():
                    assert declared[operator, name]["portable"] == "y", (operator, name)
                    if declared[operator, name]["java_type"].lower() == "boolean":
                        assert value in ("true", "false")


@pytest.mark.parametrize(
    "operator, name, value, reason",
    [
        ("Interferogram", "outputFlatEarthPhase", "true", "no parameter"),
        ("Nothing", "file", "a", "no parameter"),
        ("TOPSAR-Split", "firstBurstIndex", "0", r"not in \[1, \*\)"),
        ("TOPSAR-Split", "firstBurstIndex", "1.5", "no whole number"),
        ("Enhanced-Spectral-Diversity", "cohThreshold", "0", r"not in \(0, 1\]"),
        ("Enhanced-Spectral-Diversity", "fineWinWidthStr", "100", "none of 32, 64"),
        ("Back-Geocoding", "demName", "Earth", "none of"),
        ("Back-Geocoding", "maskOutAreaWithoutElevation", "no", "neither true nor false"),
        ("Back-Geocoding", "externalDEMNoDataValue", "nan", "no number"),
        ("Interferogram", "orbitDegree", "", "is empty"),
    ],
)
def test_a_parameter_that_snap_would_refuse_is_refused(operator, name, value, reason):
    with pytest.raises(ParameterError, match=reason):
        operators.check_parameter(operator, name, value)


# ---------------------------------------------------------------------- the graphs


def test_a_split_assembles_then_applies_orbits_then_splits():
    found = nodes(split())
    assert path_to(found, "Write") == ["Read", "SliceAssembly", "Apply-Orbit-File", "TOPSAR-Split", "Write"]
    assert found["SliceAssembly"][1] == ["Read", "Read(2)"]
    assert found["TOPSAR-Split"][2] == {
        "subswath": "IW2", "selectedPolarisations": "VV", "firstBurstIndex": "4", "lastBurstIndex": "7",
    }  # fmt: skip
    assert found["Apply-Orbit-File"][2]["continueOnFail"] == "false"
    assert found["Write"][2] == {"file": "${run}/split/20200103_IW2.dim", "formatName": "BEAM-DIMAP"}
    assert "sourceProduct.1" in split().text()


def test_one_slice_needs_no_assembly_and_orbits_may_be_left():
    found = nodes(split(("/slc/a.zip",), replace(SETTINGS, orbit_type="")))
    assert path_to(found, "Write") == ["Read", "TOPSAR-Split", "Write"]


def test_a_single_subswath_is_finished_by_the_coregistration():
    found = nodes(coregister())
    pair = ["Read", "Back-Geocoding", "Enhanced-Spectral-Diversity", "Interferogram", "TOPSAR-Deburst"]
    assert path_to(found, "Write") == [*pair, "TopoPhaseRemoval", "Subset", "Write"]
    assert path_to(found, "Write(2)") == [*pair[:3], "TOPSAR-Deburst", "Subset", "Write"]
    assert found["Back-Geocoding"][1] == ["Read", "Read(2)"]
    assert found["Subset"][2]["geoRegion"] == AREA and found["Subset"][2]["copyMetadata"] == "true"
    assert found["TopoPhaseRemoval"][2]["outputLatLonBands"] == "true"
    assert found["Back-Geocoding"][2]["maskOutAreaWithoutElevation"] == "false"
    assert (found["Write"][2]["file"], found["Write(2)"][2]["file"]) == ("${run}/ifg/x.dim", "${run}/coreg/x.dim")


def test_one_burst_has_no_overlap_for_spectral_diversity():
    assert "Enhanced-Spectral-Diversity" in nodes(coregister(bursts=2))
    for graph in (coregister(bursts=1), coregister(replace(SETTINGS, esd=False))):
        found = nodes(graph)
        assert "Enhanced-Spectral-Diversity" not in found and found["Interferogram"][1] == ["Back-Geocoding"]


def test_several_subswaths_are_merged_before_the_topographic_phase():
    assert {"TopoPhaseRemoval", "Subset"}.isdisjoint(nodes(coregister(alone=False)))
    found = nodes(merged())
    assert path_to(found, "StampsExport") == ["ProductSet-Reader", "TOPSAR-Merge", "Subset", "StampsExport"]
    pair = found["StampsExport"][1][1]
    assert path_to(found, pair) == ["ProductSet-Reader", "TOPSAR-Merge", "TopoPhaseRemoval", "Subset"]
    assert found["ProductSet-Reader"][2]["fileList"] == "c1.dim,c2.dim"
    assert found["StampsExport"][2] == {"targetFolder": "${run}/20200103_20200115", "psiFormat": "true"}


def test_without_subset_nothing_is_cut():
    for graph in (coregister(replace(SETTINGS, subset="")), merged(replace(SETTINGS, subset=""))):
        assert not [name for name in nodes(graph) if name.startswith("Subset")]


def test_an_own_elevation_model_stands_in_all_operators():
    found = nodes(coregister(replace(SETTINGS, dem=FILE)))
    for name in ("Back-Geocoding", "Interferogram", "TopoPhaseRemoval"):
        assert found[name][2]["demName"] == "External DEM"
        assert found[name][2]["externalDEMFile"] == "/data/a & b/dem.tif"
        assert found[name][2]["externalDEMNoDataValue"] == "-9999.0"
    assert found["Interferogram"][2]["externalDEMApplyEGM"] == "true"
    assert "<externalDEMFile />" in coregister().text()


def test_stripmap_images_are_coregistered_by_the_elevation_model():
    found = nodes(graphs.stripmap_coregister_graph("m.dim", "s.dim", SETTINGS, "coreg/x.dim"))
    assert path_to(found, "Write") == ["ProductSet-Reader", "DEM-Assisted-Coregistration", "Write"]
    assert found["DEM-Assisted-Coregistration"][2]["tileExtensionPercent"] == "100"
    found = nodes(graphs.stripmap_interferogram_graph("c.dim", SETTINGS, "ifg/x.dim"))
    assert path_to(found, "Write") == ["Read", "Interferogram", "TopoPhaseRemoval", "Write"]
    assert found["Interferogram"][2]["cohWinAz"] == "8"


# ---------------------------------------------------------------------- the page


def documented():
    """Parameters of each operator in the table of the page, with their values where these are fixed."""
    page = (Path(__file__).parents[1] / "docs" / "method" / "snap.md").read_text(encoding="utf-8")
    table = page.partition("All parameters that are written")[2].partition("Why these")[0]
    rows = re.findall(r"^\| ([\w-]+) \| (`.*`) \|$", table, re.MULTILINE)
    return {
        operator: dict((pair + "=").split("=")[:2] for pair in re.findall(r"`([^`]+)`", text))
        for operator, text in rows
    }


def test_the_page_shows_every_parameter_that_is_written():
    said, written = documented(), {}
    for settings in variants():
        for graph in all_graphs(settings):
            for operator, _, parameters in nodes(graph).values():
                for name, value in parameters.items():
                    written.setdefault(operator, {}).setdefault(name, set()).add(value)
    assert said.keys() == written.keys()
    for operator, parameters in written.items():
        assert said[operator].keys() == parameters.keys(), operator
        for name, values in parameters.items():
            assert said[operator][name] in ("", *values) and (len(values) == 1 or not said[operator][name]), (
                operator,
                name,
            )
