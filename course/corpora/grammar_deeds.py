"""Frames of the shipped grammar about what people do, and the questions about it."""

from __future__ import annotations

from itertools import product

from course.corpora import grammar_lexicon as lexicon
from course.corpora.grammar_forms import (
    THIRD,
    Phrase,
    Verb,
    conjugate,
    english_group,
    finish,
    noun,
    noun_phrase,
    nouns,
    spanish_group,
    verb,
    words,
)
from course.corpora.grammar_frames import (
    ASKED,
    COLORS,
    DEEDS,
    EVENTS,
    PEOPLE,
    TIMES,
    UNSAID,
    WISH_TIMES,
    WISHES,
    Event,
    Pair,
    When,
    act,
    frame,
)

STATEMENTS = ["+", "-"]
WHO = Phrase("who", "quién")


def _askable(table: str) -> list[tuple[Event, When]]:
    entries = [(verb(english, spanish), modes) for english, spanish, modes in lexicon.rows(table)]
    return [
        (Event(entry, modes), when)
        for (entry, modes), (letter, when) in product(entries, TIMES + WISH_TIMES)
        if letter in modes
    ]


def _ask(question: Pair, subject: Phrase, event: Event, when: When) -> Pair:
    """Puts a question word first; the Spanish subject then follows the verb."""
    clause, _ = act("?", subject, event, when)
    group = spanish_group(event.verb, when.mode, subject.person)
    return finish(
        words(question[0], clause),
        words(question[1], group, subject.spanish, when.spanish),
        "?",
    )


def _deeds(mode: str) -> list[tuple[Event, When]]:
    """Selects one mode; a frame for each gives each the same share of a corpus."""
    return [deed for deed in DEEDS if deed[1].mode == mode]


@frame(STATEMENTS, PEOPLE, _deeds("present"))
@frame(STATEMENTS, PEOPLE, _deeds("past"))
@frame(STATEMENTS, PEOPLE, _deeds("future"))
@frame(STATEMENTS, PEOPLE, _deeds("progressive"))
def deed(kind: str, subject: Phrase, what: tuple[Event, When]) -> Pair:
    """My sister bought a shirt yesterday."""
    return finish(*act(kind, subject, *what))


@frame(STATEMENTS, PEOPLE, WISHES)
def wish(kind: str, subject: Phrase, what: tuple[Event, When]) -> Pair:
    """We want to visit the museum."""
    return finish(*act(kind, subject, *what))


@frame(ASKED, _deeds("present"))
@frame(ASKED, _deeds("past"))
@frame(ASKED, _deeds("future"))
@frame(ASKED, _deeds("progressive"))
def deed_question(subject: Phrase, what: tuple[Event, When]) -> Pair:
    """Did your brother lose his keys yesterday?"""
    return finish(*act("?", subject, *what), "?")


@frame(ASKED, WISHES)
def wish_question(subject: Phrase, what: tuple[Event, When]) -> Pair:
    """Do you have to work today?"""
    return finish(*act("?", subject, *what), "?")


@frame(ASKED, _askable(lexicon.WHAT))
def what_question(subject: Phrase, asked: tuple[Event, When]) -> Pair:
    """What are you going to cook tomorrow?"""
    return _ask(("what", "qué"), subject, *asked)


@frame(ASKED, _askable(lexicon.WHEREABOUTS))
def where_question(subject: Phrase, asked: tuple[Event, When]) -> Pair:
    """Where does he work every day?"""
    return _ask(("where", "dónde"), subject, *asked)


@frame(ASKED, _askable("go/went  ir  pfw"))
def where_to_question(subject: Phrase, asked: tuple[Event, When]) -> Pair:
    """Where did they go last week?"""
    return _ask(("where", "adónde"), subject, *asked)


@frame(UNSAID, [event for event in EVENTS if "P" in event.modes], ["past"])
@frame(UNSAID, [event for event in EVENTS if "F" in event.modes], ["future"])
def when_question(subject: Phrase, event: Event, mode: str) -> Pair:
    """When are they going to visit the museum?"""
    english, spanish = act("?", subject, event, When(mode))
    return finish(f"when {english}", f"cuándo {spanish}", "?")


@frame([(event, when) for event, when in DEEDS if "own" not in event.determiner])
def who_question(what: tuple[Event, When]) -> Pair:
    """Who opened the window yesterday?"""
    return finish(*act("+", WHO, *what), "?")


@frame(
    PEOPLE,
    [
        (verb("buy/bought", "comprar"), "past"),
        (verb("buy/bought", "comprar"), "future"),
        (verb("buy/bought", "comprar"), "want"),
        (verb("need", "necesitar"), "present"),
        (verb("want", "querer"), "present"),
        (verb("have/had", "tener"), "present"),
    ],
    COLORS,
    [(entry, False) for entry in nouns("clothes")]
    + [(entry, True) for entry in nouns("pair")]
    + [(noun("car"), False), (noun("bicycle"), False), (noun("bag"), False)],
)
def colored_things(subject: Phrase, what: tuple, color: list[str], thing: tuple) -> Pair:
    """She wants to buy a red skirt."""
    entry, mode = what
    bought = noun_phrase("" if thing[1] else "a", thing[0], thing[1], (color[0], color[1]))
    _, _, english = english_group(entry, mode, subject.person)
    return finish(
        words(subject.english, english, bought.english),
        words(subject.spanish, spanish_group(entry, mode, subject.person), bought.spanish),
    )


_HOURS = lexicon.rows(lexicon.HOURS)


def clock(hour: int, half: bool) -> Pair:
    """Says an hour in both languages: half past two, las dos y media."""
    english, spanish = _HOURS[hour - 1]
    spanish = ("la " if hour == 1 else "las ") + spanish
    if half:
        return f"half past {english}", f"{spanish} y media"
    return f"{english} o'clock", spanish


@frame(
    PEOPLE,
    [
        (verb(english, spanish), int(hour))
        for english, spanish, hours in lexicon.rows(lexicon.ROUTINE)
        for hour in hours.split()
    ],
    [False, True],
    [
        When("present"),
        When("past", "yesterday", "ayer"),
        When("future", "tomorrow", "mañana"),
        When("must"),
    ],
)
def routine(subject: Phrase, what: tuple, half: bool, when: When) -> Pair:
    """My sister gets up at half past six."""
    entry, hour = what
    english_hour, spanish_hour = clock(hour, half)
    _, _, english = english_group(entry, when.mode, subject.person)
    spanish = spanish_group(entry, when.mode, subject.person)
    return finish(
        words(subject.english, english, f"at {english_hour}", when.english),
        words(subject.spanish, spanish, when.spanish, f"a {spanish_hour}"),
    )


@frame(range(1, 13), [False, True])
def time_of_day(hour: int, half: bool) -> Pair:
    """It is one o'clock."""
    english, spanish = clock(hour, half)
    return finish(f"it is {english}", words("es" if hour == 1 else "son", spanish))


_TRANSPORT = [
    ("leave", "leaves", "salir"),
    ("arrive", "arrives", "llegar"),
]


@frame([entry.english for entry in nouns("transport")], _TRANSPORT, range(1, 13), [False, True])
def timetable(name: str, what: tuple[str, str, str], hour: int, half: bool) -> Pair:
    """The train leaves at half past ten."""
    subject = noun_phrase("the", noun(name))
    english_hour, spanish_hour = clock(hour, half)
    return finish(
        f"{subject.english} {what[1]} at {english_hour}",
        f"{subject.spanish} {conjugate(what[2], 'present', THIRD)} a {spanish_hour}",
    )


@frame([entry.english for entry in nouns("transport")], _TRANSPORT)
def timetable_question(name: str, what: tuple[str, str, str]) -> Pair:
    """What time does the train leave?"""
    subject = noun_phrase("the", noun(name))
    return finish(
        f"what time does {subject.english} {what[0]}",
        f"a qué hora {conjugate(what[2], 'present', THIRD)} {subject.spanish}",
        "?",
    )


_RECEIVERS = [
    ("me", "me", ""),
    ("you", "te", ""),
    ("him", "le", ""),
    ("her", "le", ""),
    ("us", "nos", ""),
    ("them", "les", ""),
    ("my mother", "le", "a mi madre"),
    ("my brother", "le", "a mi hermano"),
    ("Ana", "le", "a Ana"),
]


def _sees_itself(giver: Phrase, receiver: tuple[str, str, str]) -> bool:
    own = {"I": ("me", "us"), "you": ("you",), "we": ("us", "me")}
    return receiver[0] == giver.english or receiver[0] in own.get(giver.english, ())


@frame(
    [
        (giver, receiver)
        for giver, receiver in product(PEOPLE, _RECEIVERS)
        if not _sees_itself(giver, receiver)
    ],
    [
        (verb(english, spanish), noun_phrase("a", entry))
        for english, spanish, classes in lexicon.rows(lexicon.GIVING)
        for entry in nouns(*classes.split())
    ],
    [
        When("past", "yesterday", "ayer"),
        When("future", "tomorrow", "mañana"),
        When("want"),
        When("can"),
    ],
)
def giving(people: tuple, what: tuple[Verb, Phrase], when: When) -> Pair:
    """My mother gave me a gift yesterday."""
    giver, (receiver, clitic, indirect) = people
    entry, gift = what
    _, _, english = english_group(entry, when.mode, giver.person)
    spanish = spanish_group(entry, when.mode, giver.person, clitic)
    return finish(
        words(giver.english, english, receiver, gift.english, when.english),
        words(giver.spanish, spanish, gift.spanish, indirect, when.spanish),
    )
