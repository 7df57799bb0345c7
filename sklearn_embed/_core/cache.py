"""Where compiled kernels are kept between processes.

numba's own cache looks for changes in the file of the outermost function alone, and
fails where nothing can be written.  Here a file holds one compiled version of one
kernel, and its name tells all that the machine code depends on, the source of every
kernel of the package included.  What is missing or damaged is compiled again.

The private names of numba that the package uses are in this file.
"""

# SPDX-License-Identifier: BSD-3-Clause

import hashlib
import os
import pickle
import sys
import warnings
from contextlib import suppress
from pathlib import Path
from types import CodeType, FunctionType
from uuid import uuid4

import numba
import numpy as np
from numba import types
from numba.core import config, serialize
from numba.core.compiler import CompileResult
from numba.extending import is_jitted
from numba.misc.appdirs import AppDirs

from sklearn_embed._core.notice import NOT_KEPT, watch_compilation

#: The package, and where in it the kernels are.
PACKAGE = Path(__file__).parent.parent
KERNEL_FILES = ("_core/*.py", "*/kernels/*.py")

#: Settings of numba that change machine code.
SETTINGS = (
    "BOUNDSCHECK",
    "DEBUGINFO_DEFAULT",
    "ENABLE_AVX",
    "JIT_COVERAGE",
    "LOOP_VECTORIZE",
    "OPT",
    "SLP_VECTORIZE",
)


def source_stamp(package=PACKAGE):
    """Return a hash of the source of all kernels, "" where there is no source."""
    files = sorted(path for pattern in KERNEL_FILES for path in package.glob(pattern))
    stamp = hashlib.sha256()
    for path in files:
        stamp.update(path.relative_to(package).as_posix().encode())
        stamp.update(path.read_bytes())
    return stamp.hexdigest() if files else ""


# At import, when what is on disk is what has been imported: half a millisecond.
_STAMP = source_stamp()


class KernelCache:
    """The compiled versions of one kernel, with the interface that numba expects.

    Nothing is read or written before the kernel is first called.

    Parameters
    ----------
    function : callable
        The Python function.
    settings : tuple
        What the machine code depends on besides source and numba.
    """

    def __init__(self, function, settings=()):
        self.function = function
        self.settings = settings

    @property
    def folders(self):
        """Where versions may lie, the best place first.

        They are looked for in all of them, since a folder that was filled when an
        image was built need not be writable now.
        """
        if not _STAMP:
            return []
        source = Path(self.function.__code__.co_filename)
        parent = source.parent.name + "-" + _digest(str(source.parent))[:16]
        if config.CACHE_DIR:
            return [Path(config.CACHE_DIR, parent)]
        # Not absolute where the home folder is unknown.
        home = Path(AppDirs("numba", appauthor=False).user_cache_dir, parent)
        return [source.parent / "__pycache__", *[home] * home.is_absolute()]

    @property
    def cache_path(self):
        """The first of the folders, as numba's statistics name it."""
        return str(next(iter(self.folders), None))

    def enable(self):
        """Do nothing: there is no other state."""

    disable = enable

    def flush(self):
        """Remove all versions of the kernel."""
        for folder in self.folders:
            _remove(folder.glob(self._prefix() + "*.nbc"))

    def load_overload(self, signature, target_context):
        """Return the version for a signature, None if it must be compiled."""
        target_context.refresh()
        name = self._file_name(signature, target_context.codegen())
        for folder in self.folders:
            content = _read(folder / name)
            if content is None:
                continue
            try:
                return CompileResult._rebuild(target_context, *pickle.loads(content))
            except Exception as error:
                _warn_once(
                    "load",
                    f"sklearn_embed: compiled code in {folder / name} cannot be used "
                    f"and is compiled again: {error!r}",
                )
        watch_compilation()
        return None

    def save_overload(self, signature, result):
        """Keep a version in the first folder that takes it."""
        if result.library.has_dynamic_globals:  # addresses of this process
            return
        name = self._file_name(signature, result.codegen)
        content, problem = serialize.dumps(result._reduce()), None
        for folder in self.folders:
            try:
                _write(folder, name, content)
            except OSError as error:
                problem = problem or error
            else:
                every = set(folder.glob(self._prefix() + "*.nbc"))
                _remove(every - set(folder.glob(self._prefix(_STAMP) + "*.nbc")))
                return
        _warn_once(
            "save",
            f"{NOT_KEPT} ({problem or 'no folder is known'}), and every process "
            "compiles again. Let the environment variable NUMBA_CACHE_DIR name a "
            "folder that can be written, with 50 MB to spare.",
        )

    def _prefix(self, stamp=""):
        """Return how the names of the kernel's files begin, for one stamp or any."""
        function, tag = self.function, sys.implementation.cache_tag
        name = f"{Path(function.__code__.co_filename).stem}.{function.__qualname__}"
        return f"{name.replace('<', '').replace('>', '')}.{tag}-{stamp[:16]}"

    def _file_name(self, signature, codegen):
        parts = (
            numba.__version__,
            [getattr(config, name, None) for name in SETTINGS],
            codegen.magic_tuple(),
            self.settings,
            _describe(self.function),
            _describe(signature),
        )
        return f"{self._prefix(_STAMP)}-{_digest(repr(parts))[:32]}.nbc"


def _digest(text):
    return hashlib.sha256(text.encode()).hexdigest()


def _describe(value):
    """Return plain data that are the same in every process for the same value."""
    if is_jitted(value):
        return _describe(value.py_func)
    if isinstance(value, FunctionType):
        code = value.__code__
        cells = [_describe(cell.cell_contents) for cell in value.__closure__ or ()]
        content = code.co_code.hex(), _describe(code.co_consts), cells
        return value.__module__, value.__qualname__, content
    if isinstance(value, CodeType):
        return value.co_name, value.co_code.hex(), _describe(value.co_consts)
    if isinstance(value, types.Dispatcher):
        return _describe(value.dispatcher)
    if isinstance(value, tuple | list):
        return type(value).__qualname__, [_describe(item) for item in value]
    if isinstance(value, np.ndarray):
        return str(value.dtype), value.shape, _digest(value.tobytes().hex())
    if isinstance(value, type):
        return value.__module__, value.__qualname__
    return type(value).__qualname__, str(value)


def _read(path):
    """Return what a file holds behind the hash of it, None if it is not there."""
    with suppress(OSError):
        content = path.read_bytes()
        if hashlib.sha256(content[32:]).digest() == content[:32]:
            return content[32:]
    return None


def _write(folder, name, content):
    """Write a file whole or not at all, whatever other processes do meanwhile."""
    folder.mkdir(parents=True, exist_ok=True)
    unfinished = folder / f"{name}.{uuid4().hex[:8]}.tmp"
    try:
        with open(unfinished, "xb") as file:
            file.write(hashlib.sha256(content).digest() + content)
        os.replace(unfinished, folder / name)
    except BaseException as error:
        _remove([unfinished])
        # Windows replaces no file that another process reads: it is the same one.
        if isinstance(error, PermissionError) and _read(folder / name) == content:
            return
        raise


def _remove(paths):
    for path in paths:
        with suppress(OSError):
            path.unlink()


def _warn_once(kind, message):
    if kind not in _warned:
        _warned.add(kind)
        warnings.warn(message, UserWarning, stacklevel=3)


_warned: set[str] = set()
