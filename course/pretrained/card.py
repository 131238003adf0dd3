"""The card of a model that ships, written from the plain data that is saved with the model."""

PAGE = """\
# {title}

{made} `course.pretrained.load("{name}")` loads it.

| | |
|---|---|
| data | {provenance} |
| of them | {kept} |
| split | by source sentence, seed {seed}: {train:,} pairs to learn from, {held_out:,} held out |
| tokens | {level}s: {source_size:,} English in small letters, {target_size:,} Spanish |
| shape | {units} {kind} units {where}, embeddings of {embedding}: {parameters:,} parameters |
| training | {epochs} epochs, batches of {batch}, Adam from {learning_rate:g} as a cosine{drop} |
| seed | {seed}: the split, the first weights, the order of the batches |
| made with | {software} |
| rebuilt by | `{command}` |

On the {held_out:,} held-out sentences, which training did not see:

| | |
|---|---|
| BLEU, greedy | {bleu:.1f} |
| whole sentences exactly as in the corpus | {exact:.1f} % |
| single tokens right, when the ones before them are given | {token_accuracy:.1f} % |
| perplexity, over tokens | {perplexity:.3f} |

What it makes of a few sentences, the first of them held out on purpose:

{examples}

## What it cannot do

- A small grammar made all of these sentences, those held out as well. So the figures say how well
  it learnt that grammar, and not how well it translates: on the {everyday:,} hand-written sentences
  that ship as `everyday` its BLEU is {everyday_bleu:.1f}.
- {unknown}
- It has learnt from sentences of at most {longest} {level}s; longer ones were not measured.
"""
UNKNOWN = {
    "word": "A word that it has not seen is `<unk>` to it, and it says something all the same.",
    "character": "A word that it has not seen tends to become another one, rightly spelt.",
}
PLAIN = {
    "title": "The {level}-level translator",
    "made": """\
Translates short English sentences into Spanish, one {level} at a time: a small {kind} encoder and
decoder, trained so that a demo opens at once.""",
    "where": "on each side",
}
LOOKING_BACK = {
    "title": "The translator that looks back",
    "made": """\
Translates short English sentences into Spanish, one {level} at a time, and looks back at the
English sentence each time: a small {kind} encoder that reads in both directions, and a decoder with
{attention} attention, trained so that a demo opens at once.""",
    "where": "in each direction and in the decoder",
}


def text(about: dict) -> str:
    """Return the card of a model as Markdown.

    Args:
        about: `Seq2Seq.about` of a model that `make models` trained.
    """
    plan, figures = about["plan"], about["figures"]
    shares = {name: 100 * figures[name] for name in ("exact", "token_accuracy")}
    facts = about | plan | about["pairs"] | about["vocabulary"] | figures | shares
    named = facts | {"kind": plan["cell"].upper()}
    wording = LOOKING_BACK if plan["attention"] else PLAIN
    shown = {name: words.format_map(named) for name, words in wording.items()} | {
        "kept": _kept(plan["most_characters"]),
        "drop": f", dropout {plan['dropout']:g}" if plan["dropout"] else "",
        "examples": "\n".join(f"- {source} → {target}" for source, target in about["examples"]),
        "unknown": UNKNOWN[plan["level"]],
    }
    return PAGE.format_map(named | shown)


def _kept(most_characters: int | None) -> str:
    """Say which pairs of the corpus were taken."""
    if most_characters is None:
        return "all"
    return f"those of at most {most_characters} characters on either side"
