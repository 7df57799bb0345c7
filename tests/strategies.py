"""Corpora for hypothesis: short documents over a few words, empty ones included."""

from hypothesis import strategies as st

WORDS = ["cat", "dog", "sat", "the", "мир", "Труд", "ΣΑΣ", "中文", "naïve", "x", "99"]

words = st.sampled_from(WORDS)
token_documents = st.lists(st.lists(words, max_size=12), min_size=1, max_size=12)
texts = st.lists(
    st.lists(st.one_of(words, st.text(max_size=6)), max_size=10).map(" ".join),
    min_size=1,
    max_size=10,
)
