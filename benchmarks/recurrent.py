"""Speed of recurrent networks: words a second, and share of what products alone take.

``python benchmarks/recurrent.py [repetitions]``; processor time of one thread, all
contestants in turn, medians.  The floor is the time that the products of matrices would
take at the speed of the largest of them, measured in the same run.  Where torch is
installed, torch.nn takes part.  OPENBLAS_CORETYPE should not be set.
"""

import sys
import time

import numpy as np

from sklearn_embed._core.blas import one_blas_thread
from sklearn_embed._estimators.recurrent_language_model import RecurrentLanguageModel
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

    def step(self):
        """Make a step."""
        done = self.n_steps.n_steps
        while self.n_steps.n_steps == done:
            for task in next(self.phases):
                task()


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


def main():
    """Print a table."""
    repetitions = int(sys.argv[1]) if len(sys.argv) > 1 else 7
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


if __name__ == "__main__":
    with one_blas_thread():
        main()
