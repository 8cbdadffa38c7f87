"""A run that closes what its process needs harms no other."""

from __future__ import annotations

import os

from a4eval.journal.journal import Journal


def test_a_journal_whose_file_was_closed_is_opened_again(tmp_path):
    journal = Journal(tmp_path)
    journal.append(b"1\n")
    os.close(journal._handle)
    journal.append(b"2\n")
    assert (tmp_path / "results.jsonl").read_bytes() == b"1\n2\n"


def test_another_file_that_has_its_number_is_left_alone(tmp_path):
    journal = Journal(tmp_path)
    journal.append(b"1\n")
    other = os.open(tmp_path / "other", os.O_RDWR | os.O_CREAT)
    os.dup2(other, journal._handle)
    journal.append(b"2\n")
    assert (tmp_path / "results.jsonl").read_bytes() == b"1\n2\n"
    assert os.fstat(other).st_size == 0
    os.close(other)
