"""Run files of ISCE2's stack processor: order, commands, names and dates, and files that are none."""

import os

import pytest

from stamps.errors import InputError
from stamps.frontends.isce_jobs.run_files import read_run_file, read_run_files


@pytest.fixture
def folder(tmp_path):
    place = tmp_path / "run_files"
    place.mkdir()
    return place


def put(folder, name, *lines):
    path = folder / name
    path.write_text("".join(f"{line}\n" for line in lines))
    return path


def test_order_is_that_of_the_numbers_not_of_the_names(folder):
    for number in range(1, 13):
        put(folder, f"run_{number:02d}_step{13 - number}", "a.py")
    put(folder, "run_2_late".replace("run_2", "run_13"), "b.py")
    steps = [file.step for file in read_run_files(folder)]
    assert steps[:2] == ["01_step12", "02_step11"] and steps[-1] == "13_late" and len(steps) == 13


def test_blank_lines_comments_and_wait_are_no_commands(folder):
    path = put(
        folder,
        "run_01_x",
        "# first",
        "",
        "SentinelWrapper.py -c /w/configs/config_secondary_20200103 &",
        "  wait",
        "wait;",
    )
    (line,) = read_run_file(path)
    assert (line.number, line.text) == (3, "SentinelWrapper.py -c /w/configs/config_secondary_20200103")
    assert (line.id, line.dates, line.config) == ("20200103", ("20200103",), "/w/configs/config_secondary_20200103")


def test_groups_of_num_proc_are_ignored(folder):
    lines = [f"SentinelWrapper.py -c /w/configs/config_a_2020010{k} &" for k in range(1, 5)]
    path = put(folder, "run_01_x", *lines[:2], "wait", "", *lines[2:], "wait", "")
    assert [line.id for line in read_run_file(path)] == ["20200101", "20200102", "20200103", "20200104"]


def test_text_in_front_of_a_command_stays(folder):
    path = put(folder, "run_01_x", "source ~/isce.sh; export A='b c'; SentinelWrapper.py -c c/config_merge_20200115")
    (line,) = read_run_file(path)
    assert line.text.startswith("source ~/isce.sh; export A='b c'; Sentinel") and line.id == "20200115"


@pytest.mark.parametrize(
    "text", ["a.py > log 2>&1", "a.py && b.py", "a.py &> log", "a.py | tee log", "sed 's/a/&&/' a", "a.py 2>&1 |& cat"]
)
def test_lines_of_a_shell_are_commands(folder, text):
    (line,) = read_run_file(put(folder, "run_01_x", f"{text} &"))
    assert line.text == text


def test_pairs_have_both_dates_and_programs_their_names(folder):
    path = put(
        folder,
        "run_07_x",
        "SentinelWrapper.py -c /w/configs/config_misreg_20200103_20200115",
        "invertMisreg.py -i /w/misreg/azimuth/pairs/ -o /w/misreg/azimuth/dates/",
        "invertMisreg.py -i /w/misreg/range/pairs/ -o /w/misreg/range/dates/",
        "SentinelWrapper.py -c /w/configs/config_reference",
        "python3 subsetReference.py -m a",
    )
    ids = [line.id for line in read_run_file(path)]
    assert ids == ["20200103_20200115", "invertMisreg_azimuth", "invertMisreg_range", "reference", "subsetReference"]


def test_names_are_unique_and_fit_into_file_names(folder):
    path = put(
        folder, "run_01_x", *["a.py x"] * 3, "'/x/däta base.py' 1", "SentinelWrapper.py -c '/w/config_../../etc'", "'…'"
    )
    ids = [line.id for line in read_run_file(path)]
    assert ids[:3] == ["a", "a_2", "a_3"] and len(set(ids)) == 6
    assert all(name and name.replace("_", "a").replace(".", "a").replace("-", "a").isalnum() for name in ids)


@pytest.mark.parametrize("digits", ["20201345", "99990101", "120200103", "00000000"])
def test_eight_digits_are_not_always_a_date(folder, digits):
    path = put(folder, "run_01_x", f"SentinelWrapper.py -c /w/config_a_{digits}")
    assert read_run_file(path)[0].dates == ()


def test_the_dates_of_a_path_do_not_count(folder):
    path = put(folder, "run_01_x", "SentinelWrapper.py -c /data/20190101/configs/config_merge_20200115")
    assert read_run_file(path)[0].dates == ("20200115",)


def test_other_files_are_left_alone(folder):
    put(folder, "run_01_x", "a.py")
    for name in ("run_01_x~", "run_01_x.bak", "run_02", "notes.txt", "run_01_x.job", "stamps_order.json"):
        put(folder, name, "rm -rf /")
    assert [file.name for file in read_run_files(folder)] == ["x"]


def test_a_file_without_commands_is_no_step(folder):
    put(folder, "run_01_x", "a.py")
    put(folder, "run_02_y", "", "# nothing to do", "wait")
    put(folder, "run_03_z", "b.py")
    assert [file.step for file in read_run_files(folder)] == ["01_x", "03_z"]


def test_two_files_of_a_number(folder):
    put(folder, "run_01_x", "a.py")
    put(folder, "run_1_y", "a.py")
    with pytest.raises(InputError, match="same number"):
        read_run_files(folder)


@pytest.mark.parametrize(("numbers", "missing"), [((1, 3), "02"), ((2, 3), "01")])
def test_a_number_is_missing(folder, numbers, missing):
    for number in numbers:
        put(folder, f"run_{number:02d}_x", "a.py")
    with pytest.raises(InputError, match=f"number {missing}"):
        read_run_files(folder)


@pytest.mark.parametrize("there", [True, False])
def test_no_run_files(folder, there):
    with pytest.raises(InputError, match="no run file"):
        read_run_files(folder if there else folder / "absent")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"\xff\xfe\x00binary", "no text"),
        (b"a.py\x00b\n", "holds characters"),
        (b"a.py 'unbalanced\n", "No closing quotation"),
        (b"a.py &&\n", "cut off"),
        (b"a.py | \\\n", "cut off"),
        (b"a.py " + b"x" * 70000 + b"\n", "too long"),
        (b"a.py \x1b[2J\n", "holds characters"),
        (b"a.py & b.py &\n", "in the background"),
        (b"a.py & # the first\n", "in the background"),
        (b"source ${workdir}/env.sh; a.py\n", "holds {workdir}"),
        (b"${python} a.py\n", "holds {python}"),
        (b"a.py ${package}\n", "holds {package}"),
    ],
)
def test_damaged_files_are_named(folder, content, said):
    (folder / "run_01_x").write_bytes(content)
    with pytest.raises(InputError, match=said) as failure:
        read_run_files(folder)
    assert "run_01_x" in str(failure.value) and "\n" not in str(failure.value)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes")
def test_a_pipe_is_not_waited_for(folder):
    os.mkfifo(folder / "run_01_x")
    with pytest.raises(InputError, match="pipe"):
        read_run_files(folder)


def test_a_folder_in_the_place_of_a_file(folder):
    (folder / "run_01_x").mkdir()
    with pytest.raises(InputError, match="folder|directory"):
        read_run_files(folder)
