"""What the plugin exports and how light listing it is."""

import sys
from subprocess import run as execute

import a4eval_deconv
import pytest


def test_every_export_exists_and_is_documented():
    assert set(a4eval_deconv.__all__) <= set(dir(a4eval_deconv))
    for name in a4eval_deconv.__all__:
        assert getattr(a4eval_deconv, name).__doc__
    with pytest.raises(AttributeError, match="attribute nothing"):
        a4eval_deconv.nothing  # noqa: B018  (the access is the test)


def test_listing_the_plugin_imports_neither_numpy_nor_hydra():
    code = "import sys, a4eval_deconv.plugin as p; p.a4eval_components(); print({'numpy', 'hydra'} & set(sys.modules))"
    done = execute([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
