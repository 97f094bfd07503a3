"""What a deployment to a Google Cloud project needs, and a trial of it."""
