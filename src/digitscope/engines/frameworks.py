"""The optional frameworks: which are here, how the others are installed, and Keras on one of them.

Keras has one backend a process. It is chosen by an environment variable that Keras reads when it is
imported, so whoever wants Keras here asks `load_keras` for it first.
"""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from importlib import import_module
from importlib.util import find_spec
from tempfile import TemporaryFile

from digitscope.errors import SettingError
from digitscope.threads import threads_in_use

# Module, which is also our extra's name -> what people call it.
FRAMEWORKS = {"keras": "Keras", "tensorflow": "TensorFlow", "jax": "JAX", "torch": "PyTorch"}


def missing(needed: Iterable[str]) -> str:
    """What has to be installed, with the command that does it; "" where all is here.

    >>> missing([])
    ''
    """
    lacking = [module for module in needed if find_spec(module) is None]
    if not lacking:
        return ""
    titles = " and ".join(FRAMEWORKS[module] for module in lacking)
    return f'needs {titles}: pip install "digitscope[{",".join(lacking)}]"'


def load_keras(backend: str) -> None:
    """Import Keras on a backend, quietly, with as many threads as NumPy has at this moment.

    SettingError if this process has Keras on another one, or if it cannot be loaded. TensorFlow and
    JAX take the number of threads once, when they start; PyTorch takes it every time.
    """
    loaded = sys.modules.get("keras")
    if loaded and (other := loaded.backend.backend()) != backend:
        raise SettingError(
            f"engine keras:{backend}: Keras has one backend a process, and this process has "
            f"{other}: use keras:{other} here, or start another process"
        )
    # What the frameworks deprecate in each other is nothing that a user could change.
    warnings.filterwarnings(
        "ignore", category=DeprecationWarning, module=f"({'|'.join(FRAMEWORKS)})"
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            START[backend](threads_in_use())
            with environment(KERAS_BACKEND=backend):
                import_module("keras")
        except Exception as error:  # whatever it throws where it does not fit the machine
            why = " ".join(f"{type(error).__name__}: {error}".split())
            raise SettingError(
                f"engine keras:{backend}: {FRAMEWORKS[backend]} cannot be loaded: {why}"
            ) from None


def start_tensorflow(threads: int) -> None:
    """TensorFlow, without the lines that it writes as it starts, unless a user asked for some."""
    quiet = "TF_CPP_MIN_LOG_LEVEL" not in os.environ
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    # Its first lines come before it looks at that variable.
    with hushed() if quiet else nullcontext():
        import tensorflow as tf

        if quiet:
            tf.get_logger().setLevel("ERROR")  # it warns of every new size of batch
    with suppress(RuntimeError):  # it is running already
        tf.config.threading.set_intra_op_parallelism_threads(threads)
        tf.config.threading.set_inter_op_parallelism_threads(threads)


def start_jax(threads: int) -> None:
    """JAX; the size of its pool of threads can only be said in the environment."""
    import jax

    with environment(PJRT_NPROC=os.environ.get("PJRT_NPROC", str(threads))):
        jax.devices()


def start_torch(threads: int) -> None:
    """PyTorch."""
    import torch

    torch.set_num_threads(threads)


START: dict[str, Callable[[int], None]] = {
    "tensorflow": start_tensorflow,
    "jax": start_jax,
    "torch": start_torch,
}


@contextmanager
def environment(**variables: str) -> Iterator[None]:
    """Some environment variables, for as long as it takes."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


@contextmanager
def hushed() -> Iterator[None]:
    """What C code writes to standard error is shown only if something goes wrong."""
    try:
        shown = os.dup(2)
    except OSError:  # there is none
        yield
        return
    with TemporaryFile() as kept:
        os.dup2(kept.fileno(), 2)
        try:
            yield
        except BaseException:
            kept.seek(0)
            os.write(shown, kept.read())
            raise
        finally:
            os.dup2(shown, 2)
            os.close(shown)


@contextmanager
def floats(dtype: str) -> Iterator[None]:
    """Keras with float32 or float64 as the type of whatever it makes and computes.

    SettingError if this Keras cannot keep float64.
    """
    import keras

    before, policy = keras.config.floatx(), keras.config.dtype_policy()
    keras.config.set_floatx(dtype)
    keras.config.set_dtype_policy(dtype)
    try:
        with float64_kept() if dtype == "float64" else nullcontext():
            yield
    finally:
        keras.config.set_floatx(before)
        keras.config.set_dtype_policy(policy)


@contextmanager
def float64_kept() -> Iterator[None]:
    """JAX makes float32 of every float64, and so does Keras on JAX and PyTorch: not in here."""
    import keras

    if keras.backend.backend() == "jax":
        import jax

        jax.config.update("jax_enable_x64", True)
    narrower = getattr(import_module("keras.src.backend.common.dtypes"), "BIT64_TO_BIT32_DTYPE", {})
    before = dict(narrower)
    narrower["float64"] = "float64"
    try:
        if keras.backend.result_type("float64", "float64") != "float64":
            raise SettingError(
                f"Keras {keras.__version__} on {keras.backend.backend()} computes in float32 "
                "whatever it is given: use weights of float32, or another engine"
            )
        yield
    finally:
        narrower.update(before)
