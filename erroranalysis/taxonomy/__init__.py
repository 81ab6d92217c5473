"""The failure taxonomy: the machine proposes groups, a person names and decides."""

from __future__ import annotations

from erroranalysis.taxonomy.suggestions import SuggestedGroup, Suggestions
from erroranalysis.taxonomy.taxonomy import Taxonomy

__all__ = ["SuggestedGroup", "Suggestions", "Taxonomy"]
