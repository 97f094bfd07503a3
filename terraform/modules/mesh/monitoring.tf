# Conditions are PromQL queries. A query without a result ends the incident, so that the next event notifies again; a
# threshold on a metric keeps its incident open while the metric has no data. A query may also name a metric that does
# not exist yet: a new log-based metric takes up to ten minutes to appear.
# https://docs.cloud.google.com/monitoring/promql/create-promql-alerts
locals {
  services_by_name = [for function in local.mesh.functions : function.service]
  metric_names     = { for key, _ in local.mesh.log_metrics : key => "${key}-${var.environment}" }

  # The names that an alert watches, as a regular expression. Log metrics are named in the metric, one per alert.
  watched = { for key, alert in local.mesh.alerts : key => join("|", [for of in try(alert.of, []) : "${of}-${var.environment}"]) }

  # What an alert can measure: a query with one value per resource.
  measures = {
    for key, alert in local.mesh.alerts : key => {
      published            = "sum by (topic_id) (increase({\"pubsub.googleapis.com/topic/send_request_count\", monitored_resource=\"pubsub_topic\", topic_id=~\"${local.watched[key]}\"}[5m]))"
      dead_lettered        = "sum by (subscription_id) (increase({\"pubsub.googleapis.com/subscription/dead_letter_message_count\", monitored_resource=\"pubsub_subscription\", subscription_id=~\"${local.watched[key]}\"}[5m]))"
      oldest_unacked_s     = "max by (subscription_id) ({\"pubsub.googleapis.com/subscription/oldest_unacked_message_age\", monitored_resource=\"pubsub_subscription\", subscription_id=~\"${local.watched[key]}\"})"
      failed_executions    = "sum by (workflow_id) (increase({\"workflows.googleapis.com/finished_execution_count\", monitored_resource=\"workflows.googleapis.com/Workflow\", status=\"FAILED\", workflow_id=~\"${local.watched[key]}\"}[5m]))"
      logged               = "sum by (service_name) (increase({\"logging.googleapis.com/user/${local.watched[key]}\", monitored_resource=\"cloud_run_revision\"}[${try(alert.over, 0) == 0 ? "5m" : "1h"}]))"
      bytes_billed_per_day = "sum(increase({\"bigquery.googleapis.com/query/scanned_bytes_billed\", monitored_resource=\"global\"}[1d]))"
      # A workflow that never succeeded has no data, and counts as zero.
      successes = join(" or ", [
        for of in try(alert.of, []) :
        "label_replace(sum(increase({\"workflows.googleapis.com/finished_execution_count\", monitored_resource=\"workflows.googleapis.com/Workflow\", status=\"SUCCEEDED\", workflow_id=\"${of}-${var.environment}\"}[1h])) or vector(0), \"workflow_id\", \"${of}-${var.environment}\", \"\", \"\")"
      ])
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
    content   = replace(replace(each.value.action, "ENV", var.environment), "PROJECT", var.project)
  }

  conditions {
    display_name = "${each.key}: ${each.value.measure} ${can(each.value.over) ? "over ${each.value.over}" : "under ${each.value.under}"}"

    condition_prometheus_query_language {
      query                     = can(each.value.over) ? "${local.measures[each.key]} > ${each.value.over}" : "(${local.measures[each.key]}) < ${each.value.under}"
      duration                  = "${each.value.for_s}s"
      evaluation_interval       = "60s"
      disable_metric_validation = true
    }
  }

  # A reminder once a day while the incident is open. Without data, an incident ends after half an hour.
  alert_strategy {
    auto_close = "1800s"

    dynamic "notification_channel_strategy" {
      for_each = length(var.alert_emails) > 0 ? [true] : []

      content {
        notification_channel_names = [for channel in google_monitoring_notification_channel.email : channel.name]
        renotify_interval          = "86400s"
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
      # Without a currency, the budget has the currency of the billing account. No other is accepted.
      units = tostring(floor(var.monthly_budget))
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
