"""A translator from what was said to what is replied: one vocabulary, one table of embeddings.

Lesson 10 trains it. It is the encoder–decoder of lessons 04 and 07, with attention or without.
"""

from dataclasses import asdict

from course.models.attentive import Attentive, Config
from course.text import Codec


class Chatbot(Attentive):
    """An encoder–decoder that replies.

    Attributes:
        config: its shape.
        codec: of both sides.
    """

    kind, noun = "chatbot", "a chatbot"

    def __init__(self, config: Config, codec: Codec) -> None:
        """Build the layers and draw their weights from `config.seed`."""
        super().__init__(config, codec, codec)
        self.codec = codec

    @classmethod
    def of(cls, codec: Codec, **shape) -> "Chatbot":
        """Make an untrained model.

        Args:
            codec: of both sides.
            shape: fields of the configuration, without the sizes and `shared`.
        """
        size = len(codec.vocabulary)
        return cls(Config(size, size, shared=True, **shape), codec)

    def _description(self) -> dict:
        """Return the shape and the vocabulary."""
        return {"config": asdict(self.config), "codec": self.codec.to_dict()}

    @classmethod
    def _described(cls, manifest: dict) -> "Chatbot":
        """Make an untrained model of a saved one's shape."""
        return cls(Config(**manifest["config"]), Codec.from_dict(manifest["codec"]))
