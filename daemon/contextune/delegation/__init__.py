"""What agents of other programs may ask of this one: the tools, their permissions, what they answer."""
