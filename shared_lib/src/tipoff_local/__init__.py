"""The local cloud: small, strict emulators of the Google services that Tipoff uses.

Official clients, gcloud and the deployed zips work with them unchanged. An emulator refuses what it does not
implement with the service's own status, and names the feature. Nothing here knows basketball or imports `tipoff`.
"""
