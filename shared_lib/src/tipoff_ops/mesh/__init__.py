"""The mesh of terraform/mesh.yaml shown to people."""
