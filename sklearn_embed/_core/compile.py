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
from numba import types
from numba.extending import is_jitted

try:
    from sklearn_embed._core.cache import KernelCache
except ImportError:  # numba's private names have changed: its own cache is used
    KernelCache = None  # type: ignore[assignment,misc]
try:
    from sklearn_embed._core.pipeline import (
        InlinedCompiler,
        InnerCompiler,
        KernelCompiler,
    )
except ImportError:  # likewise: numba's own compiler is used
    from numba.core.compiler import Compiler as InlinedCompiler  # type: ignore
    from numba.core.compiler import Compiler as InnerCompiler  # type: ignore
    from numba.core.compiler import Compiler as KernelCompiler  # type: ignore

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

# No wrapper for calls from Python is compiled, and no reference counts.
_INNER = {"_nrt": False, "no_cpython_wrapper": True, "pipeline_class": InnerCompiler}
_INLINED = _INNER | {"forceinline": True, "pipeline_class": InlinedCompiler}


def _compiled(function, fastmath, pipeline_class=KernelCompiler, **options):
    # No wrapper for calls from C either.
    return numba.njit(
        error_model="numpy",
        fastmath=set(fastmath) or False,
        no_cfunc_wrapper=True,
        pipeline_class=pipeline_class,
        **options,
    )(function)


def _for_kernels(dispatcher):
    """Let an inner function be called by kernels alone, with any constants.

    numba compiles a function again for each integer that stands in a call, and would
    follow an address that inner functions do not have if Python called them.
    """
    if not is_jitted(dispatcher):  # with NUMBA_DISABLE_JIT
        return dispatcher
    resolve = dispatcher.get_call_template

    def plain(kind):
        return types.unliteral(kind) if isinstance(kind, types.IntegerLiteral) else kind

    def get_call_template(args, kws):
        return resolve(tuple(map(plain, args)), {k: plain(v) for k, v in kws.items()})

    def refuse(*args, **kws):
        raise TypeError(f"{dispatcher.py_func.__qualname__} is for kernels only.")

    dispatcher.get_call_template = get_call_template
    dispatcher._insert = lambda *args, **kws: None  # nothing that Python could call
    dispatcher._compile_for_args = refuse
    return dispatcher


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


def kernel(function=None, *, fastmath=frozenset(), nogil=True, allocates=True):
    """Compile a function that Python calls.

    Parameters
    ----------
    function : callable
        Arrays and numbers in; changes arrays in place, or returns numbers.
    fastmath : set of str, default=frozenset()
        Liberties of floating-point arithmetic, as LLVM names them.
    nogil : bool, default=True
        Whether other threads run meanwhile.
    allocates : bool, default=True
        Whether the kernel makes arrays.  If not, numba counts no references, which
        compiles faster.
    """
    if function is None:
        return partial(kernel, fastmath=fastmath, nogil=nogil, allocates=allocates)
    return _cached(_compiled(function, fastmath, nogil=nogil, _nrt=allocates))


def inner(function=None, *, fastmath=REORDERED):
    """Compile a function that only kernels call."""
    if function is None:
        return partial(inner, fastmath=fastmath)
    return _for_kernels(_compiled(function, fastmath, nogil=True, **_INNER))


def inlined(function=None, *, fastmath=REORDERED):
    """Compile a function that becomes a part of the kernels that call it."""
    if function is None:
        return partial(inlined, fastmath=fastmath)
    return _for_kernels(_compiled(function, fastmath, nogil=True, **_INLINED))


def spliced(function):
    """Compile a function whose source takes the place of its calls."""
    return _cached(_compiled(function, (), nogil=True, inline="always"))
