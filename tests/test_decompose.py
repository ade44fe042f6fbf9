"""East and up of simulated projects: truth within errors, options, refusals."""

import json

import numpy as np
import pytest

import stamps
from helpers import finished_project, two_geometries, two_looks
from stamps.errors import InputError, ParameterError, WorkspaceError
from stamps.insar.geometry import llh2local
from stamps.matlab.dates import to_yyyymmdd
from stamps.products.ground import common_time, looks
from stamps.products.quantities import Project
from stamps.workspace.parameters import Parameters

QUICK = {"n_boot": 60}


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    return [ws.path for ws in two_looks.pair(tmp_path_factory.mktemp("pair"), seed=3, n=300)]


@pytest.fixture(scope="module")
def motion(pair):
    return stamps.decompose(*pair, reference=two_looks.STABLE, **QUICK)


def away(motion):
    """Cells that lie on one side of the edge of the block, as a whole."""
    return np.abs(motion.lonlat[:, 0] - two_looks.EDGE) * two_looks.METRES[0] > 80


def deviations(motion, truth):
    keep = away(motion)
    return [
        ((values - truth[:, column]) / std)[keep]
        for column, values, std in ((0, motion.east, motion.east_std), (2, motion.up, motion.up_std))
    ]


@pytest.mark.parametrize("how", [{}, {"nearest": True, "radius": 60.0}])
def test_the_truth_lies_within_the_errors_over_several_seeds(tmp_path, how):
    squares, means = [], []
    for seed in range(5):
        projects = [ws.path for ws in two_looks.pair(tmp_path / str(seed), seed=seed, n=250)]
        motion = stamps.decompose(*projects, reference=two_looks.STABLE, **QUICK, **how)
        for part in deviations(motion, two_looks.field(motion.lonlat)):
            squares.append((part**2).mean())
            means.append(part.mean())
    # errors of velocities come from a bootstrap of 40 dates, which is a little too small
    assert 0.8 < np.mean(squares) < 1.3 and max(squares) < 1.9
    assert abs(np.mean(means)) < 0.25


def test_series_lie_within_their_errors(tmp_path):
    def wave(years):
        return np.stack([3 * np.sin(2 * np.pi * years), 0 * years, 5 * np.cos(2 * np.pi * years)], axis=1)

    squares = []
    for seed in range(3):
        projects = [
            ws.path for ws in two_looks.pair(tmp_path / str(seed), seed=seed, wave=wave, motion=(0, 0, 0), n=250)
        ]
        motion = stamps.decompose(*projects, series=True, **QUICK)
        years = (motion.series.days - two_looks.START) / 365.25 - 12 * 13 / 365.25  # since the master
        truth = wave(years) - wave(years[:1])
        assert (motion.series.east[:, 0] == 0).all() and (motion.series.up_std[:, 0] == 0).all()
        for values, std, column in (
            (motion.series.east, motion.series.east_std, 0),
            (motion.series.up, motion.series.up_std, 2),
        ):
            squares.append((((values - truth[:, column])[:, 1:] / std[:, 1:]) ** 2).mean())
    assert 0.85 < np.mean(squares) < 1.15


def test_the_metadata_say_sign_reference_frame_and_model(motion):
    about = motion.metadata
    assert "positive east and up" in about["sign_convention"] and "within 400 m of" in about["reference"]
    assert about["frame"].startswith("local") and about["model"] == "no northward motion"
    assert [part["pass"] for part in about["projects"]] == ["ascending", "descending"]
    assert motion.n_ascending.min() >= 1 and motion.n_descending.min() >= 1 and (motion.height_difference == 0).all()
    assert not motion.warnings and motion.files == () and motion.series is None
    assert json.dumps(about, allow_nan=False)


def test_cells_are_means_of_their_pixels(pair):
    motion = stamps.decompose(*pair, cell=200, min_points=3, **QUICK)
    assert motion.n_ascending.min() >= 3 and motion.n_descending.min() >= 3
    assert np.allclose(motion.places % 200, 100)
    near = llh2local(motion.lonlat, motion.lonlat[0]) * 1000
    assert near == pytest.approx(motion.places - motion.places[0], abs=1.0)


def test_without_a_reference_constants_are_told(pair):
    motion = stamps.decompose(*pair, **QUICK)
    (text,) = motion.warnings
    assert "constants" in text and "-0.81 and +0.64 for project 1, +0.81 and +0.64 for project 2" in text


def test_northward_motion(tmp_path):
    projects = [ws.path for ws in two_looks.pair(tmp_path, n=200, motion=(4.0, 10.0, -3.0), noise=0.01)]
    plain = stamps.decompose(*projects, **QUICK)
    known = stamps.decompose(*projects, north=10.0, north_std=2.0, frame="IGS14", series=True, **QUICK)
    prior = stamps.decompose(*projects, north=10.0, north_std=2.0, constrain_north=True, series=True, **QUICK)
    assert plain.up.mean() == pytest.approx(-3 - 0.168 * 10, abs=0.02) and plain.east.mean() == pytest.approx(
        4, abs=0.02
    )
    assert known.up.mean() == pytest.approx(-3, abs=0.02) and known.up_std.mean() == pytest.approx(0.168 * 2, abs=0.01)
    assert known.metadata["frame"] == "IGS14" and "10 ± 2 mm/yr, taken out" in known.metadata["model"]
    assert prior.up.mean() == pytest.approx(-3, abs=0.02) and prior.up_std.mean() == pytest.approx(0.336, abs=0.01)
    years = (known.series.days[-1] - known.series.days[0]) / 365.25
    for found in (known, prior):
        assert found.series.up[:, -1].mean() == pytest.approx(-3 * years, abs=0.05)
        assert found.series.up_std[:, -1].mean() == pytest.approx(0.336 * years, abs=0.05)


def test_motion_along_an_azimuth(tmp_path):
    projects = [ws.path for ws in two_looks.pair(tmp_path, n=200, motion=(5.0, 5.0, -3.0), noise=0.01)]
    motion = stamps.decompose(*projects, azimuth=45.0, out=tmp_path / "slope.csv", **QUICK)
    assert motion.east.mean() == pytest.approx(np.hypot(5, 5), abs=0.03) and motion.up.mean() == pytest.approx(
        -3, abs=0.03
    )
    head = (tmp_path / "slope.csv").read_text().splitlines()[0]
    assert "v_along,v_along_std" in head and "east" not in head


def test_radars_that_look_to_the_left(tmp_path):
    rng, projects = np.random.default_rng(0), []
    for number, left in enumerate((False, True)):
        lonlat = two_looks.places(rng, 200)
        ws = two_looks.project(tmp_path / str(number), lonlat, np.tile([4.0, 0, -3], (200, 1)), left=left, noise=0.01)
        projects.append(ws.path)
    motion = stamps.decompose(*projects, look_side=["right", "left"], **QUICK)
    assert motion.east.mean() == pytest.approx(4, abs=0.03) and motion.up.mean() == pytest.approx(-3, abs=0.03)
    assert any("same pass" in text for text in motion.warnings)
    with pytest.raises(InputError, match="same side .*heading -12.0, incidence 39.0.*heading -12.0"):
        stamps.decompose(*projects, **QUICK)
    for sides in ("up", ["left"] * 3):
        with pytest.raises(ParameterError, match="right or left"):
            stamps.decompose(*projects, look_side=sides)


def test_three_projects_leave_a_residual(tmp_path, pair):
    rng = np.random.default_rng(9)
    lonlat = two_looks.places(rng, 300)
    third = two_looks.project(
        tmp_path / "third", lonlat, two_looks.field(lonlat), heading=-165.0, incidence=30.0, seed=77
    )
    motion = stamps.decompose(*pair, third.path, reference=two_looks.STABLE, series=True, **QUICK)
    ratio = [(part**2).mean() for part in deviations(motion, two_looks.field(motion.lonlat))]
    assert max(ratio) < 1.6 and np.isfinite(motion.residual).all() and "residual" in motion.sheet().columns()
    assert (motion.n_descending >= 2).all()
    nearest = stamps.decompose(*pair, third.path, nearest=True, radius=150, **QUICK)
    assert (nearest.n_descending == 2).all() and (nearest.n_ascending == 1).all()


# ---------------------------------------------------------------------- time


def test_only_the_common_time_counts(tmp_path):
    """One project moves before the other begins."""

    def early(years):  # of the date with number 20 on
        return np.outer(np.minimum(years, 0.3), [0, 0, 40.0])

    rng, projects = np.random.default_rng(2), []
    for heading, days in ((-12.0, np.arange(60)), (-168.0, np.arange(30, 60))):
        lonlat = two_looks.places(rng, 200)
        ws = two_looks.project(
            tmp_path / f"p{len(days)}",
            lonlat,
            np.zeros((200, 3)),
            heading=heading,
            days=two_looks.START + 12.0 * days,
            noise=0.05,
            wave=early if len(days) == 60 else None,
        )
        projects.append(ws.path)
    late = two_looks.START + 12 * 30
    motion = stamps.decompose(*projects, series=True, every=24, **QUICK)
    assert motion.series.days.tolist() == np.arange(late, two_looks.START + 12 * 59 + 1, 24).tolist()
    assert any("only" in text and "is common" in text for text in motion.warnings)
    assert abs(motion.up.mean()) < 3  # of all dates it would be some 10


def test_no_time_in_common_and_one_date(tmp_path, pair):
    lonlat = two_looks.places(np.random.default_rng(0), 60)
    still = np.zeros((60, 3))
    later = two_looks.project(
        tmp_path / "later", lonlat, still, heading=-168.0, days=two_looks.START + 900 + np.arange(9) * 12
    )
    with pytest.raises(InputError, match="no time in common: p0 .*2018 to .*, later"):
        stamps.decompose(pair[0], later.path)
    touching = two_looks.START + 12 * 39 + np.arange(9) * 12
    late = two_looks.project(tmp_path / "late", lonlat, still, heading=-168.0, days=touching)
    with pytest.raises(InputError, match="no time in common"):
        stamps.decompose(pair[0], late.path)
    short = two_looks.project(tmp_path / "short", lonlat, still, heading=-168.0, days=touching - 12)
    with pytest.raises(InputError, match="fewer than three dates"):
        stamps.decompose(pair[0], short.path)


def test_gaps_stay_gaps(tmp_path):
    rng, projects = np.random.default_rng(2), []
    for heading, numbers in ((-12.0, np.arange(40)), (-168.0, np.r_[0:15, 25:40])):
        days = two_looks.START + 12.0 * numbers
        lonlat = two_looks.places(rng, 100)
        ws = two_looks.project(tmp_path / str(heading), lonlat, np.zeros((100, 3)), heading=heading, days=days)
        projects.append(ws.path)
    motion = stamps.decompose(*projects, series=True, cell=200, **QUICK)
    gap = (motion.series.days > two_looks.START + 12 * 14) & (motion.series.days < two_looks.START + 12 * 25)
    assert np.isnan(motion.series.up[:, gap]).all() and np.isfinite(motion.series.up[:, ~gap]).all()
    wide = stamps.decompose(*projects, series=True, cell=200, max_gap=200, **QUICK)
    assert np.isfinite(wide.series.up).all()
    assert [str(to_yyyymmdd(day)) for day in wide.series.days[:2]] == [
        d.replace("-", "") for d in wide.metadata["dates"][:2]
    ]


# ---------------------------------------------------------------------- refusals


def test_projects_that_do_not_overlap(tmp_path, pair):
    lonlat = two_looks.places(np.random.default_rng(0), 60, offset=(50_000, 0))
    far = two_looks.project(tmp_path / "far", lonlat, np.zeros((60, 3)), heading=-168.0)
    with pytest.raises(InputError, match="do not overlap: p0 at 14.000 to .* far at 14.58"):
        stamps.decompose(pair[0], far.path, **QUICK)


def test_a_project_without_its_geometry(tmp_path):
    first, second = two_looks.pair(tmp_path, n=60)
    second.delete("inc2.mat")
    with pytest.raises(InputError, match="p1 does not know its angle of incidence"):
        stamps.decompose(first.path, second.path)
    second.save("inc2", {"inc": np.zeros(60)})
    with pytest.raises(InputError, match="between 0 and 90 degrees"):
        stamps.decompose(first.path, second.path)
    second.save("inc2", {"inc": np.full(60, 0.68)})
    Parameters(second).set("heading", np.nan)
    with pytest.raises(InputError, match="p1 does not know its heading"):
        stamps.decompose(first.path, second.path)


def test_references_that_are_none(pair):
    with pytest.raises(ParameterError, match="p0 has 0 pixels within 500 m .* needs 10"):
        stamps.decompose(*pair, reference=(13.0, 40.0, 500), **QUICK)
    for place in ((14.0, 40.0), (14.0, 95.0, 100), (14.0, 40.0, -1), (np.nan, 40, 1)):
        with pytest.raises(ParameterError, match="reference is|radius of the reference"):
            stamps.decompose(*pair, reference=place, **QUICK)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"nearest": True, "cell": 100}, "give one of them"),
        ({"radius": 30}, "give nearest, too"),
        ({"cell": 0}, "not possible"),
        ({"cell": np.inf}, "not possible"),
        ({"cell": 1e9}, "give 1 to 100000 m"),
        ({"cell": 1e-9}, "give 1 to 100000 m"),
        ({"nearest": True, "radius": 1e9}, "100000 m at most"),
        ({"min_points": 0}, "not possible"),
        ({"nearest": True, "radius": -1}, "not possible"),
        ({"egms": "x", "cell": 50}, "cells of 100 m"),
        ({"egms": "x", "azimuth": 3.0}, "hold east and up"),
        ({"every": 0.5}, "1 or more"),
        ({"max_gap": 0.0}, "positive"),
        ({"constrain_north": True}, "standard deviation"),
        ({"azimuth": 10.0, "north": 1.0}, "give one of them"),
    ],
)
def test_options_that_cannot_be(tmp_path, pair, options, said):
    options = {name: tmp_path / value if name == "egms" else value for name, value in options.items()}
    with pytest.raises(ParameterError, match=said):
        stamps.decompose(*pair, **options)
    assert list(tmp_path.iterdir()) == []


def test_projects_that_are_none(tmp_path, pair):
    with pytest.raises(ParameterError, match="two projects"):
        stamps.decompose(pair[0])
    with pytest.raises(InputError, match="stands twice"):
        stamps.decompose(pair[0], pair[0].parent / "p1" / ".." / "p0")
    with pytest.raises(WorkspaceError):
        stamps.decompose(pair[0], tmp_path / "nothing")


# ---------------------------------------------------------------------- projects of other kinds


def test_small_baselines_of_every_kind_of_value(tmp_path):
    projects = []
    for number, heading in enumerate((two_looks.ASCENDING, two_looks.DESCENDING)):
        ws = finished_project.small_baselines(
            tmp_path / f"p{number}", n_ps=150, n_image=12, seed=number, heading=heading
        )
        ws.save("inc2", {"inc": np.full(150, 0.68)})
        ps = ws.load("ps2")
        for name in ("day", "master_day", "ifgday"):
            ps[name] = ps[name] + 48.0 * number
        ws.save("ps2", ps)
        projects.append(ws.path)
    for values in (None, "v-d", "u-dm"):
        motion = stamps.decompose(*projects, values=values, series=True, cell=200, **QUICK)
        assert motion.metadata["velocity_from"].startswith("images from 2018-02-18 to 2018-05-13")
        assert np.isfinite(motion.east_std).all() and np.isfinite(motion.series.up_std).all()
        assert motion.metadata["dates"][0] == "2018-02-18" and motion.metadata["dates"][-1] == "2018-05-13"


def test_projects_of_the_same_name(tmp_path):
    made = []
    for heading in (two_looks.ASCENDING, two_looks.DESCENDING):
        lonlat = two_looks.places(np.random.default_rng(0), 60)
        folder = tmp_path / ("asc" if heading == two_looks.ASCENDING else "de$c") / "INSAR"
        made.append(two_looks.project(folder, lonlat, np.zeros((60, 3)), heading=heading).path)
    motion = stamps.decompose(*made, out=tmp_path / "m.png", **QUICK)
    assert motion.metadata["projects_text"] == "asc/INSAR, de$c/INSAR"


def test_names_tell_projects_apart(tmp_path):
    made = []
    for side in ("asc", "desc"):
        folder = tmp_path / side / "INSAR" / "SMALL_BASELINES"
        made.append(
            Project.at(two_looks.project(folder, two_looks.places(np.random.default_rng(0), 5), np.zeros((5, 3))))
        )
    assert looks.names_of(made) == ["asc/INSAR/SMALL_BASELINES", "desc/INSAR/SMALL_BASELINES"]
    assert looks.names_of(made[:1]) == looks.names_of(made[:1] * 2)[:1] == ["SMALL_BASELINES"]


def test_scenes_at_the_antimeridian(tmp_path):
    rng, made = np.random.default_rng(1), []
    for heading, turn in ((two_looks.ASCENDING, 0.0), (two_looks.DESCENDING, -360.0)):
        lonlat = two_looks.places(rng, 200) + [180 - two_looks.CENTRE[0] - 0.01, 0] + [turn, 0]
        made.append(
            two_looks.project(
                tmp_path / str(heading), lonlat, np.tile([3.0, 0, -5], (200, 1)), heading=heading, noise=0.01
            )
        )
    motion = stamps.decompose(*(ws.path for ws in made), reference=None, **QUICK)
    assert motion.east == pytest.approx(3, abs=0.1) and motion.up == pytest.approx(-5, abs=0.1)
    assert (np.abs(motion.lonlat[:, 0]) <= 180).all() and (np.abs(motion.lonlat[:, 0]) > 179.9).all()


# ---------------------------------------------------------------------- errors that are not known


def test_without_standard_deviations_errors_are_dilutions(pair, monkeypatch):
    whole = looks.point_table

    def bare(*arguments, **options):
        table = whole(*arguments, **options)
        table.field("V_STDEV")[:] = np.nan
        return table

    monkeypatch.setattr(looks, "point_table", bare)
    motion = stamps.decompose(*pair, reference=two_looks.STABLE, **QUICK)
    assert "dilutions of precision" in motion.metadata["errors"] and "no standard deviations" in motion.warnings[0]
    assert motion.east_std == pytest.approx(1.149, abs=1e-3) and motion.up_std == pytest.approx(0.910, abs=1e-3)


def test_dates_without_noise_have_no_errors(tmp_path):
    first, second = two_looks.pair(tmp_path, n=100)
    first.delete("ifgstd2.mat")
    motion = stamps.decompose(first.path, second.path, series=True, cell=200, **QUICK)
    assert np.isfinite(motion.series.up).all() and np.isnan(motion.series.up_std).all()


def test_a_pixel_without_error_does_not_outweigh_the_others(pair):
    whole = looks.look_at(looks.Project.at(pair[0]), "right", looks.Wish(n_boot=60))
    assert whole.std.min() >= 0.1 * np.median(whole.std) - 1e-9 and whole.std.min() > 0


# ---------------------------------------------------------------------- reference, shift, headings


def test_errors_are_those_relative_to_the_reference(tmp_path):
    """A slope of delays across the scene that changes from date to date: near the reference it cancels, far away it does not."""
    rng, projects = np.random.default_rng(4), []
    for number, heading in enumerate((two_looks.ASCENDING, two_looks.DESCENDING)):
        lonlat = two_looks.places(rng, 400)
        ws = two_looks.project(
            tmp_path / str(number), lonlat, np.zeros((400, 3)), heading=heading, noise=0.3, seed=number
        )
        east = (lonlat[:, 0] - two_looks.CENTRE[0]) * two_looks.METRES[0] / 1000
        ph = ws.load("phuw2")
        slope = rng.normal(0, 10, ph["ph_uw"].shape[1]) / finished_project.MILLIMETRES
        ph["ph_uw"] = (ph["ph_uw"] + np.outer(east, slope - slope[13])).astype(np.float32)
        ws.save("phuw2", ph)
        projects.append(ws.path)
    motion = stamps.decompose(*projects, reference=two_looks.STABLE, **QUICK)
    far = np.abs(motion.lonlat[:, 0] - two_looks.STABLE[0]) * two_looks.METRES[0]
    assert motion.up_std[far > 1200].mean() > 4 * motion.up_std[far < 250].mean()
    # averaging does not help against noise that neighbours share
    most = (motion.n_ascending >= 3) & (motion.n_descending >= 3) & (far > 1000)
    few = (motion.n_ascending == 1) & (motion.n_descending == 1) & (far > 1000)
    assert motion.up_std[most].mean() > 0.8 * motion.up_std[few].mean()


def test_a_box_as_reference(pair):
    lon, lat = two_looks.STABLE[:2]
    box = (lon - 0.004, lon + 0.004, lat - 0.004, lat + 0.004)
    motion = stamps.decompose(*pair, reference=box, **QUICK)
    assert motion.metadata["reference"].startswith("mean of the pixels in 14.00") and not motion.warnings
    with pytest.raises(ParameterError, match="south comes first"):
        stamps.decompose(*pair, reference=(lon, lon + 1, lat + 1, lat), **QUICK)


def test_a_date_of_reference(pair):
    plain = stamps.decompose(*pair, reference=two_looks.STABLE, series=True, **QUICK)
    date = plain.metadata["dates"][7]
    other = stamps.decompose(*pair, reference=two_looks.STABLE, reference_date=date, **QUICK)
    assert (other.series.up[:, 7] == 0).all() and (other.series.up_std[:, 7] == 0).all()
    assert other.metadata["reference_date"] == date and plain.metadata["reference_date"] == plain.metadata["dates"][0]
    assert other.series.east == pytest.approx(plain.series.east - plain.series.east[:, [7]], abs=1e-9)
    with pytest.raises(InputError, match="not in the series: the nearest date of it is"):
        stamps.decompose(*pair, reference_date="20180102", **QUICK)
    with pytest.raises(InputError, match="reference_date is 'soon'"):
        stamps.decompose(*pair, reference_date="soon", **QUICK)


def test_projects_that_are_shifted_against_each_other(tmp_path):
    rng, projects = np.random.default_rng(6), []
    ground = two_looks.places(rng, 400)
    for number, heading in enumerate((two_looks.ASCENDING, two_looks.DESCENDING)):
        move = np.array([[7.0, -3.0], [-7.0, 3.0]])[number] / two_looks.METRES
        lonlat = ground + move + rng.normal(0, 1.0, (400, 2)) / two_looks.METRES
        ws = two_looks.project(tmp_path / f"p{number}", lonlat, two_looks.field(ground), heading=heading, seed=number)
        projects.append(ws.path)
    plain = stamps.decompose(*projects, nearest=True, radius=8, **QUICK)
    moved = stamps.decompose(*projects, nearest=True, radius=8, align=True, **QUICK)
    assert len(moved) > 380 > 2 * len(plain)
    assert moved.metadata["shifts_m"]["p0"] == pytest.approx([-7, 3], abs=0.5)
    assert moved.metadata["shifts_m"]["p1"] == pytest.approx([7, -3], abs=0.5)
    assert "shifts_m" not in plain.metadata


def test_no_shift_stands_out(pair):
    motion = stamps.decompose(*pair, align=True, reference=two_looks.STABLE, **QUICK)
    assert any("No shift of p1 brings clearly more pixels" in text for text in motion.warnings)
    assert motion.metadata["shifts_m"] == {"p0": [0.0, 0.0], "p1": [0.0, 0.0]}


def test_headings_in_radians_are_pointed_out(tmp_path):
    first, second = two_looks.pair(tmp_path, n=60)
    Parameters(first).set("heading", np.radians(-12.0))
    told = stamps.decompose(first.path, second.path, cell=300, **QUICK).warnings
    assert any("heading -0.20" in text and "setparm heading -12.00" in text for text in told)


def test_small_baselines_that_know_only_the_look_angle(tmp_path):
    ws = finished_project.small_baselines(tmp_path / "p", n_ps=80, n_image=8, heading=two_looks.ASCENDING)
    ws.delete("inc2.mat")
    slant, true = 848_900.0, np.radians(np.linspace(38, 40, 80))
    orbit = np.sqrt(6371e3**2 + slant**2 + 2 * 6371e3 * slant * np.cos(np.radians(39)))
    ws.save("la2", {"la": np.arcsin(np.sin(true) * 6371e3 / orbit)})
    ws.save("ps2", {**ws.load("ps2"), "mean_incidence": np.radians(39.0), "mean_range": slant})
    [(project, side)] = looks.open_projects([ws.path], ".", ["right"])
    look = looks.look_at(project, side, looks.Wish(n_boot=10))
    assert np.degrees(np.arccos(look.vector[:, 2])) == pytest.approx(np.linspace(38, 40, 80)[look.rows], abs=1e-4)
    ws.delete("la2.mat")
    with pytest.raises(InputError, match="does not know its angle of incidence"):
        looks.open_projects([ws.path], ".", ["right"])


# ---------------------------------------------------------------------- from images on


@pytest.mark.exhaustive
def test_two_simulated_geometries_without_delays(tmp_path):
    """Noise of scatterers only: errors of 0.2 mm/yr, which the V_STDEV of pixels understate a little."""
    found = []
    for seed in (1, 2, 3):
        projects = [two_geometries.processed(tmp_path / str(seed), k, seed, **two_geometries.QUIET) for k in (0, 1)]
        motion = stamps.decompose(*projects, reference=two_geometries.STABLE, n_boot=200)
        found.append(
            [two_geometries.squares(motion, keep) for keep in (slice(None), two_geometries.still(motion.lonlat))]
        )
    everywhere, still = np.mean(found, axis=0)
    assert (everywhere[:, 1] < 0.65).all()  # mm/yr
    assert (still[:, 0] < 1.9).all() and (still[:, 0] > 0.7).all()


@pytest.mark.exhaustive
def test_two_simulated_geometries_with_delays(tmp_path):
    """Troposphere and orbits: errors relative to the reference, which whole scenes have in common."""
    squares = []
    for seed in (11, 12, 13, 14, 15, 16):
        projects = [two_geometries.processed(tmp_path / str(seed), k, seed) for k in (0, 1)]
        motion = stamps.decompose(*projects, reference=two_geometries.STABLE, n_boot=200)
        squares.append([part[0] for part in two_geometries.squares(motion)])
    assert 0.6 < np.mean(squares) < 1.8 and np.median(squares) < 1.5


@pytest.mark.exhaustive
def test_a_single_master_with_small_baselines(tmp_path):
    network = {"network": "sb", "dispersion": 0.6, "max_perp": 150, "max_temporal": 100}
    projects = [
        two_geometries.processed(tmp_path, k, 1, **two_geometries.QUIET, **(network if k else {})) for k in (0, 1)
    ]
    motion = stamps.decompose(*projects, reference=two_geometries.STABLE, n_boot=200)
    assert [part["mean_incidence_deg"] for part in motion.metadata["projects"]] == pytest.approx([37, 41], abs=0.05)
    for square, rms in two_geometries.squares(motion):
        assert 0.5 < square < 2 and rms < 0.8


def test_a_reference_date_in_a_gap_is_named():
    values = np.ones((3, 2, 4))
    values[:, 1, 1] = np.nan  # one project has no date near the second
    days = 737000.0 + np.arange(4) * 12
    common_time._check_known(values, days, 2, 36)
    with pytest.raises(InputError, match=r"2017-11-\d\d, which lies in a gap of more than 36 days.*the nearest date"):
        common_time._check_known(values, days, 1, 36)
