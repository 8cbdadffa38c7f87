"""Arrays from a file that someone may have sent: no pickles, and no more of them than a file of its size can mean."""

from __future__ import annotations

import os
import zipfile
from typing import TYPE_CHECKING, Any

import numpy as np

from a4eval.errors import A4evalError, DataError
from a4eval.regular import opened

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

ALWAYS = 100_000_000
"""Bytes that an archive may hold, however small it is."""
RATIO = 20
"""How many times its own size it may hold beyond that: numbers hardly shrink when they are packed."""


def load_arrays(path: Path) -> dict[str, NDArray[Any]]:
    """Return the arrays of a ``.npz`` file by their names, or that of a ``.npy`` file under the name ``""``.

    Raises:
        DataError: it cannot be read, is neither, holds Python objects, or stands for far more than it holds.

    >>> from pathlib import Path
    >>> load_arrays(Path("nowhere.npz"))
    Traceback (most recent call last):
    a4eval.errors.DataError: nowhere.npz: cannot be read: No such file or directory
    """
    try:
        with opened(path) as file:
            size = os.fstat(file.fileno()).st_size
            if zipfile.is_zipfile(file):
                with zipfile.ZipFile(file) as archive:  # which gives no more of a file in it than is said here
                    unpacked = sum(one.file_size for one in archive.infolist())
                if unpacked > max(ALWAYS, RATIO * size):
                    raise DataError(f"{path}: {unpacked:,} bytes are packed into {size:,}, which no numbers are")
            file.seek(0)
            found = np.load(file, allow_pickle=False)
            arrays = {"": found} if isinstance(found, np.ndarray) else dict(found)
            for name, array in arrays.items():
                if not isinstance(array, np.ndarray):  # numpy gives what else is in the archive as bytes
                    raise DataError(f"{path}: {name!r} in it is no array")
            return arrays
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror or error}") from error
    except A4evalError:
        raise
    except Exception as error:  # numpy and zipfile raise of what is damaged whatever they come to
        why = (
            "it is no arrays alone" if "pickle" in str(error) else str(error) or "it is too large"
        )  # numpy's advice: do
        raise DataError(f"{path}: is no {path.suffix or 'numpy'} file: {why}") from error
