import socket
import struct
import threading
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from autograder import wire

leaves = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.complex_numbers()
    | st.text()
    | st.binary()
    | st.just(...)
    | st.slices(7)
)
hashable = st.integers() | st.text() | st.binary() | st.tuples(st.integers(), st.text())
values = st.recursive(
    leaves,
    lambda inner: (
        st.lists(inner)
        | st.lists(inner).map(tuple)
        | st.dictionaries(hashable, inner)
        | st.sets(hashable)
        | st.frozensets(hashable)
    ),
    max_leaves=20,
)
dtypes = (
    arrays.boolean_dtypes()
    | arrays.integer_dtypes()
    | arrays.floating_dtypes()
    | arrays.complex_number_dtypes()
    | arrays.unicode_string_dtypes()
    | arrays.byte_string_dtypes()
)


def packer():
    return wire.Packer(lend=None, borrow=None, own=None, number_of=wire.number_of)


def there_and_back(value):
    ours, theirs = socket.socketpair()
    with ours, theirs:
        thread = threading.Thread(target=lambda: wire.Frames(ours).send(*packer().pack(value)))
        thread.start()
        received = packer().unpack(*wire.Frames(theirs).receive())
        thread.join()
    return received


def spelt(value):
    """Spell a value out: repr tells 1 from 1.0 and True and shows nan, but sets have no order."""
    if isinstance(value, dict):
        return [(spelt(key), spelt(item)) for key, item in value.items()]
    if isinstance(value, list | tuple):
        return type(value), [spelt(item) for item in value]
    if isinstance(value, set | frozenset):
        return type(value), sorted(map(repr, value))
    return repr(value)


@given(values)
def test_plain_data_comes_through_as_it_was(value):
    received = there_and_back(value)
    assert spelt(received) == spelt(value)
    assert type(received) is type(value)


@given(dtypes.flatmap(lambda dtype: arrays.arrays(dtype, arrays.array_shapes(min_dims=0))))
def test_arrays_come_through_as_they_were(array):
    received = there_and_back(array)
    assert type(received) is np.ndarray
    assert (received.dtype, received.shape) == (array.dtype, array.shape)
    assert received.tobytes() == array.tobytes()
    received[...] = received  # can be written


@pytest.mark.parametrize("number", [np.float32(0.1), np.int8(-3), np.bool_(True), np.str_("ñ")])
def test_numpy_numbers_keep_their_type(number):
    received = there_and_back(number)
    assert type(received) is type(number) and received == number


@pytest.mark.parametrize("kind", [np.float32, np.dtype("int64")])
def test_numpy_types_can_be_named(kind):
    assert there_and_back(kind) == kind


@given(st.binary())
def test_no_bytes_from_a_stranger_do_more_than_raise(data):
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.sendall(data)
        ours.shutdown(socket.SHUT_WR)
        with pytest.raises(wire.WireError):
            packer().unpack(*wire.Frames(theirs).receive())
            raise wire.WireError  # by chance it was a message


json_like = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner)
        | st.dictionaries(
            st.sampled_from("int tuple set dict array dtype shape scalar own lent slice".split()),
            inner,
        )
    ),
)


@given(json_like)
def test_no_json_from_a_stranger_does_more_than_raise(packed):
    stranger = wire.Peer(socket.socket(), None, wire.make_handle, wire.number_of)
    with suppress(wire.WireError):
        stranger.packer.unpack(packed, [b"\0" * 8])


@pytest.mark.parametrize(
    "frame",
    [
        struct.pack(">II", 2**31, 0),
        struct.pack(">II", 2, 2**31),
        struct.pack(">III", 2, 1, 2**31) + b"{}",
    ],
)
def test_sizes_are_bounded_before_anything_is_read(frame):
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.sendall(frame)
        with pytest.raises(wire.WireError, match="MB at once"):
            wire.Frames(theirs).receive()


def test_what_is_too_large_or_too_deep_is_not_sent():
    ours, theirs = socket.socketpair()
    deep = []
    for _ in range(100):
        deep = [deep]
    with ours, theirs:
        with pytest.raises(wire.WireError, match="MB at once"):
            wire.Frames(ours).send(*packer().pack(np.zeros(9 * 2**20)))
        with pytest.raises(wire.WireError, match="deep"):
            packer().pack(deep)


class Liar:
    """Equals everything and contains everything."""

    def __init__(self, *items):
        self.items = items

    def __eq__(self, other):
        return True

    def __contains__(self, item):
        return True

    def __len__(self):
        return len(self.items)

    def __getitem__(self, place):
        return self.items[place]

    __hash__ = None


def lying(kind):
    """Return a subclass of plain data that lies about what it holds."""

    def lie(self, *others):
        return True

    names = "__eq__ __ne__ __contains__ __bool__ __int__ __float__ __str__ __len__ __iter__ items"
    return type("Lying", (kind,), {name: lie for name in names.split()} | {"__hash__": None})


@pytest.mark.parametrize(
    "plain", [3, 0.5, 2j, "ñ", b"x", [1], (1, 2), {"a": 1}, {1, 2}, frozenset([3])]
)
def test_a_subclass_of_plain_data_arrives_as_what_it_holds(plain):
    received = there_and_back(lying(type(plain))(plain))
    assert type(received) is type(plain) and received == plain


def test_a_subclass_of_an_array_arrives_as_an_array():
    class Lying(np.ndarray):
        def __eq__(self, other):
            return np.True_

    received = there_and_back(np.arange(3).view(Lying))
    assert type(received) is np.ndarray and received.tolist() == [0, 1, 2]


class Failing(Exception):
    def __str__(self):
        raise ValueError


@pytest.fixture
def ask():
    """Asks a peer in a thread for a name of this dictionary."""
    names = {}

    def answer(operation, arguments):
        if operation == "name":
            return names[arguments[0]]
        return wire.on_lent(operation, arguments[0], arguments[1:])

    ours, theirs = socket.socketpair()
    there = wire.Peer(theirs, answer, wire.make_handle, wire.number_of)
    here = wire.Peer(ours, answer, wire.make_handle, wire.number_of)
    thread = threading.Thread(target=there.serve)
    thread.start()

    def get(value):
        names["it"] = value
        return here.ask("name", "it")

    with ours, theirs:
        yield get
        here.ask("done")
        thread.join()


def test_a_handle_equals_nothing_and_has_no_truth(ask):
    handle = ask(Liar(1, 2))
    assert (handle == [1, 2]) is False
    assert handle not in ([], [[1, 2]])
    with pytest.raises(TypeError, match="Liar"):
        bool(handle)
    with pytest.raises(TypeError, match="Liar"):
        handle != [1, 2]  # noqa: B015
    assert list(handle) == [1, 2] and len(handle) == 2 and handle[1] == 2
    assert 2 in handle and 3 not in handle
    assert np.array_equal(handle, [1, 2])


def test_functions_can_be_called_and_call_back(ask):
    twice = ask(lambda function, value: function(function(value)))
    assert twice(lambda value: value + 1, 5) == 7
    assert callable(twice) and not callable(ask(Liar()))


def test_a_handle_that_goes_back_is_the_object_itself(ask):
    thing = Liar()
    handle = ask(thing)
    assert ask(lambda value: value is thing)(handle) is True


def test_errors_come_as_their_built_in_type(ask):
    def fail(error):
        def function():
            raise error

        return ask(function)

    with pytest.raises(IndexError, match="too far"):
        fail(IndexError("too far"))()
    with pytest.raises(wire.RemoteError):
        fail(Failing())()
    with pytest.raises(wire.RemoteError) as caught:
        fail(AssertionError("fine"))()
    assert not isinstance(caught.value, AssertionError)
    with pytest.raises(wire.RemoteError):
        fail(SystemExit(0))()
    with pytest.raises(wire.RemoteError):
        fail(StopIteration())()
    with pytest.raises(wire.RemoteError):
        fail(UnicodeDecodeError("utf-8", b"", 0, 1, "bad"))()


def test_private_attributes_stay_where_they_are(ask):
    handle = ask(lambda: None)
    for name in ("__globals__", "_peer_", "__class_getitem__"):
        with pytest.raises(AttributeError):
            getattr(handle, name)
    with pytest.raises(AttributeError):
        handle.name = 1


def test_calls_that_go_back_and_forth_end(ask):
    def here(value):
        return there(here, value)

    there = ask(lambda function, value: function(value))
    with pytest.raises(RecursionError):
        here(1)
