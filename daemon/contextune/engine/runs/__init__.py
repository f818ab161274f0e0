"""All Runs: who drives them, who looks on, and how their results land."""
