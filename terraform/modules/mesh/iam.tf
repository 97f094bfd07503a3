# Every grant except access to datasets, which is on the datasets (bigquery.tf). The grants follow from `may`, `calls`,
# `runs` and `publish` of mesh.yaml. shared_lib/src/tipoff_local/iam/grants.py derives the same list, which the local
# cloud enforces, and tests/terraform compares the two.

locals {
  readers_of_buckets = merge([for key, may in local.may : {
    for bucket in setsubtract(may.read_buckets, may.write_buckets) : "${key}/${bucket}" => { bucket = bucket, account = local.function_ids[key] }
  }]...)
  writers_of_buckets = merge([for key, may in local.may : {
    for bucket in may.write_buckets : "${key}/${bucket}" => {
      bucket  = bucket
      account = local.function_ids[key]
      # Writers of a write-once bucket cannot read, replace or delete objects.
      role = try(local.mesh.buckets[bucket].write_once, false) ? "roles/storage.objectCreator" : "roles/storage.objectUser"
    }
  }]...)
  reads_own_write_once = merge([for key, may in local.may : {
    for bucket in setintersection(may.read_buckets, may.write_buckets) : "${key}/${bucket}" => { bucket = bucket, account = local.function_ids[key] }
    if try(local.mesh.buckets[bucket].write_once, false)
  }]...)

  publishers = merge(
    merge([for key, may in local.may : {
      for topic in may.publish : "${local.function_ids[key]}/${topic}" => { topic = topic, member = "serviceAccount:${local.emails[local.function_ids[key]]}" }
    }]...),
    merge([for key, workflow in local.mesh.workflows : {
      for topic in try(workflow.publish, []) : "wf-${key}/${topic}" => { topic = topic, member = "serviceAccount:${local.emails["wf-${key}"]}" }
    }]...),
    { for key, bucket in local.mesh.buckets : "storage-agent/${key}" => { topic = bucket.notify, member = local.storage_agent } if can(bucket.notify) },
    { for topic in toset([for push in local.pushes : push.dead_letter]) : "pubsub-agent/${topic}" => { topic = topic, member = local.pubsub_agent } },
  )

  callers = merge(
    { for key, push in local.pushes : "push-${key}/${push.function}" => { function = push.function, member = "serviceAccount:${local.emails["push-${key}"]}" } },
    merge([for key, workflow in local.mesh.workflows : {
      for function in try(workflow.calls, []) : "wf-${key}/${function}" => { function = function, member = "serviceAccount:${local.emails["wf-${key}"]}" }
    }]...),
    { for key, schedule in local.mesh.schedules : "scheduler/${schedule.function}" => { function = schedule.function, member = "serviceAccount:${local.emails["scheduler"]}" } if can(schedule.function) },
    merge([for key, function in local.mesh.functions : {
      for member in var.invokers : "${member}/${key}" => { function = key, member = member }
    } if function.ingress == "all"]...),
  )

  starters_of_workflows = toset(concat(
    ["scheduler"],
    [for key, may in local.may : local.function_ids[key] if length(may.start_workflows) > 0],
    [for key, workflow in local.mesh.workflows : "wf-${key}" if length(try(workflow.runs, [])) > 0],
  ))
  users_of_bigquery = toset([for key, may in local.may : local.function_ids[key] if length(may.read_datasets) > 0])
}

resource "google_storage_bucket_iam_member" "reader" {
  for_each = merge(local.readers_of_buckets, local.reads_own_write_once)

  bucket = google_storage_bucket.this[each.value.bucket].name
  role   = "roles/storage.objectViewer"
  member = "serviceAccount:${local.emails[each.value.account]}"
}

resource "google_storage_bucket_iam_member" "writer" {
  for_each = local.writers_of_buckets

  bucket = google_storage_bucket.this[each.value.bucket].name
  role   = each.value.role
  member = "serviceAccount:${local.emails[each.value.account]}"
}

# One variable makes the published documents public; it is false by default.
resource "google_storage_bucket_iam_member" "world" {
  for_each = var.publish_to_world ? toset(["allUsers"]) : toset([])

  bucket = google_storage_bucket.this["public"].name
  role   = "roles/storage.objectViewer"
  member = each.key
}

resource "google_pubsub_topic_iam_member" "publisher" {
  for_each = local.publishers

  project = var.project
  topic   = google_pubsub_topic.this[each.value.topic].name
  role    = "roles/pubsub.publisher"
  member  = each.value.member

  depends_on = [data.google_storage_project_service_account.this]
}

# Without this grant and the grant above on the dead-letter topic, Pub/Sub drops dead letters silently.
resource "google_pubsub_subscription_iam_member" "forwarder" {
  for_each = local.pushes

  project      = var.project
  subscription = google_pubsub_subscription.push[each.key].name
  role         = "roles/pubsub.subscriber"
  member       = local.pubsub_agent
}

resource "google_service_account_iam_member" "token_creator" {
  for_each = local.pushes

  service_account_id = "projects/${var.project}/serviceAccounts/${local.emails["push-${each.key}"]}"
  role               = "roles/iam.serviceAccountTokenCreator"
  member             = local.pubsub_agent
}

resource "google_cloud_run_v2_service_iam_member" "invoker" {
  for_each = local.callers

  project  = var.project
  location = local.region
  name     = google_cloudfunctions2_function.this[each.value.function].name
  role     = "roles/run.invoker"
  member   = each.value.member
}

resource "google_secret_manager_secret_iam_member" "accessor" {
  for_each = merge([for key, may in local.may : { for secret in may.secrets : "${key}/${secret}" => { secret = secret, account = local.function_ids[key] } }]...)

  project   = var.project
  secret_id = google_secret_manager_secret.this[each.value.secret].secret_id
  role      = "roles/secretmanager.secretAccessor"
  member    = "serviceAccount:${local.emails[each.value.account]}"
}

# A dataset's access list says who may read it. The right to run queries is granted on the project, to the functions that
# read a dataset. Appending by the Storage Write API needs no job.
resource "google_project_iam_member" "job_user" {
  for_each = local.users_of_bigquery

  project = var.project
  role    = "roles/bigquery.jobUser"
  member  = "serviceAccount:${local.emails[each.key]}"
}

# Reading rows by the Storage Read API needs permissions on the project in addition to those on the dataset.
resource "google_project_iam_member" "read_session_user" {
  for_each = toset([for key, function in local.mesh.functions : local.function_ids[key] if try(function.may.read_sessions, false)])

  project = var.project
  role    = "roles/bigquery.readSessionUser"
  member  = "serviceAccount:${local.emails[each.key]}"
}

# The provider has no IAM resource for one workflow: an account that may start one may start all of the project.
resource "google_project_iam_member" "workflow_invoker" {
  for_each = local.starters_of_workflows

  project = var.project
  role    = "roles/workflows.invoker"
  member  = "serviceAccount:${local.emails[each.key]}"
}

resource "google_project_iam_member" "workflow_logs" {
  for_each = local.mesh.workflows

  project = var.project
  role    = "roles/logging.logWriter"
  member  = "serviceAccount:${local.emails["wf-${each.key}"]}"
}

resource "google_project_iam_member" "builder" {
  for_each = toset(["roles/artifactregistry.writer", "roles/logging.logWriter"])

  project = var.project
  role    = each.key
  member  = "serviceAccount:${local.emails["builder"]}"
}

# Cloud Functions copies the zip to its own bucket and builds from there. The builder may read only that bucket.
resource "google_project_iam_member" "builder_sources" {
  project = var.project
  role    = "roles/storage.objectViewer"
  member  = "serviceAccount:${local.emails["builder"]}"

  condition {
    title      = "uploaded function sources only"
    expression = "resource.name.startsWith(\"projects/_/buckets/gcf-v2-sources-${var.project_number}-\")"
  }
}
