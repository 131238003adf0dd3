# %% [markdown]
# # Exercise 10 · A chatbot (10 points)
#
# In [lesson 10](../../lessons/10_chatbot.ipynb) a model learnt to answer from what people wrote to each other. Here you write what
# stands around such a model: the way from an export to conversations, and from conversations to ids; a split that does not leak; the
# two rules by which a reply is drawn; and two figures that say whether the replies are any good. Everything is plain Python and
# NumPy, and small.
#
# Replace each `...` with your own code and run the cell of tests below it. A test that fails says what it needs. There
# are hidden tests as well: they ask the same of other conversations and other sizes. Each task can be solved without the others; only
# the cell at the very end calls most of what you wrote.

# %% locked="setup"
import re
from itertools import pairwise

import numpy as np

from course import checks, text
from course.text import END, PAD, START, UNK

written = """
Is the café by the bridge open today?
It is. They have plum cake again.
Then I will be there at four.
I will keep a chair for you.

It is raining. Shall we still go for a walk?
A little rain is fine. Have you got a coat?
I have, and an umbrella for two.
Then I will be at your door at three.
Thank you. Bring a dry pair of socks.

Did I leave my umbrella at your flat?
You did. It is behind the door, and it looks lonely.
Shall I come and fetch it?
Come at five. I am making soup.

What do you put in your soup?
An onion, two carrots and a little salt.
Is that all?
That is all. It costs £2 and feeds four.
Thank you. Then I will make it tonight.

How is the cat today?
She is asleep on my books again.
She must have read them all by now.
She is on the last shelf. 🙂

I have a cold and nothing to read.
Oh dear. I will bring you a book and some soup.
That is very kind. The door is open.
Stay in bed. I will be there at six.

My train is late again.
How late is it?
Half an hour. Shall we still have supper?
We shall. The soup will keep, and so will I.

Tomorrow I play the piano, and I am afraid.
You know it all. Which piece is the first?
The slow one that you like.
Then play it for me. I will be there at the front.
Thank you. Now I can sleep.
"""
talks = [block.split("\n") for block in written.strip().split("\n\n")]
codec = text.Codec.fit([written], text.tokenizer("word", lower=True, drop_punctuation=True))


def plain(line):
    """Return the words of a text in small letters, without marks, and one space between them."""
    return " ".join(codec.tokenizer.tokens(line))


def exported(line):
    """Write a text as the export does: a character for each byte of its UTF-8."""
    return "".join(map(chr, line.encode()))


def as_export(talks):
    """Return talks as messages (sender, milliseconds, text), newest first, a sentence in each."""
    messages, minutes = [], 0
    for number, talk in enumerate(talks):
        for place, turn in enumerate(talk):
            for sentence in re.split("(?<=[.?]) ", turn):
                minutes += 1 + len(sentence) % 11
                messages.append(("Ina Tom".split()[(number + place) % 2], minutes, sentence))
        messages += [("Ina", minutes + 50, ""), ("Ina", minutes + 150, "Look what I saw today.")]
        minutes += 1_200
    return [(sender, 60_000 * sent, exported(line)) for sender, sent, line in messages[::-1]]


def check_results(name, found, count, hint):
    """Refuse what is not a row of as many results."""
    checks.attempted(name, found)
    right = hasattr(found, "__len__") and len(found) == count
    checks.holds(f"{name}: the number of results is {count}", right, hint)


# %% [markdown]
# `talks` are eight conversations of Ina and Tom, who are made up. Each is a list of its turns, the oldest first. `plain` takes
# capitals and marks out of a text, and `codec` turns a text into ids.

# %%
print(
    f"{len(talks)} conversations, {sum(map(len, talks))} turns, {len(codec.vocabulary)} token types"
)
print(talks[4])
print(plain(talks[4][0]), codec.ids(talks[4][0]))

# %% [markdown]
# ## 1. From an export to conversations (2 points)
#
# Whoever downloads their messages from Messenger gets them in a strange form: each "é" has become "Ã©". A text is kept as bytes, and UTF-8
# writes "é" as the two bytes 195 and 169. The export then takes each byte for a character of its own, number 195 for "Ã" and number
# 169 for "©".
#
# Write `repaired(text)`. It returns the text that was typed.
#
# - Each character of `text` stands for one byte, that of its own number; together they are UTF-8.
# - A text that cannot have come about like this is returned as it is, all of it: one with a character above number 255, or one whose
#   bytes are no UTF-8.
# - It happened once, so it is undone once.
#
# For example, `repaired("cafÃ©")` is `"café"`. The texts `"four"`, `"café"` and `"2 €"` stay as they are.


# %% solution="repaired"
def repaired(text):
    """Return a text of the export as it was typed: a string."""
    ### BEGIN SOLUTION
    try:
        return text.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return text
    ### END SOLUTION


# %% tests="as_it_was_typed" points=1
def check_repaired(line, wanted, hint):
    checks.equal(f"repaired: {line!r}", repaired(line), wanted, hint)


hint = "Each character stands for a byte. What do these bytes say, read as UTF-8?"
check_repaired("cafÃ©", "café", hint)
check_repaired(exported("Zoë had crème brûlée."), "Zoë had crème brûlée.", hint)
hint = "Every number from 0 to 255 is a byte here. Not every encoding has a character for each."
check_repaired(exported("It’s £2 – à bientôt 🙂"), "It’s £2 – à bientôt 🙂", hint)
hint = "If the bytes are no UTF-8, nobody wrote them as UTF-8: the whole text stays as it is."
check_repaired("See you at four.", "See you at four.", hint)
check_repaired("The café is open.", "The café is open.", hint)
hint = "A character above 255 is no byte, so this is no text of the export: all of it stays."
check_repaired("Two cups are 4 €.", "Two cups are 4 €.", hint)
hint = "Tom wrote these two characters himself, to show the fault. Undo it once."
check_repaired(exported("Why do I see Ã©?"), "Why do I see Ã©?", hint)
### BEGIN HIDDEN TESTS
hint = "Take the characters for bytes and read these as UTF-8, once; or leave all of it alone."
for line in ("", "Is that all?", "Łucja’s naïve café – ½ price", "日本 🙂🙂", "Ã", "Ã© for £3"):
    check_repaired(exported(line), line, hint)
for line in ("Â", "½ a pound", "cafÃ© for 4 €", "So naïve", "🙂"):
    check_repaired(line, line, hint)
### END HIDDEN TESTS

# %% [markdown]
# An export has no conversations, only one long list of messages. Write `conversations(messages, within)`. `messages` is a list of
# `(sender, milliseconds, text)`, the newest first, and `within` a number of minutes. The result is a list of conversations, the oldest
# first; each is a list of its turns, strings, the oldest first as well.
#
# - A message with an empty text, a photo for example, is left out, as if it had never been sent.
# - Where a message comes more than `within` minutes after the message before it, a new conversation begins.
# - Several messages in a row by one sender are one turn of the conversation: their texts with a space between them.
# - A conversation of a single turn is left out: nobody answered.
#
# For example, with `within=5` the four messages
# `[("Tom", 940_000, "Good night."), ("Tom", 240_000, "Yes?"), ("Ina", 60_000, "Are you there?"), ("Ina", 0, "Tom.")]` are the one
# conversation `[["Tom. Are you there?", "Yes?"]]`.


# %% solution="conversations"
def conversations(messages, within):
    """Return the conversations in a list of messages: a list of lists of strings."""
    ### BEGIN SOLUTION
    found, before = [], None
    for sender, time, line in reversed(messages):
        if not line:
            continue
        if before is None or time - before[1] > within * 60_000:
            found.append([line])
        elif sender == before[0]:
            found[-1][-1] += " " + line
        else:
            found[-1].append(line)
        before = sender, time
    return [talk for talk in found if len(talk) > 1]
    ### END SOLUTION


# %% tests="cut_at_pauses" points=1
def newest_first(rows):
    """Return messages as an export has them, of rows (sender, minutes, text), oldest first."""
    return [(sender, round(60_000 * sent), line) for sender, sent, line in reversed(rows)]


def check_conversations(name, rows, within, wanted, hint):
    found = conversations(newest_first(rows), within)
    checks.equal(f"conversations: {name}, within {within} minutes", found, wanted, hint)


hint = "The export has the newest message first, and a conversation has the oldest first."
rows = [("Ina", 0, "Are you in?"), ("Tom", 1, "I am."), ("Ina", 3, "Good.")]
check_conversations("three messages", rows, 30, [["Are you in?", "I am.", "Good."]], hint)
hint = "What one sender writes in a row is one turn, with a space between the texts."
rows = [("Ina", 0, "Tom."), ("Ina", 1, "Are you there?"), ("Tom", 4, "Yes?")]
check_conversations("two in a row", rows, 5, [["Tom. Are you there?", "Yes?"]], hint)
hint = "Measure the pause from each message to the next one. It may be as long as `within`."
rows = [("Tom", 0, "Tea?"), ("Ina", 10, "Please."), ("Tom", 20, "Milk?"), ("Ina", 30, "No.")]
check_conversations("pauses of 10 minutes", rows, 10, [["Tea?", "Please.", "Milk?", "No."]], hint)
hint = "A longer pause begins a new conversation, also where the sender is the same."
rows = [("Tom", 0, "Tea?"), ("Ina", 9, "Yes."), ("Ina", 20, "And you?"), ("Tom", 21, "Yes.")]
check_conversations("a longer pause", rows, 10, [["Tea?", "Yes."], ["And you?", "Yes."]], hint)
hint = "Count the turns of a conversation, not its messages: a single one is no conversation."
rows = [("Ina", 0, "Hello."), ("Ina", 1, "Anyone?"), ("Tom", 90, "Here."), ("Tom", 99, "Hm.")]
check_conversations("nobody answers", rows, 30, [], hint)
hint = "A message without a text is as good as never sent: it adds no space and shortens no pause."
rows = [("Ina", 0, "Look."), ("Ina", 1, ""), ("Ina", 2, "A fox."), ("Tom", 3, "Oh.")]
check_conversations("a photo", rows, 5, [["Look. A fox.", "Oh."]], hint)
rows = [("Ina", 0, "Look."), ("Tom", 4, ""), ("Tom", 8, "At what?"), ("Ina", 9, "A fox.")]
check_conversations("a photo in a pause", rows, 5, [["At what?", "A fox."]], hint)
### BEGIN HIDDEN TESTS
hint = "Follow the four rules, from the oldest message to the newest one."
rows = [("Ina", 0, "a"), ("Tom", 1.5, "b"), ("Eve", 2, "c"), ("Eve", 3.5, "d"), ("Ina", 5.1, "e")]
check_conversations("three people", rows, 1.5, [["a", "b", "c d"]], hint)
check_conversations("three people", rows, 2, [["a", "b", "c d", "e"]], hint)
check_conversations("nothing but photos", [("Ina", 0, ""), ("Tom", 1, "")], 5, [], hint)
check_conversations("no messages", [], 5, [], hint)
name, wanted = "conversations: the export", [[exported(turn) for turn in talk] for talk in talks]
checks.equal(name, conversations(as_export(talks), 60), wanted, hint)
### END HIDDEN TESTS

# %% [markdown]
# `as_export(talks)` has our eight conversations as such a list: a message for each sentence, with photos and messages
# without an answer among them. **How many conversations come back if a pause may be two minutes long, an hour, or a week?** Make a
# guess, then run the cell.

# %%
with checks.softly():
    export = [(*message[:2], repaired(message[2])) for message in as_export(talks)]
    checks.attempted("repaired", export[0][2])
    for pause in (2, 60, 7 * 24 * 60):
        came_back = conversations(export, pause)
        checks.attempted("conversations", came_back)
        back, verdict = sum(map(len, came_back)), "as" if came_back == talks else "not as"
        print(
            f"{pause:6,} minutes: conversations {len(came_back)}, turns {back}, {verdict} in talks"
        )

# %% [markdown]
# ## 2. From conversations to ids (2 points)
#
# A chatbot learns from replies, and from what was said before them. Every turn of a conversation but the first is a reply to the
# turn before it. Often that one is not enough: "Is that all?" says little without what came before. So the model may read several
# turns, with the token `__eou__` (end of utterance) between them.
#
# Write `exchanges(conversation, context)`. It returns a list of pairs `(said, reply)`, one for each reply, in their order. `said` is
# one string: the `context` turns right before the reply, the oldest first, with `" __eou__ "` between them. Where there are
# fewer turns before a reply, these are taken.
#
# For example, `exchanges(["Tea?", "Please.", "Milk?"], context=2)` is
# `[("Tea?", "Please."), ("Tea? __eou__ Please.", "Milk?")]`.


# %% solution="exchanges"
def exchanges(conversation, context):
    """Return the replies of a conversation with what was said before: a list of pairs."""
    ### BEGIN SOLUTION
    pairs = []
    for place in range(1, len(conversation)):
        said = conversation[max(0, place - context) : place]
        pairs.append((" __eou__ ".join(said), conversation[place]))
    return pairs
    ### END SOLUTION


# %% tests="said_and_replied" points=1
def check_exchanges(turns, context, before):
    """Compare with the turns before each reply, given by their places."""
    found = exchanges(list(turns), context)
    name = f"exchanges: {len(turns)} turns, context {context}"
    hint = "Every turn but the first is the reply of one pair, those at the beginning too."
    check_results(name, found, len(before), hint)
    replies = [pair[1] for pair in found]
    checks.equal(f"{name}, the replies", replies, turns[1:], hint)
    hint = (
        "Take the turns right before the reply, as many as there are up to `context`, in the order "
        "in which they were said. The mark stands between two turns, with its two spaces."
    )
    wanted = [" __eou__ ".join(turns[place] for place in places) for places in before]
    checks.equal(f"{name}, what was said", [pair[0] for pair in found], wanted, hint)


check_exchanges(["Tea?", "Please.", "Milk?"], 2, [[0], [0, 1]])
check_exchanges(talks[0], 1, [[0], [1], [2]])
check_exchanges(talks[1], 3, [[0], [0, 1], [0, 1, 2], [1, 2, 3]])
### BEGIN HIDDEN TESTS
check_exchanges(["Tea?", "No."], 4, [[0]])
check_exchanges(list("abcdefg"), 2, [[0], [0, 1], [1, 2], [2, 3], [3, 4], [4, 5]])
check_exchanges(list("abcdef"), 5, [range(n) for n in range(1, 6)])
### END HIDDEN TESTS

# %% [markdown]
# In training the decoder reads the reply of the training set, shifted by one: at each step it sees the true word before, and has to say the
# next one. That is teacher forcing. Write `teacher_forced(replies, start, end, pad)` for a batch. `replies` is a list of lists of ids;
# an empty one is a reply without a word. `start`, `end` and `pad` are the ids of the special tokens, whatever numbers they are; none of
# them stands in `replies`. It returns three arrays of the same shape `(replies, steps)`:
#
# - `inputs`, what the decoder reads: `start`, then the reply,
# - `targets`, what it has to say: the reply, then `end`,
# - `mask`, True where a target counts. `end` counts, because the model has to learn when to stop; `pad` never does.
#
# There are as many steps as the longest reply needs. Shorter ones are filled up with `pad` on the right.
#
# For example, `teacher_forced([[7, 5], [6]], start=1, end=2, pad=0)` gives the inputs `[[1, 7, 5], [1, 6, 0]]`, the targets
# `[[7, 5, 2], [6, 2, 0]]` and the mask `[[True, True, True], [True, True, False]]`.


# %% solution="teacher_forced"
def teacher_forced(replies, start, end, pad):
    """Return the decoder's inputs, targets and mask for a batch: three arrays (replies, steps)."""
    ### BEGIN SOLUTION
    steps = max(map(len, replies)) + 1
    inputs, targets = np.full((2, len(replies), steps), pad)
    for row, reply in enumerate(replies):
        inputs[row, : len(reply) + 1] = [start, *reply]
        targets[row, : len(reply) + 1] = [*reply, end]
    return inputs, targets, targets != pad
    ### END SOLUTION


# %% tests="shifted_by_one" points=1
def check_forced(replies, start, end, pad):
    name = f"teacher_forced: {len(replies)} replies, pad = {pad}"
    found = teacher_forced([list(reply) for reply in replies], start, end, pad)
    check_results(name, found, 3, "Return inputs, targets and mask.")
    longest = max(map(len, replies))
    shape = len(replies), longest + 1
    hint = "How many steps does the longest reply need, with what is added to it?"
    for what, array in zip(("inputs", "targets", "mask"), found):
        checks.shape(f"{name}, {what}", array, shape, hint)
    short = [longest - len(reply) for reply in replies]
    hint = "`start`, then the reply; behind it there is nothing left to read but `pad`."
    wanted = [[start, *reply, *[pad] * n] for reply, n in zip(replies, short)]
    checks.equal(f"{name}, inputs", found[0], wanted, hint)
    hint = "The reply, then `end` in every row; `pad` fills up what is behind it."
    wanted = [[*reply, end, *[pad] * n] for reply, n in zip(replies, short)]
    checks.equal(f"{name}, targets", found[1], wanted, hint)
    hint = "Every target that the model has to learn counts, `end` among them, and `pad` does not."
    wanted = [[*[True] * (longest + 1 - n), *[False] * n] for n in short]
    checks.equal(f"{name}, mask", found[2], wanted, hint)


check_forced([[7, 5], [6]], START, END, PAD)
check_forced([[4, 9, 4], [8], [], [5, 6, 7, 4, 9]], START, END, PAD)
check_forced([[0, 3], [2, 0, 1, 0], [4]], start=7, end=8, pad=9)
### BEGIN HIDDEN TESTS
check_forced([[6, 6, 6]], START, END, PAD)
check_forced([[], []], START, END, PAD)
check_forced([[1, 0], [0], [0, 0, 1, 5, 0, 1], [], [1, 1]], start=3, end=2, pad=4)
check_forced([codec.ids(turn) for talk in talks for turn in talk], START, END, PAD)
### END HIDDEN TESTS

# %% [markdown]
# **How many exchanges are there in our eight conversations, and how much of their batch is padding?** Make a guess, then run the
# cell.

# %%
with checks.softly():
    by_talk = [exchanges(talk, 2) for talk in talks]
    checks.attempted("exchanges", by_talk[0])
    answers = [codec.ids(reply) for taken in by_talk for _, reply in taken]
    batch = teacher_forced(answers, START, END, PAD)
    checks.attempted("teacher_forced", batch)
    print(
        f"{len(answers)} exchanges, targets {batch[1].shape}, padding {1 - np.mean(batch[2]):.0%}"
    )

# %% [markdown]
# ## 3. A split that does not leak (2 points)
#
# A chatbot is judged by conversations that it has not seen. Has it really not seen them? People say the same things again, and files
# of conversations hold many of them twice. What stands on both sides of a split has *leaked*: the model can answer it from memory.
#
# Write `leaked(train, held_out)` for two lists of exchanges `(said, reply)`. It returns the share of held-out exchanges that stand in
# training word for word: an exchange there has the same words in `said` and the same words in `reply`. Capitals and marks do not
# count, so compare what `plain` makes of the texts. An exchange that stands several times in `held_out` counts as often. If
# nothing is held out, the share is 0.0.
#
# For example, if `train` is `[("Tea?", "Yes, please."), ("Milk?", "No.")]` and `held_out` is
# `[("tea", "yes please"), ("Tea?", "No.")]`, then half has leaked: the words of the second are known, but not as an answer to this.


# %% solution="leaked"
def leaked(train, held_out):
    """Return the share of held-out exchanges that stand in training: a float."""
    ### BEGIN SOLUTION
    known = {(plain(said), plain(reply)) for said, reply in train}
    again = [(plain(said), plain(reply)) in known for said, reply in held_out]
    return sum(again) / len(again) if again else 0.0
    ### END SOLUTION


# %% tests="share_leaked" points=1
def check_leaked(name, train, held_out, wanted, hint):
    checks.close(f"leaked: {name}", leaked(list(train), list(held_out)), wanted, hint)


train = [("Tea?", "Yes, please."), ("Milk?", "No."), ("Shall we go?", "It is raining.")]
hint = "Capitals and marks do not count: compare what `plain` makes of both texts, on both sides."
check_leaked("other capitals", train, [("tea", "yes please"), ("MILK!", "no"), train[2]], 1, hint)
hint = "It is the share of what is held out, and each exchange of it counts, also a repeated one."
held_out = [("Milk?", "No."), ("Milk?", "No."), ("Milk?", "No."), ("Sugar?", "Two.")]
check_leaked("repeated", train, held_out, 3 / 4, hint)
hint = "What was said and the reply must both be the same, and both in one exchange of training."
held_out = [("Tea?", "No."), ("Shall we go?", "Yes, please."), ("Milk?", "No."), ("Cake?", "No.")]
check_leaked("known words", train, held_out, 1 / 4, hint)
check_leaked("the same words, cut elsewhere", train, [("Tea, yes?", "Please.")], 0, hint)
hint = "Of nothing, nothing has leaked."
check_leaked("nothing held out", train, [], 0, hint)
### BEGIN HIDDEN TESTS
hint = "Count the held-out exchanges of which both texts, made plain, stand together in training."
every = [pair for talk in talks for pair in pairwise(talk)]
shouted = [(said.upper(), f"{reply} …") for said, reply in every]
check_leaked("all of it", every, shouted, 1, hint)
check_leaked("the other way round", every, [pair[::-1] for pair in every], 0, hint)
check_leaked("some of it", every[5:], shouted[:20], 15 / 20, hint)
check_leaked("an empty training set", [], every, 0, hint)
### END HIDDEN TESTS

# %% [markdown]
# Two neighbouring exchanges of a conversation have a turn in common, so exchanges must not be drawn one by one. Write
# `split(conversations, share, seed)`. It returns two lists of conversations, those to learn from and those held out.
#
# - Whole conversations are drawn: each is on one side, and none is lost.
# - Conversations that are equal, turn by turn, capitals and marks aside, are one conversation said twice: keep one of them, no matter
#   which, and drop the others. That comes first.
# - Of the n conversations that are then left, `round(share * n)` are held out.
# - Which ones, chance decides. With the same `seed` the split is the same, with other seeds others are held out.
#   `np.random.default_rng(seed)` draws like that, with its method `permutation` for example.
#
# The order within each list is up to you. For example, of the conversations `[["Tea?", "Yes."], ["Milk?", "No."], ["tea", "yes"]]` two
# are left, and with `share=0.5` there is one on each side.


# %% solution="split"
def split(conversations, share, seed):
    """Return the conversations to learn from and those held out: two lists."""
    ### BEGIN SOLUTION
    different = list({tuple(map(plain, talk)): talk for talk in conversations}.values())
    order = np.random.default_rng(seed).permutation(len(different))
    count = round(share * len(different))
    train, held_out = order[count:], order[:count]
    return [different[place] for place in train], [different[place] for place in held_out]
    ### END SOLUTION


# %% tests="whole_conversations" points=1
def numbered(count):
    """Make up as many conversations, of two to four turns; they all begin with the same one."""
    turns = "Hello.", "Who is number {}?", "I am number {}.", "Good to know, {}."
    return [[turn.format(n) for turn in turns[: 3 + n % 2]] for n in range(count)]


def keys(part):
    """Return the conversations of one side without capitals and marks, in order."""
    return sorted(tuple(plain(str(turn)) for turn in talk) for talk in part)


def check_split(count, repeated, share, held, seed):
    known = numbered(count)
    given = known + [[turn.upper().strip(".?") for turn in talk] for talk in known[:repeated]]
    name = f"split: {len(given)} conversations, {repeated} of them twice, share {share}"
    found = split(list(given), share, seed)
    check_results(name, found, 2, "Return two lists of conversations.")
    train, held_out = map(keys, found)
    hint = "A conversation is drawn whole: its turns stay together, in their order."
    checks.holds(f"{name}: they are whole", set(train + held_out) <= set(keys(known)), hint)
    hint = "Each conversation must be on one of the two sides, also one that was given twice."
    checks.equal(f"{name}: how many different ones", len(set(train + held_out)), count, hint)
    hint = "Of conversations that are equal, capitals and marks aside, keep one: on one side, once."
    checks.equal(f"{name}: how many on both sides together", len(train + held_out), count, hint)
    hint = "round(share * n), where n counts what is left after repeated ones are dropped."
    checks.equal(f"{name}: how many are held out", len(held_out), held, hint)
    again = [split(list(given), share, seed) for _ in range(3)]
    hint = "The same seed gives the same split: draw from a generator that begins with it."
    same = [[*map(keys, parts)] == [train, held_out] for parts in again]
    checks.holds(f"{name}: the same seed again", same, hint)
    hint = "Chance decides which ones: over many seeds, each is held out at some time."
    ever = {talk for other in range(80) for talk in keys(split(list(given), share, other)[1])}
    checks.equal(f"{name}: how many are ever held out", len(ever), count, hint)


check_split(10, 0, 0.2, held=2, seed=1)
check_split(9, 5, 0.3, held=3, seed=2)
### BEGIN HIDDEN TESTS
check_split(7, 7, 0.4, held=3, seed=3)
check_split(12, 3, 0.73, held=9, seed=4)
check_split(5, 1, 0.35, held=2, seed=5)
### END HIDDEN TESTS

# %% [markdown]
# Ina and Tom had three of their conversations again, typed in small letters. **How much leaks if their exchanges are drawn one by one,
# and how much if conversations are?** Make a guess, then run the cell.

# %%
with checks.softly():
    twice = talks + [[plain(turn) for turn in talk] for talk in talks[:3]]
    lines = [pair for talk in twice for pair in pairwise(talk)]
    order = np.random.default_rng(0).permutation(len(lines)).tolist()
    drawn = [lines[place] for place in order]
    by_line = leaked(drawn[12:], drawn[:12])
    checks.attempted("leaked", by_line)
    sides = split(twice, 0.3, 0)
    checks.attempted("split", sides)
    whole = leaked(*([pair for talk in side for pair in pairwise(talk)] for side in sides))
    print(f"leaked by line: {by_line:.0%}, by whole conversation: {whole:.0%}")

# %% [markdown]
# ## 4. Saying something (2 points)
#
# A model that always says the likeliest word gives the same dull answer to everything. A model that draws from all words says
# nonsense before long. *Top-k* stands between the two: draw among the k likeliest words only. The first word of a reply decides
# where it goes, and so it may have more choice than the others: a k of its own.
#
# Write `next_probs(probs, place, first_k, top_k)`. `probs` `(tokens,)` holds the model's probability of each token, and `place` says
# which word of the reply comes next: 0 is the first one. The result is an array of the same shape. The k likeliest tokens are left, where
# k is `first_k` for the first word and `top_k` for all others; every other token has the probability 0. What is left adds up to 1 again, in
# its old proportions. If k is larger than the number of tokens, all are left.
#
# For example, take `probs = np.array([0.1, 0.4, 0.3, 0.2])` with `first_k=3` and `top_k=2`. At place 0 the result is
# `[0, 4/9, 3/9, 2/9]`, at place 1 and any later one `[0, 4/7, 3/7, 0]`.


# %% solution="next_probs"
def next_probs(probs, place, first_k, top_k):
    """Return the probabilities from which the next word is drawn: (tokens,)."""
    ### BEGIN SOLUTION
    likeliest = np.argsort(-probs)[: top_k if place else first_k]
    left = np.zeros(len(probs))
    left[likeliest] = probs[likeliest]
    return left / left.sum()
    ### END SOLUTION


# %% tests="top_k_twice" points=1
def check_next(probs, place, first_k, top_k, left):
    """Compare with the tokens that are left, the likeliest first."""
    name = f"next_probs: {len(probs)} tokens, place {place}, first_k {first_k}, top_k {top_k}"
    found = next_probs(np.array(probs), place, first_k, top_k)
    checks.shape(name, found, (len(probs),), "Every token has a probability, if it is 0.")
    hint = "The likeliest tokens are left, `first_k` of them at place 0 and `top_k` behind it."
    tokens = np.flatnonzero(np.asarray(found)).tolist()
    checks.equal(f"{name}, the tokens that are left", tokens, sorted(left), hint)
    hint = "In a distribution all probabilities add up to 1."
    checks.close(f"{name}, the sum", np.sum(found), 1.0, hint)
    hint = "What is left keeps its proportions: a token twice as likely as another stays so."
    total = sum(probs[token] for token in left)
    wanted = [p / total if token in left else 0.0 for token, p in enumerate(probs)]
    checks.close(name, found, wanted, hint)


check_next([0.1, 0.4, 0.3, 0.2], 0, 3, 2, [1, 2, 3])
check_next([0.1, 0.4, 0.3, 0.2], 1, 3, 2, [1, 2])
check_next([0.05, 0.3, 0.02, 0.2, 0.18, 0.25], 0, 1, 4, [1])
check_next([0.05, 0.3, 0.02, 0.2, 0.18, 0.25], 3, 1, 4, [1, 5, 3, 4])
check_next([0.2, 0.5, 0.3], 0, 9, 2, [1, 2, 0])
### BEGIN HIDDEN TESTS
for tokens, seed in ((8, 41), (21, 42)):
    drawn = np.random.default_rng(seed).dirichlet(np.ones(tokens)).tolist()
    ranked = sorted(range(tokens), key=lambda token: -drawn[token])
    check_next(drawn, 0, 5, 2, ranked[:5])
    check_next(drawn, 1, 5, 1, ranked[:1])
    check_next(drawn, 2, 3, 6, ranked[:6])
    check_next(drawn, 7, 2, 30, ranked)
### END HIDDEN TESTS

# %% [markdown]
# Small models go round in circles: "and it is the soup and it is the soup". A rule against it says that no run of n words, no *n-gram*, comes
# twice in a reply. Write `banned(said, n)`. `said` is the list of the words of the reply so far. The result is the set of the words
# that may not come next: those with which the last n words of the reply would be an n-gram that stands in `said` already. For
# n = 1 every word that was said is banned.
#
# For example, take `said = ["you", "know", "what", "you", "know"]`. For n = 2 and n = 3 the result is `{"what"}`: "know what" was said,
# and "you know what" as well. For n = 4 it is the empty set, `set()`.


# %% solution="banned"
def banned(said, n):
    """Return the words that would complete an n-gram which was said already: a set."""
    ### BEGIN SOLUTION
    last = said[max(0, len(said) - (n - 1)) :]
    ends = range(n - 1, len(said))
    return {said[end] for end in ends if said[end - (n - 1) : end] == last}
    ### END SOLUTION


# %% tests="no_run_twice" points=1
def check_banned(said, n, wanted, hint):
    name = f"banned: n = {n}, {len(said.split())} words said"
    found = banned(said.split(), n)
    checks.attempted(name, found)
    checks.equal(name, sorted(set(found)), sorted(wanted.split()), hint)


hint = "Which words came behind the last n - 1 words of `said`, wherever these stood before?"
check_banned("you know what you know", 2, "what", hint)
check_banned("you know what you know", 3, "what", hint)
check_banned("you know what you know", 4, "", hint)
check_banned("it is late it was cold it", 2, "is was", hint)
check_banned("what is it she said it", 3, "", hint)
hint = "The n-gram that was said may overlap with the one that would come."
check_banned("no no", 2, "no", hint)
hint = "An n-gram of one word is the word."
check_banned("so do i so", 1, "so do i", hint)
hint = "With fewer words than that no n-gram has been said yet."
check_banned("so so", 4, "", hint)
### BEGIN HIDDEN TESTS
hint = "A word is banned if the last n - 1 words, with it behind them, are an n-gram of `said`."
check_banned("", 1, "", hint)
check_banned("", 3, "", hint)
check_banned("tea", 2, "", hint)
check_banned("a b a b a b", 3, "a", hint)
check_banned("a a a a", 4, "a", hint)
words = np.random.default_rng(43).choice(list("abc"), 50).tolist()
runs = ["".join(words[place : place + 3]) for place in range(48)]
following = [word for word in "abc" if "".join(words[-2:]) + word in runs]
check_banned(" ".join(words), 3, " ".join(following), hint)
### END HIDDEN TESTS

# %% [markdown]
# Below is a model that only counts. It knows exchanges, and which word comes behind which in their replies; those count
# most that answer something like what is said now. `say` lets it speak, by your two rules.


# %% locked="counting_model"
frequency = np.bincount(codec.ids(written), minlength=len(codec.vocabulary))


def likeness(said, other):
    """Return how much two texts have in common: rare words count more than frequent ones."""
    common = ({*codec.ids(said)} & {*codec.ids(other)}) - {UNK}
    return 0.02 + sum(1 / frequency[id] for id in common) ** 2


def token_probs(replies, weights, before):
    """Return how likely each token comes behind one, by lists of ids: (tokens,)."""
    probs = np.zeros(len(codec.vocabulary))
    for reply, weight in zip(replies, weights):
        for token, after in pairwise(reply):
            probs[after] += weight * (token == before)
    return probs / probs.sum()


def say(pairs, said, first_k, top_k, n, rng):
    """Draw a reply to what was said, without an n-gram that comes twice."""
    weights = [likeness(said, other) for other, _ in pairs]
    replies = [[START, *codec.ids(reply), END] for _, reply in pairs]
    spoken = [START]
    while spoken[-1] != END and len(spoken) < 20:
        probs = token_probs(replies, weights, spoken[-1])
        ban = banned(codec.vocabulary.words(spoken), n)
        checks.attempted("banned", ban)
        probs[codec.vocabulary.ids(sorted(ban))] = 0
        if not probs.any():
            break
        probs = next_probs(probs / probs.sum(), len(spoken) - 1, first_k, top_k)
        checks.attempted("next_probs", probs)
        spoken.append(int(rng.choice(len(probs), p=probs)))
    return " ".join(codec.vocabulary.words(spoken))


# %% [markdown]
# **If the model answers the same question fifty times, how many different replies does it give with `first_k=4, top_k=1`, and how many with
# `first_k=1, top_k=4`?** Make a guess, then run the cell.

# %%
with checks.softly():
    lines = [pair for talk in talks for pair in pairwise(talk)]
    for k_first, k_later in ((1, 1), (4, 1), (1, 4)):
        dice = np.random.default_rng(1)
        said = [say(lines, "Shall we have soup?", k_first, k_later, 2, dice) for _ in range(50)]
        print(f"first_k {k_first}, top_k {k_later}: {len(set(said))} different, as {said[0]!r}")

# %% [markdown]
# With `top_k=1` all chance is in the first word: there are no more replies than first words.
#
# ## 5. Is it any good? (2 points)
#
# To most questions there are many good answers, so a chatbot cannot be counted right or wrong word by word. But there are two things
# that can be counted. The first: does it always say the same? *Distinct-n* is the number of different n-grams in all its replies
# together, divided by the number of all n-grams in them.
#
# Write `distinct(replies, n)`. `replies` is a list of lists of words. An n-gram is n words in a row of one reply: it never reaches from one
# reply into the next. If there is no n-gram at all, the result is 0.0.
#
# For example, `distinct([["oh", "yes"], ["oh", "yes"], ["no"]], 1)` is 0.6: five words, of which three are different. For n = 2 it is 0.5,
# and for n = 3 it is 0.0.


# %% solution="distinct"
def distinct(replies, n):
    """Return the share of different n-grams among all n-grams of all replies: a float."""
    ### BEGIN SOLUTION
    grams = [
        tuple(reply[place : place + n]) for reply in replies for place in range(len(reply) - n + 1)
    ]
    return len(set(grams)) / len(grams) if grams else 0.0
    ### END SOLUTION


# %% tests="different_n_grams" points=1
def check_distinct(replies, n, wanted, hint):
    found = distinct([reply.split() for reply in replies], n)
    checks.close(f"distinct-{n} of {len(replies)} replies", found, wanted, hint)


hint = "Count the n-grams of all replies, and how many different ones are among all of these."
check_distinct(["oh yes", "oh yes", "no"], 1, 3 / 5, hint)
check_distinct(["i see", "i see", "i see", "i hear it is so"], 1, 6 / 11, hint)
hint = "One n-gram begins at every word that has n - 1 words behind it: they overlap."
check_distinct(["it is what it is"], 2, 3 / 4, hint)
hint = "No n-gram reaches from one reply into the next."
check_distinct(["so do i", "do i", "i do"], 2, 3 / 4, hint)
hint = "Replies can be too short to have an n-gram. If all are, it is 0.0."
check_distinct(["yes", "no", ""], 2, 0, hint)
### BEGIN HIDDEN TESTS
hint = "Different n-grams by all n-grams, over all replies, none of them across two replies."
check_distinct(["a b c a b c a b", "b c a"], 3, 3 / 7, hint)
check_distinct(["a a", "a", "a a a a"], 1, 1 / 7, hint)
check_distinct(["a", "b", "a b c", "c d"], 2, 1, hint)
check_distinct([], 1, 0, hint)
### END HIDDEN TESTS

# %% [markdown]
# The second: has it learnt to speak, or does it recite? Write `copied(replies, training, at_least)`, for two lists of lists of words: the
# model's replies, and those that it learnt from. Short replies say nothing here, because everybody says "thank you". So only
# replies of at least `at_least` words are looked at. The result is the share of them that stand in training word for word: the whole reply
# is one of the replies there, no more and no less. A reply that the model gives several times counts as often. If no reply is long
# enough, the result is 0.0.
#
# For example, take `training = [["thank", "you"], ["so", "do", "i", "then"]]`. For the replies `[["thank", "you"], ["so", "do", "i"],
# ["so", "do", "i", "then"]]` and `at_least=3` the result is 0.5: two are long enough, and one of these is a copy.


# %% solution="copied"
def copied(replies, training, at_least):
    """Return the share of the longer replies that stand in training word for word: a float."""
    ### BEGIN SOLUTION
    known = {tuple(reply) for reply in training}
    longer = [tuple(reply) for reply in replies if len(reply) >= at_least]
    return sum(reply in known for reply in longer) / len(longer) if longer else 0.0
    ### END SOLUTION


# %% tests="copies_counted" points=1
def check_copied(replies, training, at_least, wanted, hint):
    rows = [[reply.split() for reply in part] for part in (replies, training)]
    name = f"copied: {len(replies)} replies, {len(training)} in training, at least {at_least} words"
    checks.close(name, copied(*rows, at_least), wanted, hint)


learnt = ["thank you", "so do i then", "it is late my dear", "no"]
hint = "Only replies of at least so many words count, above and below the line."
check_copied(["thank you", "so do i", "so do i then"], learnt, 3, 1 / 2, hint)
check_copied(["thank you", "so do i then", "no", "is it late then"], learnt, 4, 1 / 2, hint)
check_copied(["unbelievable", "it is late my dear"], learnt, 5, 1, hint)
hint = "A copy is a whole reply of training, with all its words in their order."
replies = ["it is late", "late my dear it is", "i do so then", "thank you so do i then"]
check_copied(replies, learnt, 3, 0, hint)
hint = "A reply that is given several times counts each time."
check_copied(["so do i then", "so do i then", "so do i then", "it was all"], learnt, 2, 3 / 4, hint)
hint = "If no reply is long enough there is nothing to divide by: then it is 0.0."
check_copied(["no", "thank you"], learnt, 3, 0, hint)
### BEGIN HIDDEN TESTS
hint = "Of the replies that are long enough, how many are a whole reply of training?"
check_copied(["no", "no", "yes", "thank you"], learnt, 1, 3 / 4, hint)
check_copied(["a b c", "a b c d", "c b a", "a b c", "d"], ["a b c", "a b"], 3, 2 / 4, hint)
check_copied(["a b c d e"], [], 5, 0, hint)
check_copied([], learnt, 1, 0, hint)
### END HIDDEN TESTS

# %% [markdown]
# Three bots answer thirty times. One always says "That is very kind." One gives replies of Ina and Tom, drawn at random. One
# throws dice for each word. **Which has the best figures, and which would you rather talk to?** Make a guess, then run the cell.

# %%
with checks.softly():
    dice = np.random.default_rng(2)
    typed = [plain(reply).split() for talk in talks for reply in talk[1:]]
    bots = {
        "polite": [plain("That is very kind.").split()] * 30,
        "parrot": [typed[place] for place in dice.integers(0, len(typed), 30)],
        "dice": [dice.choice(codec.vocabulary.tokens[4:], 6).tolist() for _ in range(30)],
    }
    for bot, replies in bots.items():
        variety, copies = distinct(replies, 2), copied(replies, typed, 4)
        checks.attempted("distinct", variety)
        checks.attempted("copied", copies)
        print(f"{bot:7}: distinct-2 {variety:.2f}, copied {copies:.0%}")

# %% [markdown]
# Neither figure says whether a reply is an answer. Each only shows a way to fail: to repeat oneself, or to recite. Whether a reply makes
# sense, somebody has to read.
#
# Everything together, from the export to the figures. The model learns from most conversations and answers what was said in the
# others. **Will it make sense?** Make a guess, then run the cell.

# %%
with checks.softly():
    export = [(*message[:2], repaired(message[2])) for message in as_export(talks)]
    checks.attempted("repaired", export[0][2])
    chats = conversations(export, 60)
    checks.attempted("conversations", chats)
    sides = split(chats, 0.25, 3)
    checks.attempted("split", sides)
    checks.attempted("exchanges", exchanges(chats[0], 2))
    to_learn, to_answer = ([pair for talk in side for pair in exchanges(talk, 2)] for side in sides)
    dice = np.random.default_rng(10)
    said = [say(to_learn, asked, 3, 2, 2, dice) for asked, _ in to_answer]
    for (asked, _), reply in zip(to_answer, said):
        print(f"{asked}\n    {reply}")
    leak, variety = leaked(to_learn, to_answer), distinct([reply.split() for reply in said], 2)
    checks.attempted("leaked", leak)
    checks.attempted("distinct", variety)
    typed = [plain(reply).split() for _, reply in to_learn]
    copies = copied([reply.split() for reply in said], typed, 4)
    checks.attempted("copied", copies)
    print(f"leaked {leak:.0%}, distinct-2 {variety:.2f}, copied {copies:.0%}")

# %% [markdown]
# ## Where to go on
#
# In the library, `course.corpora.messenger` reads a whole export, `course.exchanges` makes exchanges of conversations and splits them,
# `course.chat` lets a trained network speak by rules like yours, and `course.metrics.replies` counts as you did. The network
# itself you meet in [lesson 10](../../lessons/10_chatbot.ipynb).
