resource "google_pubsub_topic" "this" {
  for_each = local.mesh.topics

  project                    = var.project
  name                       = local.topics[each.key]
  message_retention_duration = "604800s" # 7 days: a subscription can seek back after a bad release
  labels                     = local.labels

  message_storage_policy {
    allowed_persistence_regions = [local.region]
  }

  depends_on = [google_project_service.this]
}

# A push subscription instead of an Eventarc trigger, because only it declares the dead-letter topic and the deadline.
resource "google_pubsub_subscription" "push" {
  for_each = local.pushes

  project                    = var.project
  name                       = "${each.key}-${var.environment}"
  topic                      = google_pubsub_topic.this[each.value.topic].name
  ack_deadline_seconds       = each.value.ack_deadline_s
  message_retention_duration = "604800s"
  labels                     = local.labels

  push_config {
    push_endpoint = "${local.urls[each.value.function]}${try(each.value.path, "")}"

    oidc_token {
      service_account_email = local.emails["push-${each.key}"]
      audience              = local.urls[each.value.function]
    }
  }

  retry_policy {
    minimum_backoff = "${each.value.min_backoff_s}s"
    maximum_backoff = "${each.value.max_backoff_s}s"
  }

  dead_letter_policy {
    dead_letter_topic     = "projects/${var.project}/topics/${google_pubsub_topic.this[each.value.dead_letter].name}"
    max_delivery_attempts = each.value.attempts
  }

  expiration_policy {
    ttl = ""
  }

  depends_on = [google_cloud_run_v2_service_iam_member.invoker, google_service_account_iam_member.token_creator]
}

# Keeps messages until a person pulls them.
resource "google_pubsub_subscription" "hold" {
  for_each = local.holds

  project                    = var.project
  name                       = "${each.key}-${var.environment}"
  topic                      = google_pubsub_topic.this[each.value.topic].name
  ack_deadline_seconds       = 60
  message_retention_duration = "604800s"
  labels                     = local.labels

  expiration_policy {
    ttl = ""
  }
}
