"""Static models: model2vec's rows, their files, and what else is made of them."""

# SPDX-License-Identifier: BSD-3-Clause

import pickle
import sys

import numpy as np
import pytest
import reference_static
import static_models as static
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline, make_union

from sklearn_embed import (
    MeanPoolEmbedder,
    OneHotTokens,
    TokenizedDocuments,
)
from sklearn_embed._text import pieces
from sklearn_embed.io import (
    WordVectors,
    read_vectors,
    write_vectors,
)

TEXTS = static.TEXTS
UNKNOWN = {"WordPiece": 1, "BPE": 0, "Unigram": 0}

# Of model2vec 0.10.0, for the models of `test_rows_are_those_of_model2vec`.
MODEL2VEC = {
    "WordPiece": [
        *([-0.2423066, -0.2741983], [-0.359555, -0.1375352], [0.0854116, 0.0588082]),
        *([0.0, 0.0], [0.3620488, 0.6007427], [-0.5149668, -0.3594799]),
        [-0.3895465, 0.0258287],
    ],
    "BPE": [
        *([0.8011301, -0.1699688], [0.2807761, -0.7688376], [-0.1768363, 0.9690984]),
        *([0.0, 0.0], [0.5585073, -0.4666638], [0.3036824, 0.2657071]),
        [0.3075688, -0.1487965],
    ],
    "Unigram": [
        *([0.139356, 0.9902422], [0.9933761, 0.1149084], [0.8181514, -0.575003]),
        *([0.0, 0.0], [0.9868491, 0.1616442], [-0.928066, 0.372416]),
        [0.8739065, 0.486094],
    ],
}


def twin(name, vectors, texts=TEXTS, **settings):
    """Return the rows of the slow twin; what is unknown does not count."""
    tokenizer = static.TOKENIZERS[name]()
    tokenizer.no_padding()
    tokenizer.no_truncation()
    settings = {"unknown": UNKNOWN[name], **settings}
    return reference_static.encode(texts, tokenizer, vectors, **settings)


every_tokenizer = pytest.mark.parametrize("name", static.TOKENIZERS)


@every_tokenizer
def test_rows_are_those_of_model2vec(tmp_path, name):
    tokenizer = static.TOKENIZERS[name]()
    size, matrix = tokenizer.get_vocab_size(), static.matrix_of(tokenizer, 2)
    arrays = {"embeddings": matrix}
    if name != "BPE":
        mapping, weights = np.arange(size) % 7, np.linspace(0.5, 1, size)
        arrays = {"embeddings": matrix[:7], "mapping": mapping, "weights": weights}
        matrix = matrix[:7][mapping] * weights[:, None]
    normalize = name == "Unigram"
    static.write(tmp_path, tokenizer, arrays, normalize=normalize, max_length=4)
    rows = MeanPoolEmbedder(tmp_path).fit(TEXTS).transform(TEXTS)
    assert rows.dtype == np.float32
    assert_allclose(rows, MODEL2VEC[name], atol=1e-6)
    settings = {"max_length": 4, "normalize": normalize}
    assert_allclose(rows, twin(name, matrix, **settings), atol=1e-6)


@pytest.mark.parametrize("kind", ["<f4", "<f8", "<f2", "i1", "BF16"])
@every_tokenizer
def test_every_type_of_number_is_read(tmp_path, name, kind):
    tokenizer = static.TOKENIZERS[name]()
    matrix = static.matrix_of(tokenizer)
    if kind == "BF16":
        matrix = (matrix.view("<u4") >> 16 << 16).view("<f4")
        static.write(tmp_path, tokenizer, {"embeddings__BF16": matrix})
    else:
        matrix = (50 * matrix).astype(kind)
        static.write(tmp_path, tokenizer, {"embeddings": matrix})
    rows = MeanPoolEmbedder(tmp_path).fit_transform(TEXTS)
    assert_allclose(rows, twin(name, matrix), rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("max_length", [1, 3, 20, None, 512])
@every_tokenizer
def test_long_texts_are_cut_as_model2vec_does(tmp_path, name, max_length):
    tokenizer = static.TOKENIZERS[name]()
    config = {} if max_length == 512 else {"max_length": max_length}
    static.write(tmp_path, tokenizer, **config)
    texts = [" ".join(TEXTS), "the cat sat on " * 300, "x" * 3000]
    rows = MeanPoolEmbedder(tmp_path).fit_transform(texts)
    matrix = static.matrix_of(tokenizer)
    expected = twin(name, matrix, texts, max_length=max_length)
    assert_allclose(rows, expected, rtol=1e-6, atol=1e-6)


def test_the_config_says_whether_rows_are_normalized_unless_one_says_so(tmp_path):
    static.write(tmp_path, static.word_piece(), normalize=True)
    matrix = static.matrix_of(static.word_piece())
    unit, plain = (twin("WordPiece", matrix, normalize=n) for n in (True, False))
    for normalize, expected in ((None, unit), (True, unit), (False, plain)):
        model = MeanPoolEmbedder(tmp_path, normalize=normalize).fit(TEXTS)
        assert_allclose(model.transform(TEXTS), expected, atol=1e-6)
    centred = MeanPoolEmbedder(tmp_path, center=True).fit(TEXTS)
    assert_allclose(centred.mean_, unit[[0, 1, 2, 4, 5, 6]].mean(axis=0), atol=1e-6)


@pytest.mark.parametrize("inner", ["", "0_StaticEmbedding"])
def test_folders_of_sentence_transformers_are_read(tmp_path, inner):
    tokenizer = static.word_piece()
    arrays = {"embedding.weight": static.matrix_of(tokenizer)}
    static.write(tmp_path / inner, tokenizer, arrays)
    (tmp_path / inner / "config.json").unlink()
    (tmp_path / "config_sentence_transformers.json").write_text("{}")
    rows = MeanPoolEmbedder(tmp_path).fit_transform(TEXTS)
    assert_allclose(rows, twin("WordPiece", static.matrix_of(tokenizer)), atol=1e-6)


def wordllama(folder, *names):
    """Write the folder of the package wordllama; return its matrix."""
    (folder / "weights").mkdir()
    (folder / "tokenizers").mkdir()
    tokenizer = static.unigram()
    matrix = static.matrix_of(tokenizer).astype("<f2")
    for name in names:
        data = static.safetensors(**{"embedding.weight": matrix})
        (folder / "weights" / f"{name}.safetensors").write_bytes(data)
    tokenizer.save(str(folder / "tokenizers" / "l2_x_tokenizer_config.json"))
    return matrix


def test_wordllama_is_read_and_counts_what_is_unknown(tmp_path):
    matrix = wordllama(tmp_path, "l2_x_6", "l2_x_6_binary")
    expected = twin("Unigram", matrix, max_length=None, unknown=None)
    rows = MeanPoolEmbedder(tmp_path).fit_transform(TEXTS)
    assert_allclose(rows, expected, atol=1e-6)
    assert not np.allclose(rows, twin("Unigram", matrix), atol=1e-3)
    files = tmp_path / "weights/l2_x_6.safetensors", tmp_path / "tokenizers"
    tokenizer = files[1] / "l2_x_tokenizer_config.json"
    vectors = read_vectors(files[0], tokenizer=tokenizer)
    assert_array_equal(MeanPoolEmbedder(vectors).fit_transform(TEXTS), rows)


def test_of_several_models_of_wordllama_one_is_to_be_named(tmp_path):
    wordllama(tmp_path, "l2_x_6", "l2_x_9")
    with pytest.raises(ValueError, match=r"2 models.*tokenizer=tokenizer"):
        read_vectors(tmp_path)


SOURCE = static.source()


def lengths(words):
    """Return weights of words."""
    return [*map(len, words)]


@pytest.mark.parametrize(
    "params",
    [
        {"weights": "idf"},
        {"weights": "sif", "n_components_removed": 1},
        {"weights": "usif"},
        {"weights": "mutual_info"},
        {"weights": lengths},
        {"pooling": "power", "powers": [1, 3, np.inf]},
        {"pooling": "concat"},
        {"pooling": "max", "normalize_words": True},
        {"center": True, "scale": 0.3, "normalize": True},
        {"stop_words": ["the", "##s"]},
        {"unlabeled": ["a dog sat", ["on", "the", "mat"]]},
        {"n_jobs": 2},
    ],
    ids=str,
)
def test_what_is_said_of_words_holds_for_pieces(params):
    labels = [0, 1, 0, 1, 0, 1, 0]
    model = MeanPoolEmbedder(SOURCE, **params).fit(TEXTS, labels)
    # The same vectors as of words, and texts that come as lists of them.
    plain = WordVectors(SOURCE.words, SOURCE.vectors)
    lists = [SOURCE.tokenizer(text) for text in TEXTS]
    if "unlabeled" in params:
        params = {"unlabeled": [["a", "dog", "sat"], ["on", "the", "mat"]]}
    expected = MeanPoolEmbedder(plain, **params).fit(lists, labels)
    assert_array_equal(model.transform(TEXTS), expected.transform(lists))
    assert model._text_options.analyzer == SOURCE.tokenizer


def test_rows_depend_neither_on_threads_nor_on_neighbours():
    texts = [" ".join(TEXTS[i % 7] for i in range(n, n + 3)) for n in range(700)]
    model = MeanPoolEmbedder(SOURCE).fit(texts)
    rows = model.transform(texts)
    assert_array_equal(model.set_params(n_jobs=3).transform(texts), rows)
    assert_array_equal(model.fit(texts).transform(texts[300:310]), rows[300:310])
    assert_array_equal(model.transform(iter(texts)), rows)


def test_tokens_from_elsewhere_are_cut_into_pieces():
    texts = ["Cats unheard of", "the mat", "", "xyzzy"]
    lists = [text.split() for text in texts]
    rows = MeanPoolEmbedder(SOURCE).fit(texts).transform(texts)
    assert rows[0].any() and rows[1].any() and not rows[2:].any()
    documents = TokenizedDocuments.from_documents(texts, n_jobs=1)
    in_pieces = TokenizedDocuments.from_documents(texts, analyzer=SOURCE.tokenizer)
    assert in_pieces[0] == ["cat", "##s", "un", "##heard", "of"]
    for X in (lists, documents, in_pieces, [texts[0], *lists[1:]]):
        model = MeanPoolEmbedder(SOURCE, weights="idf").fit(X)
        assert_array_equal(MeanPoolEmbedder(SOURCE).fit(X).transform(X), rows)
        expected = MeanPoolEmbedder(SOURCE, weights="idf").fit(texts)
        assert_array_equal(model.weights_, expected.weights_)
        assert model._text_options.analyzer == SOURCE.tokenizer
        assert_array_equal(model.transform(texts), expected.transform(texts))


@pytest.mark.parametrize("max_length", [2, 3, None])
def test_documents_of_tokens_have_no_more_pieces_than_texts(max_length):
    tokenizer = pieces.PieceTokenizer(SOURCE.tokenizer.document, max_length)
    vectors = WordVectors(SOURCE.words, SOURCE.vectors, tokenizer=tokenizer)
    lists = [["cats", "sat"], ["the", "cat", "sat", "on"], [], ["mat"]]
    rows = MeanPoolEmbedder(vectors).fit_transform(lists)
    cut = [
        [piece for word in words for piece in SOURCE.tokenizer(word)] for words in lists
    ]
    expected = [
        SOURCE.vectors[SOURCE.rows(words[:max_length])].mean(axis=0)
        if words
        else np.zeros(6)
        for words in cut
    ]
    assert_allclose(rows, expected, atol=1e-6)


def test_documents_of_pieces_are_kept_in_files(tmp_path):
    documents = TokenizedDocuments.from_documents(TEXTS, analyzer=SOURCE.tokenizer)
    documents.save(tmp_path / "documents")
    loaded = TokenizedDocuments.load(tmp_path / "documents")
    assert loaded.options == documents.options
    assert list(loaded) == list(documents)
    model = MeanPoolEmbedder(SOURCE).fit(TEXTS)
    for X in (loaded, pickle.loads(pickle.dumps(documents))[2:], documents[::-1]):
        expected = MeanPoolEmbedder(WordVectors(SOURCE.words, SOURCE.vectors))
        assert_array_equal(model.transform(X), expected.fit(list(X)).transform(list(X)))


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"lowercase": False}, "tokenizer of its own.*lowercase"),
        ({"tokenizer": "char"}, "tokenizer of its own"),
        ({"analyzer": "char", "ngram_range": (2, 3)}, "tokenizer of its own"),
        ({"oov": "zero"}, "oov='zero'.*pieces.*oov='skip'"),
        ({"oov": "subword"}, "oov='subword'"),
        ({"oov": "error"}, "oov='error'"),
        ({"stop_words": "english"}, "no piece of this static model"),
        ({"stop_words": ["the", "mats"]}, "'mats', which is no piece"),
    ],
)
def test_what_is_said_of_words_alone_is_refused(params, message):
    with pytest.raises(ValueError, match=message):
        MeanPoolEmbedder(SOURCE, **params).fit(TEXTS)


def test_a_model_is_cloned_searched_pickled_and_saved(tmp_path):
    folder = static.write(tmp_path / "model", static.word_piece(), normalize=True)
    vectors = read_vectors(folder)
    for embedding in (vectors, str(folder)):
        model = MeanPoolEmbedder(embedding, weights="idf", center=True)
        assert clone(model).embedding is model.embedding
        rows = model.fit(TEXTS).transform(TEXTS)
        for again in (pickle.loads(pickle.dumps(model)), saved(model, tmp_path)):
            assert_array_equal(again.transform(TEXTS), rows)
            assert again._source.normalize
    mapped = MeanPoolEmbedder.load(tmp_path / "saved", mmap=True)
    assert_array_equal(mapped.transform(TEXTS), rows)
    pipeline = make_pipeline(
        make_union(MeanPoolEmbedder(vectors), OneHotTokens("binary")),
        LogisticRegression(),
    )
    grid = {"featureunion__meanpoolembedder__weights": [None, "idf"]}
    search = GridSearchCV(pipeline, grid, cv=2).fit(TEXTS * 2, [0, 1] * 7)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()


def saved(model, folder):
    model.save(folder / "saved")
    return type(model).load(folder / "saved")


@pytest.mark.parametrize("name", ["native", "native.gz"])
def test_a_model_is_written_into_one_file(tmp_path, name):
    folder = static.write(
        tmp_path / "m", static.unigram(), normalize=True, max_length=3
    )
    vectors = read_vectors(folder)
    write_vectors(vectors, tmp_path / name)
    loaded = read_vectors(tmp_path / name)
    assert (loaded.tokenizer, loaded.normalize) == (vectors.tokenizer, True)
    rows = MeanPoolEmbedder(folder).fit_transform(TEXTS)
    assert_array_equal(MeanPoolEmbedder(tmp_path / name).fit_transform(TEXTS), rows)
    if name == "native":
        mapped = read_vectors(tmp_path / name, mmap=True)
        assert_array_equal(MeanPoolEmbedder(mapped).fit_transform(TEXTS), rows)
    mapped = read_vectors(folder, mmap=True)
    assert_array_equal(MeanPoolEmbedder(mapped).fit_transform(TEXTS), rows)
    assert "15 pieces" in repr(loaded) and "max_length=3" in repr(loaded.tokenizer)


def test_odd_texts_are_cut():
    texts = ["the \ud800 cat", "\0", "the\u2028cat", "[UNK] [CLS]", "𠀀"]
    rows = MeanPoolEmbedder(SOURCE).fit(TEXTS).transform(texts)
    assert_allclose(rows[0], rows[2], atol=1e-6)
    assert_array_equal(rows[3], SOURCE["[CLS]"])
    assert not rows[[1, 4]].any()


def test_without_the_package_an_error_says_what_to_install(tmp_path, monkeypatch):
    folder = static.write(tmp_path, static.word_piece())
    monkeypatch.setitem(sys.modules, "tokenizers", None)
    pieces._build.cache_clear()
    with pytest.raises(ImportError, match=r"sklearn-embed\[tokenizers\]"):
        read_vectors(folder)
    with pytest.raises(ImportError, match=r"sklearn-embed\[tokenizers\]"):
        MeanPoolEmbedder(SOURCE).fit(TEXTS)
