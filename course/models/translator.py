"""What both kinds of translator have: a shape, two codecs, and how these are saved."""

from dataclasses import asdict
from typing import Any

from course.backend import keras
from course.models import recurrent
from course.models.layered import Layered
from course.text import Codec

_SIDES = ("source", "target")


class Translator(Layered):
    """An encoder and a decoder, with or without attention.

    Attributes:
        shape: the dataclass of the kind's configuration.
        config: its shape.
        source, target: the codecs, if it translates text.
    """

    shape: type

    def __init__(
        self,
        layers: dict[str, keras.layers.Layer],
        config: Any,
        source: Codec | None,
        target: Codec | None,
    ) -> None:
        """Keep the layers, the shape and the codecs."""
        super().__init__(layers)
        self.config, self.source, self.target = config, source, target

    @property
    def state_names(self) -> list[str]:
        """Names of the decoder's recurrent states, layer by layer."""
        return recurrent.state_names(self.config.cell, self.config.layers)

    def _description(self) -> dict:
        """Return the shape and the vocabularies."""
        codecs = {side: getattr(self, side) for side in _SIDES}
        plain = {side: codec and codec.to_dict() for side, codec in codecs.items()}
        return {"config": asdict(self.config), **plain}

    @classmethod
    def _described(cls, manifest: dict) -> "Translator":
        """Make an untrained model of a saved one's shape."""
        codecs = [manifest[side] and Codec.from_dict(manifest[side]) for side in _SIDES]
        return cls(cls.shape(**manifest["config"]), *codecs)
