"""The filtered phase of single cells against the formulas written out, and its properties."""

import numpy as np
import pytest

from stamps.errors import InputError
from stamps.legacy.clap_filt_patch import clap_filt_patch
from stamps.matlab.filters import filter2, gausswin
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
