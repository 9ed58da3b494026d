"""The network as a scikit-learn estimator, which does not need scikit-learn.

It passes scikit-learn's `check_estimator`; so pipelines, grid searches and cross-validation take
it.
"""

from __future__ import annotations

import inspect
import sys
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitscope.arrays import Floats, Weights
from digitscope.engines import Position, Problem, make_engine
from digitscope.errors import InputError, NotFittedError, SettingError, nearest
from digitscope.maths.activations import softmax
from digitscope.network.network import Network
from digitscope.network.notation import parse_spec
from digitscope.threads import limited_threads
from digitscope.training.randomness import generator
from digitscope.training.recipe import read_settings


class DigitClassifier:
    """A network with softmax output, trained by cross-entropy; for digits, and for any other
    classes.

    X [n, n_features], or images [n, 28, 28]: uint8 is divided by 255, other numbers by the largest
    magnitude seen in the first fit. y [n]: any labels. `hidden` is written 128-64; the other
    settings are a recipe's, and `random_state` is scikit-learn's name for the seed.

    After fit: `classes_`, `n_features_in_`, `n_iter_` (epochs), `loss_curve_` (mean loss of each
    epoch), `network_`. InputError, a ValueError, says what is wrong with the data.

    >>> X = np.array([[0.0, 1.0], [1.0, 0.0]] * 20)
    >>> y = np.array(["right", "left"] * 20)
    >>> DigitClassifier(hidden="8", epochs=30).fit(X, y).predict([[0.1, 0.9]]).tolist()
    ['right']
    """

    _estimator_type = "classifier"

    def __init__(
        self,
        *,
        hidden: str = "128",
        activation: str = "relu",
        optimizer: str = "adam",
        learning_rate: float = 0.002,
        l2: float = 0.0,
        batch_size: int = 32,
        epochs: int = 20,
        random_state: Any = 0,
    ) -> None:
        self.hidden = hidden
        self.activation = activation
        self.optimizer = optimizer
        self.learning_rate = learning_rate
        self.l2 = l2
        self.batch_size = batch_size
        self.epochs = epochs
        self.random_state = random_state

    def fit(self, X: Any, y: Any) -> DigitClassifier:
        """Train from the beginning, for `epochs` epochs."""
        features, labels = self._training_data(X, y)
        self._begin(features, np.unique(labels), np.asarray(X).dtype)
        self.n_features_in_ = features.shape[1]
        for _ in range(int(self._settings()["epochs"])):
            self._epoch(features, labels)
        return self

    def partial_fit(self, X: Any, y: Any, classes: Any = None) -> DigitClassifier:
        """One epoch more. The first call needs all classes, in `classes` or in y."""
        features, labels = self._training_data(X, y)
        if not hasattr(self, "network_"):
            known = np.unique(labels if classes is None else np.asarray(classes))
            self._begin(features, known, np.asarray(X).dtype)
            self.n_features_in_ = features.shape[1]
        self._check_width(features)
        self._epoch(features, labels)
        return self

    def predict_proba(self, X: Any) -> Floats:
        """The probability of every class [n, n_classes], in the order of `classes_`."""
        self._check_fitted()
        features = _features(X)
        self._check_width(features)
        with limited_threads():
            Z = self.network_.logits(self._scaled(features)).astype(np.float64)
        return softmax(Z)

    def predict(self, X: Any) -> NDArray[Any]:
        """The most probable class of each sample [n]."""
        P = self.predict_proba(X)
        return self.classes_[P.argmax(axis=1)]

    def score(self, X: Any, y: Any) -> float:
        """The part of the samples whose class is predicted rightly."""
        return float(np.mean(self.predict(X) == np.asarray(y)))

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """The settings by name, as scikit-learn asks for them."""
        return {name: getattr(self, name) for name in self._names()}

    def set_params(self, **params: Any) -> DigitClassifier:
        """Change settings by name."""
        for name, value in params.items():
            if name not in self._names():
                raise SettingError(f"unknown setting {name!r}: {nearest(name, self._names())}")
            setattr(self, name, value)
        return self

    def __repr__(self) -> str:
        defaults = inspect.signature(type(self)).parameters
        changed = [
            f"{name}={value!r}"
            for name, value in self.get_params().items()
            if repr(value) != repr(defaults[name].default)
        ]
        return f"{type(self).__name__}({', '.join(changed)})"

    def __sklearn_tags__(self) -> Any:
        """What scikit-learn asks of an estimator; only it calls this, so it is there."""
        from sklearn.utils import ClassifierTags, InputTags, Tags, TargetTags

        return Tags(
            estimator_type="classifier",
            target_tags=TargetTags(required=True),
            classifier_tags=ClassifierTags(),
            input_tags=InputTags(),
        )

    @classmethod
    def _names(cls) -> list[str]:
        return list(inspect.signature(cls).parameters)

    def _settings(self) -> dict[str, Any]:
        names = ("hidden", "activation", "optimizer", "learning_rate", "l2", "batch_size", "epochs")
        return read_settings({name: getattr(self, name) for name in names})

    def _training_data(self, X: Any, y: Any) -> tuple[Floats, NDArray[Any]]:
        if y is None:
            raise InputError(
                "DigitClassifier requires y to be passed, but the target y is None: give the labels"
            )
        features = _features(X)
        labels = _labels(y)
        if len(labels) != len(features):
            raise InputError(
                f"X and y must be equally long, got {len(features)} samples and {len(labels)} "
                f"labels"
            )
        return features, labels

    def _begin(self, features: Floats, classes: NDArray[Any], dtype: np.dtype[Any]) -> None:
        """An untrained network for these features and classes."""
        if len(classes) < 2:
            raise InputError(f"a classifier needs at least two classes, got 1 class: {classes}")
        settings = self._settings()
        self.classes_ = classes
        largest = float(np.abs(features).max())
        self._from_bytes = dtype == np.uint8
        self._scale = 255.0 if self._from_bytes else largest or 1.0
        self._seed = _seed(self.random_state)
        self.n_iter_ = 0
        self.loss_curve_: list[float] = []
        between = f"{settings['hidden']}-" if settings["hidden"] else ""
        text = f"{features.shape[1]}-{between}{len(classes)}"
        spec = parse_spec(text, settings["activation"])
        self.network_ = Network.initialize(spec, generator(self._seed, "weights"))
        self._slots: Weights = Position.start(self.network_, settings["optimizer"]).slots
        self._updates = 0

    def _epoch(self, features: Floats, labels: NDArray[Any]) -> None:
        """One pass over the samples in a fresh random order."""
        settings = self._settings()
        known = np.searchsorted(self.classes_, labels)
        known = np.minimum(known, len(self.classes_) - 1)
        if not np.array_equal(self.classes_[known], labels):
            raise InputError(f"y has classes that were not there before; known are {self.classes_}")
        network = self.network_
        problem = Problem(
            network.spec, "categorical_cross_entropy", settings["optimizer"], settings["l2"]
        )
        at = Position(network.weights, network.state, self._slots, self._updates)
        engine = make_engine("numpy", problem, at)
        order = generator(self._seed, "order", self.n_iter_).permutation(len(labels))
        size = min(settings["batch_size"], len(labels))
        rates = [settings["learning_rate"]] * -(-len(labels) // size)
        epoch = self.n_iter_
        with limited_threads(), np.errstate(all="ignore"):
            losses = engine.advance(
                self._scaled(features)[order],
                known[order],
                size,
                rates,
                lambda i: generator(self._seed, "noise", epoch, i),
            )
        if not np.mean(losses) < 1000:
            raise InputError(
                f"the loss has run away to {np.mean(losses):.3g}: learning_rate "
                f"{settings['learning_rate']:g} is too large: try "
                f"{settings['learning_rate'] / 10:g}"
            )
        at = engine.position()
        self.network_ = Network(network.spec, at.weights, at.state)
        self._slots, self._updates = at.slots, at.updates
        self.n_iter_ += 1
        self.loss_curve_.append(float(np.mean(losses)))

    def _scaled(self, features: Floats) -> Floats:
        """Features as in the first fit; what was fitted on bytes also takes the same images in
        0..1.
        """
        divided = self._from_bytes and features.max() <= 1 and (features % 1).any()
        return (features if divided else features / self._scale).astype(np.float32)

    def _check_fitted(self) -> None:
        if not hasattr(self, "network_"):
            raise _not_fitted_error()("this DigitClassifier is not fitted yet: call fit first")

    def _check_width(self, features: Floats) -> None:
        if features.shape[1] != self.n_features_in_:
            raise InputError(
                f"X has {features.shape[1]} features, but DigitClassifier is expecting "
                f"{self.n_features_in_} features as input"
            )


def _features(X: Any) -> Floats:
    """Float64 [n, n_features] of whatever users pass; InputError where it does not do."""
    if hasattr(X, "toarray"):
        raise InputError("sparse data is not supported: pass X.toarray()")
    array = np.asarray(X)
    if np.iscomplexobj(array):
        raise InputError("Complex data not supported: pass real numbers")
    if array.ndim == 3 and array.shape[1:] == (28, 28):
        array = array.reshape(len(array), 784)
    if array.ndim != 2:
        raise InputError(
            f"X must be [n_samples, n_features], got {array.ndim} dimensions. Reshape your data: "
            "X.reshape(len(X), -1), or X.reshape(1, -1) for one sample"
        )
    try:
        features = array.astype(np.float64)
    except TypeError as error:  # scikit-learn wants an object that is no number to be a TypeError
        raise TypeError(
            f"X must hold numbers: {error}; argument must be a string or a number"
        ) from None
    except ValueError as error:
        raise InputError(f"X must hold numbers: {error}") from None
    n, width = features.shape
    if n < 1 or width < 1:
        what = "sample" if n < 1 else "feature"
        raise InputError(
            f"Found array with 0 {what}(s) (shape={features.shape}) while a minimum of 1 is "
            f"required."
        )
    if not np.isfinite(features).all():
        raise InputError("X contains NaN or inf: replace or drop them")
    return features


def _labels(y: Any) -> NDArray[Any]:
    """Labels [n]; InputError for numbers that are not classes."""
    labels = np.asarray(y)
    if labels.ndim == 2 and labels.shape[1] == 1:
        _warn_column(labels)
        labels = labels[:, 0]
    if labels.ndim != 1:
        raise InputError(f"y must be [n_samples], got shape {labels.shape}")
    if labels.dtype.kind in "fc":
        if not np.isfinite(labels).all():
            raise InputError("y contains NaN or inf")
        if not np.array_equal(labels, np.round(labels)):
            raise InputError("Unknown label type: y is continuous: a classifier needs classes")
    return labels


def _warn_column(labels: NDArray[Any]) -> None:
    """As scikit-learn does, with its own warning where it is in use."""
    import warnings

    module = sys.modules.get("sklearn.exceptions")
    category = module.DataConversionWarning if module else UserWarning
    warnings.warn(
        f"A column-vector y was passed when a 1d array was expected, shape {labels.shape}: use "
        f"y.ravel()",
        category,
        stacklevel=5,
    )


def _seed(random_state: Any) -> int:
    """A seed from what scikit-learn allows: None, a number, or a generator."""
    if random_state is None:
        return int(np.random.default_rng().integers(2**31))
    if isinstance(random_state, (np.random.RandomState, np.random.Generator)):
        draw = getattr(random_state, "integers", None) or random_state.randint  # type: ignore[union-attr]
        return int(draw(2**31 - 1))
    return int(random_state)


def _not_fitted_error() -> type[NotFittedError]:
    """Our error, and scikit-learn's too where that is in use, so that whoever catches either has
    it.
    """
    module = sys.modules.get("sklearn.exceptions")
    if module is None:
        return NotFittedError
    return type("NotFittedError", (NotFittedError, module.NotFittedError), {})
