"""A model that says its source backwards by attention: wired by hand, never trained.

Where it looks has a known right answer: at the last source token first, then one place further to
the front at every step. So it shows what attention is before lesson 07 trains one, and tests what
attention must be.
"""

import math

from course.backend import tf
from course.errors import CourseError
from course.models.layers import IMPOSSIBLE, NeverSaid
from course.text import END, PAD, Codec

# A share of the softmax for every token, too small to be seen: its logarithm stays finite.
HARDLY = 1e-9


class Reverser:
    """A decoder whose query is a place, and whose keys are the places of the source tokens.

    Each step looks one place before the one where the last step looked. Soft attention blurs that
    place, the next query with it, and the model loses its way: with a low `sharpness` it skips
    tokens, says some twice, or does not end.

    Attributes:
        sharpness: its only weight, a `tf.Variable`: `assign` moves it, and nothing is compiled
            anew.
        source, target: the codecs, if it reverses text.
    """

    def __init__(
        self,
        size: int,
        source: Codec | None = None,
        target: Codec | None = None,
        *,
        sharpness: float = 10.0,
    ) -> None:
        """Wire the model.

        Args:
            size: tokens of the vocabulary, the four special ones included.
            source: how text becomes ids.
            target: how ids become text: by default as `source` does it.
            sharpness: how fast a key counts less with its distance. 5 puts 99 % of the attention on
                one token, 1 about half of it, and 0 looks everywhere alike.

        Raises:
            CourseError: the sharpness is negative, or a vocabulary has another size.
        """
        if not 0 <= sharpness < math.inf:
            raise CourseError(f"sharpness must be 0 or more, not {sharpness}")
        self.source, self.target = source, target or source
        for codec in (self.source, self.target):
            if codec and len(codec.vocabulary) != size:
                raise CourseError(f"size is {size}, but a codec has {len(codec.vocabulary)} tokens")
        self.size = size
        self.sharpness = tf.Variable(sharpness, dtype=tf.float32, trainable=False)
        self._targets_only = NeverSaid()

    def start(self, source_ids: tf.Tensor) -> dict[str, tf.Tensor]:
        """Read the source sentences.

        Args:
            source_ids: int (batch, source_time), padding on the right only.

        Returns:
            "memory": the ids, int (batch, source_time); "attention": zeros, float (batch,
            source_time); "place": where it looked last, float (batch, 1); one behind the last token
            at first.
        """
        memory = tf.convert_to_tensor(source_ids)
        real = tf.cast(memory != PAD, tf.float32)
        place = tf.reduce_sum(real, axis=1, keepdims=True)
        return {"memory": memory, "attention": tf.zeros_like(real), "place": place}

    def step(
        self, token_ids: tf.Tensor, state: dict[str, tf.Tensor]
    ) -> tuple[tf.Tensor, dict[str, tf.Tensor]]:
        """Say the next token.

        Args:
            token_ids: int (batch,): not looked at, for only places count.
            state: what `start` or the last `step` gave.

        Returns:
            Logits (batch, size) and the new state. Before the first source token there is END; the
            attention, with nowhere left to go, rests on that token then.
        """
        memory, query = state["memory"], state["place"] - 1
        attention, place = self._attend(query, memory)
        context = tf.einsum("bt,btv->bv", attention, tf.one_hot(memory, self.size))
        said = tf.where(query < -0.5, tf.one_hot(END, self.size), context)
        logits = self._targets_only(tf.math.log(said + HARDLY))
        return logits, {"memory": memory, "attention": attention, "place": place}

    def _attend(self, query: tf.Tensor, memory: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Compare the query with the place of each token.

        A score is minus the squared distance of the two, times the sharpness. That is a product of
        the query (2 * query, 1) and the key (place, -place²), but for query², which the softmax
        does not see.

        Returns:
            The weights (batch, source_time), and the mean place under them (batch, 1).
        """
        real = memory != PAD
        places = tf.range(tf.shape(memory)[1], dtype=tf.float32)
        scores = -self.sharpness * (places - query) ** 2
        weights = tf.nn.softmax(tf.where(real, scores, IMPOSSIBLE))
        weights *= tf.cast(real, tf.float32)  # a row of nothing but padding looks nowhere
        return weights, tf.reduce_sum(weights * places, axis=1, keepdims=True)
