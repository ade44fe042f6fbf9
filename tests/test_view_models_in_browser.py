"""Models of series on the page of stamps view are those of stamps.model with equal weights."""

import datetime

import numpy as np
import pytest

import stamps
from helpers import finished_project
from helpers.emulated import shown_at
from stamps.matlab.dates import datenum
from stamps.products.quantities import Project
from stamps.products.series import dates_of
from stamps.products.view import view

MAKERS = {"single master": finished_project.single_master, "small baselines": finished_project.small_baselines}
COUNTS = {"single master": {"n_ifg": 40, "master_ix": 11}, "small baselines": {"n_image": 40, "master_ix": 11}}
MODELS = {
    "line": {},
    "annual": {"annual": True},
    "quadratic": {"degree": 2},
    "quadratic-annual": {"degree": 2, "annual": True},
}


@pytest.fixture(scope="module", params=MAKERS)
def project(request, tmp_path_factory):
    """Two points, whose displacements 16 bits hold exactly."""
    folder = tmp_path_factory.mktemp("two") / "points"
    MAKERS[request.param](folder, n_ps=2, ref_radius=float("-inf"), **COUNTS[request.param])
    view(folder, n_boot=2, background=False)
    return folder


@pytest.fixture
def shown(browser, project):
    with shown_at(browser, project / "view.html", 1400) as shown:
        yield shown


def dates(project):
    ps = Project.at(project).ps
    return dates_of(ps["day"]), dates_of(ps["master_day"])[0]


def told(shown, k):
    """Terms of an entry, those of the same name after each other."""
    found = {}
    for term in shown.call("selection")[k]["model"]["terms"]:
        found.setdefault(term["name"], []).append((term["value"], term["std"]))
    return found


def expected(found, point, middle, n_steps):
    """The same of stamps.model, with velocity and offset brought to the middle of the series."""
    fit, rows = found.fit, [point]
    back = np.linalg.inv(fit.design.to_reference)
    terms = {"offset": [(float((back @ fit.coefficients[point])[0]), None)]}
    velocity, error = ((back @ fit.coefficients[point])[1], fit.std[point][1])
    terms["velocity"] = [(float(velocity), float(error) if fit.design.terms.degree < 2 else None)]
    if fit.design.terms.degree > 1:
        terms["acceleration"] = [tuple(float(part[point]) for part in fit.of("acceleration"))]
    if fit.design.terms.periods:
        annual = [float(part[rows][0]) for part in fit.annual()[:4]]
        day = (annual[2] + fit.design.reference_day - middle) % 365.25
        terms["amplitude"], terms["maximum"] = [tuple(annual[:2])], [(day, annual[3])]
    if n_steps:
        names = [name for name in fit.design.terms.names if name.startswith("step_")]
        terms["step"] = [tuple(float(part[point]) for part in fit.of(name)) for name in names]
    return terms


@pytest.mark.parametrize("since", ["master", "another date"])
def test_coefficients_and_errors(project, shown, since):
    """With the observation of the master's date, which series leave out; steps after it and after another date."""
    every, master = dates(project)
    events = sorted([master, every[20]])
    reference = every[4] if since == "another date" else master
    assert shown.call("setReferenceDate", str(reference))
    for date in events:
        assert shown.call("addEvent", str(date), "")
    shown.call("select", 0)
    shown.call("select", 1)
    days = [float(datenum(int(f"{date:%Y%m%d}"))) for date in (every[0], every[-1])]
    for name, options in MODELS.items():
        for steps in ([], events):
            shown.call("setModel", name, bool(steps))
            found = stamps.model(
                workdir=project, weights="equal", steps=steps, reference_date=reference, n_boot=2, **options
            )
            for point in range(2):
                page, python = told(shown, point), expected(found, point, sum(days) / 2, len(steps))
                assert page.keys() == python.keys()
                for term, values in python.items():
                    for (value, std), (here, here_std) in zip(values, page[term], strict=True):
                        assert here == pytest.approx(value, rel=1e-6, abs=1e-6), term
                        assert std is None or here_std == pytest.approx(std, rel=1e-6), term
                rms = shown.call("selection")[point]["model"]["rms"]
                assert rms == pytest.approx(found.fit.rmse[point], rel=1e-6)


def test_averages_and_differences_have_it_too(project, shown):
    """The mean of all points on the master's date, and the difference of two, are 0 less those of the reference date."""
    every, master = dates(project)
    shown.call("select", 0)
    assert shown.call("selection")[0]["onMaster"] == 0
    shown.call("select", 1)
    before = np.array([one["series"] for one in shown.call("selection")])
    k = [date for date in every if date != master].index(every[4])
    assert shown.call("setReferenceDate", str(every[4]))
    np.testing.assert_allclose([one["onMaster"] for one in shown.call("selection")], -before[:, k], atol=1e-9)
    line = next(line for line in shown.call("csv").splitlines() if line.startswith("# on the master's date"))
    assert line == f"# on the master's date {master}: " + ", ".join(
        f"{name} {value:.3f} mm" for name, value in zip(("A", "B", "A-B"), -before[:, k], strict=True)
    )
    assert isinstance(master, datetime.date)
