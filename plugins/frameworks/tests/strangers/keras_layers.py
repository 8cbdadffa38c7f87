"""Layers of keras as strangers write them."""

import keras


class Scaled(keras.layers.Layer):
    def build(self, shape):
        self.scale = self.add_weight(shape=(shape[-1],), initializer="random_normal")

    def call(self, x):
        return x * self.scale


class LeaksBetweenRows(Scaled):
    def call(self, x):
        return self.scale * (x - keras.ops.mean(x, axis=0, keepdims=True))


class Picky(keras.layers.Layer):
    def call(self, x):
        raise TypeError("nothing pleases it")


class Hooked(keras.layers.Layer):
    """On torch its weight has a hook, which is nowhere in call."""

    def build(self, shape):
        self.scale = self.add_weight(shape=(shape[-1],), initializer="ones", name="scale")
        self.scale.value.register_hook(lambda gradient: 2 * gradient)

    def call(self, x):
        return keras.ops.tanh(x * self.scale)


class SlipsAtSeventeen(keras.layers.Layer):
    def call(self, x):
        if len(x) == 17:
            return {}["no such key"]
        return 2 * x
