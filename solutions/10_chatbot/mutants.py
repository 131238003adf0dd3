"""Plausible wrong answers to exercise 10, with the points that each deserves."""

from autograder.mutants import Mutant

REPAIRED = """
def repaired(text):
    try:
        return text.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return text
"""

CONVERSATIONS = """
def conversations(messages, within):
    talks, talk, last, sent = [], [], None, None
    for sender, time, text in reversed(messages):
        if text == "":
            continue
        if sent is not None and time - sent > within * 60 * 1000:
            talks.append(talk)
            talk, last = [], None
        if sender == last:
            talk[-1] = talk[-1] + " " + text
        else:
            talk.append(text)
        last, sent = sender, time
    talks.append(talk)
    return [talk for talk in talks if len(talk) >= 2]
"""

EXCHANGES = """
def exchanges(conversation, context):
    found = []
    for place, reply in enumerate(conversation):
        if place > 0:
            first = max(0, place - context)
            found.append((" __eou__ ".join(conversation[first:place]), reply))
    return found
"""

TEACHER_FORCED = """
def teacher_forced(replies, start, end, pad):
    steps = max(len(reply) for reply in replies) + 1
    inputs, targets, mask = [], [], []
    for reply in replies:
        filled = [pad] * (steps - len(reply) - 1)
        inputs.append([start] + reply + filled)
        targets.append(reply + [end] + filled)
        mask.append([True] * (len(reply) + 1) + [False] * len(filled))
    return np.array(inputs), np.array(targets), np.array(mask)
"""

LEAKED = """
def leaked(train, held_out):
    if not held_out:
        return 0.0
    seen = [(plain(said), plain(reply)) for said, reply in train]
    return sum((plain(said), plain(reply)) in seen for said, reply in held_out) / len(held_out)
"""

SPLIT = """
def split(conversations, share, seed):
    different, seen = [], set()
    for talk in conversations:
        key = tuple(plain(turn) for turn in talk)
        if key not in seen:
            seen.add(key)
            different.append(talk)
    order = np.random.default_rng(seed).permutation(len(different))
    held = round(share * len(different))
    chosen = set(order[:held].tolist())
    train = [talk for place, talk in enumerate(different) if place not in chosen]
    return train, [talk for place, talk in enumerate(different) if place in chosen]
"""

NEXT_PROBS = """
def next_probs(probs, place, first_k, top_k):
    k = first_k if place == 0 else top_k
    ranked = np.argsort(probs)[::-1][:k]
    kept = np.zeros(len(probs))
    kept[ranked] = probs[ranked]
    return kept / kept.sum()
"""

BANNED = """
def banned(said, n):
    grams = [said[place : place + n] for place in range(len(said) - n + 1)]
    last = said[len(said) - n + 1 :]
    return {gram[-1] for gram in grams if gram[:-1] == last}
"""

DISTINCT = """
def distinct(replies, n):
    grams = []
    for reply in replies:
        for place in range(len(reply) - n + 1):
            grams.append(tuple(reply[place : place + n]))
    if not grams:
        return 0.0
    return len(set(grams)) / len(grams)
"""

COPIED = """
def copied(replies, training, at_least):
    longer = [reply for reply in replies if len(reply) >= at_least]
    if not longer:
        return 0.0
    return sum(reply in training for reply in longer) / len(longer)
"""

MUTANTS = [
    Mutant(
        "Windows' encoding, which has no character for some bytes",
        points=9,
        says="not every encoding",
        answers={"repaired": REPAIRED.replace("latin-1", "cp1252")},
    ),
    Mutant(
        "the same fault a second time",
        points=9,
        says="what do these bytes say",
        answers={
            "repaired": REPAIRED.replace(
                'encode("latin-1").decode("utf-8")', 'encode("utf-8").decode("latin-1")'
            )
        },
    ),
    Mutant(
        "what is no byte and what is no UTF-8 is thrown away",
        points=9,
        says="the whole text stays",
        answers={
            "repaired": """
def repaired(text):
    return text.encode("latin-1", errors="ignore").decode("utf-8", errors="ignore")
"""
        },
    ),
    Mutant(
        "what is no UTF-8 becomes question marks",
        points=9,
        says="the whole text stays",
        answers={"repaired": REPAIRED.replace('"utf-8"', '"utf-8", "replace"')},
    ),
    Mutant(
        "only a text that is no UTF-8 is caught",
        points=9,
        says="UnicodeEncodeError",
        answers={"repaired": REPAIRED.replace("UnicodeError", "UnicodeDecodeError")},
    ),
    Mutant(
        "only a character that is no byte is caught",
        points=9,
        says="UnicodeDecodeError",
        answers={"repaired": REPAIRED.replace("UnicodeError", "UnicodeEncodeError")},
    ),
    Mutant(
        "repaired until nothing changes",
        points=9,
        says="undo it once",
        answers={
            "repaired": REPAIRED.replace("    try:", "    while not text.isascii():\n        try:")
            .replace("        return text.encode", "            text = text.encode")
            .replace("    except UnicodeError:", "        except UnicodeError:\n            break")
            .replace("            break\n        return text", "            break\n    return text")
        },
    ),
    Mutant(
        "the newest message stays first",
        points=9,
        says="oldest first",
        answers={"conversations": CONVERSATIONS.replace("reversed(messages)", "messages")},
    ),
    Mutant(
        "each message is a turn",
        points=9,
        says="in a row is one turn",
        answers={"conversations": CONVERSATIONS.replace("if sender == last:", "if False:")},
    ),
    Mutant(
        "texts in a row are put together without a space",
        points=9,
        says="with a space between",
        answers={
            "conversations": CONVERSATIONS.replace('talk[-1] + " " + text', "talk[-1] + text")
        },
    ),
    Mutant(
        "milliseconds are taken for seconds",
        points=9,
        says="a longer pause begins",
        answers={"conversations": CONVERSATIONS.replace("time - sent", "(time - sent) / 1000")},
    ),
    Mutant(
        "a pause of just so many minutes is too long",
        points=9,
        says="as long as",
        answers={"conversations": CONVERSATIONS.replace("time - sent >", "time - sent >=")},
    ),
    Mutant(
        "the pause is measured from where the conversation began",
        points=9,
        says="from each message",
        answers={
            "conversations": CONVERSATIONS.replace(
                "last, sent = sender, time", "last, sent = sender, sent if len(talk) > 1 else time"
            )
        },
    ),
    Mutant(
        "the pause is measured from the first message of a turn",
        points=9,
        says="four rules",
        answers={
            "conversations": CONVERSATIONS.replace(
                "last, sent = sender, time", "last, sent = sender, time if sender != last else sent"
            )
        },
    ),
    Mutant(
        "the same sender goes on across a pause",
        points=9,
        says="also where the sender is the same",
        answers={
            "conversations": CONVERSATIONS.replace(
                "if sent is not None and time", "if sent is not None and sender != last and time"
            )
        },
    ),
    Mutant(
        "the last conversation is never put away",
        points=9,
        says="oldest first",
        answers={
            "conversations": CONVERSATIONS.replace(
                "    talks.append(talk)\n    return", "    return"
            )
        },
    ),
    Mutant(
        "a conversation of two messages by one sender is kept",
        points=9,
        says="a single one is no conversation",
        answers={"conversations": CONVERSATIONS.replace(">= 2", ">= 1")},
    ),
    Mutant(
        "photos are messages like any other",
        points=9,
        says="adds no space",
        answers={
            "conversations": CONVERSATIONS.replace(
                'if text == "":\n            continue', "if text is None:\n            continue"
            )
        },
    ),
    Mutant(
        "a photo has no words but shortens a pause",
        points=9,
        says="shortens no pause",
        answers={
            "conversations": CONVERSATIONS.replace(
                'if text == "":\n            continue',
                'if text == "":\n            sent = time\n            continue',
            )
        },
    ),
    Mutant(
        "turns are paired off, two by two",
        points=9,
        says="every turn but the first",
        answers={
            "exchanges": EXCHANGES.replace("if place > 0:", "if place % 2 == 1:"),
        },
    ),
    Mutant(
        "replies with too few turns before them are left out",
        points=9,
        says="those at the beginning",
        answers={"exchanges": EXCHANGES.replace("if place > 0:", "if place >= context:")},
    ),
    Mutant(
        "near the beginning the slice starts below 0, and is empty",
        points=9,
        says="as many as there are",
        answers={"exchanges": EXCHANGES.replace("max(0, place - context)", "place - context")},
    ),
    Mutant(
        "everything that was said before",
        points=9,
        says="right before the reply",
        answers={"exchanges": EXCHANGES.replace("max(0, place - context)", "0")},
    ),
    Mutant(
        "one turn too many",
        points=9,
        says="as many as there are up to",
        answers={
            "exchanges": EXCHANGES.replace("place - context)", "place - context - 1)"),
        },
    ),
    Mutant(
        "the latest turn stands first",
        points=9,
        says="in which they were said",
        answers={
            "exchanges": EXCHANGES.replace(
                "conversation[first:place]", "conversation[first:place][::-1]"
            )
        },
    ),
    Mutant(
        "the mark has no spaces",
        points=9,
        says="two spaces",
        answers={"exchanges": EXCHANGES.replace('" __eou__ "', '"__eou__"')},
    ),
    Mutant(
        "the mark stands behind the last turn too",
        points=9,
        says="between two turns",
        answers={
            "exchanges": EXCHANGES.replace(
                '" __eou__ ".join(conversation[first:place])',
                '"".join(turn + " __eou__ " for turn in conversation[first:place])',
            )
        },
    ),
    Mutant(
        "start stands in the targets",
        points=9,
        says="the reply, then `end`",
        answers={
            "teacher_forced": TEACHER_FORCED.replace(
                "targets.append(reply + [end] + filled)", "targets.append([start] + reply + filled)"
            )
        },
    ),
    Mutant(
        "end is read as well",
        points=9,
        says="nothing left to read",
        answers={
            "teacher_forced": TEACHER_FORCED.replace(
                "return np.array(inputs)",
                "inputs = [\n"
                "        ([start] + reply + [end] + [pad] * steps)[:steps] for reply in replies\n"
                "    ]\n"
                "    return np.array(inputs)",
            )
        },
    ),
    Mutant(
        "there is no room for what is added",
        points=9,
        says="the longest reply need",
        answers={
            "teacher_forced": TEACHER_FORCED.replace(
                "np.array(inputs), np.array(targets), np.array(mask)",
                "*(np.array(part)[:, :-1] for part in (inputs, targets, mask)),",
            )
        },
    ),
    Mutant(
        "the replies with start and end on both sides, not shifted",
        points=9,
        says="the longest reply need",
        answers={
            "teacher_forced": """
def teacher_forced(replies, start, end, pad):
    steps = max(len(reply) for reply in replies) + 2
    rows = [[start, *reply, end] + [pad] * (steps - len(reply) - 2) for reply in replies]
    whole = np.array(rows)
    return whole, whole, whole != pad
"""
        },
    ),
    Mutant(
        "padding on the left",
        points=9,
        says="behind it",
        answers={
            "teacher_forced": TEACHER_FORCED.replace(
                "[start] + reply + filled", "filled + [start] + reply"
            )
            .replace("reply + [end] + filled", "filled + reply + [end]")
            .replace(
                "[True] * (len(reply) + 1) + [False] * len(filled)",
                "[False] * len(filled) + [True] * (len(reply) + 1)",
            )
        },
    ),
    Mutant(
        "end does not count",
        points=9,
        says="`end` among them",
        answers={
            "teacher_forced": TEACHER_FORCED.replace(
                "[True] * (len(reply) + 1) + [False] * len(filled)",
                "[True] * len(reply) + [False] * (steps - len(reply))",
            )
        },
    ),
    Mutant(
        "padding counts",
        points=9,
        says="`pad` does not",
        answers={"teacher_forced": TEACHER_FORCED.replace("[False]", "[True]")},
    ),
    Mutant(
        "padding is taken to be 0, whatever it is",
        points=9,
        says="behind it",
        answers={"teacher_forced": TEACHER_FORCED.replace("[pad]", "[0]")},
    ),
    Mutant(
        "whatever is 0 is taken for padding",
        points=9,
        says="every target",
        answers={
            "teacher_forced": TEACHER_FORCED.replace("np.array(mask)", "np.array(targets) != 0")
        },
    ),
    Mutant(
        "capitals and marks count",
        points=9,
        says="do not count",
        answers={"leaked": LEAKED.replace("plain", "str")},
    ),
    Mutant(
        "only the training side is made plain",
        points=9,
        says="on both sides",
        answers={
            "leaked": LEAKED.replace("sum((plain(said), plain(reply))", "sum((said, reply)"),
        },
    ),
    Mutant(
        "a known reply is enough",
        points=9,
        says="must both be the same",
        answers={"leaked": LEAKED.replace("(plain(said), plain(reply))", "plain(reply)")},
    ),
    Mutant(
        "a known question is enough",
        points=9,
        says="must both be the same",
        answers={"leaked": LEAKED.replace("(plain(said), plain(reply))", "plain(said)")},
    ),
    Mutant(
        "known questions and known replies, from anywhere",
        points=9,
        says="both in one exchange",
        answers={
            "leaked": """
def leaked(train, held_out):
    said = {plain(pair[0]) for pair in train}
    replies = {plain(pair[1]) for pair in train}
    both = [plain(pair[0]) in said and plain(pair[1]) in replies for pair in held_out]
    return sum(both) / len(both) if both else 0.0
"""
        },
    ),
    Mutant(
        "said and reply are put together into one text",
        points=9,
        says="must both be the same",
        answers={
            "leaked": LEAKED.replace("(plain(said), plain(reply))", '(plain(said + " " + reply))')
        },
    ),
    Mutant(
        "each different exchange counts once",
        points=9,
        says="also a repeated one",
        answers={
            "leaked": """
def leaked(train, held_out):
    old, new = ({(plain(said), plain(reply)) for said, reply in side} for side in (train, held_out))
    return len(old & new) / len(new) if new else 0.0
"""
        },
    ),
    Mutant(
        "the share of training",
        points=9,
        says="share of what is held out",
        answers={"leaked": LEAKED.replace("/ len(held_out)", "/ max(1, len(train))")},
    ),
    Mutant(
        "of nothing there is no share",
        points=9,
        says="ZeroDivisionError",
        answers={"leaked": LEAKED.replace("if not held_out:", "if False:")},
    ),
    Mutant(
        "repeated conversations stay",
        points=9,
        says="keep one: on one side",
        answers={"split": SPLIT.replace("if key not in seen:", "if True:")},
    ),
    Mutant(
        "repeated ones are told by their very letters",
        points=9,
        says="capitals and marks aside",
        answers={"split": SPLIT.replace("plain(turn)", "turn")},
    ),
    Mutant(
        "conversations that begin alike are taken for the same",
        points=9,
        says="must be on one of the two sides",
        answers={"split": SPLIT.replace("for turn in talk)", "for turn in talk[:1])")},
    ),
    Mutant(
        "of a repeated conversation nothing is kept",
        points=9,
        says="also one that was given twice",
        answers={
            "split": SPLIT.replace(
                "    order =",
                "    all_keys = [tuple(map(plain, talk)) for talk in conversations]\n"
                "    different = [\n"
                "        talk for talk in different if all_keys.count(tuple(map(plain, talk))) == 1\n"
                "    ]\n"
                "    order =",
            )
        },
    ),
    Mutant(
        "exchanges are drawn, and not conversations",
        points=9,
        says="drawn whole",
        answers={
            "split": SPLIT.replace(
                "    order =",
                "    different = [pair for talk in different for pair in zip(talk, talk[1:])]\n"
                "    order =",
            )
        },
    ),
    Mutant(
        "the share is the share to learn from",
        points=9,
        says="how many are held out",
        answers={"split": SPLIT.replace("round(share *", "round((1 - share) *")},
    ),
    Mutant(
        "the number that is held out is cut and not rounded",
        points=9,
        says="round(share * n)",
        answers={"split": SPLIT.replace("round(", "int(")},
    ),
    Mutant(
        "the repeated ones are dropped, but counted",
        points=9,
        says="after repeated ones are dropped",
        answers={
            "split": SPLIT.replace(
                "round(share * len(different))", "round(share * len(conversations))"
            )
        },
    ),
    Mutant(
        "each conversation throws a coin of its own",
        points=9,
        says="how many are held out",
        answers={
            "split": SPLIT.replace(
                "chosen = set(order[:held].tolist())",
                "coins = np.random.default_rng(seed).random(len(different))\n"
                "    chosen = set(np.flatnonzero(coins < share).tolist())",
            )
        },
    ),
    Mutant(
        "the seed is forgotten",
        points=9,
        says="the same seed gives the same",
        answers={"split": SPLIT.replace("default_rng(seed)", "default_rng()")},
    ),
    Mutant(
        "the last ones are held out, whatever the seed",
        points=9,
        says="chance decides",
        answers={
            "split": SPLIT.replace(
                "np.random.default_rng(seed).permutation(len(different))",
                "np.arange(len(different))[::-1]",
            )
        },
    ),
    Mutant(
        "first_k for every word",
        points=9,
        says="and `top_k` behind it",
        answers={"next_probs": NEXT_PROBS.replace("first_k if place == 0 else top_k", "first_k")},
    ),
    Mutant(
        "the first word is taken to be number 1",
        points=9,
        says="`first_k` of them at place 0",
        answers={"next_probs": NEXT_PROBS.replace("place == 0", "place == 1")},
    ),
    Mutant(
        "the two k have changed places",
        points=9,
        says="`first_k` of them at place 0",
        answers={
            "next_probs": NEXT_PROBS.replace(
                "first_k if place == 0 else top_k", "top_k if place == 0 else first_k"
            )
        },
    ),
    Mutant(
        "the unlikeliest are left",
        points=9,
        says="the likeliest tokens are left",
        answers={"next_probs": NEXT_PROBS.replace("[::-1]", "")},
    ),
    Mutant(
        "what is left no longer adds up to 1",
        points=9,
        says="add up to 1",
        answers={"next_probs": NEXT_PROBS.replace("kept / kept.sum()", "kept")},
    ),
    Mutant(
        "what is left is equally likely",
        points=9,
        says="keeps its proportions",
        answers={"next_probs": NEXT_PROBS.replace("probs[ranked]\n", "1.0\n")},
    ),
    Mutant(
        "a softmax of what is left",
        points=9,
        says="keeps its proportions",
        answers={"next_probs": NEXT_PROBS.replace("probs[ranked]\n", "np.exp(probs[ranked])\n")},
    ),
    Mutant(
        "the token that is number k is no longer left",
        points=9,
        says="the likeliest tokens are left",
        answers={
            "next_probs": """
def next_probs(probs, place, first_k, top_k):
    k = first_k if place == 0 else top_k
    ranked = np.sort(probs)[::-1]
    kept = np.where(probs > ranked[min(k, len(probs)) - 1], probs, 0)
    return kept / max(kept.sum(), 1e-9)
"""
        },
    ),
    Mutant(
        "only what is left is returned",
        points=9,
        says="every token has a probability",
        answers={
            "next_probs": NEXT_PROBS.replace(
                "kept / kept.sum()", "probs[ranked] / probs[ranked].sum()"
            )
        },
    ),
    Mutant(
        "a k that is too large is an error",
        points=9,
        says="raised an IndexError",
        answers={
            "next_probs": """
def next_probs(probs, place, first_k, top_k):
    k = first_k if place == 0 else top_k
    least = np.sort(probs)[::-1][k - 1]
    kept = np.where(probs >= least, probs, 0)
    return kept / kept.sum()
"""
        },
    ),
    Mutant(
        "every word that was said is banned, whatever n is",
        points=9,
        says="behind the last n - 1 words",
        answers={"banned": "def banned(said, n):\n    return set(said)"},
    ),
    Mutant(
        "n counts the words before the banned one",
        points=9,
        says="behind the last n - 1 words",
        answers={"banned": BANNED.replace("(said, n):", "(said, n):\n    n = n + 1")},
    ),
    Mutant(
        "only the first place of the last words is looked at",
        points=9,
        says="wherever these stood",
        answers={
            "banned": BANNED.replace("return {", "return set([").replace(
                "gram[:-1] == last}", "gram[:-1] == last][:1])"
            )
        },
    ),
    Mutant(
        "the last n-gram of what was said is not looked at",
        points=9,
        says="may overlap",
        answers={"banned": BANNED.replace("range(len(said) - n + 1)", "range(len(said) - n)")},
    ),
    Mutant(
        "only the last word is compared",
        points=9,
        says="behind the last n - 1 words",
        answers={
            "banned": BANNED.replace("gram[:-1] == last", "gram[-2:-1] == last[-1:]"),
        },
    ),
    Mutant(
        "for n = 1 a slice takes all words in place of none",
        points=9,
        says="of one word",
        answers={"banned": BANNED.replace("said[len(said) - n + 1 :]", "said[-(n - 1) :]")},
    ),
    Mutant(
        "the word that begins the n-gram is banned, and not the one that completes it",
        points=9,
        says="behind the last n - 1 words",
        answers={"banned": BANNED.replace("gram[-1] for", "gram[0] for")},
    ),
    Mutant(
        "all replies are put end to end",
        points=9,
        says="from one reply into the next",
        answers={
            "distinct": DISTINCT.replace(
                "    grams = []\n", "    grams, replies = [], [sum(replies, [])]\n"
            )
        },
    ),
    Mutant(
        "the mean of each reply's own share",
        points=9,
        says="among all of these",
        answers={
            "distinct": """
def distinct(replies, n):
    shares = []
    for reply in replies:
        grams = [tuple(reply[place : place + n]) for place in range(len(reply) - n + 1)]
        shares += [len(set(grams)) / len(grams)] if grams else []
    return sum(shares) / len(shares) if shares else 0.0
"""
        },
    ),
    Mutant(
        "the number of all words below the line",
        points=9,
        says="they overlap",
        answers={"distinct": DISTINCT.replace("/ len(grams)", "/ sum(map(len, replies))")},
    ),
    Mutant(
        "n-grams are cut end to end",
        points=9,
        says="they overlap",
        answers={
            "distinct": DISTINCT.replace(
                "range(len(reply) - n + 1)", "range(0, len(reply) - n + 1, n)"
            )
        },
    ),
    Mutant(
        "the last n-gram of each reply is forgotten",
        points=9,
        says="count the n-grams of all replies",
        answers={"distinct": DISTINCT.replace("- n + 1)", "- n)")},
    ),
    Mutant(
        "each reply as a whole is the n-gram",
        points=9,
        says="count the n-grams of all replies",
        answers={
            "distinct": """
def distinct(replies, n):
    return len({tuple(reply) for reply in replies}) / len(replies) if replies else 0.0
"""
        },
    ),
    Mutant(
        "without an n-gram it divides by 0",
        points=9,
        says="ZeroDivisionError",
        answers={"distinct": DISTINCT.replace("if not grams:", "if False:")},
    ),
    Mutant(
        "short replies are counted below the line",
        points=9,
        says="above and below the line",
        answers={"copied": COPIED.replace("/ len(longer)", "/ len(replies)")},
    ),
    Mutant(
        "short replies count as well",
        points=9,
        says="only replies of at least",
        answers={"copied": COPIED.replace("len(reply) >= at_least", "reply")},
    ),
    Mutant(
        "only replies of more words than that",
        points=9,
        says="at least so many words",
        answers={"copied": COPIED.replace(">= at_least", "> at_least")},
    ),
    Mutant(
        "letters are counted in place of words",
        points=9,
        says="at least so many words",
        answers={
            "copied": COPIED.replace("len(reply) >= at_least", 'len("".join(reply)) >= at_least')
        },
    ),
    Mutant(
        "a part of a reply of training is a copy too",
        points=9,
        says="only replies of at least",
        answers={
            "copied": COPIED.replace(
                "reply in training for",
                'any(" ".join(reply) in " ".join(row) for row in training) for',
            )
        },
    ),
    Mutant(
        "the same words in any order are a copy",
        points=9,
        says="all its words in their order",
        answers={
            "copied": COPIED.replace(
                "reply in training for", "sorted(reply) in [sorted(row) for row in training] for"
            )
        },
    ),
    Mutant(
        "a reply of words that are all known is a copy",
        points=9,
        says="only replies of at least",
        answers={
            "copied": COPIED.replace(
                "reply in training for", "set(reply) <= set(sum(training, [])) for"
            )
        },
    ),
    Mutant(
        "each different reply counts once",
        points=9,
        says="counts each time",
        answers={
            "copied": COPIED.replace(
                "    if not", "    longer = [*map(list, {*map(tuple, longer)})]\n    if not"
            )
        },
    ),
    Mutant(
        "without a long reply it divides by 0",
        points=9,
        says="ZeroDivisionError",
        answers={"copied": COPIED.replace("if not longer:", "if False:")},
    ),
]
