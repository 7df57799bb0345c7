"""How a recurrent language model is trained: backpropagation through time.

The documents, shuffled anew for each epoch and put end to end, are cut into as many
lanes as a batch has.  A step reads the next words of every lane; states stay from step
to step, and begin at zero with every document.

What is computed side by side is cut into shards whose number does not depend on the
number of threads: lanes for the layers, blocks of words for the softmax.  Their slopes
are added up in a fixed order, so that any number of threads gives the same bits.
"""

# SPDX-License-Identifier: BSD-3-Clause

from functools import partial

import numpy as np

from sklearn_embed._core.arrays import readonly
from sklearn_embed._core.tiles import multiply_packed, pack
from sklearn_embed._models.descent import (
    Dense,
    Sparse,
    grouped,
    quiet_phases,
    rate_at,
    update_phases,
)
from sklearn_embed._models.kernels.optimizer import sum_rows, take_rows
from sklearn_embed._models.kernels.output import dot_rows, sampled_slopes
from sklearn_embed._models.lanes import Batch, Shard, joined, shuffled
from sklearn_embed._models.loop import Job
from sklearn_embed._models.recurrent import (
    Dropping,
    Scratch,
    multiply,
    run_backward,
    run_forward,
)
from sklearn_embed._models.recurrent_scoring import Judge, groups
from sklearn_embed._models.word_output import Proposal, SoftmaxOutput

#: Lanes of a shard, at least, and shards, at most.
SHARD_LANES, SHARDS = 8, 8

#: Steps of an epoch, at least, unless there is one lane alone.
LEAST_STEPS = 10


class LanguageJob(Job):
    """Trains a recurrent language model.

    Parameters
    ----------
    model : RecurrentNetwork
        Changed in place.
    data : Data
        Tokenized documents.
    vocabulary : Vocabulary
        The words.
    run : Run
        Seed and schedule.
    """

    needed = "any words"

    def __init__(self, model, data, vocabulary, run):
        self._model, self._settings, self._stack = model, model.settings, model.stack
        self._seed, self._schedule = run.seed, run.schedule
        self._text = joined(data.parts, vocabulary, model.settings.direction)
        self._held_out = joined(data.held_out, vocabulary, model.settings.direction)
        self._end = len(vocabulary) + 1
        self._steps_of_epoch, self._shards = self._divided(len(self._text.ids))
        shape = len(self._shards), len(model.weights.cells)
        self._slopes = np.zeros(shape, np.float32)
        self._into = [self._stack.layers(slopes) for slopes in self._slopes]
        self._cells = self._stack.packed(model.weights.cells, learning=True)
        self._scratch = Scratch()
        if self._settings.loss == "sampled_softmax":
            counts = np.bincount(self._text.ids, minlength=self._end + 1)
            counts[: len(vocabulary)] = vocabulary.counts
            self._proposal = Proposal(self._settings, counts)
        else:
            self._output = SoftmaxOutput(model)

    def _divided(self, n):
        """Return how many steps an epoch of n words has, and the shards of each."""
        bptt = self._settings.bptt
        n_lanes = int(max(1, min(self._settings.batch_size, n // (LEAST_STEPS * bptt))))
        lengths = np.full(n_lanes, n // n_lanes)
        lengths[: n % n_lanes] += 1
        starts = np.concatenate([[0], np.cumsum(lengths)[:-1]])
        n_shards = max(1, min(SHARDS, n_lanes // SHARD_LANES))
        shards = [
            Shard(self._stack, starts[lanes], lengths[lanes])
            for lanes in np.array_split(np.arange(n_lanes), n_shards)
        ]
        return max(1, -(-int(lengths[0]) // bptt)), shards

    def phases(self, epoch):
        """Yield the phases of one step after the other."""
        return quiet_phases(self._phases(epoch))

    def _phases(self, epoch):
        text = self._in_order(np.random.default_rng([self._seed, epoch + 1]))
        for shard in self._shards:
            shard.forget()
        for number in range(self._steps_of_epoch):
            found = {}
            yield self._preparing(text, epoch, number, found)
            batch = found["batch"]
            if self._settings.loss == "softmax":
                dense, sparse = yield from self._softmax_phases(batch)
            else:
                dense, sparse = yield from self._sampled_phases(batch, found["drawn"])
            n_shards = len(batch.bounds) - 1
            weights, first, second = self._arrays("cells")
            dense.append(Dense(weights, self._slopes[:n_shards], first, second))
            done = epoch * self._steps_of_epoch + number
            planned = self._schedule.n_epochs * self._steps_of_epoch
            rate = rate_at(self._schedule, done, planned)
            self._model.n_steps += 1
            fixed = self._settings, dense, sparse, rate
            yield from update_phases(*fixed, self._model.n_steps)

    def _preparing(self, text, epoch, number, found):
        """Return calls that read a batch, draw words and pack parameters."""
        seed = self._seed_of(epoch, number)

        def read():
            found["batch"] = self._batch(text, number, seed)
            return 0.0, 0

        def draw():
            found["drawn"] = self._drawn(seed)
            return 0.0, 0

        calls = [read, *self._stack.packing(self._cells)]
        if self._settings.loss == "softmax":
            return [*calls, *self._output.packing()]
        return [draw, *calls]

    def _in_order(self, rng):
        """Return the text in the order of an epoch."""
        return shuffled(self._text, rng)

    def _seed_of(self, epoch, number):
        """Return what the random numbers of a step derive from."""
        seeds = np.random.SeedSequence([self._seed, epoch + 1, number])
        return int(seeds.generate_state(1, np.uint64)[0])

    def validation_phases(self):
        """Yield one call for every few documents, judged by all words."""
        judge = Judge(self._model)
        yield [
            partial(judge.loss, self._held_out, group)
            for group in groups(self._held_out)
        ]

    def _arrays(self, name):
        """Return parameters by name, and what the optimiser keeps of them."""
        model = self._model
        return tuple(
            getattr(part, name) for part in (model.weights, model.first, model.second)
        )

    def _batch(self, text, number, seed):
        done, most = number * self._settings.bptt, self._settings.bptt
        places = [shard.places(done, most) for shard in self._shards]
        places = [some for some in places if some is not None]
        bounds = np.cumsum([0, *map(len, places)])
        places = np.concatenate(places)
        targets = text[places].astype(np.int64)
        words = text[places - 1].astype(np.int64)
        words[places == 0] = self._end
        return Batch(words, targets, words == self._end, bounds, seed)

    def _drop(self, batch, begin):
        return Dropping(float(self._settings.dropout), batch.seed, int(begin))

    def _forward(self, batch, number):
        """Run the layers over the rows of a shard."""
        shard, part = self._shards[number], slice(*batch.bounds[number : number + 2])
        words, steps = batch.words[part], shard.steps(batch.begins[part])
        inputs = shard.scratch.array("words", (len(words), self._stack.n_inputs))
        take_rows(readonly(self._model.weights.inputs), words, inputs)
        fixed = self._stack, self._cells, steps, inputs, shard.states
        drop = self._drop(batch, part.start)
        outputs, passes = run_forward(*fixed, shard.scratch, drop)
        shard.keep(passes)
        return outputs, (steps, passes)

    def _backward(self, batch, number, ran, slopes, below):
        """Run the layers backwards; write slopes of parameters and inputs."""
        shard, (steps, passes) = self._shards[number], ran
        part = slice(*batch.bounds[number : number + 2])
        fixed = self._stack, self._cells, steps, passes, slopes, self._into[number]
        drop = self._drop(batch, part.start)
        below[part] = run_backward(*fixed, shard.scratch, drop)

    def _softmax_phases(self, batch):
        """Yield the phases of a step with all words; return Dense and Sparse."""
        n, n_shards = len(batch.words), len(batch.bounds) - 1
        states = self._scratch.array("states", (n, self._stack.width))
        slopes = self._scratch.array("slopes", states.shape)
        below = self._scratch.array("below", (n, self._stack.n_inputs))
        ran = [None] * n_shards

        def forward(number):
            part = slice(*batch.bounds[number : number + 2])
            states[part], ran[number] = self._forward(batch, number)
            return 0.0, 0

        def backward(number):
            part = slice(*batch.bounds[number : number + 2])
            own = slopes[part]
            self._backward(batch, number, ran[number], own, below)
            return 0.0, 0

        output, sparse = self._output, []
        yield [partial(forward, number) for number in range(n_shards)]
        last = [partial(backward, number) for number in range(n_shards)]
        yield from output.phases(states, batch.targets, slopes, last)
        words, below = self._movable(batch.words, below)
        if self._settings.tie_weights:
            if self._model.frozen is not None:
                output.slopes[self._model.frozen] = 0
            rows, order, bounds = grouped(words)
            sums = np.empty((len(rows), below.shape[1]), np.float32)
            sum_rows(order, bounds, below, sums)
            output.slopes[rows] += sums
        else:
            sparse.append(Sparse(*self._sparse("inputs", words, below)))
        name = "inputs" if self._settings.tie_weights else "outputs"
        dense = [
            Dense(values.reshape(-1), slopes.reshape(1, -1), *map(np.ravel, kept))
            for (values, *kept), slopes in (
                (self._arrays(name), output.slopes),
                (self._arrays("biases"), output.bias_slopes),
            )
        ]
        return dense, sparse

    def _drawn(self, seed):
        """Return words that are drawn, and their outputs packed in both ways."""
        drawn = self._proposal.draw(seed)
        others = self._scratch.array("others", (len(drawn), self._stack.width))
        take_rows(readonly(self._model.outputs), drawn, others)
        return drawn, pack(others), pack(others, transposed=True)

    def _sampled_phases(self, batch, words):
        """Yield the phases of a step with drawn words; return Dense and Sparse."""
        n, n_shards = len(batch.words), len(batch.bounds) - 1
        drawn, packed, turned = words
        n_drawn, width = len(drawn), self._stack.width
        weights, outputs = self._model.weights, readonly(self._model.outputs)
        offsets = weights.biases[drawn] - self._proposal.log_expected[drawn]
        # Slopes of targets, then those of drawn words, shard by shard.
        total = n + n_shards * n_drawn
        slopes = self._scratch.array("slopes", (total, width))
        biases = self._scratch.array("biases", (total, 1))
        below = self._scratch.array("below", (n, self._stack.n_inputs))

        def call(number):
            part = slice(*batch.bounds[number : number + 2])
            first = n + number * n_drawn
            at = slice(first, first + n_drawn)
            states, ran = self._forward(batch, number)
            targets, scratch = batch.targets[part], self._shards[number].scratch
            mine = scratch.array("targets", states.shape)
            take_rows(outputs, targets, mine)
            own = np.empty(len(targets), np.float32)
            dot_rows(states, mine, own)
            own += weights.biases[targets] - self._proposal.log_expected[targets]
            scores = scratch.array("scores", (len(targets), n_drawn))
            scores[:] = 0
            multiply_packed(states, turned, scores)
            fixed = scores, drawn, offsets, targets, own
            loss = sampled_slopes(*fixed, 1 / n, biases[at, 0])
            biases[part, 0] = own
            np.multiply(states, own[:, None], out=slopes[part])
            multiply(scores, states, slopes[at], scratch, (True, False))
            back = scratch.array("back", states.shape)
            back[:] = 0
            multiply_packed(scores, packed, back)
            mine *= own[:, None]
            back += mine
            self._backward(batch, number, ran, back, below)
            return loss, len(targets)

        yield [partial(call, number) for number in range(n_shards)]
        ids = np.concatenate([batch.targets, *[drawn] * n_shards])
        bias = [part.reshape(-1, 1) for part in self._arrays("biases")]
        sparse = [Sparse(bias[0], ids, biases, *bias[1:])]
        words, below = self._movable(batch.words, below)
        if self._settings.tie_weights:
            ids, slopes = self._movable(ids, slopes)
            ids, slopes = np.concatenate([words, ids]), np.concatenate([below, slopes])
            return [], [*sparse, Sparse(*self._sparse("inputs", ids, slopes))]
        pairs = ("inputs", words, below), ("outputs", ids, slopes)
        return [], [*sparse, *(Sparse(*self._sparse(*pair)) for pair in pairs)]

    def _sparse(self, name, ids, slopes):
        values, first, second = self._arrays(name)
        return values, ids, slopes, first, second

    def _movable(self, ids, slopes):
        """Return the slopes of rows that are not frozen."""
        return self._model.movable(ids, slopes)
