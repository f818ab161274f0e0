"""The machine: its clock, its users' files, its interpreter, its sleep."""
