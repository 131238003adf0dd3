"""Optimizers, and how the learning rate moves while they work."""

from course.backend import keras

OPTIMIZERS = {
    "adam": (keras.optimizers.Adam, 4e-3),
    "rmsprop": (keras.optimizers.RMSprop, 1e-3),
    "sgd": (keras.optimizers.SGD, 1.0),
}
Schedule = keras.optimizers.schedules.LearningRateSchedule


def make_optimizer(
    name: str,
    learning_rate: float | None,
    schedule: str | Schedule,
    clip: float | None,
    steps: int,
    warmup: int = 0,
) -> keras.optimizers.Optimizer:
    """Return a Keras optimizer, as `fit` uses it; arguments as there, `steps` in all."""
    kind, usual = OPTIMIZERS[name]
    rate = usual if learning_rate is None else learning_rate
    if schedule == "cosine":
        rate = _cosine(rate, max(1, steps), warmup)
    elif schedule != "constant":
        rate = schedule
    return kind(rate, global_clipnorm=clip)


def decaying(rate: float, flat: int, epochs: int, batches: int, factor: float = 2.0) -> Schedule:
    """Return a rate that stays for some epochs, and then is divided by a factor before each.

    Args:
        rate: the highest.
        flat: epochs at that rate.
        epochs: in all.
        batches: of an epoch.
        factor: 2 halves the rate.
    """
    ends = [batches * epoch - 1 for epoch in range(flat, max(epochs, flat + 1))]
    rates = [rate / factor**times for times in range(len(ends) + 1)]
    return keras.optimizers.schedules.PiecewiseConstantDecay(ends, rates)


def _cosine(rate: float, steps: int, warmup: int) -> keras.optimizers.schedules.CosineDecay:
    """Return a rate that rises for some steps, if there are such, and then falls to nothing."""
    falling = keras.optimizers.schedules.CosineDecay
    if not warmup:
        return falling(rate, steps)
    return falling(0.0, max(1, steps - warmup), warmup_target=rate, warmup_steps=warmup)
