"""What is said to models, what it costs, and when it may be sent."""
