"""Files of a checkout: found, watched, read and written beneath one folder."""
