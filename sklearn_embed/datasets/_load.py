"""A labelled corpus that needs no download: the docstrings of installed libraries."""

# SPDX-License-Identifier: BSD-3-Clause

import contextlib
import gzip
import hashlib
import json
import os
import sys
import threading
from collections import Counter
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal, overload

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import Bunch

from sklearn_embed._core.typing import FilePath
from sklearn_embed._files.atomic import replacing
from sklearn_embed.datasets._docstrings import read_packages

# Label (the name on the package index) -> name of the import.
LIBRARIES = {
    "gensim": "gensim",
    "numba": "numba",
    "numpy": "numpy",
    "pandas": "pandas",
    "scikit-learn": "sklearn",
    "scipy": "scipy",
}
# Raised with every change of what is read or how it is cleaned: it empties the cache.
FORMAT = 1
TEST_SHARE = 0.25

# The first read switches warnings off for a moment, which is not safe in two threads.
_reading = threading.Lock()


@overload
def load_docstrings(
    *,
    subset: str = "all",
    return_X_y: Literal[False] = False,
    as_frame: bool = False,
    data_home: FilePath | None = None,
) -> Bunch: ...


@overload
def load_docstrings(
    *,
    subset: str = "all",
    return_X_y: Literal[True],
    as_frame: Literal[False] = False,
    data_home: FilePath | None = None,
) -> tuple[list[str], NDArray[np.int64]]: ...


@overload
def load_docstrings(
    *,
    subset: str = "all",
    return_X_y: bool = False,
    as_frame: bool = False,
    data_home: FilePath | None = None,
) -> Any: ...


def load_docstrings(
    *,
    subset: str = "all",
    return_X_y: bool = False,
    as_frame: bool = False,
    data_home: FilePath | None = None,
) -> Any:
    """Load paragraphs of documentation, each labelled with its library.

    The paragraphs are those of the docstrings of the installed gensim, numba,
    NumPy, pandas, scikit-learn and SciPy.  They are read from the source files;
    nothing is imported or downloaded.  A library that is not installed is left out.

    =================   ==============
    Classes                          6
    Samples total       about 28,000
    Features                      text
    =================   ==============

    Parameters
    ----------
    subset : {"all", "train", "test"}, default="all"
        Which part to load.  About a quarter of each library is "test".  A source
        file lies wholly in one part, and no paragraph occurs twice.
    return_X_y : bool, default=False
        If True, return ``(data, target)`` instead of a Bunch.
    as_frame : bool, default=False
        If True, `data` and `target` are pandas Series, and the Bunch has `frame`.
    data_home : str or path-like, default=None
        Folder of the cache.  None means ``sklearn_embed`` in the user's cache
        folder (``XDG_CACHE_HOME`` where set).  Without a usable cache the sources
        are read anew at each call, which takes some seconds.

    Returns
    -------
    data : :class:`~sklearn.utils.Bunch`
        Dictionary-like object, with the following attributes.

        data : list of str, or Series
            The paragraphs, sorted by library, file and place.
        target : ndarray of shape (n_samples,), int64, or Series
            The library of each, as a position in `target_names`.
        target_names : list of str
            The names of the libraries.
        filenames : ndarray of shape (n_samples,), str
            The source file of each paragraph, usable as groups in
            cross-validation.
        versions : dict of str to str
            The version of each library.
        frame : DataFrame with columns "text" and "target"
            Only present when `as_frame` is True.
        DESCR : str
            The description of the corpus.
    (data, target) : tuple if `return_X_y` is True
        The paragraphs and their labels.

    Raises
    ------
    ValueError
        If `subset` is none of the three.

    Notes
    -----
    Names of the six libraries, their usual aliases, signatures, examples, formulas
    and reST markup are taken out, so that a label is not simply to be read in the
    text.  A paragraph that two libraries share is dropped.  The same versions of
    the libraries give the same corpus.

    Examples
    --------
    >>> from sklearn_embed.datasets import load_docstrings
    >>> texts, y = load_docstrings(subset="train", return_X_y=True)
    >>> len(texts) == len(y)
    True
    """
    if subset not in ("all", "train", "test"):
        raise ValueError(f'subset must be "all", "train" or "test"; it is {subset!r}.')
    sources = _installed()
    corpus = _load(sources, data_home)
    names = list(sources)
    texts = np.array(corpus["texts"], dtype=object)
    target = np.array(corpus["target"], dtype=np.int64)
    files = np.array(corpus["files"], dtype=str)
    if subset != "all":
        chosen = _held_out(target, files) == (subset == "test")
        texts, target, files = texts[chosen], target[chosen], files[chosen]
    data, frame = texts.tolist(), None
    if as_frame:
        import pandas as pd

        frame = pd.DataFrame({"text": data, "target": target})
        data, target = frame["text"], frame["target"]
    if return_X_y:
        return data, target
    versions = {name: version for name, (_, version) in sources.items()}
    bunch = Bunch(
        data=data,
        target=target,
        target_names=names,
        filenames=files,
        versions=versions,
        DESCR=_describe(names, versions, np.asarray(target)),
    )
    if as_frame:
        bunch.frame = frame
    return bunch


def _installed():
    """Find folder and version of each installed library, without importing it."""
    sources = {}
    for name, module in LIBRARIES.items():
        spec = find_spec(module)
        if spec is None or not spec.submodule_search_locations:
            continue
        try:
            version = metadata.version(name)
        except metadata.PackageNotFoundError:
            version = "unknown"
        sources[name] = (Path(spec.submodule_search_locations[0]), version)
    return sources


def _cache_folder(data_home=None):
    """Return the folder of the cache by the rule of the platform, unmade."""
    if data_home is not None:
        return Path(data_home).expanduser()
    chosen = os.environ.get("XDG_CACHE_HOME", "")
    if os.path.isabs(chosen):  # the XDG rule: a relative path is to be ignored
        base = Path(chosen)
    elif sys.platform == "win32":
        local = os.environ.get("LOCALAPPDATA")
        base = Path(local) if local else Path.home() / "AppData" / "Local"
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    else:
        base = Path.home() / ".cache"
    return base / "sklearn_embed"


def _load(sources, data_home):
    """Return the corpus from the cache or, failing that, from the sources."""
    key = [FORMAT, [[name, version] for name, (_, version) in sources.items()]]
    digest = hashlib.sha256(json.dumps(key).encode()).hexdigest()[:16]
    try:
        path = _cache_folder(data_home) / f"docstrings-{digest}.json.gz"
    except RuntimeError:  # a user without a home
        path = None
    with _reading:
        corpus = _from_cache(path, key)
        if corpus is None:
            corpus = read_packages({name: root for name, (root, _) in sources.items()})
            _to_cache(path, {"key": key, **corpus})
    return corpus


def _from_cache(path, key):
    """Read the cached corpus; None if there is none or if it is not valid."""
    if path is None:
        return None
    try:
        corpus = json.loads(gzip.decompress(path.read_bytes()))
        texts, target, files = (corpus[k] for k in ("texts", "target", "files"))
        n_libraries = len(key[1])
        valid = (
            corpus["key"] == key
            and len(texts) == len(target) == len(files)
            and all(isinstance(text, str) for text in texts)
            and all(isinstance(file, str) for file in files)
            and all(type(y) is int and 0 <= y < n_libraries for y in target)
        )
    # Whatever is wrong with the file, the sources are still there.
    except Exception:
        return None
    return corpus if valid else None


def _to_cache(path, corpus):
    """Write the cache in one step, so that no reader sees half a file."""
    if path is None:
        return
    # Read-only, full or missing: the next call reads the sources.
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as stream:  # compressed, by its name
            stream.write(json.dumps(corpus).encode())


def _held_out(target, files):
    """Mark the test part: whole files, in the order of a hash, up to the share."""
    test = np.zeros(len(target), dtype=bool)
    for y in np.unique(target):
        rows = np.flatnonzero(target == y)
        sizes = Counter(files[rows].tolist())
        left, taken = TEST_SHARE * len(rows), set()
        for file in sorted(sizes, key=lambda f: hashlib.sha256(f.encode()).digest()):
            if sizes[file] <= left:
                left -= sizes[file]
                taken.add(file)
        test[rows] = [file in taken for file in files[rows].tolist()]
    return test


def _describe(names, versions, target):
    """Return the description of the corpus, as scikit-learn's Bunches carry it."""
    counts = np.bincount(target, minlength=len(names))
    table = "\n".join(
        f"    {name:<14}{versions[name]:<12}{count:>8,}"
        for name, count in zip(names, counts, strict=True)
    )
    return f"""\
Docstrings of scientific Python
===============================

{len(target):,} paragraphs of documentation in {len(names)} classes.  The class of a
paragraph is the library from whose source code it was read:

    library       version     paragraphs
{table}

Examples, signatures, formulas, markup, the names of the libraries and their usual
aliases are taken out.  No paragraph occurs twice, and the train and test parts share
no source file.  The text is that of the libraries installed here and stays under
their licences.
"""
