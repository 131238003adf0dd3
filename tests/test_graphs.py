"""A compiled function as plain data."""

import pytest

from course import plots
from course.backend import tf
from course.errors import CourseError
from course.models import graphs


@tf.function
def sum_of_products(b, c, d, e):
    return b * c + d * e


def numbers(*values):
    return [tf.constant(value) for value in values]


def test_the_graph_of_a_sum_of_products():
    found = graphs.operations(sum_of_products, *numbers(2.0, 3.0, 4.0, 5.0))
    assert found[:4] == [(name, "Placeholder", []) for name in "bcde"]
    by_name = {name: (kind, inputs) for name, kind, inputs in found}
    products = [name for name, kind, _ in found if kind == "Mul"]
    assert [by_name[name][1] for name in products] == [["b", "c"], ["d", "e"]]
    assert [inputs for _, kind, inputs in found if kind == "AddV2"] == [products]
    assert "NoOp" not in {kind for _, kind, _ in found}


def test_a_concrete_function_needs_no_inputs():
    inputs = numbers(2.0, 3.0, 4.0, 5.0)
    concrete = sum_of_products.get_concrete_function(*inputs)
    assert graphs.operations(concrete) == graphs.operations(sum_of_products, *inputs)


def test_a_picture_can_be_drawn_of_it():
    found = graphs.operations(sum_of_products, *numbers(2.0, 3.0, 4.0, 5.0))
    assert "Mul of b and c" in plots.graph(found).alt


def test_what_has_no_graph_is_one_line():
    with pytest.raises(CourseError, match="a function has no graph"):
        graphs.operations(lambda b: b)
