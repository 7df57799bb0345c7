"""Small files of vectors in every format, and ways to damage them."""

# SPDX-License-Identifier: BSD-3-Clause

import bz2
import gzip
import io
import lzma
import struct
import zipfile
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import numpy as np

from sklearn_embed import MeanPoolEmbedder
from sklearn_embed.io import (
    Subwords,
    VectorFileError,
    WordVectors,
    fasttext,
    read_vectors,
    write_vectors,
)

WORDS = ["the", "cat", "naïve", "кошка", "日本", "x" * 40, "e-mail", "3"]
RNG = np.random.default_rng(0)
VECTORS = RNG.normal(size=(len(WORDS), 6)).astype(np.float32)
COUNTS = np.arange(80, 0, -10)

ROW_FORMATS = ["word2vec", "word2vec_binary", "glove"]
FORMATS = [*ROW_FORMATS, "native", "gensim", "parquet"]
PLAIN = WordVectors(WORDS, VECTORS, COUNTS)


def named(format):
    """Return what the reader has to be told: some formats are not recognised."""
    return format if format in ("gensim", "parquet") else None


def subword_vectors():
    buckets = RNG.normal(size=(20, 6)).astype(np.float32)
    parts = Subwords(buckets, 2, 4, 20, own=VECTORS)
    sums, counts = parts.sums(WORDS, VECTORS)
    vectors = sums / (counts + 1).astype(np.float32)[:, None]
    return WordVectors(WORDS, vectors, COUNTS, parts)


def supervised_model():
    return fasttext.FastTextModel(
        fasttext.Arguments(6, model=3, loss=3, bucket=20, minn=2, maxn=3),
        WORDS,
        COUNTS,
        ["__label__a", "__label__b"],
        np.array([3, 2]),
        360,
        VECTORS,
        RNG.normal(size=(20, 6)).astype(np.float32),
        RNG.normal(size=(2, 6)).astype(np.float32),
    )


def oldest_model(data):
    """Turn a file of version 12 into one of the time before versions."""
    header, rest = data[8:64], data[64:]
    sizes, words = rest[:20], rest[28:]
    end = words.index(struct.pack("<?qq", False, len(WORDS) + 20, 6))
    entries, matrices = words[:end], words[end + 1 :]
    n_bytes = 16 + 4 * 6 * (len(WORDS) + 20)
    return header + sizes + entries + matrices[:n_bytes] + matrices[n_bytes + 1 :]


def quantised_model():
    """Return a pruned, quantised model, and what its input matrix must come out as."""
    rng = np.random.default_rng(1)
    n_words, kept = 3, [7, 11]
    centroids = [rng.normal(size=(256, width)).astype("<f4") for width in (4, 2)]
    codes = rng.integers(0, 256, (n_words + len(kept), 2), np.uint8)
    norms = rng.random((256, 1)).astype("<f4")
    norm_codes = rng.integers(0, 256, len(codes), np.uint8)
    matrix = np.hstack([centroids[0][codes[:, 0]], centroids[1][codes[:, 1]]])
    matrix *= norms[norm_codes]
    data = struct.pack("<2i", 793712314, 12)
    data += struct.pack("<12id", 6, 5, 5, 1, 5, 1, 3, 3, 20, 2, 3, 100, 1e-4)
    data += struct.pack("<3iqq", n_words + 1, n_words, 1, 30, len(kept))
    for word, kind in zip([*WORDS[:n_words], "__label__a"], [0, 0, 0, 1], strict=True):
        data += word.encode() + struct.pack("<xqb", 5, kind)
    data += b"".join(struct.pack("<2i", b, row) for row, b in enumerate(kept))
    data += struct.pack("<??qqi", True, True, len(codes), 6, codes.size)
    data += codes.tobytes() + struct.pack("<4i", 6, 2, 4, 2)
    data += centroids[0].tobytes() + centroids[1].tobytes() + norm_codes.tobytes()
    data += struct.pack("<4i", 1, 1, 1, 1) + norms.tobytes()
    output = rng.normal(size=(1, 6)).astype("<f4")
    data += struct.pack("<?qq", False, 1, 6) + output.tobytes()
    return data, matrix


def written(tmp_path, format, vectors=None):
    path = tmp_path / "written"
    write_vectors(vectors or WordVectors(WORDS, VECTORS, COUNTS), path, format)
    return path.read_bytes()


def samples(tmp_path):
    """Return one intact file of each format, as bytes by name."""
    files = {
        name: written(tmp_path, name)
        for name in ("word2vec", "word2vec_binary", "glove")
    }
    files["native"] = written(tmp_path, "native", subword_vectors())
    files["fasttext"] = written(tmp_path, "fasttext", subword_vectors())
    files["fasttext_oldest"] = oldest_model(files["fasttext"])
    files["fasttext_quantised"] = quantised_model()[0]
    path = tmp_path / "supervised"
    fasttext.write_model(supervised_model(), path)
    files["fasttext_supervised"] = path.read_bytes()
    files["gzip"] = gzip.compress(files["word2vec"], mtime=0)
    files["bzip2"] = bz2.compress(files["word2vec_binary"])
    files["xz"] = lzma.compress(files["glove"])
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as stream:
        stream.writestr("vectors.bin", files["fasttext"])
    files["zip"] = archive.getvalue()
    return files


class Kind(NamedTuple):
    """A kind of file: how it is damaged, loaded and used."""

    intact: bytes
    load: Callable
    use: Callable
    mutate: Callable
    refusals: tuple = (ValueError,)
    errors: tuple = (ValueError, FloatingPointError, OSError)

    def damaged(self, rng):
        """Return a damaged file."""
        return self.mutate(rng, self.intact)


_FASTTEXT = [
    *("fasttext", "fasttext_oldest", "fasttext_quantised", "fasttext_supervised")
]
NAMES = [
    *("word2vec", "word2vec_binary", "glove", "native", *_FASTTEXT),
    *("gzip", "bzip2", "xz", "zip", *(f"{name} model" for name in _FASTTEXT)),
]


def kinds(tmp_path):
    """Return every format of word vectors, and of whole fastText models, by name."""
    files = samples(tmp_path)
    found = {
        name: Kind(data, read_vectors, _use_vectors, _inside(name), (VectorFileError,))
        for name, data in files.items()
    }
    for name in files:
        if name.startswith("fasttext"):
            found[f"{name} model"] = Kind(
                files[name], fasttext.read_model, _use_model, mutate, (VectorFileError,)
            )
    return found


_PACKED = {
    "gzip": (gzip.decompress, partial(gzip.compress, compresslevel=1)),
    "bzip2": (bz2.decompress, bz2.compress),
    "xz": (lzma.decompress, partial(lzma.compress, preset=0)),
}


def _inside(name):
    """Return what damages a file, or what a compressed file holds."""
    if name not in _PACKED:
        return mutate
    unpack, pack = _PACKED[name]

    def change(rng, data):
        if rng.random() < 0.3:
            return mutate(rng, data)
        return pack(mutate(rng, unpack(data)))

    return change


def _use_vectors(vectors, thoroughly):
    for word in ("the", "кошка", "unheard"):
        if word in vectors or vectors.subwords is not None:
            _ = vectors[word]
    vectors.rows(["the", "unheard"])
    if thoroughly:
        MeanPoolEmbedder(vectors, oov="zero").fit_transform(["the cat", "кошка"])


def _use_model(model, thoroughly):
    model.to_word_vectors()


def _cut(rng, data):
    return data[: rng.integers(0, len(data) + 1)]


def _flip(rng, data):
    damaged = bytearray(data)
    for _ in range(rng.integers(1, 6)):
        damaged[rng.integers(len(damaged))] = rng.integers(256)
    return bytes(damaged)


def _remove(rng, data):
    start = rng.integers(len(data))
    return data[:start] + data[start + rng.integers(1, 20) :]


def _insert(rng, data):
    start = rng.integers(len(data) + 1)
    return data[:start] + rng.bytes(rng.integers(1, 20)) + data[start:]


def _repeat(rng, data):
    start, stop = np.sort(rng.integers(0, len(data) + 1, 2))
    return data[:stop] + data[start:]


def _zeros(rng, data):
    start = rng.integers(len(data))
    n_bytes = rng.integers(1, 64)
    return data[:start] + bytes(int(n_bytes)) + data[start + n_bytes :]


def _integer(rng, data):
    """Overwrite four or eight bytes by a number at the edge of some range."""
    values = [-1, 0, 1, 2**31 - 1, -(2**31), 10**9, 255]
    packed = struct.pack(str(rng.choice(["<i", "<q"])), int(rng.choice(values)))
    # Headers are where numbers matter most.
    start = rng.integers(min(len(data), 120) if rng.random() < 0.7 else len(data))
    return data[:start] + packed + data[start + len(packed) :]


def _digits(rng, data):
    """Make a number of a text header, or of a row, enormous or odd."""
    odd = [
        b"1000000000000",
        b"-1",
        b"nan",
        b"inf",
        b"1e999",
        b"",
        b"0",
        b"1_0",
        b"\xb2",
    ]
    fields = data.split(b" ")
    fields[rng.integers(min(len(fields), 9))] = odd[rng.integers(len(odd))]
    return b" ".join(fields)


MUTATIONS = (_cut, _flip, _remove, _insert, _repeat, _zeros, _integer, _digits)


def mutate(rng, data):
    """Damage a file in one to three ways."""
    for _ in range(rng.integers(1, 4)):
        if data:
            data = MUTATIONS[rng.integers(len(MUTATIONS))](rng, data)
    return data
