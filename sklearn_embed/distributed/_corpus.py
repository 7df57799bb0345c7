"""A collection tokenised in partitions, as one corpus in a file."""

# SPDX-License-Identifier: BSD-3-Clause

import os
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from sklearn_embed._core.growing import Growing, Spool
from sklearn_embed._core.typing import FilePath
from sklearn_embed._text import corpus_file
from sklearn_embed._text.encoding import Encoded, offsets_of
from sklearn_embed._text.hash_table import merged_tables
from sklearn_embed._text.scanner import Scanner
from sklearn_embed._text.tokenized import TokenizedDocuments
from sklearn_embed.distributed._partitions import (
    everywhere,
    partitions_of,
    text_options,
    tokenized,
)


def tokenize(collection: Any, path: FilePath, **text: Any) -> TokenizedDocuments:
    """Tokenise all partitions into one file, and open it.

    Any estimator fits on the result as on the collection in memory, but its tokens
    stay in the file, at four bytes a token, and are read when needed.

    Parameters
    ----------
    collection : bag, Series, DataFrame of one column, or array of Dask's
        The documents: strings, or lists of tokens.
    path : str or path
        The file, written whole or not at all.  Workers write their partitions to a
        temporary folder beside it, which must be one that they all see.
    **text : Any
        How strings are cut: parameters of
        `TokenizedDocuments.from_documents`.

    Returns
    -------
    TokenizedDocuments
        The same as of all documents at once, memory-mapped.

    Raises
    ------
    TypeError
        If the collection is none of Dask's, or a document neither a string nor a list
        of strings.

    Examples
    --------
    >>> import tempfile
    >>> import dask.bag
    >>> from sklearn_embed.distributed import tokenize
    >>> texts = dask.bag.from_sequence(["the cat sat", "the dog"], npartitions=2)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     print(tokenize(texts, f"{folder}/corpus"))
    TokenizedDocuments(2 documents, 5 tokens, 4 distinct)
    """
    import dask

    options = text_options(text)
    parts = partitions_of(collection)
    path = Path(os.path.abspath(os.fspath(path)))
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=path.name) as folder:
        write = dask.delayed(_write_part, pure=False)
        shared = everywhere(options)
        names = [os.path.join(folder, f"{i}") for i in range(len(parts))]
        tasks = [write(*one, shared) for one in zip(parts, names, strict=True)]
        dask.compute(*tasks)
        _join([TokenizedDocuments.load(name) for name in names], options, path)
    return TokenizedDocuments.load(path)


def _write_part(part, path, options):
    """Tokenise one partition into a file."""
    tokenized(part, options).save(path)


def _join(parts, options, path):
    """Write documents end to end, with one table."""
    tables = [part.table for part in parts]
    table, numbers = merged_tables(tables, Scanner.hash_mask)
    ids, lengths, ready_made = Spool(np.int32), Growing(np.int64), True
    for part, number_of in zip(parts, numbers, strict=True):
        for block in part.blocks():
            ids.append(number_of[block.flat_ids()])
            lengths.append(block.lengths)
        ready_made = ready_made and (part.options is None or not len(part))
    offsets = offsets_of(lengths.result())
    options = None if ready_made and len(offsets) > 1 else options
    corpus_file.write(
        path, Encoded(ids.result(), offsets[:-1], offsets, table, options)
    )
