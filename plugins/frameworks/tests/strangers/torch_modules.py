"""Modules as strangers write them, each wrong in one way that only one check can see."""

import torch
from torch import nn


class _Halved(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x

    @staticmethod
    def backward(ctx, dy):
        (x,) = ctx.saved_tensors
        return dy * x  # where 2 · x is right


class WrongBackward(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.linear = nn.Linear(inputs, outputs)

    def forward(self, x):
        return _Halved.apply(self.linear(x))


class WrongCompiled(nn.Module):
    def forward(self, x):
        return torch.tanh(x) * (1.001 if torch.compiler.is_compiling() else 1.0)


class WrongInBfloat16(nn.Module):
    """Rotary positions: in bfloat16 the numbers above 256 are no longer all there."""

    def forward(self, x):
        at = torch.arange(x.shape[1], dtype=x.dtype)[None, :, None] * 0.5
        one, other = x.chunk(2, -1)
        return torch.cat([one * at.cos() - other * at.sin(), one * at.sin() + other * at.cos()], -1)


class LeaksBetweenRows(nn.Module):
    def forward(self, x):
        return x / x.abs().amax(dim=(0, 1), keepdim=True)


class ForgetsABuffer(nn.Module):
    """Its scale is drawn anew in every process, and no checkpoint holds it."""

    def __init__(self):
        super().__init__()
        self.register_buffer("scale", torch.rand(3), persistent=False)

    def forward(self, x):
        return x * self.scale


class _OnceOnly(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x**3

    @staticmethod
    def backward(ctx, dy):
        (x,) = ctx.saved_tensors
        return dy * 3 * x.detach() ** 2  # right, but what it is made of cannot be differentiated


class WrongSecondDerivative(nn.Module):
    def forward(self, x):
        return _OnceOnly.apply(x)


class LeaksMemory(nn.Module):
    def __init__(self):
        super().__init__()
        self.seen = []

    def forward(self, x):
        self.seen.append(x.shape)
        return x + 1


class InChannelsLast(nn.Module):
    """Reads the memory instead of the array."""

    def forward(self, x):
        first = x.as_strided((x.shape[0],), (x[0].numel(),)) if x.is_contiguous() else x.flatten()[: x.shape[0]] * 2
        return x + first.reshape(-1, 1, 1, 1)


class Right(nn.Module):
    """Two inputs, two outputs in a mapping, and a state."""

    def __init__(self, size):
        super().__init__()
        self.cell = nn.GRUCell(size, size)

    def forward(self, x, state):
        after = self.cell(x, state)
        return {"y": after.tanh(), "state": after}


def scaled(params, x):
    return x * params["scale"] + params["offset"]


class Phased(nn.Module):
    def __init__(self):
        super().__init__()
        self.phase = nn.Parameter(torch.ones(3, dtype=torch.complex64))

    def forward(self, x):
        return (x * self.phase).real


class NoModule:
    """A class whose objects could not be called."""


NUMBER = 3.0


def gives_nothing(x):
    return None


def gives_text(x):
    return "y"


def gives_a_float(x):
    return 3.0


class Hooked(nn.Module):
    """Its weight has hooks, which are nowhere in forward."""

    def __init__(self, *hooks):
        super().__init__()
        self.w = nn.Parameter(torch.randn(4))
        self.b = nn.Parameter(torch.randn(4))
        for hook in hooks:
            getattr(self, hook)()

    def doubled(self):
        self.w.register_hook(lambda gradient: 2 * gradient)

    def halved(self):
        self.w.register_hook(lambda gradient: gradient / 2)

    def clamped(self):
        self.w.register_hook(lambda gradient: gradient.clamp(-0.1, 0.1))

    def seen(self):
        self.w.register_hook(lambda gradient: None)

    def doubled_late(self):
        self.b.register_post_accumulate_grad_hook(lambda parameter: parameter.grad.mul_(2))

    def taken(self):
        def take(parameter):
            parameter.sub_(0.1 * parameter.grad)
            parameter.grad = None

        self.w.register_post_accumulate_grad_hook(take)

    def entangled(self):
        self.w.register_post_accumulate_grad_hook(lambda parameter: self.w.grad.mul_(2))

    def forward(self, x):
        return torch.tanh(x * self.w + self.b)


class Remembers(nn.Module):
    """It reads a number out of a tensor, which torch cannot compile and says so in its log."""

    def __init__(self):
        super().__init__()
        self.before = 0.0

    def forward(self, x):
        y = x + 0.01 * self.before
        self.before = float(x.detach().mean())
        return y


class Slips(nn.Module):
    def forward(self, x):
        return x.nothing_such


class SlipsAtSeventeen(nn.Module):
    def forward(self, x):
        if len(x) == 17:
            return {}["no such\nkey"]
        return 2 * x


class TakesThree(nn.Module):
    def forward(self, x):
        return x @ torch.ones(3, 2, dtype=x.dtype)


def halves(x):
    return x[..., ::2], x.sum(-1)


def naive_softmax(x):
    e = x.exp()
    return e / e.sum(-1, keepdim=True)


def naive_softplus(x):
    return (1 + x.exp()).log()
