"""Rasters that cannot be right: each is refused or named, one bad sample costs one pixel."""

import json
import shutil

import numpy as np
import pytest

from helpers.raster_stacks import SOUND, layout, swapped
from helpers.sandbox import LINES, MASTER, SAMPLES
from stamps import simulate
from stamps.errors import InputError
from stamps.legacy.mt_prep_snap import mt_prep_snap
from stamps.workspace import Workspace, findings
from stamps.workspace.parameters import Parameters

ROWS, COLUMNS = np.ogrid[:LINES, :SAMPLES]


RNG = np.random.default_rng(5)


def values(path, change):
    """Change the values of a big-endian complex float32 raster."""
    old = np.fromfile(path, ">c8").astype(np.complex64).reshape(LINES, SAMPLES)
    with np.errstate(all="ignore"):
        np.asarray(change(old)).astype(">c8").tofile(path)


def integers(path):
    """Complex int16, twice over so that the size is right."""
    parts = RNG.normal(0, 300, (LINES, 4 * SAMPLES)).astype(">i2")
    parts.tofile(path)


def doubles(path):
    """The phase alone, as 8-byte numbers."""
    np.angle(np.fromfile(path, ">c8")).astype(">f8").tofile(path)


def text(path):
    path.write_bytes((b"line,sample,phase\n%d,3,0.25\n" * 9000)[: 8 * LINES * SAMPLES].ljust(8 * LINES * SAMPLES, b" "))


def set_at(value, line=7, sample=9):
    return lambda a: np.where((ROWS == line) & (COLUMNS == sample), np.complex64(value), a)


def once(change):
    return lambda path: values(path, change)


def prepare(stack, project, capsys, prepare_with=mt_prep_snap):
    """Prepare in this process: what was printed, and the findings; or the error."""
    try:
        prepare_with(MASTER, stack, 0.4, 1, 1, 10, 10, workdir=project)
    except InputError as error:
        assert not any(project.glob("PATCH_*")), "a refused stack leaves nothing"
        return str(error), None
    return capsys.readouterr().out, findings.collect(Workspace(project))


def candidates(project):
    return len((project / "PATCH_1" / "pscands.1.ij").read_text().splitlines())


@pytest.fixture(scope="module")
def clean(tmp_path_factory):
    """Candidates of the undamaged stack."""
    from helpers.sandbox import Sandbox

    box = Sandbox(tmp_path_factory.mktemp("clean"))
    mt_prep_snap(MASTER, box.stack(), 0.4, 1, 1, 10, 10, workdir=box.project)
    assert findings.collect(Workspace(box.project)) == []
    assert not (box.project / findings.FILE).exists()
    return (box.project / "PATCH_1" / "pscands.1.ij").read_text().splitlines()


# ---------------------------------------------------------------------- interferograms

INTERFEROGRAMS = {
    "empty": (once(lambda a: 0 * a), "refused", ["empty"]),
    "no number": (once(lambda a: a * np.nan), "refused", ["no number"]),
    "infinite": (once(lambda a: np.full_like(a, np.inf)), "refused", ["no number"]),
    "swapped": (swapped, "warned", ["bytes", "drop_ifg_index 5"]),
    "integers": (integers, "warned", ["type", "drop_ifg_index 5"]),
    "doubles": (doubles, "warned", ["type", "drop_ifg_index 5"]),
    "text": (text, "warned", ["drop_ifg_index 5"]),
    "denormals": (once(lambda a: a * 1e-42), "warned", ["type", "drop_ifg_index 5"]),
    "constant": (once(lambda a: 0 * a + (3 + 4j)), "warned", ["same value", "drop_ifg_index 5"]),
    "real": (once(lambda a: a.real + 0j), "warned", ["imaginary", "drop_ifg_index 5"]),
    "magnitudes": (once(lambda a: np.abs(a) * np.exp(1j)), "warned", ["same phase", "drop_ifg_index 5"]),
    "half empty": (once(lambda a: np.where(ROWS < 50, 0, a)), "warned", ["empty", "50 %"]),
    "right half empty": (once(lambda a: np.where(COLUMNS > 99, 0, a)), "warned", ["empty", "50 %"]),
    "burst missing": (once(lambda a: np.where((ROWS >= 30) & (ROWS < 39), 0, a)), "warned", ["empty", "lines 3"]),
    "lines without number": (once(lambda a: np.where(ROWS > 59, np.nan, a)), "warned", ["NaN", " % of"]),
    "one infinite": (once(set_at(np.inf, 3, 8)), "warned", ["NaN or infinite at 1 of"]),
}


@pytest.mark.parametrize("name", INTERFEROGRAMS)
def test_interferogram(name, sandbox, capsys):
    change, ends, words = INTERFEROGRAMS[name]
    stack = sandbox.stack()
    path = sorted((stack / "diff0").glob("*.diff"))[4]
    if name == "one infinite":  # at a pixel that is a candidate
        mt_prep_snap(MASTER, stack, 0.4, 1, 1, 10, 10, workdir=sandbox.project)
        line, sample = map(int, (sandbox.project / "PATCH_1" / "pscands.1.ij").read_text().split()[1:3])
        change = once(set_at(np.inf, line, sample))
    change(path)
    told, found = prepare(stack, sandbox.project, capsys) if name != "one infinite" else again(stack, sandbox, capsys)
    assert (ends == "refused") == (found is None), told
    sentence = told if found is None else " ".join(found)
    assert path.name in sentence and "\n" not in sentence
    assert all(word in sentence for word in words), sentence
    if found is not None:
        assert told.rstrip().splitlines().count(f"MT_PREP_SNAP: Warning: {found[0]}") == 1
        assert candidates(sandbox.project) > 3000


def again(stack, sandbox, capsys):
    mt_prep_snap(MASTER, stack, 0.4, 1, 1, 10, 10, workdir=sandbox.project)
    return capsys.readouterr().out, findings.collect(Workspace(sandbox.project))


@pytest.mark.parametrize("conjugate", [False, True])
def test_two_equal_interferograms(conjugate, sandbox, capsys):
    stack = sandbox.stack()
    one, other = sorted((stack / "diff0").glob("*.diff"))[5:7]
    shutil.copy(one, other)
    if conjugate:
        values(other, np.conj)
    _, found = prepare(stack, sandbox.project, capsys)
    (sentence,) = found
    assert one.name in sentence and other.name in sentence and "drop_ifg_index 6 or 7" in sentence


def test_the_number_counts_the_master(sandbox, capsys):
    stack = sandbox.stack()
    swapped(stack / "diff0" / f"{MASTER}_20180508.diff")
    (sentence,) = prepare(stack, sandbox.project, capsys)[1]
    assert "drop_ifg_index 9." in sentence
    Parameters(Workspace(sandbox.project)).set("drop_ifg_index", 9)
    assert findings.collect(Workspace(sandbox.project)) == [], "the advice was followed"


def test_an_interferogram_that_is_an_slc(sandbox, capsys):
    stack = sandbox.stack()
    path = sorted((stack / "diff0").glob("*.diff"))[4]
    shutil.copy(stack / "rslc" / f"{MASTER}.rslc", path)
    (sentence,) = prepare(stack, sandbox.project, capsys)[1]
    assert path.name in sentence and f"{MASTER}.rslc" in sentence


def test_many_bad_interferograms_make_one_sentence(sandbox, capsys):
    stack = sandbox.stack()
    paths = sorted((stack / "diff0").glob("*.diff"))
    for path in paths[:6]:
        swapped(path)
    (sentence,) = prepare(stack, sandbox.project, capsys)[1]
    assert all(path.name in sentence for path in paths[:6]) and "'[1 2 3 4 5 6]'" in sentence


def test_borders_without_number_in_all_images_make_one_sentence(sandbox, capsys):
    stack = sandbox.stack()
    for path in (stack / "rslc").glob("*.rslc"):
        values(path, lambda a: np.where(ROWS < 5, np.nan, a))
    told, found = prepare(stack, sandbox.project, capsys)
    (sentence,) = found
    assert sentence.startswith("Each of 18 SLCs (20180108.rslc") and told.count(sentence) == 1
    assert candidates(sandbox.project) > 3000


def test_said_at_once_and_again_at_the_end(sandbox, capsys):
    stack = sandbox.stack()
    swapped(sorted((stack / "diff0").glob("*.diff"))[4])
    told, (sentence,) = prepare(stack, sandbox.project, capsys)
    assert told.startswith(f"Warning: {sentence}\n") and told.count(sentence) == 2


def test_only_bad_interferograms_are_refused(sandbox, capsys):
    stack = sandbox.stack()
    for path in (stack / "diff0").glob("*.diff"):
        swapped(path)
    told, found = prepare(stack, sandbox.project, capsys)
    assert found is None and "No interferogram has a phase" in told and "bytes" in told


def test_the_null_interferogram_of_the_master_is_not_judged(tmp_path, capsys):
    stack = tmp_path / "stack"
    simulate.main([str(stack), "--preset", "tiny", "--layout", "snap", "--null-master", "--quiet"])
    project = tmp_path / "project"
    project.mkdir()
    mt_prep_snap(json.loads((stack / "truth.json").read_text())["master"], stack, 0.4, 1, 1, 10, 10, workdir=project)
    assert findings.collect(Workspace(project)) == []


# ---------------------------------------------------------------------- SLCs

IMAGES = {
    "empty": (once(lambda a: 0 * a), "refused", ["empty"]),
    "no number": (once(lambda a: a * np.nan), "refused", ["no number"]),
    "swapped": (swapped, "refused", ["bytes"]),
    "integers": (integers, "refused", ["type"]),
    "faint": (once(lambda a: a * 1e-12), "refused", ["0.001"]),
    "bright": (once(lambda a: a * 1e6), "warned", ["mean amplitude"]),
    "constant": (once(lambda a: 0 * a + 1), "warned", ["same value"]),
    "intensity": (once(lambda a: np.abs(a) ** 2 + 0j), "warned", ["imaginary"]),
    "saturated": (once(lambda a: np.clip(a.real, -60, 60) + 1j * np.clip(a.imag, -60, 60)), "warned", ["saturated"]),
    "half empty": (once(lambda a: np.where(ROWS < 50, 0, a)), "warned", ["empty", "50 %"]),
    "one infinite": (once(set_at(np.inf)), "warned", ["1 sample ", "line 8, sample 10"]),
    "one NaN": (once(set_at(complex(0, np.nan))), "warned", ["1 sample ", "line 8, sample 10"]),
    "one huge": (once(set_at(1e30)), "warned", ["1 sample ", "line 8, sample 10"]),
    "one large": (once(set_at(1e9)), "warned", ["one amplitude"]),
    "one very large": (once(set_at(1e14)), "refused", ["No pixel is a candidate", "one amplitude"]),
}


_SAME_CANDIDATES = ("one infinite", "one NaN", "one huge", "bright")


@pytest.mark.parametrize("name", IMAGES)
def test_image(name, sandbox, capsys, clean):
    change, ends, words = IMAGES[name]
    stack = sandbox.stack()
    path = sorted((stack / "rslc").glob("*.rslc"))[3]
    change(path)
    told, found = prepare(stack, sandbox.project, capsys)
    assert (ends == "refused") == (found is None), told
    sentence = told if found is None else " ".join(found)
    assert path.name in sentence and all(word in sentence for word in words), sentence
    if name in _SAME_CANDIDATES:
        assert abs(candidates(sandbox.project) - len(clean)) <= 2


@pytest.mark.parametrize("value", [np.inf, np.nan, 1e25])
def test_a_bad_sample_costs_its_pixel_alone(value, sandbox, capsys, clean):
    line, sample = map(int, clean[100].split()[1:])
    stack = sandbox.stack()
    values(sorted((stack / "rslc").glob("*.rslc"))[3], set_at(value, line, sample))
    prepare(stack, sandbox.project, capsys)
    places = [row.split()[1:] for row in clean]
    found = [row.split()[1:] for row in (sandbox.project / "PATCH_1" / "pscands.1.ij").read_text().splitlines()]
    assert found == places[:100] + places[101:]


def test_an_image_copied_to_another_date(sandbox, capsys):
    stack = sandbox.stack()
    one, other = sorted((stack / "rslc").glob("*.rslc"))[:2]
    shutil.copy(one, other)
    (sentence,) = prepare(stack, sandbox.project, capsys)[1]
    assert one.name in sentence and other.name in sentence and "drop_ifg_index 1 or 2" in sentence


def test_only_bad_images_are_refused(sandbox, capsys):
    stack = sandbox.stack()
    for path in (stack / "rslc").glob("*.rslc"):
        swapped(path)
    told, found = prepare(stack, sandbox.project, capsys)
    assert found is None and "bytes" in told and "\n" not in told


# ---------------------------------------------------------------------- small baselines, other processors


def test_small_baselines_count_pairs(sandbox):
    stack = sandbox.root / "pairs"
    simulate.main([str(stack), *SOUND["pairs"], "--quiet"])
    names = sorted((stack / "SMALL_BASELINES").glob("*/*.diff"))
    shutil.copy(names[1], names[3])
    swapped(names[4])
    mt_prep_snap(
        json.loads((stack / "truth.json").read_text())["master"], stack, 0.6, 1, 1, 10, 10, workdir=sandbox.project
    )
    found = findings.collect(Workspace(sandbox.project))
    assert len(found) == 2
    assert "drop_ifg_index 5." in found[0] and "drop_ifg_index 2 or 4." in found[1]


@pytest.mark.parametrize(("name", "pattern"), [
    ("gamma", "diff0/*.diff"), ("doris", "*/cint.minrefdem.raw"), ("isce", "merged/SLC/*/*.slc.full"),
])  # fmt: skip
def test_empty_raster_of_a_processor(name, pattern, tmp_path):
    if name == "isce":
        pytest.importorskip("rasterio")
    stack, _, run = layout(tmp_path, name)
    path = sorted(stack.glob(pattern))[1]
    path.write_bytes(bytes(path.stat().st_size))
    with pytest.raises(InputError, match="is empty") as caught:
        run()
    assert str(path) in str(caught.value)


def test_swapped_interferogram_of_doris(tmp_path):
    stack, project, run = layout(tmp_path, "doris")
    paths = sorted(stack.glob("*/cint.minrefdem.raw"))
    swapped(paths[-1])
    run()
    (sentence,) = findings.collect(Workspace(project))
    assert str(paths[-1]) in sentence and "drop_ifg_index 5." in sentence


def test_swapped_integers_of_gamma(tmp_path):
    stack, _, run = layout(tmp_path, "gamma")
    path = sorted(stack.glob("*slc/*.*slc"))[1]
    np.fromfile(path, ">i2").byteswap().tofile(path)
    with pytest.raises(InputError, match="bytes in the wrong order"):
        run()
