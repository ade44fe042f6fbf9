"""Helpers of the golden tests: what there is to test, and how every compared value of a golden tree is spoilt."""

import math
from pathlib import Path

import numpy as np
import scipy.io
import scipy.sparse

from stamps.errors import InputError
from stamps.verify import golden, texts
from stamps.verify.rules import Context, ignored, rule_for
from stamps.verify.values import typical_size
from stamps.workspace import matfile

#: Sets whose every variable is spoilt (those that are there).
SETS = ("ps_mini", "ps_small", "sb_mini", "sb_full", "mexico_city")


def golden_trees(name):
    """Overlays of a set to be spoilt, as (name, folder, folders that make up the state, chain)."""
    try:
        folder = golden.find_set(name)
    except InputError:
        return []
    if (folder / "input").is_dir():
        places = sorted(path for path in folder.iterdir() if path.is_dir())
        return [(path.name, path, [folder / "input", path], None) for path in places]
    steps = [*range(9), golden.PASS2]
    present = [folder / (step if step == golden.PASS2 else f"step{step}") for step in steps]
    present = [path for path in present if path.is_dir()]
    trees = [(path.name, path, present[: k + 1], None) for k, path in enumerate(present)]
    for variant_name in golden.variants(folder):
        variant = golden.variant(folder, variant_name)
        last = variant.after_step or 0
        layers = [path for path in present if path.name.startswith("step") and int(path.name[4:]) <= last]
        chain = variant.start if variant.start < variant.end else None
        trees.append((f"variant {variant_name}", variant.path, [*layers, variant.path], chain))
    return trees


def context_of(layers, chain):
    """Conditions of a golden tree."""
    parameters = golden.state_files(layers).get("parms.mat")
    return Context(matfile.read(parameters) if parameters else {}, chain)


def spoilt_copy(files, target, context, round_):
    """Write golden files with every compared value beyond its tolerance.

    Returns
    -------
    set of (str, str)
        File and variable of what was spoilt.
    """
    spoilt = set()
    for file, source in files.items():
        place = Path(target) / file
        place.parent.mkdir(parents=True, exist_ok=True)
        if file.endswith(".mat"):
            content = matfile.read(source)
            for variable, value in content.items():
                rule = rule_for(file, variable, context)
                if ignored(file, variable, context) or ignored(file, None, context) or rule.comparison == "skip":
                    continue
                if context.resampled and file == "ps2.mat" and variable in ("ij", "lonlat"):
                    continue  # they decide which rows are which: a test of its own
                choices = spoil(value, rule, context.chain)
                content[variable] = choices[min(round_, len(choices) - 1)]
                spoilt.add((file, variable))
            write(place, content)
            continue
        place.write_bytes(spoil_file(source.read_bytes(), file, context))
        if not ignored(file, None, context):
            spoilt.add((file, ""))
    return spoilt


def write(path, content):
    """MAT file without compression (quick)."""
    stored = {name: matfile._storable(value) for name, value in content.items()}
    scipy.io.savemat(path, stored, format="5", long_field_names=True)


def spoil(value, rule, chain):
    """Versions of a value, each of which must be found to differ."""
    if isinstance(value, str):
        return [value + "x"]
    if scipy.sparse.issparse(value):
        return [scipy.sparse.csc_matrix(version) for version in spoil(value.toarray(), rule, chain)]
    if value.size == 0:
        return [value.astype(np.float32 if value.dtype != np.float32 else np.float64)]
    if value.dtype == bool:
        return [_somewhere(value, lambda v: ~v, everywhere=rule.outliers > 0)]
    if value.dtype.kind in "iu":
        return [_somewhere(value, lambda v: v + 1)]
    if not np.isfinite(value).any():
        return [np.zeros_like(value)]
    return _SPOIL[rule.comparison](value, rule.bound(value.dtype, chain), rule)


def _exact(value, bound, rule):
    if rule.outliers:
        return [_somewhere(value, lambda v: v + 1, everywhere=True)]
    if value.dtype.kind == "c":
        return [_somewhere(value, lambda v: _next(v.real) + 1j * v.imag)]
    return [_somewhere(value, _next)]


def _next(number):
    return np.nextafter(number, np.inf, dtype=number.dtype)


def _absolute(value, bound, rule, scale=1.0):
    """One value beyond the outermost bound; and all of them beyond the inner one."""
    step = 3 * bound * scale if scale and bound else 1e-30
    everywhere = _somewhere(value, lambda v: v + step, everywhere=True)
    if not rule.outliers:
        return [_somewhere(value, lambda v: v + step)]
    if math.isinf(rule.outlier_bound):
        return [everywhere]
    return [_somewhere(value, lambda v: v + 3 * rule.outlier_bound * scale), everywhere]


def _relative(value, bound, rule):
    finite = value[np.isfinite(value)]
    return _absolute(value, bound, rule, math.sqrt(float(np.mean(np.abs(finite.astype(complex)) ** 2))))


def _each(value, bound, rule):
    """One value beyond the outermost bound; and all of them beyond the inner one."""

    def by(limit, **where):
        return _somewhere(value, lambda v: v * (1 + 3 * limit) + (v == 0), **where)

    if not rule.outliers:
        return [by(bound)]
    return [by(rule.outlier_bound), by(bound, everywhere=True)]


def _cycles(value, bound, rule):
    everywhere = rule.outliers > 0
    return [_somewhere(value, lambda v: v + 2 * np.pi, everywhere=everywhere), *_absolute(value, bound, rule)]


def _counts(value, bound, rule):
    spoilt = value.copy()
    spoilt[0, int(np.argmax(value))] += 3 * bound * value.sum() / 300_000
    return [spoilt]


def _fits(value, bound, rule):
    size = np.abs(value) + typical_size(value)
    return [(value + 3 * bound * size).astype(value.dtype)]


def _statistics(value, bound, rule):
    rms = math.sqrt(float(np.nanmean(value.astype(float) ** 2)))
    noise = np.random.default_rng(1).standard_normal(value.shape)
    decorrelated = value + noise * rms * math.sqrt(1 / (1 - 3 * bound) ** 2 - 1)
    ratio = rms / math.sqrt(float(np.nanmean(decorrelated**2)))
    return [value * (1 + 3 * rule.outlier_bound), (decorrelated * ratio).astype(value.dtype)]


_SPOIL = {
    "exact": _exact,
    "absolute": _absolute,
    "relative": _relative,
    "each": _each,
    "phase": _absolute,
    "cycles": _cycles,
    "counts": _counts,
    "fits": _fits,
    "statistics": _statistics,
}


def _somewhere(value, change, everywhere=False):
    """Change all finite values, or only the smallest (where a small step is not lost by rounding)."""
    spoilt = value.copy()
    finite = np.isfinite(value)
    if everywhere:
        spoilt[finite] = change(value[finite]).astype(value.dtype)
    else:
        where = np.unravel_index(int(np.argmin(np.where(finite, np.abs(value), np.inf))), value.shape)
        spoilt[where] = np.asarray(change(value[where])).astype(value.dtype)
    return spoilt


def spoil_file(content, file, context):
    """Content of a file that is no MAT file, spoilt."""
    rule = rule_for(file, None, context)
    if rule is not None and rule.variable == "<float32>":
        value = np.frombuffer(content, np.float32).copy()
        return spoil(value, rule, context.chain)[0].astype(np.float32).tobytes()
    if rule is not None and rule.variable == "<numbers>":
        lines = [[float(word) for word in line.split()] for line in content.decode().splitlines()]
        lines[0] = [number + max(abs(line[k]) for line in lines) * 0.1 + 1 for k, number in enumerate(lines[0])]
        return "\n".join(" ".join(map(repr, line)) for line in lines).encode()
    if texts.is_text(content[:65536]):
        lines = content.decode().splitlines(keepends=True) or [""]
        middle = len(lines) // 2
        lines[middle] = lines[middle].rstrip("\n") + "x\n"
        return "".join(lines).encode()
    spoilt = bytearray(content)
    spoilt[len(spoilt) // 2] ^= 1
    return bytes(spoilt)
