# Only the places: a value is added by a person (docs/bootstrap.md) and never passes through Terraform or its state.
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
