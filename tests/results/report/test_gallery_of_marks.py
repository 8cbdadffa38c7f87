"""Pictures with marks on them: what is drawn is what the tables say, and a stranger's record draws nothing else."""

from __future__ import annotations

import base64
import re

import pytest

from a4eval import Gallery
from a4eval.results.report import pictures
from a4eval.results.report.build import report
from a4eval.results.report.gallery import LAYERS, gallery
from a4eval.results.report.tables import table_ids

from ...pages import read_page
from ...pages.gallery import JPEG, MARKS, SIZE, flips_record, gallery_record, written

pytest.importorskip("a4eval_ap_metric", reason="the plugin ap_metric is not installed")
SHOWN = Gallery(
    pictures="examples/pictures",
    marks="examples/marks",
    layer="outcome",
    layers=("missed", "false", "hit", "found"),
    quiet=("found",),
    label=("class", "score"),
    filters=("class", "error", "score"),
)


def drawn(record, shown=SHOWN, folder=None):
    return gallery(shown, record, folder, table_ids(record.tables), "g")


def test_every_mark_is_drawn_where_its_table_says(tmp_path):
    text = report([written(gallery_record(), tmp_path / "run")], None)
    page = read_page(text)
    assert "Pictures of errors" in page.text
    scenes = re.findall(r'<figure id="p-ap_metric-0-g\d+" class="scene.*?</figure>', text, re.DOTALL)
    assert len(scenes) == 3
    boxes = {}
    for scene in scenes:
        assert f'viewBox="0 0 {SIZE[0]:.0f} {SIZE[1]:.0f}"' in scene
        for found in re.finditer(r'<rect x="(.*?)" y="(.*?)" width="(.*?)" height="(.*?)" data-row="(\d+)"/>', scene):
            boxes[int(found[5])] = tuple(map(float, found.groups()[:4]))
    assert {place: tuple(round(one, 1) for one in row[8:]) for place, row in enumerate(MARKS)} == {
        place: pytest.approx(box, abs=0.051) for place, box in boxes.items()
    }
    for words in ("cat 0.90", "person 0.75", "dog 0.30", ">dog<"):
        assert words in text
    assert "one: 2 missed, 1 false, 1 hit, 1 found" in text
    assert {address[1:] for address in page.addresses() if address.startswith("#")} <= set(page.ids)
    source = "data:image/jpeg;base64," + base64.b64encode(JPEG).decode()
    assert page.addresses().count(source) == 1


def test_of_a_box_what_lies_on_its_picture_is_drawn():
    """Beside it there may be the picture of the other detector."""
    record = gallery_record()
    row = record.tables["examples/marks"][0]
    row |= {"x": -50.0, "y": SIZE[1] - 30, "width": 200.0, "height": 100.0}
    assert re.search(r'<rect x="0" y="450" width="150" height="30" data-row="0"/>', drawn(record))


def test_the_index_names_the_pictures_of_each_value():
    text = drawn(gallery_record())
    index = re.search(r'<details class="index">.*?</details>', text, re.DOTALL)[0]
    listed = dict(re.findall(r"<li>([a-z]+): (.*?)</li>", index))
    assert re.findall(r"#g(\d)", listed["dog"]) == ["0", "1"]
    assert re.findall(r"#g(\d)", listed["cat"]) == ["0", "2"]
    assert re.findall(r"#g(\d)", listed["background"]) == ["1"]


def test_two_panes_share_one_picture(tmp_path):
    text = report([written(flips_record(), tmp_path / "run")], None)
    assert "Where the detectors differ" in text
    scene = re.search(r'<figure id="p-ap_metric-0-g0".*?</figure>', text, re.DOTALL)[0]
    assert scene.count("data:image/jpeg") == 1
    assert scene.count('<use href="#p-ap_metric-0-g0-i"/>') == 1
    left, right = (float(one) for one in re.findall(r'transform="translate\(([\d.]+) ', scene))
    assert (left, right >= SIZE[0]) == (0, True)
    assert scene.count("data-row=") == 2 * sum(row[0] == "one" for row in MARKS)


@pytest.mark.parametrize("how", ["no folder", "missing", "changed", "not listed", "link", "too large"])
def test_a_picture_that_is_not_the_records_is_an_empty_frame(tmp_path, monkeypatch, how):
    record = gallery_record()
    folder = written(record, tmp_path / "run")
    file = folder / "thumbnails" / "one.jpg"
    if how == "missing":
        file.unlink()
    elif how == "changed":
        file.write_bytes(JPEG[:-1] + b"x")
    elif how == "not listed":
        record.artifacts.clear()
    elif how == "link":
        outside = tmp_path / "secret.png"
        outside.write_bytes(file.read_bytes())
        file.unlink()
        file.symlink_to(outside)
    elif how == "too large":
        monkeypatch.setattr(pictures, "ROOM_OF_PHOTOGRAPHS", 10)
    text = drawn(record, folder=None if how == "no folder" else folder)
    assert "data:" not in text
    assert "not there, or too large together: 1 picture;" in text
    assert text.count('class="frame"') == 3


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"pictures": "none"}, "there is no table 'none'"),
        ({"layer": "colour"}, "has no column 'colour'"),
        ({"filters": ("class", "age")}, "has no column 'age'"),
        ({"layers": [str(one) for one in range(LAYERS + 1)]}, "at most 8"),
    ],
)
def test_what_does_not_fit_is_told(change, said):
    given = {name: getattr(SHOWN, name) for name in SHOWN.__dataclass_fields__} | change
    with pytest.raises(ValueError, match=said):
        drawn(gallery_record(), Gallery(**given))


@pytest.mark.parametrize("size", ["NaN", -1.0, 0.0, None, 1e9, "<b>"])
def test_a_picture_has_a_size(size):
    record = gallery_record()
    record.tables["examples/pictures"][0]["width"] = size
    with pytest.raises(ValueError, match="the picture 'one' is"):
        drawn(record)


@pytest.mark.parametrize("outline", ['0,0 1,1"/><script>', "M0 0", "1,2 3", "url(#a)", "1e999,1 2,2 3,3", ["0,0"]])
def test_an_outline_is_numbers_and_nothing_else(outline):
    record = gallery_record()
    record.tables["examples/marks"][0]["outline"] = outline
    with pytest.raises(ValueError, match="outline: got"):
        drawn(record)


def test_an_outline_is_drawn_in_place_of_the_box():
    record = gallery_record()
    record.tables["examples/marks"][0]["outline"] = "0,0 10.5,0 5,-8;1,1 2,1 2,2"
    assert '<path d="M0,0L10.5,0L5,-8ZM1,1L2,1L2,2Z" data-row="0"/>' in drawn(record)


def test_markup_in_names_stays_text(tmp_path):
    record = gallery_record()
    odd = '<img src=x onerror="alert(1)">'
    for row in record.tables["examples/marks"]:
        row["class"] = odd
    record.tables["examples/pictures"][0]["picture"] = odd
    text = report([written(record, tmp_path / "run")], None)
    assert "<img src=x" not in text
    assert odd in read_page(text).text


def test_numbers_that_are_none_are_drawn_nowhere_else():
    record = gallery_record()
    record.tables["examples/marks"][0] |= {"x": "NaN", "width": "Infinity", "height": -5.0}
    assert '<rect x="0" y="40" width="0" height="0" data-row="0"/>' in drawn(record)


def test_labels_do_not_lie_over_each_other():
    record = gallery_record()
    record.tables["examples/marks"] = [
        {**row, "picture": "one", "x": 100.0, "y": 100.0, "width": 90.0, "height": 60.0}
        for row in record.tables["examples/marks"]
    ]
    text = drawn(record)
    placed = [
        (float(x), float(y), len(words))
        for x, y, words in re.findall(r'<text x="([\d.]+)" y="([\d.]+)" data-of="\d+">(.*?)</text>', text)
    ]
    assert 2 <= len(placed) <= 4
    assert len({y for _, y, _ in placed}) == len(placed)
