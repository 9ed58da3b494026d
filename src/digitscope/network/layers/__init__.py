"""The layers, one a file, and their table."""

from __future__ import annotations

from digitscope.network.layers.activation import Activation
from digitscope.network.layers.batch_norm import BatchNorm
from digitscope.network.layers.conv2d import Conv2D
from digitscope.network.layers.dense import Dense
from digitscope.network.layers.dropout import Dropout
from digitscope.network.layers.flatten import Flatten
from digitscope.network.layers.layer import Forward, Layer
from digitscope.network.layers.max_pool2d import MaxPool2D

LAYERS: dict[str, type[Layer]] = {
    "dense": Dense,
    "conv2d": Conv2D,
    "max_pool2d": MaxPool2D,
    "flatten": Flatten,
    "dropout": Dropout,
    "batch_norm": BatchNorm,
    "activation": Activation,
}

__all__ = [
    "LAYERS",
    "Activation",
    "BatchNorm",
    "Conv2D",
    "Dense",
    "Dropout",
    "Flatten",
    "Forward",
    "Layer",
    "MaxPool2D",
]
