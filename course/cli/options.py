"""Options that several commands have, each written once, with the values that make sense."""

import math
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class Level(StrEnum):
    """What a token is."""

    word = "word"
    character = "character"


class Cell(StrEnum):
    """The kind of recurrent layer."""

    lstm = "lstm"
    gru = "gru"


class Recurrent(StrEnum):
    """The kind of recurrent layer of a language model."""

    rnn = "rnn"
    gru = "gru"
    lstm = "lstm"


class Task(StrEnum):
    """What is asked of a bit string."""

    running = "running"
    count = "count"


class Size(StrEnum):
    """A named configuration."""

    usual = "usual"
    classic = "classic"


class Config(StrEnum):
    """A named configuration of a treebank's model."""

    classic = "classic"
    tuned = "tuned"
    large = "large"
    small = "small"


class ChatConfig(StrEnum):
    """A named configuration of a chatbot."""

    usual = "usual"
    classic = "classic"


class Format(StrEnum):
    """How conversations are written down."""

    messenger = "messenger"
    dialogue = "dialogue"
    yaml = "yaml"


class Emoji(StrEnum):
    """What becomes of emoji."""

    keep = "keep"
    drop = "drop"
    token = "token"


class Attention(StrEnum):
    """How a decoder compares its state with what the encoder read."""

    none = "none"
    last = "last"
    additive = "additive"
    multiplicative = "multiplicative"


class SourceText(StrEnum):
    """How the source sentences are cleaned."""

    as_is = "as-is"
    lower = "lower"
    plain = "plain"


class TranslatorSize(StrEnum):
    """A named configuration of a translator."""

    usual = "usual"
    tutorial = "tutorial"
    book = "book"
    best = "best"


class Optimizer(StrEnum):
    """How gradients move the weights."""

    adam = "adam"
    rmsprop = "rmsprop"
    sgd = "sgd"


class Sampler(StrEnum):
    """What draws the next settings to try."""

    tpe = "tpe"
    gp = "gp"
    random = "random"
    zoom = "zoom"
    grid = "grid"


class Distribute(StrEnum):
    """Which devices or machines share the batches."""

    mirrored = "mirrored"
    multiworker = "multiworker"
    tpu = "tpu"


def between(least: float, most: float) -> Callable[[float | None], float | None]:
    """Return a check that a number, if given, lies between two others."""

    def check(value: float | None) -> float | None:
        if value is None or least <= value <= most:
            return value
        shown = f"{value:,}" if math.isfinite(value) else value
        raise typer.BadParameter(f"must lie between {least:,} and {most:,}, not be {shown}")

    return check


def _number(letter: str, least: float, most: float, meaning: str):
    """Describe an option that takes a number."""
    check = between(least, most)
    return typer.Option(metavar=letter, callback=check, help=meaning, show_default=False)


def _choice(meaning: str):
    """Describe an option that takes one of a few words."""
    return typer.Option(help=meaning, show_default=False)


# For every trainer.
Epochs = Annotated[int | None, _number("E", 1, 10_000, "Passes over the training data.")]
Batch = Annotated[int | None, _number("B", 1, 4_096, "Examples in a training step.")]
Units = Annotated[int | None, _number("U", 1, 4_096, "Width of the hidden state.")]
Layers = Annotated[int | None, _number("L", 1, 8, "Recurrent layers.")]
Rate = Annotated[float | None, _number("R", 1e-9, 100, "The highest learning rate.")]
OptimizerName = Annotated[Optimizer | None, _choice("How gradients move the weights.")]
Seed = Annotated[
    int | None,
    _number("S", 0, 2**31 - 1, "Draws weights, order and all else that is drawn; usually 0."),
]
Save = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR", help="Keep the best model here; without it nothing is written.",
        show_default=False,
    ),
]  # fmt: skip
Resume = Annotated[
    bool, typer.Option("--resume", help="Go on from the run in DIR, with its options and data.")
]
DistributeName = Annotated[
    Distribute | None,
    _choice(
        "Share each batch among all GPUs of this machine (mirrored), the machines that TF_CONFIG "
        "names (multiworker), or a TPU (tpu); usually one device."
    ),
]

# For trainers of sentence pairs.
Pairs = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE", help="Sentence pairs, source<TAB>target in each line.", show_default=False
    ),
]
CorpusName = Annotated[
    str | None,
    typer.Option(
        metavar="NAME", help="A corpus by name instead of a file; usually the one that ships.",
        show_default=False,
    ),
]  # fmt: skip
Limit = Annotated[int | None, _number("N", 1, 100_000_000, "Take the first N pairs only.")]
Sample = Annotated[int | None, _number("N", 1, 100_000_000, "Take N random pairs only.")]
SkipBad = Annotated[
    bool, typer.Option("--skip-bad", help="Leave out lines that are no pair, and count them.")
]
LevelName = Annotated[Level | None, _choice("What a token is; usually a word.")]
CellName = Annotated[
    Cell | None, _choice("The kind of recurrent layer; usually lstm, and gru with attention.")
]
Embedding = Annotated[
    int | None,
    _number(
        "E", 0, 4_096,
        "Width of the embeddings, 0 for one-hot; usually 128, 256 with attention, and one-hot for "
        "characters.",
    ),
]  # fmt: skip
TranslatorSizeName = Annotated[
    TranslatorSize | None,
    _choice(
        "A named configuration; options beside it win. tutorial: characters, the first 10,000 "
        "pairs, 256 LSTM units, one-hot, RMSprop, 40 epochs. book: additive attention, 512 units, "
        "at most 15 tokens, 1,000 steps with 512 samples. best: multiplicative attention, 320 GRU "
        "units, at most 15 tokens. Usually usual: what the other options say."
    ),
]
Reverse = Annotated[
    bool, typer.Option("--reverse", help="From the second column to the first; usually not.")
]
MaxLength = Annotated[
    int | None,
    _number("N", 1, 10_000, "Take pairs of at most N tokens a side only; usually any."),
]
SourceTextName = Annotated[
    SourceText | None,
    _choice(
        "lower: source sentences without capitals; plain: also without accents, ¿ and ¡. "
        "Usually as-is."
    ),
]
AttentionName = Annotated[
    Attention | None,
    _choice(
        "Let the decoder look back at the source; usually none. last: the same model as with "
        "attention, but seeing the last states only, to compare with."
    ),
]
OneWay = Annotated[
    bool,
    typer.Option(
        "--one-way",
        help="With attention: read the source from left to right only; usually both ways.",
    ),
]
InputFeeding = Annotated[
    bool,
    typer.Option(
        "--input-feeding",
        help="With attention: feed each step with what the last one found; usually not.",
    ),
]
Embeddings = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE", show_default=False,
        help="Word vectors, in word2vec's or GloVe's text form, to begin the source embeddings "
        "with; they decide the width. Usually random ones.",
    ),
]  # fmt: skip
LabelSmoothing = Annotated[
    float | None,
    _number("S", 0, 0.9, "With attention: share spread over all tokens; usually 0, often 0.1."),
]
Samples = Annotated[
    int | None,
    _number("N", 2, 100_000, "A softmax over N sampled tokens; a translator needs attention."),
]
Dropout = Annotated[float | None, _number("D", 0, 0.9, "Share of the values that training drops.")]
MinCount = Annotated[
    int | None, _number("N", 1, 1_000_000, "Tokens that occur less often count as unknown.")
]
Patience = Annotated[
    int | None, _number("P", 1, 10_000, "Stop after so many epochs that brought nothing better.")
]

# For the writer.
BookName = Annotated[
    str | None,
    typer.Option(
        "--book", metavar="FILE|NUMBER", show_default=False,
        help="A text file, or a number of Project Gutenberg; usually the novella that ships.",
    ),
]  # fmt: skip
Continue = Annotated[
    Path | None,
    typer.Option(
        "--continue", metavar="DIR", show_default=False,
        help="Go on from this saved model, with its vocabulary, on another book.",
    ),
]  # fmt: skip
SizeName = Annotated[
    Size | None,
    _choice("classic: 1,024 units, sections of 20, batch 512, 100,000 steps; needs a GPU."),
]
RecurrentName = Annotated[Recurrent | None, _choice("The kind of recurrent layer; usually gru.")]
Width = Annotated[int | None, _number("E", 1, 4_096, "Width of the embeddings.")]
Steps = Annotated[int | None, _number("T", 2, 1_000, "Tokens of a stream in one training step.")]

# For treebanks.
DataName = Annotated[
    str | None,
    typer.Option(
        "--data", metavar="DIR|NAME", show_default=False,
        help="A folder with train, valid and test files, ptb, or gazette, which the course "
        "generates; usually ptb, and gazette where ptb is not to be had.",
    ),
]  # fmt: skip
ConfigName = Annotated[
    Config | None,
    _choice(
        "A named configuration; options beside it win. classic: the published experiment, LSTM "
        "256 and 128, 15 epochs. tuned: better within twice the time. large: for many hours, or "
        "a GPU. small: for few types, as the gazette has. Usually classic."
    ),
]
Widths = Annotated[
    str | None,
    typer.Option(
        "--units", metavar="U,U", show_default=False,
        help="Width of each layer's state, the lowest first, as 256,128.",
    ),
]  # fmt: skip

# For chatbots.
Talks = Annotated[
    Path | None,
    typer.Option(
        "--data", metavar="FILE|DIR", show_default=False,
        help="A Messenger export, a file with a conversation a line (turns parted by __eou__ or "
        "tabs), or YAML in ChatterBot's form; usually the conversations that ship.",
    ),
]  # fmt: skip
FormatName = Annotated[Format | None, _choice("The form of the data; usually told by its name.")]
ChatConfigName = Annotated[
    ChatConfig | None,
    _choice(
        "A named configuration; options beside it win. classic: three LSTM layers of 1,024, "
        "embeddings of 1,024, no attention, batch 34, Adam at 0.0001; half an hour an epoch on two "
        "cores with DailyDialog, so rather for a GPU. Usually usual."
    ),
]
Speaker = Annotated[
    str | None,
    typer.Option(
        metavar="NAME", show_default=False,
        help="Learn the replies of this speaker only, as the data names them; A and B in a file "
        "of dialogues. Usually everybody's.",
    ),
]  # fmt: skip
Within = Annotated[
    float | None, _number("M", 0.1, 100_000, "Messenger: minutes a reply may take; usually 60.")
]
Groups = Annotated[bool, typer.Option("--groups", help="Messenger: group chats as well.")]
EmojiName = Annotated[Emoji | None, _choice("What becomes of emoji; usually keep.")]
Anonymize = Annotated[
    bool, typer.Option("--anonymize", help="Mask links, numbers and the speakers' names.")
]
Context = Annotated[
    int | None, _number("T", 1, 20, "Turns that the model reads before a reply; usually 5.")
]
LongestReply = Annotated[
    int | None, _number("N", 1, 1_000, "Tokens of a reply that is learnt, at most; usually 30.")
]
Word2Vec = Annotated[
    bool, typer.Option("--word2vec", help="Begin with vectors learnt from the same conversations.")
]
TensorBoard = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR", help="Write the epochs' figures for TensorBoard.", show_default=False
    ),
]

# For bit strings.
TaskName = Annotated[
    Task | None,
    _choice("running: even or odd, after every bit; count: how many ones, after the last one."),
]
Length = Annotated[int | None, _number("N", 2, 10_000, "Bits of a string; usually 50.")]
Strings = Annotated[int | None, _number("N", 1, 100_000_000, "Random strings to learn from.")]
SimpleName = Annotated[
    Recurrent | None,
    _choice("The kind of recurrent layer; usually rnn, which has ReLU here, and gru to count."),
]

# For decoding.
Model = Annotated[Path, typer.Option(metavar="DIR", help="What `course train … --save DIR` wrote.")]
Beam = Annotated[
    int | None, _number("K", 1, 100, "Follow the K likeliest beginnings; without it, greedily one.")
]
MaxTokens = Annotated[
    int | None,
    _number("N", 1, 10_000, "The longest translation; usually 3 times the sentence and 20 more."),
]
Words = Annotated[int, _number("N", 1, 20_000, "Words to write; the last sentence is finished.")]
Temperature = Annotated[
    float, _number("T", 0, 100, "Usually 0.8; 0 takes the likeliest word, more surprises more.")
]
TopK = Annotated[int | None, _number("K", 1, 1_000_000, "Draw among the K likeliest words only.")]
TopP = Annotated[
    float, _number("P", 1e-6, 1, "Draw among the likeliest words that together have this share.")
]
NoRepeat = Annotated[int, _number("N", 0, 100, "Write no run of N tokens twice; 0 lets them.")]
Replies = Annotated[
    int | None, _number("N", 1, 10_000, "Let it talk to itself: N replies to the sentence.")
]
ChatTemperature = Annotated[
    float, _number("T", 0, 100, "0 takes the likeliest word; more surprises more; usually 0.7.")
]
FirstK = Annotated[
    int | None, _number("K", 1, 1_000_000, "The same for the first word; usually as the others.")
]
Diversity = Annotated[
    float, _number("D", 0, 100, "Of a beam: what a likelier sibling costs; usually 0.")
]
MaxWords = Annotated[int, _number("N", 1, 1_000, "Words and marks of a reply; usually 30.")]
DrawSeed = Annotated[int, _number("S", 0, 2**31 - 1, "Of the draws; usually 0.")]

# For pairs in two files, and for evaluating.
SourceFile = Annotated[
    Path | None,
    typer.Option(
        metavar="F", show_default=False,
        help="Source sentences, one a line; their translations are in --target-file.",
    ),
]  # fmt: skip
TargetFile = Annotated[
    Path | None,
    typer.Option(
        metavar="F", show_default=False,
        help="Line n translates line n of --source-file.",
    ),
]  # fmt: skip
Worst = Annotated[int, _number("N", 0, 10_000, "Worst sentences to show; usually 10.")]

# For looking for settings.
Trials = Annotated[
    int, _number("N", 1, 100_000, "Trials in all, those that the storage has already counted.")
]
SamplerName = Annotated[
    Sampler,
    _choice(
        "tpe: near what did well (a tree-structured Parzen estimator); gp: by a Gaussian process, "
        "which needs PyTorch; random; zoom: random, from half way on within the best region; grid: "
        "three values of each range. Usually tpe."
    ),
]
Storage = Annotated[
    str | None,
    typer.Option(
        metavar="URL", show_default=False,
        help="Keep the trials in this database, as sqlite:///trials.db; without it they are gone "
        "at the end.",
    ),
]  # fmt: skip
Workers = Annotated[
    int, _number("N", 1, 256, "Processes that train at once, sharing the cores; usually 1.")
]
ReportFile = Annotated[
    Path,
    typer.Option(
        metavar="FILE", show_default=False,
        help="A page with the trials and their curves; usually tuning.html.",
    ),
]  # fmt: skip
NoPruning = Annotated[bool, typer.Option("--no-pruning", help="Let every trial run to its end.")]
