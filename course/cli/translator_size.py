"""How large a translator and its training step would be, found out before either is there."""

from collections.abc import Iterator, Sequence

from course.buckets import Bucket
from course.cli import size
from course.cli.translator_data import Data
from course.cli.translator_settings import Settings

BIASES = {"lstm": 1, "gru": 2}  # of each unit in each gate
STATES = {"lstm": 2, "gru": 1}  # of each layer


def parameters(settings: Settings, source_size: int, target_size: int) -> int:
    """Count the weights of a model that is not there yet.

    Args:
        settings: its shape.
        source_size: tokens of the source vocabulary.
        target_size: tokens of the target vocabulary.
    """
    if settings.attention == "none":
        return _without_attention(settings, source_size, target_size)
    return _with_attention(settings, source_size, target_size)


def _without_attention(settings: Settings, source_size: int, target_size: int) -> int:
    """Count the weights of a `Seq2Seq`."""
    units, wide = settings.units, settings.embedding
    total = (units + 1) * target_size
    for tokens in (source_size, target_size):
        layers = [wide or tokens] + [units] * (settings.layers - 1)
        total += tokens * wide + sum(_recurrent(settings, inputs) for inputs in layers)
    return total


def _with_attention(settings: Settings, source_size: int, target_size: int) -> int:
    """Count the weights of an `Attentive`."""
    units, wide, read = settings.units, settings.embedding, _read_width(settings)
    later, states = settings.layers - 1, STATES[settings.cell] * settings.layers
    total = (source_size + target_size) * wide + target_size
    encoder = _recurrent(settings, wide) + later * _recurrent(settings, read)
    total += encoder * (read // units) + states * (read + 1) * units
    fed = wide * 2 if settings.input_feeding else wide
    total += _recurrent(settings, fed) + later * _recurrent(settings, units)
    total += (units + 1) * wide
    if settings.attention != "last":
        total += read * (units + wide)
    return total + {"additive": units * (units + 1), "multiplicative": 1}.get(settings.attention, 0)


def _read_width(settings: Settings) -> int:
    """Return how many numbers an encoder with attention has for each token that it read."""
    return settings.units * (1 if settings.one_way else 2)


def _recurrent(settings: Settings, inputs: int) -> int:
    """Count the weights of a recurrent layer."""
    return size.recurrent_parameters(settings.cell, inputs, settings.units, BIASES[settings.cell])


def step_bytes(settings: Settings, buckets: Sequence[Bucket], logits: int) -> int:
    """Estimate the memory of the largest training step, in bytes, without the weights.

    Args:
        settings: the model's shape.
        buckets: shapes of the batches.
        logits: of a place: the target vocabulary, or what is sampled of it.
    """
    return max(_steps(settings, buckets, logits))


def _steps(settings: Settings, buckets: Sequence[Bucket], logits: int) -> Iterator[int]:
    """Yield the memory of a training step, in bytes, for each shape of batches."""
    for bucket in buckets:
        read, said = bucket.source_time * bucket.batch, bucket.target_time * bucket.batch
        others = 0
        if settings.attention != "none":
            read *= _read_width(settings) // settings.units
            deep = settings.units if settings.attention == "additive" else 1
            others = said * bucket.source_time * deep
        states = (read + said) * settings.layers
        yield size.step_bytes(settings.cell, settings.units, states, said * logits + others)


def check(settings: Settings, data: Data) -> None:
    """Refuse a model that is too large, and a batch that cannot fit into the memory.

    Raises:
        CourseError: so it is.
    """
    size.check_memory(
        step_bytes(settings, data.batches.buckets, len(data.target.vocabulary)),
        f"a batch of {settings.batch:,}",
        "a smaller --batch, or fewer --units",
    )
    count = parameters(settings, len(data.source.vocabulary), len(data.target.vocabulary))
    size.check_parameters(count)
