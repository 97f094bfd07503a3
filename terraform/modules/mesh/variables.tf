variable "project" {
  description = "Project id; one project per environment."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project))
    error_message = "A project id has 6 to 30 characters: lower-case letters, digits, hyphens."
  }
}

variable "project_number" {
  description = "Number of the project: URLs and service agents are written out from it, so that nothing has to be read."
  type        = string

  validation {
    condition     = can(regex("^[0-9]{6,}$", var.project_number))
    error_message = "The project number is all digits."
  }
}

variable "environment" {
  description = "Suffix of topics, subscriptions, workflows and jobs: <key>-<environment>."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9]{1,9}$", var.environment))
    error_message = "An environment is 2 to 10 lower-case letters and digits, and starts with a letter."
  }
}

variable "repository" {
  description = "Path of the repository's root. The module reads terraform/mesh.yaml and dist/ below it."
  type        = string
}

variable "mesh_file" {
  description = "The catalogue of names, relative to the repository."
  type        = string
  default     = "terraform/mesh.yaml"
}

variable "manifest_file" {
  description = "What the build made (zips by content hash, release), relative to the repository."
  type        = string
  default     = "dist/manifest.json"
}

variable "invokers" {
  description = "Who may call the functions whose ingress is `all`, as IAM members (user:, group:, serviceAccount:)."
  type        = set(string)
  default     = []

  validation {
    condition     = alltrue([for member in var.invokers : can(regex("^(user|group|serviceAccount):[^:]+@[^:]+$", member))])
    error_message = "Invokers are named people, groups or service accounts: user:, group: or serviceAccount: and an address."
  }
}

variable "operators" {
  description = "Addresses of Google groups that own the datasets besides the project's owners."
  type        = set(string)
  default     = []
}

variable "publish_to_world" {
  description = "Whether everybody may read the bucket `public`."
  type        = bool
  default     = false
}

variable "protect" {
  description = "Deletion protection of tables and workflows, and no destruction of buckets that hold objects."
  type        = bool
}

variable "alert_emails" {
  description = "Who hears of alerts and of the budget."
  type        = set(string)
  default     = []
}

variable "billing_account" {
  description = "Billing account of the budget; without one there is no budget."
  type        = string
  default     = null
}

variable "monthly_budget_usd" {
  description = "Amount of the monthly budget."
  type        = number
  default     = 20

  validation {
    condition     = var.monthly_budget_usd > 0
    error_message = "A budget is more than nothing."
  }
}

variable "soft_delete_days" {
  description = "Days in which a deleted object can be brought back (0, or 7 to 90)."
  type        = number
  default     = 7

  validation {
    condition     = var.soft_delete_days == 0 || (var.soft_delete_days >= 7 && var.soft_delete_days <= 90)
    error_message = "Soft delete lasts 0 or 7 to 90 days."
  }
}

variable "noncurrent_days" {
  description = "Days after which a replaced version of an object is deleted."
  type        = number
  default     = 90
}
