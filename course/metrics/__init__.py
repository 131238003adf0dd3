"""How good is it: accuracy of tokens and of sentences, perplexity over tokens, BLEU and chrF.

`tokens` measures predictions token by token; `translations` measures whole sentences against
their references, with sacreBLEU underneath.
"""

from course.metrics.tokens import (
    masked_accuracy,
    masked_nll,
    padded_accuracy,
    perplexity,
    sentence_accuracy,
)
from course.metrics.translations import (
    TOKENIZERS,
    LengthBleu,
    bleu,
    bleu_by_length,
    bleu_interval,
    bleu_score,
    bleu_signature,
    chrf,
    references_by_source,
    sentence_bleu,
    sentence_bleu_score,
)

__all__ = [
    "TOKENIZERS",
    "LengthBleu",
    "bleu",
    "bleu_by_length",
    "bleu_interval",
    "bleu_score",
    "bleu_signature",
    "chrf",
    "masked_accuracy",
    "masked_nll",
    "padded_accuracy",
    "perplexity",
    "references_by_source",
    "sentence_accuracy",
    "sentence_bleu",
    "sentence_bleu_score",
]
