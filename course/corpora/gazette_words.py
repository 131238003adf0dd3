"""The words of the gazette: a small newspaper of a harbour town that does not exist.

Words of a list stand in the order of their frequency.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Section:
    """What one section of the paper writes about.

    Attributes:
        nouns: singular, with regular plurals.
        adjectives: before a noun.
        verbs: regular, with an object, in the form that follows "to".
        units: what its numbers count.
    """

    nouns: tuple[str, ...]
    adjectives: tuple[str, ...]
    verbs: tuple[str, ...]
    units: tuple[str, ...]


def _section(nouns: str, adjectives: str, verbs: str, units: str) -> Section:
    """Make a section of words with spaces between them."""
    return Section(*(tuple(words.split()) for words in (nouns, adjectives, verbs, units)))


SECTIONS = {
    "shipping": _section(
        "steamer captain cargo tug pilot crew trawler barge anchor crane buoy freighter mast "
        "stevedore lighter wharf winch hull rudder chandler",
        "laden stranded coastal rusty northbound seaworthy overdue",
        "unload tow charter anchor repair board insure salvage moor escort",
        "tons crates barrels knots fathoms",
    ),
    "markets": _section(
        "bank broker dividend bond insurer stock index merchant loan fund creditor auditor "
        "exporter tariff brewer maker currency lender warehouse ledger",
        "quarterly preferred unlisted volatile domestic overseas foreign",
        "acquire finance report issue price trade discount guarantee redeem rate",
        "shares points crowns cents bales",
    ),
    "council": _section(
        "councillor budget mayor committee bylaw ratepayer clerk motion permit tenant landlord "
        "inspector school bridge tramway sewer petition deputy library ward",
        "municipal elected vacant annual unanimous disputed public",
        "approve reject fund amend inspect postpone debate license demolish propose",
        "votes seats households lamps yards",
    ),
    "courts": _section(
        "judge witness lawyer verdict juror thief appeal sentence constable forger defendant "
        "plaintiff bailiff summons affidavit smuggler pickpocket hearing prosecutor cell",
        "sworn acquitted notorious civil criminal reluctant key",
        "question convict acquit sue arrest overrule summon discharge fine caution",
        "months counts exhibits days pages",
    ),
    "weather": _section(
        "gale storm front shower frost thermometer barometer flood cloud squall drought "
        "forecaster tide blizzard thaw breeze rainbow gust hailstone puddle",
        "westerly severe scattered early record mild freezing",
        "batter soak delay flatten measure chill darken follow drench cool",
        "degrees millimetres inches hours leagues",
    ),
    "sports": _section(
        "team goalkeeper coach striker referee match player rower wrestler cyclist sprinter "
        "league trophy penalty fan champion rival captaincy stadium whistle",
        "unbeaten veteran injured visiting amateur reserve gifted",
        "defeat coach score train tackle outpace replace challenge favour chase",
        "goals laps rounds medals metres",
    ),
}

SURNAMES = tuple(
    "tolland <unk> marsh penhale ockley brandt dufour quill hask ferrier lund oakes varga pym "
    "castell moreno tice abery whin sorley gant ilves roper nakata stroud ebner".split()
)
TOWNS = tuple(
    "eastmouth <unk> port-ellis greywater saltby dunmere kelting oldhaven arnsby wick marlow "
    "cray tarn st-osyth velby lowmoor".split()
)
PLACES = tuple(
    "harbour exchange town-hall courthouse lighthouse ground quay station market cathedral".split()
)
MONTHS = tuple(
    "january march april october june may september july august december february november".split()
)
DAYS = tuple("friday monday tuesday thursday wednesday saturday sunday".split())
TITLES = ("mr.", "mrs.", "dr.")
