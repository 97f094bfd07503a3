resource "google_storage_bucket_object" "zip" {
  for_each = local.mesh.functions

  bucket = google_storage_bucket.this["source"].name
  name   = "${each.key}-${local.releases[each.key]}.zip" # new content gives a new name and a new revision
  source = "${var.repository}/${local.manifest.functions[each.key].zip}"

  deletion_policy = "ABANDON" # the zips of earlier releases stay in the bucket, for a rollback
}

resource "google_cloudfunctions2_function" "this" {
  for_each = local.mesh.functions

  project     = var.project
  location    = local.region
  name        = each.value.service
  description = "Function ${each.key} of the mesh"
  labels      = merge(local.labels, { content = substr(local.releases[each.key], 0, 40) })

  build_config {
    runtime           = "python313"
    entry_point       = "main"
    docker_repository = local.image_repository
    service_account   = "projects/${var.project}/serviceAccounts/${local.emails["builder"]}"

    source {
      storage_source {
        bucket = google_storage_bucket.this["source"].name
        object = google_storage_bucket_object.zip[each.key].name
      }
    }
  }

  service_config {
    service_account_email            = local.emails[local.function_ids[each.key]]
    ingress_settings                 = each.value.ingress == "all" ? "ALLOW_ALL" : "ALLOW_INTERNAL_ONLY"
    available_memory                 = each.value.memory
    available_cpu                    = tostring(each.value.cpu)
    timeout_seconds                  = each.value.timeout_s
    max_instance_request_concurrency = each.value.concurrency
    min_instance_count               = each.value.min_instances
    max_instance_count               = each.value.max_instances
    all_traffic_on_latest_revision   = true
    environment_variables            = local.function_environment[each.key]

    dynamic "secret_environment_variables" {
      for_each = local.may[each.key].secrets

      content {
        key        = "SECRET_${upper(replace(secret_environment_variables.value, "-", "_"))}"
        project_id = var.project
        secret     = google_secret_manager_secret.this[secret_environment_variables.value].secret_id
        version    = "latest"
      }
    }
  }

  depends_on = [terraform_data.grants_settled, google_artifact_registry_repository.this]
}
