"""Read every file of word vectors in some folders and compare with gensim, bit by bit.

Run ``python benchmarks/io_equality.py FOLDER...``; without folders, the test data of
gensim's own wheel is read.  For fastText models a thousand made-up words are compared,
too.
"""

# SPDX-License-Identifier: BSD-3-Clause

import argparse
import contextlib
import functools
import logging
import os

import gensim.test
import numpy as np
from gensim.models import KeyedVectors
from gensim.models.fasttext import load_facebook_vectors

from sklearn_embed.io import VectorFileError, read_vectors

# Files that need to be told something, as they do for gensim.
OPTIONS = {
    "cp852_fasttext.bin": {"encoding": "cp852"},
    "non_ascii_fasttext.bin": {"errors": "backslashreplace"},
    "pang_lee_polarity_fasttext.bin": {"errors": "backslashreplace"},
    "pang_lee_polarity_fasttext.vec": {"encoding": "latin-1"},
    "pretrained.vec": {"limit": 1},
    "w2v_keyedvectors_load_test.modeldata": {"errors": "replace"},
}
# Embeddings of graphs, topics and documents, corpora, and data of other tests.
SKIPPED = (".cor", ".mm", ".tsv", ".cor.bz2", ".xml.bz2", ".npy", ".index", ".pkl")


def words_made_up(n, seed=0):
    rng = np.random.default_rng(seed)
    alphabet = list("abcdefghijklmnopqrstuvwxyzàéßñабвгджыюяあ語漢😀")
    return ["".join(rng.choice(alphabet, rng.integers(1, 12))) for _ in range(n)]


def by_gensim(path, vectors):
    """Read with whatever loader of gensim fits; return KeyedVectors."""
    options = dict(OPTIONS.get(os.path.basename(path), {}))
    code = options.get("encoding", "utf-8")
    options["unicode_errors"] = options.pop("errors", "strict")
    load = functools.partial(KeyedVectors.load_word2vec_format, path, **options)
    loaders = [
        lambda: load_facebook_vectors(path, encoding=code),
        load,
        functools.partial(load, binary=True),
        functools.partial(load, no_header=True),
    ]
    for load in loaders:
        with contextlib.suppress(Exception):
            keyed = load()
            if len(keyed) and len(keyed) == len(vectors):
                return keyed
    return None


def compare(path):
    """Return what the table says about a file, None if it is no word vectors."""
    options = OPTIONS.get(os.path.basename(path), {})
    try:
        read_vectors(path)
        plain = ""
    except VectorFileError as error:
        plain = f"refused: {error.problem}"
        if "pickle" in error.problem:
            return compare_pickle(path, error)
        if not options:
            return plain
        plain += f"; with {options}: "
    vectors = read_vectors(path, **options)
    keyed = by_gensim(path, vectors)
    if keyed is None:
        return f"{plain}{vectors}, gensim cannot read it"
    return plain + equality(vectors, keyed)


def compare_pickle(path, error):
    """Read gensim's own files, as a caller who trusts them would."""
    try:
        keyed = KeyedVectors.load(path)
        keyed = getattr(keyed, "wv", keyed)
        if not isinstance(keyed, KeyedVectors):
            return None
        own = read_vectors(path, format="gensim")
    except Exception as failure:
        names = ("w2v", "word2vec", "keyed", "ft_", "fasttext", "hash")
        if not any(part in os.path.basename(path) for part in names):
            return None
        return f"refused: {error.problem}; gensim fails, too: {str(failure)[:60]!r}"
    return "refused unless format='gensim'; then " + equality(own, keyed)


def equality(vectors, keyed):
    """Say how far two readings agree."""
    # gensim gives the end mark of fastText's models n-grams, which fastText does not.
    others = [word != "</s>" or vectors.subwords is None for word in vectors.words]
    same_words = vectors.words == list(keyed.index_to_key)
    same = same_words and vectors.vectors[others].tobytes() == (
        np.ascontiguousarray(keyed.vectors[others], np.float32).tobytes()
    )
    text = f"{vectors}: " + ("equal" if same else "DIFFERENT")
    if vectors.subwords is not None:
        unknown = [word for word in words_made_up(1000) if word not in vectors]
        ours = vectors.subword_vectors(unknown)
        theirs = np.stack([keyed.get_vector(word) for word in unknown])
        agree = "equal" if ours.tobytes() == theirs.tobytes() else "DIFFERENT"
        text += f"; {len(unknown)} unknown words: {agree}"
    return text


def files_of(folders):
    for top in folders:
        for folder, _, names in os.walk(top):
            for name in sorted(names):
                if not name.endswith(SKIPPED):
                    yield os.path.join(folder, name)


def main(folders):
    logging.disable(logging.CRITICAL)
    if not folders:
        folders = [os.path.join(os.path.dirname(gensim.test.__file__), "test_data")]
    for path in files_of(folders):
        verdict = compare(path)
        if verdict is not None:
            print(f"{os.path.basename(path):60s} {verdict}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folders", nargs="*")
    main(parser.parse_args().folders)
