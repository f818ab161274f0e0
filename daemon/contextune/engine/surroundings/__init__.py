"""What the engine needs from around it: the ports it is handed, and the limits of the machine."""
