"""HTTP as CONTRACT.md defines it: one module per resource."""
