"""Where text comes from, and how the course tells where it came from.

`load_pairs` is the door for lessons: it looks in the path it is given, the folder in `COURSE_DATA`,
the cache, the publisher's server and, last, the corpus that ships with the course; what it returns
carries `.source`, one line that says which of these it was. `load_book` does the same for books:
the novella that ships, a text file, or a number of Project Gutenberg; `load_treebank` for running
text in three splits.

Environment:
    COURSE_DATA: a folder of corpora, as in `$COURSE_DATA/spa-eng/spa.txt` and
        `$COURSE_DATA/books/pg1342.txt`.
    COURSE_CACHE: where downloads are kept, in place of the system's cache folder.
    COURSE_OFFLINE: `1` keeps the course from trying to download.
    COURSE_MIRROR: `http://host:port/folder` that holds the publishers' zip files, and books as
        `pg1342.txt`, for a classroom without internet.
"""

from course.corpora.aligned import read_aligned
from course.corpora.books import (
    NOVELLA,
    SHIPPED,
    Book,
    Chapter,
    available_books,
    load_book,
    read_book,
    split_book,
)
from course.corpora.download import DownloadError, fetch
from course.corpora.gutenberg import book_path, fetch_book, number_of
from course.corpora.load import Row, available, load_pairs, path
from course.corpora.pairs import SentencePairs, read_pairs
from course.corpora.registry import CORPORA, Corpus, cache_folder, data_folder, lookup
from course.corpora.treebank import (
    Treebank,
    available_treebanks,
    load_treebank,
    make_gazette,
    read_treebank,
    write_treebank,
)

__all__ = [
    "CORPORA",
    "NOVELLA",
    "SHIPPED",
    "Book",
    "Chapter",
    "Corpus",
    "DownloadError",
    "Row",
    "SentencePairs",
    "Treebank",
    "available",
    "available_books",
    "available_treebanks",
    "book_path",
    "cache_folder",
    "data_folder",
    "fetch",
    "fetch_book",
    "load_book",
    "load_pairs",
    "load_treebank",
    "lookup",
    "make_gazette",
    "number_of",
    "path",
    "read_aligned",
    "read_book",
    "read_pairs",
    "read_treebank",
    "split_book",
    "write_treebank",
]
