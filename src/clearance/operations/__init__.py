"""What AWS calls do, pure: estate and input in, estate and output out."""
