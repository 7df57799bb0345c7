"""fastText's files: whole models, quantised ones, and some words of a big one."""

# SPDX-License-Identifier: BSD-3-Clause

import gc
import gzip
import io
import tracemalloc

import numpy as np
import pytest
import vector_files
from gensim.models import FastText
from gensim.models.fasttext import load_facebook_model, load_facebook_vectors
from numpy.testing import assert_array_equal
from vector_files import COUNTS, PLAIN, VECTORS, WORDS

from sklearn_embed._files import stream
from sklearn_embed.io import (
    Subwords,
    VectorFileError,
    WordVectors,
    fasttext,
    read_vectors,
    write_vectors,
)


@pytest.fixture(scope="module")
def trained():
    texts = [["кошка", "сидит", "</s>"], ["kitten", "sat"], ["the", "cat"]] * 3
    return FastText(texts, vector_size=5, min_count=1, bucket=40, min_n=2, max_n=4)


def test_gensims_fasttext_file_is_read_to_the_bit(trained, path):
    from gensim.models.fasttext import save_facebook_model

    save_facebook_model(trained, str(path))
    read, theirs = read_vectors(path), load_facebook_vectors(str(path))
    assert read.words == theirs.index_to_key
    others = [row for row, word in enumerate(read.words) if word != "</s>"]
    assert_array_equal(read.vectors[others], theirs.vectors[others])
    for word in ["котёнок", "kit", "z", "日本語"]:
        assert_array_equal(read[word], theirs.get_vector(word))
    model = fasttext.read_model(path)
    assert_array_equal(model.output, trained.syn1neg)
    fasttext.write_model(model, path.with_name("again"))
    assert path.with_name("again").read_bytes() == path.read_bytes()


@pytest.mark.parametrize("vocabulary", [None, ["</s>", "cat"]])
def test_the_end_mark_has_its_own_row_alone(path, trained, vocabulary):
    from gensim.models.fasttext import save_facebook_model

    # As in fastText, whose Dictionary::initNgrams leaves it out.
    save_facebook_model(trained, str(path))
    found = read_vectors(path, vocabulary=vocabulary)
    model = fasttext.read_model(path)
    assert_array_equal(found["</s>"], model.own[model.words.index("</s>")])
    row = found.words.index("cat")
    assert (found.vectors[row] != model.own[model.words.index("cat")]).any()


def test_gensim_opens_what_is_written_with_equal_vectors(path):
    vectors = vector_files.subword_vectors()
    write_vectors(vectors, path, "fasttext", ws=3)
    model = load_facebook_model(str(path))
    assert model.window == 3 and model.wv.index_to_key == WORDS
    assert_array_equal(model.wv.vectors, vectors.vectors)
    assert_array_equal(model.wv.expandos["count"], COUNTS)
    for word in ["unheard", "кот"]:
        assert_array_equal(model.wv.get_vector(word), vectors[word])


def test_the_oldest_files_are_read_as_gensim_reads_them(tmp_path, path):
    path.write_bytes(vector_files.samples(tmp_path)["fasttext_oldest"])
    read, theirs = read_vectors(path), load_facebook_vectors(str(path))
    assert read.words == theirs.index_to_key
    assert_array_equal(read.vectors, theirs.vectors)


def test_a_supervised_model_comes_back_whole(path):
    model = vector_files.supervised_model()
    fasttext.write_model(model, path)
    read = fasttext.read_model(path)
    assert read.arguments == model.arguments
    assert read.words == WORDS and read.labels == ["__label__a", "__label__b"]
    for name in ("counts", "label_counts", "own", "buckets", "output"):
        assert_array_equal(getattr(read, name), getattr(model, name))
    assert read_vectors(path).words == WORDS


def test_version_11_supervised_models_have_no_ngrams(path):
    fasttext.write_model(vector_files.supervised_model(), path)
    data = bytearray(path.read_bytes())
    data[4] = 11
    read = read_vectors(io.BytesIO(bytes(data)))
    assert read.subwords is None
    assert_array_equal(read.vectors, VECTORS)


def test_a_quantised_model_is_restored():
    data, matrix = vector_files.quantised_model()
    model = fasttext.read_model(io.BytesIO(data))
    assert_array_equal(np.vstack([model.own, model.buckets]), matrix)
    assert np.flatnonzero(model.rows >= 0).tolist() == [7, 11]
    read = read_vectors(io.BytesIO(data))
    assert read.subwords.missing == "skip" and read.words == WORDS[:3]
    with pytest.raises(VectorFileError, match="pruned"):
        write_vectors(read, "never", "fasttext")
    with pytest.raises(VectorFileError, match="pruned"):
        fasttext.write_model(model, "never")


ASKED = ["кошка", "3", "cat", "котёнок", "catty", "x"]


@pytest.mark.parametrize(
    "name",
    ["fasttext", "fasttext_oldest", "fasttext_quantised", "fasttext_supervised"],
)
@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
@pytest.mark.parametrize("near", [1, 30, 1 << 14])
def test_words_asked_for_come_with_their_ngrams(
    name, pack, near, tmp_path, path, monkeypatch
):
    data = vector_files.samples(tmp_path)[name]
    path.write_bytes(pack(data))
    whole = read_vectors(io.BytesIO(data))
    # However far the rows lie apart, and however many come at once.
    monkeypatch.setattr(stream, "_NEAR", near)
    monkeypatch.setattr(stream, "PIECE", 64)
    for source in (path, io.BytesIO(path.read_bytes())):
        some = read_vectors(source, vocabulary=ASKED)
        assert some.words == [word for word in whole.words if word in ASKED]
        assert_array_equal(some.vectors, [whole[word] for word in some.words])
        for word in ASKED:
            assert_array_equal(some[word], whole[word])
        assert some.subwords.missing == whole.subwords.missing
        assert len(some.subwords.vectors) <= len(whole.subwords.vectors)
    assert len(read_vectors(path, vocabulary=[])) == 0
    first = read_vectors(path, limit=2)
    assert_array_equal(first.vectors, whole.vectors[:2])
    assert_array_equal(first["котёнок"], whole["котёнок"])


def test_a_big_model_takes_no_more_memory_than_the_words_asked_for(path):
    n_buckets, size = 40_000, 200
    buckets = np.zeros((n_buckets, size), np.float32)
    parts = Subwords(buckets, 3, 6, n_buckets, own=np.zeros((3, size), np.float32))
    words = ["cat", "dog", "кошка"]
    write_vectors(
        WordVectors(words, parts.own, [3, 2, 1], parts), path, format="fasttext"
    )
    data = path.read_bytes()
    path.with_name("gz").write_bytes(gzip.compress(data))
    for file in (path, path.with_name("gz")):
        gc.collect()
        tracemalloc.start()
        read = read_vectors(file, vocabulary={"cat", "kitten"})
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 0.15 * len(data)
    assert len(read.subwords.vectors) == 6 + 18
    with pytest.raises(VectorFileError, match=r"the input matrix should take"):
        path.write_bytes(data[: len(data) // 2])
        read_vectors(path, vocabulary={"cat"})


def test_a_model_without_ngrams_is_written_and_read(path):
    write_vectors(PLAIN, path, "fasttext")
    read = read_vectors(path)
    assert read.subwords is None
    assert_array_equal(read.vectors, VECTORS)
    assert_array_equal(load_facebook_vectors(str(path)).vectors, VECTORS)


def test_what_fasttexts_format_needs_is_asked_for(path):
    with pytest.raises(VectorFileError, match="counts are unknown"):
        write_vectors(WordVectors(WORDS, VECTORS), path, "fasttext")
    vectors = vector_files.subword_vectors()
    parts = vectors.subwords._replace(own=None)
    vectors = WordVectors(WORDS, vectors.vectors, COUNTS, parts)
    with pytest.raises(VectorFileError, match="own vectors"):
        write_vectors(vectors, path, "fasttext")
    zero = WordVectors(["a\0b"], [[1.0]], [1])
    with pytest.raises(VectorFileError, match="zero byte"):
        write_vectors(zero, path, "fasttext")
    assert not path.exists()


@pytest.mark.parametrize("part", ["own", "buckets", "output"])
def test_parts_that_do_not_fit_are_not_written(path, part):
    model = vector_files.supervised_model()
    model = model._replace(**{part: getattr(model, part)[:, :3]})
    with pytest.raises(VectorFileError, match="cannot be written"):
        fasttext.write_model(model, path)
