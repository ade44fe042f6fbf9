"""A stand-in for CuPy: NumPy arrays in a wrapper that behaves like arrays of a device.

What CuPy refuses is refused here: mixing with NumPy arrays, conversion without ``get``, arguments that CuPy does not
know. Refused are also NumPy's functions and scalars that widen an array, where NumPy and CuPy do not always agree. Only
the functions of ``_FUNCTIONS`` exist, all of which CuPy has. Arrays are copied on their way to the device and back.

A :class:`Device` that is ``counting`` adds up what operations read and write: operands and results once for each operation,
nothing for views.
"""

import sys
import types
from contextlib import contextmanager

import numpy as np
import scipy.fft
import scipy.ndimage
import scipy.sparse

_FUNCTIONS = """abs angle arange arctan2 argmax argsort bitwise_xor concatenate conj cos cumsum diag diff empty empty_like
    exp expm1 flatnonzero floor fmax full hypot isfinite isnan left_shift matmul moveaxis ones ones_like outer power
    right_shift rint searchsorted sin sqrt stack subtract take_along_axis where zeros zeros_like""".split()
_METHODS = "all any argmax argsort astype conj copy cumsum max mean min ravel reshape std sum transpose view".split()
_REFUSED_ARGUMENTS = {"where", "initial"}
_NEED_ELEMENTS = {"argmax", "argsort", "max", "min"}


class DeviceError(TypeError):
    """Something that real CuPy arrays would not do."""


class OutOfMemoryError(MemoryError):
    """What CuPy raises."""


class Device:
    """Its memory in bytes, and what happened on it."""

    def __init__(self, memory=2**40, count=1, limit=0, kept=None):
        self.memory = memory
        self.limit = limit  # of this process, 0: none
        self.kept = memory if kept is None else kept  # unused memory that the pool holds
        self.counting = False
        self.moved = 0
        self.count = count
        self.operations = 0
        self.plans_forgotten = 0
        self.largest = 0


_device = Device()


class ndarray(np.lib.mixins.NDArrayOperatorsMixin):  # noqa: N801
    """An array of the device."""

    def __init__(self, host):
        _device.operations += 1
        _device.largest = max(_device.largest, host.nbytes)
        if host.nbytes > _device.memory:
            raise OutOfMemoryError(f"Out of memory allocating {host.nbytes:,} bytes")
        self._host = host

    def __array__(self, *args, **kwargs):
        raise DeviceError("Implicit conversion to a NumPy array is not allowed.")

    def __array_function__(self, function, *args):
        raise DeviceError(f"numpy.{function.__name__} was called with an array of the device.")

    def __array_ufunc__(self, ufunc, method, *inputs, **keywords):
        if method != "__call__":
            raise DeviceError(f"{ufunc.__name__}.{method} does not exist.")
        arrays = [x._host.dtype for x in inputs if isinstance(x, ndarray)]
        for x in inputs:
            if isinstance(x, np.generic) and np.result_type(*arrays, x.dtype) != np.result_type(*arrays):
                raise DeviceError(f"The scalar {x!r} widens arrays of {arrays}.")
        return _wrapped(ufunc)(*inputs, **keywords)

    def __getattr__(self, name):
        if name in _METHODS:
            return _wrapped(getattr(self._host, name))
        raise AttributeError(f"The stand-in's arrays have no attribute {name}.")

    shape = property(lambda self: self._host.shape)
    ndim = property(lambda self: self._host.ndim)
    size = property(lambda self: self._host.size)
    dtype = property(lambda self: self._host.dtype)
    T = property(lambda self: ndarray(self._host.T))

    @property
    def real(self):
        return ndarray(self._host.real)

    @real.setter
    def real(self, value):
        self._host.real = _inside(value)
        _count([self, value], [], self._host, read=0)

    @property
    def imag(self):
        return ndarray(self._host.imag)

    @imag.setter
    def imag(self, value):
        self._host.imag = _inside(value)
        _count([self, value], [], self._host, read=0)

    def __getitem__(self, key):
        part = np.asarray(self._host[_inside(key)])
        _count([self, *_parts(key)], [self._host], part, read=part.nbytes)
        return ndarray(part)

    def __setitem__(self, key, value):
        if _device.counting:
            _device.moved += sum(map(_size, [*_parts(key), value])) + self._host[_inside(key)].nbytes
        self._host[_inside(key)] = _inside(value)

    def __len__(self):
        return len(self._host)

    def __iter__(self):
        return (ndarray(np.asarray(row)) for row in self._host)

    def __float__(self):
        return float(self._host)

    def __int__(self):
        return int(self._host)

    def __index__(self):
        return self._host.__index__()

    def __bool__(self):
        return bool(self._host)

    def get(self):
        """A copy on the host."""
        return self._host.copy()


def _size(value):
    return value._host.nbytes if isinstance(value, ndarray) else 0


def _parts(value):
    """Arrays in an argument or a key."""
    if isinstance(value, tuple | list):
        return [part for item in value for part in _parts(item)]
    return [value] if isinstance(value, ndarray) else []


def _count(operands, hosts, result, read=None):
    """Note what an operation has read and written; ``read``: of its first operand, where that is not all of it."""
    if not _device.counting or not isinstance(result, np.ndarray):
        return
    if any(np.may_share_memory(result, host) for host in hosts):
        return  # a view
    sizes = [*map(_size, operands)]
    if read is not None:
        sizes[0] = read
    _device.moved += sum(sizes) + result.nbytes


def _inside(value):
    """Host arrays of arguments; NumPy arrays among them are an error."""
    if isinstance(value, ndarray):
        return value._host
    if isinstance(value, np.ndarray):
        raise DeviceError(f"A NumPy array of shape {value.shape} was mixed with arrays of the device.")
    if isinstance(value, tuple | list):
        return type(value)(_inside(item) for item in value)
    return value


def _outside(value):
    if isinstance(value, np.ndarray | np.generic):
        return ndarray(np.asarray(value))
    return tuple(_outside(item) for item in value) if isinstance(value, tuple) else value


def _wrapped(function):
    """The NumPy function for arrays of the device."""

    def call(*args, **keywords):
        refused = _REFUSED_ARGUMENTS & keywords.keys()
        if refused:
            raise DeviceError(f"{function} has no argument {refused}.")
        if function.__name__ in _NEED_ELEMENTS:
            owner = getattr(function, "__self__", None)
            if not (owner if isinstance(owner, np.ndarray) else args[0]).size:
                raise DeviceError(f"{function.__name__} of an array without elements.")
        out = keywords.get("out")
        result = function(*_inside(args), **{name: _inside(value) for name, value in keywords.items()})
        if out is not None:
            target = out[0] if isinstance(out, tuple) else out
            _count(_parts(args), [], target._host)
            return target
        owner = getattr(function, "__self__", None)
        method = [] if not isinstance(owner, np.ndarray) else [owner]
        operands = _parts(args)
        _count(operands, [*method, *(part._host for part in operands)], result)
        if _device.counting and method and not np.may_share_memory(np.asarray(result), owner):
            _device.moved += owner.nbytes
        return _outside(result)

    return call


def _repeat(values, repeats, axis=None):
    if not isinstance(repeats, int):
        raise DeviceError("repeat takes one number for all elements.")
    return ndarray(np.repeat(values._host, repeats, axis))


def _bincount(values, weights=None, minlength=0):
    if values.size == 0 or weights is not None:
        raise DeviceError("bincount takes no empty array, and adds weights in an order that changes from run to run.")
    return ndarray(np.bincount(values._host, minlength=minlength))


def _array(values, dtype=None):
    return ndarray(np.array(values._host if isinstance(values, ndarray) else values, dtype=dtype))


def _asarray(values, dtype=None):
    return values if isinstance(values, ndarray) and dtype in (None, values.dtype) else _array(values, dtype)


class _SparseMatrix:
    """Compressed rows on the device."""

    def __init__(self, arg, shape):
        self.matrix = scipy.sparse.csr_matrix(_inside(arg), shape=shape)

    def __matmul__(self, other):
        product = np.asarray(self.matrix @ other._host)
        _count([other], [], product)
        if _device.counting:
            _device.moved += self.matrix.data.nbytes + self.matrix.indices.nbytes
        return ndarray(product)


def _forget_plans():
    _device.plans_forgotten += 1


class _Pool:
    def free_all_blocks(self):
        """Nothing is kept."""

    def free_bytes(self):
        """Nothing is kept."""
        return 0

    def used_bytes(self):
        """Nothing is counted."""
        return 0

    def total_bytes(self):
        """What the device was told to keep."""
        return _device.kept

    def get_limit(self):
        """Of this process."""
        return _device.limit


def _module(name, **content):
    module = types.ModuleType(name)
    vars(module).update(content)
    return module


def modules():
    runtime = types.SimpleNamespace(
        getDeviceCount=lambda: _device.count,
        memGetInfo=lambda: (_device.memory, _device.memory),
        getDevice=lambda: 0,
        getDeviceProperties=lambda number: {"name": b"Stand-in"},
        runtimeGetVersion=lambda: 12060,
        deviceSynchronize=lambda: None,
    )
    cupy = _module("cupy", **{name: _wrapped(getattr(np, name)) for name in _FUNCTIONS})
    vars(cupy).update(
        __version__="0",
        ndarray=ndarray,
        array=_array,
        asarray=_asarray,
        repeat=_repeat,
        linalg=types.SimpleNamespace(solve=_solve),
        cuda=types.SimpleNamespace(runtime=runtime),
        get_default_memory_pool=_Pool,
        bincount=_bincount,
        fft=types.SimpleNamespace(
            fftshift=_wrapped(np.fft.fftshift),
            ifftshift=_wrapped(np.fft.ifftshift),
            config=types.SimpleNamespace(clear_plan_cache=_forget_plans),
        ),
    )
    vars(cupy)["ascontiguousarray"] = lambda a, dtype=None: ndarray(np.ascontiguousarray(a._host, dtype))
    transforms = {name: _wrapped(getattr(scipy.fft, name)) for name in ("fft", "ifft", "fft2", "ifft2")}
    return [
        cupy,
        _module("cupyx", scatter_min=_scatter(np.minimum), scatter_max=_scatter(np.maximum)),
        _module("cupyx.scipy"),
        _module("cupyx.scipy.fft", **transforms),
        _module("cupyx.scipy.ndimage", correlate1d=_wrapped(scipy.ndimage.correlate1d)),
        _module("cupyx.scipy.sparse", csr_matrix=_SparseMatrix),
    ]


def _solve(a, b):
    """Like CuPy's: not finite where a matrix is singular."""
    solution = np.full(b.shape, np.nan)
    for k, (matrix, right) in enumerate(zip(_inside(a), _inside(b), strict=True)):
        if np.linalg.matrix_rank(matrix) == len(matrix):
            solution[k] = np.linalg.solve(matrix, right)
    return ndarray(solution)


def _scatter(function):
    return lambda target, places, values: function.at(target._host, places._host, values._host)


@contextmanager
def installed(monkeypatch, memory=2**40, count=1, **more):
    """Context in which ``import cupy`` gives the stand-in; yields its :class:`Device`."""
    global _device
    _device = Device(memory, count, **more)
    with monkeypatch.context() as patch:
        for module in modules():
            patch.setitem(sys.modules, module.__name__, module)
        yield _device
