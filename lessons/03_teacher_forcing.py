# %% [markdown]
# # Lesson 03: Teacher forcing
#
# A translator has two halves. The *encoder* reads the English sentence and sums it up in a row of numbers, the *state*. The *decoder* starts from that state and writes the Spanish sentence, one token at a time. [Lesson 04](04_encoder_decoder.ipynb) opens both of them; here they may stay closed boxes.
#
# What we ask in this lesson is what they are fed. The English sentence goes in once. The Spanish one goes in twice, and the second time it is shifted by one step. It looks like a detail. At the end we leave the shift out and see what happens.
#
# We use the tokens, ids and vocabularies of [lesson 02](02_one_hot_encoding.ipynb).

# %%
import re

import numpy as np

from course import batches, checks, corpora, plots, pretrained, runtime, text, widgets
from course.text import END, PAD, START

# %% [markdown]
# ## How does the decoder know when to begin and when to stop?
#
# The decoder takes one token and guesses the next one: after `el` perhaps `gato`, after `gato` perhaps `duerme`. Two guesses do not fit into this picture. The first word has no word before it, and after the last one there is nothing left to say.
#
# Two special tokens fill the gaps. START is what the decoder reads before anything has been written. END is what it says when the sentence is complete.

# %%
pairs = [
    ("The cat sleeps.", "El gato duerme."),
    ("Where is the cat?", "¿Dónde está el gato?"),
    ("I see a big house.", "Veo una casa grande."),
]
tokenizer = text.tokenizer("word", lower=True)
source = text.Codec.fit([english for english, _ in pairs], tokenizer)
target = text.Codec.fit([spanish for _, spanish in pairs], tokenizer)

# %%
rows = [[START, *target.ids(spanish), END] for _, spanish in pairs]
for row in rows:
    print(row, [target.vocabulary.tokens[id] for id in row])

# %% [markdown]
# Each Spanish sentence is wrapped in START (id 1) and END (id 2). The English sentences are not: nobody has to begin or to end them, they are there as a whole.
#
# START and END are ids that we put in. Tutorials often write them into the text, as `<START> el gato <END>`, and tokenise afterwards. **How many tokens does our pattern from lesson 02 find there?**

# %%
tokens = re.findall(r"[\w']+|[^\s\w]", "<START> el gato <END>")
print(len(tokens), "tokens:", tokens)

# %% [markdown]
# Two special tokens have become six ordinary ones. Whoever measures the longest sentence this way makes every array longer than it need be, and every limit too. In our way there is nothing to cut apart: no text that a person types can contain START or END.

# %% [markdown]
# ## What could the decoder learn from?
#
# Suppose that training lets the decoder write a sentence by itself, starting from START. At first it knows nothing, so its first token is wrong. Its second guess would have to follow from a wrong beginning, and so would all the others: from one early mistake on, there is nothing sensible to learn.
#
# So a teacher helps. At each step the decoder reads the token that *should* stand there, whatever it guessed itself, and has to name the next one. This is called *teacher forcing*. It makes every step of every sentence an exercise of its own, with a known answer.
#
# > **What we simplified.** There is a price. In training the decoder never sees its own mistakes; in use it has nothing else to go on. On short sentences this does little harm.

# %% [markdown]
# ## Why are there two decoder matrices?
#
# Each step has a question, the token that is read, and an answer, the token that must be said. The questions go into one matrix, the *decoder input*; the answers go into another, the *decoder target*. Both come from the same wrapped sentence:
#
# - the decoder reads START and all words, but never END: after END nothing is asked;
# - the decoder says all words and END, but never START: nobody has to guess the beginning.
#
# **So what is the relation between the two rows?** Make a guess, then look.

# %%
wrapped = [target.vocabulary.tokens[id] for id in rows[0]]
plots.two_rows(wrapped[:-1], wrapped[1:], title=f"Teacher forcing: {pairs[0][1]}")

# %% [markdown]
# They are the same row, shifted by one step. An arrow leads from each question to its answer. A dashed line leads from each answer to the next step, where the teacher puts it in as the next question.

# %% [markdown]
# ## How do we fill the three arrays?
#
# For training we need three arrays of ids: the *encoder input* with the English sentences, and the two for the decoder. Each has a line for each sentence and a column for each time step. We begin with padding everywhere. How many columns does each need?

# %%
english_time = max(len(source.ids(english)) for english, _ in pairs)
spanish_time = max(len(row) for row in rows) - 1
encoder_input = np.full((len(pairs), english_time), PAD)
decoder_input = np.full((len(pairs), spanish_time), PAD)
decoder_target = np.full((len(pairs), spanish_time), PAD)
print(
    "encoder:", encoder_input.shape, " decoder:", decoder_input.shape, "= (sentences, time steps)"
)

# %% [markdown]
# The decoder's arrays are one step shorter than the longest wrapped sentence, because neither of them holds both START and END.
#
# The encoder input is filled as in lesson 02, token by token.

# %%
for line, (english, _) in enumerate(pairs):
    for timestep, id in enumerate(source.ids(english)):
        encoder_input[line, timestep] = id
print(encoder_input)

# %% [markdown]
# Now the decoder's two. Each token of the wrapped sentence goes into the input at its own time step, unless it is END, and into the target one time step *earlier*, unless it is START.

# %%
for line, row in enumerate(rows):
    for timestep, id in enumerate(row):
        if id != END:
            decoder_input[line, timestep] = id
        if timestep > 0:
            decoder_target[line, timestep - 1] = id

# %%
print("decoder input, read\n", decoder_input, sep="")
print("decoder target, said\n", decoder_target, sep="")

# %% [markdown]
# Each line of the input begins with 1, which is START. Each line of the target ends with 2, which is END, before the padding begins. Padding, id 0, stands in both at the same places, and no place with padding in the target will count.
#
# `batches.teacher_forcing` cuts the two arrays out of the wrapped one. Does it agree with our loops?

# %%
library_input, library_target = batches.teacher_forcing(batches.pad(rows))
checks.equal("decoder input", decoder_input, library_input)
checks.equal("decoder target", decoder_target, library_target)

# %% [markdown]
# In tutorials the three arrays have a third axis, one-hot rows in place of ids, and are filled by the same loops with `[line, timestep, token] = 1`. Lesson 02 showed that ids say the same. How large would they be?

# %%
for name, ids, codec in (
    ("encoder input ", encoder_input, source),
    ("decoder input ", decoder_input, target),
    ("decoder target", decoder_target, target),
):
    one_hot = text.one_hot(ids, len(codec.vocabulary))
    print(f"{name} ids {ids.shape}, {ids.size} numbers; one-hot {one_hot.shape}, {one_hot.size}")

# %% [markdown]
# ### Try it
#
# The decoder has read START, `¿`, `dónde`. Which token must it say at this step? Replace the `...`, in quotation marks.

# %%
answer = ...

with checks.softly():
    expected = target.vocabulary.tokens[decoder_target[1, 2]]
    checks.equal("answer", answer, expected, hint="look at line 1 of both arrays, time step 2")

# %% [markdown]
# ## What happens if we forget the shift?
#
# The slip is small: `timestep` where `timestep - 1` should be. Then input and target are the same row, and each question has its own answer written on it.

# %%
widgets.teacher_forcing(pairs[1][1], target, planted=True)

# %% [markdown]
# The switch of the demo takes the slip away and plants it again. Step through both and read aloud what is asked and what must be answered.

# %% [markdown]
# No error is raised, the shapes fit, the model trains. **Will its loss be higher or lower than that of the right one? And what will it translate?** Make two guesses. The *loss* says how surprised the model is by the right answers, on average; 0 means not at all.
#
# We train a tiny translator three times on the same few sentences of the shipped corpus:
#
# - **right**: the target is shifted by one step;
# - **shift forgotten**: the target is the input. START can never be said in this course's models, so the place under START stays empty;
# - **END forgotten**: the shift is right, but the targets lack END. This is another common slip.

# %%
runtime.tensorflow()
from course import decoding, training
from course.models.seq2seq import Config, Seq2Seq

corpus = corpora.load_pairs("grammar")
short = [pair for pair in corpus if len(tokenizer.tokens(pair[0])) <= 5]
few = short[: runtime.pick(320, 48)]
print(corpus.source)
print(f"we take {len(few)} short ones, such as {few[0]}")
if runtime.fast_mode():
    print("fast mode: so little training shows the differences below only faintly")

# %%
source = text.Codec.fit([english for english, _ in few], tokenizer)
target = text.Codec.fit([spanish for _, spanish in few], tokenizer)
encoder_input = batches.pad([source.ids(english) for english, _ in few])
wrapped = batches.pad([[START, *target.ids(spanish), END] for _, spanish in few])
decoder_input, right = batches.teacher_forcing(wrapped)
print("decoder input:", decoder_input.shape, "= (sentences, time steps)")

# %% [markdown]
# The two wrong targets each take one line.

# %%
targets = {
    "right": right,
    "shift forgotten": np.where(decoder_input == START, PAD, decoder_input),
    "END forgotten": np.where(right == END, PAD, right),
}
for name, array in targets.items():
    print(f"{name:16}", [target.vocabulary.tokens[id] for id in array[0]])


# %% [markdown]
# Training takes the arrays in *batches*, a few sentences at a time, in a new random order in each *epoch*, a pass over all of them. A list of batches that can shuffle itself will do; the library's own batches do more, and lesson 04 uses them.


# %%
class Shuffled(list):
    def shuffled(self, seed, epoch):
        order = np.random.default_rng((seed, epoch)).permutation(len(self))
        return [self[place] for place in order]


def cut(decoder_target, size=16):
    arrays = (encoder_input, decoder_input, decoder_target)
    starts = range(0, len(few), size)
    return Shuffled(batches.Batch(*(array[i : i + size] for array in arrays)) for i in starts)


# %%
config = Config(len(source.vocabulary), len(target.vocabulary), units=96, embedding=48)
model = Seq2Seq(config, source, target)
first_weights = model.get_weights()


def train(decoder_target):
    model.set_weights(first_weights)
    options = {"epochs": runtime.pick(30, 20), "learning_rate": 8e-3, "show": False}
    history = training.fit(model, cut(decoder_target), **options)
    return history, decoding.greedy(model, [source.ids(english) for english, _ in few])


# %% [markdown]
# Each run begins with the same weights and ends by translating the sentences that it was trained on; we come to these translations in a moment. First the figures of the training.

# %%
runs = {name: train(array) for name, array in targets.items()}
for name, (history, _) in runs.items():
    last = history.epochs[-1]
    print(f"{name:16} training loss {last.loss:.4f} nats a token, accuracy {last.accuracy:.3f}")

# %%
plots.histories(
    {name: history for name, (history, _) in runs.items()},
    "loss",
    "Which of these is the best model?",
)

# %% [markdown]
# *Accuracy* is the share of right guesses, here with the teacher's help. By these figures the model without the shift is wonderfully good: it learns faster than the right one. If we looked no further, we would keep it.
#
# A translator should be judged by its translations. Now the teacher leaves: each decoder starts from START and reads what it has said itself. The sentences are those that it was trained on, the easiest test there is.

# %%
for name, (_, traces) in runs.items():
    print(f"{name}:")
    for (english, _), trace in zip(few[:3], traces):
        print(f"    {english} -> {target.text(trace.tokens)}")

# %%
wanted = [target.text(target.ids(spanish)) for _, spanish in few]
for name, (_, traces) in runs.items():
    exact = sum(target.text(trace.tokens) == spanish for trace, spanish in zip(traces, wanted))
    print(f"{name:16} translates {exact} of {len(few)} training sentences exactly")

# %% [markdown]
# The model without the shift translates nothing. Nobody taught it how to begin, so its first token is arbitrary. From there it has learnt to repeat the token that it reads, because that was always the answer, and it never needed the English sentence at all. Its low loss was the sign of an exercise that was too easy.
#
# And the third one? Its translations begin like those of the right model. **What is wrong with how they end?**

# %%
for name, (_, traces) in runs.items():
    ended, length = sum(trace.ended for trace in traces), np.mean([len(trace) for trace in traces])
    print(f"{name:16} {ended:3} of {len(few)} end by themselves; {length:4.1f} tokens on average")

# %% [markdown]
# END was never an answer in training, so it is never said: the model talks on until the limit stops it. END is a target like any other.
#
# What does a decoder see when its teacher has left? The translator that ships with the course has been trained the right way, on sentences of a small grammar. The demo puts both rows beside each other: what it reads with the teacher, and what it reads alone. **Where does it leave the path, and does it find back?** Type other sentences, or a translation that is wrong on purpose.

# %%
translator = pretrained.load("words")
english, spanish = "There is a tomato on the table.", "Hay un tomate sobre la mesa."
widgets.teacher_forcing(spanish, model=translator, source_sentence=english)

# %% [markdown]
# With a teacher, every step is judged by itself. Alone, a token that differs is read at the next step, and all that follows answers to it, whether it was a mistake or another way to say the same.
#
# How can we notice such slips without knowing them beforehand? Two habits help. Print the first line of input and target as *tokens*, one above the other, before training. And let the model translate a few sentences of the training set after it: what it cannot do there, it cannot do anywhere.

# %% [markdown]
# ## What have we learnt?
#
# - START is what the decoder reads first, END is what it says last; both are ids, not text.
# - In teacher forcing the decoder reads the right token at every step and must say the next one.
# - That takes two decoder arrays: the input begins with START and lacks END, the target lacks START and holds END, and the target is the input shifted by one step.
# - A low loss proves nothing if the question contains the answer. Translations do.
#
# We simplified one thing: the decoder learnt with the teacher only and was never trained on its own mistakes.
#
# In the [exercise for this lesson](../exercises/03_teacher_forcing/teacher_forcing.ipynb) we write captions for harbour pictures. Next, [lesson 04](04_encoder_decoder.ipynb) opens the two boxes: what an encoder and a decoder keep in their states, and how they are trained.
