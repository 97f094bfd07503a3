# Container images of the functions, in a repository of our own: the default `gcf-artifacts` keeps every image.
# A keep policy protects an image from a delete policy.
# https://docs.cloud.google.com/artifact-registry/docs/repositories/cleanup-policy-overview
resource "google_artifact_registry_repository" "this" {
  for_each = local.mesh.registries

  project       = var.project
  location      = local.region
  repository_id = each.key
  description   = each.value.description
  format        = "DOCKER"
  labels        = local.labels

  cleanup_policy_dry_run = false

  cleanup_policies {
    id     = "delete-old"
    action = "DELETE"

    condition {
      tag_state  = "ANY"
      older_than = "${each.value.delete_after_days * 86400}s"
    }
  }

  cleanup_policies {
    id     = "keep-newest"
    action = "KEEP"

    most_recent_versions {
      keep_count = each.value.keep_versions
    }
  }

  depends_on = [google_project_service.this]
}

locals {
  # Written out, so that a plan states it. `this` is created first: functions depend on it.
  image_repository = "projects/${var.project}/locations/${local.region}/repositories/${one(keys(local.mesh.registries))}"
}
