"""Where learners' code runs: a kernel with no network, a read-only disk and limits.

limits       what a submission may use, and the watch that stops it
bubblewrap   the walls: namespaces, and the few folders that are seen from inside
zygote       a warm process that has imported what an assignment imports, and forks
provisioner  starts the kernel, through Jupyter's own extension point
kernel       what runs inside; agent answers the checker there
"""

from autograder.sandbox.bubblewrap import explain, level
from autograder.sandbox.limits import Limits

__all__ = ["Limits", "explain", "level"]
