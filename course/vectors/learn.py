"""Word vectors learnt from a corpus, and their layout on a page."""

from collections.abc import Iterable, Sequence

import numpy as np

from course.errors import CourseError
from course.vectors.table import Vectors


def word2vec(
    sentences: Iterable[list[str]],
    width: int = 100,
    epochs: int = 5,
    window: int = 5,
    min_count: int = 1,
    seed: int = 0,
) -> Vectors:
    """Learn word vectors from a corpus: tokens with like neighbours get like vectors.

    Skip-gram with negative sampling, by gensim with one worker, so that a seed repeats.

    Args:
        sentences: token lists.
        width: numbers a vector.
        epochs: how often to go through the corpus.
        window: neighbours are at most so many tokens away, within the sentence.
        min_count: leave out tokens that occur less often.
        seed: the same seed gives the same vectors.

    Returns:
        The vectors, those of the most frequent tokens first.

    Raises:
        CourseError: a sentence is no list of tokens, no token occurs often enough, or a number is
            below 1.

    Reference:
        Mikolov et al., 2013, Distributed representations of words and phrases.
    """
    sentences = list(sentences)
    _check(sentences, width=width, epochs=epochs, window=window, min_count=min_count)
    from gensim.models import Word2Vec

    model = Word2Vec(
        vector_size=width, window=window, min_count=min_count, sg=1, seed=seed, workers=1
    )
    model.build_vocab(sentences)
    if not len(model.wv):
        raise CourseError(f"word2vec: no token occurs {min_count:,} times or more: lower min_count")
    model.train(sentences, total_examples=model.corpus_count, epochs=epochs)
    return Vectors(tuple(model.wv.index_to_key), model.wv.vectors)


def _check(sentences: list[list[str]], **counts: int) -> None:
    """Refuse what gensim would take for something else, or train on for nothing."""
    if any(isinstance(sentence, str) for sentence in sentences):
        raise CourseError("word2vec: a sentence is a string: pass tokenizer.tokens(sentence)")
    for name, count in counts.items():
        if count < 1:
            raise CourseError(f"word2vec: {name} must be at least 1, not {count}")


def tsne(vectors: Vectors, tokens: Sequence[str], seed: int = 0) -> np.ndarray:
    """Lay tokens out on a page so that near neighbours stay near, by scikit-learn's t-SNE.

    Near is what has a large cosine. Only the neighbourhoods mean something: not the axes, and not
    the distance between groups that lie far apart.

    Args:
        vectors: of the tokens.
        tokens: at least two.
        seed: the same seed gives the same layout.

    Returns:
        A point for each token: float array (tokens, 2).

    Raises:
        CourseError: there are fewer than two tokens, or one has no vector.

    Reference:
        Van der Maaten and Hinton, 2008, Visualizing data using t-SNE.
    """
    if len(tokens) < 2:
        raise CourseError(f"tsne lays out at least 2 tokens, not {len(tokens)}")
    matrix = vectors.matrix[vectors.rows_of(tokens)]
    from sklearn.manifold import TSNE
    from threadpoolctl import threadpool_limits

    # As many neighbours as usual, but fewer than there are points.
    perplexity = min(30.0, (len(tokens) - 1) / 3)
    layout = TSNE(perplexity=perplexity, metric="cosine", init="random", random_state=seed)
    with threadpool_limits(1):  # sums of several threads differ in the last digit
        return layout.fit_transform(matrix)
