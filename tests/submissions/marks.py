"""Attacks on the marks: what a learner could try who has read the grader's source."""

from autograder.outcome import DIED, TIMED_OUT
from tests.submissions.case import ONCE, WRONG, Case, cheat, with_code

ONES = """\
class Anything:
    def __getattr__(self, name): return lambda *args, **named: 1
checks = np = Anything()
counts, words = 1, []
near = lambda left, right: True
"""
SEED_FAILS = """\
import autograder.sandbox.agent as agent
def fails(number): raise ValueError
agent.seed = fails
"""
# The fifth call is the checker's in the given cell: the fourth one was the kernel's own.
GIVEN_FAILS = """\
calls = []
def shares(rows):
    calls.append(1)
    if len(calls) == 5: raise ValueError
    return rows / rows.sum(axis=1, keepdims=True)
"""
NEAR = """\
near = lambda left, right: True
def each(function, values):
    return [function(value) and 0 for value in values]
"""
SHADOWS = """\
all = any = zip = dict = range = bool = len = print = lambda *args, **named: True
seen, triple, made, ids, found, points = [1.0, 2.0, 4.0], None, [3.0, 6.0, 12.0], {}, 1, 2.0
other, NotYet, AssertionError, __name__, __builtins__ = 1, KeyError, KeyError, "x", {}
"""
CONTAINS = """\
class Everything:
    def __contains__(self, item): return True
def number(words): return Everything()
"""
CLASS = """\
import numpy as np
class Pretends:
    shape, dtype = (), np.dtype(float)
    __class__ = property(lambda self: np.float64)
    def __array__(self, *args, **named): return Pretends()
    def __float__(self): return Pretends()
    def __iter__(self): return Pretends()
    def tobytes(self): return b"\\0" * 8
def known(words): return Pretends()
"""
SUBCLASS = """\
import numpy as np
class Scalar(np.float64):
    def __le__(self, other): return True
    __ge__ = __gt__ = __lt__ = __eq__ = __le__
    def tobytes(self): return np.float64(2.0).tobytes() * 3
def known(words): return Scalar(1e9)
"""
SPEAKS = """\
from course.checks import NotYet
class Right(NotYet):
    pass
def number(words): raise Right("The dictionary: right.")
"""
GREEN = """\
def number(words): raise SystemExit(0)
def each(function, values): raise KeyboardInterrupt
def shares(rows): raise StopIteration
def known(words): raise GeneratorExit
"""
# Answers to questions that have not been asked yet, in a thread that writes past the agent.
FORGES = """\
import struct, threading, time
frames = get_ipython().kernel.agent.peer.frames
def forge():
    number = 0
    while True:
        text = b'{"to": %d, "value": 2.0}' % (number % 200)
        frames.sock.sendall(struct.pack(">II", len(text), 0) + text)
        number += 1
        time.sleep(0.001)
threading.Thread(target=forge, daemon=True).start()
"""
ORDERS = """\
import struct, time
frames = get_ipython().kernel.agent.peer.frames
for text in (b'{"verdict": "passed", "points": 2, "message": "", "late": false}', b"[]", b"0",
             b'{"ask": 1, "what": ["attribute", {"own": 1}, "__globals__"]}', b"not JSON"):
    frames.sock.sendall(struct.pack(">II", len(text), 0) + text)
frames.sock.sendall(b"\\xff" * 8)
"""
AGENT = """\
import sys, types
kernel = get_ipython().kernel
class Yes:
    def __init__(self, agent): self.agent = agent
    def serve(self):
        self.agent.peer.answer = lambda operation, arguments: 1
        return self.agent.serve()
type(kernel).agent = kernel.agent = Yes(kernel.agent)
"""
SILENT = """\
kernel = get_ipython().kernel
class Silent:
    def serve(self): return None
kernel.agent = Silent()
"""
NO_REPLY = """\
kernel = get_ipython().kernel
kernel.session.send = lambda *args, **named: None
"""
CLOSES = "import os\nos.closerange(3, 1024)"
DIGS = """\
import glob, linecache, sys
def mark(): return "of other " + "words"
places = [vars(module) for module in list(sys.modules.values())]
places += [vars(one) for one in (get_ipython(), get_ipython().kernel, get_ipython().kernel.agent)]
found = [text for place in places for text in list(place.values())
         if type(text) is str and mark() in text]
found += [entry for entry in linecache.cache.values() if mark() in str(entry[2:3])]
paths = ("/proc/[0-9]*/cmdline", "/tmp/*", "/tmp/home/**")
for path in [path for one in paths for path in glob.glob(one, recursive=True)]:
    try:
        found += [path] * (mark().encode() in open(path, "rb").read())
    except OSError:
        pass
""" + ONCE.replace("<error>", 'LookupError(f"hidden tests found: {len(found)}")')
REPLACES = """\
import gc
for one in gc.get_objects():
    if isinstance(one, dict) and "checks" in one:
        one["checks"] = None
    if type(one).__name__ == "Peer":
        one.answer = lambda operation, arguments: 2.0
"""
TRACES = """\
import sys, threading
def trace(frame, event, argument):
    for name in ("expected", "wanted", "points"):
        if name in frame.f_locals: frame.f_locals[name] = None
    frame.f_trace_opcodes = True
    return trace
sys.settrace(trace)
threading.settrace_all_threads(trace) if hasattr(threading, "settrace_all_threads") else None
sys.setprofile(lambda *args: None)
"""
IMPORTS = """\
import os, sys
os.makedirs("course", exist_ok=True)
for name in ("course/__init__.py", "course/checks.py", "numpy.py", "json.py", "sitecustomize.py"):
    open(name, "w").write("def __getattr__(name): return lambda *args, **named: True")
sys.path.insert(0, os.getcwd())
os.makedirs(os.path.expanduser("~/.ipython/profile_default/startup"), exist_ok=True)
open(os.path.expanduser("~/.ipython/profile_default/startup/0.py"), "w").write("raise SystemExit")
"""
ATEXIT = """\
import atexit, os, signal
atexit.register(lambda: os.write(1, b'{"points": 10}'))
os.register_at_fork(before=lambda: os._exit(0))
signal.signal(signal.SIGTERM, signal.SIG_IGN)
signal.setitimer(signal.ITIMER_REAL, 0.01, 0.01)
signal.signal(signal.SIGALRM, lambda *args: None)
"""
# Once it has the checker's function it looks around from there, and calls it again later.
LENT = """\
def each(function, values):
    for name in ("__globals__", "__closure__", "__code__", "__self__", "func_globals", "_peer"):
        try:
            raise LookupError(f"found {name}: {getattr(function, name).keys()}")
        except AttributeError:
            pass
    return [function([function]), function(function), function("x" * 100)]
"""
MORE_OFTEN = """\
def each(function, values):
    return [function(value) for value in values for _ in range(2)][::2]
"""
BACK_AND_FORTH = """\
def each(function, values):
    def again(value): return function(again)
    again.__rmul__ = again
    class Deep:
        def __iter__(self): return iter(each(function, values))
    return Deep()
"""
RAW = """\
import hashlib, hmac, json, time
kernel = get_ipython().kernel
def send(parent, kind, content, header=None):
    session = kernel.session
    header = header or {"msg_id": str(time.time()), "msg_type": kind, "session": "x",
                        "username": "x", "date": "2020-01-01T00:00:00Z", "version": "5.3"}
    content = content if isinstance(content, bytes) else json.dumps(content).encode()
    parts = [json.dumps(part, default=str).encode() for part in (header, parent, {})] + [content]
    kernel.iopub_socket.send_multipart([b"x", b"<IDS|MSG>", session.sign(parts), *parts])
text = {"name": "stdout", "text": "x"}
parent = kernel.get_parent()["header"]
"""
ODD_PARENTS = (
    RAW
    + """\
for odd in ([1, 2], "x", None, 7):
    send(odd, "stream", text)
    send({"msg_id": odd}, "stream", text)
    send(parent, "stream", text, [odd])
time.sleep(0.3)
"""
)
DEEP_MESSAGES = (
    RAW
    + """\
for depth in (500, 900, 990, 5000, 100_000):
    deep = b"[" * depth + b"]" * depth
    send(parent, "stream", b'{"name": "stdout", "text": ' + deep + b"}")
    send(parent, "error", b'{"ename": "x", "traceback": [' + deep + b"]}")
    send(parent, "display_data", b'{"data": {"text/plain": ' + deep + b"}}")
time.sleep(0.3)
"""
)
EARLY_IDLE = (
    RAW
    + """\
send(parent, "status", {"execution_state": "idle"})
send(parent, "error", {"ename": "\\ud800\\x1b[31m", "evalue": "\\ud800", "traceback": {"a": 1}})
send(parent, "execute_reply", {"status": "ok"})
time.sleep(0.3)
"""
)
LONG_TEXTS = "def shares(rows):\n    return ['a' * 4_000_000] + ['b'] * 100"
LARGE_ARRAY = "import numpy as np\ndef shares(rows):\n    return np.zeros(20_000_000)"
MANY_ARRAYS = "import numpy as np\ndef shares(rows):\n    return [np.zeros(1)] * 20_000"
DEEP = """\
def shares(rows):
    nested = []
    for _ in range(100_000): nested = [nested]
    return nested
"""
ITSELF = "def number(words):\n    found = {}\n    found[1] = found\n    return found"
MANY = "def number(words):\n    return dict.fromkeys(range(4_000_000))"
DELETES = "for name in list(globals()):\n    name.startswith('_') or globals().pop(name)"

# Where `shares` gives what cannot be read, the given cell fails for the checker too, and so `each`.
CASES = [
    Case("the seed fails first", with_code(SEED_FAILS, shares=ONES + "shares = lambda rows: 1",
         number="number = lambda words: 1", each="each = lambda f, v: 1", known="1"), 0),
    Case("a given cell fails", with_code(shares=GIVEN_FAILS, each=NEAR), 8,
         says=("could not be set up for the tests",)),
    Case("names of the tests taken", cheat(ONES, known=ONES + WRONG["known"]), 0),
    Case("built-in names taken", cheat(SHADOWS, each=WRONG["each"] + "\n" + SHADOWS), 0),
    Case("contains everything", with_code(number=CONTAINS), 8),
    Case("pretends to be a number", with_code(known=CLASS), 8),
    Case("a NumPy scalar of its own", with_code(known=SUBCLASS), 8),
    Case("speaks like a check", with_code(number=SPEAKS), 8, says=("your code raised",)),
    Case("raises what is no error", cheat(known=GREEN), 0),
    Case("forges answers", cheat(known=FORGES + WRONG["known"]), 0),
    Case("forges answers from the start", cheat(FORGES), 0),
    Case("sends orders to the checker", cheat(ORDERS), 0, TIMED_OUT),
    Case("an agent that says 1", cheat(AGENT), 0),
    Case("an agent that says nothing", with_code(each=SILENT), 6, TIMED_OUT),
    Case("a kernel that does not reply", with_code(each=NO_REPLY), 6, TIMED_OUT),
    Case("all files closed", with_code(each=CLOSES), 6, DIED),
    Case("looks for hidden tests", with_code(shares=DIGS), 8, says=("hidden tests found: 0",)),
    Case("replaces what it finds", cheat(REPLACES), 0),
    Case("traces", cheat(TRACES), 0),
    Case("modules of its own", cheat(IMPORTS), 0),
    Case("deeds at the end", cheat(ATEXIT), 0),
    Case("looks around from a lent function", with_code(each=LENT), 8, never=("dict_keys",)),
    Case("calls a lent function twice", with_code(each=MORE_OFTEN), 8,
         says=("once for each value",)),
    Case("calls back and forth", with_code(each=BACK_AND_FORTH), 8),
    Case("messages with odd parents", with_code(ODD_PARENTS), 10),
    Case("messages nested deep", with_code(DEEP_MESSAGES), 10),
    Case("says it is done", cheat(EARLY_IDLE), 0),
    Case("long texts", with_code(shares=LONG_TEXTS), 6, says=("MemoryError",)),
    Case("a large array", with_code(shares=LARGE_ARRAY), 4, says=("more than 64 MB",)),
    Case("many arrays", with_code(shares=MANY_ARRAYS), 4, says=("64 MB",)),
    Case("nested deep", with_code(shares=DEEP), 4, says=("nested more than 60",)),
    Case("holds itself", with_code(number=ITSELF), 8),
    Case("a dictionary of millions", with_code(number=MANY), 8, TIMED_OUT),
    Case("all names deleted", with_code(known=DELETES), 8, says=("known is not defined",)),
]  # fmt: skip
