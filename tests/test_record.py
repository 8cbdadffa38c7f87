"""The record's schema and its way to and from the disk."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from a4eval import record

SCHEMA = Path(record.__file__).parent / "record.schema.json"


def test_the_published_schema_is_the_one_in_the_code():
    assert json.loads(SCHEMA.read_text()) == record.json_schema()


def test_every_key_of_the_record_is_described():
    definitions = record.json_schema()["$defs"]
    for name in msgspec.structs.fields(record.Record):
        assert name.encode_name in definitions["Record"]["properties"]
    for title, definition in definitions.items():
        assert definition.get("description"), title


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | st.tuples(inner, inner),
)


@given(json_values)
def test_plain_values_are_strict_json(value):
    def refuse(constant):
        raise AssertionError(constant)

    json.loads(msgspec.json.encode(record.plain(value)), parse_constant=refuse)
    json.loads(json.dumps(record.plain(value), allow_nan=False))
