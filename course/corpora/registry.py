"""The corpora that the course knows by name: what they are, and where they may lie."""

import difflib
import os
import re
from dataclasses import dataclass
from pathlib import Path

from course.errors import CourseError

TENSORFLOW = "http://storage.googleapis.com/download.tensorflow.org/data"
MANYTHINGS = "https://www.manythings.org/anki"

TATOEBA_LICENCE = "CC BY 2.0 (France), tatoeba.org by way of www.manythings.org/anki"
COURSE_LICENCE = "CC BY 4.0, written for this course"

# Some of the languages that manythings.org pairs with English, by its three-letter codes.
LANGUAGES = {
    "afr": "Afrikaans",
    "ara": "Arabic",
    "aze": "Azerbaijani",
    "bel": "Belarusian",
    "ben": "Bengali",
    "ber": "Berber",
    "bul": "Bulgarian",
    "cat": "Catalan",
    "ces": "Czech",
    "cmn": "Chinese (Mandarin)",
    "dan": "Danish",
    "deu": "German",
    "ell": "Greek",
    "est": "Estonian",
    "eus": "Basque",
    "fin": "Finnish",
    "fra": "French",
    "gle": "Irish",
    "glg": "Galician",
    "heb": "Hebrew",
    "hin": "Hindi",
    "hrv": "Croatian",
    "hun": "Hungarian",
    "ind": "Indonesian",
    "isl": "Icelandic",
    "ita": "Italian",
    "jpn": "Japanese",
    "kat": "Georgian",
    "kor": "Korean",
    "lit": "Lithuanian",
    "lvs": "Latvian",
    "mar": "Marathi",
    "mkd": "Macedonian",
    "nds": "Low German",
    "nld": "Dutch",
    "nob": "Norwegian (Bokmål)",
    "pes": "Persian",
    "pol": "Polish",
    "por": "Portuguese",
    "ron": "Romanian",
    "rus": "Russian",
    "slk": "Slovak",
    "slv": "Slovenian",
    "spa": "Spanish",
    "sqi": "Albanian",
    "srp": "Serbian",
    "swe": "Swedish",
    "tat": "Tatar",
    "tgl": "Tagalog",
    "tha": "Thai",
    "tur": "Turkish",
    "uig": "Uyghur",
    "ukr": "Ukrainian",
    "urd": "Urdu",
    "vie": "Vietnamese",
    "yue": "Cantonese",
    "zsm": "Malay",
}


@dataclass(frozen=True)
class Corpus:
    """A corpus of sentence pairs.

    Attributes:
        name: what it is called in commands and lessons.
        title: its languages and its kind.
        licence: as its publisher states it.
        language: of the second column; the first is English.
        base: address of the publisher's folder; empty for a corpus that ships with the course.
        member: the text's path inside the publisher's zip file.
        sha256: of the text; empty where the publisher changes the file from time to time.
    """

    name: str
    title: str
    licence: str
    language: str = "Spanish"
    base: str = ""
    member: str = ""
    sha256: str = ""

    @property
    def ships(self) -> bool:
        """Whether it comes with the course."""
        return not self.base

    @property
    def url(self) -> str:
        """Where its zip file is: on the publisher's server, or on that of `COURSE_MIRROR`."""
        base = os.environ.get("COURSE_MIRROR") or self.base
        return f"{base.rstrip('/')}/{self.name}.zip"

    @property
    def file(self) -> Path:
        """Its text's place below `COURSE_DATA` and the cache, as in `spa-eng/spa.txt`."""
        return Path(self.name, Path(self.member).name)


def _manythings(code: str, language: str) -> Corpus:
    """Describe a pair that manythings.org offers."""
    return Corpus(
        name=f"{code}-eng",
        title=f"English–{language}, Tatoeba's sentences",
        licence=TATOEBA_LICENCE,
        language=language,
        base=MANYTHINGS,
        member=f"{code}.txt",
    )


_NAMED_HERE = [
    Corpus("shipped", "English–Spanish, everyday and grammar together", COURSE_LICENCE),
    Corpus("everyday", "English–Spanish, everyday sentences by hand", COURSE_LICENCE),
    Corpus("grammar", "English–Spanish, 20,000 sentences of a small grammar", COURSE_LICENCE),
    # The 2018 file, and not today's of manythings.org: its checksum is known, and figures that
    # were measured on it can be measured again.
    Corpus(
        name="spa-eng",
        title="English–Spanish, Tatoeba's sentences of 2018",
        licence=TATOEBA_LICENCE,
        base=TENSORFLOW,
        member="spa-eng/spa.txt",
        sha256="6ec60e212f812ee3430f7568ea6f33b6fb080e32193c5952e8da0ee8ba45574c",
    ),
]

_ALL = "course data list shows all"

CORPORA = {corpus.name: corpus for corpus in _NAMED_HERE}
for _code, _language in LANGUAGES.items():
    CORPORA.setdefault(f"{_code}-eng", _manythings(_code, _language))


def lookup(name: str) -> Corpus:
    """Return the corpus of a name.

    Raises:
        CourseError: there is none; the message has the nearest name.
    """
    if name not in CORPORA and re.fullmatch("[a-z]{3}-eng", name):
        # The table has some of the languages; the publisher knows whether it has this one.
        return _manythings(name[:3], name[:3])
    if name not in CORPORA:
        near = difflib.get_close_matches(str(name).lower(), CORPORA, n=1)
        meant = f"did you mean {near[0]!r}? (course data list shows all)" if near else _ALL
        raise CourseError(f"no corpus is called {name!r}: {meant}")
    return CORPORA[name]


def find(corpus: Corpus) -> tuple[str, Path] | None:
    """Look for a corpus' text on this machine.

    Returns:
        Which place it is ("COURSE_DATA" or "the cache") and the file, or None.
    """
    places = [("the cache", cache_folder())]
    if folder := data_folder():
        places.insert(0, ("COURSE_DATA", folder))
    files = ((place, folder / corpus.file) for place, folder in places)
    return next(((place, file) for place, file in files if file.is_file()), None)


def data_folder() -> Path | None:
    """Return the folder in `COURSE_DATA`, whether it exists or not; None if it is not set."""
    named = os.environ.get("COURSE_DATA")
    return Path(named).expanduser() if named else None


def cache_folder() -> Path:
    """Return the folder that keeps downloads: `COURSE_CACHE`, or the system's place for caches."""
    if os.environ.get("COURSE_CACHE"):
        return Path(os.environ["COURSE_CACHE"]).expanduser()
    import platformdirs

    return platformdirs.user_cache_path("unrolled", appauthor=False)
