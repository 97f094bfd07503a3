# One layer of views and table functions. Everything that they read exists already.

terraform {
  required_version = ">= 1.9"

  required_providers {
    google = {
      source  = "hashicorp/google"
      version = "~> 8.0"
    }
  }
}

variable "project" {
  description = "Project id."
  type        = string
}

variable "protect" {
  description = "Deletion protection."
  type        = bool
}

variable "labels" {
  description = "Labels of every view."
  type        = map(string)
}

variable "readers" {
  description = "By `dataset.name`: a view, or a table function with its arguments (name to type) in order."
  type = map(object({
    kind        = string
    dataset     = string
    table       = string
    description = string
    sql         = string
    arguments   = map(string)
    order       = list(string)
  }))
}

resource "google_bigquery_table" "view" {
  for_each = { for name, reader in var.readers : name => reader if reader.kind == "view" }

  project             = var.project
  dataset_id          = each.value.dataset
  table_id            = each.value.table
  description         = each.value.description
  deletion_protection = var.protect
  labels              = var.labels

  view {
    query          = each.value.sql
    use_legacy_sql = false
  }
}

resource "google_bigquery_routine" "table_function" {
  for_each = { for name, reader in var.readers : name => reader if reader.kind == "table_function" }

  project         = var.project
  dataset_id      = each.value.dataset
  routine_id      = each.value.table
  description     = each.value.description
  routine_type    = "TABLE_VALUED_FUNCTION"
  language        = "SQL"
  definition_body = each.value.sql

  dynamic "arguments" {
    for_each = each.value.order

    content {
      name      = arguments.value
      data_type = jsonencode({ typeKind = each.value.arguments[arguments.value] })
    }
  }
}

output "views" {
  description = "The SQL of this layer, by `dataset.name`."
  value       = { for name, reader in var.readers : name => reader.sql }
}
