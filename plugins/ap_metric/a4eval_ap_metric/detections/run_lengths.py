"""Masks as run lengths: pixels of background and of object in turn, column by column; decoded many at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

_LONGEST = 7  # letters of 5 bits that a run of 32 bits can have


class RunLengths(NamedTuple):
    """The runs of some masks, one mask after another.

    Args:
        background: (r,) int64, pixels of background before each run of the object; the last may be before nothing.
        foreground: (r,) int64, pixels of the object.
        first: (n,) int64, the first run of each mask; there is at least one.
    """

    background: NDArray[np.int64]
    foreground: NDArray[np.int64]
    first: NDArray[np.int64]


class WrongLettersError(ValueError):
    """The letters of one mask are no run lengths that fill it."""

    def __init__(self, mask: int | np.integer[Any], cause: str) -> None:
        super().__init__(cause)
        self.mask = int(mask)


def run_lengths(letters: Sequence[bytes], pixels: NDArray[np.int64]) -> RunLengths:
    """Decode COCO's compressed masks.

    Args:
        letters: (n,) of at least one mask.
        pixels: (n,) how many each has: height × width.

    Raises:
        WrongLettersError: the letters of a mask are no run lengths that fill it.

    Source: ``rleFrString`` in cocoapi's ``maskApi.c``: 6 bits a letter from ``0`` on, of which one says that the number
    goes on; the numbers from the fourth on are differences to the one before the last.

    >>> run_lengths([b"513", b"9"], np.array([9, 9]))
    RunLengths(background=array([5, 3, 9]), foreground=array([1, 0, 0]), first=array([0, 2]))
    """
    letter, stop = _joined(letters)
    end, begin, padding = _ends(letter, stop)
    length = np.diff(end, prepend=-1)
    if length.max() > _LONGEST:
        raise WrongLettersError(_owner(begin, int(np.argmax(length > _LONGEST))), "got a run beyond 32 bits")
    values = _numbers(letter, end, length)
    values[padding] = 0
    _sum_up(values[1::2], begin // 2)
    lead = values[begin].copy()  # which nothing is added to
    values[begin] = 0
    _sum_up(values[0::2], begin // 2)
    values[begin] = lead
    values[padding] = 0
    if values.min() < 0:
        place = int(np.argmax(values < 0))
        mask = _owner(begin, place)
        raise WrongLettersError(mask, f"run {place - begin[mask]}: got {values[place]}, expected a number from 0 up")
    filled = np.add.reduceat(values, begin)
    if (filled != pixels).any():
        mask = int(np.argmax(filled != pixels))
        raise WrongLettersError(
            mask, f"got runs of {filled[mask]} pixels in all, expected height × width = {pixels[mask]}"
        )
    return RunLengths(values[0::2], values[1::2], begin // 2)


def _joined(letters: Sequence[bytes]) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Return the six bits of each letter of all masks, and (n,) where those of each end."""
    stop = np.cumsum(np.fromiter(map(len, letters), np.int64, len(letters)))
    letter = np.frombuffer(b"".join(letters), np.uint8) - np.uint8(48)
    if letter.max(initial=0) > 63:
        place = int(np.argmax(letter > 63))
        mask = int(np.searchsorted(stop, place, side="right"))
        got = letters[mask][place - int(stop[mask]) :].decode(errors="replace")[0]
        raise WrongLettersError(mask, f"got the letter {got!r}, expected one from '0' to 'o'")
    unended = np.diff(stop, prepend=0) == 0
    unended[~unended] = letter[stop[~unended] - 1] >= 32
    if unended.any():
        raise WrongLettersError(np.argmax(unended), "they end within a run")
    return letter, stop


def _ends(
    letter: NDArray[np.uint8], stop: NDArray[np.int64]
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp]]:
    """Return the last letter of each number, the first number of each mask, and the numbers that are not there.

    These make the numbers of each mask an even number.
    """
    end = np.flatnonzero(letter < 32)
    after = np.searchsorted(end, stop)
    odd = np.flatnonzero(np.diff(after, prepend=0) & 1)
    padding = after[odd] + np.arange(len(odd))
    end = np.insert(end, after[odd], stop[odd] - 1)
    after += np.searchsorted(odd, np.arange(len(stop)), side="right")
    return end, np.append(0, after[:-1]), padding


def _owner(begin: NDArray[np.intp], place: int) -> int:
    return int(np.searchsorted(begin, place, side="right")) - 1


def _numbers(letter: NDArray[np.uint8], end: NDArray[np.intp], length: NDArray[np.intp]) -> NDArray[np.int64]:
    """Return each number: five bits a letter, the lowest first, the highest of which is the sign."""
    value: NDArray[np.int64] = ((letter[end] & 31) ^ 16).astype(np.int64) - 16
    longer, place = np.flatnonzero(length > 1), 1
    while len(longer):
        value[longer] = 32 * value[longer] + (letter[end[longer] - place] & 31)
        place += 1
        longer = longer[length[longer] > place]
    return value


def _sum_up(differences: NDArray[np.int64], first: NDArray[np.int64]) -> None:
    """Make running sums of differences in place, from the first of each mask on."""
    totals = np.add.reduceat(differences, first)
    differences[first[1:]] -= totals[:-1]
    np.cumsum(differences, out=differences)


def areas(runs: RunLengths) -> NDArray[np.int64]:
    """Return (n,) how many pixels of each mask are of the object."""
    found: NDArray[np.int64] = np.add.reduceat(runs.foreground, runs.first)
    return found


def boxes(runs: RunLengths, height: int) -> NDArray[np.float64]:
    """Return (n, 4) float64 xywh, pixels: the smallest box around each object, 0 for one without pixels.

    Args:
        runs: of images of one height.
        height: that, pixels.

    Source: ``rleToBbox`` in cocoapi's ``maskApi.c``, but for runs of 0 pixels, which have no place.

    >>> boxes(run_lengths([b"513"], np.array([9])), 3)
    array([[1., 2., 1., 1.]])
    """
    end = np.cumsum(runs.background + runs.foreground)
    kind: Any = np.int32 if end[-1] < 2**31 else np.int64  # of 32 bits division is several times as fast
    last = end.astype(kind) - 1
    start = last - runs.foreground.astype(kind) + 1
    # the masks are of one height, so columns go on from one mask to the next
    left, right = start // height, last // height
    top, bottom = start - left * height, last - right * height
    several = left < right
    top[several], bottom[several] = 0, height - 1
    nowhere = runs.foreground == 0
    top[nowhere], bottom[nowhere] = height, -1
    left[nowhere], right[nowhere] = np.iinfo(kind).max, -1
    first_column = np.append(0, end[runs.first[1:] - 1] // height)
    x, y = np.minimum.reduceat(left, runs.first) - first_column, np.minimum.reduceat(top, runs.first)
    far_x, far_y = np.maximum.reduceat(right, runs.first) - first_column, np.maximum.reduceat(bottom, runs.first)
    found = np.stack([x, y, far_x - x + 1, far_y - y + 1], axis=1).astype(np.float64)
    found[areas(runs) == 0] = 0
    return found
