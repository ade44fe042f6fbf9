"""Selection of candidates as the original's programs do it, a loop over pixels."""

import numpy as np


def single(value):
    return np.float32(value)


def amplitude(z):
    return single(np.sqrt(float(z.real) ** 2 + float(z.imag) ** 2))


def select_by_loops(images, constants, threshold, patch, mask=None, master=None):
    """The definition of the single-master selection, pixel by pixel: texts and bytes of the outputs."""
    ij, ij0, da, binary, mean = "", "", "", b"", b""
    number, n, squared = 0, single(len(images)), single(threshold) * single(threshold)
    with np.errstate(all="ignore"):
        for y in range(patch.lines.start, patch.lines.stop):
            for x in range(patch.samples.start, patch.samples.stop):
                s, q, zero = single(0), single(0), False
                m = single(1) if master is None else (amplitude(master[y, x]) or single(1))
                for image, constant in zip(images, constants, strict=True):
                    a = amplitude(image[y, x]) / single(constant) / m
                    if a <= 0.00005:
                        zero, s = True, single(0)
                        continue
                    s, q = s + a, q + a * a
                mean += s.astype("<f4").tobytes()
                if (mask is not None and mask[y, x]) or not s > 0:
                    continue
                d2 = n * q / (s * s) - single(1)
                if not (d2 < squared if threshold >= 0 else d2 >= squared):
                    continue
                if zero:
                    ij0 += f"{number} {y} {x}\n"
                    continue
                number += 1
                ij += f"{number} {y} {x}\n"
                binary += np.array([x, y], ">i4").tobytes()
                root = np.sqrt(d2)
                da += ("-nan" if np.isnan(root) and np.signbit(root) else f"{root:g}") + "\n"
    return {
        "pscands.1.ij": ij.encode(),
        "pscands.1.ij0": ij0.encode(),
        "pscands.1.ij.int": binary,
        "pscands.1.da": da.encode(),
        "mean_amp.flt": mean,
    }


def select_pairs_by_loops(images, constants, threshold, patch, mask=None):
    """The definition of the small-baseline selection, pixel by pixel."""
    n, k = single(len(images)), single(len(images) // 2)
    ij, da, mean, number = "", "", b"", 0
    with np.errstate(all="ignore"):
        for y in range(patch.lines.start, patch.lines.stop):
            for x in range(patch.samples.start, patch.samples.stop):
                s, q = single(0), single(0)
                for i in range(0, len(images) - 1, 2):
                    a1 = amplitude(images[i][y, x]) / single(constants[i])
                    a2 = amplitude(images[i + 1][y, x]) / single(constants[i + 1])
                    s, q = s + a1 + a2, q + (a1 - a2) * (a1 - a2)
                mean += s.astype("<f4").tobytes()
                d = np.sqrt(q / k) / (s / n)
                if s > 0 and not (mask is not None and mask[y, x]) and (threshold < 0 or d < single(threshold)):
                    number += 1
                    ij += f"{number} {y} {x}\n"
                    da += f"{d:g}\n"
    return {"pscands.1.ij": ij.encode(), "pscands.1.da": da.encode(), "mean_amp.flt": mean}
