"""How the cloud is: health for everybody, readiness and metrics for administrators."""
