"""The profile of a computation: real operations, counted."""

import pytest

from course import profiling
from course.backend import tf


def test_operations_are_counted_by_their_kind():
    @tf.function(autograph=False)
    def work(matrix):
        return tf.reduce_sum(tf.sin(matrix @ matrix))

    matrix = tf.random.stateless_uniform([400, 400], [1, 2])
    work(matrix)
    found = profiling.operations(lambda: [float(work(matrix)) for _ in range(7)])
    assert found["Sin"].calls == found["Sum"].calls == 7
    products = [spent for kind, spent in found.items() if "MatMul" in kind]
    assert sum(spent.calls for spent in products) == 7
    seconds = [spent.seconds for spent in found.values()]
    assert seconds == sorted(seconds, reverse=True) and 0 < seconds[0] < 60
    assert not [kind for kind in found if ":" in kind]


def test_an_error_of_the_work_is_passed_on_and_the_profiler_ends():
    with pytest.raises(ZeroDivisionError):
        profiling.operations(lambda: 1 / 0)
    assert isinstance(profiling.operations(lambda: float(tf.sin(1.0))), dict)
