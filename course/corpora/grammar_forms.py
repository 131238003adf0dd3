"""Inflection for the shipped grammar: plurals, agreement, verbs and clauses in two languages."""

from __future__ import annotations

import re
from typing import NamedTuple

from course.corpora.grammar_lexicon import IRREGULAR, NOUNS, rows

# A person is an index: I, you, he/she/it, we, they. Spanish endings stand in this order.
FIRST, SECOND, THIRD, WE, THEY = range(5)

_ENDINGS = {
    ("ar", "present"): "o as a amos an",
    ("er", "present"): "o es e emos en",
    ("ir", "present"): "o es e imos en",
    ("ar", "past"): "é aste ó amos aron",
    ("er", "past"): "í iste ió imos ieron",
    ("ir", "past"): "í iste ió imos ieron",
}
_IRREGULAR = {key: forms.split() for key, forms in rows(IRREGULAR)}
_BE = ("am", "are", "is", "are", "are")
_WAS = ("was", "were", "was", "were", "were")
_NEGATED = {
    "do": "don't",
    "does": "doesn't",
    "did": "didn't",
    "can": "can't",
    "am": "am not",
    "is": "is not",
    "are": "are not",
    "was": "was not",
    "were": "were not",
}
_REFLEXIVE = ("me", "te", "se", "nos", "se")
# English helper after which a bare "to" infinitive stands, and its Spanish counterpart.
_HELPERS = {
    "want": ("want to", "querer", ""),
    "need": ("need to", "necesitar", ""),
    "must": ("have to", "tener", "que"),
    "can": ("can", "poder", ""),
    "future": ("going to", "ir", "a"),
}


class Noun(NamedTuple):
    """One noun in both languages; `gender` is "m" or "f"."""

    english: str
    english_plural: str
    spanish: str
    spanish_plural: str
    gender: str
    classes: tuple[str, ...]
    article: str


class Phrase(NamedTuple):
    """A noun phrase or pronoun in both languages, with all that its neighbours agree with."""

    english: str
    spanish: str
    person: int = THIRD
    gender: str = "m"
    human: bool = False

    @property
    def plural(self) -> bool:
        """Whether adjectives after this phrase are plural."""
        return self.person >= WE


class Verb(NamedTuple):
    """A verb with its fixed company: ("play soccer", "played", "playing", "jugar al fútbol")."""

    english: str
    past: str
    ing: str
    spanish: str
    particle: str = ""


def english_plural(noun: str) -> str:
    """Gives the regular plural of an English noun."""
    if re.search(r"(s|x|ch|sh)$", noun):
        return noun + "es"
    return re.sub(r"(?<=[^aeiou])y$", "ie", noun) + "s"


def spanish_plural(noun: str) -> str:
    """Gives the plural of a Spanish noun or adjective: luz, luces; avión, aviones."""
    if re.search(r"[aeiouáéó]$", noun):
        return noun + "s"
    if noun.endswith("z"):
        return noun[:-1] + "ces"
    if re.search(r"[aeiou]s$", noun) and len(noun) > 4:
        return noun  # el paraguas, los paraguas
    for accented, plain in zip("áéíóú", "aeiou", strict=True):
        noun = re.sub(f"{accented}(?=[ns]$)", plain, noun)
    return noun + "es"


def _noun(english: str, spanish: str, gender: str, classes: str) -> Noun:
    singular, _, plural = english.partition("/")
    return Noun(
        singular,
        plural or english_plural(singular),
        spanish,
        spanish_plural(spanish),
        gender[0],
        tuple(classes.split()),
        "la" if gender == "f" else "el",
    )


_ALL_NOUNS = [_noun(*row) for row in rows(NOUNS)]
_NOUN_BY_NAME = {entry.english: entry for entry in _ALL_NOUNS}


def nouns(*classes: str) -> list[Noun]:
    """Lists the nouns that belong to at least one of the classes, each once, in table order."""
    return [noun for noun in _ALL_NOUNS if set(classes) & set(noun.classes)]


def noun(english: str) -> Noun:
    """Finds a noun by its English singular.

    Raises:
        KeyError: when the lexicon has no such noun.
    """
    return _NOUN_BY_NAME[english]


def agree(adjective: str, phrase: Phrase) -> str:
    """Makes a Spanish adjective agree with a phrase.

    Args:
        adjective: the masculine singular, with an irregular plural after a slash.
        phrase: what the adjective describes.
    """
    singular, _, plural = adjective.partition("/")
    if phrase.gender == "f" and singular.endswith("o"):
        singular = singular[:-1] + "a"
    return (plural or spanish_plural(singular)) if phrase.plural else singular


# Spanish determiners as masculine, feminine, masculine plural, feminine plural.
_DETERMINERS = {
    "a": "un una unos unas",
    "the": "el la los las",
    "this": "este esta estos estas",
    "these": "este esta estos estas",
    "no": "ningún ninguna ningunos ningunas",
    "my": "mi mi mis mis",
    "your": "tu tu tus tus",
    "his": "su su sus sus",
    "her": "su su sus sus",
    "their": "su su sus sus",
    "our": "nuestro nuestra nuestros nuestras",
}
_POSSESSIVES = ("my", "your", "his", "our", "their")


def possessive(phrase: Phrase) -> str:
    """Gives the English possessive that points back to a phrase: my sister, her."""
    if phrase.person == THIRD and phrase.gender == "f":
        return "her"
    return _POSSESSIVES[phrase.person]


def noun_phrase(
    determiner: str, noun: Noun, plural: bool = False, adjective: tuple[str, str] | None = None
) -> Phrase:
    """Builds a noun phrase in both languages.

    Args:
        determiner: an English determiner, or "" for none.
        noun: the head.
        plural: whether the phrase is plural.
        adjective: an English and a Spanish adjective, or None.

    Returns:
        The phrase; the Spanish adjective follows its noun and agrees with it.
    """
    head = Phrase("", "", THEY if plural else THIRD, noun.gender)
    english_words = [determiner, noun.english_plural if plural else noun.english]
    spanish_words = [
        _determiner(determiner, noun, plural),
        noun.spanish_plural if plural else noun.spanish,
    ]
    if adjective:
        english_words.insert(1, adjective[0])
        spanish_words.append(agree(adjective[1], head))
    human = bool({"family", "parent", "sibling"} & set(noun.classes))
    english, spanish = words(*english_words), words(*spanish_words)
    return Phrase(english, spanish, head.person, noun.gender, human)


def _determiner(determiner: str, noun: Noun, plural: bool) -> str:
    if determiner == "the" and not plural:
        return noun.article
    return spanish_determiner(determiner, noun.gender, plural)


def spanish_determiner(determiner: str, gender: str, plural: bool = False) -> str:
    """Gives the Spanish form of an English determiner: this, f -> esta."""
    if not determiner:
        return ""
    return _DETERMINERS[determiner].split()[2 * plural + (gender == "f")]


def words(*parts: str) -> str:
    """Joins the parts that are not empty by single spaces."""
    return " ".join(part for part in parts if part)


def verb(english: str, spanish: str) -> Verb:
    """Reads a verb from a table's cells.

    Args:
        english: "play soccer" or, with irregular forms, "run/ran/running in the park".
        spanish: an infinitive with what follows it.
    """
    head, _, particle = english.partition(" ")
    base, *irregular = head.split("/")
    past = irregular[0] if irregular else re.sub(r"(?<=[^aeiou])y$|e$", _before_ed, base) + "ed"
    ing = irregular[1] if len(irregular) > 1 else re.sub(r"(?<=[^e])e$", "", base) + "ing"
    return Verb(base, past, ing, spanish, particle)


def _before_ed(match: re.Match[str]) -> str:
    return "i" if match[0] == "y" else ""


def third_person(base: str) -> str:
    """Gives the English third person singular: goes, washes, studies."""
    if base == "have":
        return "has"
    return english_plural(base + "e" if base in ("go", "do") else base)


def conjugate(infinitive: str, tense: str, person: int) -> str:
    """Conjugates a Spanish verb.

    Args:
        infinitive: without reflexive pronoun.
        tense: "present" or "past" (the preterite).
        person: an index into yo, tú, él, nosotros, ellos.
    """
    if f"{infinitive} {tense}" in _IRREGULAR:
        return _IRREGULAR[f"{infinitive} {tense}"][person]
    stem, kind = infinitive[:-2], infinitive[-2:]
    ending = _ENDINGS[kind, tense].split()[person]
    return (_soften(stem) if ending == "é" else stem) + ending


def _soften(stem: str) -> str:
    """Keeps the sound of a stem before é: buscar, busqué; jugar, jugué; empezar, empecé."""
    return stem[:-1] + {"c": "qu", "g": "gu", "z": "c"}.get(stem[-1], stem[-1])


def _gerund(infinitive: str) -> str:
    if f"{infinitive} gerund" in _IRREGULAR:
        return _IRREGULAR[f"{infinitive} gerund"][0]
    return infinitive[:-2] + ("ando" if infinitive.endswith("ar") else "iendo")


def spanish_group(entry: Verb, mode: str, person: int, clitic: str = "") -> str:
    """Puts a Spanish verb with its particles and its unstressed pronoun into one mode.

    Args:
        entry: the verb.
        mode: "present", "past", "progressive", "future", "want", "need", "must" or "can".
        person: an index into yo, tú, él, nosotros, ellos.
        clitic: an object pronoun; it stands before a simple form and joins an infinitive.
    """
    infinitive, _, rest = entry.spanish.partition(" ")
    if infinitive.endswith("se"):
        infinitive, clitic = infinitive[:-2], _REFLEXIVE[person]
    if mode in ("present", "past"):
        return words(clitic, conjugate(infinitive, mode, person), rest)
    if mode == "progressive":
        return words(clitic, conjugate("estar", "present", person), _gerund(infinitive), rest)
    _, helper, link = _HELPERS[mode]
    return words(conjugate(helper, "present", person), link, infinitive + clitic, rest)


def english_group(entry: Verb, mode: str, person: int) -> tuple[str, str, str]:
    """Splits an English verb the way negation and questions need it.

    Returns:
        The auxiliary, what follows it, and the affirmative form: ("does", "eat", "eats").
    """
    third = person == THIRD
    do = "does" if third else "do"
    base = words(entry.english, entry.particle)
    if mode == "past":
        return "did", base, words(entry.past, entry.particle)
    if mode == "present":
        finite = third_person(entry.english) if third else entry.english
        return do, base, words(finite, entry.particle)
    if mode == "progressive":
        rest = words(entry.ing, entry.particle)
        return _BE[person], rest, words(_BE[person], rest)
    helper = _HELPERS[mode][0]
    if mode == "future":
        return _BE[person], words(helper, base), words(_BE[person], helper, base)
    if mode == "can":
        return "can", base, words("can", base)
    first, rest = helper.split()
    return do, words(helper, base), words(third_person(first) if third else first, rest, base)


def be_group(person: int, past: bool = False) -> tuple[str, str, str]:
    """Gives "to be" in the shape of `english_group`."""
    form = (_WAS if past else _BE)[person]
    return form, "", form


def english_clause(kind: str, subject: str, group: tuple[str, str, str], *rest: str) -> str:
    """Orders an English clause.

    Args:
        kind: "+" for a statement, "-" for its negation, "?" for a question.
        subject: the subject.
        group: what `english_group` or `be_group` gives.
        rest: what follows the verb.
    """
    auxiliary, after, finite = group
    if kind == "?":
        return words(auxiliary, subject, after, *rest)
    if kind == "-":
        return words(subject, _NEGATED[auxiliary], after, *rest)
    return words(subject, finite, *rest)


def spanish_clause(kind: str, subject: str, group: str, *rest: str) -> str:
    """Orders a Spanish clause; a yes/no question keeps the order of the statement."""
    return words(subject, "no" if kind == "-" else "", group, *rest)


def finish(english: str, spanish: str, kind: str = "+") -> tuple[str, str]:
    """Makes a written pair of sentences out of two strings of words.

    Articles are adapted here and only here: a/an, al, del, and "e" for "y" before an i.
    """
    english = re.sub(r"\ba (?=[aeio]|u(?!ni|se))", "an ", english)
    spanish = re.sub(r"\b(a|de) el\b", lambda match: {"a": "al", "de": "del"}[match[1]], spanish)
    spanish = re.sub(r"\by (?=i|hi)", "e ", spanish)
    english, spanish = (text[0].upper() + text[1:] for text in (english, spanish))
    if kind == "?":
        return english + "?", f"¿{spanish}?"
    if kind == "!":
        return english + "!", f"¡{spanish}!"
    return english + ".", spanish + "."
