"""Whole estimators in the native format: parameters as JSON, what was fitted as arrays.

Nothing in such a file can run code: it holds plain values and arrays, and names of
this package's estimators, which are made by their constructors.
"""

# SPDX-License-Identifier: BSD-3-Clause

from sklearn_embed._core.version import __version__
from sklearn_embed._estimators.reading import Reader
from sklearn_embed._estimators.records import REGISTRY, register
from sklearn_embed._estimators.writing import Writer
from sklearn_embed._files import arrays as container
from sklearn_embed._files.errors import VectorFileError
from sklearn_embed._files.opening import opened

__all__ = ["REGISTRY", "VERSION", "load", "register", "save"]

#: Raised whenever files written from now on cannot be read by earlier code.
VERSION = 2

_DAMAGED = "The file is damaged; write it anew"


def save(estimator, path):
    """Write an estimator, fitted or not, whole or not at all.

    Parameters
    ----------
    estimator : estimator
        One of this package's.
    path : str or path
        The file.  If anything goes wrong, what was there before stays.

    Raises
    ------
    TypeError
        If a parameter, or something fitted, cannot be written; it is named.
    """
    writer = Writer()
    meta = {
        "kind": "estimator",
        "version": VERSION,
        "sklearn_embed": __version__,
        "estimator": writer.estimator(estimator),
    }
    container.save_arrays(path, writer.arrays, meta)


def load(cls, path, mmap=False):
    """Read an estimator.

    Parameters
    ----------
    cls : type
        The class that the file must be of.
    path : str, path or binary file
        The file.
    mmap : bool, default=False
        Whether to map the arrays instead of reading them.

    Returns
    -------
    estimator
        An instance of `cls`.

    Raises
    ------
    VectorFileError
        If the file is damaged, from a later version, or of another class.
    """
    with opened(path) as source:
        if not container.looks_like(source):
            raise source.error(
                "this is no file of an estimator",
                "read_vectors reads files of word vectors",
            )
        name = source.name
        arrays, meta = container.load(source, mmap)
    if not isinstance(meta, dict) or meta.get("kind") != "estimator":
        raise VectorFileError(
            name,
            "a file of arrays, but not of an estimator",
            "read_vectors reads files of word vectors",
        )
    version = meta.get("version")
    if version != VERSION:
        is_later = not isinstance(version, int) or version > VERSION
        raise VectorFileError(
            name,
            f"written by sklearn-embed {meta.get('sklearn_embed')!r:.40}, in "
            f"{'a later' if is_later else 'an earlier'} version of the format",
            "Upgrade sklearn-embed" if is_later else "Fit the estimator again",
        )
    node = meta.get("estimator")
    found = node.get("estimator") if isinstance(node, dict) else None
    if found != cls.__name__:
        raise VectorFileError(
            name,
            f"it holds a {found!s:.60}, no {cls.__name__}",
            f"Call {found}.load" if str(found) in REGISTRY else _DAMAGED,
        )
    try:
        return Reader(arrays, cls, check_finite=not mmap).value(node)
    except VectorFileError:
        raise
    except (
        *(KeyError, TypeError, ValueError, IndexError, AttributeError),
        RecursionError,
    ) as error:
        raise VectorFileError(name, f"its parts disagree: {error}", _DAMAGED) from error
