"""The filtered phase of single cells against the formulas written out, and its properties."""

from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest

from stamps.errors import InputError
from stamps.legacy.clap_filt_patch import clap_filt_patch
from stamps.matlab.filters import filter2, gausswin
from stamps.native import backends, clap_patch
from stamps.native.clap import butterworth_lowpass
from stamps.native.clap_patch import patch_phase, window_start

N_WIN = 16
LOW_PASS = butterworth_lowpass(N_WIN, 50, 800)


def random_grid(shape, seed=0):
    """Complex cells of very different magnitudes, a third of them empty."""
    random = np.random.default_rng(seed)
    values = random.normal(size=shape) + 1j * random.normal(size=shape)
    values *= random.exponential(2, size=shape[:2])[..., np.newaxis]
    values[random.random(shape[:2]) < 0.3] = 0
    return values.astype(np.complex64)


def written_out(block, alpha, beta, low_pass):
    """The filter in double precision, one operation after the other."""
    spectrum = np.fft.fft2(np.nan_to_num(block.astype(np.complex128)))
    kernel = np.outer(gausswin(7), gausswin(7))
    weights = np.fft.ifftshift(filter2(kernel, np.fft.fftshift(np.abs(spectrum))))
    middle = np.median(weights)
    if middle != 0:
        weights = weights / middle
    weights = np.maximum(weights**alpha - 1, 0)
    return np.fft.ifft2(spectrum * (weights * beta + low_pass))


def cell_written_out(grid, cell, alpha, beta, low_pass, oversampling=1):
    n_win = len(low_pass)
    start = [min(max(c - n_win // 2, 0), n - n_win) for c, n in zip(cell, grid.shape, strict=False)]
    i, j = cell[0] - start[0], cell[1] - start[1]
    blocks = grid[start[0] : start[0] + n_win, start[1] : start[1] + n_win].copy()
    blocks[i, j] = 0
    reach = oversampling - 1
    blocks[max(i - reach, 0) : i + reach + 1, max(j - reach, 0) : j + reach + 1, 0] = 0
    return [written_out(blocks[:, :, k], alpha, beta, low_pass)[i, j] for k in range(grid.shape[2])]


@pytest.mark.parametrize("alpha, beta", [(1, 0.3), (0.5, 1.0), (2, 0.1)])
@pytest.mark.parametrize("shape", [(16, 16, 3), (21, 40, 3), (33, 17, 1)])
def test_every_cell_agrees_with_the_formulas(shape, alpha, beta):
    grid = random_grid(shape)
    cells = np.argwhere(np.ones(shape[:2]))[::7]
    result = patch_phase(grid, cells, N_WIN, LOW_PASS, alpha, beta)
    expected = np.array([cell_written_out(grid, cell, alpha, beta, LOW_PASS) for cell in cells])
    assert result.dtype == np.complex64
    scale = np.sqrt(np.mean(np.abs(expected) ** 2))
    np.testing.assert_allclose(result / scale, expected / scale, atol=3e-6)


def test_oversampling_clears_the_surroundings_in_the_first_interferogram_only():
    grid = random_grid((24, 24, 2))
    cells = np.array([[0, 0], [12, 12], [23, 5]])
    result = patch_phase(grid, cells, N_WIN, LOW_PASS, 1, 0.3, oversampling=3)
    expected = [cell_written_out(grid, cell, 1, 0.3, LOW_PASS, oversampling=3) for cell in cells]
    np.testing.assert_allclose(result, expected, rtol=1e-4, atol=1e-5)
    plain = patch_phase(grid, cells, N_WIN, LOW_PASS, 1, 0.3)
    assert np.all(plain[:, 1] == result[:, 1])
    assert np.all(plain[:, 0] != result[:, 0])


def test_own_value_does_not_count():
    grid = random_grid((20, 20, 2))
    before = patch_phase(grid, [[3, 4]], N_WIN, LOW_PASS, 1, 0.3)
    for value in (1e6, 0, np.nan):
        grid[3, 4] = value
        np.testing.assert_array_equal(patch_phase(grid, [[3, 4]], N_WIN, LOW_PASS, 1, 0.3), before)


def test_not_a_number_is_zero():
    grid = random_grid((20, 20, 2))
    grid[10, 11] = np.nan
    result = patch_phase(grid, [[3, 4]], N_WIN, LOW_PASS, 1, 0.3)
    grid[10, 11] = 0
    assert np.isfinite(result).all()
    np.testing.assert_array_equal(patch_phase(grid, [[3, 4]], N_WIN, LOW_PASS, 1, 0.3), result)


def test_an_isolated_cell_has_no_phase():
    grid = np.zeros((20, 20, 2), dtype=np.complex64)
    grid[5, 6] = 1 + 2j
    assert np.all(patch_phase(grid, [[5, 6]], N_WIN, LOW_PASS, 1, 0.3) == 0)
    assert np.all(patch_phase(grid, [[5, 7]], N_WIN, LOW_PASS, 1, 0.3) != 0)


def test_grid_smaller_than_the_window_gives_zeros():
    grid = random_grid((15, 40, 2))
    result = patch_phase(grid, [[3, 3], [3, 3], [4, 5]], N_WIN, LOW_PASS, 1, 0.3)
    assert result.shape == (3, 2) and result.dtype == np.complex64 and not result.any()


def test_neither_threads_nor_repetition_nor_order_change_the_result():
    grid = random_grid((40, 30, 4))
    cells = np.random.default_rng(1).integers(0, [40, 30], size=(300, 2))
    one = patch_phase(grid, cells, N_WIN, LOW_PASS, 1, 0.3, n_threads=1)
    np.testing.assert_array_equal(patch_phase(grid, cells, N_WIN, LOW_PASS, 1, 0.3, n_threads=3), one)
    np.testing.assert_array_equal(patch_phase(grid, cells[::-1], N_WIN, LOW_PASS, 1, 0.3), one[::-1])
    single = np.concatenate([patch_phase(grid, [cell], N_WIN, LOW_PASS, 1, 0.3) for cell in cells[:5]])
    np.testing.assert_allclose(single, one[:5], rtol=1e-4, atol=1e-6)


def test_no_cells():
    assert patch_phase(random_grid((20, 20, 3)), np.empty((0, 2)), N_WIN, LOW_PASS, 1, 0.3).shape == (0, 3)


def test_windows_stay_inside_the_grid():
    starts = window_start(np.arange(50), 50, 32)
    assert starts.min() == 0 and starts.max() == 18
    assert np.all((np.arange(50) >= starts) & (np.arange(50) < starts + 32))
    assert window_start(20, 31, 32) < 0


def test_clap_filt_patch_is_the_filter_of_one_block():
    block = random_grid((N_WIN, N_WIN, 1))[:, :, 0]
    block[2, 3] = np.nan
    result = clap_filt_patch(block, 1, 0.3, LOW_PASS)
    assert result.dtype == np.complex64
    np.testing.assert_allclose(result, written_out(block, 1, 0.3, LOW_PASS), atol=2e-5)


def test_clap_filt_patch_without_adaptive_part_returns_the_block():
    block = random_grid((N_WIN, N_WIN, 1))[:, :, 0]
    np.testing.assert_allclose(clap_filt_patch(block, 1, 0, np.ones((N_WIN, N_WIN))), block, atol=1e-5)


def test_clap_filt_patch_names_what_does_not_fit():
    with pytest.raises(InputError, match="square"):
        clap_filt_patch(np.zeros((4, 5)))
    with pytest.raises(InputError, match="low-pass"):
        clap_filt_patch(np.zeros((8, 8)), 1, 0.3, np.zeros((16, 16)))


# ---------------------------------------------------------------------- the compiled version

compiled = pytest.mark.skipif(
    backends.pythran_problem("clap_patch") is not None, reason="the kernel clap_patch is not compiled"
)


def both(grid, cells, n_win=N_WIN, low_pass=None, beta=0.3, **settings):
    """Results of the compiled version and of the array version."""
    results = []
    for version in ("pythran", "numpy"):
        with backends.selected({"default": "numpy", "clap_patch": version}):
            assert backends.order("clap_patch")[0] == version
            low = butterworth_lowpass(n_win, 50, 800) if low_pass is None else low_pass
            results.append(patch_phase(grid, cells, n_win, low, 1, beta, **settings))
    return results


def assert_close(ours, expected, tolerance=1e-6):
    assert ours.dtype == expected.dtype and ours.shape == expected.shape
    np.testing.assert_array_equal(np.isnan(ours), np.isnan(expected))
    scale = np.nanmax(np.abs(expected), initial=0)
    np.testing.assert_allclose(ours, expected, rtol=0, atol=tolerance * scale)


@lru_cache(maxsize=1)
def source():
    """The kernel as the Python that it is."""
    path = Path(clap_patch.__file__).with_name("_clap_patch.py")
    module = type(pytest)("clap_patch_source")
    exec(compile(path.read_text(), str(path), "exec"), vars(module))
    return module


@compiled
@pytest.mark.parametrize("oversampling", [1, 2, 5])
@pytest.mark.parametrize("n_win", [8, 16, 32, 64])
def test_compiled_version_agrees_with_the_array_version(n_win, oversampling):
    """At the borders and between them, also where windows are as large as the grid along one axis."""
    for shape in ((n_win, n_win + 3, 2), (n_win + 9, n_win, 1), (n_win + 5, 2 * n_win + 1, 3)):
        grid = random_grid(shape, seed=n_win)
        cells = np.argwhere(np.ones(shape[:2]))[:: max(n_win // 8, 1)]
        assert_close(*both(grid, cells, n_win, oversampling=oversampling))


@compiled
@pytest.mark.parametrize("class_", [np.complex64, np.complex128])
def test_compiled_version_of_grids_with_gaps(class_):
    grid = random_grid((40, 50, 3)).astype(class_)
    grid[np.random.default_rng(3).random((40, 50)) < 0.9] = 0
    grid[5, 7, 1] = complex(np.nan, 1)
    grid[6, 9, 1] = complex(1, np.nan)
    assert_close(*both(grid, np.argwhere(grid[..., 0] != 0)))
    assert_close(*both(np.asfortranarray(grid), np.argwhere(grid[..., 0] == 0)[::9]))
    assert_close(*both(np.zeros_like(grid), [[3, 4], [20, 25]]))


@compiled
def test_compiled_version_of_one_cell_in_an_empty_grid():
    """All magnitudes are alike."""
    grid = np.zeros((20, 20, 2), dtype=np.complex64)
    grid[5, 6] = 1 + 2j
    assert_close(*both(grid, [[5, 6], [5, 7], [6, 6], [19, 19]]))


@compiled
@pytest.mark.parametrize("factor", [1e-42, 1e-30, 1e-12, 1e12, 1e18, 1e30])
def test_compiled_version_of_any_size(factor):
    """Squares of magnitudes are beyond single precision; the smallest factor leaves numbers of three digits."""
    grid = random_grid((24, 24, 2)) * np.float32(factor)
    ours, expected = both(grid, np.argwhere(np.ones((24, 24)))[::5])
    assert np.isfinite(expected).all() and expected.any()
    assert_close(ours, expected, 1e-6 if factor > 1e-40 else 1e-2)


@compiled
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("value", [np.inf, complex(0, -np.inf)])
def test_compiled_version_of_a_spectrum_that_is_not_a_number(value):
    grid = random_grid((40, 40, 2))
    grid[10:13, 12, 0] = value
    ours, expected = both(grid, np.argwhere(np.ones((40, 40)))[::3])
    assert np.isnan(expected).any() and np.isfinite(expected).any()
    assert_close(ours, expected)


@compiled
def test_compiled_version_with_other_weights():
    grid = random_grid((24, 24, 2))
    cells = np.argwhere(np.ones((24, 24)))[::5]
    low_pass = np.random.default_rng(1).random((N_WIN, N_WIN))
    assert_close(*both(grid, cells, low_pass=low_pass, beta=2.0))
    assert_close(*both(grid, cells, low_pass=np.zeros_like(low_pass), beta=1.0))


@compiled
def test_compiled_version_does_not_depend_on_threads_or_other_cells():
    grid = random_grid((40, 30, 4))
    cells = np.argwhere(np.ones((40, 30)))
    with backends.selected("pythran"):
        one = patch_phase(grid, cells, N_WIN, LOW_PASS, 1, 0.3, n_threads=1)
        np.testing.assert_array_equal(patch_phase(grid, cells, N_WIN, LOW_PASS, 1, 0.3, n_threads=3), one)
        few = patch_phase(grid[:, :, 1:2], cells[::7], N_WIN, LOW_PASS, 1, 0.3)
    np.testing.assert_array_equal(few, one[::7, 1:2])


@compiled
def test_compiled_version_gives_the_same_bits_for_every_processor(monkeypatch):
    name = "stamps.native._clap_patch"
    portable, wide = (pytest.importorskip(f"{name}{end}", exc_type=ImportError) for end in ("", backends.WIDE))
    if not backends._has_wide_build(name):
        pytest.skip("this processor has no wide registers")
    grid = random_grid((40, 30, 4))
    results = []
    for module in (portable, wide):
        monkeypatch.setattr(backends, "pythran_module", lambda kernel, module=module: module)
        with backends.selected("pythran"):
            results.append(patch_phase(grid, np.argwhere(np.ones((40, 30))), N_WIN, LOW_PASS, 1, 0.3))
    np.testing.assert_array_equal(*results)


@compiled
@pytest.mark.parametrize("n_win, alpha", [(12, 1), (16, 0.5), (4, 1), (128, 1)])
def test_other_windows_and_exponents_take_the_array_version(n_win, alpha):
    grid, low = random_grid((n_win + 1, n_win + 1, 1)), np.ones((n_win, n_win))
    results = []
    for version in ("pythran", "numpy"):
        with backends.selected(version):
            results.append(patch_phase(grid, [[1, 2]], n_win, low, alpha, 0.3))
    np.testing.assert_array_equal(*results)


def test_the_source_of_the_kernel_is_ordinary_python(monkeypatch):
    monkeypatch.setattr(backends, "pythran_module", lambda name: source())
    monkeypatch.setattr(backends, "pythran_problem", lambda name: None)
    grid = random_grid((11, 12, 2))
    grid[4, 4, 0] = np.nan
    assert_close(*both(grid, [[0, 0], [5, 6], [5, 7], [10, 3]], 8, oversampling=2))


@pytest.mark.parametrize("count", [4, 16, 100])
def test_the_median_of_the_kernel_is_exact(count):
    """Also of equal values, whatever the first guess."""
    random = np.random.default_rng(count)
    for values in (random.random(count), random.integers(0, 3, count), np.ones(count), np.arange(count) ** 9.0):
        values = values.astype(np.float32)
        walls = np.full(8, np.inf, dtype=np.float32)
        parts = np.concatenate([values, walls])[random.permutation(count + 8)].reshape(4, -1)
        middle = np.sort(values)[count // 2 - 1 : count // 2 + 1]
        largest = np.float32(2 * values.sum())
        for guess in (values.mean(), values.max(), largest / 3, np.float32(1e-7)):
            found = source()._median(parts, np.float32(count // 2), largest, np.float32(guess), np.zeros(7, np.float32))
            assert found == (middle[0] + middle[1]) / 2
