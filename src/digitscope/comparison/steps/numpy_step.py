"""The step in NumPy: everything by hand."""

from __future__ import annotations

from typing import Any


def step(X: Any, Y: Any, W1: Any, b1: Any, W2: Any, b2: Any, eta: float) -> tuple[Any, Any, Any]:
    """The loss, the four gradients, the four new weights."""
    # to begin with
    import numpy as np

    m = len(X)
    # forward, layer 1
    Z1 = X @ W1 + b1
    # activation
    A1 = np.maximum(Z1, 0)
    # forward, layer 2
    Z2 = A1 @ W2 + b2
    # loss
    Z2 = Z2 - Z2.max(axis=1, keepdims=True)
    sums = np.exp(Z2).sum(axis=1, keepdims=True)
    logA2 = Z2 - np.log(sums)
    J = -np.mean(np.sum(Y * logA2, axis=1))
    # gradients
    dZ2 = (np.exp(logA2) - Y) / m
    dW2, db2 = A1.T @ dZ2, dZ2.sum(axis=0)
    dZ1 = (dZ2 @ W2.T) * (Z1 > 0)
    dW1, db1 = X.T @ dZ1, dZ1.sum(axis=0)
    # update
    W1, b1 = W1 - eta * dW1, b1 - eta * db1
    W2, b2 = W2 - eta * dW2, b2 - eta * db2
    return J, (dW1, db1, dW2, db2), (W1, b1, W2, b2)
