"""What the cells do while they run."""

from autograder.outcome import DIED, OUT_OF_MEMORY, TIMED_OUT
from tests.submissions.case import Baits, Case, answered, own, with_code, written

# A process that would outlive the run, if it could; the test looks for it by this number.
OUTLIVING = "86401.25"

STUBBORN = """\
while True:
    try:
        while True:
            pass
    except BaseException:
        pass
"""
IN_A_CALL = "def number(words):\n" + "".join(f"    {line}\n" for line in STUBBORN.splitlines())
SLEEP = "import time\ntime.sleep(2.4)\n"
HOARD = "hoard = []\nwhile True:\n    hoard.append(bytearray(10**7))"
PRINTS = "for number_ in range(10**6):\n    print(number_)"
# Each fork maps the kernel's memory, and is counted with it: memory is what runs out first.
BOMB = "import os\nwhile True:\n    try:\n        os.fork()\n    except OSError:\n        pass"
MANY = "import subprocess\nheld = [subprocess.Popen(['sleep', '60']) for _ in range(1000)]"
KILL = "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)"
THREAD = """\
import threading
def busy():
    while True:
        print("still here", flush=True)
        threading.Event().wait(0.01)
threading.Thread(target=busy, daemon=True).start()
"""
RECURSION = """\
import sys
sys.setrecursionlimit(3000)
def number(words):
    return number(words)
"""
LONG_ERROR = """\
def deeper(n):
    try:
        deeper(n - 1) if n else 1 / 0
    except Exception as error:
        raise RuntimeError("x" * 100_000) from error
deeper(5)
"""
CHATTER = """\
import logging, os, sys, warnings
logging.basicConfig(level=0)
def number(words):
    print("chatter", file=sys.stderr)
    warnings.warn("chatter")
    logging.warning("chatter")
    os.write(2, b"chatter\\n")
    return {word: place for place, word in enumerate(words)}
number(["chatter"])
"""
FULL_DISK = """\
with open("/tmp/large", "wb") as file:
    while True:
        file.write(bytes(2**20))
"""
HOME = """\
from pathlib import Path
Path("~/left-by-a-submission").expanduser().write_text("x")
Path("<home>/left-by-a-submission").write_text("x")
"""
DAEMON = f"""\
import os, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.setsid()
        os.closerange(0, 1024)
        os.execvp("sleep", ["sleep", "{OUTLIVING}"])
    os._exit(0)
os.wait()
"""
LATER = """\
import os, threading, time
def number(words):
    threading.Timer(0.3, os._exit, [5]).start()
    return {word: place for place, word in enumerate(words)}
number(words)
time.sleep(1)
"""
IGNORED = """\
import signal
signal.signal(signal.SIGINT, signal.SIG_IGN)
while True:
    pass
"""
ENDLESS = """\
class Endless:
    def __iter__(self):
        return self
    def __next__(self):
        return 1.0
def number(words):
    return Endless()
"""


def sleepy(baits: Baits) -> bytes:
    """A sleep just under the limit in every cell: its own after the second task."""
    notebook = answered()
    names = [one["metadata"].get("nbgrader", {}).get("grade_id") for one in notebook["cells"]]
    place = names.index("table")
    notebook["cells"][place:place] = [own(SLEEP, f"sleep{number}") for number in range(8)]
    return written(notebook)


def failing(baits: Baits) -> bytes:
    """More failing cells than there are notes."""
    notebook = answered()
    notebook["cells"] += [own("1 / 0", f"fails{number}") for number in range(120)]
    return written(notebook)


HARD = {"walls": True, "harsh": True}
STOPPED = "was stopped after"
NOT_STOPPED = "did not stop when its time was up"

# In "each", a fault costs that task and, if the process ends, the next: 6 points are there already.
CASES = [
    Case("while True", with_code(each="while True:\n    pass"), 8, TIMED_OUT, (STOPPED,)),
    Case("while True in a call", with_code(each="def each(f, v):\n    while 1: pass"), 8, TIMED_OUT,
         ("took too long",)),
    Case("swallows the interrupt", with_code(each=STUBBORN), 6, TIMED_OUT, (NOT_STOPPED,)),
    Case("swallows it in a call", with_code(number=IN_A_CALL), 4, TIMED_OUT, (NOT_STOPPED,)),
    Case("ignores SIGINT", with_code(each=IGNORED), 6, TIMED_OUT, (NOT_STOPPED,)),
    # Its time may be up within a call, which is then interrupted, or between two, which costs more.
    Case("an endless iterator", with_code(number=ENDLESS), 4, TIMED_OUT, instead=8),
    Case("sleeps just under the limit", sleepy, 6, TIMED_OUT, ("ran longer than",)),
    Case("a list that grows", with_code(each=HOARD), 6, OUT_OF_MEMORY, ("memory",), harsh=True),
    Case("a million prints", with_code(each=PRINTS), 8, TIMED_OUT, (STOPPED,)),
    Case("a million lines", with_code("print('line\\n' * 10**6)"), 10),
    Case("a fork bomb", with_code(each=BOMB), 6, OUT_OF_MEMORY, ("memory",), **HARD),
    Case("many processes", with_code(each=MANY), 6, DIED, ("64 processes",), **HARD),
    Case("os._exit", with_code(each="import os\nos._exit(3)"), 6, DIED, ("exit code 3",)),
    Case("os._exit in a call", with_code(each="import os\ndef each(f, v):\n    os._exit(0)"), 6,
         DIED, ("ended the notebook's process",)),
    Case("os._exit later", with_code(each=LATER), 6, DIED, ("exit code 5",)),
    Case("sys.exit", with_code("import sys\nsys.exit(1)"), 10, says=("SystemExit",)),
    Case("sys.exit in a call", with_code(each="def each(f, v):\n    raise SystemExit"), 8),
    Case("kills itself", with_code(each=KILL), 6, DIED, ("signal 9",), harsh=True),
    Case("kills everything", with_code(each="import os\nos.kill(-1, 9)"), 8, **HARD,
         says=("ProcessLookupError",)),
    Case("stops itself", with_code(each=KILL.replace("SIGKILL", "SIGSTOP")), 6, TIMED_OUT,
         harsh=True),
    Case("becomes another program", with_code(each="import os\nos.execlp('sleep', 'sleep', '60')"),
         6, TIMED_OUT),
    Case("a segmentation fault", with_code(each="import ctypes\nctypes.string_at(0)"), 6, DIED,
         ("signal 11",)),
    Case("a thread that outlives its cell", with_code(THREAD), 10),
    Case("a daemon", with_code(DAEMON), 10, **HARD),
    Case("input", with_code("name = input('Who? ')"), 10, says=("StdinNotImplementedError",)),
    Case("input in a call", with_code(each="def each(f, v):\n    return input()"), 8),
    Case("deep recursion", with_code(number=RECURSION), 8, says=("RecursionError",)),
    Case("a huge traceback", with_code(LONG_ERROR), 10, says=("RuntimeError",)),
    Case("more errors than notes", failing, 10, says=("more notes like these",)),
    Case("stderr chatter", with_code(number=CHATTER), 10),
    Case("a full disk", with_code(FULL_DISK), 10, says=("No space left",), **HARD),
    Case("its files removed", with_code("!rm -rf ~ /run/* /dev/shm/*"), 10, **HARD),
    Case("writes to the home folder", with_code(HOME), 10, says=("Error",), walls=True),
]  # fmt: skip
