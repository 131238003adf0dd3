"""What a model that writes in small letters leaves out: capitals, paragraphs, quotation marks.

A word-level model learns faster from small letters, and from paragraphs that a token of their own
parts. `chapter_text` prepares a chapter so; `typeset` sets what the model writes like a page of a
book, with the names that `capitals` has learnt from the training text.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from course.text import WORD, join_words, unify

PARAGRAPH = "¶"

# A full stop after one of these ends no sentence; those of the first row have a capital letter.
_TITLES = set("mr mrs ms messrs mme mlle dr st capt col gen lieut rev hon esq prof".split())
_SHORTENED = _TITLES | set("etc viz vol jun".split())

# They go on with a sentence whose speech ended with a mark of its own: “Why?” said he.
_SAYING = set(
    "said says asked answered replied returned cried exclaimed added continued repeated shouted "
    "whispered murmured called thought observed remarked inquired rejoined".split()
)
_PERSONS = set("he she i we they it".split())

_ENDS = set(".!?…")
_PAUSES = set(",;:")
_OPENING, _CLOSING = set("“‘"), set("”’")
_QUOTES = set('“”‘’"')
_NEVER_FIRST = set(".,;:!?…)]”’")


def chapter_text(paragraphs: Sequence[str]) -> str:
    """Join the paragraphs of a chapter, with a token between them that a model can learn."""
    return f" {PARAGRAPH} ".join(paragraphs)


def capitals(texts: Iterable[str]) -> dict[str, str]:
    """Learn which words have a capital letter within a sentence, as names have.

    Words that begin a sentence or a speech say nothing and are not counted.

    Args:
        texts: with capital letters, as `chapter_text` gives them.

    Returns:
        Small form -> the most frequent form within sentences, for words whose most frequent form
        is not the small one.
    """
    forms: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for text in texts:
        tokens = WORD.findall(unify(text))
        for token, begins in zip(tokens, _beginnings(tokens), strict=True):
            if not begins:
                forms[token.lower()][token] += 1
    # Capitals sort before small letters, so of forms that are as frequent the small one is taken.
    usual = {
        small: max(sorted(counts, reverse=True), key=counts.get) for small, counts in forms.items()
    }
    return {small: form for small, form in usual.items() if form != small}


def typeset(text: str, capitals: Mapping[str, str]) -> str:
    """Set a generated text like a page of a book.

    Sentences and speeches get a capital letter, names theirs, paragraphs a blank line between them,
    and tokens the spaces of `course.text.join_words`. In each paragraph quotation marks pair: one
    that is left open is closed at the end, one that closes nothing goes. The last sentence, if the
    model did not finish it, is left out; if it is the only one, it gets a full stop.

    Args:
        text: small letters, with `PARAGRAPH` between paragraphs, with or without spaces between
            words and marks.
        capitals: small form -> form within a sentence, as `capitals` returns it.

    Returns:
        The page; empty for a text without words.
    """
    tokens = _finished(WORD.findall(unify(text)))
    paragraphs = (_balanced(_single(paragraph)) for paragraph in _split(tokens))
    return "\n\n".join(join_words(_cased(tokens, capitals)) for tokens in paragraphs if tokens)


def sentences(tokens: Sequence[str], capitals: Mapping[str, str]) -> str:
    """Set what somebody says: capital letters, and the spaces of `course.text.join_words`.

    Args:
        tokens: in small letters; none is left out.
        capitals: as for `typeset`.
    """
    return join_words(_cased(list(tokens), capitals))


def count_words(text: str) -> int:
    """Return how many words a text has; marks are none, and a hyphen parts two."""
    return sum(map(_is_word, WORD.findall(unify(text))))


def first_words(text: str, words: int) -> str:
    """Return a text up to the end of the sentence that holds its last wanted word.

    Args:
        text: with or without capital letters.
        words: how many are wanted, at least 1; a text that has fewer is returned whole. If the
            sentence has no end, it is cut behind that word and gets a full stop.
    """
    tokens, count, wanted = WORD.findall(unify(text)), 0, None
    for place, token in enumerate(tokens):
        count += _is_word(token)
        if count >= words and wanted is None and _may_end(token):
            wanted = place + 1
        if count >= words and _ends(tokens, place):
            return join_words(_with_closing(tokens, place + 1))
    return join_words(tokens if wanted is None else [*tokens[:wanted], "."])


def title(page: str, capitals: Mapping[str, str]) -> str:
    """Name a page by its first short sentence outside speech, as old novels do: "In which …".

    Args:
        page: as `typeset` returns it.
        capitals: as for `typeset`.

    Returns:
        The title, or nothing if no sentence has from four to nine words.
    """
    for tokens in _narrated(page):
        if 4 <= sum(map(_is_word, tokens)) <= 9:
            named = _cased(["in", "which", tokens[0].lower(), *tokens[1:]], capitals)
            return join_words(named).rstrip(".")
    return ""


def _narrated(page: str) -> Iterator[list[str]]:
    """Yield the tokens of each sentence of a page that begins with a word and holds no speech."""
    for paragraph in page.split("\n\n"):
        tokens, begin, speaking = WORD.findall(unify(paragraph)), 0, False
        for place, token in enumerate(tokens):
            speaking = token == "“" or (speaking and token != "”")
            if _ends(tokens, place):
                sentence = _with_closing(tokens, place + 1)[begin:]
                begin += len(sentence)
                if _is_word(sentence[0]) and not (speaking or _QUOTES & set(sentence)):
                    yield sentence


def _beginnings(tokens: Sequence[str]) -> Iterator[bool]:
    """Say for each token whether it begins a sentence or a speech; marks never do.

    A speech that goes on after words between, as in “Come,” said she, “and see”, does not begin
    anew, nor does a quotation without a mark before it, as in: his “dear old” hat.
    """
    begins, broken = True, False
    for place, token in enumerate(tokens):
        yield begins and _is_word(token)
        before = tokens[place - 1] if place else PARAGRAPH
        if _is_word(token):
            begins = False
        elif token == PARAGRAPH or _ends(tokens, place):
            begins, broken = True, False
        elif token in _OPENING:
            begins, broken = begins or not (broken or _is_word(before)), False
        elif token in _CLOSING and not _is_word(before):
            begins = begins and not _goes_on(tokens, place)
            broken = before in ",—"


def _goes_on(tokens: Sequence[str], place: int) -> bool:
    """Say whether the sentence around a speech goes on after it: “Why?” said he, “Why?” he said."""
    following = [token.lower() for token in tokens[place + 1 : place + 3]]
    if tokens[place - 1] not in "!?" or not following:
        return False
    first, second = following[0], following[-1]
    return first in _SAYING or first.endswith("ed") or (first in _PERSONS and second in _SAYING)


def _ends(tokens: Sequence[str], place: int) -> bool:
    """Say whether a mark ends a sentence; the one of "Mr." or of an initial does not."""
    if tokens[place] not in _ENDS:
        return False
    before = tokens[place - 1].lower() if place else ""
    return tokens[place] != "." or not (before in _SHORTENED or _is_initial(before))


def _may_end(token: str) -> bool:
    """Say whether a full stop after a token ends a sentence."""
    return _is_word(token) and _ends([token, "."], 1)


def _is_initial(token: str) -> bool:
    """Say whether a token could be the first letter of a name, and is no word or cry."""
    return len(token) == 1 and token.isalpha() and token not in "aio"


def _is_word(token: str) -> bool:
    """Say whether a token is a word or a number, and no mark."""
    return any(map(str.isalnum, token))


def _finished(tokens: list[str]) -> list[str]:
    """Leave out a last sentence that has no end; if it is the only one, end it."""
    ends = [place for place in range(len(tokens)) if _ends(tokens, place)]
    if not ends:
        words = [place for place, token in enumerate(tokens) if _is_word(token)]
        return [*tokens[: words[-1] + 1], "."] if words else []
    return _with_closing(tokens, ends[-1] + 1)


def _with_closing(tokens: list[str], end: int) -> list[str]:
    """Return the tokens before a place, and the quotation marks that close there."""
    while end < len(tokens) and tokens[end] in _CLOSING:
        end += 1
    return tokens[:end]


def _split(tokens: list[str]) -> Iterator[list[str]]:
    """Yield the paragraphs, without marks at the beginning that can only follow a word."""
    paragraph: list[str] = []
    for token in [*tokens, PARAGRAPH]:
        if token != PARAGRAPH:
            if paragraph or token not in _NEVER_FIRST:
                paragraph.append(token)
        else:
            if any(map(_is_word, paragraph)):
                yield paragraph
            paragraph = []


def _single(tokens: list[str]) -> list[str]:
    """Drop a comma, a semicolon or a colon that another mark follows at once, as in “, .”."""
    following = [*tokens[1:], ""]
    return [
        token
        for token, after in zip(tokens, following, strict=True)
        if not (token in _PAUSES and after in _PAUSES | _ENDS)
    ]


def _balanced(tokens: list[str]) -> list[str]:
    """Pair the double quotation marks of a paragraph, straight ones as curly ones."""
    kept: list[str] = []
    speaking = False
    for token in [*tokens, "”"]:  # closes what is open, and goes if nothing is
        if token == '"':
            token = "”" if speaking else "“"
        if token not in "“”":
            kept.append(token)
        elif speaking == (token == "”"):
            speaking = not speaking
            if kept and kept[-1] == "“":  # nothing was said
                kept.pop()
            else:
                kept.append(token)
    return kept


def _cased(tokens: list[str], capitals: Mapping[str, str]) -> list[str]:
    """Give the tokens of a paragraph their capital letters."""
    cased = []
    following = [*tokens[1:], ""]
    for token, begins, after in zip(tokens, _beginnings(tokens), following, strict=True):
        form = capitals.get(token) or token
        if form.endswith("'s"):
            form = capitals.get(form[:-2], form[:-2]) + "'s"
        shortened = after == "." and (token in _TITLES or _is_initial(token))
        if begins or shortened or form.split("'")[0] == "i":
            form = re.sub(r"[^\W\d_]", lambda letter: letter[0].upper(), form, count=1)
        cased.append(form)
    return cased
