"""The modes of the conversion against the truth: docs/method/hyp3.md, section 7."""

import pytest

from helpers import hyp3_products as products_of
from helpers.hyp3_truth import compared
from stamps.legacy.stamps import stamps

SCENE = {"lines": 130, "samples": 150, "n_images": 30, "sigma_dem": 6.0, "subsidence": -30.0}
BROKEN = 12


def figures(folder, products, mode):
    answer = products_of.prepared(products, folder, unwrap=mode)
    _, *steps = answer.next_command.split()
    stamps(*(int(step) for step in steps), workdir=folder)
    return compared(folder, products.parent)


@pytest.mark.exhaustive
@pytest.mark.parametrize("seed", [1, 2])
def test_errors_of_whole_cycles_are_repaired(tmp_path, seed):
    right = products_of.simulated(tmp_path / "right", seed=seed, **SCENE)
    broken = products_of.simulated(tmp_path / "broken", seed=seed, hyp3_errors=BROKEN, **SCENE)
    clean = figures(tmp_path / "clean", right, "keep")
    kept = figures(tmp_path / "kept", broken, "keep")
    assert clean.wrong_cycles == 0
    assert 0.98 < clean.slope < 1.02
    assert kept.wrong_cycles > 0.5
    assert kept.velocity_rms > 2 * clean.velocity_rms
    for mode in ("repair", "redo"):
        found = figures(tmp_path / mode, broken, mode)
        assert found.wrong_cycles == 0, mode
        assert found.velocity_rms == pytest.approx(clean.velocity_rms, rel=0.05), mode
        assert 0.98 < found.slope < 1.02, mode
        assert found.correlation > 0.99, mode


def test_velocities_are_positive_towards_the_satellite(tmp_path):
    """Where the phase of the products grows, the ground goes away."""
    products = products_of.simulated(tmp_path / "stack", subsidence=-200.0, n_images=6, seed=1)
    answer = products_of.prepared(products, tmp_path / "project", unwrap="keep")
    stamps(7, 7, workdir=answer.workdir)
    assert compared(answer.workdir, products.parent).velocity_rms < 20
