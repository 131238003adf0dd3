"""Word vectors: learnt from a corpus, read from a file, compared, laid out on a page.

Training is gensim's and the layout scikit-learn's; both are imported when they are needed.
"""

from course.vectors.files import read_vectors
from course.vectors.learn import tsne, word2vec
from course.vectors.table import Vectors

__all__ = ["Vectors", "read_vectors", "tsne", "word2vec"]
