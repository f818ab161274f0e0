"""The work on one Task: up the Ladder, through the Gate, into the Ghost."""
