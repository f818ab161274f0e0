"""Where Tasks begin on the Ladder and what they should cost, learnt from what came of earlier ones."""
