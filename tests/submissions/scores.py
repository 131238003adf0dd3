"""What answers return, and what they do to the tests' helpers."""

from tests.submissions.case import Case, cheat, with_code

REFUSED = ("not as a number between 0 and 2",)


def score(value: str, before: str = "") -> dict[str, str]:
    """Return the answer to the task whose result is its score."""
    return {"known": f"import numpy as np\n{before}\ndef known(words):\n    return {value}"}


TENSOR = """\
class Tensor:
    shape, dtype = (), "float32"
    def numpy(self): return np.float32(2)
    def __float__(self): return 2.0
    def __array__(self, *args, **named): return np.array(2.0)
    def __index__(self): return 2
    item = __float__
"""
NO_REPR = """\
class Shy:
    def __repr__(self):
        raise ValueError("no repr")
    __str__ = __format__ = __repr__
class Leaves(Exception):
    def __str__(self):
        raise SystemExit("no repr")
"""
EVERYTHING = """\
class Everything:
    shape, dtype, size, ndim = (3, 2), float, 6, 2
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    def __lt__(self, other): return True
    def __contains__(self, item): return True
    def __getitem__(self, key): return self
    def __getattr__(self, name): return self
    def __call__(self, *args, **named): return self
    def __iter__(self): return iter([self] * 4)
    def __len__(self): return 4
    def __bool__(self): return True
    def __hash__(self): return 0
    __le__ = __gt__ = __ge__ = __and__ = __rand__ = __eq__
    __sub__ = __rsub__ = __add__ = __radd__ = __truediv__ = __rtruediv__ = __getitem__
shares = number = each = known = Everything()
"""
LIARS = """\
def lying(kind):
    always = lambda self, *args: True
    names = {"__eq__": always, "__contains__": always, "__ne__": lambda self, other: False}
    return type("Liar", (kind,), {**names, "__hash__": lambda self: 0})
import numpy as np
def shares(rows): return np.asarray(rows).view(lying(np.ndarray))
def number(words): return lying(dict)(a=1)
def each(function, values): return lying(list)([1.0])
def known(words): return lying(float)(0.0)
"""
HELPERS = """\
from course import checks
for name in dir(checks):
    if not name.startswith("_"):
        setattr(checks, name, lambda *args, **named: None)
near = lambda left, right: True
"""
SHOWS = """\
shell = get_ipython()
shell.showtraceback = shell.showsyntaxerror = shell._showtraceback = lambda *args, **named: None
shell.set_custom_exc((BaseException,), lambda *args, **named: None)
"""
RUNS = """\
import types
from IPython.core.interactiveshell import ExecutionResult, InteractiveShell
shell = get_ipython()
async def run_cell_async(self, *args, **named):
    result = ExecutionResult(None)
    result.execution_count, result.result = 1, None
    return result
InteractiveShell.run_cell_async = run_cell_async
InteractiveShell.run_cell = lambda self, *args, **named: ExecutionResult(None)
"""
REWRITES = """\
import ast
class NoAssert(ast.NodeTransformer):
    def visit_Assert(self, node): return ast.copy_location(ast.Pass(), node)
    def visit_Expr(self, node): return ast.copy_location(ast.Pass(), node)
shell = get_ipython()
shell.ast_transformers.append(NoAssert())
shell.input_transformers_post.append(lambda lines: [line.replace("checks.", "#") for line in lines])
"""
MODULES = """\
import sys, types
class Anything(types.ModuleType):
    def __getattr__(self, name): return lambda *args, **named: True
for name in ("numpy", "course", "course.checks", "autograder.checker", "json"):
    sys.modules[name] = Anything(name)
"""
NUMPY = """\
import numpy as np
np.allclose = np.array_equal = np.isclose = lambda *args, **named: True
np.argwhere = lambda *args: []
np.shape = lambda value: ()
np.asarray = np.array = lambda *args, **named: np.zeros(())
"""
BUILTINS = """\
import builtins
builtins.all = builtins.any = builtins.round = lambda *args: True
builtins.AssertionError = KeyError
"""

CASES = [
    Case("nan", with_code(**score("float('nan')")), 8, says=("as nan", *REFUSED)),
    Case("minus one", with_code(**score("-1")), 8, says=("as -1", *REFUSED)),
    Case("inf", with_code(**score("float('inf')")), 8, says=("as inf", *REFUSED)),
    Case("above the maximum", with_code(**score("2.0001")), 8, says=REFUSED),
    Case("an enormous integer", with_code(**score("10**5000")), 8),
    Case("True", with_code(**score("True")), 8, says=("of type bool", *REFUSED)),
    Case("np.float64", with_code(**score("np.float64(0.5)")), 8.5, says=("0.5 of 2 points",)),
    Case("np.nan", with_code(**score("np.float32('nan')")), 8, says=("as nan", *REFUSED)),
    Case("np.bool_", with_code(**score("np.True_")), 8, says=REFUSED),
    Case("a complex number", with_code(**score("2 + 0j")), 8, says=REFUSED),
    Case("an array", with_code(**score("np.array(2.0)")), 8, says=("of type ndarray", *REFUSED)),
    Case("a list", with_code(**score("[2.0]")), 8, says=("of type list", *REFUSED)),
    Case("a text", with_code(**score("'2.0'")), 8, says=("of type str", *REFUSED)),
    Case("like a tensor", with_code(**score("Tensor()", TENSOR)), 8, says=REFUSED),
    Case("None", with_code(**score("None")), 8, says=("not attempted",)),
    Case("no repr", with_code(NO_REPR + "Shy()", **score("Shy()")), 8, says=("of type Shy",)),
    Case("no repr in an error", with_code(NO_REPR, number="def number(w): raise OSError(Shy())"),
         8, says=("raised an OSError",)),
    Case("exits in the text of an error", with_code(NO_REPR, number="def number(w): raise Leaves"),
         8, says=("raised an Exception",)),
    Case("helpers redefined", cheat(HELPERS), 0),
    Case("equal to everything", cheat(each=EVERYTHING), 0),
    Case("equal to everything, from the start", with_code(shares=EVERYTHING, number="1", each="1",
         known="1"), 0),
    Case("plain data that lies", cheat(each=LIARS), 0),
    Case("tracebacks patched", cheat(SHOWS), 0),
    Case("run_cell patched", cheat(RUNS), 0),
    Case("cells rewritten", cheat(REWRITES), 0),
    Case("modules swapped", cheat(MODULES), 0),
    Case("modules swapped at the end", cheat(known=MODULES), 0),
    Case("numpy patched", cheat(NUMPY), 0),
    Case("builtins patched", cheat(BUILTINS), 0),
]  # fmt: skip
