"""The graph that `tf.function` makes of a Python function, as plain data."""

from typing import Any

from course.errors import CourseError


def operations(function: Any, *inputs: Any) -> list[tuple[str, str, list[str]]]:
    """List the operations of a compiled function in the order in which TensorFlow made them.

    Args:
        function: a `tf.function`, or a concrete one.
        inputs: what to compile it for; none for a concrete one.

    Returns:
        Of each operation its name, its type, and the names of the operations that it reads, as
        `course.plots.graph` draws them.

    Raises:
        CourseError: it is no compiled function.
    """
    if hasattr(function, "get_concrete_function"):
        function = function.get_concrete_function(*inputs)
    if not hasattr(function, "graph"):
        kind = type(function).__name__
        raise CourseError(f"a {kind} has no graph: pass what tf.function returns")
    return [
        (operation.name, operation.type, [tensor.op.name for tensor in operation.inputs])
        for operation in function.graph.get_operations()
        if operation.type != "NoOp"  # these compute nothing: they only say what comes first
    ]
