"""Text files, one an image."""

from __future__ import annotations

import numpy as np
import pytest

from a4eval import ConfigError, DataError, Run, build

from ..voc_cases import evaluated


def test_yolo_files_are_centres_and_sizes_relative_to_the_image(tmp_path):
    for name, text in (("truth", "0 0.5 0.5 0.2 0.5\n"), ("found", "0 0.5 0.5 0.2 0.5 0.9\n1 0.1 0.1 0.1 0.1 0.8\n")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.txt").write_text(text)
    (tmp_path / "truth" / "empty.txt").write_text("\n")
    (tmp_path / "sizes.csv").write_text("image,width,height\na,100,40\nempty,100,40\n")
    reader = {
        "name": "box_text",
        "ground_truth": str(tmp_path / "truth"),
        "detections": str(tmp_path / "found"),
        "sizes": str(tmp_path / "sizes.csv"),
    }
    (batch,) = build("reader", reader).batches(Run(directory=tmp_path))
    np.testing.assert_allclose(batch["truth_box"], [[40, 10, 20, 20]])
    value, result, run = evaluated(tmp_path, reader)
    assert value == 1
    assert result.metrics["voc"].n == 2
    assert "classes the ground truth does not know: 1" in run.warnings[0]
    with pytest.raises(ConfigError, match="sizes: relative boxes need"):
        build("reader", {key: value for key, value in reader.items() if key != "sizes"})
    (tmp_path / "sizes.csv").write_text("image,width,height\nempty,100,40\n")
    with pytest.raises(DataError, match="no size of image 'a'"):
        evaluated(tmp_path, reader)
    (tmp_path / "found" / "b.txt").write_text("0 0.5 0.5 0.2 0.5 0.9\n")
    (tmp_path / "sizes.csv").write_text("image,width,height\na,100,40\nb,100,40\n")
    with pytest.raises(DataError, match="image 'b' is not among the 2 images"):
        evaluated(tmp_path, reader)
    (tmp_path / "found" / "b.txt").write_text("0 0.5 0.5 0.2 0.5\n")
    with pytest.raises(DataError, match=r"b\.txt: line 1: got 4 numbers after the class, expected 5"):
        evaluated(tmp_path, reader)


def test_a_class_may_be_several_words(tmp_path):
    for folder, line in (("truth", "traffic light 10 10 20 20"), ("found", "traffic light 10 10 20 20 0.9")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "a.txt").write_text(line + "\n")
    node = {"name": "box_text", "format": "xywh", "relative": False}
    node |= {"ground_truth": str(tmp_path / "truth"), "detections": str(tmp_path / "found")}
    (batch,) = build("reader", node).batches(Run(directory=tmp_path))
    assert batch["class"].tolist() == batch["detection_class"].tolist() == ["traffic light"]
    (tmp_path / "found" / "a.txt").write_text("traffic light 1 10 10 20 20 0.9\n")
    with pytest.raises(DataError, match="line 1: got 6 numbers after the class, expected 5; class 'traffic light'"):
        list(build("reader", node).batches(Run(directory=tmp_path)))
