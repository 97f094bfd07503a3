# What waits for what in a first apply. Between `foundation` and the rest, a person adds the values of the secrets
# (docs/bootstrap.md). `terraform_data` is part of terraform itself and needs no provider.

# What must exist before a person can act: `terraform apply -target=module.mesh.terraform_data.foundation`.
resource "terraform_data" "foundation" {
  depends_on = [
    google_project_service.this,
    google_service_account.this,
    google_secret_manager_secret.this,
    google_logging_metric.this,
    data.google_storage_project_service_account.this,
  ]
}

# IAM is eventually consistent: a change takes two minutes, sometimes seven or more.
# https://cloud.google.com/iam/docs/access-change-propagation
# Whatever fails because of a slower change succeeds in the next apply.
resource "terraform_data" "grants_settled" {
  triggers_replace = sha256(jsonencode([local.accounts, local.may, local.mesh.workflows, local.pushes]))

  provisioner "local-exec" {
    command = "sleep ${var.grants_settle_s}"
  }

  depends_on = [
    terraform_data.foundation,
    google_project_iam_member.builder,
    google_project_iam_member.builder_sources,
    google_project_iam_member.job_user,
    google_project_iam_member.read_session_user,
    google_project_iam_member.workflow_invoker,
    google_project_iam_member.workflow_logs,
    google_pubsub_topic_iam_member.publisher,
    google_secret_manager_secret_iam_member.accessor,
    google_service_account_iam_member.token_creator,
    google_storage_bucket_iam_member.reader,
    google_storage_bucket_iam_member.writer,
  ]
}
