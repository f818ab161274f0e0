"""The Journal: events and the Ledger in one file, and letters between processes."""
