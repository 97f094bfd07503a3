variable "project" {
  description = "Project id."
  type        = string
}

variable "project_number" {
  description = "Project number."
  type        = string
}

variable "invokers" {
  description = "IAM members (user:, group:, serviceAccount:) that may call the functions whose ingress is `all`."
  type        = set(string)
  default     = []
}

variable "operators" {
  description = "IAM members (user:, group:) that own the datasets, in addition to the owners of the project."
  type        = set(string)
  default     = []
}

variable "publish_to_world" {
  description = "Whether the bucket `public` is public on the internet."
  type        = bool
  default     = false
}

variable "alert_emails" {
  description = "Email addresses that get alerts and budget notices: five at most, one at least."
  type        = set(string)
  default     = []
}

variable "billing_account" {
  description = "Billing account of the budget. Without one there is no budget."
  type        = string
  default     = null
}

variable "monthly_budget" {
  description = "Amount of the monthly budget, in the currency of the billing account."
  type        = number
  default     = 20
}
