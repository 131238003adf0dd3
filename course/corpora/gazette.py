"""The gazette: newspaper-like text of known entropy, in the form of the Penn Treebank's files.

A stochastic automaton writes it. A section of the paper lasts for some sentences and decides their
nouns and verbs, so what was read twenty words ago matters; verbs agree with their subject over the
words between them. Some names are `<unk>`, and a number is `N`, as in the treebank.

A state is the function that says what can stand there, with its arguments.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import cache

from course.corpora.automaton import Automaton, Row, State, automaton
from course.corpora.gazette_words import DAYS, MONTHS, PLACES, SECTIONS, SURNAMES, TITLES, TOWNS

EOS = "<eos>"
ONE, MANY = "one", "many"


@cache
def gazette() -> Automaton:
    """Return the automaton; its tokens are words, `N`, `<unk>` and `<eos>`, the end of a line."""
    return automaton((_paper,), lambda state: state[0](*state[1:]))


def lines(tokens: Iterable[str]) -> list[str]:
    """Cut what the automaton wrote into the lines of a file, without `<eos>`."""
    found, line = [], []
    for token in tokens:
        if token == EOS:
            found.append(" ".join(line))
            line = []
        else:
            line.append(token)
    return found


def _ranked(words: Sequence[str], behind: State, share: float = 1.0) -> Row:
    """Give words shares that fall with the root of their rank, and all the same state behind."""
    weights = [rank**-0.5 for rank in range(1, len(words) + 1)]
    parts = (share * weight / sum(weights) for weight in weights)
    return {word: (part, behind) for word, part in zip(words, parts, strict=True)}


def _only(word: str, behind: State) -> Row:
    """Say one word."""
    return {word: (1.0, behind)}


def _plural(noun: str) -> str:
    """Return a regular plural; the same letters end a verb behind one he, she or it."""
    if noun.endswith(("s", "x", "z", "ch", "sh")):
        return f"{noun}es"
    if noun.endswith("y") and noun[-2] not in "aeiou":
        return f"{noun[:-1]}ies"
    return f"{noun}s"


def _past(verb: str) -> str:
    """Return the past form of a regular verb."""
    if verb.endswith("e"):
        return f"{verb}d"
    if verb.endswith("y") and verb[-2] not in "aeiou":
        return f"{verb[:-1]}ied"
    return f"{verb}ted" if verb == "acquit" else f"{verb}ed"


def _nouns(section: str, behind: Callable[..., Row], share: float = 1.0) -> Row:
    """Say a noun of a section, one or many; the state behind knows which."""
    nouns = SECTIONS[section].nouns
    one = _ranked(nouns, (behind, section, ONE), share * 0.6)
    return one | _ranked([_plural(noun) for noun in nouns], (behind, section, MANY), share * 0.4)


def _paper() -> Row:
    """A new section begins with its name."""
    return {name: (1.0, (_headed, name)) for name in SECTIONS}


def _headed(section: str) -> Row:
    return _only(EOS, (_open, section))


def _open(section: str) -> Row:
    """A sentence begins, or the section ends with a line of its own."""
    return _begin(section) | {
        "but": (0.06, (_begin, section)),
        "more": (0.06, (_more,)),
    }


def _begin(section: str) -> Row:
    """A clause begins."""
    return {
        "the": (0.5, (_subject, section)),
        "in": (0.1, (_month, section)),
        "N": (0.08, (_counted, section)),
        **_ranked(TITLES, (_surname, section), 0.2),
    }


def _more() -> Row:
    return _only("on", (_page,))


def _page() -> Row:
    return _only("page", (_page_number,))


def _page_number() -> Row:
    return _only("N", (_end,))


def _end() -> Row:
    return _only(EOS, (_paper,))


def _month(section: str) -> Row:
    return _ranked(MONTHS, (_dated, section))


def _dated(section: str) -> Row:
    return {
        "the": (0.7, (_subject, section)),
        **_ranked(TITLES, (_surname, section), 0.3),
    }


def _subject(section: str) -> Row:
    described = _ranked(SECTIONS[section].adjectives, (_described, section), 0.3)
    return described | _nouns(section, _behind, 0.7)


def _described(section: str) -> Row:
    return _nouns(section, _behind)


def _counted(section: str) -> Row:
    nouns = [_plural(noun) for noun in SECTIONS[section].nouns]
    return _ranked(nouns, (_behind, section, MANY))


def _surname(section: str) -> Row:
    return _ranked(SURNAMES, (_verb, section, ONE))


def _behind(section: str, number: str) -> Row:
    """Between a subject and its verb; the number is not forgotten."""
    return {
        "of": (0.15, (_town, section, number)),
        "at": (0.15, (_at, section, number)),
        **_verb(section, number),
    }


def _town(section: str, number: str) -> Row:
    return _ranked(TOWNS, (_verb, section, number))


def _at(section: str, number: str) -> Row:
    return _only("the", (_place, section, number))


def _place(section: str, number: str) -> Row:
    return _ranked(PLACES, (_verb, section, number))


def _verb(section: str, number: str) -> Row:
    """A verb that agrees with its subject, or one in the past, which need not."""
    verbs = SECTIONS[section].verbs
    is_one = number == ONE
    present = [_plural(verb) for verb in verbs] if is_one else verbs
    return {
        "was" if is_one else "were": (0.15, (_done_to, section)),
        "has" if is_one else "have": (0.1, (_done, section)),
        **_ranked(present, (_object, section), 0.25),
        **_ranked([_past(verb) for verb in verbs], (_object, section), 0.2),
    }


def _done_to(section: str) -> Row:
    return _ranked([_past(verb) for verb in SECTIONS[section].verbs], (_tail, section))


def _done(section: str) -> Row:
    return _ranked([_past(verb) for verb in SECTIONS[section].verbs], (_object, section))


def _object(section: str) -> Row:
    return {
        "the": (0.6, (_thing, section)),
        "N": (0.25, (_unit, section)),
        **_ranked(TITLES, (_person, section), 0.15),
    }


def _thing(section: str) -> Row:
    adjectives = _ranked(SECTIONS[section].adjectives, (_named, section), 0.25)
    return adjectives | _nouns(section, _tail_of, 0.75)


def _named(section: str) -> Row:
    return _nouns(section, _tail_of)


def _unit(section: str) -> Row:
    return _ranked(SECTIONS[section].units, (_tail, section))


def _person(section: str) -> Row:
    return _ranked(SURNAMES, (_tail, section))


def _tail_of(section: str, number: str) -> Row:
    return _tail(section)


def _tail(section: str) -> Row:
    """A clause is complete: the line ends, or goes on."""
    return {
        EOS: (0.55, (_open, section)),
        "on": (0.15, (_day, section)),
        "in": (0.1, (_where, section)),
        "because": (0.1, (_begin, section)),
        "while": (0.1, (_begin, section)),
    }


def _day(section: str) -> Row:
    return _ranked(DAYS, (_close, section))


def _where(section: str) -> Row:
    return _ranked(TOWNS, (_close, section))


def _close(section: str) -> Row:
    return _only(EOS, (_open, section))
