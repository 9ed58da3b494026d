"""The step in PyTorch: every array remembers how it was made, and the loss walks back."""

from __future__ import annotations

from typing import Any


def step(X: Any, Y: Any, W1: Any, b1: Any, W2: Any, b2: Any, eta: float) -> tuple[Any, Any, Any]:
    """The loss, the four gradients, the four new weights."""
    # to begin with
    import torch

    X, Y = torch.tensor(X), torch.tensor(Y)
    weights = [torch.tensor(W) for W in (W1, b1, W2, b2)]
    W1, b1, W2, b2 = (W.requires_grad_() for W in weights)
    # forward, layer 1
    Z1 = X @ W1 + b1
    # activation
    A1 = torch.relu(Z1)
    # forward, layer 2
    Z2 = A1 @ W2 + b2
    # loss
    J = torch.nn.functional.cross_entropy(Z2, Y)
    # gradients
    J.backward()
    gradients = [W.grad for W in weights]
    # update
    with torch.no_grad():
        for W in weights:
            W.sub_(eta * W.grad)
    return J.detach(), gradients, weights
