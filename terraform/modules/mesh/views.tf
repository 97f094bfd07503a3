# Views read views, and BigQuery checks the SQL of a view when it is created. So each view goes into the first layer
# whose earlier layers have everything that it reads. References are found in the SQL itself.

locals {
  dataset_pattern = join("|", keys(local.mesh.datasets))
  reference       = "/`?\\b(${local.dataset_pattern})\\.([A-Za-z_][A-Za-z0-9_]*)`?/"

  plain_sql = {
    for name, table in merge(local.views, local.functions) :
    name => replace(file("${table.folder}/${table.kind == "view" ? "view" : "function"}.sql"), "/--[^\n]*/", "")
  }
  reads = {
    for name, sql in local.plain_sql : name => setsubtract(setintersection(
      [for found in regexall(trim(local.reference, "/"), sql) : "${found[0]}.${found[1]}"],
      keys(local.plain_sql),
    ), [name])
  }

  # References get the project, because a reference without one means the project of the caller.
  readers = {
    for name, table in merge(local.views, local.functions) : name => {
      kind        = table.kind
      dataset     = local.dataset_ids[table.dataset]
      table       = table.table
      description = table.description
      sql         = replace(local.plain_sql[name], local.reference, "`${var.project}.$1.$2`")
      arguments   = { for argument in try(table.arguments, []) : argument.name => argument.type }
      order       = [for argument in try(table.arguments, []) : argument.name]
    }
  }

  # upto_N has every view that needs at most N layers below it. A layer is what upto_N adds.
  upto_0   = toset([for name, reads in local.reads : name if length(reads) == 0])
  upto_1   = toset([for name, reads in local.reads : name if length(setsubtract(reads, local.upto_0)) == 0])
  upto_2   = toset([for name, reads in local.reads : name if length(setsubtract(reads, local.upto_1)) == 0])
  upto_3   = toset([for name, reads in local.reads : name if length(setsubtract(reads, local.upto_2)) == 0])
  upto_4   = toset([for name, reads in local.reads : name if length(setsubtract(reads, local.upto_3)) == 0])
  upto_5   = toset([for name, reads in local.reads : name if length(setsubtract(reads, local.upto_4)) == 0])
  upto_6   = toset([for name, reads in local.reads : name if length(setsubtract(reads, local.upto_5)) == 0])
  upto_7   = toset([for name, reads in local.reads : name if length(setsubtract(reads, local.upto_6)) == 0])
  unplaced = setsubtract(keys(local.reads), local.upto_7)
}

module "views_0" {
  source = "../views"

  project = var.project
  protect = var.protect
  labels  = local.labels
  readers = { for name in local.upto_0 : name => local.readers[name] }

  depends_on = [google_bigquery_table.this, google_bigquery_dataset.guarded]
}

module "views_1" {
  source = "../views"

  project = var.project
  protect = var.protect
  labels  = local.labels
  readers = { for name in setsubtract(local.upto_1, local.upto_0) : name => local.readers[name] }

  depends_on = [module.views_0]
}

module "views_2" {
  source = "../views"

  project = var.project
  protect = var.protect
  labels  = local.labels
  readers = { for name in setsubtract(local.upto_2, local.upto_1) : name => local.readers[name] }

  depends_on = [module.views_1]
}

module "views_3" {
  source = "../views"

  project = var.project
  protect = var.protect
  labels  = local.labels
  readers = { for name in setsubtract(local.upto_3, local.upto_2) : name => local.readers[name] }

  depends_on = [module.views_2]
}

module "views_4" {
  source = "../views"

  project = var.project
  protect = var.protect
  labels  = local.labels
  readers = { for name in setsubtract(local.upto_4, local.upto_3) : name => local.readers[name] }

  depends_on = [module.views_3]
}

module "views_5" {
  source = "../views"

  project = var.project
  protect = var.protect
  labels  = local.labels
  readers = { for name in setsubtract(local.upto_5, local.upto_4) : name => local.readers[name] }

  depends_on = [module.views_4]
}

module "views_6" {
  source = "../views"

  project = var.project
  protect = var.protect
  labels  = local.labels
  readers = { for name in setsubtract(local.upto_6, local.upto_5) : name => local.readers[name] }

  depends_on = [module.views_5]
}

module "views_7" {
  source = "../views"

  project = var.project
  protect = var.protect
  labels  = local.labels
  readers = { for name in setsubtract(local.upto_7, local.upto_6) : name => local.readers[name] }

  depends_on = [module.views_6]
}
