"""Which traces to read: pure kernels, which know nothing of the store.

A draw records the chance that every trace had; a hunt chooses on purpose, and says why.
"""

from erroranalysis.sampling.draws import Drawn, draw_random, draw_stratified, order

__all__ = ["Drawn", "draw_random", "draw_stratified", "order"]
