"""What training makes small: the cross-entropy, and three that stand in for it.

An objective takes a model, a batch's inputs and target, the state that a model of running text
carries (None for others) and the number of the training step. It returns the loss, a scalar whose
gradients move the weights; the sums of `token_sums`, which are reported; and the state after the
batch.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from course.backend import tf
from course.errors import CourseError
from course.models import fused
from course.models.layers import IMPOSSIBLE
from course.text import PAD, START

Objective = Callable[..., tuple[tf.Tensor, tuple, dict | None]]


def cross_entropy(
    model: Any, inputs: list, target: tf.Tensor, state: dict | None, step: tf.Tensor
) -> tuple:
    """Return the mean negative log-likelihood of the real tokens; see the top of this module."""
    sums, state = _training_sums(model, inputs, target, state)
    return sums[0] / sums[2], sums, state


def smoothed(share: float) -> Objective:
    """Return the cross-entropy with smoothed labels.

    The target's token gets `1 - share` of the wanted probability; the rest is spread over all
    tokens that can be said. What is reported is the cross-entropy without smoothing.

    Args:
        share: from 0 to below 1, usually 0.1.

    Raises:
        CourseError: the share is not such a number.

    Reference:
        Szegedy et al., 2016, section 7.
    """
    if not 0 <= share < 1:
        raise CourseError(f"label smoothing must be from 0 to below 1, not {share}")

    def objective(model, inputs, target, state, step) -> tuple:
        logits, state = forward(model.logits, inputs, state, training=True)
        nll, right, tokens = token_sums(logits, target)
        spread = _mean_nll(logits, tf.cast(target != PAD, tf.float32))
        return ((1 - share) * nll + share * spread) / tokens, (nll, right, tokens), state

    return objective


def _mean_nll(logits: tf.Tensor, real: tf.Tensor) -> tf.Tensor:
    """Sum, over the real places, the mean negative log-likelihood of all that can be said."""
    sayable = [id for id in range(logits.shape[-1]) if id not in (PAD, START)]
    said = tf.concat([logits[..., PAD + 1 : START], logits[..., START + 1 :]], axis=-1)
    means = tf.reduce_logsumexp(logits, axis=-1) - tf.reduce_sum(said, axis=-1) / len(sayable)
    return tf.reduce_sum(means * real)


def sampled(count: int, seed: int = 0, summed: bool = False) -> Objective:
    """Return the cross-entropy over the target and a sample of the other tokens.

    A softmax over a large vocabulary is most of the work of a training step. Here a target competes
    with `count` tokens only. Half of them are the most frequent ones, always; the other half are
    drawn anew for each batch, evenly from all the rest, and each counts for as many as it stands
    for. The loss and accuracy that are reported for training are those within the sample;
    validation has the full softmax.

    Args:
        count: tokens of a sample.
        seed: draws them, together with the number of the step.
        summed: sum over time and take the mean of the rows, as `summed_over_steps`.

    Raises:
        CourseError: the count is below 2; or, in training, the model has no `outputs` and
            `output_weights`, as `Attentive` and `LanguageModel` have them.

    Reference:
        Bengio and Senécal, 2008, for the estimate; ids must go by falling frequency, as those of a
        `Vocabulary` do.
    """
    if count < 2:
        raise CourseError(f"sampled softmax needs at least 2 tokens, not {count}")

    def objective(model, inputs, target, state, step) -> tuple:
        if not hasattr(model, "output_weights"):
            raise CourseError("sampled softmax needs a model with attention, or a language model")
        outputs, state = forward(model.outputs, inputs, state, training=True)
        outputs = tf.reshape(outputs, [-1, outputs.shape[-1]])
        table, bias = model.output_weights()
        rows = tf.cast(tf.shape(target)[0], tf.float32)
        target = tf.reshape(target, [-1])
        sample = draw(tf.stack([seed, tf.cast(step, tf.int32)]), count, table.shape[0])
        logits = _competing(outputs, target, sample, table, bias)
        sums = token_sums(logits[None], tf.where(target != PAD, 1, PAD)[None])
        return sums[0] / (rows if summed else sums[2]), sums, state

    objective.by_rows = summed
    return objective


def summed_over_steps(
    model: Any, inputs: list, target: tf.Tensor, state: dict | None, step: tf.Tensor
) -> tuple:
    """Return the negative log-likelihood summed over time, in the mean of a batch's rows.

    So the classic language models were trained: with 20 steps the same learning rate moves the
    weights twenty times as far as with `cross_entropy`.
    """
    sums, state = _training_sums(model, inputs, target, state)
    return sums[0] / tf.cast(tf.shape(target)[0], sums[0].dtype), sums, state


summed_over_steps.by_rows = True  # a mean over rows; the others are means over real tokens


def draw(seed: tf.Tensor, count: int, size: int) -> tuple[tf.Tensor, tf.Tensor]:
    """Draw a sample of a vocabulary; PAD and START, which are never targets, are not in it.

    Args:
        seed: int (2,).
        count: tokens of the sample; all of the vocabulary if it has no more.
        size: of the vocabulary.

    Returns:
        Their ids, and the logarithm of the number of tokens that each stands for: (sample,) each.
    """
    first, sayable = START + 1, size - START - 1
    always = sayable if count >= sayable else count // 2
    drawn = min(count, sayable) - always
    # One from each of as many equal parts of the rest, so that hardly any is drawn twice.
    width = (sayable - always) / max(1, drawn)
    places = (
        tf.range(drawn, dtype=tf.float32) + tf.random.stateless_uniform([drawn], seed)
    ) * width
    rest = tf.minimum(first + always + tf.cast(places, tf.int32), size - 1)
    weights = np.repeat(np.float32([0, np.log(max(1.0, width))]), [always, drawn])
    return tf.concat([tf.range(first, first + always), rest], axis=0), tf.constant(weights)


def _competing(
    outputs: tf.Tensor, target: tf.Tensor, sample: tuple, table: tf.Tensor, bias: tf.Tensor
) -> tf.Tensor:
    """Return logits of the targets, in column 1, and of the sample: (places, sample + 2).

    Column 0 stands for PAD, as everywhere, and has no share.
    """
    ids, weights = sample
    own = tf.reduce_sum(outputs * tf.gather(table, target), axis=-1) + tf.gather(bias, target)
    others = tf.matmul(outputs, tf.gather(table, ids), transpose_b=True)
    others += tf.gather(bias, ids) + weights
    # A target that is in the sample as well must not compete with itself.
    others = tf.where(target[:, None] == ids[None], IMPOSSIBLE, others)
    return tf.concat([tf.fill([tf.shape(own)[0], 1], IMPOSSIBLE), own[:, None], others], axis=1)


def _training_sums(model: Any, inputs: list, target: tf.Tensor, state: dict | None) -> tuple:
    """Return the sums of a batch, with a gradient, and the state; without all logits if possible.

    For that a model says what its output layer takes, as `Attentive` and `LanguageModel` do.
    """
    if hasattr(model, "outputs"):
        outputs, state = forward(model.outputs, inputs, state, training=True)
        return fused.linear_cross_entropy(outputs, model.layer("output"), target), state
    logits, state = forward(model.logits, inputs, state, training=True)
    return token_sums(logits, target), state


def token_sums(logits: tf.Tensor, target: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """Sum loss and right guesses over the real tokens.

    Args:
        logits: (batch, time, vocabulary).
        target: int (batch, time), PAD where nothing counts.

    Returns:
        Negative log-likelihood in nats, right guesses, tokens: scalars, float32.
    """
    real = tf.cast(target != PAD, tf.float32)
    nll = tf.nn.sparse_softmax_cross_entropy_with_logits(target, logits)
    right = tf.cast(tf.argmax(logits, axis=-1, output_type=target.dtype) == target, tf.float32)
    return fused.exact_sum(nll * real), tf.reduce_sum(right * real), tf.reduce_sum(real)


def forward(read: Callable, inputs: list, state: dict | None, training: bool) -> tuple:
    """Return what a model makes of a batch, and its state after it if it carries one.

    Args:
        read: the model's `logits` or `outputs`.
        inputs: of the batch.
        state: before the batch; None for a model that carries none.
        training: drop out.
    """
    if state is None:
        return read(*inputs, training=training), None
    return read(*inputs, state, training=training)
