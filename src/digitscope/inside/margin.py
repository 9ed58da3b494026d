"""How far a target is from being a model's answer: its score less the best of the others."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from digitscope.arrays import Floats
from digitscope.inside.contributions import slopes
from digitscope.inside.outcomes import readout
from digitscope.models.model import Model

__all__ = ["Margin"]


class Margin(NamedTuple):
    """How far a target is from being the answer: below 0 before the border, above 0 behind it,
    where a digit is likelier than each other outcome, and "not a digit" than all digits together.
    """

    model: Model
    target: int

    def values(self, images: Floats) -> Floats:
        """f [n] of images [n, 28, 28] in 0..1."""
        return self.of(self.model.network.logits(images.astype(np.float32), 32))[0]

    def slope(self, x: Floats) -> tuple[float, Floats]:
        """f of one image [28, 28], and its gradient by the pixels."""
        network = self.model.network
        Z = network.logits(x[None].astype(np.float32))
        f, dS = self.of(Z)
        dZ = readout(self.model) @ dS[0]
        return float(f[0]), slopes(network, x.astype(np.float32), dZ)[1].astype(np.float64)

    def of(self, Z: Floats) -> tuple[Floats, Floats]:
        """f [n], and its gradient by the scores [n, outcomes]."""
        S = Z.astype(np.float64) @ readout(self.model)
        k, rows = self.target, np.arange(len(S))
        others = S.copy()
        others[:, k] = -np.inf
        dS = np.zeros_like(S)
        dS[:, k] = 1
        if k < len(self.model.classes):
            best = others.argmax(axis=1)
            dS[rows, best] -= 1
            return S[:, k] - S[rows, best], dS
        T = self.model.temperature or 1.0  # "not a digit" must outweigh all the digits together
        L = np.logaddexp.reduce(others / T, axis=1)
        dS -= np.exp(others / T - L[:, None])
        return S[:, k] - T * L, dS
