"""HTTP as CONTRACT.md has it: one module a resource."""
