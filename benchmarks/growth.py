"""How costs grow with the data: preparing and training on 10,000 to all 118,964 real pairs.

Random pairs, so that sentences are as long everywhere; character level, 256 units, batches of 64 in
five shapes, the library's training step by XLA. Every shape is compiled before time is taken. Each
size runs in a process of its own.
"""

from benchmarks.commands import printed
from course import runtime

SIZES = runtime.pick((10_000, 30_000, 118_964), (200, 400))
PROGRAM = """
import json, time
from course import corpora, text, training, objectives
from course.backend import tf
from course.batches import PairBatches
from course.cli.saved import peak_memory
from course.models.seq2seq import Config, Seq2Seq
from course.optimizers import make_optimizer
whole = corpora.load_pairs("spa-eng", say=None)
pairs = whole.sample({count}, 0) if {count} < len(whole) else whole
sides = list(zip(*whole, strict=True))
codecs = [text.Codec.fit(side, text.tokenizer("character")) for side in sides]
began = time.perf_counter()
data = PairBatches.encode(pairs, *codecs, batch=64, buckets=5, most_steps=64 * 60)
prepared = time.perf_counter() - began
model = Seq2Seq(Config(*(len(codec.vocabulary) for codec in codecs), units=256), *codecs)
optimizer = make_optimizer("adam", 1e-3, "constant", 1.0, 1)
optimizer.build(model.trainable_variables)
step = training.train_step(model, optimizer, objectives.cross_entropy, True)
seen = set()
for batch in data:
    if batch.target_out.shape + batch.source.shape not in seen:
        seen.add(batch.target_out.shape + batch.source.shape)
        step(None, *map(tf.constant, batch))
began = time.perf_counter()
for batch in data.shuffled(0, 1):
    last = step(None, *map(tf.constant, batch))
float(last[1][0])
trained = time.perf_counter() - began
print(json.dumps([data.tokens, prepared, trained, data.nbytes, peak_memory(), len(data)]))
"""


def run() -> dict:
    """Return tokens, seconds and bytes of each size, and each cost a token beside the smallest."""
    results, first = {}, None
    for count in SIZES:
        tokens, prepared, trained, size, most, batches = printed(PROGRAM.format(count=count))
        costs = {"preparing": prepared, "an epoch": trained, "arrays": size}
        first = first or {name: cost / tokens for name, cost in costs.items()}
        results |= {
            f"{count:,} pairs: target tokens": tokens,
            f"{count:,} pairs: batches": batches,
            f"{count:,} pairs: preparing, s": round(prepared, 2),
            f"{count:,} pairs: an epoch, s": round(trained, 1),
            f"{count:,} pairs: tokens a second": round(tokens / trained),
            f"{count:,} pairs: arrays, MB": round(size / 1e6, 2),
            f"{count:,} pairs: greatest memory of the process, MB": round(most / 1e6),
        }
        for name, cost in costs.items():
            ratio = cost / tokens / first[name]
            results[f"{count:,} pairs: {name}, cost a token, times the smallest's"] = round(
                ratio, 3
            )
    return results
