"""Bit strings, and what is asked of them: how many ones, or an even or an odd number of them."""

from collections.abc import Iterator

import numpy as np


def draw(strings: int, length: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 2, (strings, length), np.int8)


def running(bits):
    return (np.cumsum(bits, axis=1) % 2 + 1).astype(np.int32)


def counted(bits):
    labels = np.zeros(bits.shape, np.int32)
    labels[:, -1] = bits.sum(axis=1) + 1
    return labels


class Labelled:
    def __init__(self, ids, labels, batch):
        self.ids, self.labels, self.batch = ids.astype(np.int32), labels, batch

    def __len__(self):
        return -(-len(self.ids) // self.batch)

    def __iter__(self):
        return self._cut(np.arange(len(self.ids)))

    def shuffled(self, seed, epoch=0):
        return self._cut(np.random.default_rng((seed, epoch)).permutation(len(self.ids)))

    def _cut(self, order):
        for b in range(0, len(order), self.batch):
            rows = order[b : b + self.batch]
            fill = ((0, self.batch - len(rows)), (0, 0))
            yield np.pad(self.ids[rows], fill), np.pad(self.labels[rows], fill)
