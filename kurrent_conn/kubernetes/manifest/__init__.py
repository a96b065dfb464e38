"""The Kubernetes objects of a plan: one module a group of kinds, all pure.

Source: fields as the operator 1.5, cert-manager 1.18, trust-manager 0.24, Gateway API
1.6 and Kubernetes document them.
"""
