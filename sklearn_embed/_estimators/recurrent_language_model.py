"""Recurrent language models: RNN, GRU and LSTM."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from sklearn_embed._core.typing import (
    Analyzer,
    Float32Array,
    Preprocessor,
    RandomState,
    StripAccents,
    Tokenizer,
    VectorSource,
)
from sklearn_embed._estimators import auto, networks, queries
from sklearn_embed._estimators.base import StrOptions
from sklearn_embed._estimators.callbacks import CallbackSupportMixin
from sklearn_embed._estimators.language_model import (
    LanguageModel,
)
from sklearn_embed._estimators.persistence import register
from sklearn_embed._estimators.training import (
    Training,
    adopt,
    settings_of,
)
from sklearn_embed._models.recurrent_lm import RecurrentNetwork, RecurrentSettings
from sklearn_embed._models.torch_names import network_from_torch, network_to_torch
from sklearn_embed._text.tokens import DEFAULT_PATTERN
from sklearn_embed._text.vocabulary import Vocabulary

if TYPE_CHECKING:
    from typing_extensions import Self


@register
class RecurrentLanguageModel(CallbackSupportMixin, LanguageModel):
    r"""Predict the next word from all before it, by an RNN, a GRU or an LSTM.

    Parameters
    ----------
    vector_size : int, default=100
        Dimensions of a vector.
    cell : {"lstm", "gru", "rnn"}, default="lstm"
        What the recurrent layers are made of.
    nonlinearity : {"tanh", "relu"}, default="tanh"
        The function of ``cell="rnn"``.
    hidden_size : int, default=200
        Numbers in the state of a layer.
    num_layers : int, default=1
        Recurrent layers on top of each other.
    dropout : float, default=0.2
        Share of the numbers that are set to 0 while training, in [0, 1): of those
        that enter a recurrent layer and of those that leave the last one, not of those
        that stay in a layer from word to word.
    loss : {"auto", "softmax", "sampled_softmax"}, default="auto"
        How a prediction is judged while training; afterwards, always by all words.

        - "softmax": the next word against all others.
        - "sampled_softmax": against words that are drawn for each step.
        - "auto": "softmax" with up to 4,000 words.
    negative : int, default=1024
        Words drawn for each step of the sampled softmax; those drawn twice count once.
    proposal : {"unigram", "log_uniform"}, default="unigram"
        How the words of the sampled softmax are drawn.

        - "unigram": by their counts to the power of 0.75.
        - "log_uniform": by their ranks, as if those followed Zipf's law.
    tie_weights : bool, default=False
        Whether words have the same vectors as inputs and as outputs; `vector_size` and
        `hidden_size` must be equal then.
    direction : {"forward", "backward"}, default="forward"
        Whether words are predicted from those before or from those after.
    bptt : int, default=35
        Words after which slopes are cut off.  States go on until the document ends.
    batch_size : int, default=32
        Places of the text that are read side by side; fewer in a short text, such that
        an epoch has 10 steps.
    optimizer : {"adam", "adagrad", "sgd"}, default="adam"
        How parameters follow their slopes.
    momentum : float, default=0.0
        Of ``optimizer="sgd"``; in [0, 1).
    max_norm : float or None, default=1.0
        Largest norm of all slopes together; longer ones are shortened to it.  None:
        never.
    pretrained : Pretrained, or any source of word vectors, default=None
        Vectors to start from, of `vector_size` dimensions: whatever
        :class:`Pretrained` takes, or one itself, which also says how far they may
        move.  Words that they lack start at random.  `clone` shares the vectors.
    learning_rate : float or "auto", default="auto"
        The highest one: it rises to that for 100 steps, or a tenth of all, and falls
        linearly to 0.  "auto": 0.006 for "adam", 0.05 for "adagrad", 5 for "sgd".
    epochs : int or "auto", default="auto"
        Passes over the documents, in another order each time.  "auto": as many as make
        up 5,000,000 tokens, at most 40.
    memory : str, joblib.Memory or None, default=None
        Where fits are kept.  One of the same documents and labels, integer
        `random_state` and other parameters goes on from one of fewer `epochs`, at the
        learning rates where its own schedule stands, so that a search by successive
        halving over `epochs` trains none of them twice.
    lowercase : bool, default=True
        Whether strings are lowercased before they are cut into tokens.
    strip_accents : {"ascii", "unicode"}, callable or None, default=None
        Whether accents are removed, and how; as in
        :class:`~sklearn.feature_extraction.text.CountVectorizer`.
    preprocessor : callable or None, default=None
        str → str, in place of lowercasing and accent stripping.
    tokenizer : callable, "char" or None, default=None
        str → list of str, in place of `token_pattern`.  "char" takes every
        character but white space as a token.
    token_pattern : str, default=r"(?u)\\b\\w\\w+\\b"
        Regular expression of a token: two or more word characters, as in
        :class:`~sklearn.feature_extraction.text.CountVectorizer`.
    analyzer : {"word", "char", "char_wb"} or callable, default="word"
        What a token of a string is.

        - "word": what `tokenizer` or `token_pattern` finds.
        - "char": every run of so many characters as `ngram_range` says, blanks
          included.
        - "char_wb": the same within words, each with a blank on both sides.
        - A function: str → list of str, in place of all parameters of text.
    ngram_range : tuple of two int, default=(1, 1)
        Least and largest number of characters of the n-grams that are tokens, for
        analyzer="char" and "char_wb" alone.
    min_count : int, default=2
        Words that occur less often count as unknown.
    min_df : int or float, default=1
        Words that occur in fewer documents count as unknown; an integer is a number
        of documents, a float in [0, 1] a share of them.
    max_df : int or float, default=1.0
        Words that occur in more documents count as unknown; likewise.
    max_features : int or None, default=None
        Keep only this many words, the most frequent ones.  None: no limit.
    vocabulary : iterable of str, mapping, path or None, default=None
        The only words admitted.  The limits above apply to them as well.  Of a
        mapping, the keys count; a :class:`pathlib.Path` is a file with a word a line.
    early_stopping : bool, default=False
        Whether to hold out documents and stop when their loss stops falling.
    validation_fraction : float, default=0.1
        Share of the documents held out, in (0, 1).  Only with `early_stopping`.
    n_iter_no_change : int, default=5
        Epochs without a fall of the held-out loss before training stops.
    tol : float, default=1e-3
        The least fall that counts, in units of the loss.
    warm_start : bool, default=False
        Whether `fit` continues from the last fit: words seen before keep their
        vectors, and the epochs missing from `epochs` are trained, at the learning
        rates where the schedule stands.
    n_jobs : int or None, default=None
        Threads.  None means 1, -1 all processors.
    random_state : int, RandomState instance or None, default=None
        Seed of whatever is drawn.
    verbose : bool or int, default=False
        Whether to print the loss of each epoch.

    Attributes
    ----------
    vectors_ : ndarray of shape (n_words, n_dimensions), float32
        One row a word.
    words_ : list of str
        Row → word; most frequent first, ties in the order of their characters.
    vocabulary_ : dict
        Word → row.
    counts_ : ndarray of shape (n_words,), int64
        Occurrences in the training texts.
    loss_curve_ : list of float
        Mean loss of each epoch, summed in float64.
    validation_loss_curve_ : list of float
        The same of the held-out documents; only with `early_stopping`.
    n_iter_ : int
        Epochs trained.
    epochs_ : int
        The number of epochs that `epochs` came to.
    learning_rate_ : float
        The rate that `learning_rate` came to.

    See Also
    --------
    NGramLanguageModel : Counts of n-grams: trained in seconds, a baseline for this one.

    Notes
    -----
    A document is a sequence of its own: its first word is predicted from an end mark
    and a state of zeros, and its end is predicted like a word.  Words outside of the
    vocabulary are one unknown word.

    The cells are those of torch.nn, both biases included; of an LSTM

    .. math:: i, f, o &= \sigma(W_{i, f, o} x_t + U_{i, f, o} h_{t-1} + b_{i, f, o})\\
              c_t &= f \odot c_{t-1} + i \odot \tanh(W_g x_t + U_g h_{t-1} + b_g)\\
              h_t &= o \odot \tanh(c_t)

    and the next word is :math:`w` with a probability proportional to
    :math:`\exp(u_w^\top h_t + a_w)`.  Parameters are drawn uniformly from
    :math:`\pm 1 / \sqrt{H}`, vectors of words from ±0.1; the forget gates of an LSTM
    begin open, with a bias of 1.

    Training is backpropagation through time, cut off after `bptt` words: in each epoch
    the documents, in random order and end to end, are cut into `batch_size` pieces,
    which are read side by side.  Where the norm of all slopes is above `max_norm`,
    they are multiplied by `max_norm` / norm (Pascanu et al.).  Vectors of words, and
    with the sampled softmax their outputs, move only in steps in which the word
    occurs, or is drawn (lazy Adam and momentum).  The sampled softmax corrects scores
    by how often a word was to be expected among those drawn (Jean et al.), so that it
    approaches the softmax; its losses are smaller than those of held-out documents,
    which are judged by all words.

    With ``direction="backward"`` words are predicted from the last one to the first:
    `log_proba` gives their probabilities given those after, the prompt of `sample` and
    the prefix of `predict_next` are the end of a document, and what is drawn stands
    before it.

    The result is the same, bit for bit, for the same `random_state` and documents,
    whatever `n_jobs` is; what is said of a document depends on that document alone.

    References
    ----------
    Mikolov, Karafiát, Burget, Černocký and Khudanpur (2010), "Recurrent neural network
    based language model".

    Hochreiter and Schmidhuber (1997), "Long short-term memory".

    Cho et al. (2014), "Learning phrase representations using RNN encoder-decoder for
    statistical machine translation".

    Pascanu, Mikolov and Bengio (2013), "On the difficulty of training recurrent neural
    networks", algorithm 1.

    Zaremba, Sutskever and Vinyals (2014), "Recurrent neural network regularization".

    Jean, Cho, Memisevic and Bengio (2015), "On using very large target vocabulary for
    neural machine translation".

    Examples
    --------
    >>> from sklearn_embed import RecurrentLanguageModel
    >>> texts = ["the cat sat on the mat", "the dog sat on the rug"] * 40
    >>> model = RecurrentLanguageModel(16, hidden_size=16, random_state=0).fit(texts)
    >>> model.predict_next("the dog sat", topn=1)[0][0]
    'on'
    >>> round(model.perplexity(["the cat sat on the rug"]))
    1
    """

    _model: RecurrentNetwork

    _vector_parameters = ("pretrained",)

    _parameter_constraints: dict = {
        **networks.RECURRENT_CONSTRAINTS,
        "memory": "no_validation",
        "direction": [StrOptions({"forward", "backward"})],
    }

    def __init__(
        self,
        vector_size: int = 100,
        *,
        cell: str = "lstm",
        nonlinearity: str = "tanh",
        hidden_size: int = 200,
        num_layers: int = 1,
        dropout: float = 0.2,
        loss: str = "auto",
        negative: int = 1024,
        proposal: str = "unigram",
        tie_weights: bool = False,
        direction: str = "forward",
        bptt: int = 35,
        batch_size: int = 32,
        optimizer: str = "adam",
        momentum: float = 0.0,
        max_norm: float | None = 1.0,
        pretrained: VectorSource = None,
        learning_rate: float | str = "auto",
        epochs: int | str = "auto",
        memory: Any = None,
        lowercase: bool = True,
        strip_accents: StripAccents = None,
        preprocessor: Preprocessor = None,
        tokenizer: Tokenizer = None,
        token_pattern: str | None = DEFAULT_PATTERN,
        analyzer: Analyzer = "word",
        ngram_range: tuple[int, int] = (1, 1),
        min_count: int = 2,
        min_df: float = 1,
        max_df: float = 1.0,
        max_features: int | None = None,
        vocabulary: Collection[str] | None = None,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        n_iter_no_change: int = 5,
        tol: float = 1e-3,
        warm_start: bool = False,
        n_jobs: int | None = None,
        random_state: RandomState = None,
        verbose: bool | int = False,
    ) -> None:
        self.vector_size = vector_size
        self.cell = cell
        self.nonlinearity = nonlinearity
        self.hidden_size = hidden_size
        self.num_layers = num_layers
        self.dropout = dropout
        self.loss = loss
        self.negative = negative
        self.proposal = proposal
        self.tie_weights = tie_weights
        self.direction = direction
        self.bptt = bptt
        self.batch_size = batch_size
        self.optimizer = optimizer
        self.momentum = momentum
        self.max_norm = max_norm
        self.pretrained = pretrained
        self.learning_rate = learning_rate
        self.epochs = epochs
        self.memory = memory
        self.lowercase = lowercase
        self.strip_accents = strip_accents
        self.preprocessor = preprocessor
        self.tokenizer = tokenizer
        self.token_pattern = token_pattern
        self.analyzer = analyzer
        self.ngram_range = ngram_range
        self.min_count = min_count
        self.min_df = min_df
        self.max_df = max_df
        self.max_features = max_features
        self.vocabulary = vocabulary
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.tol = tol
        self.warm_start = warm_start
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.verbose = verbose

    fit = networks.fit
    partial_fit = networks.partial_fit

    def sample(
        self,
        prompt: str | Sequence[str] | None = None,
        n_words: int = 50,
        *,
        temperature: float = 1.0,
        top_k: int | None = None,
        random_state: RandomState = None,
    ) -> list[str]:
        """Draw a text, word by word.

        Parameters
        ----------
        prompt : str, sequence of str or None, default=None
            The beginning of the document, as text or as tokens, or its end with
            ``direction="backward"``.  None: it begins with the first word drawn.
        n_words : int, default=50
            How many words to draw, at most; fewer if the end of the document is
            drawn.
        temperature : float, default=1.0
            Log-probabilities are divided by it: below 1 the likeliest words are drawn
            more often, above 1 less.  0: the likeliest word always.
        top_k : int or None, default=None
            Draw among so many likeliest words only.  None: among all.
        random_state : int, RandomState instance or None, default=None
            Seed of whatever is drawn.

        Returns
        -------
        list of str
            The words drawn, in the order of the text, without the prompt.  The unknown
            word is never drawn: the others share its probability.

        Raises
        ------
        ValueError
            If a parameter is out of range.
        """
        words = super().sample(
            prompt,
            n_words,
            temperature=temperature,
            top_k=top_k,
            random_state=random_state,
        )
        backward = self._model.settings.direction == "backward"
        return words[::-1] if backward else words

    to_word_vectors = queries.to_word_vectors
    to_keyed_vectors = queries.to_keyed_vectors
    to_frame = queries.to_frame
    most_similar = queries.most_similar
    similarity = queries.similarity

    def to_torch_state_dict(self) -> dict[str, Float32Array]:
        """Return all parameters under the names that torch.nn gives them.

        Returns
        -------
        dict of str to ndarray
            Copies: ``encoder.weight`` of an ``nn.Embedding``, ``rnn.weight_ih_l0`` and
            so on of an ``nn.LSTM``, ``nn.GRU`` or ``nn.RNN``, ``decoder.weight`` and
            ``decoder.bias`` of an ``nn.Linear``.  Their rows are those of the words,
            of the unknown word and of the end of a document, which is also what the
            first word is predicted from.

        Examples
        --------
        Where torch is installed::

            arrays = model.to_torch_state_dict()
            rnn = torch.nn.LSTM(model.vector_size, model.hidden_size, model.num_layers)
            for name, parameter in rnn.named_parameters():
                parameter.data = torch.from_numpy(arrays["rnn." + name])
        """
        check_is_fitted(self)
        return network_to_torch(self._model)

    @classmethod
    def from_torch_state_dict(
        cls, state: Mapping[str, Any], words: Sequence[str], **params: Any
    ) -> Self:
        """Return a fitted model with parameters that torch has trained.

        Parameters
        ----------
        state : mapping of str to array
            With the names and shapes that `to_torch_state_dict` gives; whatever
            ``numpy.asarray`` makes an array of, such as tensors of the CPU.
        words : sequence of str
            The words of the rows but for the last two, which are the unknown word and
            the end of a document.
        **params : dict
            Further parameters, such as `lowercase`.  `nonlinearity` and `direction`
            cannot be told from the arrays; sizes, `cell` and `tie_weights` are.

        Returns
        -------
        RecurrentLanguageModel
            `partial_fit` goes on from there.

        Raises
        ------
        ValueError
            If arrays are missing, or do not fit together.
        """
        known, weights = network_from_torch(state, list(words))
        estimator = cls(**(known | params))
        wrong = [name for name in known if getattr(estimator, name) != known[name]]
        if wrong:
            raise ValueError(
                f"{wrong[0]}={params[wrong[0]]!r}, but the arrays are of "
                f"{known[wrong[0]]!r}."
            )
        estimator._validate_params()
        settled = auto.settled(estimator)
        vocabulary = Vocabulary(list(words), np.zeros(len(words), np.int64))
        model = RecurrentNetwork.of(settled._settings(len(words)), weights)
        adopt(estimator, vocabulary, model, settled=settled)
        return estimator

    _rules = property(networks.rules)
    _shared_parameters = property(networks.shared_parameters)
    _rates = networks.rates
    _checked_pretrained = networks.pretrained_of
    _check_loaded = networks.check_loaded

    @property
    def _told_as(self):
        """What lines about training call this, one of a pair perhaps."""
        name = type(self).__name__
        return f"{name}, backward" if self.direction == "backward" else name

    def _settings(self, n_words):
        """Return the parameters that the model knows."""
        if self.tie_weights and self.vector_size != self.hidden_size:
            raise ValueError(
                f"tie_weights=True needs vectors of the size of the states, but "
                f"vector_size={self.vector_size} and hidden_size={self.hidden_size}: "
                "make them equal."
            )
        loss = networks.loss_for(self.loss, n_words)
        return settings_of(self, RecurrentSettings, loss=loss)

    def _training(self, X, data, vocabulary, options):
        """Return what is to be trained on what; no parameter is "auto" any more."""
        settings = self._settings(len(vocabulary))
        new_model = partial(_new_model, vocabulary, settings)
        return Training(X, data, vocabulary, options, new_model, settled=self)

    def _as_read(self, ids):
        """Return the ids of a document's words in the order they are read in."""
        return ids[::-1] if self._model.settings.direction == "backward" else ids


def _new_model(vocabulary, settings, rng, before):
    """Return what is to be trained."""
    return RecurrentNetwork.new(vocabulary, settings, rng, before)
