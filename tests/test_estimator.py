from __future__ import annotations

import subprocess
import sys
import warnings

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError as TheirNotFittedError
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import check_estimator

from digitscope import DigitClassifier, load_mnist
from digitscope.errors import InputError, NotFittedError, SettingError


def test_scikit_learns_own_checks() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the checks provoke warnings of scikit-learn's own
        results = check_estimator(DigitClassifier(), on_skip=None, on_fail=None)
    failed = [(r["check_name"], r["exception"]) for r in results if r["status"] == "failed"]
    assert failed == []
    assert sum(r["status"] == "passed" for r in results) > 50


def test_digits() -> None:
    images, labels = load_mnist("train")
    test = load_mnist("test")
    classifier = DigitClassifier(hidden="32", epochs=2).fit(images[:4000], labels[:4000])
    assert classifier.score(test.images[:1000], test.labels[:1000]) > 0.8
    P = classifier.predict_proba(test.images[:5].reshape(5, 784))
    np.testing.assert_allclose(P.sum(axis=1), 1)
    np.testing.assert_array_equal(
        classifier.classes_[P.argmax(axis=1)], classifier.predict(test.images[:5])
    )
    assert classifier.n_iter_ == len(classifier.loss_curve_) == 2
    assert classifier.loss_curve_[1] < classifier.loss_curve_[0]


def test_partial_fit_is_an_epoch_of_fit() -> None:
    rng = np.random.default_rng(0)
    X, y = rng.random((60, 5)), rng.integers(0, 3, 60)
    whole = DigitClassifier(hidden="6", epochs=3).fit(X, y)
    parts = DigitClassifier(hidden="6")
    for _ in range(3):
        parts.partial_fit(X, y, classes=[0, 1, 2])
    np.testing.assert_array_equal(whole.predict_proba(X), parts.predict_proba(X))


def test_in_a_pipeline_and_a_cross_validation() -> None:
    rng = np.random.default_rng(0)
    X = np.concatenate([rng.normal(-2, 1, (60, 3)), rng.normal(2, 1, (60, 3))])
    y = np.repeat(["low", "high"], 60)
    scores = cross_val_score(
        make_pipeline(StandardScaler(), DigitClassifier(hidden="4")), X, y, cv=3
    )
    assert scores.mean() > 0.95
    assert clone(DigitClassifier(hidden="7")).hidden == "7"
    assert repr(DigitClassifier(hidden="7")) == "DigitClassifier(hidden='7')"


def test_errors() -> None:
    X, y = np.eye(4), np.array([0, 1, 0, 1])
    with pytest.raises(NotFittedError, match="not fitted yet: call fit first"):
        DigitClassifier().predict(X)
    with pytest.raises(TheirNotFittedError):
        DigitClassifier().predict(X)
    with pytest.raises(SettingError, match="unknown setting 'hiden': did you mean 'hidden'"):
        DigitClassifier().set_params(hiden="3")
    with pytest.raises(SettingError, match="epochs must be a whole number"):
        DigitClassifier(epochs=0).fit(X, y)
    with pytest.raises(InputError, match="classes that were not there before"):
        DigitClassifier(hidden="3", epochs=1).fit(X, y).partial_fit(X, np.array([0, 1, 2, 3]))


def test_scikit_learn_is_not_needed() -> None:
    code = """
import sys
sys.modules["sklearn"] = None
import numpy as np
from digitscope import DigitClassifier
X, y = np.eye(8), np.arange(8) % 2
print(DigitClassifier(hidden="4", epochs=1).fit(X, y).predict(X).shape)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "(8,)\n"


def test_bytes_and_parts_of_one_are_the_same_images() -> None:
    images, labels = load_mnist("train")
    classifier = DigitClassifier(hidden="16", epochs=1).fit(images[:2000], labels[:2000])
    as_parts = images[:50].reshape(50, 784) / 255
    np.testing.assert_array_equal(classifier.predict(images[:50]), classifier.predict(as_parts))


def test_a_loss_that_runs_away_is_an_error() -> None:
    X = np.random.default_rng(0).normal(size=(200, 5))
    with pytest.raises(InputError, match="the loss has run away"):
        DigitClassifier(learning_rate=1e5, optimizer="momentum").fit(X, X[:, 0] > 0)
