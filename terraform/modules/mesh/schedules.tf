# Calls to Google APIs use OAuth tokens; OIDC tokens are for our own services. A workflow gets the argument as JSON text
# in the body, a function as the body. Cloud Run counts Cloud Scheduler of the same project as internal traffic:
# https://docs.cloud.google.com/run/docs/securing/ingress
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
    uri         = can(each.value.function) ? "${local.urls[each.value.function]}${each.value.path}" : "https://workflowexecutions.googleapis.com/v1/projects/${var.project}/locations/${local.region}/workflows/${google_workflows_workflow.this[each.value.workflow].name}/executions"
    headers     = { "Content-Type" = "application/json" }
    body        = base64encode(can(each.value.function) ? jsonencode(try(each.value.argument, {})) : jsonencode({ argument = jsonencode(try(each.value.argument, {})) }))

    dynamic "oauth_token" {
      for_each = can(each.value.function) ? [] : ["scheduler"]

      content {
        service_account_email = local.emails[oauth_token.value]
        scope                 = "https://www.googleapis.com/auth/cloud-platform"
      }
    }

    dynamic "oidc_token" {
      for_each = can(each.value.function) ? ["scheduler"] : []

      content {
        service_account_email = local.emails[oidc_token.value]
        audience              = local.urls[each.value.function]
      }
    }
  }

  depends_on = [google_project_iam_member.workflow_invoker, google_cloud_run_v2_service_iam_member.invoker]
}
