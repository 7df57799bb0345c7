"""Files of static models that are damaged, hostile, or of something else."""

# SPDX-License-Identifier: BSD-3-Clause

import base64
import json
import tracemalloc

import numpy as np
import pytest
import static_models as static

from sklearn_embed import MeanPoolEmbedder
from sklearn_embed._text.pieces import PieceTokenizer
from sklearn_embed.io import VectorFileError, WordVectors, _static, read_vectors


def matrix():
    return static.matrix_of(static.word_piece())


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"embeddings": matrix()[1:]}, "21 pieces, but there are 20 rows"),
        ({"embeddings": matrix()[0]}, "which matrix holds the vectors.*none"),
        ({"x": matrix()}, r"which matrix.*'x' \(21, 6\).*tensor=NAME"),
        ({"embeddings": np.full((21, 6), np.nan, "<f4")}, "is not finite"),
        ({"embeddings": np.full((21, 6), 1e300)}, "is not finite"),
        ({"embeddings": matrix(), "weights": np.ones(20)}, "'weights' must hold one"),
        ({"embeddings": matrix(), "weights": np.full(21, 1e300)}, "is not finite"),
        ({"embeddings": matrix(), "mapping": np.ones(21)}, "'mapping' must hold one"),
        ({"embeddings": matrix(), "mapping": np.arange(21) - 1}, "'mapping' names"),
        ({"embeddings": matrix(), "mapping": np.arange(21) + 1}, "'mapping' names"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(tmp_path, arrays, message):
    static.write(tmp_path, static.word_piece(), arrays)
    with pytest.raises(VectorFileError, match=message):
        read_vectors(tmp_path)


def changed(change):
    """Return a tokenizer's document with something else in it."""
    document = json.loads(static.word_piece().to_str())
    change(document)
    return json.dumps(document)


GROWING = {"type": "Replace", "pattern": {"String": "a"}, "content": "a" * 9}
CHARSMAP = base64.b64encode(bytes(4) + b"x" * 1000 + b"\0").decode()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no tokenizer.json"),
        ("[" * 10**5, "no tokenizer.json"),
        ("{}", "no tokenizer.json.*KeyError"),
        ('{"model": {"type": "BPE"}}', "none that can be used"),
        (changed(lambda d: d["model"].pop("vocab")), "none that can be used"),
        (changed(lambda d: d["model"]["vocab"].update(the=99)), "without a gap"),
        (changed(lambda d: d["model"]["vocab"].update(the=2**40)), "can be used"),
        (
            changed(
                lambda d: d.update(
                    normalizer={"type": "Sequence", "normalizers": [GROWING] * 3}
                )
            ),
            "many times longer",
        ),
        (
            changed(
                lambda d: d.update(normalizer={"type": "Prepend", "prepend": "x" * 99})
            ),
            "many times longer",
        ),
        (
            changed(
                lambda d: d.update(
                    normalizer={"type": "Precompiled", "precompiled_charsmap": CHARSMAP}
                )
            ),
            "many times longer",
        ),
    ],
)
def test_tokenizers_that_are_none_are_refused(tmp_path, text, message):
    static.write(tmp_path, static.word_piece())
    (tmp_path / "tokenizer.json").write_text(text)
    with pytest.raises(VectorFileError, match=message):
        read_vectors(tmp_path)


@pytest.mark.parametrize(
    "text",
    [
        *("", "[]", "[" * 10**5, '{"max_length": 0}', '{"max_length": 1.5}'),
        *('{"max_length": 1e400}', '{"normalize": "yes"}', '{"max_length": true}'),
    ],
)
def test_configs_that_are_none_are_refused(tmp_path, text):
    static.write(tmp_path, static.word_piece())
    (tmp_path / "config.json").write_text(text)
    with pytest.raises(VectorFileError, match="no config of a static model"):
        read_vectors(tmp_path)


@pytest.mark.parametrize("name", ["tokenizer.json", "config.json"])
def test_what_is_too_long_is_not_read_to_its_end(tmp_path, name, monkeypatch):
    monkeypatch.setattr(_static, "LARGEST_TOKENIZER", 1 << 10)
    monkeypatch.setattr(_static, "LARGEST_CONFIG", 1 << 10)
    folder = static.write(tmp_path, static.word_piece())
    (folder / name).write_text("{" + " " * 3000 + "}")
    with pytest.raises(VectorFileError, match="longer than 1024 bytes"):
        read_vectors(folder)


def test_a_small_file_does_not_become_a_large_matrix(tmp_path):
    tokenizer = static.byte_fallback()
    size = tokenizer.get_vocab_size()
    wide = np.zeros((1, 1 << 20), "<f2")
    static.write(
        tmp_path, tokenizer, {"embeddings": wide, "mapping": np.zeros(size, "<i8")}
    )
    assert 4 * size * wide.shape[1] > 1 << 30
    tracemalloc.start()
    with pytest.raises(VectorFileError, match="would become"):
        read_vectors(tmp_path)
    assert tracemalloc.get_traced_memory()[1] < 100 << 20
    tracemalloc.stop()


def test_what_a_tokenizer_cannot_cut_is_an_error_that_names_it(tmp_path):
    document = json.loads(static.word_piece().to_str())
    document["model"]["unk_token"] = "absent"
    static.write(tmp_path, static.word_piece())
    (tmp_path / "tokenizer.json").write_text(json.dumps(document))
    model = MeanPoolEmbedder(tmp_path).fit(["the cat"])
    with pytest.raises(ValueError, match="cannot cut 'xyzzy'"):
        model.transform(["xyzzy"])
    with pytest.raises(ValueError, match="cannot cut 'xyzzy'"):
        model.set_params(n_jobs=2).transform(["the cat"] * 600 + ["xyzzy"])


def test_pieces_are_never_left_out_at_random(tmp_path):
    tokenizer = static.byte_fallback()
    tokenizer.model.dropout = 0.9
    folder = static.write(tmp_path, tokenizer)
    assert '"dropout": 0.9' in (folder / "tokenizer.json").read_text()
    vectors = read_vectors(folder)
    assert {tuple(vectors.tokenizer("the cat the cat")) for _ in range(20)} == {
        ("▁the", "▁cat", "▁the", "▁cat")
    }


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"limit": 3}, "limit= is for files of words"),
        ({"words": ["a"]}, "words= is for files"),
        ({"tensor": "embeddings"}, "tensor= is for files"),
        ({"tokenizer": "tokenizer.json"}, "tokenizer= is for files"),
        ({"format": "native"}, "format= is for files"),
    ],
)
def test_a_folder_is_read_as_a_whole(tmp_path, params, message):
    static.write(tmp_path, static.word_piece())
    with pytest.raises(ValueError, match=message):
        read_vectors(tmp_path, **params)


def test_a_file_is_read_with_words_or_with_a_tokenizer(tmp_path):
    folder = static.write(tmp_path, static.word_piece())
    file, tokenizer = folder / "model.safetensors", folder / "tokenizer.json"
    plain = read_vectors(file, words=tokenizer)
    assert plain.tokenizer is None and plain.words[5] == "cat"
    assert read_vectors(file, tokenizer=tokenizer).tokenizer("cats") == ["cat", "##s"]
    with pytest.raises(ValueError, match="words= and tokenizer= exclude"):
        read_vectors(file, words=tokenizer, tokenizer=tokenizer)
    (folder / "text").write_text("cat 1 2\n")
    with pytest.raises(ValueError, match="tokenizer= are for safetensors"):
        read_vectors(folder / "text", tokenizer=tokenizer)
    with pytest.raises(VectorFileError, match=r"tokenizer='tokenizer.json'"):
        read_vectors(file)


def test_a_tokenizer_of_wrong_parts_is_refused():
    with pytest.raises(ValueError, match="max_length=0"):
        PieceTokenizer(np.zeros(3, np.uint8), 0)
    with pytest.raises(ValueError, match="a file of bytes"):
        PieceTokenizer(np.zeros((3, 3), np.uint8))
    with pytest.raises(TypeError, match="no PieceTokenizer"):
        WordVectors(["a"], [[1.0]], tokenizer=str.split)
