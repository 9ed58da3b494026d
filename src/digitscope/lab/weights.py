"""Weights on their way to the page: a network of this moment, and its first weights as pictures."""

from __future__ import annotations

from typing import Any

import numpy as np

from digitscope.inside.features import first_features
from digitscope.lab.message import Message
from digitscope.models.model import STATE_PREFIX, Model
from digitscope.network.network import Network
from digitscope.training.recipe import Recipe

MOST = 100  # pictures


def to_model(recipe: dict[str, Any], payload: bytes) -> Model:
    """A model from the bytes of its weights; SpecError where they do not fit its recipe."""
    from safetensors.numpy import load

    tensors = load(payload)
    known = Recipe(**recipe)
    spec = known.spec()
    weights = {name: tensors[name] for name in spec.weight_shapes()}
    state = {name: tensors[STATE_PREFIX + name] for name in spec.state_shapes()}
    return Model(Network(spec, weights, state), known.classes, recipe=recipe, name=known.name)


def pictures(model: Model, fields: dict[str, Any]) -> Message:
    """The first weights as pictures of signed bytes: 127 is `largest`, the same for all."""
    features = first_features(model.network)
    images = features.images[:MOST]
    largest = float(np.abs(images).max(initial=0)) or 1.0
    if not np.isfinite(largest):
        images, largest = np.zeros_like(images), 1.0
    told = {
        "said": "weights",
        **fields,
        "weight": features.weight,
        "kind": features.kind,
        "shape": list(images.shape),
        "of": len(features.images),
        "largest": largest,
    }
    return Message(told, np.rint(images * (127 / largest)).astype(np.int8).tobytes())
