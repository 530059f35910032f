"""Many recorded requests: read CloudTrail, make requests of events, decide each kind once."""
