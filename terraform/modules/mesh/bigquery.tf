# Each dataset states its whole access list, so that project viewers cannot read it. The API names the roles on a
# dataset READER (bigquery.dataViewer), WRITER (dataEditor) and OWNER (dataOwner). Any other spelling would show as a
# difference in every plan.

locals {
  access = {
    for dataset, _ in local.mesh.datasets : dataset => merge(
      { for key, may in local.may : local.function_ids[key] => "READER" if contains(may.read_datasets, dataset) },
      { for key, may in local.may : local.function_ids[key] => "WRITER" if contains(may.write_datasets, dataset) },
    )
  }
  # Views of the value dataset may read the key dataset for their callers.
  authorised = { for key, dataset in local.mesh.datasets : dataset.authorised_over => key if can(dataset.authorised_over) }
  open       = { for key, dataset in local.mesh.datasets : key => dataset if !contains(keys(local.authorised), key) }
  guarded    = { for key, dataset in local.mesh.datasets : key => dataset if contains(keys(local.authorised), key) }

  table_folder = "${var.repository}/dist/tables"
  tables = {
    for path in fileset(local.table_folder, "*/*/table.yaml") :
    replace(dirname(path), "/", ".") => merge(yamldecode(file("${local.table_folder}/${path}")), {
      dataset = dirname(dirname(path))
      table   = basename(dirname(path))
      folder  = "${local.table_folder}/${dirname(path)}"
    })
  }
  stored    = { for name, table in local.tables : name => table if contains(["landing", "log", "derived"], table.kind) }
  views     = { for name, table in local.tables : name => table if table.kind == "view" }
  functions = { for name, table in local.tables : name => table if table.kind == "table_function" }

  dataset_ids = merge(
    { for key, dataset in google_bigquery_dataset.open : key => dataset.dataset_id },
    { for key, dataset in google_bigquery_dataset.guarded : key => dataset.dataset_id },
  )
}

resource "google_bigquery_dataset" "open" {
  for_each = local.open

  project     = var.project
  dataset_id  = each.key
  location    = local.region
  description = each.value.description
  labels      = local.labels

  access {
    role          = "OWNER"
    special_group = "projectOwners"
  }

  dynamic "access" {
    for_each = var.operators

    content {
      role           = "OWNER"
      user_by_email  = startswith(access.value, "user:") ? trimprefix(access.value, "user:") : null
      group_by_email = startswith(access.value, "group:") ? trimprefix(access.value, "group:") : null
    }
  }

  dynamic "access" {
    for_each = local.access[each.key]

    content {
      role          = access.value
      user_by_email = local.emails[access.key]
    }
  }

  depends_on = [google_project_service.this]
}

# A dataset that the views of another dataset may read. The other dataset must exist first.
resource "google_bigquery_dataset" "guarded" {
  for_each = local.guarded

  project     = var.project
  dataset_id  = each.key
  location    = local.region
  description = each.value.description
  labels      = local.labels

  access {
    role          = "OWNER"
    special_group = "projectOwners"
  }

  dynamic "access" {
    for_each = var.operators

    content {
      role           = "OWNER"
      user_by_email  = startswith(access.value, "user:") ? trimprefix(access.value, "user:") : null
      group_by_email = startswith(access.value, "group:") ? trimprefix(access.value, "group:") : null
    }
  }

  dynamic "access" {
    for_each = local.access[each.key]

    content {
      role          = access.value
      user_by_email = local.emails[access.key]
    }
  }

  access {
    dataset {
      dataset {
        project_id = var.project
        dataset_id = google_bigquery_dataset.open[local.authorised[each.key]].dataset_id
      }
      target_types = ["VIEWS"]
    }
  }

  depends_on = [google_project_service.this]
}

resource "google_bigquery_table" "this" {
  for_each = local.stored

  project                  = var.project
  dataset_id               = local.dataset_ids[each.value.dataset]
  table_id                 = each.value.table
  description              = each.value.description
  schema                   = file("${each.value.folder}/schema.json")
  clustering               = length(try(each.value.cluster, [])) > 0 ? each.value.cluster : null
  require_partition_filter = try(each.value.require_partition_filter, false)
  deletion_protection      = var.protect
  labels                   = local.labels

  dynamic "time_partitioning" {
    for_each = try(each.value.partition, null) == null ? [] : [each.value.partition]

    content {
      type  = "DAY"
      field = time_partitioning.value
    }
  }
}
