"""The crew's buttons: watched for trouble, and what a press means."""
