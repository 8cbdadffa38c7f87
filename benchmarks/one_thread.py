"""Hold a benchmark to one thread: imported before numpy, torch and jax, which read the settings when they load."""

import os
import sys

if late := {"jax", "numpy", "onnxruntime", "torch"} & sys.modules.keys():
    raise ImportError(f"one_thread must be imported before {', '.join(sorted(late))}")

_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "RAYON_NUM_THREADS")
os.environ.update(dict.fromkeys(_VARIABLES, "1"), JAX_PLATFORMS="cpu", XLA_FLAGS="--xla_cpu_multi_thread_eigen=false")
if hasattr(os, "sched_setaffinity"):
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})  # jax has pools that no variable reaches
