"""From an API call to what must be authorized: actions, resources, condition keys.

``required.required`` is the door, ``permission.Permission`` what comes out of it. Nothing is
imported here: whether an ARN fits an action needs none of the services' tables.
"""
