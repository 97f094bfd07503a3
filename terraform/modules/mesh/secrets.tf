# Terraform creates the secrets without values. A person adds a value (docs/bootstrap.md), so none is in the state.
resource "google_secret_manager_secret" "this" {
  for_each = local.mesh.secrets

  project             = var.project
  secret_id           = each.key
  deletion_protection = var.protect
  labels              = local.labels

  replication {
    auto {}
  }

  depends_on = [google_project_service.this]
}
