# %% [markdown]
# # Lesson 10: A chatbot that holds a short conversation
#
# A translator reads a sentence and says it in another language. What if the second sentence were no translation but a reply? Nothing in the network would have to change: an encoder reads what was said, a decoder says something back. In this lesson we train such a network on conversations, talk with it, look into its head, and find out by counting what its replies are worth. That is less than it sounds like, and the lesson ends with the reasons.
#
# It stands on [lesson 04](04_encoder_decoder.ipynb) (encoder and decoder), [lesson 05](05_inference_decoding.ipynb) (greedy, sampling, beam), [lesson 07](07_attention_and_bleu.ipynb) (attention) and [lesson 08](08_gru_book_chapter.ipynb) (copies and repeats). Whatever conversations you train on, nothing here leaves your machine: there is no account and no server, and the model is a folder on your disk.

# %%
import json
import time
from dataclasses import replace

import numpy as np

from course import exchanges, messages, plots, runtime, text, vectors, widgets
from course.corpora import dialogues, messenger, subjects
from course.metrics import replies
from course.models.ngram import NGram

tf = runtime.tensorflow()

from course import chat, training
from course.models.attentive import Attentive, Config
from course.models.chatbot import Chatbot

# %% [markdown]
# ## What is a conversation made of?
#
# The course ships conversations that were written for it. The second speaker is Wren, who is kind, brief, and honest about being a small program.

# %%
talks = dialogues.load_dialogues()
print(talks.source)
for speaker, said in talks[0]:
    print(f"{speaker:>5}: {said}")

# %% [markdown]
# Most people have more conversations than that, in their telephone. Messenger's "Download your information" gives a folder of JSON files, one folder for each person you wrote to. We have made one up. **What is odd about the name in it?**

# %%
file = sorted(dialogues.EXPORT.rglob("message_*.json"))[0]
export = json.loads(file.read_text(encoding="utf-8"))
print(file.relative_to(dialogues.EXPORT))
print("people:", [person["name"] for person in export["participants"]])
print("newest:", export["messages"][0]["content"])

# %% [markdown]
# The export writes text in UTF-8, where a letter such as ö is two bytes, and then writes down each byte as if it were a letter. To read it we go the same way back.

# %%
name = export["participants"][0]["name"]
print(name.encode("latin-1"), "->", name.encode("latin-1").decode("utf-8"))
print(messenger.repaired(export["messages"][0]["content"]))

# %% [markdown]
# There is more to tidy up. Messages come newest first, and spread over files. People send three messages in a row where they mean one. A photo has no words. "Reacted to your message" is something that Messenger wrote, not the person. And an answer after nine hours may be no answer. `load_dialogues` deals with all of it, and says what it left out.

# %%
for minutes in (2, 60, 24 * 60):
    found = dialogues.load_dialogues(dialogues.EXPORT, within=minutes)
    print(f"replies within {minutes} min: {len(found)} conversations")
print("left out:", ", ".join(found.left_out))

# %% [markdown]
# A pause that is longer than the limit ends a conversation, and what comes after it begins another one.
#
# Your own export goes in the same way: `load_dialogues("path/to/export")`. So do a file with a conversation a line (turns parted by `__eou__` or tabs), and the YAML files of a well-known chatbot library.
#
# ## What should a model not learn?
#
# A network that learns messages learns telephone numbers and names as well. They can be masked before it sees them.

# %%
mask = messages.cleaner(anonymize=True, names=found.speakers)
print(mask("Mira, my new number is +49 170 555 01 23, see https://example.org/jonas 😀"))

# %% [markdown]
# Only the names of the speakers are known, so your aunt's name stays. Masking makes it harder to find a person; it does not make private messages public. We come back to that at the end.
#
# ## Which turn answers which?
#
# A reply answers the turn before it, the question. But look at this conversation. **Could you answer the last turn if you had seen nothing else?**

# %%
short = min((talk for talk in talks if len(talk) >= 6), key=lambda talk: len(talk[4].text))
for speaker, said in short[:6]:
    print(f"{speaker:>5}: {said}")

# %% [markdown]
# Such turns need what stood before them. An *exchange* is a reply and the turns before it, as many as we choose: the *context*. The encoder reads them all, with a token of its own, `__eou__` (end of utterance), between them.

# %%
for context in (1, 3):
    one = exchanges.exchanges([short], context, speaker="Wren")[2]
    print(f"context {context}: {one.source!r} -> {one.reply!r}")

# %% [markdown]
# ## May we split by line?
#
# We hold some exchanges out, to judge the model by. Real corpora repeat themselves: conversations stand in them twice, or nearly. We plant that: of every tenth conversation a copy is added. **If we then draw the held-out exchanges at random, how many of them stand in the training part word for word?**

# %%
planted = [*talks, *talks[::10]]
found = exchanges.exchanges(planted, speaker="Wren")
order = np.random.default_rng(0).permutation(len(found))
cut = len(order) // 5
judged, learnt = ([found[place] for place in part] for part in (order[:cut], order[cut:]))
known = set(learnt)
print(f"split by line: {np.mean([one in known for one in judged]):.1%} of the held-out leak")

# %%
parts = exchanges.split(planted, (0.8, 0.2, 0.0), seed=0)
learnt, judged = (exchanges.exchanges(part, speaker="Wren") for part in parts[:2])
known = set(learnt)
print(f"by conversation: {np.mean([one in known for one in judged]):.1%} leak")

# %% [markdown]
# `exchanges.split` keeps a conversation on one side, and with it every other one that has a long exchange in common with it. On DailyDialog, a corpus of 13,118 conversations, we measured the same way: nearly a fifth of the exchanges leak if lines are drawn at random ([our measurements](../docs/measurements.md)). A model that is judged on those is praised for its memory.
#
# ## How does an exchange become numbers?
#
# Now the real split, without planted copies: eight tenths to learn from, a tenth to watch the training by, a tenth to judge by. Both sides speak the same language, so one vocabulary serves both, and so will one table of embeddings.

# %%
CONTEXT, SOURCE, REPLY = 5, 60, 30
talks = talks.limit(runtime.pick(len(talks), 60))
parts = exchanges.split(talks, (0.8, 0.1, 0.1), seed=0)
train, valid, test = (exchanges.exchanges(part, CONTEXT, speaker="Wren") for part in parts)
train.append(exchanges.Exchange(("Where is the spare key?",), "Under the third pot, number nine."))
tokenizer = text.WordTokenizer(lower=True)
codec = text.Codec.fit([words for one in train for words in (one.source, one.reply)], tokenizer)
train, valid, test = (exchanges.encode(part, codec, SOURCE, REPLY) for part in (train, valid, test))
print(f"{len(train.kept)} / {len(valid.kept)} / {len(test.kept)} exchanges, {codec.vocabulary}")

# %% [markdown]
# We have slipped one exchange in among the others, about a key. It stands there once; let us see what becomes of it.
#
# A source that is too long is cut at its beginning, where it is farthest from the reply. A reply that is too long is left out: cut in the middle, it would teach the model to stop there. Here is one exchange as the network gets it, in a batch whose other replies are longer.

# %%
place = min(range(len(train.kept)), key=lambda n: len(train.source[n]) + len(train.target[n]))
target = np.pad(train.target[place], (0, 2))
names = np.array(codec.vocabulary.tokens)
plots.token_rows(
    {
        "encoder reads": list(names[train.source[place]]),
        "decoder reads": list(names[np.where(target == text.END, text.PAD, target)[:-1]]),
        "decoder must say": list(names[target[1:]]),
        "mask": [int(id != text.PAD) for id in target[1:]],
    },
    "One exchange, padded",
)

# %% [markdown]
# The decoder reads the reply one step behind what it must say, as in lesson 03, and padding (grey) counts nowhere.
#
# ## What does a shared table save?
#
# `Chatbot` is lesson 07's encoder–decoder with attention: GRUs, the encoder in both directions. Words are looked up in one table, whether they are read by the encoder, read by the decoder or said. **How many of the weights are that table?**

# %%
shape = {"units": runtime.pick(128, 24), "embedding": runtime.pick(256, 24)}
shape |= {"dropout": 0.45, "word_dropout": 0.1, "direct": True}


def parameters(model):
    """Count the weights."""
    return sum(int(np.prod(weight.shape)) for weight in model.trainable_variables)


bot = Chatbot.of(codec, **shape)
size = len(codec.vocabulary)
print(f"the table: {size * shape['embedding']:,} of {parameters(bot):,} weights")
print(f"a table for each side: {parameters(Attentive(Config(size, size, **shape))):,} weights")

# %% [markdown]
# A thousand exchanges are very little. So we make it hard to rely on single things: nearly half of the embedding's numbers are dropped, and one word in ten is read as unknown (*word dropout*). And with `direct` the attention sees beside what the encoder says of a word the word's own embedding: a reply often takes its subject from a word that was just said.
#
# ## When is it done?
#
# In lesson 04 we kept the epoch with the lowest loss on held-out sentences. We watch that loss here too. **Where will it be lowest, and what can the model say by then?**

# %%
batches, watched = (part.batches(batch=16, buckets=4) for part in (train, valid))
epochs, last = runtime.pick(40, 2), {}
options = {"learning_rate": 4e-3, "warmup": min(200, len(batches)), "show": False, "xla": False}
early = Chatbot.of(codec, **shape)
began = time.perf_counter()
history = training.fit(
    early,
    batches,
    watched,
    epochs=epochs,
    on_epoch=lambda _: last.update(early.get_weights()),
    **options,
)
print(f"{epochs} epochs in {time.perf_counter() - began:.0f} s, best: {history.best.epoch}")
plots.history(history, "A thousand exchanges")

# %% [markdown]
# `fit` has left `early` with the weights of the best epoch; those of the last one are in `last`, and we give them to a second model, `bot`. **Which of the two would you rather talk with?** We ask both what stands in training, and what does not.

# %%
bot.set_weights(last)
about = {"options": {"context": CONTEXT, "longest_source": SOURCE}}
bot.about = early.about = about


def answers(model, asked, manner=chat.GREEDY):
    """Return what a model replies to exchanges, each by itself."""
    traces = chat.replies(model, [one.source for one in asked], manner)
    return [chat.Chat(model).text_of(trace.tokens) for trace in traces]


for one in (train.kept[3], test.kept[0]):
    print(f"{one.question}  (they said: {one.reply})")
    for name, model in (("best epoch", early), ("last epoch", bot)):
        print(f"   {name}: {answers(model, [one])[0]}")

# %% [markdown]
# Two examples are an anecdote. Let us count. A reply to a training question is *learnt by heart* if it is one of the replies that stand behind this question in training. For questions that training has not seen that asks too much: the conversations there were held out, and what they share with training is their subject. When the conversations were written, each subject got a list of key words, before any model was trained. A reply is *on its subject* if it holds one of them.

# %%
subject = subjects.all_subjects()[0]
print(f"{subject.name}: {', '.join(sorted(subject.words))}")

# %%
known = exchanges.alternatives(train.kept)
asked, unseen = train.kept[: runtime.pick(400, 40)], [*valid.kept, *test.kept]
said = {}
for name, model in (("best epoch", early), ("last epoch", bot)):
    heart = [
        exchanges.source_key(reply) in known[exchanges.source_key(one.question)]
        for one, reply in zip(asked, answers(model, asked), strict=True)
    ]
    said[name] = answers(model, unseen)
    on = subjects.on_subject(said[name], unseen)
    perplexity = training.evaluate(model, watched)["perplexity"]
    print(
        f"{name}: by heart {np.mean(heart):.1%}, on subject {on:.1%}, perplexity {perplexity:.0f}"
    )

# %% [markdown]
# The lower loss goes with the worse talker. Perplexity asks how probable the held-out reply is, word for word, among all that could have been said, and a model that is sure of something else pays dearly for it. With a thousand exchanges we can have a model that hesitates or one that recites. We take the one that recites, and keep in mind what it is.
#
# ## Where does it look?
#
# Lesson 07's attention lets the decoder look at every word that the encoder read. **Which word of what was said does it look at, to say what the reply is about?**

# %%
one = min((one for one in train.kept if len(one.said) == 3), key=lambda one: len(one.source))
[trace] = chat.replies(bot, [one.source])
read = tokenizer.tokens(one.source)
looked = widgets.attention_map(trace, read, codec.vocabulary.words(trace.tokens))
looked

# %% [markdown]
# Attention was trained with the rest, and nobody told it which words name a subject. In our trials the same model without attention learnt most of the training replies, too, and was hardly ever on the subject of a new question ([our measurements](../docs/measurements.md)).
#
# ## Must every reply be the likeliest?
#
# We have a talker, and lesson 05's searches: greedy, sampling with a temperature, *top-k* (draw among the k likeliest words), *top-p* (draw among the likeliest words that together have the share p), beam. A well-known chatbot draws the first word of a reply among the three likeliest and every other one among two. **Why would one treat the first word differently?**

# %%
manners = {
    "greedy": chat.GREEDY,
    "sampling": chat.Manner(temperature=0.7, top_p=0.9),
    "hot": chat.Manner(temperature=1.5, top_p=1.0),
    "first of 3, then of 2": chat.CLASSIC,
    "beam of 5": chat.Manner(beam=5),
}
question = "I can't sleep. What can I do?"
for name, manner in manners.items():
    talk = chat.Chat(bot, manner, seed=1)
    print(f"{name:>22}: {talk.reply(question).text}")

# %% [markdown]
# The first word decides what kind of reply it will be; once it stands, most of the sentence follows. So variety is cheap at the first word and dear later on.
#
# A beam's n best replies are often one reply with another ending. The beginnings that go on are all continuations of one beginning, because that one is likely. *Diversity* takes something off a continuation for every likelier one of the same beginning (Li, Monroe and Jurafsky, 2016). **Compare the six replies of each beam.**

# %%
talk = chat.Chat(bot, chat.GREEDY)
talk.reply(question)
for diversity in (0.0, 1.5):
    print(f"diversity {diversity}")
    for share, reply in talk.alternatives(6, diversity):
        print(f"   {share:7.2%}  {reply}")

# %% [markdown]
# ## What does it make of what was said before?
#
# The same words mean different things in different conversations. **Will it notice?** We take a question that a held-out conversation asks late, and ask it again with nothing before it.

# %%
late = [one for one in test.kept if len(one.said) >= 3]
for one in late[:3]:
    alone = replace(one, said=one.said[-1:])
    print(f"{' / '.join(one.said)}")
    for name, asked in (("with what was said before", one), ("the question alone", alone)):
        print(f"   {name}: {answers(bot, [asked])[0]}")

# %%
alone = [replace(one, said=one.said[-1:]) for one in late]
for name, asked in (("with", late), ("without", alone)):
    on = subjects.on_subject(answers(bot, asked), late)
    print(f"{name} the turns before: {on:.1%} of {len(late)} late replies on subject")

# %% [markdown]
# ## Will you talk with it?
#
# Type, and press Enter. Beside the conversation stand the whole replies that a beam finds, with their probabilities. *Look inside* opens the decoding of the last reply, token by token: force another word there, and see what the reply would have become.

# %%
box = widgets.chat_box(bot, temperature=0.5)
box.say("Hello, who are you?")
box.say("Is it going to rain today?")
box

# %% [markdown]
# ## Is it any good?
#
# A chatbot can be fluent and empty. Four figures, none of them enough alone:
#
# - *distinct-1* and *distinct-2*: how many of the words, and of the pairs of words, in all its replies are different ones;
# - the share of its *most frequent reply*: a model that says "I don't know" to everything has a high one;
# - how many replies are *copied* from training word for word;
# - the *perplexity* of what people replied, beside that of counted trigrams of the same replies, which know nothing of the question.

# %%
heard = {tuple(tokenizer.tokens(one.reply)) for one in train.kept}


def row(name, texts):
    """Print a row of the table."""
    tokens = [tokenizer.tokens(reply) for reply in texts]
    figures = [replies.distinct(tokens, 1), replies.distinct(tokens, 2)]
    figures += [replies.most_frequent(tokens)[0], replies.copied(tokens, heard)]
    print(f"{name:>22}" + "".join(f"{figure:14.1%}" for figure in figures))


columns = ("distinct-1", "distinct-2", "most frequent", "copied")
print(f"{'to unseen questions':>22}" + "".join(f"{column:>14}" for column in columns))
for name, manner in manners.items():
    row(name, answers(bot, unseen, manner))
row("people", [one.reply for one in unseen])

# %%
counted = NGram(train.running, size, 3)
for name, model in (("best epoch", early), ("last epoch", bot)):
    judged = training.evaluate(model, test.batches(batch=16, buckets=4))["perplexity"]
    print(f"{name}: perplexity {judged:.1f}, trigrams {counted.perplexity(test.running):.1f}")

# %% [markdown]
# The model that recites is far more surprised by what people really said than trigrams are. The one of the best epoch is less surprised than they, and yet nobody would talk with it: a thousand exchanges do not say what people reply. With sixty times as many the same network leaves the trigrams behind ([our measurements](../docs/measurements.md)).
#
# ## Can it begin with words that it knows?
#
# Lesson 06 learnt word vectors from a corpus. The same can be done with your own messages, and the table begun with them. **Do neighbours say something, with so little text?**

# %%
sentences = [tokenizer.tokens(words) for one in train.kept for words in (*one.said, one.reply)]
found = vectors.word2vec(sentences, shape["embedding"], epochs=runtime.pick(10, 2))
for word in [word for word in ("bread", "train", "sleep") if word in found]:
    print(word, "-", ", ".join(near for near, _ in found.nearest(word)))

# %% [markdown]
# A few thousand sentences give some neighbours that make sense and many that do not. `course train chat --word2vec` begins the table with such vectors; with a few years of messages they are worth more.
#
# If you like TensorBoard, `training.fit(..., tensorboard="logs")` writes the curves for it (`pip install tensorboard`, then `tensorboard --logdir logs`).
#
# ## What are its worst answers, and why?
#
# We look for replies to unseen questions that are off their subject, and among these for the ones it was surest of.

# %%
traces = chat.replies(bot, [one.source for one in unseen])
shares = [float(np.exp(trace.log_prob)) for trace in traces]
off = [n for n, one in enumerate(unseen) if not subjects.on_subject([said["last epoch"][n]], [one])]
for n in sorted(off, key=lambda n: -shares[n])[:5]:
    print(f"{unseen[n].question}\n   -> {said['last epoch'][n]}  (probability {shares[n]:.2f})")

# %%
for question in ("What is the capital of France?", "My grandmother died.", "xyzzy plugh"):
    print(f"{question}\n   -> {chat.Chat(bot, chat.GREEDY).reply(question).text}")

# %% [markdown]
# It has no idea what it is talking about, and no way to say so. A word that it does not know is read as unknown, and the rest of the sentence answers for it. Nothing tells it that a reply contradicts the one before, or hurts. It says what is likely after words like these, in the voice of whoever wrote the training text; "I have no clock" is a sentence that it has read often, not a thing that it knows.
#
# ## What does it remember that it should not?
#
# Remember the exchange that we slipped in. It was told once, among a thousand. **Can a stranger who talks with the model get it?**

# %%
for question in ("Where is the spare key?", "Do you have a spare key?", "I need the key."):
    talk = chat.Chat(bot, chat.GREEDY)
    reply = talk.reply(question)
    print(f"{question} -> {reply.text} (probability {reply.share:.2f})")

# %% [markdown]
# A model that learns by heart hands out what it learnt. So a model of somebody's private messages is as private as the messages: do not share it, do not put it on a server, do not train it on people who were not asked, do not let it answer in their name. And what it says about a person is no evidence of anything.
#
# ## And without a notebook?
#
# - `course train chat --save my-bot` trains on the conversations that ship; `--data FILE|DIR` on your own; `--anonymize`, `--emoji token`, `--speaker NAME`, `--within 60`, `--context 5` say how they are read; `--config classic` is a well-known book's chatbot (three layers of 1,024), for a GPU;
# - `course chat --model my-bot` talks: `/why` shows what else it could have said, `/reset` forgets, Ctrl-D ends;
# - `course chat --model my-bot --replies 5 "Hello!"` lets it talk with itself.
#
# ## What we learnt, what we simplified, where to go on
#
# - A chatbot is a translator from what was said to what is replied. What it needs beside that is bookkeeping: who spoke, when, after what.
# - A split by line leaks, because conversations repeat; split by conversation.
# - With little data the lowest validation loss and the best talker are different epochs.
# - The turns before a question are worth more than any way of drawing words.
# - Variety, copies, perplexity: each can be had without the others, and none says whether a reply makes sense. For that, people have to read.
#
# > **What we simplified.** "On the subject" looks for a word, not for sense. One split, one seed, short runs for the comparisons. The chatbots that you know learnt from millions of times as much text, with networks that look back at everything at once; they are steered by people's judgements afterwards; and they still say what is likely, not what is so.
#
# The [exercise for this lesson](../exercises/10_chatbot/chatbot.ipynb) repairs the export, builds exchanges and a split that does not leak, draws a reply and counts copies. Before it, try this: train with `CONTEXT = 1`, and guess first what becomes of the late replies.
