"""Feature flags that were asked for, on the events that follow."""

from ._watchpost import add_feature_flag

__all__ = ["add_feature_flag"]
