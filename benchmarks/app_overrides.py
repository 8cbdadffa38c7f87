"""Sets of overrides drawn at random: are the points of an app's sweep those of Hydra's basic sweeper?

``python benchmarks/app_overrides.py [--sets 1000] [--write]``
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from harness import environment, publish

from tests.apps.test_plan import application_in, compared

STEP = 20
"""After so many sets it is said how far it is."""


def main() -> None:
    """Print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sets", type=int, default=1000)
    parser.add_argument("--write", action="store_true")
    sets = parser.parse_args().sets
    rng, well, points, differing = random.Random(2026), 0, 0, []
    with tempfile.TemporaryDirectory() as folder, application_in(Path(folder)) as application:
        for begun in range(0, sets, STEP):
            more = compared(application, min(STEP, sets - begun), rng)
            well, points, differing = well + more[0], points + more[1], differing + more[2]
            sys.stderr.write(f"{begun + STEP:,} of {sets:,} sets: {len(differing)} differ\n")
    lines = [
        f"Of {sets:,} sets of one to four overrides drawn at random, Hydra's basic sweeper composes {well:,}, to "
        f"{points:,} points; the others it refuses. In {len(differing)} of them `hydra/sweeper=a4eval` differs: in the "
        "composed config, its order and flags, the folder, or what is said of a refusal.",
        *(f"- `{' '.join(one)}`" for one in differing),
        f"{environment('hydra-core', 'omegaconf')}; `python benchmarks/app_overrides.py`",
    ]
    publish("app_overrides", "\n\n".join(lines))


if __name__ == "__main__":
    main()
