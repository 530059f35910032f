"""What `clearance doctor` looks at: each module yields what it found."""
