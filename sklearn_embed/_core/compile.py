"""How kernels are compiled: the only place that makes them.

A *kernel* is called from Python, releases the GIL and is cached.  What only other
kernels call is *inner*, or *inlined* where a call would cost more than its body.
"""

# SPDX-License-Identifier: BSD-3-Clause

from functools import partial

import numba

#: Optimisations that reorder sums but keep NaN and infinity as they are.
REORDERED = frozenset({"reassoc", "contract", "nsz"})

#: A product and a sum may become one operation; no other liberty.
CONTRACTED = frozenset({"contract"})

# No wrapper for calls from Python or C is compiled, and no reference counts.
import os
if os.environ.get("PARTIAL","1")=="1":
    from sklearn_embed._core.unfinished import PartialCompiler
    _PARTIAL = {"pipeline_class": PartialCompiler}
else: _PARTIAL={}
_INNER = {"_nrt": False, "no_cpython_wrapper": True, "no_cfunc_wrapper": True}


def _compiled(function, fastmath, **options):
    return numba.njit(error_model="numpy", fastmath=set(fastmath) or False, **options)(
        function
    )


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
    return _compiled(function, fastmath, nogil=nogil, cache=True)


def inner(function=None, *, fastmath=REORDERED):
    """Compile a function that only kernels call."""
    if function is None:
        return partial(inner, fastmath=fastmath)
    return _compiled(function, fastmath, nogil=True, **_INNER, **_PARTIAL)


def inlined(function=None, *, fastmath=REORDERED):
    """Compile a function that becomes a part of the kernels that call it."""
    if function is None:
        return partial(inlined, fastmath=fastmath)
    return _compiled(
        function, fastmath, nogil=True, forceinline=True, **_INNER, **_PARTIAL
    )


def spliced(function):
    """Compile a function whose source takes the place of its calls."""
    return _compiled(function, (), nogil=True, cache=True, inline="always")
