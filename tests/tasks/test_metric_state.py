"""What a metric has taken in travels as data, and comes back the same to the last bit."""

from __future__ import annotations

import pickle
from collections import Counter, OrderedDict, defaultdict, deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from a4eval.errors import DataError, PluginError
from a4eval.tasks.metric_set import MetricSet
from a4eval.tasks.metric_state import decode, encode

HERE = {"m": {__name__.partition(".")[0]}}


class Pair(NamedTuple):
    left: Any
    right: Any


@dataclass(slots=True)
class Chunk:
    values: Any

    def __post_init__(self):
        raise AssertionError("a record is put back without its constructor")


def chunk(values):
    made = object.__new__(Chunk)
    made.values = values
    return made


def there_and_back(value):
    return decode(whole(encode({"m": value}, HERE)), HERE)["m"]


def whole(buffers):
    return bytearray(b"".join(buffers))


def same(one, other):
    """Compare values, their types, and arrays to the last bit and in their order in memory."""
    assert type(one) is type(other)
    if isinstance(one, np.ndarray):
        assert (one.dtype, one.shape) == (other.dtype, other.shape)
        assert one.flags.c_contiguous == other.flags.c_contiguous
        assert other.flags.writeable
        if one.dtype == object:
            return all(same(*pair) for pair in zip(one.ravel(), other.ravel(), strict=True))
        return one.tobytes("K") == other.tobytes("K")
    if isinstance(one, dict):
        assert same(list(one), list(other))
        return same(list(one.values()), list(other.values()))
    if isinstance(one, Chunk):
        return same(one.values, other.values)
    if isinstance(one, (list, tuple, deque)):
        assert len(one) == len(other)
        return all(same(*pair) for pair in zip(one, other, strict=True))
    if isinstance(one, (float, np.floating)):
        return np.float64(one).tobytes() == np.float64(other).tobytes()
    return one == other


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.binary()
    | hnp.arrays(hnp.scalar_dtypes(), hnp.array_shapes(min_dims=0, min_side=0, max_side=3)),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.tuples(inner, inner)
        | st.builds(Pair, inner, inner)
        | st.builds(chunk, inner)
        | st.dictionaries(st.text() | st.integers() | st.tuples(st.booleans(), st.text()), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(VALUES)
def test_any_data_comes_back_as_it_was(value):
    assert same(value, there_and_back(value))


@pytest.mark.parametrize(
    "value",
    [
        {1, 2},
        frozenset({"a"}),
        Counter(a=2, b=-1),
        OrderedDict(b=1, a=2),
        deque([1, 2]),
        1 << 100,
        np.float32(0.1),
        np.str_("x"),
        np.datetime64("2026-11-29"),
        np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        np.arange(12.0).reshape(3, 4)[:, ::2].copy(),
        np.array([{"a": 1}, None, "x"], object),
        defaultdict(list, {"a": [1]}),
    ],
    ids=repr,
)
def test_so_do_these(value):
    assert same(value, there_and_back(value))


def test_an_array_that_many_hold_is_written_once():
    shared = np.arange(1000.0)
    assert len(whole(encode({"m": [shared] * 50}, HERE))) < 2 * shared.nbytes
    one, other = there_and_back([shared, shared])
    assert one is other


@pytest.mark.parametrize(
    ("value", "what"),
    [
        (Path("x"), "pathlib"),
        (len, "builtins.builtin_function_or_method"),
        (np.random.default_rng(0), "Generator"),
        (np.zeros(1, "i4,f8"), "no plain data"),
        (defaultdict(lambda: 1), "defaultdict"),
        (np.ma.masked_array([1.0]), "MaskedArray"),
    ],
)
def test_what_is_no_data_is_refused(value, what):
    with pytest.raises(PluginError, match=rf"the state of m\['a'\]\[0\] is .*{what}|an array of"):
        encode({"m": {"a": [value]}}, HERE)


def test_arrays_are_neither_copied_to_be_written_nor_to_be_read():
    given = np.arange(1000.0)
    buffers = encode({"m": [np.zeros(3, np.int8), given]}, HERE)
    assert any(np.shares_memory(given, np.frombuffer(one, np.uint8)) for one in buffers if len(one))
    content = np.frombuffer(whole(buffers), np.uint8)
    found = decode(content, HERE)["m"][1]
    assert np.shares_memory(found, content)
    assert found.flags.aligned


def written(tree, arrays=(), numbers=b""):
    head = msgspec.msgpack.encode([list(arrays), {"m": tree}])
    head = len(head).to_bytes(8, "little") + head
    return head + bytes(-len(head) % 64) + numbers


def test_it_is_written_so():
    buffers = whole(encode({"m": np.array([258], "<u2")}, HERE))
    assert buffers == written({"array": 0}, [("<u2", [1], "C", 0)], b"\2\1".ljust(64, b"\0"))


@pytest.mark.parametrize(
    "content",
    [
        pickle.dumps([1, 2]),
        b"",
        b"\xc1",
        b"\x91" * 100_000,
        written({"record": ["os:system", {"x": 1}]}),
        written({"record": ["pathlib:PurePath", {}]}),
        written({"record": [f"{__name__.partition('.')[0]}.__main__:Chunk", {}]}),
        written({"record": [f"{__name__}:MetricSet", {}]}),
        written({"record": [f"{__name__}:Pair", {"left": 1}]}),
        written({"eval": "1"}),
        written({"defaultdict": ["system", []]}),
        written({"array": 0}),
        written({"array": 0}, [("<f8", [10**12], "C", 0)]),
        written({"array": 0}, [("|O", [1], "C", 0)], b"12345678"),
        written({"array": 0}, [("<f8", [-1, -1], "C", 0)], b"12345678"),
        written({"array": 0}, [("<f8", [1], "C", -8)], b"12345678"),
        written({"array": 0}, [("<f8", [1], "C", 1)], b"12345678"),
        written({"array": 0}, [("<f8", [1], "C", "0")], b"12345678"),
        written({"array": 0}, [("<U0", [10**12], "C", 0)]),
        written({"array": 0}, [("nonsense", [1], "C", 0)], b"1"),
        b"\xff" * 100,
    ],
    ids=range(21),
)
def test_what_was_not_written_so_is_refused(content):
    with pytest.raises(DataError, match="holds no state of these metrics"):
        decode(content, HERE)


@dataclass
class Odd:
    """A metric with a state that is no data, and a way round it."""

    batch = "any"
    names = ("n",)
    _read: Any = field(default=iter, init=False)
    n: int = field(default=0, init=False)

    def state(self):
        return {"n": self.n}

    def restore(self, state):
        self.n = state["n"] * 10


def test_a_metric_may_give_and_take_its_state_itself():
    odd = Odd()
    odd.n = 4
    made = MetricSet({"odd": odd})
    assert made.from_buffer(whole(made.to_buffers())).metrics["odd"].n == 40
    with pytest.raises(DataError, match=r"metrics\.odd"):
        MetricSet({"other": Odd()}).from_buffer(whole(made.to_buffers()))
