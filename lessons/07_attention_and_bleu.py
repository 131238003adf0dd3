# %% [markdown]
# # Lesson 07: Attention, and is the translation good?
#
# In [lesson 04](04_encoder_decoder.ipynb) everything that the decoder knew of a sentence had to fit into the encoder's last state. In this lesson we measure what that costs, let the decoder look back at every source token instead, and write that look in a few lines of NumPy. In the second half we take apart the number that we judge translations by, BLEU, and find out what it cannot see.
#
# This lesson stands on [lesson 03](03_teacher_forcing.ipynb) (START, END, the shift by one), [lesson 04](04_encoder_decoder.ipynb) (encoder and decoder, training, the split by source) and [lesson 05](05_inference_decoding.ipynb) (greedy search, sampling, beams). It trains a dozen small models, which takes a few minutes. With `COURSE_FAST=1` it sees so few sentences that it learns nothing; then the cells show the way, and not the effect.

# %%
import math
import time
from collections import Counter

import numpy as np

from course import batches, corpora, metrics, plots, pretrained, runtime, text, widgets
from course.models import numpy_attention
from course.models.numpy_cells import softmax
from course.text import END, PAD, START

tf = runtime.tensorflow()
import keras

from course import decoding, objectives, training
from course.models.attentive import Attentive, Config

if runtime.fast_mode():
    print("fast mode: so little training shows the differences below only faintly, or not at all")

# %% [markdown]
# ## Is one vector enough for a sentence?
#
# This time we translate from Spanish to English. The file has English first, so we turn it round; everything else stays as it was.

# %%
pairs = corpora.load_pairs(say=None).sample(runtime.pick(3000, 120), seed=0).reversed()
print(pairs.source)
for source, target in pairs[:3]:
    print(f"{source:45} {target}")

# %% [markdown]
# A vector has a fixed number of places, and a sentence may have any number of words. The suspicion is that long sentences suffer. But in a file the long sentences are other sentences than the short ones: made of other words, more or less regular, easier or harder for reasons that have nothing to do with length. To change the length and nothing else we put sentences one after the other: some examples are one sentence, some are two in a row. The held-out sentences stand there twice, once alone and once in a row: the same words, and only the length is another.


# %%
def in_a_row(pairs, count):
    groups = [pairs[i : i + count] for i in range(0, len(pairs) - count + 1, count)]
    return [tuple(" ".join(side) for side in zip(*group)) for group in groups]


some, held_out = batches.split_by_source(pairs, 0.1, seed=0, most=runtime.pick(240, 12))
third = len(some) // 3
train = in_a_row(some[:third], 1) + in_a_row(some[third:], 2)
test = in_a_row(held_out, 1) + in_a_row(held_out, 2)
print(f"{len(train):,} examples to train, {len(test):,} held out, the last one:")
print(*test[-1], sep="\n")

# %% [markdown]
# The source is read in small letters, and the target is written with capitals, so that a translation can be compared with the corpus as it stands.

# %%
tokenizer = text.tokenizer("word", lower=True)
source_codec = text.Codec.fit([source for source, _ in train], tokenizer)
target_codec = text.Codec.fit([target for _, target in train], text.tokenizer("word"))
data = batches.PairBatches.encode(train, source_codec, target_codec, batch=32, buckets=1)
sources, references = metrics.references_by_source(test)
lengths = [len(tokenizer.tokens(source)) for source in sources]
print(f"source sentences of {min(lengths)} to {max(lengths)} tokens")

# %% [markdown]
# The course's model for this lesson is `Attentive`. Its encoder reads the sentence twice, forwards and backwards, with *GRU* cells, smaller relatives of the LSTM that have a single state (lesson 08 takes them apart). With `attention=None` its decoder sees the encoder's last states and nothing else, as in lesson 04. With attention it looks at what the encoder left of every token. Everything else is the same, so the comparison is fair: the same data, the same epochs, the same first weights wherever both have them.


# %%
def translator(attention="multiplicative", **options):
    sizes = len(source_codec.vocabulary), len(target_codec.vocabulary)
    units, embedding = runtime.pick((64, 48), (8, 8))
    shape = {"units": units, "embedding": embedding, "attention": attention} | options
    return Attentive(Config(*sizes, **shape), source_codec, target_codec)


def taught(model, data, epochs, **options):
    options = {"learning_rate": 0.01, "show": False, "xla": False} | options
    return training.fit(model, data, epochs=epochs, **options)


epochs = runtime.pick(8, 1)
models = {"one vector": translator(None), "attention": translator()}
for name, model in models.items():
    history = taught(model, data, epochs)
    seconds = sum(epoch.seconds for epoch in history.epochs)
    count = sum(int(np.prod(weight.shape)) for weight in model.trainable_variables)
    print(
        f"{name:10} {count:8,} parameters, {seconds:5.1f} s, loss in the last epoch {history.epochs[-1].loss:.2f} nats a token"
    )

# %% [markdown]
# Now both translate the held-out sentences, alone and in a row. We score them with BLEU, the number from 0 to 100 that [lesson 05](05_inference_decoding.ipynb) borrowed; it counts words and groups of words that stand in the corpus' translation too, and the second half of this lesson is about it. **Which of the two models will lose more by the longer input?**

# %%
limit = runtime.pick(40, 12)
said = {
    name: decoding.translate(model, sources, max_tokens=limit) for name, model in models.items()
}
alone = [place for place, source in enumerate(sources) if source in dict(held_out)]
in_row = [place for place in range(len(sources)) if place not in alone]
for name, found in said.items():
    scores = [
        metrics.bleu([found[i] for i in places], [references[i] for i in places])
        for places in (alone, in_row)
    ]
    tokens = sum(len(target_codec.ids(found[i])) for i in in_row)
    wanted = sum(len(target_codec.ids(references[i][0])) for i in in_row)
    print(
        f"{name:10} BLEU alone {scores[0]:5.1f}, in a row {scores[1]:5.1f}; in a row it says {tokens / wanted:.0%} as many tokens as the corpus"
    )

# %% [markdown]
# And by the length of what was read:

# %%
bounds = [6, 9, 12, 15]
by_length = {
    name: metrics.bleu_by_length(found, references, lengths, bounds) for name, found in said.items()
}
for one, other in zip(*by_length.values()):
    span = f"{one.low:2} to {one.high or max(lengths):2} tokens, {one.sentences:3} examples"
    print(f"{span}: BLEU {one.bleu:5.1f} with one vector, {other.bleu:5.1f} with attention")

# %%
curves = {
    name: ([group.high or max(lengths) for group in groups], [group.bleu for group in groups])
    for name, groups in by_length.items()
}
plots.lines(
    curves,
    "longest source of the group (tokens)",
    "BLEU (0 to 100)",
    "One vector, or a look at every token",
)

# %%
for place in in_row[:3]:
    print(f"{'read':10} {sources[place]}")
    for name, found in said.items():
        print(f"{name:10} {found[place]}")

# %% [markdown]
# In a full run the first printed lines say it. Alone the model with one vector is far behind already: in so few epochs it has learnt less. What length adds is the second fall: the same words score lower still as soon as two sentences have to share the vector, and with attention hardly lower. The translations with one vector are often good English about something else. They keep the kind of sentence and mix up who, what and when, and of two sentences they may say too much or too little.
#
# The picture has to be read with more care: its groups hold different sentences. A single wrong word costs a short sentence a larger share of its words and groups of words, and the short sentences of our corpus are less regular than the long ones, so a line may well rise from left to right. What can be compared is the two lines at the same length.
#
# > **What we simplified.** Small models, one seed, and a budget of a minute. One vector is not a law of nature that forbids long sentences: with more units and far longer training it holds more. What we compared is what both learn from the same few steps.
#
# ## What does it mean to look at a token?
#
# At each step the decoder has a state, and with it it asks a question: which of the source tokens matter now? We call
#
# - its state the *query*: a row of numbers for each sentence,
# - what the encoder left of the tokens the *memory*: a row for each source token of each sentence.
#
# Each source token gets a *score* that says how well it fits the query. A softmax over the scores makes *weights* of them, which add up to 1. The weighted mean of the memory is the *context*, and query and context together decide the next word. We take sizes that are all different, so that we notice when an axis stands in the wrong place. The three sentences have five, three and four tokens.

# %%
rng = np.random.default_rng(0)
batch, source_time, width, units, depth = 3, 5, 6, 7, 4
query = rng.normal(size=(batch, units)).astype("float32")
memory = rng.normal(size=(batch, source_time, width)).astype("float32")
mask = np.arange(source_time) < np.array([5, 3, 4])[:, None]
memory[~mask] = 0  # padding: nothing was read here
print(f"query {query.shape}, memory {memory.shape}, mask {mask.shape}")
print(mask.astype(int))

# %% [markdown]
# How well do two rows of numbers fit? The cheapest answer is to multiply them number by number and to add everything up. The query has seven numbers and a memory row has six, so a learnt matrix, the kernel, stands in between. This is *multiplicative* attention (Luong and others, 2015):
#
# score = (query · kernel) · memory row

# %%
kernel = rng.normal(scale=0.2, size=(units, width)).astype("float32")
projected = query @ kernel
scores = np.einsum("bw,btw->bt", projected, memory)
print("scores (a row a sentence, a column a source token):")
print(np.round(scores, 2))

# %% [markdown]
# The last columns of sentences 1 and 2 (we count from 0) are padding, and their scores are exactly 0, because the memory is 0 there. **If we put these scores into a softmax, how much weight does padding get?**

# %%
careless = softmax(scores)
print(np.round(careless, 3))
for sentence in (1, 2):
    print(
        f"sentence {sentence}: {careless[sentence][~mask[sentence]].sum():.1%} of its weight on padding"
    )

# %% [markdown]
# A score of 0 is not "no score": e to the power of 0 is 1, and a real token with a negative score gets less than that. It is worse than a small mistake, because the share depends on the neighbours. With a longer sentence in the batch there is more padding:

# %%
for extra in (0, 10, 100):
    wider = np.pad(scores, ((0, 0), (0, extra)))
    share = softmax(wider)[1, 3:].sum()
    print(f"{2 + extra:3} columns of padding take {share:.1%} of sentence 1")

# %% [markdown]
# The same sentence would be translated otherwise in other company. So padding must get no weight at all, and not only little: we take the exponentials of the real tokens alone.


# %%
def masked_weights(scores, mask):
    exponentials = (
        np.exp(scores - scores.max(axis=1, keepdims=True, where=mask, initial=-1e9)) * mask
    )
    return exponentials / exponentials.sum(axis=1, keepdims=True)


weights = masked_weights(scores, mask)
context = np.einsum("bt,btw->bw", weights, memory)
print(np.round(weights, 3))
print(f"each row adds up to {weights.sum(axis=1)}, padding gets {weights[~mask].max():g} at most")
print(f"context {context.shape}: a row for each sentence, as wide as the memory")

# %% [markdown]
# That is attention for one step: a product, a softmax, a mean. Keras has it as the layer `Attention`, which has no kernel of its own and takes the projected query. Do the three agree: our lines, Keras, and the library's `numpy_attention.multiplicative`?

# %%
keras_context, keras_weights = keras.layers.Attention()(
    [projected[:, None], memory], mask=[None, mask], return_attention_scores=True
)
library = numpy_attention.multiplicative(query, memory, mask, kernel)
to_keras = max(
    np.abs(weights - keras_weights[:, 0]).max(), np.abs(context - keras_context[:, 0]).max()
)
to_library = max(np.abs(weights - library[1]).max(), np.abs(context - library[0]).max())
assert to_keras < 1e-5 and to_library < 1e-5
print(f"largest difference to Keras {to_keras:.1e}, to the library {to_library:.1e}")

# %% [markdown]
# The older way is *additive* attention (Bahdanau and others, 2015). It asks a small network: query and memory row are brought to the same width, added, squashed by tanh, and a last row of weights, the scale, makes one number of the result:
#
# score = scale · tanh(query · query kernel + memory row · memory kernel)
#
# **The query is one row for each sentence, the memory one for each token. How can the two be added?**

# %%
query_kernel = rng.normal(size=(units, depth)).astype("float32")
memory_kernel = rng.normal(size=(width, depth)).astype("float32")
scale = rng.normal(size=depth).astype("float32")
hidden = np.tanh((query @ query_kernel)[:, None] + memory @ memory_kernel)
added_scores = hidden @ scale
added_weights = masked_weights(added_scores, mask)
added_context = np.einsum("bt,btw->bw", added_weights, memory)
print(
    f"{(query @ query_kernel)[:, None].shape} + {(memory @ memory_kernel).shape} -> {hidden.shape}"
)
print(np.round(added_weights, 3))

# %%
layer = keras.layers.AdditiveAttention()
layer.build([(batch, 1, depth), (batch, source_time, width), (batch, source_time, depth)])
layer.scale.assign(scale)
keras_context, keras_weights = layer(
    [(query @ query_kernel)[:, None], memory, memory @ memory_kernel],
    mask=[None, mask],
    return_attention_scores=True,
)
library = numpy_attention.additive(query, memory, mask, query_kernel, memory_kernel, scale)
to_keras = max(
    np.abs(added_weights - keras_weights[:, 0]).max(),
    np.abs(added_context - keras_context[:, 0]).max(),
)
to_library = max(np.abs(added_weights - library[1]).max(), np.abs(added_context - library[0]).max())
assert to_keras < 1e-5 and to_library < 1e-5
print(f"largest difference to Keras {to_keras:.1e}, to the library {to_library:.1e}")

# %% [markdown]
# The row of the query is laid beside each row of the memory; NumPy does that by itself where an axis has the length 1. Note what has to be kept: additive attention holds `depth` numbers for each pair of a query and a token, multiplicative attention one. That is why the multiplicative way is the usual one today.
#
# ## What does the decoder do with it?
#
# Our trained model is decoded like every model before it: `start` reads the source, `step` moves one token on. **What must `start` hand over that the models of lesson 05 did not?**

# %%
model = models["attention"]
example = sources[-1]
example_ids = source_codec.ids(example)
state = model.start(np.array([example_ids]))
logits, state = model.step(np.array([START]), state)
for name, tensor in state.items():
    print(f"{name:12} {tuple(tensor.shape)}")
print(f"logits       {tuple(logits.shape)}")

# %% [markdown]
# What has it learnt of the kernel from above?

# %%
for name, weight in model.get_weights().items():
    if name.startswith("attention"):
        print(f"{name:22} {weight.shape}")

# %% [markdown]
# (Where a single number called *scale* stands among the weights, all scores are multiplied by it; it has nothing but the name in common with the row of weights in additive attention. A score is a sum over many products and can be large; a softmax of large scores settles on one token before it has learnt which.) The memory travels with the state, and so do its *keys*: the memory times the kernel. Above we multiplied the query by the kernel and then by the memory; the product is the same the other way round, and so it is computed once a sentence and not once a step. `attention` holds the weights of the last step. Nothing in the loop of lesson 05 has to know: greedy search keeps whatever is called `attention` in its trace.

# %% [markdown]
# And how do query and context become a word? They are laid side by side, one dense layer, *mixing*, makes a vector of the embeddings' width of them, and its product with each row of the embeddings is that token's logit. **Do these lines give what `step` gave?**

# %%
weights = model.get_weights()
hidden, memory_rows = state["hidden_1"].numpy(), state["memory"].numpy()
context = np.einsum("bt,btw->bw", state["attention"].numpy(), memory_rows)
both = np.concatenate([hidden, context], axis=1)
mixed = np.tanh(both @ weights["mixing/kernel"] + weights["mixing/bias"])
by_hand = mixed @ weights["decoder_input/embeddings"].T + weights["output/bias"]
difference = np.abs(by_hand - logits)[:, START + 1 :].max()  # PAD and START are never said
assert difference < 1e-4
print(f"state and context {both.shape}, mixed {mixed.shape}, logits {by_hand.shape}")
print(f"largest difference {difference:.1e}")

# %%
trace = decoding.greedy(model, [example_ids], max_tokens=limit)[0]
print(f"attention {trace.attention.shape}: steps, source tokens")
print(f"its rows add up to {trace.attention.sum(axis=1).min():.5f} at least", end=" ")
print(f"and {trace.attention.sum(axis=1).max():.5f} at most")

# %% [markdown]
# Here is where the model looked, token by token; *Reset* and *Step* go through the sentence. **Where does the map leave its diagonal?** Where two languages put their words in another order, or need another number of them, it must.

# %%
read = tokenizer.tokens(example)
looked = widgets.attention_map(trace, read, target_codec.vocabulary.words(trace.tokens))
looked.step = looked.last
looked

# %% [markdown]
# Nobody told the model which word belongs to which. It has found out, because looking at the right place makes the next word likelier. Do not read too much into it: a weight says where the model looked, and what stands there is not one word but what two GRU layers have made of it and its neighbours.
#
# A translator with attention ships with the course. It was trained longer, on sentences one at a time, and in the other direction: from English to Spanish. The stepper of lesson 05 takes it as it takes any other model. The strip at the bottom shows the state of the decoder; the memory is not shown, since no step changes it.

# %%
other_way = pretrained.load("attention")
widgets.decoding_stepper(other_way, "Is my wallet in the kitchen?")

# %% [markdown]
# Sampling and beams ask for nothing more than `start` and `step` either.

# %%
for search in ("greedy", "sample", "beam"):
    found = decoding.translate(model, [example], search=search, max_tokens=limit)[0]
    print(f"{search:6} {found}")

# %% [markdown]
# Two promises should hold, and we can check both on our held-out examples. Padding gets no weight at all. And a sentence is translated alone as in a batch, whoever its neighbours are.

# %%
few = sources[:: max(1, len(sources) // runtime.pick(24, 4))]
padded = batches.pad([source_codec.ids(source) for source in few])
state = model.step(np.full(len(few), START), model.start(padded))[1]
on_padding = state["attention"].numpy()[padded == PAD].max()
together = decoding.translate(model, few, max_tokens=limit)
by_itself = [decoding.translate(model, [source], max_tokens=limit)[0] for source in few]
assert on_padding == 0 and together == by_itself
print(f"{len(few)} sentences, {(padded == PAD).mean():.0%} of the batch is padding")
print(f"largest weight on padding: {on_padding:g}")
print(
    f"translated alone as in the batch: {sum(a == b for a, b in zip(by_itself, together))} of {len(few)}"
)

# %% [markdown]
# ## And the other way round?
#
# The direction is decided where the pairs are read, and nowhere else: `pairs.reversed()` swaps the two columns, and the codecs, the batches and the model follow. On the command line the switch is `--reverse`, and a saved model remembers it. Our model reads Spanish; the one that ships reads English. Together they can go there and back.

# %%
english = sorted({target for _, target in held_out[: runtime.pick(40, 4)]}, key=len)[-5:]
spanish = decoding.translate(other_way, english)
for here, there, back in zip(english, spanish, decoding.translate(model, spanish)):
    print(f"{here}\n    {there}\n    {back}{'' if back == here else '    (changed)'}")

# %% [markdown]
# A sentence that comes back changed was lost on the way there, or on the way back, and the round trip does not say which. Nor does a sentence that came back whole prove that the middle was right: two models may share a mistake. Besides, the model that ships may well have been trained on these very sentences. So the round trip is a game and not a measurement. And a BLEU of Spanish sentences must not be compared with one of English sentences: the languages cut the same content into different numbers of words and endings.

# %% [markdown]
# ## Which options earn their place?
#
# Attention comes with a family of options, and each paper reports a gain. We let each of them start from the same model and train for the same number of epochs, on single sentences, so that it stays quick:
#
# - a *one-way* encoder, which reads forwards only,
# - *input feeding*: the mixed vector that became one word is also an input of the next step, so that the decoder knows where it has looked,
# - *dropout*: a fifth of the embeddings and of the outputs are left out, at random, in training,
# - *label smoothing*: the right token is asked for with probability 0.9 and not with 1; the rest is spread over all others.

# %%
singles = in_a_row(some[: runtime.pick(1200, 60)], 1)
small = batches.PairBatches.encode(singles, source_codec, target_codec, batch=32, buckets=1)
asked, expected = metrics.references_by_source(held_out)
variants = {
    "as it stands": ({}, {}),
    "one-way encoder": ({"bidirectional": False}, {}),
    "input feeding": ({"input_feeding": True}, {}),
    "dropout 0.2": ({"dropout": 0.2}, {}),
    "label smoothing": ({}, {"objective": objectives.smoothed(0.1)}),
}

# %%
table, found_by = {}, {}
for name, (shape, options) in list(variants.items())[: runtime.pick(None, 2)]:
    variant = translator(**shape)
    history = taught(variant, small, runtime.pick(5, 1), **options)
    found_by[name] = decoding.translate(variant, asked, max_tokens=limit)
    table[name] = metrics.bleu(found_by[name], expected)
    seconds = history.epochs[-1].seconds
    print(f"{name:16} BLEU {table[name]:5.1f}, {seconds:4.1f} s for the last epoch")

# %% [markdown]
# Before we believe the table: how far apart must two rows be to mean anything? `metrics.bleu_interval` says within which bounds the BLEU of one row would move if we had held out other sentences of the same kind; we come back to how it does that.

# %%
low, high = metrics.bleu_interval(
    found_by["as it stands"], expected, resamples=runtime.pick(1000, 100)
)
print(f"the first row: {table['as it stands']:.1f}, 95 % interval from {low:.1f} to {high:.1f}")
for name, score in list(table.items())[1:]:
    verdict = "inside: no verdict" if low <= score <= high else "above" if score > high else "below"
    print(f"{name:16} {score - table['as it stands']:+5.1f}  {verdict}")

# %%
plots.bars(table, "BLEU (0 to 100)", "The same epochs, one option each", highlight="as it stands")

# %% [markdown]
# An option that stands above the interval may have earned its place here, one inside it has not, and one below has cost something, in a run as short as ours and with a single seed: the interval knows other sentences, and not other first weights. Dropout and label smoothing are made against learning by heart, so one might expect them to help a long run and to be a brake on a short one. Compare that with what stands above: an expectation is a reason to measure and no result. Nor is our table a law. On more pairs and in more time the order may be another one: [our measurements](../docs/measurements.md) have a longer table, from runs of the command line. **Which row would you expect to change most with ten times the epochs?**
#
# ## What does looking back cost?
#
# At each step the query is compared with every source token, so a step must take longer when the source is longer. How much? We build two untrained models of the same width, one with attention and one without, and time a single decoder step for a batch of sources of growing length. The weights do not matter for that.

# %%
wide = runtime.pick((256, 256), (16, 16))
sizes = len(source_codec.vocabulary), len(target_codec.vocabulary)
untrained = {
    name: Attentive(Config(*sizes, units=wide[0], embedding=wide[1], attention=kind))
    for name, kind in {"one vector": None, "attention": "multiplicative"}.items()
}
source_lengths = runtime.pick([10, 20, 40, 80], [10, 40])
tokens = tf.constant(np.full(64, START, np.int32))


def step_milliseconds(model, source_time):
    ids = rng.integers(4, sizes[0], size=(64, source_time)).astype("int32")
    state, step = model.start(ids), tf.function(model.step, autograph=False)
    step(tokens, state)  # once before measuring: the first call compiles
    seconds = []
    for _ in range(runtime.pick(15, 3)):
        began = time.perf_counter()
        step(tokens, state)[0].numpy()
        seconds.append(time.perf_counter() - began)
    return 1000 * float(np.min(seconds))


# %%
cost = {
    name: (source_lengths, [step_milliseconds(model, time_steps) for time_steps in source_lengths])
    for name, model in untrained.items()
}
for place, length in enumerate(source_lengths):
    plain, attentive = (milliseconds[place] for _, milliseconds in cost.values())
    print(
        f"{length:3} source tokens: {plain:5.2f} ms a step with one vector, {attentive:5.2f} ms with attention, {attentive / plain:.2f} times"
    )

# %%
plots.lines(cost, "source tokens", "time of a step of 64 sentences (ms)", "What looking back costs")

# %% [markdown]
# With one vector a step does not know how long the source was, so its line has no reason to rise; what it moves up and down is the noise of this machine. With attention a step costs more even with a short source, because the look is some more operations; and its line rises with the source. Sentences of ordinary length lie at the left end, where that fixed part is larger than the part that grows. For a whole translation the step is taken once for each target token, so the looks number source times target tokens: twice the length, four times the looks. That is where attention becomes expensive, for a page and not for a sentence.
#
# ## What if the pairs are no pairs?
#
# A well-known book builds each batch by drawing its source rows at random and its target rows at random, independently of each other. The translator is then trained on pairs that have nothing to do with each other. **What will its loss do?**


# %%
class Unrelated(batches.PairBatches):
    """The same batches, with the sources of each dealt out anew."""

    def shuffled(self, seed, epoch=0):
        """Yield the batches of an epoch, their source rows in a random order."""
        dealer = np.random.default_rng((seed, epoch))
        for batch in super().shuffled(seed, epoch):
            yield batch._replace(source=dealer.permutation(batch.source))


mixed = Unrelated(small.source, small.target, batch=32, buckets=1)
unrelated = translator()
wrong = taught(unrelated, mixed, runtime.pick(5, 1))
falling = [epoch.loss for epoch in wrong.epochs]
print(
    "loss on unrelated pairs, epoch by epoch:", *(f"{loss:.2f}" for loss in falling), "nats a token"
)
print(f"knowing nothing would be log({sizes[1] - 2}) = {np.log(sizes[1] - 2):.2f} nats a token")

# %% [markdown]
# It falls, and it goes on falling. If all we look at is a falling curve, everything seems to be in order. What has it learnt? The targets are good English sentences, and the next word of an English sentence can be guessed from the words before it. The decoder has become a language model that ignores its source:

# %%
guesses = decoding.translate(unrelated, asked, max_tokens=limit)
print(f"{len(asked)} different sources, {len(set(guesses))} different translations")
for source, guess, group in list(zip(asked, guesses, expected))[:4]:
    print(f"{source:42} {guess:32} {group[0]}")
print(
    f"BLEU {metrics.bleu(guesses, expected):.1f}; the same model and epochs on true pairs: {table['as it stands']:.1f}"
)

# %% [markdown]
# A test that finds this mistake within seconds: *overfit one batch*. Take a single batch and train on it until the model knows it by heart. A sound model and a sound loader bring the loss close to zero. With pairs that are dealt out anew each time nothing can be learnt by heart but the sentences themselves: whoever does not know which of 32 sentences is asked for needs log 32 nats for each sentence, and no training takes that away.

# %%
one_batch = batches.Ragged(small.source[row] for row in range(32))
their_targets = batches.Ragged(small.target[row] for row in range(32))
rounds = runtime.pick(100, 2)
ends = {}
for name, kind in {"true pairs": batches.PairBatches, "unrelated": Unrelated}.items():
    single = kind(one_batch, their_targets, batch=32, buckets=1)
    history = taught(translator(), single, rounds, schedule="constant")
    ends[name] = history.column("loss")
    print(f"{name:10} loss after {rounds} rounds over one batch: {ends[name][-1]:.3f} nats a token")
floor = 32 * np.log(32) / single.tokens
print(
    f"log 32 nats for each of 32 sentences are {floor:.3f} nats for each of {single.tokens} tokens"
)

# %%
steps = range(1, rounds + 1)
plots.lines(
    {name: (steps, losses) for name, losses in ends.items()},
    "rounds over the same batch",
    "loss (nats a token)",
    "Overfit one batch",
)

# %% [markdown]
# One curve goes towards zero. The other cannot: no training gets it below the printed floor, and after as many rounds it stands well above it. The test takes seconds, needs no held-out data, and should be run on every new model and every new loader.
#
# The same book has a second mistake. Its targets have no END, and what follows the last word is padding, whose loss is weighted 0. So nothing ever asks the model to stop. [Lesson 05](05_inference_decoding.ipynb) left END out once. Does attention help, since the model can *see* that all source tokens have been used? (The first model of the cell had more sentences and epochs; what matters is whether the second stops at all.)

# %%
headless = batches.Ragged(small.target[row][:-1] for row in range(len(small.target)))
without_end = batches.PairBatches(small.source, headless, batch=32, buckets=1)
endless = translator()
taught(endless, without_end, runtime.pick(5, 1))
asked_ids = [source_codec.ids(source) for source in asked]
for name, taught_model in {"END is a target": model, "END left out": endless}.items():
    traces = decoding.greedy(taught_model, asked_ids, max_tokens=limit)
    ended = np.mean([trace.ended for trace in traces])
    print(f"{name:15} {ended:6.1%} of {len(traces)} stop before the limit of {limit} tokens")
print(target_codec.text(traces[0].tokens))

# %% [markdown]
# Attention does not help: the model was never asked to stop, so it has no token to stop with. A share of translations that end by themselves costs nothing to print, and belongs beside every BLEU.
#
# ## What did the book train?
#
# The same book's translator is a fixed size: 512 units, embeddings of 100, at most 15 source and 16 target steps, batches of 64, Adam with a constant rate of 0.005, 1,000 training steps, and a softmax over 512 sampled tokens. On the command line that is `course train translator --size book`. Here we build it on spa-eng, if it can be had, and let it take a few steps with a quarter of a batch each, to spare a small machine's memory.

# %%
real = corpora.load_pairs(runtime.pick("spa-eng", "shipped"), say=None).reversed()
print(real.source)
plain_words = text.tokenizer("word", lower=True, drop_accents=True)
book_pairs = real.sample(runtime.pick(10_000, 400), seed=0).up_to(15, plain_words)
book_source = text.Codec.fit([source for source, _ in book_pairs], plain_words)
book_target = text.Codec.fit([target for _, target in book_pairs], text.tokenizer("word"))
book_sizes = len(book_source.vocabulary), len(book_target.vocabulary)
print(
    f"{len(book_pairs):,} pairs of at most 15 tokens; vocabularies of {book_sizes[0]:,} and {book_sizes[1]:,}"
)
del real  # a hundred thousand pairs that we need no more

# %%
units, embedding = runtime.pick((512, 100), (16, 10))
book = Attentive(
    Config(*book_sizes, units=units, embedding=embedding, attention="additive"),
    book_source,
    book_target,
)
quarters = batches.PairBatches.encode(
    book_pairs[:64], book_source, book_target, batch=16, buckets=1
)
settings = {"schedule": "constant", "objective": objectives.sampled(512)}
history = taught(book, quarters, 2, learning_rate=0.005, **settings)
seconds = history.epochs[-1].seconds / len(quarters)
count = sum(int(np.prod(weight.shape)) for weight in book.trainable_variables)
print(
    f"{count:,} parameters, {seconds:.2f} s for a quarter of a batch: 1,000 steps in about {4000 * seconds / 60:.0f} minutes here, or less"
)
print(f"1,000 steps see {64_000 / len(book_pairs):.1f} times as many pairs as this file has")

# %% [markdown]
# (Four quarters were seen twice; the first pass includes compiling, so the second one was timed.) The book's own examples are typed without accents and without ¿, as many people type: *como te llamas*. **What does a model that was trained on well-written Spanish make of that?** First we count what it does not know.

# %%
typed = [
    "como te llamas",
    "donde esta la biblioteca",
    "que hora es",
    "mi hermana esta cansada",
    "mañana voy al medico",
    "el niño quiere jugar al futbol",
]
as_is = text.Codec.fit([source for source, _ in book_pairs], text.tokenizer("word"))
for name, codec in {"as it is written": as_is, "plain": book_source}.items():
    unknown = [word for phrase in typed for word in codec.unknown(phrase)]
    words = sum(len(codec.tokenizer.tokens(phrase)) for phrase in typed)
    print(
        f"{name:16} {len(unknown)} of {words} typed words unknown: {', '.join(unknown) or 'none'}"
    )
print("plain means:", text.clean("¿Cómo te llamas?", lower=True, drop_accents=True))

# %% [markdown]
# Plain text throws away what separates the typed word from the written one: capitals, accents, the tilde of ñ, the marks ¿ and ¡. It is done to the training sentences and to the typed ones, by the same codec, so both meet. An unknown word is not even the worst case: *como* and *esta* are Spanish words too, so a model that knows accents reads them without complaint as *like* and *this*. What is the price?

# %%
merged = {}
for word in text.Codec.fit([s for s, _ in book_pairs], tokenizer).vocabulary.tokens[4:]:
    merged.setdefault(text.clean(word, drop_accents=True), []).append(word)
several = {plain: words for plain, words in merged.items() if len(words) > 1 and plain}
print(
    f"{sum(map(len, merged.values())):,} words in small letters become {len(merged):,} plain ones"
)
for plain, words in list(several.items())[:6]:
    print(f"{plain:8} was {' or '.join(words)}")

# %% [markdown]
# Some pairs differ in nothing but the accent and mean different things. In a sentence the neighbours usually tell which one was meant; alone they do not. The command line leaves the choice to us: `--source-text plain` for people who type in a hurry, `as-is` for a corpus that is written well. The model's card remembers it.
#
# ## Must every step ask the whole vocabulary?
#
# The softmax compares every target token with every word of the vocabulary. With some hundreds of words nobody notices; with tens of thousands it is most of the work. A *sampled softmax* asks less: the right word competes with a few hundred others that are drawn for the step, frequent ones more often, and corrected for that. We time one training step of the last layer alone, for 512 target tokens of width 128.


# %%
def last_layer(size, width=128):
    table = tf.Variable(tf.random.stateless_normal([size, width], [0, 1]) * 0.05)
    return table, tf.Variable(tf.zeros(size))


def full_loss(table, bias, states, labels):
    logits = tf.matmul(states, table, transpose_b=True) + bias
    return tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits))


def sampled_loss(table, bias, states, labels, count=512):
    return tf.reduce_mean(
        tf.nn.sampled_softmax_loss(table, bias, labels[:, None], states, count, table.shape[0])
    )


def step_of(loss, variables, rate):
    @tf.function(autograph=False, reduce_retracing=True)
    def step(*inputs):
        with tf.GradientTape() as tape:
            value = loss(*inputs)
        for variable, gradient in zip(variables, tape.gradient(value, variables)):
            if isinstance(gradient, tf.IndexedSlices):  # only the rows that took part
                variable.scatter_sub(tf.IndexedSlices(rate * gradient.values, gradient.indices))
            else:
                variable.assign_sub(rate * gradient)
        return value

    return step


# %%
def softmax_milliseconds(loss, size):
    table, bias = last_layer(size)
    states = tf.random.stateless_normal([512, 128], [2, 3])
    labels = tf.constant(rng.integers(4, size, 512))
    step = step_of(lambda *inputs: loss(table, bias, *inputs), [table, bias], rate=0.1)
    seconds = []
    for _ in range(runtime.pick(6, 2)):
        began = time.perf_counter()
        step(states, labels).numpy()
        seconds.append(time.perf_counter() - began)
    return 1000 * min(seconds)


# %%
vocabulary_sizes = runtime.pick([1_000, 4_000, 16_000, 32_000], [1_000])
softmax_cost = {"full softmax": [], "512 sampled": []}
for size in vocabulary_sizes:
    for name, loss in zip(softmax_cost, (full_loss, sampled_loss)):
        softmax_cost[name].append(softmax_milliseconds(loss, size))
    full, sampled = (milliseconds[-1] for milliseconds in softmax_cost.values())
    print(
        f"{size:6,} words: {full:7.1f} ms full, {sampled:6.1f} ms sampled, {full / sampled:.1f} times"
    )

# %%
plots.lines(
    {name: (vocabulary_sizes, times) for name, times in softmax_cost.items()},
    "words in the vocabulary (logarithmic scale)",
    "time of a step (ms, logarithmic scale)",
    "Asking everybody, or a sample",
    log_x=True,
    log_y=True,
)

# %% [markdown]
# The full softmax grows with the vocabulary; the sampled one hardly does, and at a small vocabulary there is nothing to gain: drawing and gathering rows cost time too. And what does it cost in loss? We train the smallest model that has such a last layer, one that guesses the next word from the word before it, on the target sentences: once fully, once sampled, for the same number of steps. Both are judged by the *full* softmax. **Why must we not compare the two training losses?**

# %%
stream = np.concatenate([[*book_target.ids(target), END] for _, target in book_pairs])
before, size = np.concatenate([[END], stream[:-1]]), len(book_target.vocabulary)


def guess_next(loss):
    table, bias = last_layer(size)
    inputs = tf.Variable(tf.random.stateless_normal([size, 128], [4, 5]) * 0.05)
    step = step_of(
        lambda ids, labels: loss(table, bias, tf.gather(inputs, ids), labels),
        [inputs, table, bias],
        rate=2.0,
    )
    draws, began, own = np.random.default_rng(1), time.perf_counter(), []
    for _ in range(runtime.pick(300, 3)):
        places = draws.integers(len(stream), size=512)
        own.append(step(tf.constant(before[places]), tf.constant(stream[places])))
    seconds = time.perf_counter() - began
    judged = full_loss(table, bias, tf.gather(inputs, before[:1024]), stream[:1024])
    return seconds, np.mean(own[-30:]), float(judged)


# %%
rivals = {"full softmax": full_loss, "64 sampled": lambda *inputs: sampled_loss(*inputs, count=64)}
for name, loss in rivals.items():
    seconds, own, judged = guess_next(loss)
    print(f"{name:12} {seconds:5.1f} s, its own loss {own:.2f}, full loss {judged:.2f} nats a word")
print(f"knowing nothing would be log({size - 2}) = {np.log(size - 2):.2f} nats a word")

# %% [markdown]
# Among 64 rivals the right word is easy to find, so the sampled model's own loss looks good; only the full losses can be compared, and they say what the saved time has cost. In the library it is `objectives.sampled(count)`, on the command line `--samples 512`; validation always has the full softmax. For the few hundred words of our lesson it is not worth it.

# %% [markdown]
# ## Is the translation good?
#
# So far we took BLEU on trust. A person who knows both languages would be the better judge, but we have hundreds of sentences and several models, and want the verdict in a second. So a translation is compared with one that a person has made, the *reference*. The simplest idea: which share of our words stand in the reference too? **Which translation gets the full score by that idea, and should not?**


# %%
def ngrams(tokens, order):
    return Counter(zip(*(tokens[place:] for place in range(order))))


reference = "the cat of the neighbor sleeps in the kitchen".split()
cheat = "the the the the".split()
found = sum(word in reference for word in cheat)
clipped = (ngrams(cheat, 1) & ngrams(reference, 1)).total()
print(f"found in the reference: {found} of {len(cheat)}")
print(f"no more often than there: {clipped} of {len(cheat)}")

# %% [markdown]
# BLEU *clips*: a word counts no more often than the reference has it. (`&` keeps the smaller of two counts.) With single words alone the order would not matter, so it looks at runs of two, three and four words as well. Such a run is an *n-gram*, and the clipped share of n-grams found is the *precision* of order n.

# %%
shuffled = "kitchen the in sleeps neighbor the of cat the".split()
for name, words in {"shuffled": shuffled, "one word off": [*reference[:-1], "garden"]}.items():
    shares = []
    for order in range(1, 5):
        here, there = ngrams(words, order), ngrams(reference, order)
        shares.append(f"{(here & there).total()} of {here.total()}")
    print(f"{name:13} n-grams of order 1 to 4 found: {', '.join(shares)}")

# %% [markdown]
# The four precisions are multiplied and the fourth root is taken: their *geometric mean*, in which a single zero makes everything zero. One hole is left. Precision asks what share of *our* words is right. **How would you get the full precision of all orders with the least effort?**
#
# By saying little: four words that are certain. So there is a *brevity penalty*: if all our translations together have c tokens and the references r, and c is smaller, the score is multiplied by e to the power of 1 − r/c. Now all of it, for a whole corpus, with any number of references for each sentence:

# %%
from sacrebleu.tokenizers.tokenizer_13a import Tokenizer13a

cut = Tokenizer13a()  # how sacreBLEU separates words and marks


def counts(said, group):
    """Return matches and totals of order 1 to 4, and the lengths of both sides."""
    said, group = cut(said).split(), [cut(reference).split() for reference in group]
    rows = []
    for order in range(1, 5):
        most = Counter()
        for reference in group:
            most |= ngrams(reference, order)  # the greater of two counts
        here = ngrams(said, order)
        rows.append(((here & most).total(), here.total()))
    nearest = min((abs(len(reference) - len(said)), len(reference)) for reference in group)[1]
    return np.array([*rows, (len(said), nearest)])


def bleu_by_hand(translations, references):
    *orders, (length, wanted) = sum(map(counts, translations, references))
    if not orders[0][0]:
        return 0.0
    logs, zeros = [], 0
    for matches, total in orders:
        zeros += matches == 0
        share = matches / total if matches else 1 / (2**zeros * total) if total else 0.0
        logs.append(math.log(share) if share else -math.inf)
    return 100 * min(1.0, math.exp(1 - wanted / length)) * math.exp(sum(logs) / 4)


# %% [markdown]
# Two lines deserve a look. The totals of all sentences are added up first, and divided once: BLEU is a figure of a *corpus*. And where an order has no match at all, sacreBLEU puts a half match in its place, a quarter for the second such order, and so on: *smoothing*. Several references help each other: an n-gram may come from any of them, and the length is compared with the nearest one.
#
# *sacreBLEU* is the program whose figures can be compared, because it decides all of this for us; `metrics.bleu` calls it. Do our lines give the same, for each of our models, and where there are several references?

# %%
judged = {name: (found, references) for name, found in said.items()}
judged |= {name: (found, expected) for name, found in found_by.items()}
judged["several references"] = (
    ["I must go home right now.", "The dog is in the garden."],
    [
        ["I have to go home now.", "I must go home at once.", "I've got to go home right now."],
        ["The dog is in the garden.", "The dog is out in the garden."],
    ],
)
for name, (found, groups) in judged.items():
    by_hand, theirs = bleu_by_hand(found, groups), metrics.bleu(found, groups)
    assert abs(by_hand - theirs) < 1e-9
    print(f"{name:18} {by_hand:9.5f} by hand, difference to sacreBLEU {abs(by_hand - theirs):.0e}")

# %% [markdown]
# A BLEU without its settings is no figure. sacreBLEU prints them as a *signature*: how many references, capitals kept or not, the tokenizer, the smoothing, the version. Beside it stands *chrF*, which compares runs of up to six characters in place of words, so that a wrong ending costs less than a wrong word.

# %%
found = said["attention"]
print(f"BLEU {metrics.bleu(found, references):.1f}")
print(f"     {metrics.bleu_signature(references)}")
print(f"     {metrics.bleu_score(found, references)}")
print(f"chrF {metrics.chrf(found, references):.1f}")

# %% [markdown]
# The third line has the four precisions, the brevity penalty (BP) and the lengths. Longer n-grams are always rarer; a penalty far below 1 would say that our translations are too short.
#
# ## Can one sentence have a BLEU?
#
# It can, if we are careful. **Is the BLEU of a corpus the mean of its sentences' BLEU?**

# %%
each = [metrics.sentence_bleu(s, group) for s, group in zip(found, references)]
print(
    f"corpus: {metrics.bleu(found, references):.1f}; mean over the sentences: {np.mean(each):.1f}"
)
best, worst = int(np.argmax(each)), int(np.argmin(each))
for name, place in (("best", best), ("worst", worst)):
    print(f"{name:5} {each[place]:5.1f}  {found[place]}\n             {references[place][0]}")

# %% [markdown]
# It is not: a corpus adds up its n-grams first, so long sentences count for more. Sentence scores help to find the sentences that are worth reading, and a mean of them is not BLEU, whatever it is called.
#
# Home-made BLEU goes wrong at the short end. Here are two versions, as they stand in tutorials; each has a line that looks harmless. **What do they say of an empty line, and of a perfect translation of two words?**


# %%
def home_made(said, reference, highest=4):
    said, reference = said.split(), reference.split()
    precisions = []
    for order in range(1, min(highest, len(said)) + 1):  # "there are no longer ones"
        here = ngrams(said, order)
        precisions.append((here & ngrams(reference, order)).total() / here.total())
    return math.prod(precisions) ** 0.25


def home_made_too(said, reference):
    said, reference = said.split(), reference.split()
    precisions = []
    for order in range(1, 5):
        here = ngrams(said, order)
        precisions.append((here & ngrams(reference, order)).total() / max(1, here.total()))
    return math.prod(precisions) ** 0.25


for line, wanted in (("", "I see ."), ("I see", "I see"), ("I", "I see the sea now .")):
    ours = metrics.sentence_bleu(line, [wanted]) / 100
    print(
        f"{line!r:8} for {wanted!r:23} first {home_made(line, wanted):.2f}, second {home_made_too(line, wanted):.2f}, sacreBLEU {ours:.2f}"
    )

# %% [markdown]
# The first version gives an empty line the full score: a product of nothing is 1, and nobody asked about the length. A model that says nothing would win. The second gives a perfect short sentence 0, because it has no runs of four words. The first has no brevity penalty either, as the last line shows. Both are wrong by the whole scale, and both look fine on long sentences, so they go unnoticed.
#
# ## How sure are we of the figure?
#
# Our held-out sentences were drawn by a seed. With others, BLEU would have been a little different; how different? We cannot draw new ones, but we can draw from those that we have, with replacement, as many as there are, and compute BLEU again, a thousand times. That is the *bootstrap*. The middle 95 % of the results are the *confidence interval*. **Guess its width for our test set, then for a tenth of it.**

# %%
resamples = runtime.pick(1000, 100)
for name, found in said.items():
    low, high = metrics.bleu_interval(found, references, resamples=resamples)
    score = metrics.bleu(found, references)
    print(f"{name:10} BLEU {score:5.1f}, from {low:5.1f} to {high:5.1f} on {len(found)} sentences")
    tenth, tenth_references = found[::10], references[::10]
    low, high = metrics.bleu_interval(tenth, tenth_references, resamples=resamples)
    score = metrics.bleu(tenth, tenth_references)
    print(f"{'':10} BLEU {score:5.1f}, from {low:5.1f} to {high:5.1f} on {len(tenth)} of them")

# %% [markdown]
# A difference that is smaller than such an interval is not worth a sentence in a report. The interval speaks of other *sentences* only: another seed for the first weights moves the figure as well, and that can be found out by training again and not otherwise.
#
# ## What can BLEU not see?
#
# Here are three translations that we made ourselves, each with its reference. Judge them yourself first, as a person who wants to know what was said. Then run the cell.

# %%
ours = {
    "the same in other words": ("I must leave at once.", "I have to go right now."),
    "a negation lost": (
        "My sister does want to sell the old house near the station.",
        "My sister does not want to sell the old house near the station.",
    ),
    "who did it": (
        "Carlos said that Ana had lost the keys to the office.",
        "Ana said that Carlos had lost the keys to the office.",
    ),
}
for name, (translation, wanted) in ours.items():
    score, letters = (
        metrics.sentence_bleu(translation, [wanted]),
        metrics.chrf([translation], [[wanted]]),
    )
    print(f"{name:24} BLEU {score:5.1f}, chrF {letters:5.1f}\n    {translation}\n    {wanted}")

# %% [markdown]
# The right one has the lowest score, and two that say the opposite or accuse the wrong person have high ones. BLEU counts what is the same on the surface, and knows nothing of what a word does to a sentence. That evens out a little over thousands of sentences, since a model does not choose its errors to please BLEU; for one sentence it decides nothing.
#
# More references help the first case. Does it need many?

# %%
translation, wanted = ours["the same in other words"]
group = [wanted]
for another in ("I must go right away.", "I have to leave at once."):
    group.append(another)
    print(f"{len(group)} references: BLEU {metrics.sentence_bleu(translation, group):5.1f}")

# %% [markdown]
# That is also why a test set with several references gives higher figures than one with a single reference, by the same model. In the demo we can type translations and references of our own, and see which n-grams are found, which are clipped, and what the brevity penalty takes. **Can you write a translation that is wrong and scores above 80?**

# %%
widgets.bleu_score(translation, group)

# %% [markdown]
# ## And if we cut the words differently?
#
# One output, one set of references, three ways to cut them into tokens: sacreBLEU's usual one (13a) separates marks from words; *none* cuts at spaces only, so that *tired.* is one token; *char* takes every character as a token.

# %%
found = said["attention"]
for tokenize in ("13a", "none", "char"):
    print(f"{tokenize:5} BLEU {metrics.bleu(found, references, tokenize=tokenize):5.1f}")

# %% [markdown]
# Nothing about the translations has changed. Whoever reports the highest of the three has not got the best model. So the tokenizer stands in the signature, and two figures with different signatures must not be compared.
#
# ## Is 38 a good BLEU?
#
# A well-known book trains a translator much like ours, reaches a modest figure, and tells its readers for comparison that Google's system has 38, which it calls exceptional. On all Tatoeba pairs of at most 15 tokens our best model, less than half an hour of training on two cores, has its own figure: it stands in [our measurements](../docs/measurements.md), with the command that gives it, its interval and its signature. We may find it higher than 38. **Is our model better than Google's?**
#
# The two figures are not the same thing, for reasons that this lesson has measured or shown:
#
# - The test sentences differ. Google's stood in newspapers and are long; Tatoeba's are short sentences of people who write examples for learners, and the held-out ones resemble those that were trained on.
# - The languages differ. Ours was from Spanish into English; the famous figure is of another pair, and every direction has figures of its own.
# - The references differ: a Tatoeba sentence may have several, a newspaper sentence usually one.
# - The tokenisation and the version differ, and without a signature nobody can say by how much.
#
# BLEU compares systems on *one* test set with *one* signature. It is no mark on a scale of goodness, so no figure of it is good as such.
#
# ## And without a notebook?
#
# - `course train translator --corpus spa-eng --reverse --attention multiplicative --save my-model` trains a translator from Spanish to English. `--attention additive` scores in the other way, and `--attention last` is the same model without a look back; `--one-way`, `--input-feeding`, `--dropout 0.2` and `--label-smoothing 0.1` are the rows of the table; `--samples 512` samples the softmax; `--size book` is the book's run, and `--size best` the half hour from above.
# - `course translate --model my-model "¿Dónde están mis llaves?"` translates.
# - `course evaluate --model my-model --pairs FILE` prints BLEU with its signature and interval, chrF, BLEU by the length of the source, and the ten worst sentences. The model's card knows the direction, so the file stays as it is.
#
# ## What we learnt, what we simplified, where to go on
#
# - One vector of fixed width has to hold a whole sentence, and loses its details. Attention gives the decoder a weighted mean of all that the encoder left, anew at each step.
# - Scores come from a product or from a small network; a softmax over the real tokens makes weights of them. Padding gets exactly none, or the neighbours in a batch change the translation.
# - `start` and `step` hide all of this, so every search works unchanged. The price of a look grows with the source.
# - A falling loss proves nothing about the pairs; overfitting one batch does. END has to be asked for.
# - BLEU is clipped n-gram precision with a brevity penalty, added up over a corpus. It needs a signature and an interval, and it is blind to meaning.
#
# > **What we simplified.** Three thousand pairs, most of them generated, models of 64 units, one seed, runs of seconds: the printed differences show directions, not laws, and an option that gained nothing here may gain elsewhere. To compare two models on the same sentences one would resample the *differences* of both, which is sharper than two intervals side by side. People, and newer measures that were trained on people's judgements, see more than BLEU does.
#
# In the [exercise for this lesson](../exercises/07_attention_and_bleu/attention_and_bleu.ipynb) we write the weights, both scores, a decoder step and BLEU by hand. Before it, try this: give the table of options one more row, `"additive": ({"attention": "additive"}, {})`, and guess first whether it will stand inside the interval. Or join three sentences in place of two in `in_a_row(some[third:], 2)`, and predict what happens to the two lines of the first picture.
