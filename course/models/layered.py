"""What all trained models have in common: Keras layers found by name, and their weights by name."""

from pathlib import Path

import numpy as np

from course.backend import keras, tf
from course.errors import CourseError
from course.models import storage


class Layered:
    """A model that keeps its Keras layers in a dictionary.

    Attributes:
        kind: what its folder is called inside, so that no other kind of model opens it.
        noun: the same for a learner, as "a translator".
        about: plain data that is saved with it, as what it was trained on; empty at first.
    """

    kind: str
    noun: str

    def __init__(self, layers: dict[str, keras.layers.Layer]) -> None:
        """Keep the layers."""
        self._layers = layers
        self.about: dict = {}

    def layer(self, name: str) -> keras.layers.Layer:
        """Return a layer by its name."""
        return self._layers[name]

    @property
    def trainable_variables(self) -> list:
        """What the optimizer moves."""
        return [weight for _, weight in self._named_weights()]

    @property
    def random_states(self) -> list:
        """What the dropout layers draw from; it moves with every training step."""
        layers = [layer for layer in self._layers.values() if hasattr(layer, "seed_generator")]
        return [layer.seed_generator.state for layer in layers]

    def get_weights(self) -> dict[str, np.ndarray]:
        """Return all weights by "layer/weight" name."""
        return {path: weight.numpy() for path, weight in self._named_weights()}

    def set_weights(self, arrays: dict[str, np.ndarray]) -> None:
        """Take over weights by name.

        Raises:
            CourseError: a name or a shape does not fit.
        """
        weights = dict(self._named_weights())
        if set(arrays) != set(weights):
            odd = sorted(set(arrays) ^ set(weights))[0]
            raise CourseError(f"these weights are of another model: {odd} does not fit")
        for name, weight in weights.items():
            if arrays[name].shape != tuple(weight.shape):
                raise CourseError(f"these weights are of another model: {name} has another shape")
        for name, weight in weights.items():
            weight.assign(arrays[name])

    def save(self, folder: str | Path) -> None:
        """Write weights, configuration, codecs and the course's version into one folder.

        Raises:
            CourseError: it cannot be written; a model that was there is kept.
        """
        manifest = {"kind": self.kind, **self._description(), "about": self.about}
        storage.save_arrays(folder, "model", self.get_weights(), manifest)

    @classmethod
    def load(cls, folder: str | Path) -> "Layered":
        """Read what `save` wrote.

        Raises:
            CourseError: the folder is missing, half-written, of another version or another kind.
        """
        arrays, manifest = storage.load_arrays(folder, "model")
        if manifest.get("kind") != cls.kind:
            raise CourseError(f"{folder} holds a {manifest.get('kind')!r} model, not {cls.noun}")
        try:
            model = cls._described(manifest)
            model.set_weights(arrays)
            model.about = dict(manifest.get("about", {}))
        except (KeyError, TypeError, ValueError) as error:
            raise CourseError(f"{folder} does not fit this course: train it again") from error
        return model

    def _description(self) -> dict:
        """Return the plain data that the model can be made from again; each kind has its own."""
        raise NotImplementedError

    @classmethod
    def _described(cls, manifest: dict) -> "Layered":
        """Make an untrained model from what `_description` gave."""
        raise NotImplementedError

    def _named_weights(self) -> list[tuple[str, tf.Variable]]:
        """Pair each weight with the name of its layer, of the first that has it, and its own."""
        named: dict[int, tuple[str, tf.Variable]] = {}
        for name, layer in self._layers.items():
            for weight in layer.trainable_weights:
                named.setdefault(id(weight), (f"{name}/{weight.name}", weight))
        return list(named.values())
