resource "google_project_service" "this" {
  for_each = toset(local.mesh.services)

  project            = var.project
  service            = "${each.key}.googleapis.com"
  disable_on_destroy = false
}

# A new project has no service agent of Cloud Storage. Asking for its address creates it. names.tf composes the address.
# https://cloud.google.com/storage/docs/getting-service-agent
data "google_storage_project_service_account" "this" {
  project = var.project

  depends_on = [google_project_service.this]
}

resource "google_service_account" "this" {
  for_each = local.accounts

  project      = var.project
  account_id   = each.key
  display_name = each.value

  depends_on = [google_project_service.this]
}

# Audit logs record who reads a secret and who writes an object, so buckets need no access logs.
resource "google_project_iam_audit_config" "this" {
  for_each = { "storage.googleapis.com" = "DATA_WRITE", "secretmanager.googleapis.com" = "DATA_READ" }

  project = var.project
  service = each.key

  audit_log_config {
    log_type = each.value
  }
}
