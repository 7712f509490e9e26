"""Run a playbook on one host; spread hosts over workers."""
