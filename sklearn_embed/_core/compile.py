"""How kernels are compiled: the only place that makes them.

A *kernel* is called from Python, releases the GIL and is cached.  What only other
kernels call is *inner*, or *inlined* where a call would cost more than its body.
"""

# SPDX-License-Identifier: BSD-3-Clause

import os
from contextlib import suppress
from functools import partial

import numba
from llvmlite import binding
from numba.extending import is_jitted

try:
    from sklearn_embed._core.cache import KernelCache
except ImportError:  # numba's private names have changed: its own cache is used
    KernelCache = None  # type: ignore[assignment,misc]

#: Optimisations that reorder sums but keep NaN and infinity as they are.
REORDERED = frozenset({"reassoc", "contract", "nsz"})

#: A product and a sum may become one operation; no other liberty.
CONTRACTED = frozenset({"contract"})


def _simd_width():
    """Return how many float32 a vector register has: 8 or 16.

    ``SKLEARN_EMBED_SIMD_WIDTH`` forces one of them, for tests.
    """
    forced = os.environ.get("SKLEARN_EMBED_SIMD_WIDTH", "")
    if forced not in {"", "8", "16"}:
        raise ValueError(
            f"SKLEARN_EMBED_SIMD_WIDTH must be 8 or 16, got {forced!r} from the "
            "environment."
        )
    wide = binding.get_host_cpu_features().get("avx512f", False)
    return int(forced) if forced else 16 if wide else 8


#: float32 numbers in a vector of `simd`.
SIMD_WIDTH = _simd_width()

# No wrapper for calls from Python or C is compiled, and no reference counts.
_INNER = {"_nrt": False, "no_cpython_wrapper": True, "no_cfunc_wrapper": True}


def _compiled(function, fastmath, **options):
    make = numba.njit(error_model="numpy", fastmath=set(fastmath) or False, **options)
    return make(function)


def _cached(dispatcher):
    """Keep the compiled versions of a kernel on disk."""
    if not is_jitted(dispatcher):  # with NUMBA_DISABLE_JIT
        return dispatcher
    if KernelCache is not None:
        dispatcher._cache = KernelCache(dispatcher.py_func, (SIMD_WIDTH,))
        return dispatcher
    with suppress(RuntimeError):  # numba finds no folder that can be written
        dispatcher.enable_caching()
    return dispatcher


def kernel(function=None, *, fastmath=frozenset(), nogil=True):
    """Compile a function that Python calls.

    Parameters
    ----------
    function : callable
        Arrays and numbers in; changes arrays in place, or returns numbers.
    fastmath : set of str, default=frozenset()
        Liberties of floating-point arithmetic, as LLVM names them.
    nogil : bool, default=True
        Whether other threads run meanwhile.
    """
    if function is None:
        return partial(kernel, fastmath=fastmath, nogil=nogil)
    return _cached(_compiled(function, fastmath, nogil=nogil))


def inner(function=None, *, fastmath=REORDERED):
    """Compile a function that only kernels call."""
    if function is None:
        return partial(inner, fastmath=fastmath)
    return _compiled(function, fastmath, nogil=True, **_INNER)


def inlined(function=None, *, fastmath=REORDERED):
    """Compile a function that becomes a part of the kernels that call it."""
    if function is None:
        return partial(inlined, fastmath=fastmath)
    return _compiled(function, fastmath, nogil=True, forceinline=True, **_INNER)


def spliced(function):
    """Compile a function whose source takes the place of its calls."""
    return _cached(_compiled(function, (), nogil=True, inline="always"))
