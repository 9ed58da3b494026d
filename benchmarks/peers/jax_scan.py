"""JAX with nothing of Python between the batches: a jitted scan over the epoch.

The images lie on JAX's device in float32; a batch is gathered inside the scan. The last, smaller
batch is a step of its own in the same jitted function. The weights are donated, so that they can be
updated in place.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from common.work import Work, flat
from digitscope.arrays import Images, Weights
from digitscope.engines.frameworks import start_jax
from digitscope.threads import threads_in_use


class JaxScan:
    """One call an epoch."""

    def __init__(self, work: Work) -> None:
        start_jax(threads_in_use())
        import jax
        import jax.numpy as jnp

        self._jax, self._work = jax, work
        self._X = jax.device_put(flat(work.images))
        self._y = jax.device_put(work.labels.astype(np.int32))
        self._weights = {name: jnp.array(W) for name, W in work.weights.items()}
        size, eta = work.recipe.batch_size, work.recipe.learning_rate

        def logits(weights: Any, X: Any) -> Any:
            A1 = jax.nn.relu(X @ weights["W1"] + weights["b1"])
            return A1 @ weights["W2"] + weights["b2"]

        def loss(weights: Any, X: Any, y: Any) -> Any:
            log_A = jax.nn.log_softmax(logits(weights, X))
            return -jnp.take_along_axis(log_A, y[:, None], axis=1).mean()

        @partial(jax.jit, donate_argnums=0)
        def epoch(weights: Any, X: Any, y: Any, order: Any) -> Any:
            def step(weights: Any, chosen: Any) -> tuple[Any, None]:
                dJ = jax.grad(loss)(weights, X[chosen], y[chosen])
                return jax.tree.map(lambda W, dW: W - eta * dW, weights, dJ), None

            whole = len(order) // size * size
            weights, _ = jax.lax.scan(step, weights, order[:whole].reshape(-1, size))
            return step(weights, order[whole:])[0] if whole < len(order) else weights

        self._epoch, self._logits = epoch, jax.jit(logits)

    def epoch(self, number: int) -> None:
        """See `Peer.epoch`."""
        order = self._work.order(number).astype(np.int32)
        weights = self._epoch(self._weights, self._X, self._y, order)
        self._weights = self._jax.block_until_ready(weights)

    def answers(self, images: Images) -> NDArray[Any]:
        """See `Peer.answers`."""
        return np.asarray(self._logits(self._weights, flat(images))).argmax(axis=1)

    def weights(self) -> Weights:
        """See `Peer.weights`."""
        return {name: np.asarray(self._weights[name]) for name in self._work.weights}  # JAX sorts
