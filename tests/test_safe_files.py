"""Skeletons of products from the simulator: what is in them follows from the settings of the simulation."""

import numpy as np
import pytest

from helpers.safe_products import dates_of, made_products, stack_settings
from stamps.errors import InputError
from stamps.simulation.circular_orbits import PERIOD, passage_of
from stamps.simulation.plan import plan_stack
from stamps.simulation.safe_files import ProductLayout, main, write_products
from stamps.simulation.safe_layout import plan_takes


def contents(folder):
    """Relative path to bytes of all files."""
    return {path.relative_to(folder): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_the_same_settings_give_the_same_files(tmp_path):
    for name in ("a", "b"):
        made_products(tmp_path / name, stack_settings(n_images=3))
    made_products(tmp_path / "c", stack_settings(n_images=3, seed=2))
    assert contents(tmp_path / "a") == contents(tmp_path / "b") != contents(tmp_path / "c")


def test_dates_are_the_simulators(tmp_path):
    settings = stack_settings(start_date="20191220", revisit=6)
    written = made_products(tmp_path, settings)
    assert list(written) == plan_stack(settings).acquisitions.names
    assert all(f"_{date}T" in paths[0].name for date, paths in written.items())


@pytest.mark.parametrize(("heading", "ascending"), [(-13.0, True), (-166.6, False)])
@pytest.mark.parametrize("lat", [-45.0, 5.0, 60.0])
def test_takes_pass_the_scene(heading, ascending, lat):
    plan = plan_stack(stack_settings(heading=heading, centre_lat=lat))
    layout = ProductLayout(platforms=("S1A", "S1C"), track=101)
    takes = plan_takes(plan, layout, passage_of(plan))
    assert len({take.absolute_orbit for take in takes}) == len(takes)
    for take in takes:
        assert take.ascending == ascending
        position, velocity, _ = take.orbit.state(0.0)
        assert (velocity[0, 2] > 0) == ascending
        since = take.orbit.since_node() / PERIOD * 2 * np.pi
        assert np.sign(np.sin(since)) == np.sign(lat) or abs(lat) < 6
        assert (take.absolute_orbit - (73 if take.platform == "S1A" else 172)) % 175 + 1 == 101


def test_faults_are_only_those_that_are_asked_for(tmp_path):
    settings = stack_settings(n_images=4)
    dates = dates_of(settings)
    faulty = {
        "missing_slices": {dates[1]: (0,)},
        "duplicates": (dates[2],),
        "other_track": (dates[3],),
        "missing_polarisation": (dates[0],),
    }
    plain = made_products(tmp_path / "plain", settings, slices=2)
    changed = made_products(tmp_path / "changed", settings, slices=2, **faulty)
    assert [len(paths) for paths in plain.values()] == [2, 2, 2, 2]
    assert [len(paths) for paths in changed.values()] == [2, 1, 4, 4]
    names = {path.name for paths in plain.values() for path in paths}
    extra = {path.name for paths in changed.values() for path in paths} - names
    assert sum("1SSV" in name for name in extra) == 2 and len(extra) == 6


@pytest.mark.parametrize("changes", [{"slices": 0}, {"bursts": 0}, {"track": 176}, {"swaths": ("IW4",)}])
def test_layouts_that_cannot_be(changes):
    with pytest.raises(InputError):
        ProductLayout(**changes)


def test_the_command(tmp_path, capsys):
    arguments = ["--preset", "tiny", "--n-images", "3", "--swaths", "3", "--slices", "2", "--bursts", "2", "--zipped"]
    assert main([str(tmp_path / "a"), *arguments, "--orbit-files"]) == 0
    assert "6 products of 3 dates" in capsys.readouterr().out
    layout = ProductLayout(swaths=("IW1", "IW2", "IW3"), slices=2, bursts=2, zipped=True)
    write_products(tmp_path / "b", stack_settings(n_images=3), layout)
    assert len(list((tmp_path / "a" / "orbits").glob("*.EOF"))) == 3
    assert {path.name for path in (tmp_path / "a").glob("*.zip")} == {path.name for path in (tmp_path / "b").iterdir()}
    assert main([str(tmp_path / "c"), *arguments, "--slices", "0"]) == 1
    assert "at least a slice" in capsys.readouterr().err
