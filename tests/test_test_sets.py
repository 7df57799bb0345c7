"""Test sets are read as they are distributed, and nothing is left out in silence."""

# SPDX-License-Identifier: BSD-3-Clause

import bz2
import gzip
import lzma
import pickle
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from gensim.test.utils import datapath
from numpy.testing import assert_allclose

from sklearn_embed import FastTextVectorizer, evaluation
from sklearn_embed.io import WordVectors

PETS = {"cat": [1.0, 0.0], "dog": [0.9, 0.1], "car": [0.0, 1.0]}
PAIRS = [("cat", "dog", 9.0), ("cat", "car", 1.0), ("dog", "car", 2.5)]
TABS = "cat\tdog\t9\ncat\tcar\t1\ndog\tcar\t2.5\n"
FAMILY = {
    "man": [0.0, 0.0, 1.0],
    "king": [1.0, 0.0, 1.0],
    "woman": [0.0, 1.0, 1.0],
    "queen": [1.0, 1.0, 1.0],
    "new york": [1.0, 0.2, 0.0],
}
RIGHT = "man king woman queen"


def file_of(folder, content, name="set.tsv"):
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def pearson(pairs, **options):
    table = evaluation.evaluate_word_pairs(PETS, pairs, **options)
    assert table["n_pairs"].tolist() == table["n_known"].tolist() == [3]
    return table["pearson"].iloc[0]


@pytest.fixture(scope="module")
def expected():
    return pearson(PAIRS)


# ------------------------------------------------------------ pairs: files

SPELLINGS = {
    "comma and blank": "cat, dog, 9\ncat, car, 1\ndog, car, 2.5\n",
    "padded tabs": " cat \t dog \t 9 \ncat\tcar \t1\n dog\t car\t2.5",
    "quoted": '"cat","dog","9"\n"cat", "car", 1\n"dog","car",2.5\n',
    "semicolons, decimal commas": "cat;dog;9,0\ncat;car;1,0\ndog;car;2,5\n",
    "colons": "#Wort1:Wort2:Wert\ncat:dog:9\ncat:car:1\ndog:car:2,5\n",
    "bars": "cat|dog|9\ncat|car|1\ndog|car|2.5\n",
    "blanks": "cat dog  9\ncat car 1\ndog   car 2.5\n",
    "byte order mark": b"\xef\xbb\xbf" + TABS.encode(),
    "carriage returns": TABS.replace("\n", "\r\n"),
    "only carriage returns": TABS.replace("\n", "\r"),
    "empty lines": "\n\n" + TABS.replace("\n", "\n\n"),
    "comments": "# cat dog 9\n#\n// (c)\n" + TABS,
    "heading": "Word 1\tWord 2\tHuman (mean)\n" + TABS,
    "SimLex-999": "word1\tword2\tPOS\tSimLex999\tconc(w1)\n"
    "cat\tdog\tN\t9\t4.1\ncat\tcar\tA\t1\t4.9\ndog\tcar\tV\t2.5\t3.3\n",
    "SimVerb-3500": "cat\tdog\tV\t9\tSYNONYMS\ncat\tcar\tV\t1\tNONE\n"
    "dog\tcar\tV\t2.5\tNONE\n",
    "RareWords": "cat\tdog\t9\t9\t10\t8\ncat\tcar\t1\t0\t2\t1\n"
    "dog\tcar\t2.5\t2\t3\t2.5\n",
    "WordSim-353": "Word 1,Word 2,Human (Mean),1,2\ncat,dog,9,9,9\ncat,car,1,2,0\n"
    "dog,car,2.5,2,3\n",
    "saved with its index": ",a,b,score\n0,cat,dog,9\n1,cat,car,1\n2,dog,car,2.5\n",
}


@pytest.mark.parametrize("content", SPELLINGS.values(), ids=SPELLINGS)
def test_pairs_are_read_however_they_are_written(tmp_path, content, expected):
    assert pearson(file_of(tmp_path, content)) == expected


@pytest.mark.parametrize("module", [gzip, bz2, lzma], ids=lambda m: m.__name__)
def test_compressed_pairs_are_read(tmp_path, module, expected):
    data = module.compress(SPELLINGS["byte order mark"])
    path = file_of(tmp_path, data, "pets.tsv.gz")
    assert pearson(path) == expected
    assert evaluation.evaluate_word_pairs(PETS, path).index.tolist() == ["pets"]


def test_the_one_file_of_a_zip_is_read(tmp_path, expected):
    with zipfile.ZipFile(tmp_path / "pets.zip", "w") as archive:
        archive.writestr("pets/pets.txt", TABS)
    assert pearson(tmp_path / "pets.zip") == expected


@pytest.mark.parametrize("name", ["wordsim353.tsv", "simlex999.txt"])
def test_the_sets_that_gensim_carries_are_read_as_gensim_reads_them(name):
    lines = Path(datapath(name)).read_text("utf-8").splitlines()
    fields = [line.split("\t") for line in lines if not line.startswith("#")]
    words = sorted({word for pair in fields for word in pair[:2]})
    rows = np.random.default_rng(0).normal(size=(len(words), 5))
    vectors = WordVectors(words, rows)
    keyed = vectors.to_keyed_vectors()
    result = keyed.evaluate_word_pairs(datapath(name), case_insensitive=False)
    table = evaluation.evaluate_word_pairs(
        vectors, datapath(name), case_insensitive=False
    )
    assert_allclose(table[["pearson", "pearson_pvalue"]].iloc[0], result[0])
    assert_allclose(table[["spearman", "spearman_pvalue"]].iloc[0], result[1])
    assert table["n_skipped"].tolist() == [0]


def test_what_cannot_be_read_is_counted_and_told(tmp_path):
    path = file_of(
        tmp_path, TABS + "cat\tdog\ncat\tcar\tnan\ncat\tcar\tx\n\tcar\t3\ncat\tdog\t\n"
    )
    told = r"5 of 8 rows of 'set' are left out.*line 4 \('cat\\tdog'\): too few.*nan"
    with pytest.warns(UserWarning, match=told):
        table = evaluation.evaluate_word_pairs(PETS, path)
    assert table["n_skipped"].tolist() == [5] and table["n_pairs"].tolist() == [3]
    assert table["spearman"].iloc[0] == 1


def test_words_may_begin_with_a_number_sign(tmp_path):
    vectors = {**PETS, "#cat": [0.8, 0.2], "#": [0.5, 0.5]}
    path = file_of(tmp_path, "# cat dog 9\n" + TABS + "#cat\tdog\t8\n#\tcar\t3\n")
    table = evaluation.evaluate_word_pairs(vectors, path)
    assert table[["n_pairs", "n_known", "n_skipped"]].iloc[0].tolist() == [5, 5, 0]


@pytest.mark.parametrize(
    "content, message",
    [
        ("", "no lines of two words and a number in 'set': it is empty"),
        ("hello world\n", "no lines of two words.*begins with 'hello world'"),
        ("naïve\tcat\t3\n".encode("latin-1"), "line 1 of .*set.tsv is not UTF-8"),
        (TABS.encode("utf-16"), "zero bytes: it is no UTF-8 text"),
        (gzip.compress(TABS.encode())[:-9], "damaged"),
    ],
    ids=["empty", "words", "latin-1", "utf-16", "cut short"],
)
def test_files_without_pairs_say_what_they_are(tmp_path, content, message):
    with pytest.raises(ValueError, match=message):
        evaluation.evaluate_word_pairs(PETS, file_of(tmp_path, content))


def test_a_folder_is_no_test_set(tmp_path):
    with pytest.raises(ValueError, match=r"is a folder: name the file"):
        evaluation.evaluate_word_pairs(PETS, tmp_path)


def test_a_file_too_large_to_be_a_test_set_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("sklearn_embed.evaluation._lines.LARGEST", 10)
    with pytest.raises(ValueError, match="more than 10 bytes"):
        evaluation.evaluate_word_pairs(PETS, file_of(tmp_path, TABS))


# ------------------------------------------------------------ pairs: tables

COLUMNS = dict(zip("abs", map(list, zip(*PAIRS, strict=True)), strict=True))
TABLES = {
    "pandas": pd.DataFrame(COLUMNS),
    "pandas with more columns": pd.DataFrame(
        {"id": [1, 2, 3], "a": COLUMNS["a"], "b": COLUMNS["b"], "POS": list("NNV")}
        | {"s": COLUMNS["s"], "more": [5, 6, 5]}
    ),
    "polars, as many rows as columns": pl.DataFrame(COLUMNS),
    "polars, lazy": pl.DataFrame(COLUMNS).lazy(),
    "arrow": pa.table(COLUMNS),
    "numpy": pd.DataFrame(COLUMNS).to_numpy(),
    "dicts": pd.DataFrame(COLUMNS).to_dict("records"),
    "lines": TABS.splitlines(),
    "numbers as text": [(a, b, str(s)) for a, b, s in PAIRS],
    "dict of pairs": {(a, b): s for a, b, s in PAIRS},
}


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_pairs_come_in_any_table(table, expected):
    assert pearson(table) == expected


@pytest.mark.parametrize("number", [float("nan"), float("inf"), None, "", "n/a"])
def test_a_judgement_that_is_no_number_is_left_out_and_told(number, expected):
    with pytest.warns(UserWarning, match="1 of 4 rows of 'pairs' are left out"):
        assert pearson([*PAIRS, ("cat", "dog", number)]) == expected


def test_a_word_that_is_missing_is_left_out_and_told(expected):
    frame = pd.DataFrame([*PAIRS, (None, "dog", 3)], columns=list("abs"))
    with pytest.warns(UserWarning, match="a word is missing"):
        assert pearson(frame) == expected


@pytest.mark.parametrize(
    "pairs, error, message",
    [
        ([], ValueError, "it is empty"),
        ({}, ValueError, "empty dict"),
        ([3], ValueError, "it begins with 3"),
        ([None], ValueError, "it begins with None"),
        (3, TypeError, "a path or a sequence of rows; got int"),
    ],
    ids=str,
)
def test_what_is_no_test_set_is_refused(pairs, error, message):
    with pytest.raises(error, match=message):
        evaluation.evaluate_word_pairs(PETS, pairs)


def test_scorers_keep_what_they_read(tmp_path):
    path = file_of(tmp_path, TABS)
    scorer = pickle.loads(pickle.dumps(evaluation.WordPairScorer(path)))
    questions = file_of(tmp_path, RIGHT, "questions")
    analogies = pickle.loads(pickle.dumps(evaluation.AnalogyScorer(questions)))
    path.unlink()
    questions.unlink()
    assert scorer(PETS) == analogies(FAMILY) == 1


# ------------------------------------------------------------ words and numbers


def test_an_exact_spelling_comes_first():
    words = ["maße", "masse", "Turkey", "turkey", "sık", "sik", "Cat"]
    vectors = WordVectors(words, np.random.default_rng(0).normal(size=(7, 4)))
    pairs = [(word, "Cat", k) for k, word in enumerate(words[:6])]
    exact = evaluation.evaluate_word_pairs(vectors, pairs, case_insensitive=False)
    assert exact["n_known"].tolist() == [6]
    either = evaluation.evaluate_word_pairs(vectors, pairs)
    assert either["pearson"].tolist() == exact["pearson"].tolist()


@pytest.mark.parametrize(
    "asked, vocabulary, found",
    [
        ("Cat", ["dog", "cat", "CAT"], "cat"),
        ("cat", ["CAT", "Cat"], "CAT"),
        ("MASSE", ["maße"], "maße"),
        ("maße", ["MASSE"], "MASSE"),
        ("maße", ["masse"], None),
        ("sık", ["sik"], None),
        ("ΟΔΟΣ", ["οδος"], "οδος"),
    ],
)
def test_other_capitals_are_found(asked, vocabulary, found):
    vectors = WordVectors(vocabulary, np.eye(len(vocabulary)))
    row = evaluation._spellings.Spellings(vectors).row(asked)
    assert row == (-1 if found is None else vocabulary.index(found))


def test_equal_judgements_or_cosines_correlate_with_nothing():
    same = [(a, b, 5) for a, b, _ in PAIRS]
    alike = {word: [1.0, 0.0] for word in PETS}
    zeros = {word: [0.0, 0.0] for word in PETS}
    for vectors, pairs in ((PETS, same), (alike, PAIRS), (zeros, PAIRS)):
        table = evaluation.evaluate_word_pairs(vectors, pairs)
        assert table[["spearman", "pearson"]].isna().all(axis=None)
        assert table["n_known"].tolist() == [3]


def test_unknown_words_are_made_of_ngrams_if_asked_for():
    texts = ["the cat sat", "the dog sat", "cats and dogs"] * 20
    model = FastTextVectorizer(4, min_count=1, epochs=1, random_state=0).fit(texts)
    pairs = [("cat", "catty", 8), ("dog", "doggy", 8), ("cat", "sat", 2)]
    n_known = [
        evaluation.evaluate_word_pairs(model, pairs, oov=oov)["n_known"].iloc[0]
        for oov in ("skip", "subword")
    ]
    assert n_known == [1, 3]
    with pytest.raises(ValueError, match="oov must be"):
        evaluation.evaluate_word_pairs(model, pairs, oov="zero")


@pytest.mark.parametrize("number", [0, -1, 2.5, "all"])
def test_the_vocabulary_is_restricted_to_a_number_of_words(number):
    with pytest.raises(ValueError, match="restrict_vocab must be a positive integer"):
        evaluation.evaluate_word_pairs(PETS, PAIRS, restrict_vocab=number)
    with pytest.raises(ValueError, match="restrict_vocab must be a positive integer"):
        evaluation.evaluate_word_analogies(FAMILY, [RIGHT], restrict_vocab=number)


def test_words_behind_the_restriction_are_unknown():
    table = evaluation.evaluate_word_pairs(PETS, PAIRS, restrict_vocab=2)
    assert table["n_known"].tolist() == [1]
    everything = evaluation.evaluate_word_pairs(PETS, PAIRS, restrict_vocab=None)
    assert everything["n_known"].tolist() == [3]


# ------------------------------------------------------------ analogies

QUESTIONS = {
    "without a section": RIGHT,
    "commas": "man,king,woman,queen\n",
    "quoted": '"man", "king", "woman", "queen"\n',
    "byte order mark": b"\xef\xbb\xbf: family\n" + RIGHT.encode(),
    "gzip": gzip.compress(b"\xef\xbb\xbf: family\n" + RIGHT.encode()),
    "comments": f"// (c)\n# family\n: family\n{RIGHT}\n",
}
GIVEN = {
    "lines": [RIGHT],
    "lines with commas": ["man,king,woman,queen"],
    "pandas": pd.DataFrame([RIGHT.split()]),
    "polars": pl.DataFrame([RIGHT.split()], orient="row"),
    "dict": {"family": [RIGHT.split()]},
}


@pytest.mark.parametrize("content", QUESTIONS.values(), ids=QUESTIONS)
def test_analogies_are_read_however_they_are_written(tmp_path, content):
    table = evaluation.evaluate_word_analogies(FAMILY, file_of(tmp_path, content))
    assert table.loc["total"].tolist() == [1, 1, 1, 1] and len(table) == 2


@pytest.mark.parametrize("given", GIVEN.values(), ids=GIVEN)
def test_analogies_come_in_any_table(given):
    table = evaluation.evaluate_word_analogies(FAMILY, given)
    assert table.loc["total"].tolist() == [1, 1, 1, 1] and len(table) == 2


def test_a_word_with_a_blank_is_a_word(tmp_path):
    listed = [("man", "king", "woman", "new york"), RIGHT.split()]
    table = evaluation.evaluate_word_analogies(FAMILY, listed)
    assert table.loc["total", ["n_correct", "n_known"]].tolist() == [1, 2]
    path = file_of(tmp_path, "man\tking\twoman\tnew york\n")
    table = evaluation.evaluate_word_analogies(FAMILY, path)
    assert table.loc["total", ["n_correct", "n_known"]].tolist() == [0, 1]


@pytest.mark.parametrize("words", ["man king woman", RIGHT + " cat"])
def test_lines_that_are_not_four_words_are_told_or_refused(words):
    with pytest.warns(UserWarning, match="1 of 2 rows of 'analogies' are left out"):
        table = evaluation.evaluate_word_analogies(FAMILY, [words.split(), RIGHT])
    assert table.loc["total"].tolist() == [1, 1, 1, 1]
    with pytest.raises(ValueError, match=r"no lines of four words.*begins with"):
        evaluation.evaluate_word_analogies(FAMILY, [words.split()])


@pytest.mark.parametrize("nothing", [[], {}, {"family": []}], ids=str)
def test_no_analogies_are_refused(nothing):
    with pytest.raises(ValueError, match=r"no lines of four words.*it is empty"):
        evaluation.evaluate_word_analogies(FAMILY, nothing)


def test_analogies_are_answered_as_gensim_answers_them(tmp_path):
    rng = np.random.default_rng(0)
    words = [f"Word{i}" if i % 3 else f"word{i}" for i in range(60)]
    vectors = WordVectors(words, rng.normal(size=(60, 3)))
    lines = [" ".join(rng.choice(words, 4, replace=False)).lower() for _ in range(400)]
    # Most random questions have wrong answers: put the right ones in.
    for i in range(0, 400, 2):
        a, b, c, _ = lines[i].split()
        spelled = {word.lower(): word for word in words}
        [(best, _)] = evaluation.analogy(vectors, *(spelled[w] for w in (a, b, c)))
        lines[i] = f"{a} {b} {c} {best.lower()}"
    path = file_of(tmp_path, "\n".join([": a", *lines[:200], ": b", *lines[200:]]))
    for fold in (True, False):
        keyed = vectors.to_keyed_vectors()
        accuracy, sections = keyed.evaluate_word_analogies(
            str(path), case_insensitive=fold
        )
        table = evaluation.evaluate_word_analogies(vectors, path, case_insensitive=fold)
        assert table.loc["total", "accuracy"] == accuracy
        assert table["n_correct"].tolist() == [len(s["correct"]) for s in sections]
    assert table["n_questions"].tolist() == [200, 200, 400]


def test_a_word_of_the_question_is_no_answer_in_any_capitals():
    vectors = {**FAMILY, "KING": [1.0, 0.9, 1.0]}
    table = evaluation.evaluate_word_analogies(vectors, [RIGHT])
    assert table.loc["total", "n_correct"] == 1
    exact = evaluation.evaluate_word_analogies(
        {**FAMILY, "KING": [1.0, 1.0, 1.0], "queen": [0.9, 1.0, 1.0]},
        [RIGHT],
        case_insensitive=False,
    )
    assert exact.loc["total", "n_correct"] == 0


def test_vectors_of_zeros_answer_nothing():
    vectors = {**FAMILY, "<pad>": [0.0, 0.0, 0.0]}
    questions = [RIGHT, "<pad> <pad> <pad> <pad>", "man king <pad> woman"]
    table = evaluation.evaluate_word_analogies(vectors, questions)
    assert table.loc["total", ["n_correct", "n_known"]].tolist() == [1, 3]
