"""What each core service asks for, one file a service."""
