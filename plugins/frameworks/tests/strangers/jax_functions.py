"""Functions of jax as strangers write them."""

import jax
import jax.numpy as jnp


@jax.custom_vjp
def softplus(x, beta):
    return jnp.log1p(jnp.exp(beta * x)) / beta


def _forward(x, beta):
    return softplus(x, beta), (x, beta)


def _backward(kept, dy):
    x, beta = kept
    gate = jax.nn.sigmoid(beta * x)
    # the term −y/β of the derivative by β is forgotten
    return dy * gate, jnp.sum(dy * gate * x / beta, 0)


softplus.defvjp(_forward, _backward)


def forgets_a_term(params, x):
    return softplus(x, params["beta"])


def normalised_over_the_batch(x):
    return x - x.mean(0, keepdims=True)


def dense(params, x):
    return {"y": jnp.tanh(x @ params["w"] + params["b"]), "n": jnp.argmax(x, -1)}


def slips_at_seventeen(x):
    if len(x) == 17:
        return {}["no such key"]
    return 2 * x


def halves(x):
    return {"even": x[..., ::2], "sum": x.sum(-1)}


def naive_softmax(x):
    e = jnp.exp(x)
    return e / e.sum(-1, keepdims=True)
