locals {
  services_by_name = [for function in local.mesh.functions : function.service]

  # What an alert can measure. `one_of` is a filter function of Monitoring. Names come only from this mesh.
  subscription_names = { for key, _ in local.mesh.subscriptions : key => "${key}-${var.environment}" }
  metric_names       = { for key, _ in local.mesh.log_metrics : key => "${key}-${var.environment}" }
  measures = {
    for key, alert in local.mesh.alerts : key => {
      undelivered = {
        filter  = "resource.type = \"pubsub_subscription\" AND metric.type = \"pubsub.googleapis.com/subscription/num_undelivered_messages\" AND resource.labels.subscription_id = one_of(${join(", ", [for of in try(alert.of, []) : "\"${try(local.subscription_names[of], of)}\""])})"
        period  = "60s"
        aligner = "ALIGN_MAX"
        group   = "resource.label.subscription_id"
      }
      oldest_unacked_s = {
        filter  = "resource.type = \"pubsub_subscription\" AND metric.type = \"pubsub.googleapis.com/subscription/oldest_unacked_message_age\" AND resource.labels.subscription_id = one_of(${join(", ", [for of in try(alert.of, []) : "\"${try(local.subscription_names[of], of)}\""])})"
        period  = "60s"
        aligner = "ALIGN_MAX"
        group   = "resource.label.subscription_id"
      }
      failed_executions = {
        filter  = "resource.type = \"workflows.googleapis.com/Workflow\" AND metric.type = \"workflows.googleapis.com/finished_execution_count\" AND metric.labels.status = \"FAILED\" AND resource.labels.workflow_id = one_of(${join(", ", [for of in try(alert.of, []) : "\"${try(local.workflows[of], of)}\""])})"
        period  = "300s"
        aligner = "ALIGN_DELTA"
        group   = "resource.label.workflow_id"
      }
      no_success = {
        filter  = "resource.type = \"workflows.googleapis.com/Workflow\" AND metric.type = \"workflows.googleapis.com/finished_execution_count\" AND metric.labels.status = \"SUCCEEDED\" AND resource.labels.workflow_id = one_of(${join(", ", [for of in try(alert.of, []) : "\"${try(local.workflows[of], of)}\""])})"
        period  = "3600s"
        aligner = "ALIGN_DELTA"
        group   = "resource.label.workflow_id"
      }
      logged = {
        filter  = "resource.type = \"cloud_run_revision\" AND metric.type = \"logging.googleapis.com/user/${try(local.metric_names[alert.of[0]], "")}\""
        period  = "3600s"
        aligner = "ALIGN_DELTA"
        group   = "resource.label.service_name"
      }
      bytes_billed_per_day = {
        filter  = "resource.type = \"global\" AND metric.type = \"bigquery.googleapis.com/query/scanned_bytes_billed\""
        period  = "86400s"
        aligner = "ALIGN_DELTA"
        group   = null
      }
    }[alert.measure]
  }
}

resource "google_logging_metric" "this" {
  for_each = local.mesh.log_metrics

  project     = var.project
  name        = local.metric_names[each.key]
  description = each.value.description
  filter      = "resource.type=\"cloud_run_revision\" AND resource.labels.service_name=(${join(" OR ", [for name in local.services_by_name : "\"${name}\""])}) AND jsonPayload.event=\"${each.value.event}\""

  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = "INT64"
    unit        = "1"
  }

  depends_on = [google_project_service.this]
}

resource "google_monitoring_notification_channel" "email" {
  for_each = var.alert_emails

  project      = var.project
  display_name = "Tipoff ${var.environment}: ${each.key}"
  type         = "email"
  labels       = { email_address = each.key }

  depends_on = [google_project_service.this]
}

resource "google_monitoring_alert_policy" "this" {
  for_each = local.mesh.alerts

  project               = var.project
  display_name          = "${each.key}-${var.environment}"
  combiner              = "OR"
  severity              = each.value.severity
  user_labels           = local.labels
  notification_channels = [for channel in google_monitoring_notification_channel.email : channel.id]

  documentation {
    mime_type = "text/markdown"
    subject   = "Tipoff ${var.environment}: ${each.key}"
    content   = replace(each.value.action, "ENV", var.environment)
  }

  conditions {
    display_name = can(each.value.over) ? "${each.key}: ${each.value.measure} over ${each.value.over}" : "${each.key}: ${each.value.measure} for ${each.value.for_s} s"

    dynamic "condition_threshold" {
      for_each = can(each.value.over) ? [local.measures[each.key]] : []

      content {
        filter          = condition_threshold.value.filter
        comparison      = "COMPARISON_GT"
        threshold_value = each.value.over
        duration        = "${each.value.for_s}s"

        aggregations {
          alignment_period     = condition_threshold.value.period
          per_series_aligner   = condition_threshold.value.aligner
          cross_series_reducer = condition_threshold.value.group == null ? "REDUCE_SUM" : "REDUCE_MAX"
          group_by_fields      = condition_threshold.value.group == null ? null : [condition_threshold.value.group]
        }
      }
    }

    # Alerts when there are no measurements: a workflow that does not run raises no error.
    dynamic "condition_absent" {
      for_each = can(each.value.over) ? [] : [local.measures[each.key]]

      content {
        filter   = condition_absent.value.filter
        duration = "${each.value.for_s}s"

        aggregations {
          alignment_period     = condition_absent.value.period
          per_series_aligner   = condition_absent.value.aligner
          cross_series_reducer = "REDUCE_SUM"
          group_by_fields      = [condition_absent.value.group]
        }
      }
    }
  }

  depends_on = [google_logging_metric.this]
}

resource "google_billing_budget" "this" {
  for_each = var.billing_account == null ? {} : { monthly = var.billing_account }

  billing_account = each.value
  display_name    = "tipoff-${var.environment}"

  budget_filter {
    projects        = ["projects/${var.project_number}"]
    calendar_period = "MONTH"
  }

  amount {
    specified_amount {
      currency_code = "USD"
      units         = tostring(floor(var.monthly_budget_usd))
    }
  }

  dynamic "threshold_rules" {
    for_each = local.mesh.budget.alert_at_percent

    content {
      threshold_percent = threshold_rules.value / 100
      spend_basis       = "CURRENT_SPEND"
    }
  }

  all_updates_rule {
    monitoring_notification_channels = [for channel in google_monitoring_notification_channel.email : channel.id]
  }

  depends_on = [google_project_service.this]
}

locals {
  charts = [
    {
      title = "Messages waiting, by subscription"
      query = "resource.type=\"pubsub_subscription\" metric.type=\"pubsub.googleapis.com/subscription/num_undelivered_messages\""
      group = "resource.label.subscription_id", aligner = "ALIGN_MAX", reducer = "REDUCE_MAX"
    },
    {
      title = "Requests, by function and response"
      query = "resource.type=\"cloud_run_revision\" metric.type=\"run.googleapis.com/request_count\""
      group = "resource.label.service_name", aligner = "ALIGN_RATE", reducer = "REDUCE_SUM"
    },
    {
      title = "Request latency (p99), by function"
      query = "resource.type=\"cloud_run_revision\" metric.type=\"run.googleapis.com/request_latencies\""
      group = "resource.label.service_name", aligner = "ALIGN_PERCENTILE_99", reducer = "REDUCE_MAX"
    },
    {
      title = "Instances, by function"
      query = "resource.type=\"cloud_run_revision\" metric.type=\"run.googleapis.com/container/instance_count\""
      group = "resource.label.service_name", aligner = "ALIGN_MAX", reducer = "REDUCE_SUM"
    },
    {
      title = "Finished executions, by workflow"
      query = "resource.type=\"workflows.googleapis.com/Workflow\" metric.type=\"workflows.googleapis.com/finished_execution_count\""
      group = "resource.label.workflow_id", aligner = "ALIGN_DELTA", reducer = "REDUCE_SUM"
    },
    {
      title = "Bytes billed by BigQuery"
      query = "resource.type=\"global\" metric.type=\"bigquery.googleapis.com/query/scanned_bytes_billed\""
      group = null, aligner = "ALIGN_DELTA", reducer = "REDUCE_SUM"
    },
  ]
  logged_charts = [for key, metric in local.mesh.log_metrics : {
    title = metric.description
    query = "resource.type=\"cloud_run_revision\" metric.type=\"logging.googleapis.com/user/${local.metric_names[key]}\""
    group = "resource.label.service_name", aligner = "ALIGN_DELTA", reducer = "REDUCE_SUM"
  }]
}

resource "google_monitoring_dashboard" "this" {
  project = var.project
  dashboard_json = jsonencode({
    displayName = "Tipoff ${var.environment}"
    gridLayout = {
      columns = "2"
      widgets = [for chart in concat(local.charts, local.logged_charts) : {
        title = chart.title
        xyChart = {
          dataSets = [{
            plotType = "LINE"
            timeSeriesQuery = {
              timeSeriesFilter = {
                filter = chart.query
                aggregation = {
                  alignmentPeriod    = "300s"
                  perSeriesAligner   = chart.aligner
                  crossSeriesReducer = chart.reducer
                  groupByFields      = compact([chart.group])
                }
              }
            }
          }]
        }
      }]
    }
  })

  depends_on = [google_logging_metric.this]
}
