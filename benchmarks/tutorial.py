"""The peer: a character translator as well-known tutorials build it, in our own words.

One-hot arrays of the longest sentence's length, spaces as padding, nothing masked, RMSprop, batches
of 64, Keras' `fit`, and `predict` once a token.
"""

from collections.abc import Sequence

import keras
import numpy as np

UNITS, BATCH = 256, 64


class Tutorial:
    """The arrays' layout and the models of the tutorials' translator."""

    def __init__(self, pairs: Sequence[tuple[str, str]]) -> None:
        """Number the characters of all pairs and build the models."""
        self.targets = [f"\t{target}\n" for _, target in pairs]
        self.source_index = _numbers(source for source, _ in pairs)
        self.target_index = _numbers([*self.targets, " "])
        self.source_time = max(len(source) for source, _ in pairs)
        self.target_time = max(map(len, self.targets))
        self._build()

    def _build(self) -> None:
        """Wire the training model, and the encoder and decoder for inference."""
        source = keras.Input((None, len(self.source_index)))
        _, *states = keras.layers.LSTM(UNITS, return_state=True)(source)
        target = keras.Input((None, len(self.target_index)))
        lstm = keras.layers.LSTM(UNITS, return_sequences=True, return_state=True)
        dense = keras.layers.Dense(len(self.target_index), activation="softmax")
        self.model = keras.Model([source, target], dense(lstm(target, initial_state=states)[0]))
        self.encoder = keras.Model(source, states)
        before = [keras.Input((UNITS,)), keras.Input((UNITS,))]
        outputs, *after = lstm(target, initial_state=before)
        self.decoder = keras.Model([target, *before], [dense(outputs), *after])

    def source_rows(self, sources: Sequence[str]) -> np.ndarray:
        """Return one-hot rows, filled up with spaces: (sentences, source_time, characters)."""
        return _rows(sources, self.source_index, self.source_time)

    def arrays(self, pairs: Sequence[tuple[str, str]]) -> tuple[np.ndarray, ...]:
        """Return encoder input, decoder input, decoder target, and where real characters stand."""
        targets = [f"\t{target}\n" for _, target in pairs]
        whole = _rows(targets, self.target_index, self.target_time)
        target_out = _rows([text[1:] for text in targets], self.target_index, self.target_time)
        lengths = np.array([len(text) - 1 for text in targets])
        real = np.arange(self.target_time) < lengths[:, None]
        return self.source_rows([source for source, _ in pairs]), whole, target_out, real

    def translate(self, source: str) -> str:
        """Decode one sentence with one `predict` a token."""
        states = self.encoder.predict(self.source_rows([source]), verbose=0)
        reverse = {place: character for character, place in self.target_index.items()}
        text, character = "", "\t"
        while character != "\n" and len(text) < self.target_time:
            row = _rows([character], self.target_index, 1)
            shares, *states = self.decoder.predict([row, *states], verbose=0)
            character = reverse[int(shares[0, -1].argmax())]
            text += character
        return text.rstrip("\n")


def _numbers(texts) -> dict[str, int]:
    """Number the characters of some texts."""
    return {c: n for n, c in enumerate(sorted({c for text in texts for c in text} | {" "}))}


def _rows(texts: Sequence[str], index: dict[str, int], time: int) -> np.ndarray:
    """Return one-hot rows, filled up with spaces."""
    rows = np.zeros((len(texts), time, len(index)), np.float32)
    for row, text in zip(rows, texts, strict=True):
        for step, character in enumerate(text.ljust(time)):
            row[step, index[character]] = 1.0
    return rows
