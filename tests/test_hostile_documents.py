"""Arrays and files that no kernel may be led out of bounds by."""

# SPDX-License-Identifier: BSD-3-Clause

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import sklearn_embed
from sklearn_embed import TokenizedDocuments
from sklearn_embed._files.arrays import load_arrays, save_arrays
from sklearn_embed._text.table import TokenTable

PATHS = os.pathsep.join([str(Path(sklearn_embed.__file__).parents[1]), *sys.path])
TEXTS = ["the cat sat on the mat", "", "naïve café", "the dog"] * 5
X = TokenizedDocuments.from_documents(TEXTS)


def changed(array, **places):
    """Return a copy of an array, of another type if need be, with some numbers."""
    array = array.astype(places.pop("dtype", array.dtype))
    for place, number in places.items():
        array[int(place[1:])] = number
    return array


LAST = len(X.offsets) - 1
BIG = 2**63 - 1

#: Arrays by the name of the argument, and a part of what is said of them.
WILD = [
    ("offsets", changed(X.offsets, dtype=np.uint64, _5=10**6), "int64"),
    ("offsets", changed(X.offsets, _5=BIG, _6=-2), "rise"),
    ("offsets", changed(X.offsets, _5=10**6), "rise"),
    ("offsets", changed(X.offsets, _0=1), "rise"),
    ("offsets", changed(X.offsets, **{f"_{LAST}": 10**6}), "beyond"),
    ("offsets", changed(X.offsets, **{f"_{LAST}": BIG}), "beyond"),
    ("offsets", changed(X.offsets, dtype=float, _5=np.nan), "int64"),
    ("offsets", X.offsets[:, None], "one-dimensional"),
    ("offsets", X.offsets[:0], "rise"),
    ("ids", changed(X.ids, _3=-1), "none of the"),
    ("ids", changed(X.ids, _3=10**6), "none of the"),
    ("ids", changed(X.ids, dtype=np.uint32, _3=2**32 - 1), "int32"),
    ("ids", changed(X.ids, dtype=np.int64), "int32"),
    ("ids", changed(X.ids, dtype=np.float32, _3=np.nan), "int32"),
    ("ids", X.ids[:, None], "one-dimensional"),
    ("ids", X.ids[:5], "beyond"),
    ("blob", X.table.blob[:-1], "end at"),
    ("blob", X.table.blob.astype(np.int32), "uint8"),
    ("blob", changed(X.table.blob, _0=255), "UTF-8"),
    ("blob", changed(X.table.blob, _0=0x80), "UTF-8"),
    ("blob", changed(X.table.blob, **{f"_{len(X.table.blob) - 1}": 0xF0}), "UTF-8"),
    ("table_offsets", changed(X.table.offsets, _2=BIG, _3=-2), "rise"),
    ("table_offsets", changed(X.table.offsets, dtype=np.uint64, _2=10**6), "int64"),
    ("table_offsets", X.table.offsets[:0], "rise"),
    ("table_offsets", changed(X.table.offsets, dtype=float), "int64"),
]
#: The same of what a file does not hold.
WILD_STARTS = [
    (changed(X.starts, _2=-1), "beyond"),
    (changed(X.starts, _2=10**6), "beyond"),
    (changed(X.starts, _2=BIG), "beyond"),
    (changed(X.starts, dtype=np.uint64, _2=2**64 - 1), "int64"),
    (changed(X.starts, dtype=float, _2=np.nan), "int64"),
    (X.starts[:-1], "offsets, not"),
    (X.starts.astype(">i8"), "int64"),
]


def name_of(value):
    """Name arrays by their type, since some have thousands of numbers."""
    return str(value.dtype) if isinstance(value, np.ndarray) else value


def build(name, array):
    """Call the constructors with one array replaced."""
    parts = {
        "ids": X.ids,
        "starts": X.starts,
        "offsets": X.offsets,
        "blob": X.table.blob,
        "table_offsets": X.table.offsets,
    } | {name: array}
    table = TokenTable(parts["blob"], parts["table_offsets"])
    return TokenizedDocuments(parts["ids"], parts["starts"], parts["offsets"], table)


def rewrite(path, name, array):
    """Write a file with one array replaced."""
    X.save(path)
    arrays, meta = load_arrays(path)
    name = {"blob": "table"}.get(name, name)
    save_arrays(path, arrays | {name: array}, meta)


@pytest.mark.parametrize(
    ("name", "array", "message"),
    [*WILD, *(("starts", array, message) for array, message in WILD_STARTS)],
    ids=name_of,
)
def test_wild_arrays_are_refused_by_the_constructors(name, array, message):
    with pytest.raises(ValueError, match=message):
        build(name, array)


@pytest.mark.parametrize("mmap", [True, False])
@pytest.mark.parametrize(("name", "array", "message"), WILD, ids=name_of)
def test_wild_arrays_are_refused_in_files(name, array, message, mmap, tmp_path):
    rewrite(tmp_path / "corpus", name, array)
    with pytest.raises(ValueError, match=f"damaged.*({message})"):
        TokenizedDocuments.load(tmp_path / "corpus", mmap=mmap)


META = {"kind": "TokenizedDocuments", "options": None, "undercount": 0}


@pytest.mark.parametrize(
    "meta",
    [
        {"kind": "TokenizedDocuments"},
        META | {"undercount": "many"},
        META | {"undercount": -1},
        META | {"options": {"lowercase": 1}},
        META | {"options": {"other": 1}},
        META | {"options": ["lowercase"]},
        META | {"options": {"token_pattern": "("}},
        META | {"options": {"token_pattern": "(a)(b)"}},
        META | {"options": {"token_pattern": None}},
        META | {"options": {"tokenizer": "os.system"}},
        META | {"options": {"strip_accents": "rm"}},
    ],
    ids=str,
)
def test_wild_settings_are_refused_in_files(meta, tmp_path):
    path = tmp_path / "corpus"
    X.save(path)
    arrays, _ = load_arrays(path)
    save_arrays(path, arrays, META)
    assert list(TokenizedDocuments.load(path)) == list(X)
    save_arrays(path, arrays, meta)
    with pytest.raises(ValueError, match="damaged"):
        TokenizedDocuments.load(path)


@pytest.mark.parametrize("name", ["ids", "offsets", "table", "table_offsets"])
def test_a_file_without_an_array_is_refused(name, tmp_path):
    path = tmp_path / "corpus"
    X.save(path)
    arrays, meta = load_arrays(path)
    del arrays[name]
    save_arrays(path, arrays, meta)
    with pytest.raises(ValueError, match=f"damaged: '{name}' is missing"):
        TokenizedDocuments.load(path)


def test_what_is_no_table_is_refused():
    with pytest.raises(TypeError, match="must be a TokenTable, not list"):
        TokenizedDocuments(X.ids, X.starts, X.offsets, ["a", "b"])


def test_nothing_of_this_crashes_the_interpreter():
    """Use whatever is accepted, where a crash ends another process than this one."""
    code = """
import numpy as np
from sklearn_embed import OneHotTokens, Word2VecVectorizer
from test_hostile_documents import TEXTS, WILD, WILD_STARTS, build

model = Word2VecVectorizer(3, min_count=1, epochs=1, random_state=0).fit(TEXTS)
wild = [*WILD, *(("starts", array, message) for array, message in WILD_STARTS)]
for name, array, _ in wild:
    for kind in (np.asarray, lambda a: a.astype(np.int64, casting="unsafe")):
        try:
            with np.errstate(all="ignore"):
                documents = build(name, kind(array))
        except ValueError:
            continue
        model.transform(documents)
        OneHotTokens().fit_transform(documents)
        list(documents)
print("alive")
"""
    here = str(Path(__file__).parent)
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"PYTHONPATH": os.pathsep.join([here, PATHS])},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["alive"]


def test_vectors_of_another_width_for_unknown_words_are_refused():
    from sklearn_embed import MeanPoolEmbedder

    embedder = MeanPoolEmbedder({"cat": [1.0] * 64}, oov="mean").fit(TEXTS)
    embedder._unknown = (1.0, np.ones(1, np.float32))
    with pytest.raises(ValueError, match="do not fit"):
        embedder.transform(["the cat"])
