"""Functions that become parts of kernels, and are not turned into machine code alone.

numba optimises every function and makes machine code of it before its callers get it,
and the callers do so with the whole again: half the time of compiling a kernel made of
many small functions, and what comes out is thrown away where all are inlined.

The private names of numba that this needs are in this file.
"""

# SPDX-License-Identifier: BSD-3-Clause

from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import CompilerBase, DefaultPassBuilder
from numba.core.compiler_machinery import register_pass
from numba.core.typed_passes import NativeLowering


class _NoEnvironment:
    """In place of the code generator: sets no pointer in machine code, there is none."""

    @staticmethod
    def set_env(name, environment):
        """Do nothing."""


class PartialLibrary(JITCodeLibrary):
    """LLVM code that only other libraries use."""

    codegen = _NoEnvironment

    def finalize(self):
        """Link what the code calls, and leave it as it is."""
        self._raise_if_finalized()
        seen = set()
        for library in self._linking_libraries:
            if library not in seen:
                self._reload_init.update(library._reload_init)
                seen.add(library)
                self._final_module.link_in(
                    library._get_module_for_linking(), preserve=True
                )
        self._finalize_dynamic_globals()
        self._finalized = True

    def get_pointer_to_function(self, name):
        """Return 0: no function has an address."""
        self._ensure_finalized()
        return 0


@register_pass(mutates_CFG=True, analysis_only=False)
class PartialLowering(NativeLowering):
    """Lowers a function to LLVM code that only other functions use."""

    _name = "partial_lowering"

    def run_pass(self, state):
        """Lower the function into a PartialLibrary."""
        name = state.func_id.func_qualname
        state.library = PartialLibrary(state.targetctx.codegen(), name)
        return super().run_pass(state)


class PartialCompiler(CompilerBase):
    """numba's compiler with that pass."""

    def define_pipelines(self):
        """Return the stages of compilation."""
        manager = DefaultPassBuilder.define_nopython_pipeline(self.state)
        manager.passes = [
            (PartialLowering, text) if stage is NativeLowering else (stage, text)
            for stage, text in manager.passes
        ]
        manager.finalize()
        return [manager]
