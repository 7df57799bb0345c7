"""Word vectors to files: one function for each format."""

# SPDX-License-Identifier: BSD-3-Clause

import csv
import os
from io import StringIO

import numpy as np

from sklearn_embed._files.atomic import replacing
from sklearn_embed._files.errors import VectorFileError

_BLANKS = " \t\r\n\v\f\0"
_BLOCK = 1024


def write_word2vec(vectors, path, blank=None):
    """Write a header and a line of text for each word."""
    words = _written(vectors, path, blank)
    with replacing(path) as stream:
        stream.write(b"%d %d\n" % vectors.vectors.shape)
        _write_lines(stream, words, vectors.vectors)


def write_glove(vectors, path, blank=None):
    """Write a line of text for each word, without header."""
    words = _written(vectors, path, blank)
    with replacing(path) as stream:
        _write_lines(stream, words, vectors.vectors)


def write_word2vec_binary(vectors, path, blank=None):
    """Write a header, then each word and its raw float32 numbers."""
    words = _written(vectors, path, blank)
    with replacing(path) as stream:
        stream.write(b"%d %d\n" % vectors.vectors.shape)
        for start in range(0, len(words), _BLOCK):
            block = vectors.vectors[start : start + _BLOCK].astype("<f4", copy=False)
            names = words[start : start + _BLOCK]
            stream.write(
                b"".join(
                    b"%b %b" % (name.encode(), row.tobytes())
                    for name, row in zip(names, block, strict=True)
                )
            )


def write_gensim(vectors, path):
    """Write gensim's own pickle, in one file."""
    if os.fsdecode(path).endswith(".xz"):
        raise ValueError("gensim reads .gz and .bz2, but not .xz: choose another name.")
    keyed = vectors.to_keyed_vectors()
    with replacing(path) as stream:
        keyed.save(stream)


def write_csv(vectors, path):
    """Write a table with a header and the words in its first column."""
    _check_writable(vectors, vectors.words, path)
    with replacing(path) as stream:
        text = StringIO(newline="")
        rows = csv.writer(text, lineterminator="\n")
        rows.writerow(["word", *range(vectors.vector_size)])
        for start in range(0, max(len(vectors), 1), _BLOCK):
            words = vectors.words[start : start + _BLOCK]
            for word, row in zip(words, vectors.vectors[start:], strict=False):
                rows.writerow([word, *map(str, row)])
            stream.write(text.getvalue().encode())
            text.seek(0)
            text.truncate()


def write_tsv(vectors, path, metadata=None, blank=None):
    """Write numbers to one file, and words and counts to another."""
    if metadata is None:
        metadata = _beside(path)
    if os.path.abspath(metadata) == os.path.abspath(path):
        raise ValueError("metadata must be another file than that of the vectors.")
    words = _written(vectors, path, blank, "\t\r\n\v\f\0")
    columns = [words]
    if vectors.counts is not None:
        # The projector wants a header where there is more than one column.
        columns = [["word", *words], ["count", *map(str, vectors.counts.tolist())]]
    lines = ["\t".join(cells) + "\n" for cells in zip(*columns, strict=True)]
    with replacing(metadata) as names, replacing(path) as numbers:
        names.write("".join(lines).encode())
        for row in vectors.vectors:
            numbers.write("\t".join([str(number) for number in row]).encode() + b"\n")


def _beside(path):
    """Return the name of the file for metadata beside that of vectors."""
    folder, name = os.path.split(os.fsdecode(path))
    stem, dot, endings = name.partition(".")
    return os.path.join(folder, f"{stem}_metadata{dot}{endings}")


def write_parquet(vectors, path):
    """Write a parquet table: a row for each word, a column for each dimension."""
    frame = vectors.to_frame()
    frame.columns = [str(name) for name in frame.columns]
    with replacing(path) as stream:
        frame.to_parquet(stream)


def _write_lines(stream, words, vectors):
    """Write words and numbers, each number as short as float32 allows."""
    for start in range(0, len(words), _BLOCK):
        block = vectors[start : start + _BLOCK]
        lines = [
            f"{word} {' '.join([str(number) for number in row])}\n"
            for word, row in zip(words[start : start + _BLOCK], block, strict=True)
        ]
        stream.write("".join(lines).encode())


def _written(vectors, path, blank, blanks=_BLANKS):
    """Return the words as they go into a file in which blanks separate."""
    words = vectors.words
    if blank is not None:
        table = str.maketrans(dict.fromkeys(blanks, blank))
        words = [word.translate(table) for word in words]
        _check_distinct(vectors.words, words, path)
    for row, word in enumerate(words):
        if not word or any(character in word for character in blanks):
            raise VectorFileError(
                str(path),
                f"{word!r} cannot be written, as blanks separate words from numbers "
                "in this format",
                "Pass blank='_' to replace them, or use the native format",
                row=row,
            )
    _check_writable(vectors, words, path)
    return words


def _check_writable(vectors, words, path):
    """Refuse words that are no text, and vectors without numbers."""
    for row, word in enumerate(words):
        try:
            word.encode()
        except UnicodeEncodeError as error:
            raise VectorFileError(
                str(path), f"{word!r} is no valid Unicode text", "Remove it", row=row
            ) from error
    if vectors.vector_size == 0 or not np.isfinite(vectors.vectors[:1]).all():
        raise VectorFileError(str(path), "there are no dimensions to write")


def _check_distinct(words, written, path):
    """Refuse a replacement of blanks that makes two words one."""
    first = {}
    for word, name in zip(words, written, strict=True):
        other = first.setdefault(name, word)
        if other != word:
            raise VectorFileError(
                str(path),
                f"{other!r} and {word!r} would both be written as {name!r}",
                "Choose another blank=",
            )
