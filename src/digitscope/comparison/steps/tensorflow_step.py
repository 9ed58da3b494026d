"""The step in TensorFlow: a tape records the way forward, and plays the way back."""

from __future__ import annotations

from typing import Any


def step(X: Any, Y: Any, W1: Any, b1: Any, W2: Any, b2: Any, eta: float) -> tuple[Any, Any, Any]:
    """The loss, the four gradients, the four new weights."""
    # to begin with
    import tensorflow as tf

    W1, b1 = tf.Variable(W1), tf.Variable(b1)
    W2, b2 = tf.Variable(W2), tf.Variable(b2)
    weights = [W1, b1, W2, b2]
    with tf.GradientTape() as tape:
        # forward, layer 1
        Z1 = X @ W1 + b1
        # activation
        A1 = tf.nn.relu(Z1)
        # forward, layer 2
        Z2 = A1 @ W2 + b2
        # loss
        J = tf.nn.softmax_cross_entropy_with_logits(Y, Z2)
        J = tf.reduce_mean(J)
    # gradients
    gradients = tape.gradient(J, weights)
    # update
    for W, dW in zip(weights, gradients, strict=True):
        W.assign_sub(eta * dW)
    return J, gradients, weights
