"""What people type to each other, made fit for a model, a terminal and other people's eyes.

Control characters and terminal escapes always go. Emoji stay, go, or become one token; links,
numbers, addresses and the speakers' names can be masked.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable

from course.errors import CourseError

LINK, NUMBER, NAME, EMOJI = "__link__", "__number__", "__name__", "__emoji__"
EMOJI_CHOICES = ("keep", "drop", "token")

_ESCAPES = re.compile(
    r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[#%(-/][0-~]|[^\x1b])?"
)
# They turn the direction of all that follows them: in a terminal, of what the course says as well.
_TURNING = dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x61C, 0x200E, 0x200F])

_PICTURES = (
    "\U0001f004\U0001f0cf\U0001f170-\U0001f265\U0001f300-\U0001f64f\U0001f680-\U0001f6ff"
    "\U0001f7e0-\U0001f7ff\U0001f900-\U0001faff\u2600-\u27bf\u2b05-\u2b07\u2b1b\u2b1c\u2b50\u2b55"
    "\u231a\u231b\u23e9-\u23f3\u25fd\u25fe"
)
# Skin tones, variants, keycaps, and the unseen letters in the flags of England, Scotland and Wales.
_FINISH = "\U0001f3fb-\U0001f3ff\ufe0f\u20e3\U000e0020-\U000e007f"
# Signs such as ↔ and © are emoji if a variant follows that says so.
_PICTURE = f"(?:[{_PICTURES}]|[\u00a9\u00ae\u203c-\u3299]\ufe0f)[{_FINISH}]*"
_ONE_EMOJI = re.compile(
    f"[0-9#*]\ufe0f?\u20e3|[\U0001f1e6-\U0001f1ff]{{2}}|{_PICTURE}(?:\u200d{_PICTURE})*"
)
_LOOSE = re.compile(f"[{_FINISH}\u200d]")

_LINK = re.compile(r"(?:https?://|www\.)\S+|\b[\w.+-]{1,64}(?:@[\w-]+(?:\.[\w-]+)+)+\b", re.I)
_NUMBER = re.compile(r"\+?\d(?:[\d.,:/() -]*\d)?")


def printable(text: str) -> str:
    """Return a text that does nothing to a terminal but stand there.

    Escape sequences, control characters and marks that turn the direction of writing go; line
    breaks and tabs become spaces.
    """
    text = _ESCAPES.sub("", text).translate(_TURNING)
    kept = (" " if c.isspace() else c for c in text if c.isspace() or not _is_control(c))
    return " ".join("".join(kept).split())


def _is_control(character: str) -> bool:
    """Say whether a character is a control character, or half of one beyond Unicode's plane."""
    return unicodedata.category(character) in ("Cc", "Cs")


def cleaner(
    *, emoji: str = "keep", anonymize: bool = False, names: Iterable[str] = ()
) -> Callable[[str], str]:
    """Return what cleans a message.

    Args:
        emoji: "keep" one token for each, without skin tone; "drop" them; or "token" for `EMOJI`.
        anonymize: put `LINK`, `NUMBER` and `NAME` in the place of links, mail addresses, numbers
            and names. Other names than those given are not found.
        names: of the speakers; each part of a name counts as well.

    Raises:
        CourseError: there is no such choice for emoji.
    """
    if emoji not in EMOJI_CHOICES:
        raise CourseError(f"no choice {emoji!r} for emoji: {', '.join(EMOJI_CHOICES)}")
    known = _name_pattern(names) if anonymize else None

    def clean(text: str) -> str:
        text = " ".join(_with_emoji(printable(text), emoji).split())
        return _masked(text, known) if anonymize else text

    return clean


def _masked(text: str, known: re.Pattern | None) -> str:
    """Put a token for each link, number and known name, until there is none left."""
    masked = _NUMBER.sub(NUMBER, _LINK.sub(LINK, text))
    masked = known.sub(NAME, masked) if known else masked
    # What a token stands beside can be an address only now: "a@+7.org" is "a@__number__.org".
    return masked if masked == text else _masked(masked, known)


def _with_emoji(text: str, choice: str) -> str:
    """Set each emoji apart, of several joined ones the first, or put something in its place."""
    place = {"keep": _first_picture, "drop": " ", "token": f" {EMOJI} "}[choice]
    return _LOOSE.sub("", _ONE_EMOJI.sub(place, text))


def _first_picture(found: re.Match) -> str:
    """Return an emoji without what was joined to it, between spaces; a flag is two letters."""
    return f" {_LOOSE.sub('', found[0].split(chr(0x200D))[0])} "


def _name_pattern(names: Iterable[str]) -> re.Pattern | None:
    """Return what finds the names and their parts, the longest first."""
    names = list(names)
    forms = {*names, *(part for name in names for part in name.split())}
    ranked = sorted((form for form in forms if len(form) > 1), key=lambda form: (-len(form), form))
    if not ranked:
        return None
    return re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, ranked))})(?!\w)", re.IGNORECASE)
