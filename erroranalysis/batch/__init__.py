"""Batches: samples of traces to read, drawn or hunted, and written down."""

from erroranalysis.batch.batches import Batch, load, pick
from erroranalysis.batch.drawing import choose, draw

__all__ = ["Batch", "choose", "draw", "load", "pick"]
