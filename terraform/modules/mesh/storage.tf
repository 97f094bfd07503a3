resource "google_storage_bucket" "this" {
  for_each = local.mesh.buckets

  project                     = var.project
  name                        = local.buckets[each.key]
  location                    = upper(local.region)
  uniform_bucket_level_access = true
  public_access_prevention    = each.key == "public" && var.publish_to_world ? "inherited" : "enforced"
  force_destroy               = !var.protect
  labels                      = local.labels

  versioning {
    enabled = try(each.value.versioning, true)
  }

  soft_delete_policy {
    retention_duration_seconds = var.soft_delete_days * 86400
  }

  lifecycle_rule {
    action {
      type = "Delete"
    }
    condition {
      days_since_noncurrent_time = var.noncurrent_days
      with_state                 = "ARCHIVED"
    }
  }

  lifecycle_rule {
    action {
      type = "AbortIncompleteMultipartUpload"
    }
    condition {
      age = 7
    }
  }

  depends_on = [google_project_service.this]
}

resource "google_storage_notification" "this" {
  for_each = { for key, bucket in local.mesh.buckets : key => bucket.notify if can(bucket.notify) }

  bucket         = google_storage_bucket.this[each.key].name
  topic          = "projects/${var.project}/topics/${google_pubsub_topic.this[each.value].name}"
  payload_format = "JSON_API_V1"
  event_types    = ["OBJECT_FINALIZE"]

  depends_on = [terraform_data.grants_settled]
}
