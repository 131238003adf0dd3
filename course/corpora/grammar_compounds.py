"""Frames of the shipped grammar with object pronouns, commands, weather, and two clauses."""

from __future__ import annotations

from itertools import product

from course.corpora import grammar_lexicon as lexicon
from course.corpora.grammar_forms import (
    FIRST,
    THIRD,
    Noun,
    Phrase,
    Verb,
    agree,
    conjugate,
    english_clause,
    english_group,
    finish,
    noun,
    noun_phrase,
    nouns,
    spanish_clause,
    spanish_group,
    verb,
    words,
)
from course.corpora.grammar_frames import (
    EVENTS,
    FEELINGS,
    LASTING,
    PASSING,
    PEOPLE,
    PLAIN,
    Event,
    Pair,
    When,
    act,
    bare,
    be,
    events_of,
    frame,
    quietly,
)

STATEMENTS = ["+", "-"]
KINDS = ["+", "-", "?"]
_I = PEOPLE[0]


def _pronoun(thing: Phrase) -> Pair:
    """Gives the object pronoun for a thing: it, la; them, los."""
    clitic = {"m": "lo", "f": "la"}[thing.gender] + ("s" if thing.plural else "")
    return "them" if thing.plural else "it", clitic


def _handle(kind: str, subject: Phrase, entry: Verb, mode: str, thing: Phrase) -> Pair:
    """Realises a clause whose object is a pronoun."""
    it, lo = _pronoun(thing)
    group = english_group(entry, mode, subject.person)
    return (
        english_clause(kind, subject.english, group, it),
        spanish_clause(kind, subject.spanish, spanish_group(entry, mode, subject.person, lo)),
    )


def _and_then(first: Pair, second: Pair) -> Pair:
    return f"{first[0]} {second[0]}", f"{first[1]} {second[1]}"


_FIND, _SEE, _HAVE, _WANT, _NEED, _BUY = (
    verb(english, spanish)
    for english, spanish in (
        ("find/found", "encontrar"),
        ("see/saw", "ver"),
        ("have/had", "tener"),
        ("want", "querer"),
        ("need", "necesitar"),
        ("buy/bought", "comprar"),
    )
)


@frame(
    ["the", "my", "your", "our"],
    nouns("lost", "device", "dish_ware", "reading"),
    [False, True],
    [("-", _FIND, "can"), ("-", _SEE, "present"), ("-", _HAVE, "present"), ("+", _NEED, "present")],
)
def missing(determiner: str, entry: Noun, plural: bool, then: tuple) -> Pair:
    """Where is the book? I don't see it."""
    thing = noun_phrase(determiner, entry, plural)
    estar = conjugate("estar", "present", thing.person)
    where = finish(
        f"where {'are' if plural else 'is'} {thing.english}", f"dónde {estar} {thing.spanish}", "?"
    )
    kind, entry_, mode = then
    return _and_then(where, finish(*_handle(kind, _I, entry_, mode, thing)))


_PRAISED = list(product(nouns("clothes", "vehicle"), lexicon.rows(lexicon.COLORS))) + [
    (entry, row)
    for row in LASTING
    for entry in nouns(*row[2].split())
    if bare(row[0]) in ("pretty", "cheap") and not {"town", "landmark"} & set(entry.classes)
]


@frame(
    _PRAISED,
    [("+", "want"), ("+", "future"), ("-", "can"), ("+", "past")],
)
def purchase(what: tuple[Noun, list[str]], then: Pair) -> Pair:
    """This shirt is pretty. I want to buy it."""
    entry, adjective = what
    thing = noun_phrase("this", entry)
    praise = be("+", thing, bare(adjective[0]), "ser", agree(adjective[1], thing))
    kind, mode = then
    return _and_then(finish(*praise), finish(*_handle(kind, _I, _BUY, mode, thing)))


@frame(
    [noun_phrase("the", entry) for entry in nouns("dish", "drink")],
    [("hot", "caliente"), ("cold", "frío")],
    [True, False],
)
def tasting(food: Phrase, adjective: Pair, want: bool) -> Pair:
    """The coffee is cold. I don't want it; liking needs no pronoun in Spanish."""
    state = finish(*be("+", food, adjective[0], "estar", agree(adjective[1], food)))
    if not want:
        return _and_then(state, ("I don't like it.", "No me gusta."))
    return _and_then(state, finish(*_handle("-", _I, _WANT, "present", food)))


@frame(
    [(entry, plural) for entry in nouns("lost", "device", "mail") for plural in (False, True)],
    ["the", "my"],
    [("+", "yes", "sí"), ("-", "no", "no")],
)
def answer(what: tuple[Noun, bool], determiner: str, reply: tuple[str, str, str]) -> Pair:
    """Do you have the tickets? Yes, I have them."""
    thing = noun_phrase(determiner, *what)
    asked = finish(f"do you have {thing.english}", f"tienes {thing.spanish}", "?")
    kind, yes, si = reply
    english, spanish = _handle(kind, _I, _HAVE, "present", thing)
    return _and_then(asked, finish(f"{yes}, {english}", f"{si}, {spanish}"))


_CALLS = [
    ("call", "llamar"),
    ("help", "ayudar"),
    ("visit", "visitar"),
    ("invite", "invitar"),
    ("see/saw", "ver"),
    ("know/knew", "conocer"),
]
_CLITICS = [
    ("me", "me"), ("you", "te"), ("him", "lo"), ("her", "la"), ("us", "nos"), ("them", "los")
]  # fmt: skip


def _meetings() -> list[tuple]:
    own = {"I": ("me", "us"), "you": ("you",), "we": ("us", "me")}
    return [
        (subject, pronoun)
        for subject, pronoun in product(PEOPLE, _CLITICS)
        if pronoun[0] not in own.get(subject.english, ())
    ]


@frame(
    KINDS[:2],
    _meetings(),
    [
        (verb(*call), when)
        for call, when in product(
            _CALLS,
            [
                When("present"),
                When("past", "yesterday", "ayer"),
                When("future", "tomorrow", "mañana"),
                When("want"),
                When("can"),
            ],
        )
        if call[1] != "conocer" or when.mode == "present"
    ],
)
def meeting(kind: str, people: tuple[Phrase, Pair], what: tuple[Verb, When]) -> Pair:
    """My mother called me yesterday."""
    subject, (him, lo) = people
    entry, when = what
    group = english_group(entry, when.mode, subject.person)
    return finish(
        english_clause(kind, subject.english, group, him, when.english),
        spanish_clause(
            kind,
            subject.spanish,
            spanish_group(entry, when.mode, subject.person, lo),
            when.spanish,
        ),
    )


_REPLIES = [("+", "yes", "sí"), ("-", "no", "no")]


@frame([noun_phrase("my", entry) for entry in nouns("family", "child", "parent")], _REPLIES)
def acquaintance(person: Phrase, reply: tuple[str, str, str]) -> Pair:
    """Do you know my sister? Yes, I know her."""
    asked = finish(f"do you know {person.english}", f"conoces a {person.spanish}", "?")
    kind, yes, si = reply
    know = english_clause(kind, "I", english_group(verb("know/knew", "conocer"), "present", FIRST))
    him, lo = ("her", "la") if person.gender == "f" else ("him", "lo")
    spanish = spanish_clause(kind, "", f"{lo} conozco")
    return _and_then(asked, finish(f"{yes}, {know} {him}", f"{si}, {spanish}"))


def _orders() -> list[tuple[str, str, str, str, str]]:
    return [
        (english, do, dont, *event.complement(PEOPLE[1]))
        for english, do, dont, complements in lexicon.rows(lexicon.COMMANDS)
        for event in events_of(verb(english, do), "", complements)
    ]


@frame(_orders(), STATEMENTS, [("", "", "+"), (", please", ", por favor", "+"), ("", "", "!")])
def order(what: tuple, kind: str, tone: tuple[str, str, str]) -> Pair:
    """Don't open the window, please."""
    english, do, dont, object_, objeto = what
    verb_ = english if kind == "+" else f"don't {english}"
    return finish(
        words(verb_, object_) + tone[0],
        words(do if kind == "+" else dont, objeto) + tone[1],
        tone[2],
    )


@frame(
    [
        (english, spanish, noun_phrase(determiner, entry))
        for english, spanish, complements in lexicon.rows(lexicon.REQUESTS)
        for determiner, _, category in (item.partition(":") for item in complements.split())
        for entry in nouns(category)
    ],
    [("", ""), (", please", ", por favor")],
)
def request(what: tuple[str, str, Phrase], tone: Pair) -> Pair:
    """Bring me a glass, please."""
    english, spanish, thing = what
    return finish(f"{english} {thing.english}{tone[0]}", f"{spanish} {thing.spanish}{tone[1]}")


_PEAKS = ("in the mountains", "en las montañas")
_CITIES = [["", ""], *lexicon.rows(lexicon.CITIES)]


@frame(
    STATEMENTS,
    [False, True],
    [
        (*row[:3], time)
        for row in lexicon.rows(lexicon.WEATHER)
        for time in (("", ""), ("today", "hoy"), row[3:])
    ],
    _CITIES,
)
def weather(kind: str, very: bool, entry: tuple, place: Pair) -> Pair:
    """It is very hot in Seville in summer."""
    english, spanish, much, time = entry
    is_ = "is" if kind == "+" else "is not"
    no = "no" if kind == "-" else ""
    return finish(
        words("it", is_, "very" if very else "", english, place[0], time[0]),
        words(no, "hace", much if very else "", spanish, place[1], time[1]),
    )


@frame(
    STATEMENTS,
    [(verb("rain", "llover"), place) for place in _CITIES]
    + [(verb("snow", "nevar"), place) for place in (("", ""), _PEAKS)],
    [
        When("past", "yesterday", "ayer"),
        When("past", "last week", "la semana pasada"),
        When("future", "tomorrow", "mañana"),
        When("future", "this afternoon", "esta tarde"),
        When("progressive", "now", "ahora"),
    ],
)
def rain(kind: str, what: tuple[Verb, Pair], when: When) -> Pair:
    """It is going to rain in Lisbon tomorrow."""
    entry, place = what
    english = english_clause(
        kind, "it", english_group(entry, when.mode, THIRD), place[0], when.english
    )
    spanish = spanish_group(entry, when.mode, THIRD)
    return finish(english, spanish_clause(kind, "", spanish, place[1], when.spanish))


@frame(PEOPLE, lexicon.rows(lexicon.CAUSES))
def cause(subject: Phrase, what: list[str]) -> Pair:
    """Ana is tired because she worked a lot."""
    tired, cansado, english, spanish, mode = what
    state = be("+", subject, tired, "estar", agree(cansado, subject))
    why = act(
        "+",
        quietly(subject),
        Event(verb(english, spanish), ""),
        When({"p": "past", "h": "present"}[mode]),
    )
    return finish(f"{state[0]} because {why[0]}", f"{state[1]} porque {why[1]}")


_THWARTED = [
    (event, obstacle)
    for event, obstacle in product(PLAIN, lexicon.rows(lexicon.OBSTACLES))
    if event.verb.spanish not in obstacle[1] and "w" in event.modes
]


@frame(PEOPLE, _THWARTED)
def obstacle(subject: Phrase, what: tuple[Event, list[str]]) -> Pair:
    """I want to go to the beach, but I have to work."""
    wanted, but = what
    wish = act("+", subject, wanted, When("want"))
    english, spanish, kind = but
    reason = act(kind, quietly(subject), Event(verb(english, spanish), ""), When("present"))
    return finish(f"{wish[0]}, but {reason[0]}", f"{wish[1]}, pero {reason[1]}")


def _feelings(*names: str) -> list[list[str]]:
    return [row for row in FEELINGS if row[0] in names]


@frame(PEOPLE, [event for event in PLAIN if event.noun], _feelings("tired", "sick", "busy"))
def staying_away(subject: Phrase, event: Event, adjective: list[str]) -> Pair:
    """He is not going to go to the park because he is sick."""
    away = act("-", subject, event, When("future"))
    state = be("+", quietly(subject), adjective[0], "estar", agree(adjective[1], subject))
    return finish(f"{away[0]} because {state[0]}", f"{away[1]} porque {state[1]}")


_INDOORS = [
    event
    for event in EVENTS
    if event.verb.english in ("read", "clean", "cook", "study", "watch", "listen")
    if "f" in event.modes
]


@frame([("rains", "llueve"), ("snows", "nieva")], PEOPLE, _INDOORS)
def plan(if_: Pair, subject: Phrase, event: Event) -> Pair:
    """If it rains tomorrow, we are going to read a novel."""
    english, spanish = act("+", subject, event, When("future"))
    return finish(f"if it {if_[0]} tomorrow, {english}", f"si {if_[1]} mañana, {spanish}")


_ERRANDS = [
    (noun_phrase("the", noun(place)), noun_phrase("", entry, "fruit" in entry.classes))
    for place, classes in (("market", "grocery fruit"), ("supermarket", "grocery food fruit"))
    for entry in nouns(*classes.split())
] + [(noun_phrase("the", noun("bakery")), noun_phrase("a", entry)) for entry in nouns("snack")]


@frame(PEOPLE, _ERRANDS, ["past", "future", "want"])
def errand(subject: Phrase, what: tuple[Phrase, Phrase], mode: str) -> Pair:
    """Carlos went to the market and bought milk; after "voy a", each infinitive has its a."""
    place, goods = what
    go = verb("go/went", "ir")
    _, _, goes = english_group(go, mode, subject.person)
    buy = "bought" if mode == "past" else "buy"
    comprar = "a comprar" if mode == "future" else "comprar"
    if mode == "past":
        comprar = conjugate("comprar", mode, subject.person)
    va = spanish_group(go, mode, subject.person)
    return finish(
        words(subject.english, goes, f"to {place.english} and {buy} {goods.english}"),
        words(subject.spanish, va, f"a {place.spanish} y {comprar} {goods.spanish}"),
    )


_KNOWING = [("think", "creer"), ("know/knew", "saber"), ("say", "decir")]


@frame(
    [person for person in PEOPLE if person.english != "you"],
    _KNOWING,
    [
        (noun_phrase("the", entry), adjective)
        for adjective in PASSING
        for entry in nouns(*adjective[2].split())
        if adjective[0] in ("open", "closed", "hot", "cold", "dirty")
    ],
)
def opinion(subject: Phrase, what: Pair, state: tuple[Phrase, list[str]]) -> Pair:
    """Ana says that the soup is cold."""
    thing, adjective = state
    entry = verb(*what)
    _, _, english = english_group(entry, "present", subject.person)
    that = be("+", thing, adjective[0], "estar", agree(adjective[1], thing))
    return finish(
        words(subject.english, english, "that", that[0]),
        words(subject.spanish, spanish_group(entry, "present", subject.person), "que", that[1]),
    )


@frame(
    PEOPLE,
    _feelings("tired", "sad", "bored", "nervous", "happy"),
    [
        ("listen to music", "escuchar música"),
        ("sing/sang", "cantar"),
        ("drink/drank tea", "beber té"),
        ("eat/ate chocolate", "comer chocolate"),
        ("watch television", "ver la televisión"),
        ("walk on the beach", "caminar por la playa"),
    ],
)
def habit(subject: Phrase, adjective: list[str], what: Pair) -> Pair:
    """When Carlos is sad, he listens to music."""
    state = be("+", subject, adjective[0], "estar", agree(adjective[1], subject))
    does = act("+", quietly(subject), Event(verb(*what), ""), When("present"))
    return finish(f"when {state[0]}, {does[0]}", f"cuando {state[1]}, {does[1]}")
