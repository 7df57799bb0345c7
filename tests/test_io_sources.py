"""Options for files that are given as parameters; counts and words beside a file."""

# SPDX-License-Identifier: BSD-3-Clause

import gzip
import io
import json
import pickle

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.base import clone

from sklearn_embed import MeanPoolEmbedder, Pretrained, Word2VecVectorizer
from sklearn_embed.evaluation import most_similar
from sklearn_embed.io import (
    VectorFile,
    VectorFileError,
    as_word_vectors,
    native,
    read_vectors,
    write_vectors,
)

SHORT = "cat 1 2\ndog 3\nfox 4 5\ndog 6 7\n"
TEXTS = ["cat fox", "the dog"]


@pytest.fixture
def short(tmp_path):
    path = tmp_path / "short.txt"
    path.write_text(SHORT)
    return path


def test_the_advice_for_a_damaged_row_can_be_followed(short):
    with pytest.raises(VectorFileError, match=r"bad_rows='warn'.*limit=1.*VectorFile"):
        MeanPoolEmbedder(short).fit(TEXTS)
    with pytest.warns(UserWarning, match=r"1 rows were left out.*row 1") as caught:
        fitted = MeanPoolEmbedder(VectorFile(short, bad_rows="warn")).fit(TEXTS)
    assert caught[0].filename.endswith("test_io_sources.py")
    assert_array_equal(fitted.transform(TEXTS), [[2.5, 3.5], [6, 7]])
    fitted = MeanPoolEmbedder(VectorFile(short, limit=1)).fit(TEXTS)
    assert_array_equal(fitted.transform(TEXTS), [[1, 2], [0, 0]])


@pytest.mark.parametrize(
    "row", ["dog 3", "dog 3 x", "dog 3 nan", "dog 3 1e99", "d\0g 1 2"]
)
@pytest.mark.parametrize("header", ["", "3 2\n"])
def test_damaged_rows_are_left_out_with_a_warning(row, header):
    data = f"{header}cat 1 2\n{row}\nfox 4 5\n".encode()
    with pytest.warns(UserWarning, match="1 rows were left out, the first because: "):
        found = read_vectors(io.BytesIO(data), bad_rows="warn")
    assert found.words == ["cat", "fox"] and found["fox"].tolist() == [4, 5]
    with pytest.raises(ValueError, match="bad_rows must be"):
        read_vectors(io.BytesIO(data), bad_rows="skip")


def test_a_file_and_its_options_are_a_parameter_like_any_other(short, tmp_path):
    source = VectorFile(short, limit=1)
    embedder = MeanPoolEmbedder(source)
    assert clone(embedder).embedding == source
    assert pickle.loads(pickle.dumps(embedder)).embedding == source
    assert eval(repr(source)) == source and hash(source) == hash(VectorFile(short))
    assert source != VectorFile(short) and source != short
    embedder.fit(TEXTS).save(tmp_path / "model")
    loaded = MeanPoolEmbedder.load(tmp_path / "model")
    assert loaded.embedding == source
    assert_array_equal(loaded.transform(TEXTS), embedder.transform(TEXTS))
    assert_array_equal(clone(loaded).fit(TEXTS).vectors_, embedder.vectors_)
    # By its name, and not by what is in it.
    MeanPoolEmbedder(VectorFile("absent")).save(tmp_path / "model")
    assert MeanPoolEmbedder.load(tmp_path / "model").embedding.path == "absent"


def test_a_file_and_its_options_are_taken_wherever_vectors_are(short):
    source = VectorFile(short, limit=1)
    assert as_word_vectors(source).words == ["cat"]
    assert as_word_vectors(source, {"dog"}).words == []
    chosen = VectorFile(short, limit=1, vocabulary=["cat", "fox"])
    assert as_word_vectors(chosen, {"cat"}).words == ["cat"]
    assert as_word_vectors(chosen).words == ["cat"]
    assert most_similar(source, "cat") == []
    model = Word2VecVectorizer(
        2,
        min_count=1,
        epochs=1,
        sample=0,
        pretrained=Pretrained(source, trainable=False),
    )
    assert model.fit(["cat dog"] * 5).to_word_vectors()["cat"].tolist() == [1, 2]


def test_options_that_the_reader_has_not_are_refused_at_once(short):
    with pytest.raises(TypeError, match=r"'skip' is no parameter.*bad_rows"):
        VectorFile(short, skip=True)
    with pytest.raises(TypeError, match="can be read once"):
        VectorFile(io.BytesIO(b"cat 1 2\n"))


def test_a_saved_estimator_cannot_name_a_pickle(short, tmp_path):
    MeanPoolEmbedder(VectorFile(short, format="gensim")).save(tmp_path / "model")
    with pytest.raises(VectorFileError, match="must not name pickles"):
        MeanPoolEmbedder.load(tmp_path / "model")


@pytest.mark.parametrize(
    "text",
    ["cat 5\nfox 3\nunheard 2\n", "\ufeffcat\t5\r\nfox\t3\r\n\r\n", "fox 3\ncat 5"],
)
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_counts_come_from_a_file_beside_the_vectors(short, tmp_path, text, pack):
    path = tmp_path / "vocab.txt"
    path.write_bytes(pack(text.encode()))
    source = VectorFile(
        short, counts=str(path), vocabulary=["cat", "fox"], bad_rows="warn"
    )
    with pytest.warns(UserWarning, match="left out"):
        assert source.read().counts.tolist() == [5, 3]


def test_gensims_own_file_of_counts_is_read(tmp_path):
    from gensim.models import Word2Vec

    model = Word2Vec([["the", "cat", "the"]], vector_size=3, min_count=1)
    model.wv.save_word2vec_format(
        str(tmp_path / "vectors"), fvocab=str(tmp_path / "vocabulary")
    )
    found = read_vectors(tmp_path / "vectors", counts=tmp_path / "vocabulary")
    assert dict(zip(found.words, found.counts.tolist(), strict=True)) == {
        "the": 2,
        "cat": 1,
    }


def test_sif_weights_follow_from_such_counts(tmp_path):
    write_vectors({"cat": [1.0, 0.0], "dog": [0.0, 1.0]}, tmp_path / "vectors", "glove")
    counts = {"cat": 10**6, "dog": 1}
    source = VectorFile(tmp_path / "vectors", counts=counts)
    (row,) = MeanPoolEmbedder(source, weights="sif").fit_transform(["cat dog"])
    assert row[1] > 100 * row[0]


@pytest.mark.parametrize(
    "counts, message",
    [
        ({"cat": -1}, "the count of 'cat' must be an integer from 0 on, not -1"),
        ({"cat": 1.5}, "must be an integer"),
        ({"cat": 2**62}, "must be an integer"),
        ({"owl": 1}, "none of its words is among those of the vectors, such as 'cat'"),
    ],
)
def test_counts_that_cannot_be_are_refused(counts, message):
    with pytest.raises(ValueError, match=message):
        read_vectors(io.BytesIO(b"cat 1 2\n"), counts=counts)


@pytest.mark.parametrize("line", ["cat", "cat 1.5", "cat -1", "5 cat", "cat 1 2 x"])
def test_a_file_that_holds_no_counts_is_refused(tmp_path, line):
    (tmp_path / "vocab").write_text(f"the 7\n{line}\n")
    with pytest.raises(
        VectorFileError, match=r"vocab: the line .* and its count.*row 1"
    ):
        read_vectors(io.BytesIO(b"cat 1 2\n"), counts=tmp_path / "vocab")
    (tmp_path / "vocab").write_bytes(b"caf\xe9 1\n")
    with pytest.raises(VectorFileError, match="not UTF-8"):
        read_vectors(io.BytesIO(b"cat 1 2\n"), counts=tmp_path / "vocab")


MATRIX = np.arange(6, dtype=np.float32).reshape(3, 2)


@pytest.fixture
def foreign(tmp_path):
    path = tmp_path / "model.safetensors"
    native.save_arrays(path, {"embeddings": MATRIX, "scales": np.ones(3)})
    return path


def test_a_matrix_of_another_program_is_read_with_its_words(foreign, tmp_path):
    words = ["a", "b", "c"]
    assert_array_equal(read_vectors(foreign, words=words).vectors, MATRIX)
    (tmp_path / "words.txt").write_text("a\nb\nc\n")
    (tmp_path / "tokenizer.json").write_text(
        json.dumps(
            {
                "added_tokens": [{"id": 2, "content": "c"}],
                "model": {"vocab": {"b": 1, "a": 0}},
            }
        )
    )
    (tmp_path / "unigram.json").write_text(
        json.dumps({"model": {"vocab": [["a", 0.5], ["b", 0.25], ["c", 0]]}})
    )
    for name in ("words.txt", "tokenizer.json", "unigram.json"):
        found = read_vectors(foreign, words=tmp_path / name, tensor="embeddings")
        assert found.words == words
        assert_array_equal(found.vectors, MATRIX)
    found = read_vectors(foreign, words=words, limit=2, mmap=True)
    assert_array_equal(found.vectors, MATRIX[:2])


def test_bfloat16_is_read(tmp_path):
    header = {"m": {"dtype": "BF16", "shape": [2, 2], "data_offsets": [0, 8]}}
    numbers = np.array([[1.5, -2], [0.25, 1e20]], np.float32)
    halves = (numbers.view(np.uint32) >> 16).astype("<u2")
    text = json.dumps(header).encode()
    path = tmp_path / "file"
    path.write_bytes(len(text).to_bytes(8, "little") + text + halves.tobytes())
    for mmap in (False, True):
        found = read_vectors(path, words=["a", "b"], mmap=mmap).vectors
        assert_array_equal(found, (halves.astype(np.uint32) << 16).view(np.float32))


@pytest.mark.parametrize(
    "options, message",
    [
        (
            {"words": ["a", "b"]},
            r"2 words were given, but 'embeddings' has shape \(3, 2\)",
        ),
        ({"words": ["a", "b", "a"]}, "'a' is in rows 0 and 2"),
        ({"words": [1, 2, 3]}, "words must be strings"),
        ({"words": ["a", "b", "c"], "tensor": "x"}, r"'embeddings' \(3, 2\).*tensor="),
        ({"words": ["a", "b", "c"], "tensor": "scales"}, "which matrix"),
        ({"tensor": "embeddings"}, "without the words.*words="),
    ],
)
def test_what_does_not_fit_is_refused(foreign, options, message):
    with pytest.raises(VectorFileError, match=message):
        read_vectors(foreign, **options)


@pytest.mark.parametrize(
    "text", ["{", '{"model": {}}', '{"model": {"vocab": {"a": 7}}}']
)
def test_a_tokenizer_without_words_is_refused(foreign, tmp_path, text):
    (tmp_path / "tokenizer.json").write_text(text)
    with pytest.raises(VectorFileError, match=r"no tokenizer\.json with a vocabulary"):
        read_vectors(foreign, words=tmp_path / "tokenizer.json")


def test_words_are_for_matrices_alone(short):
    with pytest.raises(ValueError, match="for safetensors files"):
        read_vectors(short, words=["a"])
