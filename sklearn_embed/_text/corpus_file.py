"""Tokenised documents in a file of arrays and JSON."""

# SPDX-License-Identifier: BSD-3-Clause

import numpy as np

from sklearn_embed._files.arrays import load_arrays, save_arrays
from sklearn_embed._text.checks import check_documents
from sklearn_embed._text.encoding import Encoded
from sklearn_embed._text.pieces import PieceTokenizer
from sklearn_embed._text.table import TokenTable
from sklearn_embed._text.tokens import (
    TextOptions,
    checked_encoding,
    make_preprocess,
    make_split,
)

_KIND = "TokenizedDocuments"
_NAMES = ("ids", "offsets", "table", "table_offsets")


def write(path, encoded):
    """Write Encoded whose ids lie end to end, whole or not at all."""
    options = encoded.options and encoded.options._asdict()
    table = encoded.table
    arrays = encoded.ids, encoded.offsets, table.blob, table.offsets
    named = dict(zip(_NAMES, arrays, strict=True))
    if options and isinstance(options["analyzer"], PieceTokenizer):
        tokenizer = options["analyzer"]
        named["tokenizer"] = tokenizer.document
        options["analyzer"] = [tokenizer.max_length, tokenizer.drop_unknown]
    if options and any(map(callable, options.values())):
        options = None
    meta = {"kind": _KIND, "options": options, "undercount": encoded.undercount}
    save_arrays(path, named, meta)


def read(path, mmap):
    """Return what `write` wrote, every part checked.

    Raises
    ------
    ValueError
        If the file is damaged, or holds something else.
    """
    arrays, meta = load_arrays(path, mmap=mmap)
    if not isinstance(meta, dict) or meta.get("kind") != _KIND:
        raise ValueError(f"{path} holds no TokenizedDocuments.")
    try:
        ids, offsets, *table = (arrays[name] for name in _NAMES)
        table = TokenTable(*table)
        starts = np.asarray(offsets)[:-1]
        check_documents(ids, starts, offsets, len(table))
        options = meta["options"]
        if options and isinstance(options["analyzer"], list):
            tokenizer = checked_tokenizer(arrays["tokenizer"], *options["analyzer"])
            options = {**options, "analyzer": tokenizer}
        options = checked_options(options)
        undercount = meta["undercount"]
        if type(undercount) is not int or undercount < 0:
            raise ValueError(f"undercount is {undercount!r:.40}.")
    except KeyError as error:
        raise ValueError(f"{path} is damaged: {error} is missing.") from error
    except (TypeError, ValueError) as error:
        raise ValueError(f"{path} is damaged: {error}") from error
    return Encoded(ids, starts, offsets, table, options, undercount)


def checked_tokenizer(document, max_length, drop_unknown):
    """Return the PieceTokenizer of parts that a file holds, if they make sense."""
    if (
        not isinstance(document, np.ndarray)
        or document.dtype != np.uint8
        or document.ndim != 1
        or type(max_length) not in (int, type(None))
        or type(drop_unknown) is not bool
    ):
        raise ValueError("the tokenizer is none.")
    return PieceTokenizer(document, max_length, drop_unknown)


def checked_options(options):
    """Return the TextOptions of a dict, or None, if they make sense."""
    if options is None:
        return None
    if "ngram_range" in options:
        options = {**options, "ngram_range": tuple(options["ngram_range"])}
    options = TextOptions(**options)
    wrong = (
        not isinstance(options.lowercase, bool)
        or not _is_one(options.strip_accents, ("ascii", "unicode"))
        or options.preprocessor is not None
        or not _is_one(options.tokenizer, ("char",))
        or not isinstance(options.token_pattern, (str, type(None)))
        or not isinstance(options.analyzer, (str, PieceTokenizer))
        or options.decode_error not in ("strict", "ignore", "replace")
    )
    if wrong:
        raise ValueError(f"the options are {options!r:.200}.")
    checked_encoding(options.encoding)
    make_preprocess(options)
    make_split(options)  # which compiles the pattern
    return options


def _is_one(value, names):
    """Tell whether a value is None or one of some strings."""
    # By type, too: NumPy's float64 dtype says that it equals None.
    return value is None or (isinstance(value, str) and value in names)
