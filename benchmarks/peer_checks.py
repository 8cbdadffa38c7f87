"""What common checks say of a part, written as their users write them; each returns whether it complains."""

from __future__ import annotations

import copy
import pickle
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from a4eval.checks.metrics.units import select
from a4eval.checks.trees import is_float, leaves, mapped
from tests.mutants.metric_base import rankings

if TYPE_CHECKING:
    from collections.abc import Callable


def complains(check: Callable[[Any], None]) -> Callable[[Any], bool]:
    """Turn a test that raises into an answer."""

    def answer(part: Any) -> bool:
        try:
            with np.errstate(all="ignore"), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                check(part)
        except Exception:  # noqa: BLE001  (whatever it raises, the user sees it)
            return True
        return False

    return answer


def gradcheck(layer: Any) -> None:
    """torch.autograd.gradcheck in float64, with forward and backward as an autograd function."""
    import torch

    rng = np.random.default_rng(0)
    params, x = layer.init(rng), layer.example(rng)
    names = [("params", path) for path, one in leaves(params).items() if is_float(one)]
    names += [("x", path) for path, one in leaves(x).items() if is_float(one)]
    trees = {"params": params, "x": x}

    class Wrapped(torch.autograd.Function):
        @staticmethod
        def forward(context: Any, *arrays: Any) -> Any:
            given = dict(zip(names, (one.detach().numpy() for one in arrays), strict=True))
            made = {
                role: mapped(tree, lambda path, old, role=role: given.get((role, path), old))
                for role, tree in trees.items()
            }
            y, context.tape = layer.forward(made["params"], made["x"])
            context.params, context.form = made["params"], y
            return tuple(torch.from_numpy(np.array(one)) for one in leaves(y).values())

        @staticmethod
        def backward(context: Any, *dy: Any) -> Any:
            given = dict(zip(leaves(context.form), (one.numpy() for one in dy), strict=True))
            dparams, dx = layer.backward(context.params, context.tape, mapped(context.form, lambda p, _: given[p]))
            found = {"params": leaves(dparams), "x": leaves(dx)}
            return tuple(torch.from_numpy(np.array(found[role][path])) for role, path in names)

    tensors = [torch.tensor(leaves(trees[role])[path], dtype=torch.float64, requires_grad=True) for role, path in names]
    torch.autograd.gradcheck(Wrapped.apply, tensors)


def assert_close(layer: Any) -> None:
    """torch.testing.assert_close, default tolerances: float32 against float64, and a batch against its rows."""
    import torch

    rng = np.random.default_rng(0)
    params, x = layer.init(rng), layer.example(rng)

    def everything(dtype: Any, rows: Any = slice(None)) -> dict[str, Any]:
        def cast(_: str, array: Any) -> Any:
            return array.astype(dtype) if is_float(array) else array

        axis = getattr(layer, "batch_axis", 0)
        cut = (slice(None),) * axis + (rows,) if axis is not None else ()
        one = mapped(mapped(x, cast), lambda _, array: array[cut] if cut else array)
        y, tape = layer.forward(mapped(params, cast), one)
        dy = mapped(y, lambda _, array: np.ones(array.shape, array.dtype))
        dparams, dx = layer.backward(mapped(params, cast), tape, dy)
        trees = (("y", y), ("dparams", dparams), ("dx", dx))
        return {f"{name}.{path}": np.array(array) for name, tree in trees for path, array in leaves(tree).items()}

    wide = everything(np.float64)
    for name, array in everything(np.float32).items():
        torch.testing.assert_close(torch.from_numpy(array), torch.from_numpy(wide[name].astype(np.float32)))
    axis = getattr(layer, "batch_axis", 0)
    if axis is not None:
        alone = everything(np.float64, slice(0, 1))
        for name in wide:
            if not name.startswith("dparams"):
                rows = np.take(wide[name], [0], axis)
                torch.testing.assert_close(torch.from_numpy(rows), torch.from_numpy(alone[name]))


def metric_tester(metric: Any) -> None:
    """Test in the manner of torchmetrics and scikit-learn: updates and a merge are close to one; order, pickling."""
    batch = rankings(np.random.default_rng(0))
    n = len(batch["unit"])

    def value(one: Any) -> dict[str, float]:
        return {name: float(found.value) for name, found in one.compute().items()}

    def fed(*batches: Any) -> Any:
        fresh = copy.deepcopy(metric)
        for one in batches:
            fresh.update({name: np.array(column) for name, column in one.items()})
        return fresh

    whole = value(fed(batch))
    halves = select(batch, range(n // 2)), select(batch, range(n // 2, n))
    merged = fed(halves[0])
    merged.merge(fed(halves[1]))
    turned = fed(select(batch, range(n)[::-1]))
    for other in (fed(*halves), merged, turned, pickle.loads(pickle.dumps(fed(batch)))):
        np.testing.assert_allclose(list(value(other).values()), list(whole.values()), rtol=1e-5)
        assert set(value(other)) == set(metric.names)


CHECKS: dict[str, dict[str, Callable[[Any], bool]]] = {
    "layer": {
        "torch gradcheck, float64": complains(gradcheck),
        "torch.testing.assert_close, defaults": complains(assert_close),
    },
    "metric": {"tests in the manner of torchmetrics and scikit-learn": complains(metric_tester)},
}
