resource "google_workflows_workflow" "this" {
  for_each = local.mesh.workflows

  project                 = var.project
  region                  = local.region
  name                    = local.workflows[each.key]
  description             = "Workflow ${each.key} of the mesh"
  service_account         = "projects/${var.project}/serviceAccounts/${local.emails["wf-${each.key}"]}"
  source_contents         = file("${var.repository}/dist/workflows/${each.value.file}")
  user_env_vars           = local.workflow_environment[each.key]
  call_log_level          = "LOG_ALL_CALLS"
  execution_history_level = "EXECUTION_HISTORY_DETAILED"
  deletion_protection     = var.protect
  labels                  = merge(local.labels, { content = substr(filesha256("${var.repository}/dist/workflows/${each.value.file}"), 0, 40) })

  depends_on = [terraform_data.grants_settled]
}
