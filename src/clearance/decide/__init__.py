"""Every policy layer of one request, to a Decision with its checks."""
