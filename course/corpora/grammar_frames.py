"""Sentence frames of the shipped grammar: what can be said, and with which words.

A frame is a function from one choice per slot to a pair of sentences. Every choice is sensible
with every other, so the product of the slots is the frame's share of the language.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import product
from typing import Any, NamedTuple

from course.corpora import grammar_lexicon as lexicon
from course.corpora.grammar_forms import (
    THEY,
    Noun,
    Phrase,
    Verb,
    be_group,
    conjugate,
    english_clause,
    english_group,
    noun_phrase,
    nouns,
    possessive,
    spanish_clause,
    spanish_group,
    verb,
    words,
)

Pair = tuple[str, str]


class Frame(NamedTuple):
    """A kind of sentence: a realising function and the choices for each of its slots."""

    realise: Callable[..., Pair]
    slots: tuple[Sequence[Any], ...]

    @property
    def size(self) -> int:
        """How many sentences the frame holds."""
        return math.prod(len(slot) for slot in self.slots)

    def __call__(self, index: int) -> Pair:
        """Realises sentence number `index`, reading it as one digit for each slot."""
        choices = []
        for slot in self.slots:
            index, digit = divmod(index, len(slot))
            choices.append(slot[digit])
        return self.realise(*choices)


FRAMES: list[Frame] = []


def frame(*slots: Sequence[Any]) -> Callable[[Callable[..., Pair]], Callable[..., Pair]]:
    """Registers the decorated function as a frame over the given slots."""

    def register(realise: Callable[..., Pair]) -> Callable[..., Pair]:
        FRAMES.append(Frame(realise, slots))
        return realise

    return register


class Event(NamedTuple):
    """A verb and its complement: buy + a red shirt. Without a noun, the verb stands alone."""

    verb: Verb
    modes: str
    determiner: str = ""
    noun: Noun | None = None
    plural: bool = False

    def complement(self, subject: Phrase) -> Pair:
        """Realises the complement; the subject decides whose "own" things are."""
        if self.noun is None:
            return "", ""
        own = {"own": possessive(subject), "owns": possessive(subject), "to": "the"}
        phrase = noun_phrase(own.get(self.determiner, self.determiner), self.noun, self.plural)
        link = "to" if self.determiner == "to" else ""
        personal = "a" if link or phrase.human else ""
        return words(link, phrase.english), words(personal, phrase.spanish)


class When(NamedTuple):
    """A mode of the verb and an adverbial that goes with it."""

    mode: str
    english: str = ""
    spanish: str = ""


def people(table: str) -> list[Phrase]:
    """Reads a table of people; a dash stands for a subject that Spanish leaves out."""
    return [
        Phrase(english, spanish.strip("-"), int(person), gender, human=True)
        for english, spanish, person, gender in lexicon.rows(table)
    ]


def events_of(verb_: Verb, modes: str, complements: str) -> list[Event]:
    """Lists what a verb can do to the members of each "determiner:class"."""
    events = []
    for complement in complements.split():
        determiner, _, category = complement.partition(":")
        if complement == "_":
            events.append(Event(verb_, modes))
        plural = determiner in ("plural", "owns")
        name = "" if determiner in ("bare", "plural") else determiner
        events += [Event(verb_, modes, name, entry, plural) for entry in nouns(category)]
    return events


_MODES = {"h": "present", "p": "past", "f": "future", "g": "progressive"}
TIMES = [
    (letter, When(_MODES[letter.lower()], *text)) for letter, *text in lexicon.rows(lexicon.TIMES)
]
WISH_TIMES = [("w", When(mode)) for mode in ("want", "need", "must", "can")]
WISH_TIMES.append(("w", When("must", "today", "hoy")))

PEOPLE = people(lexicon.PEOPLE)
ASKED = people(lexicon.ASKED)
NAMED = [person for person in PEOPLE if person.spanish not in ("", "él", "ella")]
# Asked about in questions whose Spanish subject would have nowhere good to stand.
UNSAID = [person for person in ASKED if not person.spanish]
EVENTS = [
    event
    for english, spanish, modes, complements in lexicon.rows(lexicon.ACTIONS)
    for event in events_of(verb(english, spanish), modes, complements)
]
DEEDS = [(event, when) for event, (letter, when) in product(EVENTS, TIMES) if letter in event.modes]
WISHES = [(event, when) for event, (_, when) in product(EVENTS, WISH_TIMES) if "w" in event.modes]
# A few events for sentences whose point is another one.
PLAIN = [event for event in EVENTS if event.noun is None or event.determiner == "to"]
LASTING, PASSING, TRAITS, FEELINGS, COLORS, SENSATIONS = (
    lexicon.rows(table)
    for table in (
        lexicon.LASTING, lexicon.PASSING, lexicon.TRAITS, lexicon.FEELINGS, lexicon.COLORS,
        lexicon.SENSATIONS,
    )
)  # fmt: skip


def bare(adjective: str) -> str:
    """Drops the comparative from an entry: big/bigger, big."""
    return adjective.partition("/")[0]


def act(kind: str, subject: Phrase, event: Event, when: When) -> Pair:
    """Realises one clause about a person who does something."""
    english, spanish = event.complement(subject)
    return (
        english_clause(
            kind,
            subject.english,
            english_group(event.verb, when.mode, subject.person),
            english,
            when.english,
        ),
        spanish_clause(
            kind,
            subject.spanish,
            spanish_group(event.verb, when.mode, subject.person),
            spanish,
            when.spanish,
        ),
    )


def be(kind: str, subject: Phrase, english: str, verb_: str, spanish: str) -> Pair:
    """Realises one clause with "to be", which is ser, estar or tener in Spanish."""
    return (
        english_clause(kind, subject.english, be_group(subject.person), english),
        spanish_clause(kind, subject.spanish, conjugate(verb_, "present", subject.person), spanish),
    )


def quietly(subject: Phrase) -> Phrase:
    """Turns a subject into the pronoun that repeats it, which Spanish leaves out."""
    pronouns = {"he": "he", "her": "she", "his": "he"}
    pronoun = pronouns.get(possessive(subject), subject.english)
    return subject._replace(english="they" if subject.person == THEY else pronoun, spanish="")
