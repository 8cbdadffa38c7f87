"""Weights to other frameworks and back, held against what those compute."""

from __future__ import annotations

import os

import numpy as np
import pytest
from a4eval_rnn_bptt import (
    from_equinox,
    from_flax,
    from_keras,
    from_onnx,
    from_torch,
    to_equinox,
    to_flax,
    to_keras,
    to_onnx,
    to_torch,
)

from a4eval import build

CASES = [
    ("rnn", {}),
    ("rnn", {"bias": False}),
    ("lstm", {}),
    ("lstm", {"bias": False}),
    ("gru", {}),
    ("gru", {"bias": False}),
    ("gru", {"reset_after": False}),
    ("gru", {"reset_after": False, "bias": False}),
]


@pytest.fixture
def keras(torch):
    os.environ.setdefault("KERAS_BACKEND", "torch")
    return pytest.importorskip("keras", reason="keras is not installed: pip install keras")


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning")
@pytest.mark.parametrize(("cell", "options"), CASES)
def test_keras_computes_the_same(keras, rng, cell, options):
    layer = build("layer", {"name": cell, "inputs": 3, "hidden": 4, **options})
    params = layer.init(rng)
    kind = {"rnn": keras.layers.SimpleRNN, "lstm": keras.layers.LSTM, "gru": keras.layers.GRU}[cell]
    reset = {"reset_after": layer.reset_after} if cell == "gru" else {}
    theirs = kind(4, return_sequences=True, use_bias=layer.bias, dtype="float64", **reset)
    x = rng.standard_normal((6, 2, 3))
    theirs.build((2, 6, 3))
    theirs.set_weights(to_keras(cell, params))
    expected = keras.ops.convert_to_numpy(theirs(np.ascontiguousarray(x.swapaxes(0, 1)))).swapaxes(0, 1)
    # Keras's loop over steps goes through float32 even for float64 layers; another convention would be off by 0.1
    assert np.abs(layer.forward(params, x)[0] - expected).max() < 1e-6
    back = from_keras(cell, theirs.get_weights(), use_bias=layer.bias, **reset)
    assert back.keys() == params.keys()
    assert np.abs(layer.forward(back, x)[0] - expected).max() < 1e-6


@pytest.mark.parametrize(("cell", "options"), CASES)
def test_there_and_back(rng, cell, options):
    layer = build("layer", {"name": cell, "inputs": 3, "hidden": 4, **options})
    params = layer.init(rng)
    if "weight_hn" not in params:
        for name, value in from_torch(to_torch(params)).items():
            assert np.array_equal(value, params[name])
    for layout in ("torch", "keras"):
        there = layer.from_layout(layout, layer.to_layout(layout, params))
        assert there.keys() == params.keys()
        assert np.array_equal(there["weight_hh"], params["weight_hh"])
    reset = {"reset_after": layer.reset_after} if cell == "gru" else {}
    back = from_keras(cell, to_keras(cell, params), use_bias=layer.bias, **reset)
    for name in params:
        if not name.startswith("bias") or reset:
            assert np.array_equal(back[name], params[name]), name
    if layer.bias and not reset:
        assert np.array_equal(back["bias_ih"] + back["bias_hh"], params["bias_ih"] + params["bias_hh"])


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning")
@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
@pytest.mark.parametrize(("layers", "both"), [(2, False), (1, True), (2, True)])
def test_whole_models_of_keras(keras, rng, cell, layers, both):
    node = {"name": "bidirectional" if both else "stacked", "cell": {"name": cell, "hidden": 4}, "layers": layers}
    layer = build("layer", {**node, "inputs": 3})
    params = layer.init(rng)
    kind = {"rnn": keras.layers.SimpleRNN, "lstm": keras.layers.LSTM, "gru": keras.layers.GRU}[cell]
    cores = [kind(4, return_sequences=True, dtype="float64") for _ in range(layers)]
    model = keras.Sequential([keras.layers.Bidirectional(one, dtype="float64") if both else one for one in cores])
    x = rng.standard_normal((6, 2, 3))
    model.build((2, 6, 3))
    model.set_weights(to_keras(cell, params))
    expected = keras.ops.convert_to_numpy(model(np.ascontiguousarray(x.swapaxes(0, 1)))).swapaxes(0, 1)
    assert np.abs(layer.forward(params, x)[0] - expected).max() < 1e-6
    back = from_keras(cell, model.get_weights(), layers=layers, bidirectional=both)
    assert list(back) == list(params)
    assert np.abs(layer.forward(back, x)[0] - expected).max() < 1e-6


def test_bad_weights():
    with pytest.raises(ValueError, match="'weight_ih_l1' is not of the first layer"):
        from_torch({"weight_ih_l0": np.zeros(1), "weight_ih_l1": np.zeros(1)})
    with pytest.raises(ValueError, match="weight_ih_l0 holds complex128, expected real numbers"):
        from_torch({"weight_ih_l0": np.zeros(1, complex)})
    with pytest.raises(ValueError, match="got 1 arrays"):
        from_keras("rnn", [np.zeros((1, 1))])
    with pytest.raises(ValueError, match=r"got 4 arrays, .* for each of _l0, _l0_reverse, _l1, _l1_reverse: 12"):
        from_keras("rnn", [np.zeros((1, 1))] * 4, layers=2, bidirectional=True)
    with pytest.raises(ValueError, match="not that of reset_after=False"):
        from_keras("gru", [np.zeros((1, 3)), np.zeros((1, 3)), np.zeros((2, 3))], reset_after=False)


@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
def test_a_bias_that_is_missing_is_refused(rng, cell):
    params = build("layer", {"name": cell, "inputs": 3, "hidden": 4}).init(rng)
    kernel, recurrent, bias = to_keras(cell, params)
    with pytest.raises(
        ValueError, match=r"got 2 arrays, expected kernel, recurrent kernel and bias: 3; .* use_bias=Fal"
    ):
        from_keras(cell, [kernel, recurrent])
    with pytest.raises(ValueError, match="got 3 arrays, expected kernel and recurrent kernel: 2"):
        from_keras(cell, [kernel, recurrent, bias], use_bias=False)
    assert list(from_keras(cell, [kernel.tolist(), recurrent.tolist()], use_bias=False)) == ["weight_ih", "weight_hh"]
    for missing in params:
        rest = {name: value for name, value in params.items() if name != missing}
        with pytest.raises(ValueError, match=f"expected the weights of one layer of torch: .*{missing}"):
            to_torch(rest)
        with pytest.raises(ValueError, match=f"expected the weights of one layer of torch: .*{missing}"):
            from_torch({f"{name}_l0": value for name, value in rest.items()})


def test_a_layer_takes_what_the_one_below_gives(rng):
    layer = build("layer", {"name": "stacked", "cell": {"name": "gru", "hidden": 4}, "layers": 2, "inputs": 3})
    params = layer.init(rng)
    operators, weights = to_onnx("gru", params), to_keras("gru", params)
    weights[3] = np.zeros((5, 12))
    message = "weight_ih_l1 takes 5 inputs, expected 4: what the layer below gives"
    with pytest.raises(ValueError, match=message):
        from_keras("gru", weights, layers=2)
    operators[1].inputs["W"] = np.zeros((1, 12, 5))
    with pytest.raises(ValueError, match=message):
        from_onnx("gru", operators)
    for convert in (to_keras, to_onnx):
        with pytest.raises(ValueError, match=message):
            convert("gru", {**params, "weight_ih_l1": np.zeros((12, 5))})
    with pytest.raises(ValueError, match="got layers=0, expected at least 1"):
        from_keras("gru", [], layers=0)
    with pytest.raises(ValueError, match="got no operator, expected one a layer"):
        from_onnx("gru", [])


def test_weights_of_another_cell_are_refused(rng):
    gru = build("layer", {"name": "gru", "inputs": 3, "hidden": 4}).init(rng)
    with pytest.raises(
        ValueError,
        match=r"got kernel \(3, 12\), recurrent_kernel \(4, 12\), bias \(2, 12\), expected those of a lstm of Keras: "
        r"kernel \(3, 16\), recurrent_kernel \(4, 16\), bias \(16,\)",
    ):
        from_keras("lstm", to_keras("gru", gru))
    for convert in (to_keras, to_onnx, to_flax, to_equinox):
        with pytest.raises(ValueError, match=r"got weight_ih \(12, 3\), .*expected the weights of one lstm: weight_ih"):
            convert("lstm", {**gru, "weight_hh": gru["weight_hh"][:8]})
        with pytest.raises(ValueError, match=r"got weight_ih \(12, 3\), expected matrices weight_ih and weight_hh"):
            convert("gru", {"weight_ih": gru["weight_ih"]})
        with pytest.raises(ValueError, match=r"bias_hh \(12,\)"):
            convert("gru", {name: value for name, value in gru.items() if name != "bias_hh"})
        with pytest.raises(ValueError, match="got cell 'lst', expected rnn, lstm or gru"):
            convert("lst", gru)
        with pytest.raises(ValueError, match="bias_ih holds complex128"):
            convert("gru", {**gru, "bias_ih": gru["bias_ih"] + 0j})
        with pytest.raises(ValueError, match="extra"):
            convert("gru", {**gru, "extra": np.zeros(3)})


@pytest.mark.parametrize(
    ("options", "convert", "message"),
    [
        ({"peephole": True}, to_keras, "Keras has no LSTM with peepholes"),
        ({"coupled": True}, to_keras, "Keras has no LSTM with coupled gates"),
        ({"peephole": True}, lambda _, params: to_torch(params), "torch has no LSTM with peepholes"),
        ({"coupled": True, "peephole": True}, to_flax, "Flax has no LSTM with"),
        ({"peephole": True}, to_equinox, "Equinox has no LSTM with peepholes"),
    ],
)
def test_variants_that_a_framework_does_not_have(rng, options, convert, message):
    params = build("layer", {"name": "lstm", "inputs": 3, "hidden": 4, **options}).init(rng)
    with pytest.raises(ValueError, match=message):
        convert("lstm", params)


def test_mixed_and_missing_layers(rng):
    params = build("layer", {"name": "stacked", "cell": {"name": "rnn", "hidden": 4}, "inputs": 3, "layers": 3}).init(
        rng
    )
    with pytest.raises(ValueError, match="got layers _l0, _l2, expected _l0, _l1, _l2"):
        to_keras("rnn", {name: value for name, value in params.items() if not name.endswith("_l1")})
    with pytest.raises(ValueError, match="got 'alpha' among weights of numbered layers"):
        to_keras("rnn", {**params, "alpha": np.zeros(1)})


ONNX_CASES = [
    *((cell, {}, None) for cell in ("rnn", "lstm", "gru")),
    *((cell, {"bias": False}, None) for cell in ("rnn", "lstm", "gru")),
    ("gru", {"reset_after": False}, None),
    ("lstm", {"peephole": True}, None),
    ("lstm", {"coupled": True}, None),
    ("lstm", {"coupled": True, "peephole": True}, None),
    ("gru", {}, ("stacked", 2)),
    ("lstm", {}, ("bidirectional", 2)),
]


@pytest.mark.parametrize(("cell", "options", "stack"), ONNX_CASES)
def test_onnxruntime_computes_the_same(rng, cell, options, stack):
    onnx = pytest.importorskip("onnx", reason="onnx is not installed: pip install onnx")
    runtime = pytest.importorskip("onnxruntime", reason="onnxruntime is not installed: pip install onnxruntime")
    node = {"name": cell, "hidden": 4, **options}
    if stack is not None:
        node = {"name": stack[0], "layers": stack[1], "cell": node}
    layer = build("layer", {**node, "inputs": 3})
    params = layer.init(rng)
    operators = to_onnx(cell, params)
    x = rng.standard_normal((6, 2, 3)).astype(np.float32)
    y = x
    for operator in operators:
        arrays = {name: value.astype(np.float32) for name, value in operator.inputs.items()}
        names = [name if name in arrays else "" for name in ("W", "R", "B", "sequence_lens", "h", "c", "P")]
        while not names[-1]:
            names.pop()
        graph = onnx.helper.make_graph(
            [onnx.helper.make_node(cell.upper(), ["X", *names], ["Y"], **operator.attributes)],
            "layer",
            [onnx.helper.make_tensor_value_info("X", 1, y.shape)],
            [onnx.helper.make_tensor_value_info("Y", 1, None)],
            [onnx.numpy_helper.from_array(value, name) for name, value in arrays.items()],
        )
        model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 14)], ir_version=8)
        (found,) = runtime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"]).run(
            None, {"X": y}
        )
        y = np.ascontiguousarray(found.swapaxes(1, 2).reshape(6, 2, -1))
    expected = layer.forward(params, x.astype(np.float64))[0]
    assert np.abs(y - expected).max() < 1e-5
    back = from_onnx(cell, operators)
    assert back.keys() == params.keys()
    assert np.abs(layer.forward(back, x)[0] - expected).max() < 1e-5


def test_bad_operators(rng):
    params = build("layer", {"name": "gru", "inputs": 3, "hidden": 4}).init(rng)
    (one,) = to_onnx("gru", params)
    with pytest.raises(
        ValueError, match=r"got W \(1, 12, 3\).*expected those of an ONNX operator LSTM, forward: W \(1, 16, 3\)"
    ):
        from_onnx("lstm", [one])
    with pytest.raises(ValueError, match="got direction 'reverse', expected forward or bidirectional"):
        from_onnx("gru", [one._replace(attributes={"direction": "reverse"})])
    with pytest.raises(ValueError, match="expected those of an ONNX operator GRU, bidirectional"):
        from_onnx("gru", [one._replace(attributes={"direction": "bidirectional"})])
    with pytest.raises(ValueError, match=r"got R .*expected those of"):
        from_onnx("gru", [one._replace(inputs={"R": one.inputs["R"]})])


CELLS = ("rnn", "lstm", "gru")
JAX_CASES = [(cell, bias) for cell in CELLS for bias in (True, False)]


@pytest.mark.parametrize(
    ("cell", "bias", "style"),
    [*((*case, "linen") for case in JAX_CASES), ("lstm", True, "optimised"), *((one, True, "nnx") for one in CELLS)],
)
def test_flax_computes_the_same(rng, cell, bias, style):
    flax = pytest.importorskip("flax", reason="flax is not installed: pip install flax")
    import jax
    from flax import nnx

    layer = build("layer", {"name": cell, "inputs": 3, "hidden": 4, "bias": bias})
    params = layer.init(rng)
    tree = to_flax(cell, params)
    x = rng.standard_normal((6, 2, 3)).astype(np.float32)
    name = {"rnn": "SimpleCell", "lstm": "LSTMCell", "gru": "GRUCell"}[cell]
    zeros = jax.numpy.zeros((2, 4))
    carry = (zeros, zeros) if cell == "lstm" else zeros
    outputs = []
    if style == "nnx":
        theirs = getattr(nnx, name)(3, 4, rngs=nnx.Rngs(0))
        tree = nnx.to_pure_dict(nnx.state(theirs, nnx.Param))
        params = from_flax(cell, tree)
    else:
        linen = flax.linen
        module = linen.OptimizedLSTMCell(4) if cell == "lstm" and style == "optimised" else getattr(linen, name)(4)
        variables = {"params": jax.tree.map(lambda one: np.asarray(one, np.float32), tree)}
        assert jax.tree.map(np.shape, tree) == jax.tree.map(
            np.shape, module.init(jax.random.key(0), carry, x[0])["params"]
        )
    for one in x:
        carry, y = theirs(carry, one) if style == "nnx" else module.apply(variables, carry, one)
        outputs.append(y)
    assert np.abs(layer.forward(params, x.astype(np.float64))[0] - np.array(outputs)).max() < 1e-5
    assert np.abs(layer.forward(from_flax(cell, tree), x)[0] - np.array(outputs)).max() < 1e-5


def test_flax_optimised_of_nnx():
    pytest.importorskip("flax", reason="flax is not installed: pip install flax")
    import jax
    from flax import nnx

    theirs = nnx.OptimizedLSTMCell(3, 4, rngs=nnx.Rngs(0))
    params = from_flax("lstm", nnx.to_pure_dict(nnx.state(theirs, nnx.Param)))
    params["bias_ih"] = params["bias_ih"] + 0.0
    zeros = jax.numpy.zeros((2, 4))
    x = np.random.default_rng(0).standard_normal((1, 2, 3)).astype(np.float32)
    _, y = theirs((zeros, zeros), x[0])
    layer = build("layer", {"name": "lstm", "inputs": 3, "hidden": 4})
    assert np.abs(layer.forward(params, x)[0][0] - np.asarray(y)).max() < 1e-5


def test_what_flax_and_equinox_do_not_have(rng):
    before = build("layer", {"name": "gru", "inputs": 3, "hidden": 4, "reset_after": False}).init(rng)
    for convert in (to_flax, to_equinox):
        with pytest.raises(ValueError, match="has no GRU that resets before the matrix product"):
            convert("gru", before)
    rnn = build("layer", {"name": "rnn", "inputs": 3, "hidden": 4}).init(rng)
    with pytest.raises(ValueError, match="Equinox has no plain RNN cell"):
        to_equinox("rnn", rnn)
    with pytest.raises(ValueError, match="expected lstm or gru"):
        from_equinox("rnn", {})
    with pytest.raises(ValueError, match=r"got i/kernel \(3, 4\).*expected those of a lstm of Flax: ii/kernel"):
        from_flax("lstm", to_flax("rnn", rnn))
    with pytest.raises(
        ValueError, match=r"got weight_ih \(4, 3\).*expected those of a gru of Equinox: weight_ih \(12, 3\)"
    ):
        from_equinox("gru", rnn)


@pytest.mark.parametrize(("cell", "bias"), [case for case in JAX_CASES if case[0] != "rnn"])
def test_equinox_computes_the_same(rng, cell, bias):
    equinox = pytest.importorskip("equinox", reason="equinox is not installed: pip install equinox")
    import jax

    layer = build("layer", {"name": cell, "inputs": 3, "hidden": 4, "bias": bias})
    params = layer.init(rng)
    fields = to_equinox(cell, params)
    kind = equinox.nn.LSTMCell if cell == "lstm" else equinox.nn.GRUCell
    theirs = kind(3, 4, use_bias=bias, key=jax.random.key(0))
    names = list(fields)
    theirs = equinox.tree_at(
        lambda one: [getattr(one, name) for name in names],
        theirs,
        [np.asarray(fields[name], np.float32) for name in names],
    )
    x = rng.standard_normal((6, 3)).astype(np.float32)
    state = (np.zeros(4, np.float32),) * 2 if cell == "lstm" else np.zeros(4, np.float32)
    outputs = []
    for one in x:
        state = theirs(one, state)
        outputs.append(state[0] if cell == "lstm" else state)
    assert np.abs(layer.forward(params, x[:, None].astype(np.float64))[0][:, 0] - np.array(outputs)).max() < 1e-5
    back = from_equinox(
        cell,
        {name: getattr(theirs, name) for name in ("weight_ih", "weight_hh", "bias", "bias_n") if hasattr(theirs, name)},
    )
    assert back.keys() == params.keys()
    assert np.abs(layer.forward(back, x[:, None])[0][:, 0] - np.array(outputs)).max() < 1e-5
