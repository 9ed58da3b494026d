"""The step in JAX: the loss is a function of the weights, and its gradient is another."""

from __future__ import annotations

from typing import Any


def step(X: Any, Y: Any, W1: Any, b1: Any, W2: Any, b2: Any, eta: float) -> tuple[Any, Any, Any]:
    """The loss, the four gradients, the four new weights."""
    # to begin with
    import jax
    import jax.numpy as jnp

    def loss_of(weights: Any) -> Any:
        W1, b1, W2, b2 = weights
        # forward, layer 1
        Z1 = jnp.dot(X, W1) + b1
        # activation
        A1 = jax.nn.relu(Z1)
        # forward, layer 2
        Z2 = jnp.dot(A1, W2) + b2
        # loss
        logA2 = jax.nn.log_softmax(Z2)
        return -jnp.mean(jnp.sum(Y * logA2, axis=1))

    # gradients
    weights = (W1, b1, W2, b2)
    J, gradients = jax.value_and_grad(loss_of)(weights)
    # update
    pairs = zip(weights, gradients, strict=True)
    updated = tuple(W - eta * dW for W, dW in pairs)
    return J, gradients, updated
