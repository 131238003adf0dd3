"""What a trained chatbot is worth, printed at the end of its training."""

import random

from course import chat
from course.chat import GREEDY, Manner
from course.cli.chat_data import Data
from course.cli.chat_settings import Settings
from course.cli.guard import note
from course.corpora import subjects
from course.exchanges import Exchange, alternatives, source_key
from course.metrics import replies
from course.models.ngram import NGram
from course.training import Epoch

JUDGED = 500  # questions that are answered, at most
SHOWN = 5
MANNERS = {"greedy": GREEDY, "sampling": Manner(), "beam of 5": Manner(beam=5)}


def report(model, best: Epoch, settings: Settings, data: Data) -> None:
    """Print how surprised a model is by held-out replies, and what its own are like.

    Args:
        model: a trained `Chatbot`.
        best: the epoch that its weights are of.
        settings: of the run.
        data: what it was trained on.
    """
    _print_perplexities(model, best, settings, data)
    held_out, learnt = (_drawn(part.kept, settings.seed) for part in (data.test, data.train))
    note(f"answering {len(held_out):,} questions that training has not seen, three times")
    said = _print_table(model, held_out, settings, data)
    if not settings.patience:
        _print_learnt(model, learnt, data)
    if settings.data is None:
        share = subjects.on_subject(said, held_out)
        print(f"right subject      {share:.1%} of the greedy replies to questions held out")
    for text, exchange in list(zip(said, held_out, strict=True))[:SHOWN]:
        print(f"  {exchange.question} -> {text} (reference: {exchange.reply})")


def _drawn(found: list[Exchange], seed: int) -> list[Exchange]:
    """Draw the exchanges that a report looks at."""
    return random.Random(seed).sample(found, min(JUDGED, len(found)))


def _print_perplexities(model, best: Epoch, settings: Settings, data: Data) -> None:
    """Print the perplexity of replies held out, beside that of n-gram counts of the replies."""
    from course import training

    counted = NGram(data.train.running, len(data.codec.vocabulary), 3)
    print(f"perplexity of replies that training has not seen (epoch {best.epoch}):")
    for name, part in (("valid", data.valid), ("test", data.test)):
        judged = training.evaluate(model, part.batches(batch=settings.batch, buckets=2))
        trigram = counted.perplexity(part.running)
        print(f"{name:<19}{judged['perplexity']:8.2f}   trigram {trigram:8.2f}")


def _print_table(model, held_out: list[Exchange], settings: Settings, data: Data) -> list[str]:
    """Print how varied the replies are and how many are copies; return the greedy ones."""
    tokens = data.codec.tokenizer.tokens
    learnt = {tuple(tokens(exchange.reply)) for exchange in data.train.kept}
    speaker, texts = chat.Chat(model), {}
    print(f"{'replies':<19}distinct-1  distinct-2  most frequent  copied")
    for name, manner in MANNERS.items():
        traces = chat.replies(model, [one.source for one in held_out], manner, settings.seed)
        texts[name] = [speaker.text_of(trace.tokens) for trace in traces]
        _print_row(name, [tokens(text) for text in texts[name]], learnt)
    _print_row("people", [tokens(one.reply) for one in held_out], learnt)
    return texts["greedy"]


def _print_row(name: str, found: list[list[str]], learnt: set) -> None:
    """Print a row of the table."""
    first, second = (replies.distinct(found, n) for n in (1, 2))
    frequent, copied = replies.most_frequent(found)[0], replies.copied(found, learnt)
    print(f"{name:<19}{first:10.3f}  {second:10.3f}  {frequent:12.1%}  {copied:6.1%}")


def _print_learnt(model, learnt: list[Exchange], data: Data) -> None:
    """Print how many training questions get a reply that stands behind them in training."""
    known, speaker = alternatives(data.train.kept), chat.Chat(model)
    traces = chat.replies(model, [one.source for one in learnt], GREEDY)
    texts = [speaker.text_of(trace.tokens) for trace in traces]
    right = sum(
        source_key(text) in known[source_key(one.question)]
        for text, one in zip(texts, learnt, strict=True)
    )
    print(f"learnt by heart    {right / len(learnt):.1%} of {len(learnt):,} training questions")
