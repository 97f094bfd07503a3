# Calls to Google APIs use OAuth tokens; OIDC tokens are for our own services. The body has the argument as JSON text.
resource "google_cloud_scheduler_job" "this" {
  for_each = local.mesh.schedules

  project          = var.project
  region           = local.region
  name             = "${each.key}-${var.environment}"
  description      = try(each.value.description, null)
  schedule         = each.value.cron
  time_zone        = local.mesh.time_zone
  attempt_deadline = "60s"

  retry_config {
    retry_count          = 3
    min_backoff_duration = "10s"
    max_backoff_duration = "120s"
  }

  http_target {
    http_method = "POST"
    uri         = "https://workflowexecutions.googleapis.com/v1/projects/${var.project}/locations/${local.region}/workflows/${google_workflows_workflow.this[each.value.workflow].name}/executions"
    headers     = { "Content-Type" = "application/json" }
    body        = base64encode(jsonencode({ argument = jsonencode(try(each.value.argument, {})) }))

    oauth_token {
      service_account_email = local.emails["scheduler"]
      scope                 = "https://www.googleapis.com/auth/cloud-platform"
    }
  }

  depends_on = [google_project_iam_member.workflow_invoker]
}
