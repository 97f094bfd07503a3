"""Identity and Access Management: who calls, and whether the grants of the mesh allow it (docs/design.md#permissions).

`roles.yaml` has the permissions of the granted roles, `methods.yaml` the permissions that each method needs. Both are
written from Google's documentation, and each entry names its page. `grants` derives the grants of an environment from
mesh.yaml. A Terraform test holds them equal to the plan.
"""
