# %% [markdown]
# # Lesson 05: Decoding at inference
#
# In [lesson 04](04_encoder_decoder.ipynb) we trained a translator, and then let it translate with closed eyes.
# Now we open them. A model only ever gives probabilities for *one* next token; a sentence is made of them by a loop
# around the model, and everything that surprises people about generated text happens in that loop: where it
# stops, which token it takes, and how long it needs.
#
# This lesson stands on [lesson 03](03_teacher_forcing.ipynb) (START, END, teacher forcing) and
# [lesson 04](04_encoder_decoder.ipynb) (LSTM states, `initial_state`, logits and softmax).

# %%
import tempfile
import time

import numpy as np

from course import batches, corpora, metrics, plots, runtime, text, widgets
from course.models.numpy_cells import softmax
from course.text import END, START, UNK
from course.trace import FATES

tf = runtime.tensorflow()
import keras

from course import decoding, training
from course.models.seq2seq import Config, Seq2Seq

# %% [markdown]
# ## What do we translate with?
#
# With a model like that of lesson 04: short sentence pairs, word level, split by source sentence. We give it
# more pairs, so that its translations are worth looking at.

# %%
tokenizer = text.tokenizer("word", lower=True)
pairs = corpora.load_pairs()
short = [pair for pair in pairs if max(len(tokenizer.tokens(side)) for side in pair) <= 6]
train, held_out = batches.split_by_source(short[: runtime.pick(None, 300)], 0.1, seed=0)
source_codec = text.Codec.fit([source for source, _ in train], tokenizer)
target_codec = text.Codec.fit([target for _, target in train], tokenizer)
print(pairs.source)
print(f"{len(train):,} short pairs to train, {len(held_out):,} held out")

# %%
units = runtime.pick(128, 24)
data = batches.PairBatches.encode(train, source_codec, target_codec, batch=32, buckets=1)
valid = batches.PairBatches.encode(held_out, source_codec, target_codec, batch=32, buckets=1)
sizes = len(source_codec.vocabulary), len(target_codec.vocabulary)
model = Seq2Seq(Config(*sizes, units=units, embedding=64), source_codec, target_codec)
history = training.fit(model, data, valid, epochs=runtime.pick(10, 1), learning_rate=0.01)

# %% [markdown]
# ## Why can the trained model not translate by itself?
#
# The training model has two inputs: the source sentence, and the target sentence shifted by one. When we translate,
# the target sentence is what we are looking for. **What could we feed instead?**
#
# We know how every target begins: with START. So we feed START alone, look at the logits, take the likeliest token,
# put it behind START, and feed both.

# %%
sentence = held_out[runtime.pick(100, 5)][0]
source_ids = np.array([source_codec.ids(sentence)])
said = []
for _ in range(3):
    target_in = np.array([[START, *said]])
    logits = model.training_model([source_ids, target_in]).numpy()
    said.append(int(logits[0, -1].argmax()))
    print(f"fed {target_in.shape[1]} tokens, got {logits.shape[1]} rows of logits, used 1 of them")
print(f"{sentence!r} begins with {target_codec.text(said)!r}")

# %% [markdown]
# It works, and it wastes: at every step the source sentence is read again, and so is the whole beginning of the
# translation, to get a single new row. Whatever the decoder knows about the past is in its two states. If we could
# take them out after one step and put them back before the next, one token at a time would be enough.
#
# So the *weights* of training are what we want, in another *wiring*: one model that reads the source and gives the
# states, and one that takes a token and states, and gives logits and new states.
#
# ## How do we wire the same layers a second time?
#
# A Keras layer can be called again, on other inputs; it keeps its weights. We fetch the trained layers by
# their names. First the encoder model:

# %%
layer = model.training_model.get_layer
source = keras.Input((None,), dtype="int32", name="source")
_, hidden, cell = layer("encoder_1")(layer("encoder_embedding")(source))
encoder_model = keras.Model(source, [hidden, cell], name="encoder_model")
print("source", tuple(source.shape), "-> states", [tuple(state.shape) for state in (hidden, cell)])

# %% [markdown]
# Then the decoder model. What was handed over inside the training model is now an *input* of its own.


# %%
def wire_decoder(recurrent):
    token = keras.Input((None,), dtype="int32", name="token")
    before = [keras.Input((units,), name="hidden"), keras.Input((units,), name="cell")]
    outputs, *after = recurrent(layer("decoder_embedding")(token), initial_state=before)
    logits = layer("targets_only")(layer("output")(outputs))
    return keras.Model([token, *before], [logits, *after], name="decoder_model")


decoder_model = wire_decoder(layer("decoder_1"))
print("inputs ", [tensor.name for tensor in decoder_model.inputs])
print("outputs", [tuple(tensor.shape) for tensor in decoder_model.outputs])

# %% [markdown]
# **Do the three models share their weights, or are these copies?** If we went on training, would the decoder model
# learn along?

# %%
trained = {id(weight) for weight in model.training_model.weights}
for wired in (encoder_model, decoder_model):
    shared = sum(id(weight) in trained for weight in wired.weights)
    print(
        f"{wired.name}: {shared} of {len(wired.weights)} weight arrays are those of the training model"
    )

# %% [markdown]
# They are the same arrays in memory. The library wires its models in the same way, as `model.encoder_model` and
# `model.decoder_model`, for any number of layers. Do ours agree with them?

# %%
hidden, cell = encoder_model(source_ids)
theirs = model.encoder_model(source_ids)
step_by_us = decoder_model([tf.constant([[START]]), hidden, cell])[0]
step_by_them = model.decoder_model({"token": tf.constant([[START]]), **theirs})["logits"]
print(
    "states of the library's encoder model:",
    {name: tuple(state.shape) for name, state in theirs.items()},
)
print(f"largest difference, states: {np.abs(hidden - theirs['hidden_1']).max():.1e}", end=", ")
print(f"logits: {np.abs(step_by_us - step_by_them).max():.1e}")

# %% [markdown]
# ## What does one step do?
#
# We go slowly once. The encoder has read the sentence; its states go into the decoder, together with
# START. A softmax turns the logits into probabilities.

# %%
logits, hidden_1, cell_1 = decoder_model([tf.constant([[START]]), hidden, cell])
probs = softmax(logits.numpy()[0, 0])
print(repr(sentence))
for id in probs.argsort()[::-1][:5]:
    print(f"{probs[id]:6.3f}  {target_codec.vocabulary.tokens[id]}")

# %% [markdown]
# One row of probabilities, one for each token type of the target language. *Greedy* decoding takes the likeliest. The
# second step gets this token, and the states that the first step left.

# %%
token = int(probs.argmax())
logits, hidden_2, cell_2 = decoder_model([tf.constant([[token]]), hidden_1, cell_1])
second = softmax(logits.numpy()[0, 0])
print(
    f"after {target_codec.vocabulary.tokens[token]!r}: {target_codec.vocabulary.tokens[second.argmax()]!r}",
    end="",
)
print(f" with probability {second.max():.3f}")
print(f"the hidden state moved by up to {np.abs(hidden_2 - hidden_1).max():.2f}")

# %% [markdown]
# ## How do steps become a sentence?
#
# By a loop with two ways out: the model says END, or a limit is reached.


# %%
def translate_by_hand(sentence, decoder_model, limit=20):
    hidden, cell = encoder_model(np.array([source_codec.ids(sentence)]))
    token, said = START, []
    while token != END and len(said) < limit:
        logits, hidden, cell = decoder_model([tf.constant([[token]]), hidden, cell])
        token = int(np.argmax(logits[0, 0]))
        said.append(token)
    return said


for source_text, target_text in held_out[-3:]:
    print(
        f"{source_text:32} {target_codec.text(translate_by_hand(source_text, decoder_model)):38} {target_text}"
    )

# %% [markdown]
# From left to right: the source, what the model says, and what the corpus says. These sentences were not in
# the training set.
#
# The last line of that function is a place where many have stumbled. **What does this version say, in which
# `return` stands four spaces further to the right?**


# %%
def translate_hastily(sentence, limit=20):
    hidden, cell = encoder_model(np.array([source_codec.ids(sentence)]))
    token, said = START, []
    while token != END and len(said) < limit:
        logits, hidden, cell = decoder_model([tf.constant([[token]]), hidden, cell])
        token = int(np.argmax(logits[0, 0]))
        said.append(token)
        return said


lengths = [len(translate_hastily(source_text)) for source_text, _ in held_out[:10]]
print(f"tokens in ten hasty translations: {lengths}")

# %% [markdown]
# The first pass through the loop is the last one. No error is raised, and with a badly trained model it
# even looks like the model's fault. When every output has one token, look at the indentation first.
#
# The library's `greedy` does what our loop does, for many sentences at once. It returns a *trace* for each
# sentence: the chosen tokens, their log-probabilities, and the likeliest alternatives if we ask for them.

# %%
some = [source_text for source_text, _ in held_out[: runtime.pick(50, 5)]]
traces = decoding.greedy(model, [source_codec.ids(s) for s in some], max_tokens=20, alternatives=4)
equal = sum(
    translate_by_hand(s, decoder_model) == trace.tokens.tolist() for s, trace in zip(some, traces)
)
print(f"our loop and the library's give the same tokens for {equal} of {len(some)} sentences")

# %%
trace = decoding.greedy(model, [source_codec.ids(sentence)], max_tokens=8, alternatives=4)[0]
plots.trace(trace, target_codec.vocabulary, f"Decoding {sentence!r}")

# %% [markdown]
# A row is a step, the likeliest token stands on the left, and the frame marks what was taken. Greedy decoding always
# takes the left column. Where the row is one dark cell the model is sure; where it has several, it hesitates.
#
# The same decoding as a demo, which can be stepped through in both directions. **What would the model say if its first
# token had been another one?** Press an alternative and see what becomes of the sentence.

# %%
widgets.decoding_stepper(model, sentence)

# %% [markdown]
# A forced token is read like any other: the model does not know that it did not choose it. The strips at the bottom show
# the states before each step, and what the last token changed in them.
#
# ## Why find layers by name?
#
# Many recipes fetch the trained layers by their place: `model.layers[2]` for the encoder, `model.layers[3]` for the
# decoder. That fits the network that we assembled by hand in lesson 04: two inputs, two LSTM layers, one Dense layer.
# **What stands there in the library's models?**

# %%
variants = {
    "one-hot rows": Config(*sizes, units=8),
    "embeddings": Config(*sizes, units=8, embedding=8),
    "and dropout": Config(*sizes, units=8, embedding=8, dropout=0.2),
    "and two layers": Config(*sizes, units=8, embedding=8, dropout=0.2, layers=2),
}
for name, config in variants.items():
    names = [layer.name for layer in Seq2Seq(config).training_model.layers]
    places = {side: names.index(f"{side}_1") for side in ("encoder", "decoder")}
    print(f"{name:16} 2: {names[2]:18} 3: {names[3]:18} encoder_1, decoder_1 at {places}")

# %% [markdown]
# In none of them does an LSTM stand there, and the places at which they do stand move when dropout is added. In
# our model the two LSTM layers stand side by side and have weights of the same shapes, so a place that is off by one
# raises no error.
# **What will the translator say if the decoder is wired with the encoder's LSTM?**

# %%
names = [layer.name for layer in model.training_model.layers]
place = names.index("decoder_1")
correct = wire_decoder(model.training_model.layers[place])
off_by_one = wire_decoder(model.training_model.layers[place - 1])
print(f"layers[{place}] is {names[place]!r}, layers[{place - 1}] is {names[place - 1]!r}")
for source_text, _ in held_out[-3:]:
    says = [
        target_codec.text(translate_by_hand(source_text, wired, limit=8))
        for wired in (correct, off_by_one)
    ]
    print(f"{source_text:32} correct: {says[0]:40} off by one: {says[1]}")

# %% [markdown]
# In a full run the wrongly wired translator speaks gibberish, from a model whose every weight was trained and loaded correctly. Names do
# not move. The library finds, saves and loads layers by name only.
#
# ## When does it stop?
#
# The loop ends at END, or at the limit. Two mistakes are common here. The first one is about units: the
# limit is taken from the longest target sentence, in *tokens*, and is compared with the length of a string, in *characters*.
# **How much of a Spanish sentence fits into as many characters as it may have tokens?**


# %%
def cut_by_characters(words, limit):
    kept = []
    while len(kept) < len(words) and len(" ".join(kept)) <= limit:
        kept.append(words[len(kept)])
    return kept


longest = max(len(target_codec.ids(target_text)) for _, target_text in train) + 1
targets = [tokenizer.tokens(target_text) for _, target_text in held_out]
whole = sum(cut_by_characters(words, longest) == words for words in targets)
print(
    f"limit {longest}, counted in tokens:     {sum(len(w) < longest for w in targets)} of {len(targets)} fit"
)
print(f"limit {longest}, counted in characters: {whole} of {len(targets)} fit, for example")
print(
    "  ", tokenizer.join(targets[-1]), "->", tokenizer.join(cut_by_characters(targets[-1], longest))
)

# %% [markdown]
# A character-level model would not notice the mistake, since there a token is a character; the same lines at
# word level stop in the middle. Limits count tokens, all through the library: `max_tokens`.
#
# The second mistake is in training. END is a target like any other: the model has to *learn* when a sentence is over.
# **What happens if we leave END out of the targets, as if it were padding?** We train a small model that
# way, and one with END for comparison.


# %%
def small_model(data):
    config = Config(*sizes, units=runtime.pick(48, 16), embedding=32)
    small = Seq2Seq(config, source_codec, target_codec)
    training.fit(small, data, epochs=runtime.pick(4, 1), learning_rate=0.01, show=False)
    return small


headless = batches.Ragged([row[:-1] for row in data.target])
without_end = batches.PairBatches(data.source, headless, batch=32, buckets=1)
print("last target token with END:   ", target_codec.vocabulary.tokens[data.target[0][-1]])
print("last target token without END:", target_codec.vocabulary.tokens[without_end.target[0][-1]])

# %%
asked = [source_codec.ids(source_text) for source_text, _ in held_out[:100]]
for name, batches_to_learn in {"with END": data, "without": without_end}.items():
    found = decoding.greedy(small_model(batches_to_learn), asked, max_tokens=20)
    stopped = sum(trace.ended for trace in found)
    print(
        f"{name:9} {stopped:3} of {len(found)} stop by themselves, {np.mean([len(t) for t in found]):.1f} tokens a sentence"
    )
    print("         ", target_codec.text(found[-1].tokens))

# %% [markdown]
# Without END as a target no sentence ever ends: the loss never asked for it. In a full run the other model stops almost
# everywhere, though it is small and little trained. The limit is a safety net and not a way to end sentences.
#
# ## Must we take the likeliest token?
#
# Greedy decoding gives the same sentence each time. *Sampling* draws the token, each with its probability. How bold
# the draws are is set by a *temperature*: the logits are divided by it before the softmax. **Which temperature makes
# the distribution sharper: a half, or two?**

# %%
first_logits = step_by_us.numpy()[0, 0]
likeliest = first_logits.argsort()[::-1][:4]
for temperature in (0.5, 1.0, 2.0):
    probs = softmax(first_logits / temperature)
    shown = "  ".join(f"{target_codec.vocabulary.tokens[id]} {probs[id]:.3f}" for id in likeliest)
    print(f"temperature {temperature}: {shown}  all others {1 - probs[likeliest].sum():.3f}")

# %% [markdown]
# Below 1 the likeliest token gains, above 1 all the others do; as the temperature goes to 0, sampling becomes greedy. Move
# the sliders and draw a hundred first tokens. **At which temperature does the likeliest token lose its majority?**

# %%
widgets.temperature_playground(first_logits, target_codec.vocabulary)

# %% [markdown]
# The other two knobs, top-k and top-p, come in a moment. Now whole sentences. The same source four times, at three
# temperatures:

# %%
for temperature in (0.3, 1.0, 2.0):
    drawn = decoding.translate(
        model, [sentence] * 4, search="sample", temperature=temperature, seed=1, max_tokens=12
    )
    print(f"temperature {temperature}: {' | '.join(drawn)}")

# %% [markdown]
# For a translation boldness costs quality; for a story or a chat, always the same answer may be worse. How much does it
# cost here? We score the held-out sentences with *BLEU*, a number from 0 to 100 that counts matching
# words and word groups; lesson 07 takes it apart. The codecs write small letters only, so we compare in small letters.

# %%
sources, references = metrics.references_by_source([(s, t.lower()) for s, t in held_out])
scores = {}
for temperature in (0.0, 0.5, 1.0, 2.0):
    found = decoding.translate(
        model, sources, search="sample", temperature=temperature, seed=1, max_tokens=12
    )
    scores[f"temperature {temperature:g}"] = metrics.bleu(found, references)
plots.bars(scores, "BLEU (0 to 100)", "Boldness costs")

# %% [markdown]
# The harm of a high temperature comes from the tail: hundreds of tokens, each unlikely, together not unlikely. Two
# more knobs cut the tail off before drawing. *Top-k* keeps the k likeliest tokens; *top-p* keeps the likeliest
# ones until their probabilities add up to p, many where the model hesitates and one where it is sure.
# **Which of the two do you expect to help more at temperature 2?**

# %%
for name, knob in {"no limit": {}, "top_k=3": {"top_k": 3}, "top_p=0.7": {"top_p": 0.7}}.items():
    options = {"temperature": 2.0, "seed": 1, "max_tokens": 12, **knob}
    found = decoding.translate(model, sources, search="sample", **options)
    print(f"temperature 2, {name:9} BLEU {metrics.bleu(found, references):5.1f}, first: {found[0]}")

# %% [markdown]
# Both cut the tail, at the price of variety. Which one wins depends on k, on p, and on the order of the steps: here the
# temperature flattens the probabilities first, so many tokens still fit under p.
#
# ## Is the likeliest token the beginning of the likeliest sentence?
#
# Not always. A sentence's probability is the product of all its steps (we add logarithms instead). A first
# token that is a little less likely can lead to a much likelier sentence, and greedy decoding never looks back. *Beam
# search* follows the best few beginnings side by side; their number is the *width*. We count how often it finds a
# likelier sentence than greedy decoding does.

# %%
ids = [source_codec.ids(source_text) for source_text in sources]
greedy = decoding.greedy(model, ids, max_tokens=12)
beams = decoding.beam(model, ids, width=4, n_best=4, length_penalty=0.0, max_tokens=12)
likelier = [i for i in range(len(ids)) if beams[i].log_prob > greedy[i].log_prob + 1e-3]
print(f"the beam found a likelier sentence for {len(likelier)} of {len(ids)} sources")
for name, found in {"greedy": greedy, "beam": beams}.items():
    print(
        f"{name:6} BLEU {metrics.bleu([target_codec.text(t.tokens) for t in found], references):.1f}"
    )

# %% [markdown]
# Likelier is not the same as better: the model may be wrong about what is likely. Here is one of the sources where
# the two differ, with the log-probability of each translation.

# %%
chosen = max(likelier, default=0, key=lambda i: beams[i].log_prob - greedy[i].log_prob)
print(f"{sources[chosen]}  (corpus: {' / '.join(references[chosen])})")
for name, trace in {"greedy": greedy[chosen], "beam": beams[chosen]}.items():
    print(f"{name:6} {trace.log_prob:7.3f}  {target_codec.text(trace.tokens)}")

# %% [markdown]
# How did the beam get there? The trace keeps what was looked at in each step, and what became of it.

# %%
for step, looked_at in enumerate(beams[chosen].candidates[:2]):
    for id, log_prob, fate in list(zip(looked_at.ids, looked_at.log_probs, looked_at.fates))[:6]:
        print(
            f"step {step}: {log_prob:7.3f}  {target_codec.vocabulary.tokens[id]:12} {FATES[fate]}"
        )

# %% [markdown]
# The whole search as a tree: each column is a step, each box a token that was looked at, and a thick line leads to the best
# sentence. Step on to the end, then change the width. **At which width does it find what greedy decoding says, and no
# more?**

# %%
widgets.beam_tree(model, sources[chosen], width=4, length_penalty=0.0, step=2)

# %% [markdown]
# A beam ends with several whole sentences. The *n-best list* shows them, the best first; it is often worth a look
# when a translation seems odd.

# %%
for hypothesis in beams[chosen].hypotheses:
    print(f"{hypothesis.log_prob:8.3f}  {target_codec.text(hypothesis.tokens)}")

# %% [markdown]
# Every further token makes a sentence less likely, so plain sums favour short sentences. The *length penalty* divides
# the sum by a power of the length; with 0 there is none. **Do the translations grow?**

# %%
for penalty in (0.0, 0.6, 3.0):
    found = decoding.beam(model, ids, width=4, n_best=4, length_penalty=penalty, max_tokens=12)
    score = metrics.bleu([target_codec.text(t.tokens) for t in found], references)
    print(
        f"length penalty {penalty}: {np.mean([len(t) for t in found]):.3f} tokens a sentence, BLEU {score:.1f}"
    )

# %% [markdown]
# The penalty pushes towards longer sentences. With short ones and a sure model it hardly matters; with long ones it decides.
#
# The last knob of the beam: we can force the beginning. A *prefix* is set by us, and the search completes it. For the
# sentence with which we began, we force the second likeliest first token, and ask for the best sentence that begins so.

# %%
prefix = [int(likeliest[1])]
forced = decoding.beam(model, source_ids, width=4, n_best=4, prefix=[prefix], max_tokens=12)[0]
print(f"{sentence}  by itself: {decoding.translate(model, [sentence], search='beam')[0]}")
print(f"begin with {target_codec.text(prefix)!r}: {target_codec.text(forced.tokens)}")

# %% [markdown]
# > **What we simplified.** Real systems score beams with more than a length penalty, and for open-ended text beams
# > are a bad choice: the likeliest text is dull and repeats itself. Lessons 08 and 10 come back to that.
#
# ## What becomes of a word that it has never seen?
#
# The codec gives every word outside its vocabulary the same id, UNK. **Will the model leave the word out, copy it, or
# put another one in its place?**

# %%
known = held_out[-1][0]
words = tokenizer.tokens(known)
strange = tokenizer.join([*words[:-2], "platypus", words[-1]])
for typed in (known, strange):
    print(f"{typed:32} unknown: {source_codec.unknown(typed)!s:14} ids: {source_codec.ids(typed)}")
    print(f"{'':32} -> {decoding.translate(model, [typed])[0]}")

# %% [markdown]
# It puts in a word that fits its habits, and nothing in the output says so. It cannot do otherwise: "platypus" reached
# it as UNK, and UNK occurred in no training sentence, because our vocabulary holds every word of them. **How far has
# training moved its row in the embedding table?** The seed can draw the first table once more, so we can compare.

# %%
first_table = Seq2Seq(model.config).get_weights()["encoder_input/embeddings"]
moved = np.abs(model.get_weights()["encoder_input/embeddings"] - first_table).max(axis=1)
print(
    f"largest change in the row of UNK: {moved[UNK]:.3f}; mean over the other words: {moved[4:].mean():.3f}"
)

# %% [markdown]
# Not at all: it still holds what chance put there. With `Codec.fit(..., min_count=2)` rare words become UNK in training as well, and the model learns to live with
# it. The command line warns when a sentence holds unknown words. A model of characters (lesson 06) knows none.
#
# ## What does a step cost?
#
# Many recipes call `predict` once a token. `predict` is made for large data: each call sets up a loop over batches,
# and that costs far more than one step of our small decoder. Our own loop above calls the models directly. The library
# compiles the whole loop once, and decodes sentences side by side. **By what factor does each of these steps help?**
# We measure in turns, several times, so that a busy machine is unfair to all alike; the slow ways get fewer sentences.


# %%
def predict_per_token(group, limit=8):
    for sentence in group:
        state = encoder_model.predict(np.array([source_codec.ids(sentence)]), verbose=0)
        token, said = START, []
        while token != END and len(said) < limit:
            logits, *state = decoder_model.predict([np.array([[token]]), *state], verbose=0)
            token = int(np.argmax(logits[0, 0]))
            said.append(token)


def by_hand(group):
    for sentence in group:
        translate_by_hand(sentence, decoder_model, limit=8)


def one_by_one(group):
    for sentence in group:
        decoding.translate(model, [sentence], max_tokens=8)


def in_batches(group):
    decoding.translate(model, group, max_tokens=8)


# %%
ways = {
    "predict once a token": (predict_per_token, sources[: runtime.pick(3, 1)]),
    "called directly": (by_hand, sources[: runtime.pick(6, 1)]),
    "compiled, one by one": (one_by_one, sources[:30]),
    "compiled, in batches": (in_batches, sources * runtime.pick(4, 1)),
}


def sentences_per_second(decode, group):
    began = time.perf_counter()
    decode(group)
    return len(group) / (time.perf_counter() - began)


# %%
speeds = {name: [] for name in ways}
for decode, group in ways.values():
    decode(group)  # once before measuring: the first call compiles
for _ in range(runtime.pick(3, 1)):
    for name, (decode, group) in ways.items():
        speeds[name].append(sentences_per_second(decode, group))

# %%
typical = {name: float(np.median(measured)) for name, measured in speeds.items()}
slowest = typical["predict once a token"]
for name, speed in typical.items():
    print(f"{name:21} {speed:8,.1f} sentences a second, {speed / slowest:6,.0f} times predict")
print(f"ten thousand by predict: {10_000 / slowest:,.0f} s")
print(f"ten thousand in batches: {10_000 / typical['compiled, in batches']:,.0f} s")

# %%
plots.bars(
    typical,
    "sentences a second (logarithmic scale)",
    "The same translations at four speeds",
    log=True,
)

# %% [markdown]
# All four take the likeliest token at each step. Calling the models directly spares what `predict` sets up, compiling
# the loop spares starting each operation from Python, and batches share one step among many sentences. Whoever
# wants to test a translator on a whole corpus should look at the last two lines.
#
# ## Does it survive a restart?
#
# We save, load, and translate again: greedily, by sampling with the same seed, and with a beam.

# %%
with tempfile.TemporaryDirectory() as folder:
    model.save(folder)
    restored = Seq2Seq.load(folder)
for search in ("greedy", "sample", "beam"):
    before, after = (
        decoding.translate(m, sources, search=search, max_tokens=12) for m in (model, restored)
    )
    print(f"{search:6} the same translations after loading: {before == after}")
    assert before == after

# %% [markdown]
# The restored model has the encoder model and the decoder model too, wired anew from the loaded layers, by name.
# Now it is your turn. Type a sentence of your own and run the cell again.

# %%
typed = "My brother has a new car."
print("unknown words:", source_codec.unknown(typed) or "none")
for search in ("greedy", "beam"):
    print(f"{search:6} {decoding.translate(restored, [typed], search=search, max_tokens=12)[0]}")

# %% [markdown]
# ## What we learnt, what we simplified, where to go on
#
# - Training knows the target and runs all steps at once; inference does not and needs the states between steps. So the same
#   layers are wired twice, and found by name.
# - Decoding is a loop that ends at END or at a limit, which counts tokens. END has to be a target in training.
# - Greedy search takes the likeliest token, sampling draws one, beam search follows several beginnings. Which one is best
#   depends on what the text is for.
# - The loop belongs into the compiled program, and sentences into batches.
#
# > **What we simplified.** Short sentences in small letters from one small corpus, one seed, one model; the order
# > of two close BLEU figures would not survive another seed. Held-out sentences resemble the training sentences here
# > far more than the sentences of the world do.
#
# In the [exercise for this lesson](../exercises/05_inference_decoding/inference_decoding.ipynb) we write the searches
# ourselves. Before it, try this: change `width` to 1 and to 10 in the beam above, and predict first which of the printed
# figures can change.
#
# Lesson 06 will leave words for characters and look closely at padding and masks.
