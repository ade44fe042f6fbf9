# Compile without fused multiply-add and without fast-math: the roundings below decide which pixels are candidates.
# Quotients are formed in double and rounded, which for two singles is the same as a division in single.
import numpy as np


# pythran export amplitude(float32[:, :], float32[:])
def amplitude(pixels, out):
    for k in range(pixels.shape[0]):
        re = np.float64(pixels[k, 0])
        im = np.float64(pixels[k, 1])
        out[k] = np.float32(np.sqrt(re * re + im * im))


# pythran export amplitude_sum(float32[:], uint8[:], float64, int64)
def amplitude_sum(amplitudes, excluded, total, count):
    masked = excluded.size > 0
    for k in range(amplitudes.size):
        amplitude = np.float64(amplitudes[k])
        if amplitude > 0.001 and not (masked and excluded[k] != 0):
            total += amplitude
            count += 1
    return total, count


# pythran export add_amplitudes(float32[:], float32[:], uint8[:], float32[:], float32, float32[:])
def add_amplitudes(total, squares, zero, amplitudes, constant, master):
    divided = master.size > 0
    for k in range(amplitudes.size):
        amplitude = np.float32(amplitudes[k] / constant)
        if divided:
            amplitude = np.float32(amplitude / master[k])
        if np.float64(amplitude) <= 0.00005:
            zero[k] = 1
            total[k] = 0
        else:
            total[k] += amplitude
            squares[k] += amplitude * amplitude


# pythran export add_differences(float32[:], float32[:], float32[:], float32[:], float32, float32)
def add_differences(total, squares, first, second, constant1, constant2):
    for k in range(first.size):
        amplitude1 = np.float32(first[k] / constant1)
        amplitude2 = np.float32(second[k] / constant2)
        difference = amplitude1 - amplitude2
        total[k] += amplitude1
        total[k] += amplitude2
        squares[k] += difference * difference
