"""The tools that `clearance mcp` offers to coding assistants: read-only, deterministic, typed."""
