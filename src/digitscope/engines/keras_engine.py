"""The engines that leave the arithmetic to Keras, on TensorFlow, JAX or PyTorch.

The model is compiled as Keras's users do it, and every batch is one `train_on_batch`; what stays
ours is the order of the images, the learning rates and the seeds of dropout.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from digitscope.arrays import Floats, to_input
from digitscope.engines.engine import Position, Problem
from digitscope.engines.frameworks import floats, load_keras
from digitscope.engines.keras_compile import KERAS_LOSSES, KERAS_OPTIMIZERS
from digitscope.engines.keras_model import (
    build_model,
    read,
    state_variables,
    weight_variables,
    write,
)
from digitscope.maths.losses import ClassIds, one_hot

AT_ONCE = 1000  # images of a prediction


class KerasEngine:
    """What the three have in common; see `Engine`."""

    backend: ClassVar[str]
    needs: ClassVar[tuple[str, ...]]

    def __init__(self, problem: Problem, position: Position) -> None:
        load_keras(self.backend)
        import keras

        self.problem = problem
        spec = problem.spec
        self._dtype = dtype = next(iter(position.weights.values())).dtype.name
        with floats(dtype):
            self._model = build_model(
                spec,
                position.weights,
                position.state,
                output=False,
                dtype=dtype,
                l2=problem.l2,
            )
            loss = KERAS_LOSSES[problem.loss](keras, spec.output)
            self._optimizer = KERAS_OPTIMIZERS[problem.optimizer].make(keras, dtype)
            # Keras's "loss" has the penalty in it; the same function as a metric has not.
            J = keras.metrics.MeanMetricWrapper(loss, name="J")
            self._model.compile(optimizer=self._optimizer, loss=loss, metrics=[J])
            self._optimizer.build(self._model.trainable_variables)
        self._weights = weight_variables(self._model, spec)
        self._state = state_variables(self._model, spec)
        self._slots = self._slot_variables()
        write(self._slots, position.slots)
        self._updates = position.updates
        self._optimizer.iterations.assign(self._updates)

    def advance(
        self,
        images: NDArray[Any],
        labels: ClassIds,
        batch_size: int,
        rates: Sequence[float],
        noise: Callable[[int], np.random.Generator],
    ) -> list[float]:
        """See `Engine.advance`."""
        spec, losses = self.problem.spec, []
        rate = KERAS_OPTIMIZERS[self.problem.optimizer].rate
        with floats(self._dtype):
            for i, eta in enumerate(rates):
                batch = slice(i * batch_size, (i + 1) * batch_size)
                X = to_input(images[batch], spec.input_shape)
                Y = one_hot(labels[batch], spec.n_out, self._dtype)
                self._updates += 1
                self._optimizer.learning_rate = rate(eta, self._updates, self._dtype)
                self._seed_dropout(noise, i)
                said = self._model.train_on_batch(X, Y, return_dict=True)
                losses.append(float(said["J"]))
        return losses

    def logits(self, images: NDArray[Any]) -> Floats:
        """See `Engine.logits`."""
        spec = self.problem.spec
        with floats(self._dtype):
            batches = [
                self._model.predict_on_batch(to_input(images[i : i + AT_ONCE], spec.input_shape))
                for i in range(0, len(images), AT_ONCE)
            ]
        return np.concatenate(batches) if batches else np.empty((0, spec.n_out), self._dtype)

    def position(self) -> Position:
        """See `Engine.position`."""
        return Position(read(self._weights), read(self._state), read(self._slots), self._updates)

    def _seed_dropout(self, noise: Callable[[int], np.random.Generator], i: int) -> None:
        """Give every dropout layer the seed of batch i, so that a resumed run draws the same."""
        generators = [
            layer.seed_generator for layer in self._model.layers if hasattr(layer, "seed_generator")
        ]
        if not generators:
            return
        rng = noise(i)
        for generator in generators:
            generator.state.assign(rng.integers(2**31, size=2))

    def _slot_variables(self) -> dict[str, Any]:
        """The Keras variable behind every slot, by our names: "W1.v"."""
        by_name = {variable.name: variable for variable in self._optimizer.variables}
        slots = KERAS_OPTIMIZERS[self.problem.optimizer].slots
        return {
            f"{name}.{slot}": by_name[f"{variable.path.replace('/', '_')}_{ending}"]
            for name, variable in self._weights.items()
            for slot, ending in slots.items()
        }


class TensorFlowEngine(KerasEngine):
    """Keras on TensorFlow."""

    backend, needs = "tensorflow", ("keras", "tensorflow")


class JaxEngine(KerasEngine):
    """Keras on JAX."""

    backend, needs = "jax", ("keras", "jax")


class TorchEngine(KerasEngine):
    """Keras on PyTorch."""

    backend, needs = "torch", ("keras", "torch")
