"""What counts as a document: the one place where raw input is checked."""

# SPDX-License-Identifier: BSD-3-Clause

import os
import sys
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from itertools import groupby, islice
from operator import itemgetter

import numpy as np

from sklearn_embed._core.progress import follow, is_followed
from sklearn_embed._text.files import lines_of
from sklearn_embed._text.kernels.strings import read_strings

#: Documents taken from an iterable at once, and when a chunk of them is full.
TAKEN, CHUNK_DOCUMENTS, CHUNK_CHARACTERS = 512, 1 << 16, 1 << 23

#: Characters of a chunk, at most, if somebody watches: seconds of a slow tokenizer.
FOLLOWED_CHARACTERS = 1 << 20

_REMEDY = "documents are strings, or sequences of string tokens"


def document_chunks(X, name="X", n_characters=CHUNK_CHARACTERS, options=None):
    """Yield chunks of documents, and tell how far they are; see `_chunks`."""
    if not is_followed():
        return _chunks(X, name, n_characters, options)
    n_characters = min(n_characters, FOLLOWED_CHARACTERS)
    chunks = _chunks(X, name, n_characters, options)
    return follow(chunks, lambda chunk: len(chunk[1]), "documents", n_expected(X))


def n_expected(X):
    """Return how many documents there seem to be; None where that is not known."""
    if type(X) in (list, tuple):
        return len(X)
    shape = getattr(X, "shape", None)
    return shape[0] if shape and type(shape[0]) is int else None


def _chunks(X, name, n_characters, options):
    """Yield ``(kind, documents)``, in order, until X is used up.

    ``kind`` is ``"text"`` (a list of str) or ``"tokens"`` (a list of lists of str).
    A list is full when it has more than ``n_characters``.  Every document is
    checked; an error names its position.  TextOptions tell whether bytes are documents,
    and in which encoding; None: they are not.

    Warns
    -----
    UserWarning
        If every document is a list of one string with white space in it.
    """
    elements = iter(_elements(X, name))
    chunk, kind, size, position = [], "text", 0, 0
    uncut = None  # a document, if all so far are lists of one string of several words
    where = np.empty((TAKEN, 3), np.int64)
    while taken := list(islice(elements, TAKEN)):
        for new_kind, documents, n_new in _runs(taken, position, where, options):
            if new_kind == "text" or (position and uncut is None):
                uncut = None
            elif all(map(_is_uncut, documents)):
                uncut = documents[-1]
            else:
                uncut = None
            if chunk and (
                new_kind != kind or size > n_characters or len(chunk) >= CHUNK_DOCUMENTS
            ):
                yield kind, chunk
                chunk, size = [], 0
            kind = new_kind
            chunk += documents
            size += n_new
        position += len(taken)
    if chunk:
        yield kind, chunk
    if uncut is not None:
        warnings.warn(
            f"Every document of {name} is a list of one string, like "
            f"{shortened(uncut)}, which is taken as one ready-made token. If these are "
            f"texts, give a list of strings, e.g. [text for [text] in {name}].",
            UserWarning,
            stacklevel=2,
        )


def _is_uncut(tokens):
    """Tell whether this is one token that looks like a text."""
    return len(tokens) == 1 and len(tokens[0].split(maxsplit=1)) > 1


def _runs(documents, position, where, options):
    """Cut checked documents into runs of one kind; tell the length of each."""
    if type(documents[0]) is str:
        ids = id(documents), id(str)
        n, n_characters, _ = read_strings(*ids, 0, sys.maxsize, where)
        if n == len(documents):
            return [("text", documents, n_characters)]
    checked = [
        ("text", document)
        if type(document) is str
        else _checked(document, place, options)
        for place, document in enumerate(documents, position)
    ]
    runs = []
    for kind, run in groupby(checked, key=itemgetter(0)):
        some = [document for _, document in run]
        runs.append((kind, some, sum(map(len, some))))
    return runs


def _elements(X, name):
    """Return an iterable over the documents of any accepted container."""
    if isinstance(X, str):
        raise ValueError(
            f"{name} is a single string, not a collection of documents: "
            f"wrap it in a list, [{name}], or give pathlib.Path({name}) if it is the "
            "name of a file."
        )
    if isinstance(X, os.PathLike):
        return lines_of(X)
    if isinstance(X, (bytes, bytearray)):
        raise TypeError(
            f"{name} is bytes: decode it and pass a list of strings, one a document."
        )
    if hasattr(X, "nnz") and hasattr(X, "tocsr"):
        raise TypeError(
            f"{name} is a sparse matrix, which is not supported: {_REMEDY}."
        )
    if isinstance(X, (Mapping, Set)):
        raise TypeError(
            f"{name} is a {type(X).__name__}, which has no order of documents: "
            f"pass a list, e.g. list({name}.values()) of a mapping."
        )
    shape = getattr(X, "shape", None)
    if shape is None and hasattr(X, "__array__") and not isinstance(X, Iterable):
        X = np.asarray(X)
        shape = X.shape
    if shape is not None and len(shape) != 1:
        X = _single_column(X, shape, name)
    if not isinstance(X, Iterable) and not hasattr(X, "__array__"):
        raise TypeError(
            f"{name} is of type {type(X).__name__}: expected an iterable of "
            "documents, each a string or a sequence of string tokens."
        )
    return _listed(X)


def _listed(X):
    """Return Python's own objects of an array, a Series or a column of a table.

    Where there is no such method, the container itself.
    """
    # NumPy and pandas (by position, whatever the index); Arrow; polars.
    for method in ("tolist", "to_pylist", "to_list"):
        if callable(getattr(X, method, None)):
            return getattr(X, method)()
    # Others of one dimension, such as xarray's and Dask's, whose elements are arrays.
    if hasattr(X, "__array__"):
        if hasattr(X, "dtype") or not isinstance(X, Iterable):
            return np.asarray(X).tolist()
    return X


def _single_column(X, shape, name):
    """Turn a one-column table into its column; refuse every other shape."""
    if len(shape) != 2 or shape[1] != 1:
        raise ValueError(
            f"{name} has shape {tuple(shape)}: expected one column of documents. "
            f"Select one, e.g. {name}['text'] of a DataFrame."
        )
    if hasattr(X, "iloc"):
        return X.iloc[:, 0]
    if hasattr(X, "to_series"):
        return X.to_series()
    if hasattr(X, "column"):  # Arrow
        return X.column(0)
    if not hasattr(X, "__array__"):
        raise TypeError(
            f"{name} is of type {type(X).__name__}: expected a column of documents; "
            f"{_REMEDY}."
        )
    return np.asarray(X).ravel()


def _checked(document, position, options):
    """Return ``(kind, document)`` of a document that is not a plain str."""
    if isinstance(document, str):
        return "text", str.__str__(document)
    if hasattr(document, "as_py"):  # a scalar of Arrow
        document = document.as_py()
        if isinstance(document, str):
            return "text", document
    if not isinstance(document, Sequence) and len(getattr(document, "shape", ())) == 1:
        document = _listed(document)
    if isinstance(document, (bytes, bytearray)):
        if options is None or options.encoding is None:
            raise TypeError(
                f"Document {position} is bytes: decode it first, "
                "document.decode('utf-8'), or give "
                "TokenizedDocuments.from_documents(X, encoding='utf-8')."
            )
        return "text", decoded(document, options, f"document {position}")
    if not isinstance(document, Sequence):
        raise TypeError(_complaint(document, position))
    tokens = list(document)
    for place, token in enumerate(tokens):
        if type(token) is not str:
            if not isinstance(token, str):
                raise TypeError(
                    f"Token {place} of document {position} is {shown(token)}: "
                    "every token must be a string."
                )
            tokens[place] = str(token)
    return "tokens", tokens


def n_filled(X, n):
    """Return how many of n documents hold anything: characters, not blanks, or tokens.

    All of an iterator's, which is used up by now.
    """
    if isinstance(X, Iterator):
        return n
    return sum(map(_is_filled, _elements(X, "X")))


def _is_filled(document):
    """Tell whether a document, checked before, holds anything."""
    if hasattr(document, "as_py"):
        document = document.as_py()
    if isinstance(document, (str, bytes, bytearray)):
        document = document.strip()
    return len(document) > 0


def decoded(document, options, name="the document"):
    """Return bytes as a string."""
    try:
        return bytes(document).decode(options.encoding, options.decode_error)
    except UnicodeDecodeError as error:
        where = error.encoding, error.object, error.start, error.end
        raise UnicodeDecodeError(
            *where,
            f"{error.reason}, in {name}: set encoding, or decode_error='replace'",
        ) from None


def _complaint(document, position):
    """Say what is wrong with a document and what to do about it."""
    if document is None or repr(document) in {"nan", "<NA>", "NaT"}:
        return (
            f"Document {position} is missing ({shortened(document)}): replace missing "
            "texts first, e.g. X.fillna('') of a pandas Series."
        )
    return f"Document {position} is {shown(document)}: {_REMEDY}."


def shown(thing):
    """Describe a value by its type and a short form of itself."""
    return f"of type {type(thing).__name__} ({shortened(thing)})"


def shortened(thing):
    """Return a value as Python writes it, in one line of printable characters."""
    # Cut before: a document may be as long as a book.
    text = repr(thing[:60] if isinstance(thing, (str, bytes, list)) else thing)
    more = "…" * (len(text) > 40)
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text[:40]) + more
