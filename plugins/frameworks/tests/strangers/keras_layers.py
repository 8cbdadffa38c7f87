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
