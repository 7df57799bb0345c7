# SPDX-License-Identifier: BSD-3-Clause
"""
Tokens: Chinese, Russian, phrases
=================================

A tokenizer is any function from a string to a list of strings.  Some that are often
wanted: characters for Chinese, words of Chinese by ``jieba``, dictionary forms of
Russian by ``razdel`` and ``pymorphy3``, and phrases by gensim.  What is not installed
is left out.
"""

import importlib.util

from gensim.models import Phrases

from sklearn_embed import OneHotTokens, TokenizedDocuments, Word2VecVectorizer
from sklearn_embed.datasets import load_docstrings

# %%
# Chinese, character by character
# -------------------------------
# The default pattern takes a whole clause for a word, since nothing separates words.
# Single characters are the simplest remedy, and often a sound one.

POEMS = [  # Li Bai, Wang Zhihuan, Meng Haoran, Wang Wei, Liu Zongyuan
    "床前明月光，疑是地上霜。举头望明月，低头思故乡。",
    "白日依山尽，黄河入海流。欲穷千里目，更上一层楼。",
    "春眠不觉晓，处处闻啼鸟。夜来风雨声，花落知多少。",
    "空山不见人，但闻人语响。返景入深林，复照青苔上。",
    "千山鸟飞绝，万径人踪灭。孤舟蓑笠翁，独钓寒江雪。",
]
X = TokenizedDocuments.from_documents(POEMS, tokenizer="char")
print("Characters of the first poem:", X[0][:5])
print("Rows of indicators:", OneHotTokens("binary").fit_transform(X).shape)

# %%
# Chinese, word by word
# ---------------------


def installed(*names):
    """Whether all of these packages are there; says so if not."""
    missing = [name for name in names if importlib.util.find_spec(name) is None]
    if missing:
        print("Left out, not installed:", ", ".join(missing))
    return not missing


if installed("jieba"):
    import jieba

    words = TokenizedDocuments.from_documents(POEMS, tokenizer=jieba.lcut)
    print("Words of the first poem:", words[0])

# %%
# Russian, in dictionary forms
# ----------------------------
# Four forms of one word, each seen once, are three too many for a small corpus.

RUSSIAN = [  # Tolstoy, Pushkin
    "Все счастливые семьи похожи друг на друга, каждая несчастливая семья несчастлива "
    "по-своему.",
    "Я помню чудное мгновенье: передо мной явилась ты, как мимолётное виденье, "
    "как гений чистой красоты.",
]

if installed("razdel", "pymorphy3"):
    import pymorphy3
    import razdel

    analyzer = pymorphy3.MorphAnalyzer()

    def dictionary_forms(text):
        """Cut a Russian text into words, each in its dictionary form."""
        words = (token.text for token in razdel.tokenize(text))
        return [analyzer.parse(word)[0].normal_form for word in words if word.isalpha()]

    forms = TokenizedDocuments.from_documents(RUSSIAN, tokenizer=dictionary_forms)
    print("Dictionary forms:", forms[0])

# %%
# Phrases
# -------
# gensim joins words that stand together more often than chance has it.  It reads a
# `TokenizedDocuments` as it is, and what it gives back are documents again.

texts = load_docstrings(subset="train").data[:4000]
plain = TokenizedDocuments.from_documents(texts)
phrases = Phrases(plain, min_count=20, threshold=50).freeze()
joined = TokenizedDocuments.from_documents(phrases[plain])
model = Word2VecVectorizer(50, epochs=3, random_state=0).fit(joined)
print("Phrases:", ", ".join([word for word in model.words_ if "_" in word][:8]))


# %%
# Texts that come later take the same way: a tokenizer that ends in the phrases.


def words_and_phrases(text):
    """Cut a text into words, and join those that make a phrase."""
    return phrases[TokenizedDocuments.from_documents([text])[0]]


print(words_and_phrases("The word count is no floating point number."))

# %%
# Phrases have vectors as words have:

from sklearn_embed.plotting import WordMapDisplay

found = [word for word in model.words_ if "_" in word]
_ = WordMapDisplay.from_estimator(model, found[:60], projection="pca", title="")
