"""The compiled tokenizer finds what Python's regular expressions find."""

# SPDX-License-Identifier: BSD-3-Clause

import re
import sys
from concurrent.futures import ThreadPoolExecutor
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.feature_extraction.text import CountVectorizer

from sklearn_embed._text import compiled, scanner
from sklearn_embed._text.compiled import PATTERNS, fast_encoder, fast_lookup
from sklearn_embed._text.kernels import token_table
from sklearn_embed._text.kernels.strings import read_strings
from sklearn_embed._text.tokens import DEFAULT_PATTERN, WORDS_AND_MARKS, Encoder
from sklearn_embed._text.unicode_tables import char_table, compress

N_CODE_POINTS = sys.maxunicode + 1
SPECIAL = "\u03a3\u0130"
SENTENCES = {
    "english": "The Cat's 2 café-owners, O'Neill & Søren_9, re-read I/O notes—twice!",
    "russian": "Съешь же ещё этих мягких французских булок, да выпей чаю: №5 (Ёж).",
    "chinese": "我昨天在北京吃了很好吃的饺子，价格是３５元。真的！𠮷野家也不错",
    "greek": "Ο ΣΙΣΥΦΟΣ ΣΉΚΩΝΕ ΤΗΝ ΠΈΤΡΑ ΤΟΥ. ΌΛΟΣ; ΑΣ' ΑΣΑ ΑΣ.Α Σ",
    "turkish": "İSTANBUL'DA Iğdır'lı İĞNE iİıI DİYARBAKIR",
    "others": "ǅungla ẞTRASSE Ⱥ ⱥ K 𐐀𐐨 हिन्दी ไทย １２３ 👩‍👩‍👧 a\u0301E\u0301 ﬁne",
    "odd": "\x00ab\x00 \ud800x \udc00\ud800 ab\udfffcd \x1c\x1d\x85\u2028 ­a­b",
}

# Everything, with what is hard more often than by chance.
characters = st.one_of(
    st.characters(),
    st.characters(categories=["Cs"]),
    st.sampled_from("aB9_' .\u00adΣσİıàЖ中\x00\u2028𐐀Ⱥẞ\ud83d\ude00"),
)
texts = st.text(characters, max_size=80)
documents = st.lists(texts, max_size=8)


#: A character each for the ways in which Python stores strings, to be put in front
#: of others: ASCII, one byte, two bytes, four bytes a character.
FRONTS = ["", "\xd7 ", "\u2014 ", "\U0001f600 "]


def tokens_of(encoder, documents, n_jobs=1):
    """Return the documents as lists of tokens, by way of ids."""
    ids, lengths = encoder.encode(documents, n_jobs)
    assert ids.dtype == np.int32 and lengths.dtype == np.int64
    words = encoder.table().tolist()
    cuts = np.cumsum(lengths)[:-1]
    return [[words[i] for i in some] for some in np.split(ids, cuts)][: len(documents)]


def by_python(documents, lowercase=True, pattern=DEFAULT_PATTERN):
    find = re.compile(pattern).findall
    return [find(text.lower() if lowercase else text) for text in documents]


def blocks_of_characters(template):
    """Return every code point, 256 to a document but for those Python must lower."""
    sizes = [
        [chr(c) for c in range(start, start + 256) if chr(c) not in SPECIAL]
        for start in range(0, N_CODE_POINTS, 256)
    ]
    blocks = [*sizes, *SPECIAL]
    return ["".join(map(template.format, block)) for block in blocks]


@pytest.mark.parametrize("lowercase", [True, False])
@pytest.mark.parametrize("pattern", [DEFAULT_PATTERN, r"\S+", WORDS_AND_MARKS])
def test_every_character_counts_and_lowers_as_in_python(pattern, lowercase):
    first = (pattern, lowercase) == (DEFAULT_PATTERN, True)
    texts = blocks_of_characters(" {0} a{0}b ab{0}" if first else " a{0}b")
    found = tokens_of(fast_encoder(lowercase, pattern), texts)
    for text, ours, theirs in zip(
        texts, found, by_python(texts, lowercase, pattern), strict=True
    ):
        assert ours == theirs, text


def test_every_character_ends_a_document_as_in_count_vectorizer():
    analyze = CountVectorizer().build_analyzer()
    texts = [f"{chr(c)} a{chr(c)}b xy{chr(c)}" for c in range(0, N_CODE_POINTS, 17)]
    found = tokens_of(fast_encoder(True, DEFAULT_PATTERN), texts)
    assert found == [analyze(text) for text in texts]


@pytest.mark.parametrize("code", [ord("m"), ord("Q"), 0x436, 0x416, 0x4E2D, 0x10400])
@pytest.mark.parametrize("change", [1, 8], ids=["class", "lower-case form"])
def test_a_wrong_entry_of_the_table_is_seen(code, change):
    texts = [f"ab{chr(code)}cd {SENTENCES['russian']}"]
    encoder = fast_encoder(True, DEFAULT_PATTERN)
    assert tokens_of(encoder, texts) == by_python(texts)
    right = char_table(r"\w", True)
    codes = np.arange(N_CODE_POINTS)
    entries = right.entries[right.blocks[codes >> 7] + (codes & 127)]
    entries[code] ^= change
    wrong = fast_encoder(True, DEFAULT_PATTERN)
    # The ASCII part goes into comparisons, which hold no lone exception: the
    # builder refuses what they cannot say.
    try:
        wrong.scanner.table = compress(entries)
    except ValueError:
        assert code < 128
    else:
        assert tokens_of(wrong, texts) != by_python(texts)


@pytest.mark.parametrize("pattern", [*PATTERNS, *(f"(?u){p}" for p in PATTERNS)])
@pytest.mark.parametrize("lowercase", [True, False])
def test_sentences_of_many_languages_give_the_tokens_of_python(pattern, lowercase):
    texts = [*SENTENCES.values(), "", " ", "".join(SENTENCES.values())]
    found = tokens_of(fast_encoder(lowercase, pattern), texts)
    assert found == by_python(texts, lowercase, pattern)


@given(documents, st.sampled_from(sorted(PATTERNS)), st.booleans())
@settings(deadline=None, max_examples=200)
def test_any_text_gives_the_tokens_of_python(texts, pattern, lowercase):
    for front in FRONTS:
        some = [front + text for text in texts]
        found = tokens_of(fast_encoder(lowercase, pattern), some)
        assert found == by_python(some, lowercase, pattern)


marks = st.text(
    st.one_of(
        st.characters(categories=["P", "S", "M", "N", "Z", "C", "Lo"]),
        st.sampled_from("a_² ½٣中．🙂🏽\u200d\ufe0f\u0301'\x1c\x85\u3000"),
    ),
    max_size=150,
)


@given(marks, st.booleans())
@settings(deadline=None, max_examples=300)
def test_marks_are_tokens_each_beside_whatever_stands(text, lowercase):
    for front in FRONTS:
        some = [front + text, front + " ".join(text), text + "Σ", text * 3]
        found = tokens_of(fast_encoder(lowercase, WORDS_AND_MARKS), some)
        assert found == by_python(some, lowercase, WORDS_AND_MARKS)


def test_text_of_marks_alone_has_a_place_for_each():
    texts = ["!" * 300_000, "!?" * 70_000, "—" * 300_000, "a!" * 200_000]
    found = tokens_of(fast_encoder(True, WORDS_AND_MARKS), texts)
    assert found == by_python(texts, True, WORDS_AND_MARKS)


@given(documents)
@settings(deadline=None)
def test_ids_and_table_are_those_of_the_python_path(texts):
    fast, slow = fast_encoder(True, DEFAULT_PATTERN), Encoder()
    for some in (texts, texts[::-1]):
        ids, lengths = fast.encode(some)
        slow_ids, slow_lengths = slow.encode(by_python(some))
        np.testing.assert_array_equal(ids, slow_ids)
        np.testing.assert_array_equal(lengths, slow_lengths)
    assert fast.table().tolist() == slow.table().tolist()
    assert len(fast) == len(slow.table())


@given(texts, st.booleans(), st.sampled_from([DEFAULT_PATTERN, *PATTERNS]))
@settings(deadline=None, max_examples=300)
def test_a_long_document_is_cut_without_a_trace(text, lowercase, pattern):
    some = [text, "a b", text + text, ""]
    with patch.object(scanner, "BATCH_CHARS", 7):
        found = tokens_of(fast_encoder(lowercase, pattern), some)
        rows, _ = fast_lookup(["aa", "b"], lowercase, pattern).encode(some)
    expected = by_python(some, lowercase, pattern)
    assert found == expected
    number = {"aa": 0, "b": 1}
    assert rows.tolist() == [number.get(w, -1) for tokens in expected for w in tokens]


@pytest.mark.parametrize("front", FRONTS, ids=["ascii", "latin1", "ucs2", "ucs4"])
@pytest.mark.parametrize("n", [0, 1, 2, 61, 62, 63, 64, 65, 126, 127, 128, 129, 200])
def test_a_string_of_any_width_and_length_is_read_to_its_end(front, n):
    texts = [front + "aB" * (n // 2) + "c" * (n % 2) + tail for tail in ("", "!", " é")]
    encoder = fast_encoder(True, r"\S+")
    assert tokens_of(encoder, texts) == by_python(texts, True, r"\S+")


def test_nothing_beyond_a_string_is_read():
    # Its neighbours in memory would make tokens of it.
    text = "word " * 2000
    pieces = [text[k : k + 1 + k % 7] for k in range(0, len(text) - 9, 3)]
    encoder = fast_encoder(True, r"\S+")
    assert tokens_of(encoder, pieces) == by_python(pieces, True, r"\S+")


def test_zero_characters_are_characters():
    texts = ["a\0b", "\0", "\0\0 ab\0", "\0" * 70 + "é\0"]
    for pattern in (r"\S+", DEFAULT_PATTERN):
        encoder = fast_encoder(True, pattern)
        assert tokens_of(encoder, texts) == by_python(texts, True, pattern)


class Text(str):
    """A string of another type."""

    def __str__(self):
        return "something else"


def test_strings_are_read_only_if_they_are_exactly_that():
    where = np.zeros((9, 3), np.int64)
    for stranger in (Text("ab"), np.str_("ab"), b"ab", 3, None, ["ab"]):
        items = ["abc", "\xe9", stranger, "ab"]
        assert read_strings(id(items), id(str), 0, 99, where) == (2, 4, 7)
        assert read_strings(id(items), id(str), 2, 99, where) == (0, 0, 0)
        with pytest.raises(TypeError, match=type(stranger).__name__):
            fast_encoder(True, DEFAULT_PATTERN).encode(items)


def test_strings_are_described_as_python_stores_them():
    items = ["abc", "", "\xe9", "\u4e2d\ud800", "\U0001f600"]
    where = np.zeros((9, 3), np.int64)
    assert read_strings(id(items), id(str), 0, 99, where) == (5, 7, 19)
    assert where[:5, 1].tolist() == [3, 0, 1, 2, 1]
    assert where[:5, 2].tolist() == [0, 0, 1, 2, 4]
    assert read_strings(id(items), id(str), 3, 99, where)[0] == 2
    assert read_strings(id(items), id(str), 5, 99, where)[0] == 0


def test_a_batch_has_so_many_characters_or_one_document():
    items = ["x" * 5] * 4 + ["y" * 99, ""]
    where = np.zeros((3, 3), np.int64)
    n, n_characters, _ = read_strings(id(items), id(str), 0, 12, where)
    assert (n, n_characters) == (2, 10)
    assert read_strings(id(items), id(str), 0, 99, where)[0] == 3
    assert read_strings(id(items), id(str), 3, 12, where)[0] == 1
    assert read_strings(id(items), id(str), 4, 12, where)[:2] == (1, 99)


def test_letters_that_only_python_lowers_may_stand_anywhere():
    texts = ["plain", "ΑΣ Σ", "İ" * 300, "x" * 300, "ΌΛΟΣ", "plain again"] * 50
    encoder = fast_encoder(True, DEFAULT_PATTERN)
    assert tokens_of(encoder, texts) == by_python(texts)
    assert tokens_of(encoder, texts[::-1], 2) == by_python(texts[::-1])


def test_the_pieces_of_a_long_document_are_short():
    text = "Слово и дело, ΑΣ' ΑΣ. " * 50_000
    pieces = [*fast_encoder(True, r"\w+").scanner.pieces(text)]
    assert "".join(pieces) == text
    assert max(map(len, pieces)) < scanner.BATCH_CHARS + 50


@pytest.mark.parametrize("bits", [0, 3, 0xF0000000])
def test_colliding_hashes_do_not_confuse_tokens(bits, monkeypatch):
    monkeypatch.setattr(scanner.Scanner, "hash_mask", np.uint64(bits))
    words = [f"w{k}" for k in range(600)] + ["long" * 5 + f"{k}" for k in range(600)]
    texts = [" ".join(words), " ".join(words[::-1])]
    assert tokens_of(fast_encoder(True, DEFAULT_PATTERN), texts) == by_python(texts)
    rows, _ = fast_lookup(words[::2], True, DEFAULT_PATTERN).encode(texts[:1])
    assert rows[::2].tolist() == [*range(600)]
    assert set(rows[1::2]) == {-1}


def test_tokens_of_any_length_are_told_apart():
    lengths = [*range(2, 40), 63, 64, 65, 5000, 40_000]
    words = [c * n for n in lengths for c in ("x", "y", "ж", "中")]
    words += [word[:-1] + "z" for word in words]
    texts = [" ".join(words), *words]
    assert tokens_of(fast_encoder(True, DEFAULT_PATTERN), texts) == by_python(texts)


def test_the_table_grows_past_every_limit():
    texts = [f"n{k} слово{k % 5000} n{k}" for k in range(30_000)]
    encoder = fast_encoder(True, DEFAULT_PATTERN)
    for some in (texts[:10], texts[10:1024], texts[1024:]):
        assert tokens_of(encoder, some) == by_python(some)
    assert len(encoder) == 35_000


def test_who_looks_up_while_the_table_grows_stays_within_the_arrays():
    encoder = fast_encoder(True, DEFAULT_PATTERN)
    seen = []
    for k in range(300):
        encoder.encode([" ".join(f"{'long' * (k // 6)}{k}n{n}" for n in range(99))])
        arrays = encoder.hash_table.arrays
        seen += [arrays] if not seen or seen[-1] is not arrays else []
    assert len(seen) > 5
    for slots, offsets, blob in seen:
        ids = (slots[slots > 0] & np.uint64(0xFFFFFFFF)).astype(int) - 1
        assert ids.max() + 1 < len(offsets)
        assert offsets[ids + 1].max() + token_table.SLACK <= len(blob)
        assert sorted(ids) == [*range(len(ids))]


def test_a_few_very_long_tokens_reserve_no_room_for_as_many_as_could_come():
    encoder = fast_encoder(True, DEFAULT_PATTERN)
    for k in range(20):
        encoder.encode(["x" * (100_000 + k)])
    assert len(encoder.hash_table.arrays[2]) < 10_000_000


@pytest.mark.parametrize("n_jobs", [2, 3])
def test_ids_do_not_depend_on_the_number_of_threads(n_jobs, monkeypatch):
    monkeypatch.setattr(scanner, "BATCH_CHARS", 2000)
    texts = [*SENTENCES.values(), *(f"n{k % 977} m{k * k % 5003}" for k in range(5000))]
    one, more = (fast_encoder(True, DEFAULT_PATTERN) for _ in range(2))
    for some in (texts, texts[::3]):
        for a, b in zip(one.encode(some), more.encode(some, n_jobs), strict=True):
            np.testing.assert_array_equal(a, b)
    assert one.table().tolist() == more.table().tolist()


@given(documents, st.lists(texts, unique=True))
@settings(deadline=None)
def test_lookup_gives_rows_of_known_words_and_no_others(texts, words):
    lookup = fast_lookup(words, True, r"\S+")
    number = {word: row for row, word in enumerate(words)}
    rows, lengths = lookup.encode(texts)
    expected = by_python(texts, True, r"\S+")
    assert lengths.tolist() == [*map(len, expected)]
    assert rows.tolist() == [number.get(w, -1) for some in expected for w in some]


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_batches_are_mapped_whole_and_in_order(n_jobs, monkeypatch):
    monkeypatch.setattr(scanner, "BATCH_CHARS", 50)
    texts = [f"aa bb{k}" * (k % 9) for k in range(200)]
    lookup = fast_lookup(["aa"], True, DEFAULT_PATTERN)

    def collect(first, rows, lengths):
        assert lengths.sum() == len(rows)
        return first, len(lengths), rows.copy()

    found = lookup.map(collect, texts, n_jobs)
    starts, sizes, rows = zip(*found, strict=True)
    assert [*starts] == [0, *np.cumsum(sizes)[:-1]] and sum(sizes) == len(texts)
    np.testing.assert_array_equal(np.concatenate(rows), lookup.encode(texts)[0])


def test_a_bounded_number_of_scratch_buffers_is_kept_between_calls(monkeypatch):
    monkeypatch.setattr(scanner.ThreadBuffers, "kept", [])
    long = ["x" * (2 * scanner.BATCH_CHARS), "a b"]
    for n_jobs in (1, 4, 6, 6):
        fast_encoder(True, DEFAULT_PATTERN).encode(["some words " * 50] * 9000, n_jobs)
        fast_lookup(["aa"], True, DEFAULT_PATTERN).encode(long, n_jobs)
        kept = scanner.ThreadBuffers.kept
        assert len(kept) <= scanner.KEPT_THREADS
        assert all(len(buffers) <= scanner.KEPT_BUFFERS for buffers in kept)
        assert all(len(r.out) <= 5 * scanner.BATCH_CHARS for some in kept for r in some)
    assert any(kept)


def test_calls_at_the_same_time_do_not_share_a_buffer():
    texts = [[f"w{k % 7}{n} w{k}" for k in range(3000)] for n in range(4)]
    with ThreadPoolExecutor(4) as pool:
        futures = [
            pool.submit(tokens_of, fast_encoder(True, DEFAULT_PATTERN), some, 2)
            for some in texts * 4
        ]
    assert [f.result() for f in futures] == [by_python(some) for some in texts * 4]


def test_a_word_may_stand_in_a_vocabulary_once():
    with pytest.raises(ValueError, match="must differ"):
        fast_lookup(["a", "b", "a"], True, r"\S+")


@pytest.mark.parametrize("pattern", [r"(?u)\b\w\w\w+\b", r"(\w+)", "", "[a-z]+", None])
def test_other_patterns_have_no_compiled_form(pattern):
    assert fast_encoder(True, pattern) is None
    assert fast_lookup(["a"], True, pattern) is None


def test_a_machine_of_the_other_byte_order_uses_python(monkeypatch):
    monkeypatch.setattr(compiled.sys, "byteorder", "big")
    assert fast_encoder(True, DEFAULT_PATTERN) is None


def test_nothing_gives_nothing():
    ids, lengths = fast_encoder(True, DEFAULT_PATTERN).encode([])
    assert ids.shape == lengths.shape == (0,)
    assert tokens_of(fast_encoder(True, DEFAULT_PATTERN), ["", "!"]) == [[], []]


def test_each_kernel_is_compiled_once():
    texts = [*SENTENCES.values(), *map(str, range(10_000))]
    encoder = fast_encoder(True, DEFAULT_PATTERN)
    encoder.encode(texts, 2)
    fast_lookup(["a"], False, r"\S+").encode(["a"] * 3)
    kernels = [read_strings, token_table.read_tokens, token_table.hash_tokens]
    kernels += [token_table.add_tokens, token_table.move_slots]
    assert {len(kernel.signatures) for kernel in kernels} == {1}
