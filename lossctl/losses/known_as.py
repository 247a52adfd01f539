"""What other tools call the losses: only names that are there and compute the same.

What a tool does otherwise by default stands in brackets. A dotted name is where it is imported
from; keras.losses and keras.metrics are classes, the others functions.
"""

from __future__ import annotations

_FUNCTIONAL, _METRICS = "torch.nn.functional", "sklearn.metrics"
_KERAS, _OPTAX = "keras.losses", "optax.losses"

KNOWN_AS: dict[str, dict[str, str]] = {
    "mse": {
        "torch": f"{_FUNCTIONAL}.mse_loss",
        "sklearn": f"{_METRICS}.mean_squared_error",
        "keras": f"{_KERAS}.MeanSquaredError",
        "optax": f"{_OPTAX}.squared_error",
    },
    "rmse": {
        "sklearn": f"{_METRICS}.root_mean_squared_error (of several columns: the mean of roots)",
        "keras": "keras.metrics.RootMeanSquaredError",
    },
    "sse": {"torch": f"{_FUNCTIONAL}.mse_loss (reduction='sum')"},
    "mae": {
        "torch": f"{_FUNCTIONAL}.l1_loss",
        "sklearn": f"{_METRICS}.mean_absolute_error",
        "keras": f"{_KERAS}.MeanAbsoluteError",
    },
    "huber": {
        "torch": f"{_FUNCTIONAL}.huber_loss",
        "keras": f"{_KERAS}.Huber",
        "optax": f"{_OPTAX}.huber_loss",
    },
    "smooth-l1": {"torch": f"{_FUNCTIONAL}.smooth_l1_loss"},
    "log-cosh": {
        "keras": f"{_KERAS}.LogCosh (ln 2 as float32)",
        "optax": f"{_OPTAX}.log_cosh",
    },
    "quantile": {"sklearn": f"{_METRICS}.mean_pinball_loss"},
    "mape": {
        "sklearn": f"{_METRICS}.mean_absolute_percentage_error",
        "keras": f"{_KERAS}.MeanAbsolutePercentageError (times 100, eps 1e-7)",
    },
    "msle": {
        "sklearn": f"{_METRICS}.mean_squared_log_error",
        "keras": f"{_KERAS}.MeanSquaredLogarithmicError (values are at least 1e-7)",
    },
    "rmsle": {
        "sklearn": f"{_METRICS}.root_mean_squared_log_error (of several columns: the mean of roots)"
    },
    "poisson": {"sklearn": f"{_METRICS}.mean_poisson_deviance"},
    "gamma": {"sklearn": f"{_METRICS}.mean_gamma_deviance"},
    "tweedie": {"sklearn": f"{_METRICS}.mean_tweedie_deviance (power 0 by default)"},
    "poisson-nll": {
        "torch": f"{_FUNCTIONAL}.poisson_nll_loss",
        "keras": f"{_KERAS}.Poisson (log-input=false, eps=1e-7)",
    },
    "gaussian-nll": {"torch": f"{_FUNCTIONAL}.gaussian_nll_loss"},
    "bce": {
        "torch": f"{_FUNCTIONAL}.binary_cross_entropy (logarithms are at least −100)",
        "sklearn": f"{_METRICS}.log_loss (clipped by the eps of the type)",
        "keras": f"{_KERAS}.BinaryCrossentropy (clipped by 1e-7)",
        "optax": f"{_OPTAX}.sigmoid_binary_cross_entropy (logits)",
    },
    "ce": {
        "torch": f"{_FUNCTIONAL}.cross_entropy (logits)",
        "sklearn": f"{_METRICS}.log_loss (clipped by the eps of the type)",
        "keras": f"{_KERAS}.CategoricalCrossentropy (normalised, clipped by 1e-7)",
        "optax": f"{_OPTAX}.softmax_cross_entropy (logits)",
    },
    "nll": {"torch": f"{_FUNCTIONAL}.nll_loss"},
    "focal": {
        "keras": f"{_KERAS}.BinaryFocalCrossentropy (clipped by 1e-7)",
        "optax": f"{_OPTAX}.sigmoid_focal_loss (logits)",
    },
    "kl-div": {
        "torch": f"{_FUNCTIONAL}.kl_div (reduction='batchmean', log-probs)",
        "keras": f"{_KERAS}.KLDivergence (clipped by 1e-7)",
        "optax": f"{_OPTAX}.kl_divergence (log-probs)",
    },
    "brier": {"sklearn": f"{_METRICS}.brier_score_loss (two columns of classes are halved)"},
    "zero-one": {
        "sklearn": f"{_METRICS}.zero_one_loss (takes labels)",
        "keras": "keras.metrics.BinaryAccuracy (1 minus it; a tie is negative)",
    },
    "hinge": {
        "sklearn": f"{_METRICS}.hinge_loss",
        "keras": f"{_KERAS}.Hinge",
        "optax": f"{_OPTAX}.hinge_loss",
    },
    "squared-hinge": {"keras": f"{_KERAS}.SquaredHinge"},
    "soft-margin": {"torch": f"{_FUNCTIONAL}.soft_margin_loss"},
    "multiclass-hinge": {
        "sklearn": f"{_METRICS}.hinge_loss",
        "optax": f"{_OPTAX}.multiclass_hinge_loss",
    },
    "multi-margin": {"torch": f"{_FUNCTIONAL}.multi_margin_loss"},
    "cosine": {
        "torch": f"{_FUNCTIONAL}.cosine_embedding_loss (target 1)",
        "keras": f"{_KERAS}.CosineSimilarity (less 1)",
        "optax": f"{_OPTAX}.cosine_distance",
    },
}

# What losses have to do with each other; tests/test_identities.py holds them to it.
IDENTITIES: dict[str, str] = {
    "sse": "n·mse without weights",
    "rmse": "the root of mse",
    "rmsle": "the root of msle",
    "smooth-l1": "huber with delta = beta, divided by beta",
    "quantile": "half of mae for alpha = 0.5",
    "tweedie": "mse for power 0, poisson for 1, gamma for 2",
    "bce": "ce over the two columns 1 − p and p",
    "soft-margin": "bce from logits",
    "nll": "ce from log-probabilities",
    "kl-div": "ce less the entropy of the label: ce itself for hard labels",
    "brier": "of two classes twice that of one event",
    "rps": "of two classes brier of one event",
    "focal": "bce or ce for gamma = 0",
    "squared-hinge": "the square of hinge, row by row",
    "multiclass-hinge": "of two classes hinge of the difference of their scores",
    "gaussian-nll": "half of mse for variance 1",
    "poisson-nll": "half of poisson, but for a term of the labels",
}
