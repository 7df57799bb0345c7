"""Files of counts: arrays of a named kind and version, whose parts must agree."""

# SPDX-License-Identifier: BSD-3-Clause

from contextlib import contextmanager

from sklearn_embed._files.arrays import load_arrays
from sklearn_embed._files.errors import VectorFileError


@contextmanager
def loaded_counts(path, kind, version, mmap):
    """Yield the arrays and the JSON document of a file of counts.

    What is found wrong with them inside is an error of the file.

    Parameters
    ----------
    path : str or path
        The file.
    kind : str
        Name of the class that wrote it.
    version : int
        The latest that can be read.
    mmap : bool
        Whether to map the arrays instead of reading them.

    Raises
    ------
    VectorFileError
        If the file is damaged, from a later version, or holds something else.
    """
    arrays, meta = load_arrays(path, mmap=mmap)
    if not isinstance(meta, dict) or meta.get("kind") != kind:
        raise VectorFileError(path, f"it holds no {kind}")
    if not isinstance(meta.get("version"), int) or meta["version"] > version:
        raise VectorFileError(
            path,
            "written in a later version of the format",
            "Upgrade sklearn-embed",
        )
    try:
        yield arrays, meta
    except (KeyError, TypeError, ValueError) as error:
        raise VectorFileError(
            path,
            f"its parts disagree: {error}",
            "The file is damaged; write it anew",
        ) from error
