"""Files that are not there are told all at once."""

import json


def test_both_files_that_are_not_there_are_named(cli, tmp_path):
    paths = [f"task.data.{name}={tmp_path / name}.json" for name in ("ground_truth", "detections")]
    done = cli("run", "experiment=detection/coco", *paths, f"hydra.run.dir={tmp_path / 'run'}")
    assert done.code == 1
    for name in ("ground_truth", "detections"):
        assert f"{tmp_path / name}.json: cannot be read: No such file or directory" in done.err
    record = json.loads((tmp_path / "run" / "result.json").read_text())
    assert record["error"]["message"].count("cannot be read") == 2


def test_so_are_those_of_both_readers(cli, tmp_path):
    paths = [
        f"task.{side}.{name}={tmp_path / side}_{name}.json"
        for side in ("first", "second")
        for name in ("ground_truth", "detections")
    ]
    done = cli("run", "experiment=detection/compare", *paths, f"hydra.run.dir={tmp_path / 'run'}")
    assert (done.code, done.err.count("cannot be read")) == (1, 4)
