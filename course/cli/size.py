"""How large a model and its training step would be, found out before either is there."""

from itertools import pairwise

from course.errors import CourseError

GATES = {"rnn": 1, "gru": 3, "lstm": 4}
MOST_PARAMETERS = 100_000_000  # 2 GB
BYTES_A_PARAMETER = 20  # training keeps five numbers of 4 bytes for each


def recurrent_parameters(cell: str, inputs: int, units: int, biases: int = 0) -> int:
    """Count the weights of a recurrent layer.

    Args:
        cell: "rnn", "gru" or "lstm".
        inputs: width of what it reads.
        units: width of its state.
        biases: of each unit in each gate.
    """
    return GATES[cell] * units * (inputs + units + biases)


def check_parameters(count: int) -> None:
    """Refuse a model that has too many weights.

    Raises:
        CourseError: there are more than `MOST_PARAMETERS`.
    """
    if count > MOST_PARAMETERS:
        raise CourseError(
            f"a model of {count:,} parameters is too large for this command, which trains up to "
            f"{MOST_PARAMETERS:,}: choose fewer --units, or a higher --min-count"
        )


def step_bytes(cell: str, units: int, states: int, logits: int) -> int:
    """Estimate the memory of a training step, in bytes, without the weights.

    Args:
        cell: "rnn", "gru" or "lstm".
        units: width of a state.
        states: how many the step computes, over batch, time and layers.
        logits: how many numbers, over batch, time and vocabulary.
    """
    # A step keeps gates, slopes and their gradients, and three times the logits; 4 bytes each. The
    # fused loss keeps fewer logits: then this is a bound.
    return 4 * (4 * GATES[cell] * units * states + 3 * logits)


def check_language_model(
    cell: str, widths: tuple[int, ...], rows: int, batch: tuple[int, int], logits: int
) -> None:
    """Refuse a language model, or a batch, that cannot fit into this machine's memory.

    Args:
        cell: "rnn", "gru" or "lstm".
        widths: of the embeddings and of each layer's state.
        rows: weights of the embeddings and of the output layer.
        batch: its rows and steps.
        logits: of a place.

    Raises:
        CourseError: it cannot.
    """
    count = rows + sum(recurrent_parameters(cell, m, n) for m, n in pairwise(widths))
    check_parameters(count)
    places = batch[0] * batch[1]
    step = step_bytes(cell, max(widths[1:]), places * len(widths[1:]), places * logits)
    check_memory(
        step + BYTES_A_PARAMETER * count,
        f"a batch of {batch[0]:,} × {batch[1]:,} tokens",
        "a smaller --batch, fewer --steps, or fewer --units",
        decimals=1,
    )


def check_memory(needed: int, what: str, advice: str, decimals: int = 0) -> None:
    """Refuse what cannot fit into the memory that is free on this machine.

    Args:
        needed: bytes.
        what: would need them, as "a batch of 64".
        advice: what to choose instead.
        decimals: of the gigabytes in the message.

    Raises:
        CourseError: fewer bytes are free.
    """
    import psutil

    free = psutil.virtual_memory().available
    if needed > free:
        raise CourseError(
            f"{what} would take about {needed / 1e9:,.{decimals}f} GB and {free / 1e9:,.1f} GB are "
            f"free: choose {advice}"
        )
