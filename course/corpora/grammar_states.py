"""Frames of the shipped grammar about how things are: ser, estar, tener, hay, gustar."""

from __future__ import annotations

from itertools import product

from course.corpora import grammar_lexicon as lexicon
from course.corpora.grammar_forms import (
    THIRD,
    Noun,
    Phrase,
    agree,
    be_group,
    conjugate,
    english_clause,
    english_group,
    finish,
    noun,
    noun_phrase,
    nouns,
    spanish_clause,
    spanish_determiner,
    verb,
    words,
)
from course.corpora.grammar_frames import (
    ASKED,
    FEELINGS,
    LASTING,
    NAMED,
    PASSING,
    PEOPLE,
    SENSATIONS,
    TRAITS,
    UNSAID,
    Pair,
    bare,
    be,
    frame,
)

KINDS = ["+", "-", "?"]
STATEMENTS = ["+", "-"]
DEGREES = [("", ""), ("very", "muy")]
# Adjectives that are all or nothing: nobody says that a door is very open.
_ABSOLUTE = {"open", "closed", "broken", "ready", "empty", "delicious"}
# What can be pointed at or owned; a town, a bus or a garage is only "the" one.
_SEVERAL = {
    "clothes",
    "pair",
    "device",
    "bag",
    "vehicle",
    "furniture",
    "lid",
    "lost",
    "reading",
    "dish_ware",
}
_OURS = {"clothes", "device", "bag", "vehicle", "furniture", "building"}


def _described(table: list[list[str]]) -> list[tuple]:
    """Pairs each adjective with the noun phrases that it can describe."""
    return [
        (adjective, entry, plural, degree)
        for adjective in table
        for entry in nouns(*adjective[2].split())
        for plural in (False, True)
        for degree in DEGREES
        if not (plural and not _SEVERAL & set(entry.classes))
        if not (degree[0] and adjective[0] in _ABSOLUTE)
    ]


def _determiners(entry: Noun, plural: bool) -> list[str]:
    if not _OURS & set(entry.classes):
        return ["the"]
    shared = [] if "clothes" in entry.classes else ["our"]
    return ["the", "these" if plural else "this", "my", "your", *shared]


def _with_determiners(table: list[list[str]]) -> list[tuple]:
    return [
        (determiner, *described)
        for described in _described(table)
        for determiner in _determiners(described[1], described[2])
    ]


def _describe(kind: str, what: tuple, verb_: str) -> Pair:
    determiner, adjective, entry, plural, (much, mucho) = what
    subject = noun_phrase(determiner, entry, plural)
    return finish(
        *be(
            kind,
            subject,
            words(much, bare(adjective[0])),
            verb_,
            words(mucho, agree(adjective[1], subject)),
        ),
        kind,
    )


@frame(STATEMENTS, _with_determiners(LASTING))
def lasting_quality(kind: str, what: tuple) -> Pair:
    """This jacket is very expensive."""
    return _describe(kind, what, "ser")


@frame(KINDS, _with_determiners(PASSING))
def passing_state(kind: str, what: tuple) -> Pair:
    """The windows are not open."""
    return _describe(kind, what, "estar")


@frame(STATEMENTS, PEOPLE, DEGREES, TRAITS)
def trait(kind: str, subject: Phrase, degree: Pair, adjective: list[str]) -> Pair:
    """My brothers are very generous."""
    english, spanish = words(degree[0], bare(adjective[0])), agree(adjective[1], subject)
    return finish(*be(kind, subject, english, "ser", words(degree[1], spanish)))


@frame(STATEMENTS, PEOPLE, DEGREES, FEELINGS, [("", ""), ("today", "hoy")])
def feeling(kind: str, subject: Phrase, degree: Pair, adjective: list[str], day: Pair) -> Pair:
    """Ana is tired today."""
    english = words(degree[0], adjective[0], day[0])
    spanish = words(degree[1], agree(adjective[1], subject), day[1])
    return finish(*be(kind, subject, english, "estar", spanish))


@frame([("", ""), ("why", "por qué")], ASKED, FEELINGS, [("", ""), ("today", "hoy")])
def feeling_question(question: Pair, subject: Phrase, adjective: list[str], day: Pair) -> Pair:
    """Why is your sister sad today? After "por qué", a subject longer than a pronoun is last."""
    english, _ = be("?", subject, words(adjective[0], day[0]), "estar", "")
    estar = conjugate("estar", "present", subject.person)
    who, how = subject.spanish, agree(adjective[1], subject)
    if not question[1]:
        order = (who, estar, how)
    else:
        order = (estar, who, how) if who in ("él", "ella") else (estar, how, who)
    spanish = words(question[1], *order, day[1])
    return finish(words(question[0], english), spanish, "?")


@frame(STATEMENTS, PEOPLE, [False, True], SENSATIONS)
def sensation(kind: str, subject: Phrase, very: bool, entry: list[str]) -> Pair:
    """We are very hungry: Spanish has hunger."""
    english, spanish, much = entry
    if very:
        spanish = words(much, spanish)
        english = "in a big hurry" if english == "in a hurry" else f"very {english}"
    return finish(*be(kind, subject, english, "tener", spanish))


@frame(ASKED, SENSATIONS)
def sensation_question(subject: Phrase, entry: list[str]) -> Pair:
    """Are you thirsty?"""
    return finish(*be("?", subject, entry[0], "tener", entry[1]), "?")


_AGES = {"elder": ("old",), "parent": ("any", "old"), "child": ("young",), "family": ("any",)}


def _aged() -> list[tuple]:
    return [
        (noun_phrase("my", entry), number, years)
        for number, years, age in lexicon.rows(lexicon.AGES)
        for entry in nouns("elder", "parent", "child", "sibling", "family")
        if any(age in ages for name, ages in _AGES.items() if name in entry.classes)
        if not (age == "any" and "elder" in entry.classes)
    ]


@frame(_aged())
def age(what: tuple) -> Pair:
    """My daughter is seven years old."""
    subject, number, years = what
    return finish(*be("+", subject, f"{number} years old", "tener", f"{years} años"))


_BELONGINGS = nouns("animal", "device", "bag", "vehicle")
_KIN = nouns("sibling")
_OWNED = [("two", "dos"), ("three", "tres"), ("four", "cuatro"), ("five", "cinco")]


@frame(["+"], PEOPLE, _OWNED, _BELONGINGS + _KIN)
@frame(STATEMENTS, PEOPLE, [("a", "")], _BELONGINGS + _KIN)
def having(kind: str, subject: Phrase, number: Pair, entry: Noun) -> Pair:
    """My neighbor has two dogs; what one lacks takes no article: no tengo perro."""
    relatives = kind == "-" and entry in _KIN
    number = ("any", "") if relatives else number
    many = number[0] != "a"
    owned = noun_phrase("" if many else "a", entry, many)
    if kind == "-" and not many:
        owned = owned._replace(spanish=entry.spanish)
    have = english_group(verb("have/had", "tener"), "present", subject.person)
    tener = conjugate("tener", "present", subject.person)
    spanish = words(number[1], owned.spanish)
    english = words(number[0] if many else "", owned.english)
    return finish(
        english_clause(kind, subject.english, have, english),
        spanish_clause(kind, subject.spanish, tener, spanish),
    )


@frame(UNSAID, _BELONGINGS + _KIN + nouns("prose", "clothes"))
def how_many(subject: Phrase, entry: Noun) -> Pair:
    """How many brothers do you have?"""
    counted = noun_phrase("", entry, plural=True)
    many = agree("cuánto", counted)
    tener = conjugate("tener", "present", subject.person)
    return finish(
        f"how many {counted.english} do {subject.english} have",
        f"{many} {counted.spanish} {tener}",
        "?",
    )


_CLITICS = ("me", "te", "le", "nos", "les")
_LIKED = [noun_phrase("the", entry) for entry in nouns("food", "drink", "subject")] + [
    noun_phrase("the", entry, plural=True) for entry in nouns("fruit", "animal", "prose", "gift")
]
_PASTIMES = [
    ("to swim", "nadar"),
    ("to dance", "bailar"),
    ("to sing", "cantar"),
    ("to cook", "cocinar"),
    ("to read", "leer"),
    ("to write letters", "escribir cartas"),
    ("to play soccer", "jugar al fútbol"),
    ("to play the guitar", "tocar la guitarra"),
    ("to listen to music", "escuchar música"),
    ("to take photos", "tomar fotos"),
    ("to walk on the beach", "caminar por la playa"),
]
_PLEASANT = [
    (liked.english.removeprefix("the "), liked.spanish, "gustan" if liked.plural else "gusta")
    for liked in _LIKED
] + [(english, spanish, "gusta") for english, spanish in _PASTIMES]


@frame(STATEMENTS, PEOPLE, _PLEASANT)
def liking(kind: str, subject: Phrase, liked: tuple[str, str, str]) -> Pair:
    """My mother likes oranges: in Spanish, oranges please her."""
    english, spanish, gusta = liked
    like = english_group(verb("like", "gustar"), "present", subject.person)
    whom = f"a {subject.spanish}" if subject.spanish else ""
    return finish(
        english_clause(kind, subject.english, like, english),
        words(whom, "no" if kind == "-" else "", _CLITICS[subject.person], gusta, spanish),
    )


@frame(ASKED, _PLEASANT)
def liking_question(subject: Phrase, liked: tuple[str, str, str]) -> Pair:
    """Do you like cats?"""
    english, spanish, gusta = liked
    like = english_group(verb("like", "gustar"), "present", subject.person)
    whom = f"a {subject.spanish}" if subject.spanish else ""
    return finish(
        english_clause("?", subject.english, like, english),
        words(whom, _CLITICS[subject.person], gusta, spanish),
        "?",
    )


_ACHES = [(noun_phrase("the", entry), "duele") for entry in nouns("body")] + [
    (noun_phrase("the", entry, plural=True), "duelen") for entry in nouns("limbs")
]


@frame(
    STATEMENTS,
    [("my", "me", ""), ("your", "te", "")]
    + [(f"{person.english}'s", "le", person.spanish) for person in NAMED if person.person == THIRD],
    _ACHES,
    [("", ""), ("today", "hoy")],
)
def ache(kind: str, whose: tuple[str, str, str], ache_: tuple, day: Pair) -> Pair:
    """My back hurts: in Spanish, the back hurts me."""
    part, duele = ache_
    owner = Phrase(words(whose[0], part.english.removeprefix("the ")), "", part.person)
    hurt = english_group(verb("hurt", "doler"), "present", owner.person)
    whom = f"a {whose[2]}" if whose[2] else ""
    return finish(
        english_clause(kind, owner.english, hurt, day[0]),
        words(whom, "no" if kind == "-" else "", whose[1], duele, part.spanish, day[1]),
    )


_ON = ("on", "sobre")


def _placed() -> list[tuple[str, Phrase, Phrase, str]]:
    """Lists which place can be near, behind or in front of which."""
    ends = [noun_phrase("the", entry) for entry in nouns("place", "landmark", "shop")]
    return [
        (relation, place, landmark, link)
        for relation, link, classes in lexicon.rows(lexicon.WHERE)
        for place in ends
        for landmark in (noun_phrase("the", entry) for entry in nouns(*classes.split()))
        if place != landmark
    ]


@frame(KINDS, _placed())
def location(kind: str, where: tuple[str, Phrase, Phrase, str]) -> Pair:
    """The bank is next to the church."""
    relation, place, landmark, link = where
    return finish(
        *be(kind, place, f"{relation} {landmark.english}", "estar", f"{link} {landmark.spanish}"),
        kind,
    )


@frame(
    nouns("shop"),
    [
        (*row[:2], noun_phrase("the", entry))
        for row in lexicon.rows(lexicon.WHERE)
        for entry in nouns(*row[2].split())
        if "landmark" in entry.classes and row[0] != "far from"
    ],
    KINDS,
)
def existence(there: Noun, where: tuple[str, str, Phrase], kind: str) -> Pair:
    """There is a pharmacy near the station; with "no", hay takes no article."""
    near, cerca_de, landmark = where
    thing = noun_phrase("no" if kind == "-" else "a", there)
    there_is = "is there" if kind == "?" else "there is"
    return finish(
        words(there_is, thing.english, near, landmark.english),
        words("no" if kind == "-" else "", "hay", thing.spanish, cerca_de, landmark.spanish),
        kind,
    )


@frame(
    KINDS,
    ["my", "your", "the"],
    [(entry, False) for entry in nouns("lost", "reading")]
    + [(noun("key"), True), (noun("shoe"), True), (noun("flower"), True)],
    [noun_phrase("the", entry) for entry in nouns("surface", "room")],
)
def lying(kind: str, determiner: str, what: tuple[Noun, bool], place: Phrase) -> Pair:
    """My keys are on the table."""
    thing = noun_phrase(determiner, *what)
    on = ("in", "en") if noun(place.english.removeprefix("the ")) in nouns("room") else _ON
    return finish(
        *be(kind, thing, f"{on[0]} {place.english}", "estar", f"{on[1]} {place.spanish}"),
        kind,
    )


@frame(
    [(1, "is"), (2, "are")],
    [
        (entry, noun_phrase("the", place))
        for classes, places in (
            (("reading", "bag"), nouns("surface")),
            (("dish_ware", "fruit"), [noun("table")]),
        )
        for entry, place in product(nouns(*classes), places)
    ],
)
def something_there(number: tuple[int, str], what: tuple[Noun, Phrase]) -> Pair:
    """There are two cups on the table."""
    entry, place = what
    thing = noun_phrase("a" if number[0] == 1 else "", entry, number[0] > 1)
    two, dos = ("two", "dos") if number[0] > 1 else ("", "")
    return finish(
        words("there", number[1], two, thing.english, "on", place.english),
        words("hay", dos, thing.spanish, "sobre", place.spanish),
    )


@frame(["the", "this"], nouns("clothes", "device", "bag", "gift", "furniture", "vehicle"))
def price(determiner: str, entry: Noun) -> Pair:
    """How much does the shirt cost?"""
    thing = noun_phrase(determiner, entry)
    return finish(f"how much does {thing.english} cost", f"cuánto cuesta {thing.spanish}", "?")


@frame(["the", "these"], nouns("pair", "fruit", "gift"))
def prices(determiner: str, entry: Noun) -> Pair:
    """How much do these shoes cost?"""
    things = noun_phrase(determiner, entry, plural=True)
    return finish(f"how much do {things.english} cost", f"cuánto cuestan {things.spanish}", "?")


@frame(["the", "my", "your", "our"], nouns("lost", "device", "vehicle", "dish_ware"), [False, True])
def where_is(determiner: str, entry: Noun, plural: bool) -> Pair:
    """Where are your keys?"""
    thing = noun_phrase(determiner, entry, plural)
    be_there = "are" if plural else "is"
    estar = conjugate("estar", "present", thing.person)
    return finish(f"where {be_there} {thing.english}", f"dónde {estar} {thing.spanish}", "?")


@frame([person for person in NAMED if person.person == THIRD], _BELONGINGS)
def belonging(owner: Phrase, entry: Noun) -> Pair:
    """This is my brother's car; the demonstrative agrees with what is owned."""
    thing = noun_phrase("the", entry)
    this = spanish_determiner("this", thing.gender)
    return finish(
        f"this is {owner.english}'s {entry.english}",
        f"{this} es {thing.spanish} de {owner.spanish}",
    )


_RIVALS = [
    (one, other)
    for one, other in product(PEOPLE, NAMED)
    if one != other and other.person == THIRD and one.english != "my brothers"
]


@frame(STATEMENTS, _RIVALS, TRAITS)
def comparison(kind: str, rivals: tuple[Phrase, Phrase], adjective: list[str]) -> Pair:
    """My sister is taller than Carlos."""
    subject, other = rivals
    more = adjective[0].partition("/")[2]
    english = f"{more} than {other.english}"
    spanish = f"más {agree(adjective[1], subject)} que {other.spanish}"
    return finish(*be(kind, subject, english, "ser", spanish))


@frame(
    STATEMENTS, PEOPLE, nouns("place"), [("yesterday", "ayer"), ("last week", "la semana pasada")]
)
def having_been(kind: str, subject: Phrase, entry: Noun, day: Pair) -> Pair:
    """I was at the library yesterday."""
    place = noun_phrase("the", entry)
    estar = conjugate("estar", "past", subject.person)
    return finish(
        english_clause(
            kind, subject.english, be_group(subject.person, past=True), "at", place.english, day[0]
        ),
        spanish_clause(kind, subject.spanish, estar, "en", place.spanish, day[1]),
    )
