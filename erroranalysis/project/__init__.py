"""The project: the object that a notebook holds, in parts by the stage of the work."""

from erroranalysis.project.project import Project

__all__ = ["Project"]
