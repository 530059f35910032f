"""AWS authorization you can run, explain and prove."""
