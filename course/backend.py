"""TensorFlow and Keras, imported quietly: `from course.backend import keras, tf`."""

from course import runtime

tf = runtime.tensorflow()

import keras  # noqa: E402  (it imports TensorFlow by itself, less quietly)

__all__ = ["keras", "tf"]
