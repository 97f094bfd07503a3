"""The local cloud: strict, small stand-ins for the Google services that Tipoff uses.

Official clients, gcloud and the deployed zips talk to them unchanged. What a stand-in does not do it refuses
with the service's own status, naming the feature. Nothing here knows basketball or imports `tipoff`.
"""
