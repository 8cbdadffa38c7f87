"""Files of arrays that someone may have sent."""

from __future__ import annotations

import pickle
import zipfile
from pathlib import Path

import numpy as np
import pytest

from a4eval import DataError, load_arrays


class Evil:
    """What makes a file when it is unpickled."""

    def __reduce__(self):
        return Path.touch, (Path("pwned"),)


def header(shape, kind="<f8"):
    """Return how a .npy file begins."""
    text = f"{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}, }}".ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text.encode()


def test_arrays_come_back(tmp_path):
    given = {"a": np.arange(6.0).reshape(2, 3), "b": np.array(["x", "yz"])}
    np.savez(tmp_path / "some.npz", **given)
    np.save(tmp_path / "one.npy", given["a"])
    found = load_arrays(tmp_path / "some.npz")
    assert found.keys() == given.keys()
    assert all(np.array_equal(found[name], given[name]) for name in given)
    assert np.array_equal(load_arrays(tmp_path / "one.npy")[""], given["a"])


def test_what_is_no_array_in_an_archive_is_refused(tmp_path):
    np.savez(tmp_path / "some.npz", a=np.arange(3))
    with zipfile.ZipFile(tmp_path / "some.npz", "a") as archive:
        archive.writestr("contents.npy", b"{}")  # which numpy gives as bytes
    with pytest.raises(DataError, match=r"some.npz: 'contents(\.npy)?' in it is no array"):
        load_arrays(tmp_path / "some.npz")


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("a.npy", b"nonsense", r"a\.npy: is no \.npy file"),
        ("a.npy", pickle.dumps(Evil()), "is no .npy file"),
        ("a.npy", header((1, 1), "|O") + pickle.dumps(Evil()), "is no .npy file: it is no arrays alone"),
        ("a.npy", header((10**15,)), "is no .npy file"),
        ("a.npy", header((10**4,)) + b"1234", "is no .npy file"),
        ("a.npy", header("'''"), "is no .npy file"),
        ("a.npz", b"PK\x03\x04", "is no .npz file"),
        ("folder", None, "cannot be read: Is a directory"),
    ],
)
def test_what_is_none_is_refused(tmp_path, monkeypatch, name, content, why):
    monkeypatch.chdir(tmp_path)
    if content is None:
        (tmp_path / name).mkdir()
    else:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=why):
        load_arrays(tmp_path / name)
    assert not Path("pwned").exists()


def test_a_bomb_is_not_unpacked(tmp_path):
    with zipfile.ZipFile(tmp_path / "bomb.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.npy", header((25_000_000,)) + bytes(200_000_000))
    assert (tmp_path / "bomb.npz").stat().st_size < 500_000
    with pytest.raises(DataError, match=r"200,000,128 bytes are packed into .*, which no numbers are"):
        load_arrays(tmp_path / "bomb.npz")
    with zipfile.ZipFile(tmp_path / "large.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.npy", header((10**15,)) + bytes(1000))
    with pytest.raises(DataError, match=r"is no \.npz file"):
        load_arrays(tmp_path / "large.npz")


def test_a_file_damaged_anywhere_is_told(tmp_path):
    np.savez_compressed(tmp_path / "whole.npz", one=np.arange(300), two=np.ones(7))
    whole = (tmp_path / "whole.npz").read_bytes()
    rng = np.random.default_rng(0)
    told = 0
    for _ in range(2000):
        bent = bytearray(whole)
        for place in rng.integers(0, len(whole), 1 + int(rng.integers(3))):
            bent[place] = rng.integers(256)
        (tmp_path / "bent.npz").write_bytes(bent)
        try:
            load_arrays(tmp_path / "bent.npz")
        except DataError:
            told += 1
    assert told > 1000
