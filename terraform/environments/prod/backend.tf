# The state is in a versioned bucket, which docs/bootstrap.md creates and names to `terraform init -backend-config`.
terraform {
  backend "gcs" {
    prefix = "mesh"
  }
}
