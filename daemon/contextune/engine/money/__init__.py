"""What leaves for a model: priced, reserved, sent by the one gateway, settled."""
