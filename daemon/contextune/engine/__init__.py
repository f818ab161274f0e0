"""What drives: a Run from its Quote to Accept and Undo."""
