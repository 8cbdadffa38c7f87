"""A point is done only as long as the files it read are what they were."""

from __future__ import annotations

import json

from a4eval import files
from a4eval.journal.files import unchanged
from a4eval.journal.views import FileEntry

COMMAND = ("task.x=1,2,3", "task.reads=number.txt")


def values(place, **given):
    found = json.loads(place.run("ls", "sweep", "--json", *given.get("conditions", ())).out)
    return sorted(row["metrics.value"] for row in found)


def test_points_run_again_when_their_data_changed(place):
    number = place.folder / "number.txt"
    number.write_text("10")
    assert place.sweep(*COMMAND).code == 0
    assert "3 of them earlier" in place.sweep(*COMMAND).out
    number.write_text("20")
    again = place.sweep(*COMMAND)
    assert "3 points: 3 ok, " in again.out
    assert "earlier" not in again.out
    number.unlink()
    gone = place.sweep(*COMMAND)
    assert (gone.code, "3 points: 0 ok, 3 failed" in gone.out) == (1, True), gone.out
    number.write_text("20")
    back = place.sweep(*COMMAND)
    assert (back.code, "3 points: 3 ok, 3 of them earlier" in back.out) == (0, True), back.out


def test_hydras_own_sweeper_runs_them_again_too(place):
    number = place.folder / "number.txt"
    for content, records in (("10", 3), ("10", 3), ("20", 6)):
        number.write_text(content)
        assert place.sweep(*COMMAND, "hydra/sweeper=basic").code == 0
        assert len(place.records()) == records


def test_a_failed_point_runs_again_when_its_data_changed(place):
    number = place.folder / "number.txt"
    number.write_text("no number")
    assert place.sweep(*COMMAND).code == 1
    number.write_text("10")
    assert place.sweep(*COMMAND).code == 0
    number.write_text("no number")
    assert place.sweep(*COMMAND).code == 1
    number.write_text("20")
    assert place.run("retry", "sweep").code == 0


def test_ls_keeps_the_numbers_of_other_data_apart(place):
    number = place.folder / "number.txt"
    for content in ("10", "20"):
        number.write_text(content)
        assert place.sweep(*COMMAND).code == 0
    assert values(place) == [11, 12, 13, 21, 22, 23]
    listed = place.run("ls", "sweep")
    assert "age" in listed.out
    assert "3 rows more than there are runs: the data files of a run changed" in listed.err


def test_a_file_is_hashed_once(tmp_path, monkeypatch):
    hashed = []
    sha256 = files.hashlib.sha256
    monkeypatch.setattr(files.hashlib, "sha256", lambda *given: hashed.append(1) or sha256(*given))
    file = tmp_path / "file"
    file.write_text("10")
    entry = FileEntry(str(file), sha256(b"10").hexdigest())
    assert all(unchanged([entry, entry]) for _ in range(5))
    assert len(hashed) == 1
    file.write_text("200")
    assert not unchanged([entry])
