"""Flows: how much each neuron, or map, adds to each of the next layer's for one image."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from digitscope.arrays import Floats

__all__ = ["kernel_flows", "strongest_flows"]


def kernel_flows(x: Floats, W: Floats, same: bool = False) -> Floats:
    """What every map adds to every map of a convolution, [c_in, c_out]: input x weight, summed over
    all places of the map. `x` is [h, w, c_in], `W` [k, k, c_in, c_out].

    A column of it, and the bias once for each place, is the sum of a map of Z. A kernel that finds
    edges adds little to a map as a whole, however much it adds to some places.

    >>> kernel_flows(np.ones((4, 4, 1)), np.full((3, 3, 1, 2), [1.0, -0.5])).tolist()
    [[36.0, -18.0]]
    """
    k = W.shape[0]
    if same:
        x = np.pad(x, ((k // 2, k // 2), (k // 2, k // 2), (0, 0)))
    h, w = x.shape[0] - k + 1, x.shape[1] - k + 1
    # Each weight meets the same shifted part of the map for every map that it leads to.
    met = np.array([[x[i : i + h, j : j + w].sum((0, 1)) for j in range(k)] for i in range(k)])
    flows: Floats = (met[..., None] * W).sum((0, 1))
    return flows


def strongest_flows(flows: Floats, most: int) -> tuple[NDArray[np.intp], NDArray[np.intp], Floats]:
    """Rows, columns and values of the flows of largest size, the largest first.

    >>> [part.tolist() for part in strongest_flows(np.array([[3.0, 0.0], [-4.0, 2.0]]), 2)]
    [[1, 0], [0, 0], [-4.0, 3.0]]
    """
    sizes = np.abs(flows).ravel()
    kept = np.argpartition(sizes, -most)[-most:] if sizes.size > most else np.arange(sizes.size)
    kept = kept[np.argsort(-sizes[kept], kind="stable")]
    rows, columns = np.unravel_index(kept, flows.shape)
    return rows, columns, flows[rows, columns]
