variable "project" {
  description = "Project id; one project per environment."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project))
    error_message = "A project id has 6 to 30 characters: lower-case letters, digits, hyphens."
  }
}

variable "project_number" {
  description = "Number of the project. URLs and names of service agents are composed from it, without a data source."
  type        = string

  validation {
    condition     = can(regex("^[0-9]{6,}$", var.project_number))
    error_message = "A project number has digits only."
  }
}

variable "environment" {
  description = "Suffix of topics, subscriptions, workflows and jobs: <key>-<environment>."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9]{1,9}$", var.environment))
    error_message = "An environment has 2 to 10 lower-case letters and digits, and starts with a letter."
  }
}

variable "repository" {
  description = "Path of the repository's root. The module reads terraform/mesh.yaml and dist/ below it."
  type        = string
}

variable "mesh_file" {
  description = "Path of mesh.yaml, relative to the repository."
  type        = string
  default     = "terraform/mesh.yaml"
}

variable "manifest_file" {
  description = "Path of the manifest of the build (release and zips), relative to the repository."
  type        = string
  default     = "dist/manifest.json"
}

variable "invokers" {
  description = "IAM members (user:, group:, serviceAccount:) that may call the functions whose ingress is `all`."
  type        = set(string)
  default     = []

  validation {
    condition     = alltrue([for member in var.invokers : can(regex("^(user|group|serviceAccount):[^:]+@[^:]+$", member))])
    error_message = "An invoker is user:, group: or serviceAccount: and an address."
  }
}

variable "operators" {
  description = "IAM members (user:, group:) that own the datasets, in addition to the owners of the project."
  type        = set(string)
  default     = []

  validation {
    condition     = alltrue([for member in var.operators : can(regex("^(user|group):[^:]+@[^:]+$", member))])
    error_message = "An operator is user: or group: and an address."
  }
}

variable "publish_to_world" {
  description = "Whether the bucket `public` is public on the internet."
  type        = bool
  default     = false
}

variable "protect" {
  description = "Whether tables and workflows are protected from deletion, and buckets with objects from destruction."
  type        = bool
}

variable "alert_emails" {
  description = "Email addresses that get alerts and budget notices: at least one where data is protected, five at most."
  type        = set(string)
  default     = []

  validation {
    condition     = !var.protect || length(var.alert_emails) > 0
    error_message = "An environment with protected data needs an address in alert_emails: nobody would see its alerts."
  }

  # https://cloud.google.com/billing/docs/how-to/budgets-notification-recipients
  validation {
    condition     = length(var.alert_emails) <= 5
    error_message = "A budget notifies at most five channels: alert_emails may have five addresses."
  }
}

variable "billing_account" {
  description = "Billing account of the budget. Without one there is no budget. Budgets need the role Billing Account Costs Manager on it."
  type        = string
  default     = null
}

variable "monthly_budget" {
  description = "Amount of the monthly budget, in the currency of the billing account."
  type        = number
  default     = 20

  validation {
    condition     = var.monthly_budget > 0
    error_message = "A budget must be greater than 0."
  }
}

variable "soft_delete_days" {
  description = "Days in which a deleted object can be restored (0, or 7 to 90)."
  type        = number
  default     = 7

  validation {
    condition     = var.soft_delete_days == 0 || (var.soft_delete_days >= 7 && var.soft_delete_days <= 90)
    error_message = "The days of soft delete must be 0, or 7 to 90."
  }
}

variable "noncurrent_days" {
  description = "Days after which a replaced version of an object is deleted."
  type        = number
  default     = 90
}

variable "grants_settle_s" {
  description = "Seconds between the grants and what needs them: a change of IAM takes effect after about two minutes."
  type        = number
  default     = 180
}
