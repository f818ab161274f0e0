"""Where the work of Leases is done: on this machine, or on others."""
