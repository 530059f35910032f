"""Policies from use: what somebody was seen to need, and no more.

``use`` collects what was used, ``generalize`` makes patterns of resources, ``shape`` statements and
policies that fit IAM's limits, ``propose`` puts them together and decides every used request again,
``bounds`` says exactly what is removed and what is allowed beyond use.
"""
