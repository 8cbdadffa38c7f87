"""The split over (t, k) against per-step copies of the weights in torch, and the sums it must obey."""

from __future__ import annotations

import numpy as np
import pytest
from a4eval_rnn_bptt import attribute, follow, total_reading_error, whole_gradient
from a4eval_rnn_bptt.contract import StepGradients
from a4eval_rnn_bptt.layers.rnn import Rnn

from a4eval import build

from .. import torch_cells
from ..cases import relative

INPUTS, HIDDEN = 3, 4


def setting(layer, rng, steps, batch):
    params = layer.init(rng)
    trajectory = follow(layer, params, rng.standard_normal((steps, batch, INPUTS)))
    return params, trajectory, rng.standard_normal((steps, batch, HIDDEN))


@pytest.mark.parametrize(("steps", "batch"), [(1, 2), (5, 1), (12, 3)])
def test_paths_equal_copies_of_the_weights_in_torch(torch, layer, rng, steps, batch):
    params = layer.init(rng)
    x, errors = rng.standard_normal((steps, batch, INPUTS)), rng.standard_normal((steps, batch, HIDDEN))
    got = attribute(follow(layer, params, x), errors, norm=True, per_lag=True)
    copies = [{n: torch.tensor(v, requires_grad=True) for n, v in params.items()} for _ in range(steps)]
    zeros = tuple(torch.zeros((batch, HIDDEN), dtype=torch.float64) for _ in range(layer.state_count))
    outputs, _ = torch_cells.run(torch, layer, copies, torch.tensor(x), zeros)
    for name in params:
        paths = np.zeros((steps, steps, *params[name].shape))
        for t in range(steps):
            loss = (outputs[t] * torch.tensor(errors[t])).sum()
            leaves = [copy[name] for copy in copies[: t + 1]]
            for k, one in enumerate(torch.autograd.grad(loss, leaves, retain_graph=True, allow_unused=True)):
                paths[t, k] = 0 if one is None else one.numpy()
        whole = paths.sum((0, 1))
        inner = np.sum(paths * whole, axis=tuple(range(2, paths.ndim)))
        norm = np.sqrt(np.sum(paths**2, axis=tuple(range(2, paths.ndim))))
        if not whole.any():  # one step from a zero state: the recurrent weights get nothing
            assert np.isnan(got[name].share).all()
            continue
        assert relative(got[name].gradient, whole) < 1e-12, name
        assert np.abs(got[name].share - inner / np.sum(whole**2)).max() < 1e-12, name
        assert np.abs(got[name].norm - norm).max() < 1e-7 * norm.max(), name
        assert (
            relative(got[name].per_lag, [sum(paths[k + g, k] for k in range(steps - g)) for g in range(steps)]) < 1e-12
        )
        cosine = inner[norm > 0] / (norm[norm > 0] * np.linalg.norm(whole))
        assert np.nanmax(np.abs(got[name].cosine[norm > 0] - cosine)) < 1e-6


def test_shares_sum_to_one_and_lags_to_the_gradient(layer, rng):
    params, trajectory, errors = setting(layer, rng, 20, 3)
    _, tape = layer.forward(params, rng.standard_normal((1, 1, INPUTS)))
    del tape
    whole = whole_gradient(trajectory, errors)
    for name, one in attribute(trajectory, errors, per_lag=True).items():
        assert one.share.sum() == pytest.approx(1, abs=1e-12)
        assert not np.triu(one.share, 1).any()
        assert np.linalg.norm(one.per_lag.sum(0) - whole[name]) < 1e-13 * np.linalg.norm(whole[name])


def test_truncation_is_truncated_backpropagation(layer, rng):
    """A window of w: each loss reaches back over w steps, so drop the paths with a lag of w or more."""
    steps = 9
    _, trajectory, errors = setting(layer, rng, steps, 2)
    for name, one in attribute(trajectory, errors, per_lag=True, truncation=True).items():
        for window in (1, 4, steps):
            cut = one.per_lag[:window].sum(0)
            bias = np.linalg.norm(cut - one.gradient) / np.linalg.norm(one.gradient)
            assert one.truncated_bias[window - 1] == pytest.approx(bias, abs=1e-12), name
            if np.linalg.norm(cut) > 0:
                cosine = np.sum(cut * one.gradient) / (np.linalg.norm(cut) * np.linalg.norm(one.gradient))
                assert one.truncated_cosine[window - 1] == pytest.approx(cosine, abs=1e-12), name
        assert one.truncated_bias[-1] < 1e-12


def test_truncation_equals_detached_states_in_torch(torch, rng):
    """The same, from the definition: loss t sees the state before step t − w + 1 as a constant."""
    layer = build("layer", {"name": "lstm", "inputs": INPUTS, "hidden": HIDDEN})
    steps, window = 7, 3
    params, _, errors = setting(layer, rng, steps, 2)
    x = rng.standard_normal((steps, 2, INPUTS))
    trajectory = follow(layer, params, x)
    leaf = {name: torch.tensor(value, requires_grad=True) for name, value in params.items()}
    loss = 0
    for t in range(steps):
        first = max(0, t - window + 1)
        state = tuple(torch.tensor(one[first]) for one in trajectory.states)
        outputs, _ = torch_cells.run(torch, layer, [leaf] * steps, torch.tensor(x[first : t + 1]), state)
        loss = loss + (outputs[-1] * torch.tensor(errors[t])).sum()
    loss.backward()
    for name, one in attribute(trajectory, errors, per_lag=True).items():
        assert relative(one.per_lag[:window].sum(0), leaf[name].grad) < 1e-12, name


def test_reading_total_derivatives_double_counts(rng):
    layer = build("layer", {"name": "rnn", "inputs": INPUTS, "hidden": HIDDEN, "bias": False})
    params, trajectory, errors = setting(layer, rng, 4, 1)
    w = params["weight_hh"]
    h = trajectory.states[0][:, 0]
    got = total_reading_error(trajectory, errors)
    # the nested formula by hand, total derivatives ∂h_t/∂U as (H, H, I) tensors, and W alike
    jacobians = [np.diag(1 - h[t + 1] ** 2) @ w for t in range(4)]
    x = trajectory.tape[0]
    for t in range(4):
        wrong = right = 0.0
        for inputs in (x, h[:-1]):
            immediate = [np.einsum("ij,k->ijk", np.diag(1 - h[s + 1] ** 2), inputs[s]) for s in range(4)]
            total = [immediate[0]]
            for s in range(1, t + 1):
                total.append(immediate[s] + np.einsum("ij,jkl->ikl", jacobians[s], total[-1]))
            nested = total[0]
            for s in range(1, t + 1):
                nested = total[s] + np.einsum("ij,jkl->ikl", jacobians[s], nested)
            true = np.einsum("i,ikl->kl", errors[t, 0], total[t])
            wrong += np.sum((np.einsum("i,ikl->kl", errors[t, 0], nested) - true) ** 2)
            right += np.sum(true**2)
        assert got[t] == pytest.approx(np.sqrt(wrong / right), abs=1e-12)
    assert got[0] == 0


def test_bad_arguments(layer, rng):
    _, trajectory, errors = setting(layer, rng, 4, 2)
    with pytest.raises(ValueError, match="errors have shape"):
        attribute(trajectory, errors[:2])
    with pytest.raises(ValueError, match="not finite"):
        attribute(trajectory, np.full_like(errors, np.nan))
    with pytest.raises(ValueError, match="no weight 'weight_xx', expected one of"):
        attribute(trajectory, errors, weights=["weight_xx"])
    with pytest.raises(ValueError, match="ask for norm=True"):
        _ = next(iter(attribute(trajectory, errors).values())).cosine


def test_a_state_that_overflows_is_said(rng):
    layer = build("layer", {"name": "rnn", "activation": "linear", "gain": 1e30, "initialisation": "orthogonal"})
    with pytest.raises(ValueError, match="the state overflows at step"):
        follow(layer, layer.init(rng), rng.standard_normal((50, 2, 8)))


@pytest.mark.parametrize("lossy", ["all", "some", "last", "none"])
@pytest.mark.parametrize(("steps", "batch"), [(1, 2), (5, 1), (12, 3)])
def test_shares_found_for_many_losses_at_once_equal_those_found_by_lag(layer, rng, steps, batch, lossy):
    _, trajectory, errors = setting(layer, rng, steps, batch)
    if lossy == "some":
        errors[::3] = 0
    elif lossy != "all":
        errors[: steps - (lossy == "last")] = 0
    got = attribute(trajectory, errors)
    expected = attribute(trajectory, errors, norm=True)
    assert got.keys() == expected.keys()
    for name, one in expected.items():
        np.testing.assert_allclose(got[name].share, one.share, rtol=0, atol=1e-13, err_msg=name)


def test_a_cell_that_inherits_fold_but_steps_otherwise_is_not_folded(rng):
    class Leaky(Rnn):
        def step(self, params, x, state):
            (new,), tape = super().step(params, x, state)
            return (0.5 * state[0] + new,), tape

        def step_backward(self, params, tape, dstate, *, want_dx=True):
            parts, dx, (before,) = super().step_backward(params, tape, dstate, want_dx=want_dx)
            return StepGradients(parts, dx, (before + 0.5 * dstate[0],))

    _, trajectory, errors = setting(Leaky(inputs=3, hidden=4), rng, 6, 2)
    for name, one in attribute(trajectory, errors).items():
        assert np.nansum(one.share) == pytest.approx(1, abs=1e-13), name


def test_first_party_cells_fold_their_steps(layer):
    folds = {"Rnn", "IdentityRnn", "Lstm", "Gru"}
    assert hasattr(layer, "fold") == (type(layer).__name__ in folds)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", ["rnn", "lstm", "gru"])
def test_shares_where_products_are_cut_up(rng, name, dtype):
    layer = build("layer", {"name": name, "inputs": 5, "hidden": 64})
    params = {key: value.astype(dtype) for key, value in layer.init(rng).items()}
    trajectory = follow(layer, params, rng.standard_normal((24, 6, 5)).astype(dtype))
    errors = rng.standard_normal((24, 6, 64)).astype(dtype)
    got, expected = attribute(trajectory, errors), attribute(trajectory, errors, norm=True)
    for key, one in expected.items():
        assert np.abs(got[key].share - one.share).max() < (1e-13 if dtype == "float64" else 1e-5), key
