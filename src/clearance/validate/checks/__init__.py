"""One file a topic; each check yields what it finds and asks nothing of the others."""
