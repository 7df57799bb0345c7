"""How numba compiles kernels here: the same machine code with less work.

Measured over all that a first fit and transform of word2vec compile, of 8.7 s of
processor time: 0.8 s go to the garbage collector, which walks over millions of objects
that are all alive; 0.7 s to machine code of inner functions, which nothing ever calls,
since they become part of kernels; 0.3 s to comparing numba's flags; 0.2 s to passes
that find nothing to do.
"""

# SPDX-License-Identifier: BSD-3-Clause

import gc
from contextlib import contextmanager

from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import CompilerBase, DefaultPassBuilder, Flags
from numba.core.compiler_machinery import AnalysisPass, register_pass
from numba.core.typed_passes import IRLegalization, NopythonRewrites
from numba.core.untyped_passes import InlineClosureLikes

#: Passes for what kernels do not contain: functions and comprehensions inside of them,
#: and sums of whole arrays.
UNUSED = {InlineClosureLikes, NopythonRewrites}

_DEFAULTS = {name: option.default for name, option in Flags.options.items()}


class QuickFlags(Flags):
    """numba's options of one compilation, compared without a call for each option.

    Every look-up of a function's type compares them.
    """

    __slots__ = ()

    def __hash__(self):
        return _HASH

    def __eq__(self, other):
        if not isinstance(other, Flags):
            return NotImplemented
        return self is other or (_DEFAULTS | self._values == _DEFAULTS | other._values)


# numba's hash of flags looks at the names of the options alone.
_HASH = hash(Flags())


@contextmanager
def _uncollected():
    """Keep the garbage collector from looking through what is being compiled."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


class KernelCompiler(CompilerBase):
    """Compiles kernels; numba asks for `define_pipelines`."""

    def __init__(self, *args):
        super().__init__(*args)
        self.state.flags = QuickFlags(self.state.flags)

    def compile_extra(self, function):
        """Compile a function."""
        with _uncollected():
            return super().compile_extra(function)

    def define_pipelines(self):
        """Return numba's own pipeline without the passes that find nothing."""
        passes = DefaultPassBuilder.define_nopython_pipeline(self.state)
        passes.passes = [one for one in passes.passes if one[0] not in UNUSED]
        passes.finalize()
        return [passes]


class InlinedLibrary(JITCodeLibrary):
    """LLVM's form of a function that becomes part of others: optimised there alone.

    It has no address.  (numba's environment, which holds the Python objects that a
    function needs, belongs to an address: such functions cannot use any, not even to
    print or to format an exception.)
    """

    @property
    def codegen(self):
        """What makes machine code, which is not asked to."""
        return _NoMachineCode

    def get_pointer_to_function(self, name):
        """Return that there is no machine code; numba asks as the last step."""
        self._ensure_finalized()
        return 0

    def _optimize_final_module(self):
        pass

    def _finalize_final_module(self):
        self._finalize_dynamic_globals()
        self._finalized = True


class InnerLibrary(InlinedLibrary):
    """Likewise, but optimised before others take it in.

    Long loops come out better so: without it, CBOW with the full softmax takes 1.3
    times as long.
    """

    def _optimize_final_module(self):
        JITCodeLibrary._optimize_final_module(self)


class _NoMachineCode:
    @staticmethod
    def set_env(name, environment):
        pass


@register_pass(mutates_CFG=False, analysis_only=True)
class UseInlinedLibrary(AnalysisPass):
    """Chooses the library before numba makes its own."""

    _name = "use_inlined_library"
    library = InlinedLibrary

    def __init__(self):
        AnalysisPass.__init__(self)

    def run_pass(self, state):
        """Set the library, and report that nothing else has changed."""
        state.library = self.library(
            state.targetctx.codegen(), state.func_id.func_qualname
        )
        return False


@register_pass(mutates_CFG=False, analysis_only=True)
class UseInnerLibrary(UseInlinedLibrary):
    """Likewise."""

    _name = "use_inner_library"
    library = InnerLibrary


class InlinedCompiler(KernelCompiler):
    """Compiles functions that become a part of kernels."""

    choice = UseInlinedLibrary

    def define_pipelines(self):
        """Return the pipeline of kernels with another library."""
        (passes,) = super().define_pipelines()
        passes.add_pass_after(self.choice, IRLegalization)
        passes.finalize()
        return [passes]


class InnerCompiler(InlinedCompiler):
    """Compiles functions that only kernels call."""

    choice = UseInnerLibrary
