# SPDX-License-Identifier: BSD-3-Clause
"""
教程：从评论到分类器
====================

读者熟悉 pandas 和 scikit-learn 即可。十几分钟之后，你会得到一个文本分类器：词向量由这些文本自己训练，参数由网格搜索选出，向量可以用 gensim 打开。
"""

# %%
# 文本
# ----
# 软件包里不带真实评论，这里按句式生成一些：评论的对象（餐馆、酒店、手机、电影）以及满意与否。每五个分句里约有一个来自别的对象，还会漏字，所以题目并不是太容易。

import random

import pandas as pd

TOPICS = {
    "餐馆": "汤端上来已经凉了；服务员很快送来菜单；甜点有桂花的香味；牛肉炖得很烂；后厨吵得厉害；米饭可以随便添",
    "酒店": "房间对着院子；床单两天换一次；前台找不到钥匙；窗外看得见大海；隔壁半夜还在说话；早餐供应到十点",
    "手机": "电池用到中午就没电；屏幕在太阳下看得清；夜里拍照很清楚；盒子里有充电器；喇叭声音发哑；拿在手里会发热",
    "电影": "演员演得很自然；故事到一半就断了；导演一直拖时间；音乐用得恰到好处；全场笑出了眼泪；结局早就猜到了",
}
OPINIONS = {
    "满意": "非常高兴；推荐给大家；下次还会来；没有比这更好的",
    "不满意": "白花了钱；不推荐给任何人；再也不来了；浪费了一个晚上",
}


def review(draw):
    """写一条评论：文本、对象、态度。"""
    topic, opinion = draw.choice(list(TOPICS)), draw.choice(list(OPINIONS))
    parts = []
    for _ in range(3):
        source = topic if draw.random() < 0.8 else draw.choice(list(TOPICS))
        parts.append(draw.choice(TOPICS[source].split("；")))
    parts.append(draw.choice(OPINIONS[opinion].split("；")))
    draw.shuffle(parts)
    text = "，".join(parts)
    return "".join(c for c in text if draw.random() < 0.85) + "。", topic, opinion


draw = random.Random(0)
frame = pd.DataFrame(
    [review(draw) for _ in range(3000)], columns=["评论", "对象", "态度"]
)
frame.head()

# %%
# 先分词，只分一次
# ----------------
# 如果不告诉它怎样切分中文，一个分句就成了一个“词”：

from sklearn_embed import TokenizedDocuments

TokenizedDocuments.from_documents(
    ["汤端上来已经凉了，推荐给大家。"], token_pattern=r"\w+"
)[0]

# %%
# 按字切分最简单，往往也够用。结果像一个文档数组，交叉验证时切片不需要复制。

from sklearn.model_selection import train_test_split

X = TokenizedDocuments.from_documents(frame["评论"], tokenizer="char")
y = frame["对象"].to_numpy()
X, X_test, y, y_test = train_test_split(X, y, test_size=0.3, random_state=0)
print(X)
print(X[0])

# %%
# 按词切分可以用 jieba：

import jieba

jieba.setLogLevel("ERROR")
print(jieba.lcut("汤端上来已经凉了，推荐给大家。"))

# %%
# 文本变成数
# ----------
# 每个字有一个向量，一条评论就是其中各字向量的平均：不论长短，都是一百个数。

from sklearn_embed import Word2VecVectorizer

embedding = Word2VecVectorizer(random_state=0).set_output(transform="pandas")
embedding.fit_transform(X).iloc[:4, :5]

# %%
# 训练有没有效果，看每一轮的损失：训练文本的，和为 `early_stopping` 留出的文本的。步长大的时候，向量紧跟着正在读的那一句，训练损失偏低；步长变小，它反而回升。要看的是留出文本的损失。

from sklearn_embed.plotting import LossCurveDisplay, SearchDisplay

watched = Word2VecVectorizer(early_stopping=True, n_iter_no_change=10, random_state=0)
_ = LossCurveDisplay.from_estimator(watched.fit(X))

# %%
# 相近的字
# --------
# 出现在相同上下文里的字，向量方向相近。训练时并没有看标签。

pd.DataFrame(
    {
        word: [
            f"{near} {cosine:.2f}" for near, cosine in embedding.most_similar(word)[:5]
        ]
        for word in ("汤", "屏", "演", "海")
    }
)

# %%
# 流水线与网格搜索
# ----------------

from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

pipeline = Pipeline(
    [
        ("embedding", Word2VecVectorizer(random_state=0)),
        ("scale", StandardScaler()),
        ("classifier", LogisticRegression(max_iter=1000)),
    ]
)
grid = {"embedding__vector_size": [10, 50], "classifier__C": [0.01, 0.1, 1]}
search = GridSearchCV(pipeline, grid, cv=3).fit(X, y)
table = pd.DataFrame(search.cv_results_)
columns = ["param_embedding__vector_size", "param_classifier__C", "mean_test_score"]
table[columns].set_axis(["vector_size", "C", "正确率"], axis=1).round(3)

# %%
_ = SearchDisplay.from_estimator(search)

# %%
# 和常用的做法比一比
# ------------------
# 任何时候都应该看看 TF-IDF 的成绩。中文常用的基线是一到两个字的 TF-IDF。

from sklearn.dummy import DummyClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.pipeline import make_pipeline

from sklearn_embed import FastTextClassifier


def join(tokens):
    """把字连成文本，供 TF-IDF 使用。"""
    return "".join(tokens)


models = {
    "最多的一类": DummyClassifier(),
    "word2vec，搜索出的最好参数": search.best_estimator_,
    "TF-IDF，一到两个字": make_pipeline(
        TfidfVectorizer(analyzer="char", ngram_range=(1, 2), preprocessor=join),
        LogisticRegression(C=10),
    ),
    "FastTextClassifier": FastTextClassifier(random_state=0),
}
scores = {name: model.fit(X, y).score(X_test, y_test) for name, model in models.items()}
pd.Series(scores, name="正确率").round(3).to_frame()

# %%
# 把向量带走
# ----------
# gensim 用的是同一块内存，不复制。word2vec 格式的文件几乎所有工具都能读。

import tempfile
from pathlib import Path

vectors = search.best_estimator_["embedding"].to_keyed_vectors()
print(vectors, vectors.most_similar("菜", topn=3))
path = Path(tempfile.mkdtemp(), "vectors.txt")
vectors.save_word2vec_format(path)
print(path.read_text("utf-8").splitlines()[0], "（词数和维数）")

# %%
# 接下来：
#
# - :doc:`用中文文本运行的讲义 <jiangyi>`
# - :doc:`该选哪个模型 </choose>` （英文）
# - :doc:`更多例子 </auto_examples/index>` （英文）
