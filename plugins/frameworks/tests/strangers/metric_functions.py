"""Metrics as strangers write them."""

import numpy as np


def accuracy(predictions, references):
    return np.mean(predictions == references)


def both(*, predictions=None, references=None, weights=None):
    right = np.average(predictions == references, weights=weights)
    return {"right": right, "wrong": 1 - right}


def forgets_weights(predictions, references, weights=None):
    return float(np.mean(predictions == references))


def crashes(predictions, references):
    raise KeyError("missing")


def other_arguments(y_pred, y_true):
    return 0.0
