# Derives every name from mesh.yaml. shared_lib/src/tipoff_local/mesh.py has the same rules for the local cloud, and
# tests/terraform compares the results. No name, endpoint or variable depends on a computed attribute, so that a plan
# states them all.

locals {
  mesh     = yamldecode(file("${var.repository}/${var.mesh_file}"))
  manifest = jsondecode(file("${var.repository}/${var.manifest_file}"))
  region   = local.mesh.region

  # The release of a function is the digest of its own zip: only functions whose content changed are built again.
  labels   = { environment = var.environment }
  releases = { for key, _ in local.mesh.functions : key => local.manifest.functions[key].sha256 }

  topics    = { for key, _ in local.mesh.topics : key => "${key}-${var.environment}" }
  buckets   = { for key, _ in local.mesh.buckets : key => "${var.project}-${key}" }
  workflows = { for key, _ in local.mesh.workflows : key => "${key}-${var.environment}" }
  urls = {
    for key, function in local.mesh.functions :
    key => "https://${function.service}-${var.project_number}.${local.region}.run.app"
  }

  pushes = { for key, subscription in local.mesh.subscriptions : key => subscription if !try(subscription.hold, false) }
  holds  = { for key, subscription in local.mesh.subscriptions : key => subscription if try(subscription.hold, false) }

  accounts = merge(
    { for key, _ in local.mesh.functions : "fn-${replace(key, "_", "-")}" => "Runs function ${key}" },
    { for key, _ in local.mesh.workflows : "wf-${key}" => "Runs workflow ${key}" },
    { for key, push in local.pushes : "push-${key}" => "Pushes subscription ${key} to function ${push.function}" },
    { scheduler = "Starts workflows on time", builder = "Builds the functions' images" },
  )
  # The address is composed here, but it depends on the account, so that the account is created first.
  emails       = { for id, account in google_service_account.this : id => "${account.account_id}@${var.project}.iam.gserviceaccount.com" }
  function_ids = { for key, _ in local.mesh.functions : key => "fn-${replace(key, "_", "-")}" }

  pubsub_agent  = "serviceAccount:service-${var.project_number}@gcp-sa-pubsub.iam.gserviceaccount.com"
  storage_agent = "serviceAccount:service-${var.project_number}@gs-project-accounts.iam.gserviceaccount.com"

  # The grants of each function; a list that is not stated is empty.
  may = {
    for key, function in local.mesh.functions : key => {
      for grant in ["read_buckets", "write_buckets", "read_datasets", "write_datasets", "publish", "start_workflows", "secrets"] :
      grant => toset(try(function.may[grant], []))
    }
  }

  base_environment = {
    PROJECT_ID     = var.project
    PROJECT_NUMBER = var.project_number
    REGION         = local.region
    ENVIRONMENT    = var.environment
  }

  function_environment = {
    for key, may in local.may : key => merge(
      local.base_environment,
      { RELEASE = local.releases[key] },
      # functions-framework serves cpu * 4 requests at once without it, whatever Cloud Run lets in.
      { THREADS = tostring(local.mesh.functions[key].concurrency) },
      { for name in setunion(may.read_buckets, may.write_buckets) : "BUCKET_${upper(replace(name, "-", "_"))}" => local.buckets[name] },
      { for name in setunion(may.read_datasets, may.write_datasets) : "DATASET_${upper(replace(name, "-", "_"))}" => local.datasets[name] },
      { for name in may.publish : "TOPIC_${upper(replace(name, "-", "_"))}" => local.topics[name] },
      { for name in may.start_workflows : "WORKFLOW_${upper(replace(name, "-", "_"))}" => local.workflows[name] },
    )
  }

  workflow_environment = {
    for key, workflow in local.mesh.workflows : key => merge(
      { for name in try(workflow.calls, []) : "URL_${upper(replace(name, "-", "_"))}" => local.urls[name] },
      { for name in try(workflow.runs, []) : "WORKFLOW_${upper(replace(name, "-", "_"))}" => local.workflows[name] },
      { for name in try(workflow.publish, []) : "TOPIC_${upper(replace(name, "-", "_"))}" => local.topics[name] },
    )
  }

  datasets = { for key, _ in local.mesh.datasets : key => key }
}
