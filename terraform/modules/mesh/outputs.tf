output "release" {
  description = "Git commit and content hash of the deployed release."
  value       = local.manifest.release
}

output "urls" {
  description = "URL of each function. It is also the audience of the tokens of its callers."
  value       = local.urls
}

output "buckets" {
  description = "Bucket names by key."
  value       = local.buckets
}

output "unplaced_views" {
  description = "Views and table functions with circular references or more than eight layers. Always empty."
  value       = local.unplaced

  precondition {
    condition     = length(local.unplaced) == 0
    error_message = "Views have circular references or more than eight layers: ${join(", ", local.unplaced)}."
  }
}
