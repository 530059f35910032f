"""Estates and CloudTrail that never were: skewed as real ones, equal for equal seeds, known inside.

``world`` draws an estate and who needs what in it, ``rows`` draws the calls they make,
``trail`` writes those as CloudTrail delivers them. What everybody needs is told beside it, so that
whatever is learned from the calls can be measured.
"""
