"""IAM's operations."""
