"""The stand-in for SNAP's ``gpt`` refuses what SNAP refuses, and its faults happen to those that they name."""

import xml.etree.ElementTree as ET

import numpy as np
import pytest

from helpers.gpt_stand_in import (
    call_gpt,
    calls,
    coregister_graph,
    export_graph,
    graph,
    run_gpt,
    split_graph,
    zipped_safe,
)

M, S = "20200103", "20200115"
SPLITS = [f"split/{date}_IW2.dim" for date in (M, S)]
PAIR = ("coreg/pair.dim", "ifg/pair.dim")


@pytest.fixture(scope="module")
def products(tmp_path_factory):
    """Zips of two slices of two dates (read only)."""
    folder = tmp_path_factory.mktemp("slc")
    return {(date, number): zipped_safe(folder, date, number=number) for date in (M, S) for number in (7, 8)}


@pytest.fixture(scope="module")
def chain(tmp_path_factory, products):
    """A folder in which two dates have been split, coregistered and exported (read only)."""
    folder = tmp_path_factory.mktemp("chain")
    for date, target in zip((M, S), SPLITS, strict=True):
        assert run(folder, split_graph([products[date, 7], products[date, 8]], target)).returncode == 0
    assert run(folder, coregister_graph(*SPLITS, *PAIR)).returncode == 0
    assert run(folder, export_graph(*PAIR, f"export/{M}_{S}")).returncode == 0
    return folder


def run(folder, nodes, *arguments, **variables):
    """Run a graph that stands in the folder."""
    return call_gpt(graph(folder / "graph.xml", nodes), *arguments, cwd=folder, **variables)


def refusal(folder, nodes, **variables):
    """What is said about a graph that is refused."""
    result = run(folder, nodes, **variables)
    assert result.returncode == 1
    return result.stderr


def read(file, name="Read"):
    return (name, "Read", {"file": str(file)}, [])


def write(source, file="out.dim"):
    return ("Write", "Write", {"file": file, "formatName": "BEAM-DIMAP"}, [source])


def changed(nodes, name, **parameters):
    """A graph with other parameters in one node."""
    return [(n, op, {**values, **parameters} if n == name else values, sources) for n, op, values, sources in nodes]


def test_split_holds_the_bursts_of_both_slices(chain):
    root = ET.parse(chain / SPLITS[0]).getroot()
    assert root.findtext("Raster_Dimensions/NROWS") == str(12 * 6)
    operators = [e.text for e in root.findall(".//MDElem[@name='Processing_Graph']//MDATTR[@name='operator']")]
    assert operators == ["Read", "SliceAssembly", "Apply-Orbit-File", "TOPSAR-Split", "Write"]


def test_pair_has_the_bands_of_snap(chain):
    names = [e.text for e in ET.parse(chain / PAIR[1]).getroot().iter("BAND_NAME")]
    assert {"i_ifg_IW2_VV_03Jan2020_15Jan2020", "elevation", "orthorectifiedLat", "orthorectifiedLon"} <= set(names)
    assert (chain / "coreg/pair.data/q_IW2_VV_slv1_15Jan2020.img").stat().st_size == 62 * 40 * 4


def test_export_without_write_leaves_a_target(chain):
    assert {path.name for path in (chain / f"export/{M}_{S}").iterdir()} == {"rslc", "diff0", "geo", "dem"}
    assert (chain / "target.dim").is_file()


def test_export_holds_the_files_of_the_stack(tmp_path, chain, tiny_export):
    other = sorted(path.stem for path in (tiny_export / "diff0").glob("*.base"))[0]
    text = refusal(chain, export_graph(*PAIR, str(tmp_path / "out")), stack=tiny_export)
    assert f"{M}_{S}.diff" in text and other not in text


def test_three_subswaths_are_merged(tmp_path, products):
    for swath in ("IW1", "IW2", "IW3"):
        for date in (M, S):
            assert run(tmp_path, split_graph([products[date, 7]], f"{date}_{swath}.dim", swath)).returncode == 0
        names = [f"{date}_{swath}.dim" for date in (M, S)]
        assert (
            run(tmp_path, coregister_graph(*names, f"c{swath}.dim", f"i{swath}.dim", topography=False)).returncode == 0
        )
    assert run(tmp_path, merged("IW1", "IW2", "IW3")).returncode == 0
    assert "Isolate sub-swath detected" in refusal(tmp_path, merged("IW1", "IW3"))
    alone = [read("cIW1.dim", "A"), read("iIW1.dim", "B"), *merged("IW1", "IW2")[4:]]
    assert "requires coregistered and interferogram" in refusal(tmp_path, export_graph("cIW1.dim", "cIW2.dim", "x"))
    assert "Missing source" in refusal(tmp_path, alone)


def merged(*swaths):
    """Nodes that merge subswaths and export them."""
    return [
        ("Stacks", "ProductSet-Reader", {"fileList": ",".join(f"c{swath}.dim" for swath in swaths)}, []),
        ("Merge", "TOPSAR-Merge", {}, ["Stacks"]),
        ("Interferograms", "ProductSet-Reader", {"fileList": ",".join(f"i{swath}.dim" for swath in swaths)}, []),
        ("Merge2", "TOPSAR-Merge", {}, ["Interferograms"]),
        ("Topography", "TopoPhaseRemoval", {"outputElevationBand": "true", "outputLatLonBands": "true"}, ["Merge2"]),
        ("Export", "StampsExport", {"targetFolder": "merged", "psiFormat": "true"}, ["Merge", "Topography"]),
    ]


# ---------------------------------------------------------------------- graphs


def test_graph_that_is_none(tmp_path):
    (tmp_path / "graph.xml").write_text("<graph id='Graph'><version>1.0</version>")
    assert "Error reading graph file" in run_gpt("graph.xml", cwd=tmp_path).stderr
    assert run_gpt("absent.xml", cwd=tmp_path).returncode == 1


def test_unknown_operator(tmp_path, products):
    nodes = [read(products[M, 7]), ("Foo", "TOPSAR-Foo", {}, ["Read"]), write("Foo")]
    assert "SPI not found for operator 'TOPSAR-Foo'" in refusal(tmp_path, nodes)


def test_unknown_parameter(tmp_path, products):
    nodes = changed(split_graph([products[M, 7]], "a.dim"), "Split", burst="3")
    assert "Unknown element 'burst'" in refusal(tmp_path, nodes)


@pytest.mark.parametrize(
    ("node", "values"),
    [
        ("Orbit", {"orbitType": "Precise"}),
        ("Orbit", {"continueOnFail": "False"}),
        ("Orbit", {"polyDegree": "three"}),
        ("Split", {"firstBurstIndex": "0"}),
    ],
)
def test_values_that_are_not_allowed(tmp_path, products, node, values):
    text = refusal(tmp_path, changed(split_graph([products[M, 7]], "a.dim"), node, **values))
    assert f"[NodeId: {node}]" in text and "Value for" in text


def test_names_of_version_14_break_others(tmp_path, products):
    nodes = changed(split_graph([products[M, 7]], "a.dim"), "Split", enableSingleSwathMode="false")
    assert "Unknown element 'enableSingleSwathMode'" in refusal(tmp_path, nodes, version=9)
    assert run(tmp_path, nodes, version=14).returncode == 0


def test_version_8_has_no_copernicus(chain, tmp_path):
    nodes = changed(coregister_graph(*SPLITS, "c.dim", "i.dim"), "Geocode", demName="Copernicus 30m Global DEM")
    assert "Dem Name" in refusal(chain, nodes, version=8)


def test_source_that_no_node_makes(tmp_path):
    assert "Missing source. Node Id: Write Source Id: Nobody" in refusal(tmp_path, [write("Nobody")])


def test_cycle(tmp_path):
    nodes = [("A", "Subset", {}, ["B"]), ("B", "Subset", {}, ["A"]), write("B")]
    assert "cycle" in refusal(tmp_path, nodes)


def test_file_that_does_not_exist(tmp_path):
    assert "does not exist" in refusal(tmp_path, split_graph([tmp_path / "S1A.zip"], "a.dim"))


def test_damaged_zip(tmp_path):
    (tmp_path / "S1A_IW_SLC__1SDV_20200103.zip").write_bytes(b"PK\3\4 cut")
    text = refusal(tmp_path, split_graph([tmp_path / "S1A_IW_SLC__1SDV_20200103.zip"], "a.dim"))
    assert "ZipException" in text


# ---------------------------------------------------------------------- sources of operators


def test_assembly_of_one_slice(tmp_path, products):
    nodes = [read(products[M, 7]), ("Assembly", "SliceAssembly", {}, ["Read"]), write("Assembly")]
    assert "at least two consecutive slice products" in refusal(tmp_path, nodes)


def test_assembly_over_a_gap(tmp_path, products):
    later = zipped_safe(tmp_path, M, number=9)
    assert "not consecutive" in refusal(tmp_path, split_graph([products[M, 7], later], "a.dim"))


def test_assembly_of_two_dates(tmp_path, products):
    assert "same orbit" in refusal(tmp_path, split_graph([products[M, 7], products[S, 8]], "a.dim"))


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"subswath": "IW4"}, "Subswath 'IW4'"),
        ({"selectedPolarisations": "VH"}, "Polarisation VH"),
        ({"firstBurstIndex": "4", "lastBurstIndex": "5"}, "out of range"),
    ],
)
def test_split_of_what_is_not_there(tmp_path, products, values, words):
    assert words in refusal(tmp_path, changed(split_graph([products[M, 7]], "a.dim"), "Split", **values))


def test_back_geocoding_wants_splits(tmp_path, products):
    nodes = coregister_graph(str(products[M, 7]), str(products[S, 7]), "c.dim", "i.dim")
    assert "Split product is expected." in refusal(tmp_path, nodes)


def test_back_geocoding_wants_one_subswath(tmp_path, products):
    for date, swath in ((M, "IW1"), (S, "IW2")):
        assert run(tmp_path, split_graph([products[date, 7]], f"{swath}.dim", swath)).returncode == 0
    assert "Same sub-swath" in refusal(tmp_path, coregister_graph("IW1.dim", "IW2.dim", "c.dim", "i.dim"))


def test_external_heights_must_be_there(chain):
    nodes = changed(coregister_graph(*SPLITS, "c.dim", "i.dim"), "Geocode", demName="External DEM")
    assert "External DEM file is not found" in refusal(chain, nodes)


def test_diversity_of_one_burst(tmp_path, products):
    for date in (M, S):
        nodes = split_graph([products[date, 7]], f"{date}.dim", firstBurstIndex="2", lastBurstIndex="2")
        assert run(tmp_path, nodes).returncode == 0
    nodes = coregister_graph(f"{M}.dim", f"{S}.dim", "c.dim", "i.dim")
    assert "[NodeId: Diversity] At least two bursts" in refusal(tmp_path, nodes)


def test_topography_before_deburst(chain):
    nodes = coregister_graph(*SPLITS, "c.dim", "i.dim")
    nodes = [(n, op, v, ["Interferogram"] if n == "Topography" else s) for n, op, v, s in nodes if n != "Deburst"]
    assert "should first be deburst" in refusal(chain, nodes)


def test_subset_elsewhere(chain):
    region = "POLYGON((10 50, 11 50, 11 51, 10 51, 10 50))"
    nodes = [read(PAIR[0]), ("Subset", "Subset", {"geoRegion": region}, ["Read"]), write("Subset")]
    assert "No intersection" in refusal(chain, nodes)
    assert "closed" in refusal(chain, changed(nodes, "Subset", geoRegion="POLYGON((0 1, 1 1, 1 2, 0 2))"))


@pytest.mark.parametrize("given", [PAIR[:1], (*PAIR, PAIR[1])])
def test_export_of_other_than_two_products(chain, given):
    reads = [read(name, f"Read{k}") for k, name in enumerate(given)]
    nodes = [*reads, ("Export", "StampsExport", {"targetFolder": "x"}, [node[0] for node in reads])]
    assert "requires coregistered and interferogram" in refusal(chain, nodes)


def test_export_in_the_other_order(chain):
    assert "requires coregistered and interferogram" in refusal(chain, export_graph(*PAIR[::-1], "x"))


def test_export_of_small_baselines(chain):
    assert "SBAS format is not yet supported" in refusal(chain, export_graph(*PAIR, "x", psiFormat="false"))


def test_half_products_are_no_inputs(tmp_path, products):
    assert run(tmp_path, split_graph([products[M, 7]], "a.dim"), fault="half").returncode == 0
    assert "EOFException" in refusal(tmp_path, [read("a.dim"), write("Read")])


# ---------------------------------------------------------------------- command line


def test_diagnosis_tells_the_version():
    assert "SNAP Release version 11.0.0" in run_gpt("--diag", cwd=".", version=11).stdout


def test_help_lists_parameters():
    text = run_gpt("TOPSAR-Split", "-h", cwd=".").stdout
    assert "  -PfirstBurstIndex=<integer>" in text and "enableSingleSwathMode" not in text
    assert run_gpt("TOPSAR-Foo", "-h", cwd=".").returncode == 1


@pytest.mark.parametrize("words", [["-c", "much"], ["-q", "0"], ["-z"], ["-Pname"], ["-J-Xmxlots"], ["-c"]])
def test_options_that_are_wrong(tmp_path, products, words):
    assert run(tmp_path, split_graph([products[M, 7]], "a.dim"), *words).returncode == 1
    assert not (tmp_path / "a.dim").exists()


def test_options_that_are_right(tmp_path, products):
    words = ["-e", "-x", "-c", "2G", "-q", "2", "-Dsnap.userdir=here", "-J-Xmx4G", "-Pdate=x"]
    log = tmp_path / "calls.jsonl"
    assert run(tmp_path, split_graph([products[M, 7]], "${date}.dim"), *words, calls=log).returncode == 0
    assert (tmp_path / "x.dim").is_file()
    assert [entry["status"] for entry in calls(log, "end")] == [0]


def test_orbit_files_of_the_user_directory(tmp_path, products):
    nodes = split_graph([products[M, 7]], "a.dim")
    assert "No valid orbit file found for 03-JAN-2020 05:12:07.101234" in refusal(tmp_path, nodes, orbits="local")
    place = tmp_path / "snap/auxdata/Orbits/Sentinel-1/POEORB/S1A/2020/01"
    place.mkdir(parents=True)
    (place / "S1A_OPER_AUX_POEORB_OPOD_20200123T120000_V20200102T225942_20200104T005942.EOF.zip").touch()
    assert run(tmp_path, nodes, f"-Dsnap.userdir={tmp_path / 'snap'}", orbits="local").returncode == 0


# ---------------------------------------------------------------------- faults


@pytest.mark.parametrize(
    ("fault", "status", "words"),
    [
        (f"fail:{S}", 1, "NullPointerException"),
        (f"memory:{S}@split", 1, "Java heap space"),
        ("orbit", 1, "No valid orbit file"),
        ("silent", 0, ""),
        ("killed", -9, ""),
    ],
)
def test_faults_of_a_run(tmp_path, products, fault, status, words):
    result = run_gpt(graph(tmp_path / "graph.xml", split_graph([products[S, 7]], "a.dim")), cwd=tmp_path, fault=fault)
    assert result.returncode == status and words in result.stderr
    assert (tmp_path / "a.dim").exists() == (fault == "killed")


@pytest.mark.parametrize("fault", [f"fail:{M}", "fail@export"])
def test_faults_of_others(tmp_path, products, fault):
    assert run(tmp_path, split_graph([products[S, 7]], "a.dim"), fault=fault).returncode == 0


def test_faults_of_a_file(tmp_path, products):
    (tmp_path / "faults").write_text(f"fail:{S}\n")
    nodes = split_graph([products[S, 7]], "a.dim")
    assert run(tmp_path, nodes, fault=f"@{tmp_path}/faults").returncode == 1
    (tmp_path / "faults").write_text("")
    assert run(tmp_path, nodes, fault=f"@{tmp_path}/faults").returncode == 0


@pytest.mark.parametrize(("fault", "share"), [("half_zero", 1 / 3), ("zeros", 0)])
def test_images_of_zeros(tmp_path, products, fault, share):
    assert run(tmp_path, split_graph([products[S, 7]], "a.dim"), fault=fault).returncode == 0
    values = np.fromfile(tmp_path / "a.data/i_IW2_VV.img", ">i2")
    assert values.size == 36 * 40 and np.mean(values != 0) == pytest.approx(share, abs=0.01)


@pytest.mark.parametrize(
    ("fault", "file", "wrong"),
    [
        ("zero_base", f"diff0/{M}_{S}.base", lambda path: "0.0000000\t0.0000000\t0.0000000" in path.read_text()),
        ("nan_base", f"diff0/{M}_{S}.base", lambda path: "NaN" in path.read_text()),
        ("no_base", f"diff0/{M}_{S}.base", lambda path: not path.exists()),
        ("nan_positions", f"geo/{M}.lon", lambda path: np.isnan(np.fromfile(path, ">f4")).all()),
        ("zero_positions", f"geo/{M}.lat", lambda path: not np.fromfile(path, ">f4").any()),
        ("zero_block", f"diff0/{M}_{S}.diff", lambda path: not np.fromfile(path, ">c8")[41 * 48 : 119 * 48].any()),
        ("short", f"diff0/{M}_{S}.diff", lambda path: path.stat().st_size < 160 * 48 * 8),
    ],
)
def test_faults_of_exports(chain, tmp_path, fault, file, wrong):
    assert run(chain, export_graph(*PAIR, str(tmp_path)), fault=fault).returncode == 0
    assert wrong(tmp_path / file)
    assert run(chain, export_graph(*PAIR, str(tmp_path))).returncode == 0
    assert not wrong(tmp_path / file)


def test_sizes_that_differ(chain, tmp_path):
    names = [str(tmp_path / name) for name in ("c.dim", "i.dim")]
    assert run(chain, coregister_graph(*SPLITS, *names), fault=f"sizes:{S}").returncode == 0
    lines = [ET.parse(name).findtext("Raster_Dimensions/NROWS") for name in names]
    assert lines == ["62", "59"]
