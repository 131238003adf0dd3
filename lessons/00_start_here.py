# %% [markdown]
# # Lesson 00: Start here
#
# This course is about networks that read one sequence and write another: a sentence in English goes in, a sentence in Spanish comes out. We take such networks apart, *unrolled*, step by step, and build them up again.
#
# In this first lesson we begin at the end and watch a translator at work, token by token. Then we look whether this machine is ready, learn how lessons, exercises and checks work, and train a small translator of our own. How each part of it works is what the other lessons are for.
#
# To run a cell of code, click into it and press Shift+Enter.

# %%
import numpy as np

from course import checks, corpora, doctor, plots, pretrained, runtime, text, widgets

# %% [markdown]
# ## What shall we be able to build?
#
# A translator ships with the course. It is a small network, trained on English and Spanish sentences that a small grammar made, and by lesson 05 we shall have built one like it. The next cell loads it; the first use of TensorFlow takes some seconds.

# %%
translator = pretrained.load("words")
sentence = "Is my wallet in the kitchen?"
print(
    f"{sum(weight.size for weight in translator.get_weights().values()):,} numbers, all of them learnt"
)

# %% [markdown]
# It does not write a sentence at once. It writes one *token*, a word or a single mark such as `.` or `¿`, reads what it has written, and writes the next. At each step it gives every token of its Spanish vocabulary a *probability*, and we take the likeliest. This is called *greedy decoding*.
#
# The demo below stands before the first step: the English sentence has been read, and nothing has been said. **A Spanish question begins with a mark that English does not have. Does the translator know at its very first step that it is writing a question?** Look at the bars, then press *Step* until the sentence is whole. *Back* goes back.

# %%
stepper = widgets.decoding_stepper(translator, sentence)
stepper

# %% [markdown]
# The marked bar is the token that it takes; the other bars are its next best choices. Whatever it says first, it must know from the English sentence as a whole, because it has read nothing else. The last token of a whole sentence is `<end>`: the translator itself decides when to stop.
#
# **What if it had said something else?** Go back some steps and press one of the other tokens: it is forced to say it, and has to make the best of it from there. *Reset* takes all that back. Or type a sentence of your own; a word that it never met has a dashed border and a question mark, and is read as `<unk>`, *unknown*.
#
# A demo can be moved from a code cell as well. Here is a sentence with which the translator has more trouble. **At which step is it least sure of what it says?**

# %%
unsure = widgets.decoding_stepper(translator, "There is a tomato on the table.")
unsure.step = int(unsure.trace.log_probs.argmin())
print(
    f"least sure at step {unsure.step}, with probability {np.exp(unsure.trace.log_probs.min()):.3f}"
)
unsure

# %% [markdown]
# Where the translator is unsure, several tokens share the probability. Greedy decoding takes the likeliest and never looks back, and here that ends badly: a *tomato* is `un tomate`. Lesson 05 shows searches that do, and [the gallery](gallery.ipynb) has all the demos of the course on one page.

# %% [markdown]
# ## Is this machine ready?
#
# `course.doctor` looks at all that the lessons need: Python and the packages, processor cores, memory, disk, TensorFlow, and the corpora that are already here. The look at TensorFlow takes some seconds.

# %%
findings = doctor.examine()
print(doctor.report(findings))

# %% [markdown]
# Each line begins with `ok` or with `NO`. Below a `NO` stands what to do about it. The last line is the verdict: `ready`, or how many lines need attention. The lessons are made for small machines: none of them needs a graphics card, and each finishes within minutes. In a terminal, `course doctor` prints the same.
#
# No network? Nearly everything works without one: a corpus of English and Spanish sentences ships with the course, and a lesson that wants a larger one says which it uses.

# %% [markdown]
# ## How do we read a lesson?
#
# A lesson is a notebook: *cells* of text, like this one, and cells of code. Click into a code cell and press Shift+Enter: the cell runs, its output appears below, and the next cell is chosen. Read from top to bottom and run each cell on the way.
#
# Often the text asks a question before a cell. Make a guess first, then run it. **What will this cell print?**

# %%
words = ["one", "step", "at", "a", "time"]
print(len(words), "words:", " ".join(words))

# %% [markdown]
# Change something and run the cell again: nothing can break that a fresh start would not mend. The notebook remembers what was run and in which order, so if a cell complains about a name that it does not know, a cell above it has not been run yet. *Restart Kernel and Run All Cells* in the menu *Kernel* runs the whole lesson anew.
#
# Random numbers have fixed *seeds* in this course: the same cell gives the same result each time it is run, except for figures that measure time.

# %% [markdown]
# ## How does a check talk to us?
#
# Some cells ask us to try something and check the result. A check has three answers. It says when the work is *not attempted*, when it is *not yet* right, and when it is *right*; if it can, it gives a hint, but it does not give the answer away.
#
# Here is one check, asked three times. It is about the tokens of a sentence: how many does *The cat sleeps.* have?

# %%
for answer in (..., 3, 4):
    with checks.softly():
        checks.close("number of tokens", answer, 4, hint="the full stop is one as well")

# %% [markdown]
# ### Try it
#
# How many tokens does *¿Dónde está el gato?* have? Replace the `...` by a number and run the cell.

# %%
answer = ...

tokenizer = text.tokenizer("word", lower=True)
with checks.softly():
    checks.close("answer", answer, len(tokenizer.tokens("¿Dónde está el gato?")))

# %% [markdown]
# In a lesson a check speaks `softly`: it prints its line and the notebook runs on. In an exercise it stops the cell, with the same line.
#
# Exercises are notebooks of their own. The exercise for a lesson has the lesson's number and name: the one for `lessons/03_teacher_forcing` lies in `exercises/03_teacher_forcing`. In an exercise a task is a cell with `...` where our code belongs, and below it stand cells with checks. Run those as often as you like. A class can have them graded, too: then further checks, which we do not see, look at the same answers.

# %% [markdown]
# ## Can we train one ourselves?
#
# A translator learns from sentences with their translations, a *corpus*. The shipped one has enough of them; we take some thousands of its short sentences.

# %%
corpus = corpora.load_pairs("grammar")
short = [(en, es) for en, es in corpus if len(tokenizer.tokens(en)) <= 7 and en != sentence]
pairs = short[: runtime.pick(8000, 400)]
print(corpus.source)
print(f"we take {len(pairs):,} short ones, such as {pairs[0]}")

# %% [markdown]
# One sentence was kept out on purpose: *Is my wallet in the kitchen?* The translator will not see it in training, and we shall ask for it afterwards.
#
# The next cell turns the sentences into numbers and the one after it trains the translator. Each line that it prints tells of one *epoch*, a pass over all sentences: the *loss* says how surprised the translator is by the right answers, and the *accuracy* which share of the tokens it guesses. **Which way should each of them go?**

# %%
runtime.tensorflow()
from course import batches, decoding, training
from course.models.seq2seq import Config, Seq2Seq

source = text.Codec.fit([english for english, _ in pairs], tokenizer)
target = text.Codec.fit([spanish for _, spanish in pairs], tokenizer)
data = batches.PairBatches.encode(pairs, source, target, batch=runtime.pick(64, 32), buckets=1)
print(len(source.vocabulary), "English tokens,", len(target.vocabulary), "Spanish tokens")

# %%
config = Config(len(source.vocabulary), len(target.vocabulary), units=128, embedding=64)
model = Seq2Seq(config, source, target)
history = training.fit(model, data, epochs=runtime.pick(10, 4), learning_rate=8e-3)
print(f"trained in {history.column('seconds').sum():.0f} seconds")

# %%
history.plot()

# %% [markdown]
# The loss falls and the accuracy rises. Does that make a translator? We ask it for the sentence that it has never seen, and for three others that we made up.

# %%
sentences = [sentence, "Call your grandmother.", "My sister is tired.", "Where is the elephant?"]
for english, spanish in zip(sentences, decoding.translate(model, sentences)):
    print(f"{english} -> {spanish}")
if runtime.fast_mode():
    print("fast mode: hardly trained, so these are no translations yet")

# %% [markdown]
# It is a smaller translator after a shorter training than the one above: some sentences come out well, and others astray. It has no word for an elephant, because no sentence had one, and it says something all the same. Later lessons show how to train it better, and how to measure how good it is.

# %% [markdown]
# ## Where is it unsure?
#
# Decoding leaves a *trace*: all that happened, step by step. The demo above drew one; here is another, of our own translator, as one picture. Read from top to bottom: each row is a step, its likeliest token stands left in a frame, and the second best and others follow. **At which step is our translator least sure?**

# %%
trace = decoding.greedy(model, [source.ids(sentence)], alternatives=5)[0]
plots.trace(trace, target.vocabulary, title=sentence)

# %%
step = int(trace.log_probs.argmin())
token, probability = target.vocabulary.tokens[trace.tokens[step]], np.exp(trace.log_probs[step])
print(f"least sure at step {step}: {token!r} with probability {probability:.3f}")
print("translation:", target.text(trace.tokens))

# %% [markdown]
# Dark cells on the left are steps at which it had little choice: after one token the next is often clear. The pale rows are the ones to look at when a translation goes astray.
#
# > **What we simplified.** We trained on sentences that a small grammar made, and we looked at four translations with our own eyes. Real text is untidier, and four sentences measure nothing: later lessons train on text that people wrote, and count over many sentences that were kept apart.

# %% [markdown]
# ## What comes next?
#
# In this lesson we have watched a translator write a sentence one token at a time, looked at the machine, run cells, talked to checks, and trained a translator of our own. We simplified the data, and measured nothing. This lesson has no exercise.
#
# What happened in a few cells here, the next lessons take apart:
#
# - [Lesson 02](02_one_hot_encoding.ipynb): how sentences become numbers.
# - [Lesson 03](03_teacher_forcing.ipynb): what the translator reads and what it must say in training.
# - [Lesson 04](04_encoder_decoder.ipynb): what is inside, how it remembers a sentence, and how it learns.
# - [Lesson 05](05_inference_decoding.ipynb): how it writes, and how to search for better sentences.
#
# - [Lesson 06](06_characters_and_masks.ipynb): a translator that spells, and what its accuracy hides.
# - [Lesson 07](07_attention_and_bleu.ipynb): how it looks back at the sentence, and how good its translations are.
#
# [Lesson 01](01_sequences_and_state.ipynb), on sequences and memory, can be read before them or when it is needed, and [lesson 08](08_gru_book_chapter.ipynb) writes a chapter of a book, character by character. The lessons from 09 on come with later releases.
