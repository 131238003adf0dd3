"""Attempts to see or to change what is not the submission's own.

A probe is a function that returns what it has seen. Each one is run without walls too, to prove
that it finds what is there to be found.
"""

from autograder.outcome import DIED, UNREADABLE
from tests.submissions.case import ASSIGNMENT, FILE, ONCE, Baits, Case, Files, cheat, with_code

FILES = """\
from pathlib import Path
def probe():
    seen = []
    for place in PLACES:
        try:
            for path in [Path(place), *Path(place).rglob("*")]:
                if path.is_file():
                    seen.append(path.read_bytes())
        except OSError as error:
            seen.append(type(error).__name__)
    return seen
"""
ENVIRONMENT = """\
import glob, os
def probe():
    seen = [dict(os.environ)]
    for path in glob.glob("/proc/[0-9]*/environ"):
        try:
            seen.append(open(path, "rb").read())
        except OSError:
            pass
    return seen
"""
KEYS = """\
import os, pwd
from pathlib import Path
def probe():
    homes = ["<home>", os.path.expanduser("~"), os.environ.get("HOME", "/")]
    try:
        homes.append(pwd.getpwuid(os.getuid()).pw_dir)
    except KeyError:
        pass
    homes += os.listdir("/home") if os.path.isdir("/home") else []
    files = [Path(home, ".ssh", "id_ed25519") for home in homes]
    return [file.read_bytes() for file in files if os.access(file, os.R_OK)]
"""
NETWORK = """\
import socket
def probe():
    seen = []
    for host in HOSTS:
        try:
            with socket.create_connection((host, <port>), 1) as client:
                seen.append(client.recv(1000))
        except OSError as error:
            seen.append(type(error).__name__)
    return seen
"""
LINKS = """\
import os
def probe():
    seen = []
    for number, place in enumerate(("<course>/classroom/roster.csv", "/proc/1/root<home>/.ssh/"
                                    "id_ed25519", "/proc/1/cwd/../../../..<course>")):
        link = f"/tmp/link{number}-{os.getpid()}"
        try:
            os.symlink(place, link)
            os.path.isdir(link) or seen.append(open(link, "rb").read())
        except OSError as error:
            seen.append(type(error).__name__)
    return seen
"""
SOLUTIONS = FILES.replace("PLACES", '["<course>/solutions"]')
GRADEBOOK = FILES.replace("PLACES", '["<course>/classroom/gradebook.db"]')
ANOTHER = FILES.replace("PLACES", '["<course>/classroom/submitted"]')
BY_NAME = NETWORK.replace("HOSTS", '("localhost", "localhost.localdomain", "example.org")')
BY_ADDRESS = NETWORK.replace("HOSTS", '("<address>", "192.0.2.1")')
ON_LOCALHOST = NETWORK.replace("HOSTS", '("127.0.0.1", "::1", "127.1.2.3")')
PROBES = {
    "solutions": SOLUTIONS,
    "the gradebook": GRADEBOOK,
    "another student's file": ANOTHER,
    "secrets in the environment": ENVIRONMENT,
    "keys": KEYS,
    "the network by name": BY_NAME,
    "the network by address": BY_ADDRESS,
    "the network on localhost": ON_LOCALHOST,
    "symbolic links out": LINKS,
}
# What a probe saw is printed, kept, and told in an error: one of them would reach the outcome.
TELLS = """
seen = str(probe())
print(seen)
""" + ONCE.replace("<error>", 'LookupError(f"probed: {probe()}"[:390])')
CHANGES = """\
import os, sqlite3
from pathlib import Path
course = Path("<course>")
def attempt(deed, *arguments):
    try:
        deed(*arguments)
    except Exception as error:
        print(type(error).__name__)
attempt(lambda: (course / "solutions" / "01_ferry" / "table.ipynb").write_text("{}"))
attempt(lambda: (course / "classroom" / "gradebook.db").write_bytes(b""))
attempt(os.makedirs, course / "classroom" / "outcomes" / "01_ferry" / "forged")
attempt(os.remove, "<home>/.ssh/id_ed25519")
attempt(lambda: Path("/etc/profile.d/x.sh").write_text("x"))
attempt(lambda: Path("/usr/local/bin/python").write_text("x"))
attempt(lambda: open("/proc/sys/kernel/core_pattern", "w").write("|/tmp/x"))
attempt(lambda: open("/proc/sysrq-trigger", "w").write("b"))
"""
FORGED = """\
import json, os
outcome = {"student": "x", "status": "graded", "points": 10, "max_points": 10, "tasks": []}
tasks = ["shares_of_the_counts", "shares_of_other_counts", "each_word_has_a_number"]
outcome["tasks"] = [{"id": name, "points": 9, "verdict": "passed"} for name in tasks]
text = json.dumps({"outcome": outcome, "notebook": None}) + "\\n"
print(text)
for number in (0, 1, 2):
    os.write(number, text.encode())
for name in ("results.json", "outcome.json", "/tmp/results.json", "/run/outcome.json"):
    open(name, "w").write(text)
"""
MARKUP = """\
from IPython.display import HTML, Javascript, Markdown, SVG, display
bad = "<script>document.title = 'script ran'</script><img src=x onerror=alert(1)>"
display(HTML(bad), Markdown(bad), Javascript("alert(1)"))
display({"text/html": bad, "text/plain": bad, "image/svg+xml": bad}, raw=True)
print(bad)
""" + ONCE.replace("<error>", "ValueError(bad)")
ESCAPES = """\
codes = "\\x1b[2J\\x1b[31m\\x1b]0;title\\x07\\x9b31m\\x07\\b\\r\\u202e"
print(codes)
""" + ONCE.replace("<error>", 'ValueError(codes + "escaped")')
RAISES_ESCAPES = "raise OSError('\\x1b[2Jout')"
MEMORY = """\
import os
held = [os.memfd_create(str(number)) for number in range(12)]
for file in held:
    for _ in range(100): os.write(file, bytes(2**20))
"""
SOCKETS = """\
import os
for name in os.listdir("/run"):
    os.remove("/run/" + name)
    os.symlink("<course>/bait.sock", "/run/" + name)
os.closerange(5, 1024)
"""


def link(baits: Baits) -> Files:
    """A link to the instructor's own notebook in place of an answer."""
    return {FILE: baits.course / "solutions" / ASSIGNMENT / FILE}


CASES = [
    *(
        Case(f"looks for {name}", with_code(shares=probe + TELLS), 8, says=("probed:",), walls=True)
        for name, probe in PROBES.items()
    ),
    Case("changes what is not its own", with_code(CHANGES), 10, walls=True, harsh=True),
    Case("a link in place of a file", link, 0, UNREADABLE, ("symbolic link",)),
    Case("a forged result", cheat(FORGED), 0),
    Case("markup in outputs", with_code(shares=MARKUP), 8, says=("<script>",)),
    Case("terminal escapes", with_code(RAISES_ESCAPES, shares=ESCAPES), 8,
         says=("escaped", "OSError: out"), never=("\x1b]",)),
    Case("memory outside of its processes", with_code(MEMORY), 10, walls=True, harsh=True),
    Case("its sockets turned into links", with_code(each=SOCKETS), 6, DIED, walls=True),
]  # fmt: skip
