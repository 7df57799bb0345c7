"""Speed of recurrent networks: language models, and classifiers in both directions.

``python benchmarks/recurrent.py [--repetitions N] [--only PART ...]``; processor time
of one thread, all contestants in turn, medians.  Where torch is installed, torch.nn
takes part.  OPENBLAS_CORETYPE should not be set.  Parts:

language : steps of a language model.  The floor is the time that the products of
    matrices would take at the speed of the largest of them, measured in the same run.
classifier : steps and predictions of a classifier, LSTMs of 128 units in both
    directions over 100 numbers a word, of documents of mixed and of equal lengths;
    torch packs them (``pack_padded_sequence``).
threads : seconds by the clock with one thread and with two, in turn.
"""

import argparse
import time

import numpy as np

from sklearn_embed._core.blas import one_blas_thread
from sklearn_embed._core.threads import run_all
from sklearn_embed._estimators.recurrent_classifier import RecurrentClassifier
from sklearn_embed._estimators.recurrent_language_model import RecurrentLanguageModel
from sklearn_embed._models.classifier import Labels
from sklearn_embed._models.features import Labelled
from sklearn_embed._models.label_training import LabelJob
from sklearn_embed._models.loop import Data, Run, Schedule
from sklearn_embed._models.recurrent_lm import RecurrentNetwork
from sklearn_embed._models.recurrent_training import LanguageJob
from sklearn_embed._text.tokenized import TokenizedDocuments
from sklearn_embed._text.vocabulary import Vocabulary

try:
    import torch
except ImportError:
    torch = None

V, STEPS, BATCH, LAYERS, DRAWN = 10_000, 35, 20, 2, 1024


def text(n_words, rng):
    """Return one document of words by Zipf's law, and the vocabulary."""
    shares = 1 / np.arange(1, V + 1)
    ids = rng.choice(V, n_words, p=shares / shares.sum())
    words = [f"w{n}" for n in range(V)]
    documents = TokenizedDocuments.from_documents([[words[n] for n in ids]])
    counts = np.bincount(ids, minlength=V)
    return documents, Vocabulary(words, counts)


class Ours:
    """Steps of a language model of this package."""

    def __init__(self, size, loss, optimizer="sgd", n_jobs=1):
        estimator = RecurrentLanguageModel(
            size, hidden_size=size, num_layers=LAYERS, dropout=0.0, loss=loss,
            negative=DRAWN, optimizer=optimizer, batch_size=BATCH, bptt=STEPS,
            max_norm=5.0,
        )  # fmt: skip
        documents, vocabulary = text(BATCH * STEPS * 200, np.random.default_rng(0))
        settings = estimator._settings(0)
        rng = np.random.default_rng(0)
        model = RecurrentNetwork.new(vocabulary, settings, rng)
        run = Run(0, Schedule(0.1, 0.1, 1), n_jobs)
        self.job = LanguageJob(model, Data([documents], []), vocabulary, run)
        self.phases = self.job.phases(0)
        self.n_steps = model

    def step(self, n_jobs=1):
        """Make a step."""
        done = self.n_steps.n_steps
        while self.n_steps.n_steps == done:
            run_all(lambda task: task(), next(self.phases), n_jobs)


class Torch:
    """Steps of the same model in torch.nn."""

    def __init__(self, size, loss):
        nn, self.loss = torch.nn, loss
        torch.set_num_threads(1)
        self.net = nn.ModuleList(
            [nn.Embedding(V, size), nn.LSTM(size, size, LAYERS), nn.Linear(size, V)]
        )
        self.optimizer = torch.optim.SGD(self.net.parameters(), lr=0.1)
        self.ids = torch.randint(V, (2, STEPS, BATCH))
        shares = 1 / torch.arange(1, V + 1)
        self.shares, self.state = shares / shares.sum(), None

    def step(self):
        """Make a step."""
        embed, layers, output = self.net
        self.optimizer.zero_grad()
        states, state = layers(embed(self.ids[0]), self.state)
        self.state = tuple(part.detach() for part in state)
        states, targets = states.flatten(0, 1), self.ids[1].flatten()
        entropy = torch.nn.functional.cross_entropy
        if self.loss == "softmax":
            loss = entropy(output(states), targets)
        else:
            drawn = torch.multinomial(self.shares, DRAWN, True).unique()
            others = states @ output.weight[drawn].T + output.bias[drawn]
            others = others.masked_fill(targets[:, None] == drawn[None], -1e30)
            own = (states * output.weight[targets]).sum(1) + output.bias[targets]
            scores = torch.cat([own[:, None], others], 1)
            loss = entropy(scores, torch.zeros(len(targets), dtype=torch.long))
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.net.parameters(), 5.0)
        self.optimizer.step()


def floor_flops(size, loss):
    """Return what the products of a step take: forwards, and twice backwards."""
    words = STEPS * BATCH
    layers = LAYERS * 6 * words * 4 * size * 2 * size
    return layers + 6 * words * size * (V if loss == "softmax" else 800)


def language(repetitions):
    """Print a table of language models."""
    left = np.ones((700, 800), np.float32)
    right = np.ones((800, 1000), np.float32)
    for size in (200, 650):
        for loss in ("softmax", "sampled_softmax"):
            contestants = {"ours": Ours(size, loss), "adam": Ours(size, loss, "adam")}
            if torch is not None:
                contestants["torch"] = Torch(size, loss)
            times = {name: [] for name in ("product", *contestants)}
            for one in contestants.values():
                one.step()
            for _ in range(repetitions):
                begin = time.process_time()
                for _ in range(5):
                    left @ right
                times["product"].append((time.process_time() - begin) / 5)
                for name, one in contestants.items():
                    begin = time.process_time()
                    one.step()
                    times[name].append(time.process_time() - begin)
            speed = 2 * 700 * 800 * 1000 / np.median(times.pop("product"))
            shown = "  ".join(
                f"{name} {STEPS * BATCH / np.median(t):8.0f} words/s "
                f"(floor share {floor_flops(size, loss) / speed / np.median(t):.2f})"
                for name, t in times.items()
            )
            print(f"2 x {size} {loss:16s} {speed / 1e9:4.0f} GF/s  {shown}", flush=True)


#: Of the classifier: numbers of a word, units of a direction, documents of a step.
N_INPUTS, UNITS, DOCUMENTS, CLASSES = 100, 128, 32, 6


def documents_of(lengths, rng):
    """Return documents of some lengths, of 1,000 words, and their ids."""
    ids = [rng.integers(0, 1000, n) for n in lengths]
    texts = [[f"w{n}" for n in some] for some in ids]
    return TokenizedDocuments.from_documents(texts), ids


class OurClassifier:
    """A classifier of this package."""

    def __init__(self, documents, labels):
        estimator = RecurrentClassifier(N_INPUTS, hidden_size=UNITS, dropout=0.0)
        self.documents = documents
        self.vocabulary = Vocabulary([f"w{n}" for n in range(1000)], np.ones(1000))
        n = len(documents)
        known = Labels(
            np.arange(CLASSES),
            False,
            np.ones(CLASSES, np.int64),
            np.ones(CLASSES),
            None,
        )
        offsets = np.arange(n + 1)
        weights = np.ones(n, np.float32)
        labelled = Labelled(documents, offsets, labels.astype(np.int32), weights)
        made, _ = estimator._new_model(self.vocabulary, documents, known, False, False)
        self.model = made(np.random.default_rng(0), None)
        run = Run(0, Schedule(0.001, 0.001, 1), 1)
        data = Data([labelled], [])
        self.job = LabelJob(self.model, data, self.vocabulary, run)

    def train(self):
        """Make the steps of an epoch."""
        for tasks in self.job.phases(0):
            for task in tasks:
                task()

    def infer(self):
        """Score all documents."""
        self.model.scores(self.documents, self.vocabulary, 1)


class TorchClassifier:
    """The same in torch.nn, which packs documents sorted by length."""

    def __init__(self, ids, labels):
        torch.set_num_threads(1)
        nn = torch.nn
        self.embed, self.head = (
            nn.Embedding(1000, N_INPUTS),
            nn.Linear(2 * UNITS, CLASSES),
        )
        self.layers = nn.LSTM(N_INPUTS, UNITS, bidirectional=True, batch_first=True)
        parts = nn.ModuleList([self.embed, self.layers, self.head])
        self.optimizer = torch.optim.Adam(parts.parameters(), lr=0.001)
        self.ids = [torch.tensor(some) for some in ids]
        self.labels = torch.tensor(labels)
        self.order = np.argsort([-len(some) for some in ids], kind="stable")

    def scores(self, group):
        """Score some documents, the longest first."""
        some = [self.ids[n] for n in group]
        lengths = torch.tensor([len(one) for one in some])
        rnn = torch.nn.utils.rnn
        inputs = self.embed(rnn.pad_sequence(some, batch_first=True))
        packed = rnn.pack_padded_sequence(inputs, lengths, batch_first=True)
        states, _ = rnn.pad_packed_sequence(
            self.layers(packed)[0], batch_first=True, padding_value=-1e30
        )
        return self.head(states.max(1).values)

    def train(self):
        """Make the steps of an epoch, documents of like lengths together."""
        for first in range(0, len(self.order), DOCUMENTS):
            group = self.order[first : first + DOCUMENTS]
            self.optimizer.zero_grad()
            scores = self.scores(group)
            torch.nn.functional.cross_entropy(scores, self.labels[group]).backward()
            self.optimizer.step()

    def infer(self):
        """Score all documents."""
        with torch.no_grad():
            for first in range(0, len(self.order), 2 * DOCUMENTS):
                self.scores(self.order[first : first + 2 * DOCUMENTS])


def classifier(repetitions):
    """Print documents a second of classifiers."""
    rng = np.random.default_rng(0)
    kinds = {
        "mixed lengths, mean 10": rng.geometric(1 / 10, 640),
        "mixed lengths, mean 40": rng.geometric(1 / 40, 320),
        "all of 40 words": np.full(320, 40),
    }
    for kind, lengths in kinds.items():
        documents, ids = documents_of(lengths, rng)
        labels = rng.integers(0, CLASSES, len(lengths))
        contestants = {"ours": OurClassifier(documents, labels)}
        if torch is not None:
            contestants["torch"] = TorchClassifier(ids, labels)
        for what in ("train", "infer"):
            times = {name: [] for name in contestants}
            for one in contestants.values():
                getattr(one, what)()
            for _ in range(repetitions):
                for name, one in contestants.items():
                    begin = time.process_time()
                    getattr(one, what)()
                    times[name].append(time.process_time() - begin)
            speeds = {name: len(ids) / np.median(t) for name, t in times.items()}
            shown = "  ".join(f"{name} {s:7.0f}" for name, s in speeds.items())
            if torch is not None:
                shown += f"  ratio {speeds['ours'] / speeds['torch']:.2f}"
            print(f"{kind:24s} {what}  {shown} documents/s", flush=True)


def threads(repetitions):
    """Print how much faster two threads are."""
    for size in (200, 650):
        for loss in ("softmax", "sampled_softmax"):
            one = Ours(size, loss)
            seconds = {1: [], 2: []}
            for number in range(2 * repetitions + 2):
                n_jobs = 1 + number % 2
                begin = time.perf_counter()
                one.step(n_jobs)
                if number > 1:
                    seconds[n_jobs].append(time.perf_counter() - begin)
            ratio = np.min(seconds[1]) / np.min(seconds[2])
            print(f"2 x {size} {loss:16s} two threads {ratio:.2f} times as fast")


def main():
    """Print tables."""
    parts = {"language": language, "classifier": classifier, "threads": threads}
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--repetitions", type=int, default=7)
    parser.add_argument("--only", nargs="+", choices=parts, default=list(parts))
    given = parser.parse_args()
    for name in given.only:
        parts[name](given.repetitions)


if __name__ == "__main__":
    with one_blas_thread():
        main()
