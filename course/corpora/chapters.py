"""Where the chapters of a book begin."""

import re
from dataclasses import dataclass, field

from course.corpora.pages import Block

LONGEST_TITLE = 80  # characters
FEWEST_WORDS = 50  # in a chapter, on average; numbered paragraphs that are shorter make a list
FRONT_MATTER = 0.2  # of the words; more before the first head is no title page

_ROMAN = r"c{0,3}(?:xc|xl|l?x{0,3})(?:ix|iv|v?i{0,3})(?<=[ivxlc])\b"
_TENS = "|".join("twent thirt fort fift sixt sevent eight ninet".split())
_UNITS = "|".join(
    "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen first second third fourth fifth sixth seventh eighth "
    "ninth tenth eleventh twelfth thirteenth fourteenth fifteenth sixteenth seventeenth "
    "eighteenth nineteenth last".split()
)
_WORDS = rf"(?:(?:{_TENS})y[- ])?(?:{_UNITS})|(?:{_TENS})(?:y|ieth)"
_DIVISIONS = ("Book", "Part", "Volume")  # they have chapters in them
_KINDS = "chapter|letter|stave|canto|book|part|volume|capítulo|chapitre|kapitel"

# Case counts in what follows the number: "Part one of the plan" is no head.
HEAD = re.compile(
    rf"\W*(?i:(?P<kind>{_KINDS})\s+(?P<number>(?:the\s+)?(?:{_ROMAN}|\d+|{_WORDS})))\b"
    r"(?:[\s.\]]*[:—–-]|(?![\s.\]]*[a-z]))[\s.:—–\]-]*(?P<title>.*)$"
)
_NAMED = re.compile(r"(?P<kind>prologue|epilogue|conclusion)(?P<number>)(?P<title>)\.?", re.I)
_NUMERAL = re.compile(
    rf"(?P<kind>)(?P<number>(?i:{_ROMAN})|\d{{1,3}})(?:[.)]?|[.)]\s+(?P<title>[A-Z“‘\"'\d].*))"
)
_CONTENTS = re.compile(r"(?:table of )?contents\W*", re.IGNORECASE)
_ENTRY = re.compile(rf"(?!i\b)(?:{_ROMAN}|\d+)[.)]?\s+\S", re.IGNORECASE)
_FINIS = re.compile(r"\W*(?:the end|finis)\W*", re.IGNORECASE)


@dataclass
class Part:
    """Blocks under a head.

    Attributes:
        head: as "Chapter I" or "Epilogue"; empty for what stands before the first.
        title: the chapter's own, or nothing.
        blocks: the text.
    """

    head: str = ""
    title: str = ""
    blocks: list[Block] = field(default_factory=list)

    @property
    def name(self) -> str:
        """Head and title in one line."""
        return ": ".join(part for part in (self.head, self.title) if part)


def cut(blocks: list[Block]) -> list[Part]:
    """Cut a book into its chapters.

    What stands before the first head, as a title page, a table of contents or a preface, is left
    out, unless its prose is a fifth of the book or more. So are heads without text, as a table of
    contents has them, and a part's title before its first chapter is.

    Args:
        blocks: of the book.

    Returns:
        Its chapters; one without a head if there are no heads.
    """
    if blocks and _FINIS.fullmatch(" ".join(blocks[-1])):
        blocks = blocks[:-1]
    heads = _heads(blocks)
    front, *parts = _parts(blocks, heads)
    if not parts:
        return [front]
    chapters = _without_contents(parts)
    front.blocks = [block for block in front.blocks if _is_prose(block)]
    share = words(front.blocks) / max(1, words(blocks))
    return [front, *chapters] if share >= FRONT_MATTER else chapters


def words(blocks: list[Block]) -> int:
    """Count what stands between spaces."""
    return sum(len(line.split()) for block in blocks for line in block)


def is_title(line: str) -> bool:
    """Say whether a line could be a title: it is short, no sentence, no head and no number."""
    if len(line) > LONGEST_TITLE or line[:1].islower():
        return False
    if any(pattern.fullmatch(line) for pattern in (HEAD, _NUMERAL, _CONTENTS)):
        return False
    return line[-1] not in (",;:" if line.isupper() else ".,;:!?”\"’'—-")


def _heads(blocks: list[Block]) -> dict[int, Part]:
    """Find the blocks with which chapters begin."""
    spelt = _matches(blocks, HEAD)
    if all(part.head.startswith(_DIVISIONS) for part in spelt.values()):
        spelt |= _numerals(blocks)
    return _matches(blocks, _NAMED) | spelt if spelt else {}


def _matches(blocks: list[Block], pattern: re.Pattern) -> dict[int, Part]:
    """Read as heads the blocks whose first line is one, by their positions."""
    read = ((position, _read(block, pattern)) for position, block in enumerate(blocks))
    return {position: part for position, part in read if part}


def _read(block: Block, pattern: re.Pattern) -> Part | None:
    """Read a block as a head, with its title or with text behind it.

    Returns:
        None if it is no head, or several of them: a table of contents.
    """
    head, rest = pattern.fullmatch(block[0]), block[1:]
    if not head or any(HEAD.match(line) or _ENTRY.match(line) for line in rest):
        return None
    number = head["number"]
    number = number.upper() if re.fullmatch(_ROMAN, number, re.I) else number.title()
    part = Part(f"{head['kind'].capitalize()} {number}".strip().replace("The ", "the "))
    if len(rest) > 2 or len(" ".join(rest)) > LONGEST_TITLE:
        part.blocks, rest = [rest], []
    part.title = " ".join([head["title"] or "", *rest]).strip().removesuffix(".")
    return part


def _numerals(blocks: list[Block]) -> dict[int, Part]:
    """Find heads that are a bare number or begin with one, counted 1, 2, 3 through the book."""
    found, expected = {}, 1
    for position, part in _matches(blocks, _NUMERAL).items():
        value = _value(part.head)
        if value in (expected, 1) and not (part.title and part.blocks):
            found[position], expected = part, value + 1
    text = words(blocks[min(found) :]) if found else 0
    return found if len(found) > 1 and text >= FEWEST_WORDS * len(found) else {}


def _value(numeral: str) -> int:
    """Return the value of a Roman or Arabic numeral."""
    if numeral.isdecimal():
        return int(numeral)
    values = ["IVXLC".index(letter) for letter in numeral]
    worth = [(1, 5, 10, 50, 100)[value] for value in values]
    following = [*worth[1:], 0]
    return sum(-one if one < next_ else one for one, next_ in zip(worth, following, strict=True))


def _parts(blocks: list[Block], heads: dict[int, Part]) -> list[Part]:
    """Put blocks under their heads; the first part is what stands before the first head."""
    parts = [Part()]
    for position, block in enumerate(blocks):
        last = parts[-1]
        if position in heads:
            parts.append(heads[position])
        elif last.head and not (last.title or last.blocks or block[1:]) and is_title(block[0]):
            last.title = block[0].removesuffix(".")
        elif not _is_number(block):
            last.blocks.append(block)
    return parts


def _without_contents(parts: list[Part]) -> list[Part]:
    """Leave out heads without text, and the last entry of a table of contents with what follows."""
    kept, empty = [], 0
    for position, part in enumerate(parts):
        again = any(other.head == part.head for other in parts[position + 1 :])
        if part.blocks and not (again and empty >= 3):
            kept.append(part)
        empty = 0 if part.blocks else empty + 1
    return kept


def _is_number(block: Block) -> bool:
    """Say whether a block is nothing but the number of a page or of a section."""
    numeral = _NUMERAL.fullmatch(" ".join(block))
    return bool(numeral and not numeral["title"])


def _is_prose(block: Block) -> bool:
    """Say whether a block is text, and not a title, a name or a table."""
    return words([block]) >= 20 and block[-1][-1] in ".!?”\"’'"
