# %% [markdown]
# # The gallery: all demos on one page
#
# Each demo of the course stands here once, with three small translators that ship with it. Run all cells, then play: nothing can break, and *Restart Kernel and Run All Cells* brings everything back. A demo works by keyboard as well: Tab moves from control to control, Enter or Space presses a button, and the arrow keys move a slider. Beside each picture a table says the same in numbers.

# %%
import numpy as np
from IPython.display import display

from course import batches, corpora, decoding, pretrained, runtime, text, training, widgets

translator = pretrained.load("words")
speller = pretrained.load("characters")
sentence = "Is my wallet in the kitchen?"

# %% [markdown]
# ## What does a sentence look like as numbers?
#
# A token is an id, or a row of zeros with a single one. **How much memory do the zeros take?** Move the sliders below the matrix. Lesson 02 is about this.

# %%
widgets.one_hot(sentence, translator.source)

# %% [markdown]
# ## What does a network remember?
#
# A recurrent network reads one token at a time, and its state is all it keeps of those before. The two units of this one were wired by hand: they know whether the ones so far are even or odd in number. **At which step does the answer change?** Type bits of your own, then let the gradient run back through time. Lesson 01 is about this.

# %%
widgets.unrolled_network("0110", step=2)

# %% [markdown]
# ## What does a decoder read while it is taught?
#
# With a teacher it reads the right sentence, one step behind what it must say; alone it reads its own words. The switch plants a slip by one step. **What would a model learn from it?** Lesson 03 is about this.

# %%
widgets.teacher_forcing(
    "¿Mi cartera está en la cocina?", model=translator, source_sentence=sentence
)

# %% [markdown]
# ## What happens inside a cell?
#
# The word translator is made of GRU cells, the one that works character by character of LSTM cells. **Which gate opens at which token?** Lesson 04 is about this.

# %%
widgets.inside_a_cell(translator, sentence, step=2)

# %%
widgets.inside_a_cell(speller, "Where are my keys?", step=5)

# %% [markdown]
# ## What does training look like?
#
# A small translator learns some short sentences while we watch. **Does the loss fall as fast at the end as at the beginning?**

# %%
pairs = [pair for pair in corpora.load_pairs("grammar") if len(pair[0]) <= 24][
    : runtime.pick(1000, 200)
]
codecs = [text.Codec.fit(side, text.tokenizer("word", lower=True)) for side in zip(*pairs)]
train, valid = (
    batches.PairBatches.encode(part, *codecs, batch=32, buckets=1)
    for part in batches.split_by_source(pairs, 0.1, seed=0)
)

from course.models.seq2seq import Config, Seq2Seq

beginner = Seq2Seq(
    Config(*(len(codec.vocabulary) for codec in codecs), units=48, embedding=24, cell="gru"),
    *codecs,
)
dashboard = widgets.training_dashboard()
shown = display(dashboard, display_id=True)
history = training.fit(
    beginner,
    train,
    valid,
    epochs=runtime.pick(8, 2),
    learning_rate=8e-3,
    show=False,
    on_epoch=dashboard.add,
    on_progress=dashboard.follow,
)
dashboard.end(history)
shown.update(dashboard)  # so that a page without a kernel shows the end and not the beginning

# %% [markdown]
# ## How good is it, and who says so?
#
# The beginner goes through a dozen sentences that it has not been trained on. **What happens to the accuracy if we make the batch wider, with nothing but padding?** Lesson 06 is about this.

# %%
batch = next(iter(valid))
few = slice(0, 12)
predicted = np.argmax(beginner.logits(batch.source[few], batch.target_in[few]), axis=-1)
widgets.padding_trap(predicted, batch.target_out[few], codecs[1])

# %% [markdown]
# ## Is the translation good?
#
# BLEU counts the n-grams that a translation shares with its references: right translations, written by people. **How often does *coffee* count here, and why?** Look at longer n-grams, pick another sentence, type a translation of your own, or more references, one a line. Lesson 07 is about this.

# %%
said = [
    "Where are my red shoes?",
    "There is a tomato in table.",
    "She she does not drink coffee coffee.",
]
known = [
    ["Where are my red shoes?", "Where have I left my red shoes?"],
    ["There is a tomato on the table.", "On the table there is a tomato."],
    ["She doesn't drink coffee.", "She does not drink any coffee.", "She never drinks coffee."],
]
widgets.bleu_score(said, known, sentence=3)

# %% [markdown]
# ## How does a translator write?
#
# One token at a time. **What if it had said something else?** Press an alternative. Lesson 05 is about this.

# %%
stepper = widgets.decoding_stepper(translator, sentence, step=3)
stepper

# %% [markdown]
# ## Must it take the likeliest token?
#
# One distribution, three knobs, a hundred samples. This is what the word translator thinks at the step of *There is a tomato on the table.* at which it is least sure. **How cold must it be until nearly every sample is the same token?**

# %%
unsure = translator.source.ids("There is a tomato on the table.")
trace = decoding.greedy(translator, [unsure], alternatives=len(translator.target.vocabulary))[0]
logits = np.full(len(translator.target.vocabulary), -1e9)
step = int(trace.log_probs.argmin())
logits[trace.top_ids[step]] = trace.top_log_probs[step]
widgets.temperature_playground(logits, translator.target.vocabulary)

# %% [markdown]
# ## Is the likeliest token the beginning of the likeliest sentence?
#
# A beam search follows several beginnings at once. **Does a wider beam find a likelier sentence?**

# %%
widgets.beam_tree(translator, "There is a tomato on the table.", step=4)

# %% [markdown]
# ## How surprised is it?
#
# We type a translation, and the model says how many bits of surprise each token was to it. **What happens where the translation is wrong?** Change a word of it. Lesson 09 will be about this.

# %%
widgets.perplexity_meter(translator, "¿Mi cartera está en el baño?", source_sentence=sentence)

# %% [markdown]
# ## Where does it look?
#
# A model with *attention* looks back at the source at every step. This one was trained on the same sentences as the word translator, and nobody told it where to look. **The answer begins with ¿: how does it know? And why does it look at *kitchen* to say *la*?** Lesson 07 is about this.

# %%
looker = pretrained.load("attention")
trace = decoding.greedy(looker, [looker.source.ids(sentence)])[0]
read = looker.source.tokenizer.tokens(sentence)
looked = widgets.attention_map(trace, read, looker.target.vocabulary.words(trace.tokens))
looked.step = 6
looked
