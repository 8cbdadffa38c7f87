"""Small copies of images, also of images that are none."""

from __future__ import annotations

import os
import zlib
from io import BytesIO

import pytest
from a4eval_ap_metric import thumbnails
from a4eval_ap_metric.thumbnails import packed, small_copy

from a4eval import DataError

pillow = pytest.importorskip("PIL.Image", reason="Pillow is not installed: pip install 'a4eval-ap-metric[images]'")
UPRIGHT, TURNED = 1, 6
"""EXIF: as it is stored; the camera was held so that it has to be turned right."""


def saved(path, size=(60, 40), orientation=UPRIGHT, **more):
    image = pillow.new("RGB", size, (200, 30, 30))
    image.paste((30, 30, 200), (0, 0, size[0] // 2, size[1]))
    exif = image.getexif()
    exif[274] = orientation
    image.save(path, exif=exif, **more)
    return path


def opened(content):
    return pillow.open(BytesIO(content))


def thumbnail(path, side, size=None):
    """Return the file of one image alone, with all the room there is."""
    (found,) = packed([small_copy(path, side, size)], 10**6)
    return found


@pytest.mark.parametrize("ending", ["jpg", "png", "webp", "bmp", "tif"])
def test_its_longer_side_is_as_asked_and_it_is_a_webp(tmp_path, ending):
    found = opened(thumbnail(saved(tmp_path / f"a.{ending}", (600, 400)), 90))
    assert (found.format, found.size) == ("WEBP", (90, 60))
    left, right = found.getpixel((20, 30)), found.getpixel((70, 30))
    assert left[2] > 150 > left[0]
    assert right[0] > 150 > right[2]


def test_a_small_image_is_not_made_larger(tmp_path):
    assert opened(thumbnail(saved(tmp_path / "a.png", (30, 20)), 300)).size == (30, 20)


def test_it_is_turned_as_its_camera_was(tmp_path):
    path = saved(tmp_path / "a.jpg", (60, 40), TURNED, quality=95)
    found = opened(thumbnail(path, 60, (40.0, 60.0)))
    assert found.size == (40, 60)
    assert found.getpixel((20, 10))[2] > 150, "what was stored left stands above"
    assert opened(thumbnail(path, 60, None)).size == (40, 60)


def test_it_is_left_as_stored_where_the_annotations_are_of_that(tmp_path):
    path = saved(tmp_path / "a.jpg", (60, 40), TURNED, quality=95)
    assert opened(thumbnail(path, 60, (60.0, 40.0))).size == (60, 40)


@pytest.mark.parametrize("content", [b"", b"no image", b"\xff\xd8\xff\xe0 broken", b"\x89PNG\r\n\x1a\n"])
def test_what_is_no_image_is_an_error(tmp_path, content):
    (tmp_path / "a.jpg").write_bytes(content)
    with pytest.raises(DataError, match=r"a\.jpg: is no image that can be read"):
        thumbnail(tmp_path / "a.jpg", 100)


def test_half_an_image_is_an_error(tmp_path):
    path = saved(tmp_path / "a.png", (300, 200))
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(DataError, match="no image that can be read"):
        thumbnail(path, 100)


def bomb(side):
    """Return a PNG of side × side pixels in few bytes, which would take gigabytes."""

    def chunk(name, data):
        return len(data).to_bytes(4, "big") + name + data + zlib.crc32(name + data).to_bytes(4, "big")

    head = side.to_bytes(4, "big") * 2 + bytes([8, 0, 0, 0, 0])
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("side", [12_000, 60_000])
def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path, side):
    (tmp_path / "a.png").write_bytes(bomb(side))
    with pytest.raises(DataError, match=r"pixels"):
        thumbnail(tmp_path / "a.png", 100)


def test_only_regular_files_of_some_size(tmp_path, monkeypatch):
    os.mkfifo(tmp_path / "pipe.jpg")
    for path in (tmp_path, tmp_path / "pipe.jpg", tmp_path / "missing.jpg"):
        with pytest.raises(DataError, match="no regular file"):
            thumbnail(path, 100)
    path = saved(tmp_path / "a.jpg")
    monkeypatch.setattr(thumbnails, "LARGEST_FILE", 100)
    with pytest.raises(DataError, match="at most 100 bytes"):
        thumbnail(path, 100)


def test_a_format_that_runs_code_is_none(tmp_path):
    """Pillow reads PostScript by starting Ghostscript."""
    (tmp_path / "a.jpg").write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n%%EndComments\nshowpage\n")
    with pytest.raises(DataError, match="no image that can be read"):
        thumbnail(tmp_path / "a.jpg", 100)


def test_without_pillow_the_install_is_named(tmp_path, monkeypatch):
    import sys

    path = saved(tmp_path / "a.png")
    monkeypatch.setitem(sys.modules, "PIL.Image", None)
    with pytest.raises(Exception, match=r"pip install 'a4eval-ap-metric\[images\]'"):
        thumbnail(path, 10)


def noise(places, side=320):
    import numpy as np

    return [
        pillow.fromarray(np.random.default_rng(place).integers(0, 256, (side, side, 3), np.uint8))
        for place in range(places)
    ]


def test_all_images_fit_into_the_room_there_is_as_large_as_they_may():
    images = noise(4, 100)
    sizes = {}
    for room in (10**6, 16_000, 9_000):
        found = packed(images, room)
        assert len(found) == 4
        assert sum(map(len, found)) <= room
        sizes[room] = {opened(one).size for one in found}
    assert sizes[10**6] == {(100, 100)}
    assert sizes[10**6] > sizes[9_000] or min(sizes[10**6]) > min(sizes[9_000])
    assert len(sizes[9_000]) == 1, "all are alike"


def test_of_images_that_do_not_fit_however_small_the_first_are_kept():
    images = noise(6)
    each = [len(one) for one in packed(images, 10**6)]
    found = packed(images, 10_000)
    assert 0 < len(found) < 6, each
    assert found == packed(images[: len(found)], 10_000)
    assert packed(images, 0) == []
