"""The queue: the traces of a batch in reading order, and one person's acts on them.

A queue owns no truth. Every look is read from the store, so two kernels, two tabs or
a script of one person see each other's work, and a restart loses nothing but the
place, which is found again: the first trace without a verdict.
"""

from erroranalysis.queue.looks import Found, Judgement, ModeCount, Others
from erroranalysis.queue.progress import Progress, QueueState
from erroranalysis.queue.queue import Queue

__all__ = [
    "Found",
    "Judgement",
    "ModeCount",
    "Others",
    "Progress",
    "Queue",
    "QueueState",
]
