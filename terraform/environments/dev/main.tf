# Environment dev. It has its own state, project and variables; the mesh is the same in every environment.

terraform {
  required_version = ">= 1.9"

  required_providers {
    google = {
      source  = "hashicorp/google"
      version = "~> 8.0"
    }
  }
}

provider "google" {
  project               = var.project
  region                = "us-west2"
  user_project_override = true
  billing_project       = var.project
}

module "mesh" {
  source = "../../modules/mesh"

  repository       = "${path.root}/../../.."
  environment      = "dev"
  project          = var.project
  project_number   = var.project_number
  invokers         = var.invokers
  operators        = var.operators
  publish_to_world = var.publish_to_world
  alert_emails     = var.alert_emails
  billing_account  = var.billing_account
  monthly_budget   = var.monthly_budget
  protect          = false
}

output "mesh" {
  description = "Release, URLs and buckets."
  value       = module.mesh
}
