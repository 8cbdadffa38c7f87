"""A crop in each framework's words is the same crop."""

import pytest
from a4eval_deconv import (
    CONVENTIONS,
    Crop,
    conv_transpose_size,
    convention_crop,
    explicit_crop,
    translate,
)
from a4eval_deconv.frameworks.translation import FRAMEWORKS


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_a_translation_describes_the_same_crop(framework):
    for name in CONVENTIONS:
        for kernel in range(1, 6):
            for stride in range(1, 4):
                crop = convention_crop(name, kernel, stride)
                found = translate(crop, framework, size=3, kernel_size=kernel, stride=stride)
                assert found.possible == (
                    found.crop == crop or (crop.flipped and found.crop == Crop(crop.before, crop.after))
                )
                assert bool(found.remedy) == (not found.possible or (crop.flipped and framework != "jax"))
                if framework == "torch":
                    pair = (found.arguments["padding"],) * 2
                    extra = found.arguments.get("output_padding", 0)
                    assert explicit_crop("torch", kernel, padding=pair, output_padding=extra) == Crop(
                        found.crop.before, found.crop.after
                    )
                    conv_transpose_size(3, kernel, stride=stride, padding=pair, output_padding=extra)
                if framework == "keras":
                    padding, extra = found.arguments["padding"], found.arguments["output_padding"]
                    again = convention_crop(f"keras_{padding}", kernel, stride, output_padding=extra)
                    assert again == Crop(found.crop.before, found.crop.after)
                if framework == "jax":
                    again = explicit_crop("jax", kernel, padding=found.arguments["padding"])
                    assert (again.before, again.after) == (crop.before, crop.after)
                    assert found.arguments["transpose_kernel"] == (not crop.flipped)
