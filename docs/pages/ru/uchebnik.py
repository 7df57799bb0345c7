# SPDX-License-Identifier: BSD-3-Clause
"""
Учебник: от отзывов к классификатору
====================================

Вы знаете pandas и scikit-learn. За четверть часа получится классификатор текстов:
векторы слов выучены на этих же текстах, параметры подобраны, векторы открываются в
gensim.
"""

# %%
# Тексты
# ------
# Настоящих отзывов в пакете нет, поэтому составим их по шаблонам: о чём отзыв (кафе,
# гостиница, телефон, фильм) и доволен ли человек. Половина слов от темы не зависит,
# каждое пятое предложение взято из чужой темы, так что задача не совсем игрушечная.

import random

import pandas as pd

ТЕМЫ = {
    "кафе": "суп остыл пока несли; официант принёс меню; десерт пахнет корицей; "
    "кофе варят крепкий; на кухне гремят тарелки; хлеб пекут сами",
    "гостиница": "номер выходит во двор; бельё меняют через день; ключ забыт у портье; "
    "из окна видно море; соседи шумят за стеной; завтрак подают до десяти",
    "телефон": "батарея садится к обеду; экран видно на солнце; камера снимает ночью; "
    "зарядка лежит в коробке; звук хрипит в динамике; корпус греется в руке",
    "фильм": "актёры играют живо; сюжет обрывается в середине; режиссёр тянет время; "
    "музыка звучит к месту; зал смеялся до слёз; финал виден заранее",
}
ОЦЕНКИ = {
    "доволен": "очень рады; советуем всем; лучше и не надо; вернёмся ещё раз",
    "недоволен": "жаль денег; никому не советуем; больше ни ногой; зря потратили вечер",
}


def отзыв(жребий):
    """Составить один отзыв: текст, тема, оценка."""
    тема = жребий.choice(list(ТЕМЫ))
    оценка = жребий.choice(list(ОЦЕНКИ))
    части = []
    for _ in range(3):
        чья = тема if жребий.random() < 0.8 else жребий.choice(list(ТЕМЫ))
        части.append(жребий.choice(ТЕМЫ[чья].split("; ")))
    части.append(жребий.choice(ОЦЕНКИ[оценка].split("; ")))
    жребий.shuffle(части)
    слова = " ".join(части).split()
    слова = [слово for слово in слова if жребий.random() < 0.7]  # пишут с пропусками
    return " ".join(слова), тема, оценка


жребий = random.Random(0)
таблица = pd.DataFrame([отзыв(жребий) for _ in range(3000)])
таблица.columns = ["текст", "тема", "оценка"]
таблица.head()

# %%
# Разрезать на слова один раз
# ---------------------------
# При подборе параметров модели обучаются десятки раз. Разрежем тексты заранее:
# получится массив документов, который при перекрёстной проверке делится без
# копирования.

from sklearn.model_selection import train_test_split

from sklearn_embed import TokenizedDocuments

X = TokenizedDocuments.from_documents(таблица["текст"])
y = таблица["тема"].to_numpy()
X, X_test, y, y_test = train_test_split(X, y, test_size=0.3, random_state=0)
print(X)
print(X[0])

# %%
# Строки чисел из слов
# --------------------
# У каждого слова свой вектор, у текста среднее его слов: сто чисел при любой длине.

from sklearn_embed import Word2VecVectorizer

векторы = Word2VecVectorizer(random_state=0).set_output(transform="pandas")
векторы.fit_transform(X).iloc[:4, :5]

# %%
# Учится ли модель, видно по потерям от эпохи к эпохе: на обучающих текстах и на тех,
# что отложены для `early_stopping`.

from sklearn_embed.plotting import LossCurveDisplay, SearchDisplay, WordMapDisplay

проверка = Word2VecVectorizer(early_stopping=True, n_iter_no_change=10, random_state=0)
_ = LossCurveDisplay.from_estimator(проверка.fit(X))

# %%
# Соседи
# ------
# Слова, которые встречаются в одном окружении, смотрят в одну сторону. Меток модель не
# видела.

pd.DataFrame(
    {
        слово: [
            f"{сосед} {косинус:.2f}"
            for сосед, косинус in векторы.most_similar(слово)[:5]
        ]
        for слово in ("суп", "экран", "актёры", "море")
    }
)

# %%
# Слова по умолчанию приводятся к нижнему регистру, и спрашивать надо так же. Сообщение
# об ошибке подскажет:

try:
    векторы.most_similar("Суп")
except KeyError as ошибка:
    print(ошибка)

# %%
# Карта слов
# ----------

группы = {
    тема: [слово for слово in фразы.replace(";", "").split() if len(слово) > 3][:12]
    for тема, фразы in ТЕМЫ.items()
}
_ = WordMapDisplay.from_estimator(векторы, группы, title="")

# %%
# Конвейер и подбор
# -----------------

from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

конвейер = Pipeline(
    [
        ("векторы", Word2VecVectorizer(random_state=0)),
        ("масштаб", StandardScaler()),
        ("модель", LogisticRegression(max_iter=1000)),
    ]
)
сетка = {"векторы__vector_size": [10, 50], "модель__C": [0.01, 0.1, 1]}
подбор = GridSearchCV(конвейер, сетка, cv=3).fit(X, y)
итог = pd.DataFrame(подбор.cv_results_)
итог = итог[["param_векторы__vector_size", "param_модель__C", "mean_test_score"]]
итог.set_axis(["vector_size", "C", "точность"], axis=1).round(3)

# %%
_ = SearchDisplay.from_estimator(подбор)

# %%
# Рядом с тем, что делают обычно
# ------------------------------
# Всегда смотрите, что даёт TF-IDF. На этих отзывах все три идут рядом. На настоящих
# текстах с тысячами меток TF-IDF чаще впереди векторов, которые, кроме этих же текстов,
# ничего не видели; см. :doc:`английский учебник
# </auto_tutorial/from_texts_to_a_search>`.

from sklearn.dummy import DummyClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.pipeline import make_pipeline

from sklearn_embed import FastTextClassifier

модели = {
    "самый частый класс": DummyClassifier(),
    "word2vec, лучшее из подбора": подбор.best_estimator_,
    "TF-IDF": make_pipeline(TfidfVectorizer(analyzer=list), LogisticRegression(C=10)),
    "FastTextClassifier": FastTextClassifier(random_state=0),
}
доли = {имя: модель.fit(X, y).score(X_test, y_test) for имя, модель in модели.items()}
pd.Series(доли, name="доля верных").round(3).to_frame()

# %%
# Забрать векторы с собой
# -----------------------
# gensim получает ту же память, без копии. Файл в формате word2vec читают почти все.

import tempfile
from pathlib import Path

лучшее = подбор.best_estimator_["векторы"]
в_gensim = лучшее.to_keyed_vectors()
print(в_gensim, в_gensim.most_similar("кофе", topn=3))
файл = Path(tempfile.mkdtemp(), "векторы.txt")
в_gensim.save_word2vec_format(файл)
print(файл.read_text("utf-8").splitlines()[0], "— слов и чисел в строке")

# %%
# Дальше: :doc:`лекция на русском тексте <lekciya>`, :doc:`какую модель взять
# </choose>`, :doc:`примеры </auto_examples/index>` (по-английски).
