"""The record's schema and its way to and from the disk."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from a4eval.runs import provenance, record

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


def test_the_repository_around_the_working_directory(tmp_path, monkeypatch):
    def git(*words):
        identity = ["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
        done = subprocess.run(["git", *identity, *words], cwd=tmp_path, check=True, capture_output=True, text=True)
        return done.stdout.strip()

    def found():
        provenance.git.cache_clear()
        return provenance.git()

    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    monkeypatch.chdir(tmp_path)
    assert found() is None
    git("init", "-q")
    assert found() is None, "no commit yet"
    (tmp_path / "file").write_text("1")
    git("add", "file")
    git("commit", "-q", "-m", "first")
    assert found() == record.GitRecord(commit=git("rev-parse", "HEAD"), dirty=False)
    (tmp_path / "file").write_text("2")
    assert found().dirty
    provenance.git.cache_clear()


def test_a_record_holds_the_config_with_every_default(cli):
    done = cli("run", "task.name=check_layer", "task.layer=conv_transpose", "task.layer.stride=2", "hydra.run.dir=out")
    given, whole = done.record["config"]["task"], done.record["resolved"]["task"]
    assert given["layer"] == {"name": "conv_transpose", "stride": 2}
    assert whole["layer"]["stride"] == 2
    assert whole["layer"]["kernel_size"] == 3
    assert done.record["resolved"]["seed"] == 0
    shown = cli("run", "task.name=check_layer", "task.layer=conv_transpose", "task.layer.stride=2", "--cfg", "resolved")
    assert f"kernel_size: {whole['layer']['kernel_size']}\n" in shown.out
