"""How many frames each token lasts. A predictor is any module with the two methods of the classes here."""

from vits.duration_predictor.deterministic import DeterministicDurationPredictor
from vits.duration_predictor.duration_fit import LOG_DURATION_FLOOR, DurationFit
from vits.duration_predictor.stochastic import StochasticDurationPredictor

__all__ = ["LOG_DURATION_FLOOR", "DeterministicDurationPredictor", "DurationFit", "StochasticDurationPredictor"]
