"""Convolution and pooling as sums over a sliding window, each beside its derivative.

A window of a [n, h, w, c] batch is laid out as a row; then a convolution is the matrix product that
a dense layer is, and so are its gradients. (What networks call convolution does not flip the
kernel: mathematically it is a cross-correlation.)

Source: Goodfellow, Bengio, Courville, Deep Learning (2016), chapter 9; the rows are known as
im2col.
"""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from digitscope.arrays import Floats


def windows(X: Floats, kh: int, kw: int) -> Floats:
    """Every kh x kw window of X [n, h, w, c], as rows: [n * h_out * w_out, kh * kw * c].

    >>> windows(np.arange(9.0).reshape(1, 3, 3, 1), 2, 2)[0].tolist()
    [0.0, 1.0, 3.0, 4.0]
    """
    view = sliding_window_view(X, (kh, kw), axis=(1, 2))  # [n, h_out, w_out, c, kh, kw]
    return view.transpose(0, 1, 2, 4, 5, 3).reshape(-1, kh * kw * X.shape[3])


def windows_backward(dR: Floats, shape: tuple[int, int, int, int], kh: int, kw: int) -> Floats:
    """Each pixel's gradient is the sum over the windows that it stands in. Inverse layout of
    `windows`.
    """
    n, h, w, c = shape
    h_out, w_out = h - kh + 1, w - kw + 1
    dR = dR.reshape(n, h_out, w_out, kh, kw, c)
    dX = np.zeros(shape, dR.dtype)
    for i in range(kh):
        for j in range(kw):
            dX[:, i : i + h_out, j : j + w_out] += dR[:, :, :, i, j]
    return dX


def pad(X: Floats, kh: int, kw: int) -> Floats:
    """A rim of zeros, so that the output is as large as the input ("same"); odd kernels only."""
    return np.pad(X, ((0, 0), (kh // 2, kh // 2), (kw // 2, kw // 2), (0, 0)))


def pad_backward(dX: Floats, kh: int, kw: int) -> Floats:
    """The rim was not part of the image: cut it off."""
    h, w = dX.shape[1:3]
    return dX[:, kh // 2 : h - kh // 2, kw // 2 : w - kw // 2]


def tiles(X: Floats, size: int) -> Floats:
    """X [n, h, w, c] in size x size tiles side by side: a view [n, h/size, size, w/size, size, c].

    What is left over at the right and at the bottom is dropped, as Keras's "valid" pooling does.
    """
    n, h, w, c = X.shape
    h_out, w_out = h // size, w // size
    X = X[:, : h_out * size, : w_out * size]
    return X.reshape(n, h_out, size, w_out, size, c)
