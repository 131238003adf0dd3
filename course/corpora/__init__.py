"""Where text comes from, and how the course tells where it came from.

`load_pairs` is the door for lessons: it looks in the path it is given, the folder in `COURSE_DATA`,
the cache, the publisher's server and, last, the corpus that ships with the course; what it returns
carries `.source`, one line that says which of these it was.

Environment:
    COURSE_DATA: a folder of corpora, as in `$COURSE_DATA/spa-eng/spa.txt`.
    COURSE_CACHE: where downloads are kept, in place of the system's cache folder.
    COURSE_OFFLINE: `1` keeps the course from trying to download.
    COURSE_MIRROR: `http://host:port/folder` that holds the publishers' zip files, for a classroom
        without internet.
"""

from course.corpora.download import DownloadError, fetch
from course.corpora.load import Row, available, load_pairs, path
from course.corpora.pairs import SentencePairs, read_pairs
from course.corpora.registry import CORPORA, Corpus, cache_folder, data_folder, lookup

__all__ = [
    "CORPORA",
    "Corpus",
    "DownloadError",
    "Row",
    "SentencePairs",
    "available",
    "cache_folder",
    "data_folder",
    "fetch",
    "load_pairs",
    "lookup",
    "path",
    "read_pairs",
]
