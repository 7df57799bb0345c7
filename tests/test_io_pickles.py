"""gensim's own files, and other pickles, which are never read unless named."""

# SPDX-License-Identifier: BSD-3-Clause

import contextlib
import io
import pickle

import pytest
from gensim.models import FastText, Word2Vec
from numpy.testing import assert_array_equal

from sklearn_embed.io import (
    VectorFileError,
    read_vectors,
)


@pytest.mark.parametrize("protocol", range(6))
def test_a_pickle_is_refused_and_runs_nothing(path, protocol):
    path.write_bytes(pickle.dumps(Evil(path.parent / "ran"), protocol))
    with pytest.raises(VectorFileError):
        read_vectors(path)
    assert not (path.parent / "ran").exists()


class Evil:
    """Leaves a trace when it is unpickled."""

    def __init__(self, trace):
        self.trace = trace

    def __reduce__(self):
        return open, (str(self.trace), "w")


@pytest.mark.parametrize("model", [Word2Vec, FastText])
def test_gensims_models_are_read_when_named(path, model):
    options = {"bucket": 30} if model is FastText else {}
    trained = model([["the", "cat"]] * 3, vector_size=4, min_count=1, **options)
    trained.save(str(path))
    with pytest.raises(VectorFileError, match=r"pickle.*format='gensim'"):
        read_vectors(path)
    read = read_vectors(path, format="gensim")
    assert_array_equal(read.vectors, trained.wv.vectors)
    assert read.counts.tolist() == [3, 3]
    assert (read.subwords is None) == (model is Word2Vec)


def test_what_gensim_cannot_load_is_refused(path):
    path.write_bytes(pickle.dumps({"no": "vectors"}))
    with pytest.raises(VectorFileError, match="gensim cannot load it"):
        read_vectors(path, format="gensim")
    with pytest.raises(ValueError, match="needs a path"):
        read_vectors(io.BytesIO(), format="gensim")


def test_errors_survive_the_way_between_processes(path):
    path.write_text("")
    with contextlib.suppress(VectorFileError):
        read_vectors(path)
    with pytest.raises(VectorFileError) as caught:
        read_vectors(path)
    again = pickle.loads(pickle.dumps(caught.value))
    assert str(again) == str(caught.value) and again.offset == 0
